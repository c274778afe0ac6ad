"""The file contract between the processor and what shows or checks its files."""

from __future__ import annotations

from shared.asking import ASKED_FOLDER, ASKED_FOR_MS, ON_REQUEST, ask_for, asked_ns
from shared.commands import ACTIONS, Command
from shared.contract import (
    CHECKS,
    CONTRACT_VERSION,
    HEARTBEAT_MS,
    MAX_DATA_BYTES,
    MAX_INTEGER,
    MAX_PARSE_MS,
    MAX_PUBLISH_HZ,
    MAX_READ_BYTES,
    MAX_ROWS,
    MAX_WRITE_MS,
    POLL_INTERVAL_MS,
    STALE_AFTER_MS,
    STATUS_FILE,
    ControlAnswer,
    FileEntry,
    IpcStats,
    Resume,
    State,
    Status,
    WriteStats,
    encode,
)
from shared.control_file import (
    CONTROL_FILE,
    MAX_CONTROL_BYTES,
    command,
    complete_command,
    decode_command,
    send_command,
)
from shared.decoding import decode
from shared.disk import atomic_write, discard_leftovers, read_regular
from shared.errors import ContractError, LockLost, MalformedCommand, MalformedFile, WriteFailed, WriterLocked
from shared.heartbeat import MachineTime, heartbeat_age_ms, machine_time, shares_clock
from shared.lock import WriterLock
from shared.reader import DirectoryReader, Held, Picture, ReadObserver
from shared.views import DATA_FILES, VIEW_FILES, VIEWS
from shared.views.base import View
from shared.views.depth import DEPTH, DEPTH_FILE, Depth, Level
from shared.views.metrics import METRICS, METRICS_FILE, MetricsRow
from shared.views.ohlc import OHLC, OHLC_FILE, OhlcRow
from shared.views.overview import MAX_VOLUMES, OVERVIEW, OVERVIEW_FILE, Overview
from shared.views.report import (
    MAX_INCIDENTS,
    MAX_LISTED_FILES,
    REPORT,
    REPORT_FILE,
    DataReport,
    Finding,
    Incident,
    ReadFile,
)
from shared.watch import DirectoryWatch, can_watch
from shared.writer import DirectoryWriter

__all__ = [
    "ACTIONS",
    "ASKED_FOLDER",
    "ASKED_FOR_MS",
    "CHECKS",
    "CONTRACT_VERSION",
    "CONTROL_FILE",
    "DATA_FILES",
    "DEPTH",
    "DEPTH_FILE",
    "HEARTBEAT_MS",
    "MAX_CONTROL_BYTES",
    "MAX_DATA_BYTES",
    "MAX_INCIDENTS",
    "MAX_INTEGER",
    "MAX_LISTED_FILES",
    "MAX_PARSE_MS",
    "MAX_PUBLISH_HZ",
    "MAX_READ_BYTES",
    "MAX_ROWS",
    "MAX_VOLUMES",
    "MAX_WRITE_MS",
    "METRICS",
    "METRICS_FILE",
    "OHLC",
    "OHLC_FILE",
    "ON_REQUEST",
    "OVERVIEW",
    "OVERVIEW_FILE",
    "POLL_INTERVAL_MS",
    "REPORT",
    "REPORT_FILE",
    "STALE_AFTER_MS",
    "STATUS_FILE",
    "VIEWS",
    "VIEW_FILES",
    "Command",
    "ContractError",
    "ControlAnswer",
    "DataReport",
    "Depth",
    "DirectoryReader",
    "DirectoryWatch",
    "DirectoryWriter",
    "FileEntry",
    "Finding",
    "Held",
    "Incident",
    "IpcStats",
    "Level",
    "LockLost",
    "MachineTime",
    "MalformedCommand",
    "MalformedFile",
    "MetricsRow",
    "OhlcRow",
    "Overview",
    "Picture",
    "ReadFile",
    "ReadObserver",
    "Resume",
    "State",
    "Status",
    "View",
    "WriteFailed",
    "WriteStats",
    "WriterLock",
    "WriterLocked",
    "ask_for",
    "asked_ns",
    "atomic_write",
    "can_watch",
    "command",
    "complete_command",
    "decode",
    "decode_command",
    "discard_leftovers",
    "encode",
    "heartbeat_age_ms",
    "machine_time",
    "read_regular",
    "send_command",
    "shares_clock",
]
