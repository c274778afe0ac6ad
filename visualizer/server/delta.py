"""What one page still has to be told: the difference between the newest picture and what the page already holds."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from shared import DEPTH_FILE, METRICS_FILE, OHLC_FILE

if TYPE_CHECKING:
    from shared import MetricsRow, OhlcRow, Picture, Status

_MOVING: Final = (
    "state",
    "generation",
    "event_time_ms",
    "speed",
    "published_at_ms",
    "heartbeat_ms",
    "progress",
    "error",
)
"""Fields of status.json that change while a replay runs; they travel with every piece of news."""
_SETTLED: Final = (
    *("session", "dataset", "instrument", "interval", "start_ms", "end_ms", "format", "clock", "obi_levels"),
    *("depth_levels", "cvd_reset", "price_decimals", "size_decimals", "checks", "instruments", "control"),
    *("notice", "loop_ms"),
)
"""Fields that hardly ever change; they travel when they do."""


class Known(msgspec.Struct, frozen=True):
    """What a page says it holds. The defaults are those of a page that holds nothing."""

    session: str | None = None
    generation: int = -1
    published_at_ms: int = 0
    heartbeat_ms: int = 0
    about: int | None = None
    """CRC-32 of the settled fields, as last received."""
    ohlc_ms: int | None = None
    """Time of the last bar; null asks for all of them. The same for the metrics."""
    metrics_ms: int | None = None
    ohlc_first_ms: int | None = None
    """Time of the first bar; the same for the metrics."""
    metrics_first_ms: int | None = None
    report: int | None = None
    """CRC-32 of the data report last received; the same for the overview."""
    overview: int | None = None
    problem: str | None = None
    monitor_ms: int = 0
    """Server time of the monitoring figures last received."""


def known(sent: object) -> Known:
    """Read what a page sent; anything that no page sends counts as a page that holds nothing."""
    try:
        return msgspec.convert(sent, Known)
    except msgspec.ValidationError:
        return Known()


def delta(picture: Picture | None, problem: str | None, held: Known) -> dict[str, Any]:
    """Answer one poll with what changed, in values that are JSON already; nothing changed: an empty dict.

    Keys, each only where there is something to say: `reset` (true: forget the last session), `status` and `about`
    (fields of the header that move, and those that are settled), `ohlc` and `metrics` (`rows` from the page's last one
    on, or all of them with `whole`; `total` is how many the page must end up with), `depth`, `report` and `overview`
    (the views, each with its `crc32`), `problem` (why the files on disk could not be taken, null when they can be
    again). A picture older than the page's own, as a worker with a lagging cache may hold, is no news.
    """
    answer: dict[str, Any] = {}
    if problem != held.problem:
        answer["problem"] = problem
    if picture is None or not _is_news(picture, held):
        return answer
    status = picture.status
    if status.session != held.session:
        held = Known()
        answer["reset"] = True
    answer["status"] = {name: getattr(status, name) for name in _MOVING}
    if status.state == "loading":
        answer["status"]["rows"] = status.report.get("rows", 0)
    about = msgspec.to_builtins({name: getattr(status, name) for name in _SETTLED})
    crc32 = zlib.crc32(msgspec.json.encode(about))
    if crc32 != held.about:
        answer["about"] = about | {"crc32": crc32}
    if _is_later(status, OHLC_FILE, held):
        answer["ohlc"] = _rows(picture.ohlc, held.ohlc_first_ms, held.ohlc_ms)
    if _is_later(status, METRICS_FILE, held):
        answer["metrics"] = _rows(picture.metrics, held.metrics_first_ms, held.metrics_ms)
    if _is_later(status, DEPTH_FILE, held):
        answer["depth"] = {
            "bids": [(level.price, level.size) for level in picture.depth.bids],
            "asks": [(level.price, level.size) for level in picture.depth.asks],
        }
    return answer | _views(picture, held)


def _views(picture: Picture, held: Known) -> dict[str, Any]:
    """The views that the page does not hold, or not as they are."""
    return {
        name: msgspec.to_builtins(view) | {"crc32": crc32}
        for name, view, crc32, last in (
            ("report", picture.report, picture.report_crc32, held.report),
            ("overview", picture.overview, picture.overview_crc32, held.overview),
        )
        if view is not None and crc32 != last
    }


def _is_news(picture: Picture, held: Known) -> bool:
    if picture.is_newer_than(held.session, held.generation, held.published_at_ms):
        return True
    # A writer may beat its heart without a new generation.
    status = picture.status
    same = (status.session, status.generation) == (held.session, held.generation)
    return same and status.heartbeat_ms > held.heartbeat_ms


def _is_later(status: Status, name: str, held: Known) -> bool:
    entry = status.files.get(name)
    return entry is not None and entry.generation > held.generation


def _rows(
    rows: tuple[OhlcRow, ...] | tuple[MetricsRow, ...], first_ms: int | None, last_ms: int | None
) -> dict[str, Any]:
    """Rows from the one at `last_ms` on, which may have changed since.

    All of them where there is no such row, and where there are rows before `first_ms`, as there are after a move back.
    """
    backwards = range(len(rows) - 1, -1, -1)
    first = next((index for index in backwards if rows[index].timestamp_ms == last_ms), None)
    if first is not None and first_ms is not None and rows[0].timestamp_ms < first_ms:
        first = None
    return {
        "rows": [msgspec.structs.astuple(row) for row in rows[first or 0 :]],
        "whole": first is None,
        "total": len(rows),
    }
