"""The file contract: names, limits and the types of everything that crosses the exchange.

The rows are arrays on disk and frozen structs in memory. A reader ignores columns and keys it does not know, so both
may be added within a contract version; none is ever renamed or removed.
"""

from __future__ import annotations

import math
from typing import Final, Literal

import msgspec

CONTRACT_VERSION: Final = "1.0"

OHLC_FILE: Final = "ohlc_data.json"
DEPTH_FILE: Final = "depth_data.json"
METRICS_FILE: Final = "metrics_data.json"
STATUS_FILE: Final = "status.json"
REPORT_FILE: Final = "report_data.json"
DATA_FILES: Final = (OHLC_FILE, DEPTH_FILE, METRICS_FILE)
OVERVIEW_FILE: Final = "overview_data.json"
VIEW_FILES: Final = (REPORT_FILE, OVERVIEW_FILE)
"""Further files of a picture: a writer may leave them out, and a reader may do without."""
LOCK_FILE: Final = ".writer.lock"

MAX_ROWS: Final = 1000
MAX_PUBLISH_HZ: Final = 10.0
MAX_WRITE_MS: Final = 10.0
MAX_PARSE_MS: Final = 5.0
MAX_DATA_BYTES: Final = 500_000
"""All data files together, as a healthy writer keeps them."""
MAX_INCIDENTS: Final = 20
"""Incidents of one kind that report_data.json locates."""
MAX_LISTED_FILES: Final = 500
"""Files of a dataset that report_data.json lists, and as many that were ignored."""
MAX_VOLUMES: Final = 1000
"""Numbers that overview_data.json holds."""
MAX_READ_BYTES: Final = 8_000_000
"""A single file beyond this is not even parsed."""
POLL_INTERVAL_MS: Final = 500
HEARTBEAT_MS: Final = 1000
"""A live writer publishes status.json at least this often, whatever else happens."""
STALE_AFTER_MS: Final = 5000
"""A status whose heartbeat is older than this belongs to a writer that is gone or stuck."""

State = Literal["loading", "playing", "paused", "finished", "failed"]


class OhlcRow(msgspec.Struct, array_like=True, frozen=True):
    """One bar of trades: prices and volume in the instrument's own units, time in ms since the Unix epoch, UTC."""

    timestamp_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class MetricsRow(msgspec.Struct, array_like=True, frozen=True):
    """One interval's order-book imbalance and cumulative volume delta; other writers may leave the CVD out."""

    timestamp_ms: int
    obi_open: float
    obi_high: float
    obi_low: float
    obi_close: float
    cvd_open: float | None = None
    cvd_high: float | None = None
    cvd_low: float | None = None
    cvd_close: float | None = None


class Level(msgspec.Struct, array_like=True, frozen=True):
    """One price of one side of the book and the size resting there."""

    price: float
    size: float


class Depth(msgspec.Struct, frozen=True):
    """The book, best price first on both sides."""

    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()


class ReadFile(msgspec.Struct, frozen=True):
    """One file of the dataset as far as it has been read: rows, and the span of their times in ms."""

    name: str
    rows: int
    malformed: int = 0
    first_ms: int | None = None
    last_ms: int | None = None


class Incident(msgspec.Struct, frozen=True):
    """One thing found: file and line (1-based), event time in ms, its end if it lasts; null where there is none."""

    file: str | None
    line: int | None
    time_ms: int | None
    until_ms: int | None
    detail: str


class Finding(msgspec.Struct, frozen=True):
    """Something the data's user should know: what it is, how often it was found, and where the first few are."""

    kind: str
    meaning: str
    count: int
    incidents: tuple[Incident, ...] = ()


class DataReport(msgspec.Struct, frozen=True):
    """What the dataset is and what was found in it: nothing that happens after the event clock.

    Reading runs ahead of the clock, so what is said of whole files does too. `trades` and `book_events` have been read,
    and that is all there are if `complete`. `file_count` and `ignored_count` are those of the whole dataset, however
    many are listed.
    """

    dataset: str
    format: str
    instrument: str
    instruments: tuple[str, ...]
    complete: bool
    trades: int
    book_events: int
    files: tuple[ReadFile, ...]
    file_count: int
    ignored_files: tuple[str, ...]
    ignored_count: int
    findings: tuple[Finding, ...]


class Overview(msgspec.Struct, frozen=True):
    """The traded volume of the whole range: one number for each `bucket_ms` from `start_ms`, up to the event clock.

    A bucket that the clock has not passed is not there, so nothing in it lies after the clock.
    """

    start_ms: int
    bucket_ms: int
    volumes: tuple[float, ...]


class FileEntry(msgspec.Struct, frozen=True):
    """What status.json says of one data file: which publication it is from and how to recognise its bytes."""

    generation: int
    bytes: int
    crc32: int


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
    event_ns: int
    paused: bool = False
    loop_ns: tuple[int, int] | None = None


class WriteStats(msgspec.Struct, frozen=True):
    """How the writing of one file has gone; rate over the last 10 s.

    Latency is that of its temporary file, and of the renames and the directory's fsync that all files of a publication
    share.
    """

    writes: int = 0
    rate_hz: float = 0.0
    last_ms: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0
    bytes: int = 0


class IpcStats(msgspec.Struct, frozen=True):
    """The writer's side of the exchange."""

    files: dict[str, WriteStats] = {}
    failed_writes: int = 0
    rss_bytes: int = 0
    rss_baseline_bytes: int = 0
    """Resident memory once warmed up; growth is measured against it."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """status.json, written last at each publication.

    Times in ms since the Unix epoch, UTC: `*_ms` of the dataset are event time, `published_at_ms` and `heartbeat_ms`
    wall clock. `start_ms` and `end_ms` bound the dataset as far as it is known, null before anything is read.
    `speed` is null for "as fast as it goes".
    """

    contract: str
    session: str
    generation: int
    state: State
    dataset: str
    instrument: str
    instruments: tuple[str, ...]
    interval: str
    start_ms: int | None
    end_ms: int | None
    event_time_ms: int | None
    speed: float | None
    published_at_ms: int
    heartbeat_ms: int
    files: dict[str, FileEntry]
    control: ControlAnswer
    checks: dict[str, bool | None]
    ipc: IpcStats
    report: dict[str, int]
    error: str | None
    format: str = ""
    clock: str = "exchange"
    obi_levels: int = 10
    depth_levels: int = 50
    cvd_reset: str = "none"
    price_decimals: int | None = None
    size_decimals: int | None = None
    progress: float | None = None
    """Share of the dataset replayed, 0 to 1; null where its length is unknown."""
    pid: int | None = None
    cache: str = "off"
    """Where events come from: the dataset's files (off), the cache (filling, complete), those again (left)."""
    notice: str | None = None
    """What the watcher should know, which is no error."""
    resume: Resume | None = None
    loop_ms: tuple[int, int] | None = None
    """From when to when the replay loops; null while it does not."""


CHECKS: Final = (
    "volume_is_buy_sell_unknown",
    "cvd_step_is_buy_minus_sell",
    "high_is_highest",
    "low_is_lowest",
    "obi_within_one",
    "times_increase",
)
"""The cross-checks a writer publishes under `checks`: true, false, or null while there is nothing to check."""

FILE_TYPES: Final[dict[str, object]] = {
    OHLC_FILE: tuple[OhlcRow, ...],
    DEPTH_FILE: Depth,
    METRICS_FILE: tuple[MetricsRow, ...],
    REPORT_FILE: DataReport,
    OVERVIEW_FILE: Overview,
    STATUS_FILE: Status,
}

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
