"""The file contract: its limits, and status.json. The other files are a module each in `shared.views`.

The rows are arrays on disk and frozen structs in memory. A reader ignores columns and keys it does not know, so both
may be added within a contract version; none is ever renamed or removed.
"""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal

import msgspec

CONTRACT_VERSION: Final = "1.0"

STATUS_FILE: Final = "status.json"
LOCK_FILE: Final = ".writer.lock"

MAX_ROWS: Final = 1000
MAX_PUBLISH_HZ: Final = 10.0
MAX_WRITE_MS: Final = 10.0
MAX_PARSE_MS: Final = 5.0
MAX_DATA_BYTES: Final = 500_000
"""All data files together, as a healthy writer keeps them."""
MAX_READ_BYTES: Final = 8_000_000
"""A single file beyond this is not even parsed."""
POLL_INTERVAL_MS: Final = 500
HEARTBEAT_MS: Final = 1000
"""A live writer publishes status.json at least this often, whatever else happens."""
STALE_AFTER_MS: Final = 5000
"""A status whose heartbeat is older than this belongs to a writer that is gone or stuck."""

MAX_INTEGER: Final = 2**53 - 1
"""Beyond this, readers in some languages have an integer only roughly."""
Integer = Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
Nanoseconds = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

State = Literal["loading", "playing", "paused", "finished", "failed"]


class FileEntry(msgspec.Struct, frozen=True):
    """What status.json says of one data file: which publication it is from and how to recognise its bytes."""

    generation: Integer
    bytes: Integer
    crc32: Integer


class ControlAnswer(msgspec.Struct, frozen=True):
    """The last steering command handled and what came of it; all null while there was none."""

    last_id: str | None = None
    ok: bool | None = None
    error: str | None = None
    listening: bool = False
    """Whether a control file is looked at."""


class Resume(msgspec.Struct, frozen=True):
    """For the processor alone: what it needs to go on after it was killed, besides what else status.json says.

    `wish` and `marks` are digests of what was asked for and of the dataset's files, `path` is the dataset's, `event_ns`
    the event clock, `loop_ns` the range looped over.
    """

    wish: str
    path: str
    marks: str
    event_ns: Nanoseconds
    paused: bool = False
    loop_ns: tuple[Nanoseconds, Nanoseconds] | None = None


class WriteStats(msgspec.Struct, frozen=True):
    """How the writing of one file has gone; rate over the last 10 s.

    Latency is that of its temporary file, and of the renames and the directory's fsync that all files of a publication
    share.
    """

    writes: Integer = 0
    rate_hz: float = 0.0
    last_ms: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0
    bytes: Integer = 0


class IpcStats(msgspec.Struct, frozen=True):
    """The writer's side of the exchange."""

    files: dict[str, WriteStats] = {}
    failed_writes: Integer = 0
    rss_bytes: Integer = 0
    rss_baseline_bytes: Integer = 0
    """Resident memory once warmed up; growth is measured against it."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """status.json, written last at each publication.

    Times in ms since the Unix epoch, UTC: `*_ms` of the dataset are event time, `published_at_ms` and `heartbeat_ms`
    wall clock. `start_ms` and `end_ms` bound the dataset as far as it is known, null before anything is read.
    `speed` is null for "as fast as it goes".
    """

    contract: str
    session: str
    generation: Integer
    state: State
    dataset: str
    instrument: str
    instruments: tuple[str, ...]
    interval: str
    start_ms: Integer | None
    end_ms: Integer | None
    event_time_ms: Integer | None
    speed: float | None
    published_at_ms: Integer
    heartbeat_ms: Integer
    files: dict[str, FileEntry]
    control: ControlAnswer
    checks: dict[str, bool | None]
    ipc: IpcStats
    report: dict[str, Integer]
    error: str | None
    format: str = ""
    clock: str = "exchange"
    obi_levels: Integer = 10
    depth_levels: Integer = 50
    cvd_reset: str = "none"
    session_start: str = "00:00"
    """The time of each UTC day that sessions start at."""
    row: str = "auto"
    """Height of price rows, as a decimal; auto where each view chooses its own."""
    alerts: tuple[str, ...] = ()
    """The expressions that alerts are raised for."""
    own_measures: tuple[str, ...] = ()
    """The measures of the book with parameters of one's own, in the order in which their values are published."""
    price_decimals: Integer | None = None
    size_decimals: Integer | None = None
    timezone: str | None = None
    """IANA name of the exchange's time zone; null where it is not known."""
    price_step: float | None = None
    """Greatest number that all prices read so far are multiples of; null before any."""
    progress: float | None = None
    """Share of the dataset replayed, 0 to 1; null where its length is unknown."""
    pid: Integer | None = None
    cache: str = "off"
    """Where events come from: the dataset's files (off), the cache (filling, complete), those again (abandoned)."""
    notice: str | None = None
    """What the watcher should know, which is no error."""
    resume: Resume | None = None
    boot_id: str | None = None
    """Names the running system of the writer: programs on it share its monotonic clock; null where it has no name."""
    heartbeat_monotonic_ms: Integer | None = None
    """The heartbeat by that clock."""
    loop_ms: tuple[Integer, Integer] | None = None
    """From when to when the replay loops; null while it does not."""
    datasets: tuple[str, ...] = ()
    """Paths of folders that the command `dataset` may name, as far as they are listed: 100 at most."""
    still_ms: Integer | None = None
    """Wall clock at which a still picture was taken of a replay: no writer is behind it; null where there is one."""


CHECKS: Final = (
    "volume_is_buy_sell_unknown",
    "cvd_step_is_buy_minus_sell",
    "high_is_highest",
    "low_is_lowest",
    "obi_within_one",
    "times_increase",
    "footprint_is_bar",
    "sessions_are_all_trades",
    "ladder_begins_at_close",
    "measures_are_book",
)
"""The cross-checks a writer publishes under `checks`: true, false, or null while there is nothing to check."""

_ENCODER: Final = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """Encode a contract value as JSON: shortest round-trip decimals, keys in the order of the type.

    Raises:
        ValueError: a number in it is not finite (the encoder would silently write null).
    """
    encoded = _ENCODER.encode(value)
    if b"null" in encoded:
        _refuse_non_finite(value)
    return encoded


def _refuse_non_finite(value: object) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            msg = f"a published number must be finite, not {value}"
            raise ValueError(msg)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _refuse_non_finite(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            _refuse_non_finite(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_non_finite(item)
