"""What one page still has to be told: the difference between the newest picture and what the page already holds."""

from __future__ import annotations

import zlib
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any, Final

import msgspec

from shared import VIEWS
from shared.views.base import row_basis, row_key

if TYPE_CHECKING:
    from shared import Picture, View

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
    *(
        "session",
        "dataset",
        "instrument",
        "interval",
        "start_ms",
        "end_ms",
        "format",
        "clock",
        "timezone",
        "obi_levels",
    ),
    *(
        "depth_levels",
        "cvd_reset",
        "session_start",
        "row",
        "alerts",
        "own_measures",
        "price_decimals",
        "price_step",
        "size_decimals",
        "checks",
        "instruments",
        "control",
    ),
    *("notice", "loop_ms", "datasets", "still_ms"),
)
"""Fields that hardly ever change; they travel when they do."""


class HeldView(msgspec.Struct, frozen=True):
    """What a page holds of one view: the CRC-32 of the file it last received, null for nothing.

    `first` and `last` are the first columns of its first and last row, null where it has none. `basis` is what its rows
    are made with, where the view has such a column.
    """

    crc32: int | None = None
    first: int | None = None
    last: int | None = None
    basis: float | None = None


_HELD: Final = HeldView(crc32=0)
"""Of what is not asked for, nothing is missing."""


def _nothing() -> dict[str, HeldView]:
    return {view.name: HeldView() for view in VIEWS if view.presence != "asked"}


class Known(msgspec.Struct, frozen=True):
    """What a page says it holds. The defaults are those of a page that holds nothing."""

    session: str | None = None
    generation: int = -1
    published_at_ms: int = 0
    heartbeat_ms: int = 0
    about: int | None = None
    """CRC-32 of the settled fields, as last received."""
    views: dict[str, HeldView] = msgspec.field(default_factory=_nothing)
    """By name, the views that the page asks for; no other travels."""
    problem: str | None = None
    monitor_ms: int = 0
    """Server time of the monitoring figures last received."""
    most_bytes: int | None = None
    """Of the files on request that it holds nothing of, at most so much at once, but one in any case."""


def known(sent: object) -> Known:
    """Read what a page sent; anything that no page sends counts as a page that holds nothing."""
    try:
        return msgspec.convert(sent, Known)
    except msgspec.ValidationError:
        return Known()


def delta(picture: Picture | None, problem: str | None, held: Known) -> dict[str, Any]:
    """Answer one poll with what changed, in values that are JSON already; nothing changed: an empty dict.

    Keys, each only where there is something to say: `reset` (true: forget the last session), `status` and `about`
    (fields of the header that move, and those that are settled), `problem` (why the files on disk could not be taken,
    null when they can be again), and by its name each view that the page asks for and holds otherwise: its `crc32` with
    its `value`, or where it is of rows with `rows` from the page's last one on (all of them with `whole`; `total` is
    how many the page must end up with); null where it is no longer published. A picture older than the page's own, as
    a worker with a lagging cache may hold, is no news.
    """
    answer: dict[str, Any] = {}
    if problem != held.problem:
        answer["problem"] = problem
    if picture is None or _is_older(picture, held):
        return answer
    status = picture.status
    if status.session != held.session:
        held = Known(views=dict.fromkeys(held.views, HeldView()), most_bytes=held.most_bytes)
        answer["reset"] = True
    changes = _changes(picture, held)
    moved = status.generation > held.generation or status.heartbeat_ms != held.heartbeat_ms
    if not moved and not changes:
        return answer
    answer["status"] = {name: getattr(status, name) for name in _MOVING}
    if status.state == "loading":
        answer["status"]["rows"] = status.report.get("rows", 0)
    about = msgspec.to_builtins({name: getattr(status, name) for name in _SETTLED})
    crc32 = zlib.crc32(msgspec.json.encode(about))
    if crc32 != held.about:
        answer["about"] = about | {"crc32": crc32}
    return answer | changes


def _is_older(picture: Picture, held: Known) -> bool:
    """Whether the page has seen a later picture.

    Of another session, by the generation and the wall clock: a new directory counts from 1, and a clock may be set
    back.
    """
    status = picture.status
    if status.generation >= held.generation:
        return False
    return status.session == held.session or status.published_at_ms < held.published_at_ms


def _changes(picture: Picture, held: Known) -> dict[str, Any]:
    """By name, the views asked for that the page does not hold as they are."""
    changes: dict[str, Any] = {}
    later = _later(picture, held)
    for view in VIEWS:
        of_page, found = held.views.get(view.name), picture.held.get(view.name)
        if of_page is None or view.name in later:
            continue
        if found is None:
            # A page goes on showing what it has of the usual files, as a failed session may list none.
            if view.presence == "asked" and of_page.crc32 is not None:
                changes[view.name] = None
        elif found.crc32 != of_page.crc32:
            change = _rows(view, found.value, of_page) if view.is_rows else {"value": msgspec.to_builtins(found.value)}
            changes[view.name] = change | {"crc32": found.crc32}
    return changes


def _later(picture: Picture, held: Known) -> set[str]:
    """The views that travel with a later answer, so that what moves does not wait for them: the largest."""
    if held.most_bytes is None:
        return set()
    files = picture.status.files
    sizes = sorted(
        (files[view.file].bytes, view.name)
        for view in VIEWS
        if view.presence == "asked"
        and view.name in picture.held
        and view.file in files
        and held.views.get(view.name, _HELD).crc32 is None
    )
    sums = accumulate(size for size, _ in sizes)
    return {name for (_, name), total in zip(sizes[1:], islice(sums, 1, None), strict=True) if total > held.most_bytes}


def _rows(view: View[Any], rows: tuple[Any, ...], of_page: HeldView) -> dict[str, Any]:
    """Rows from the page's last one on, which may have changed since.

    All of them where there is no such row, where they are made with something else, and where there are rows before the
    page's first, as there are after a move back.
    """
    first = None
    for index in range(len(rows) - 1, -1, -1):
        if row_key(rows[index]) == of_page.last:
            # Several rows may have one key.
            first = index
        elif first is not None:
            break
    if first is not None and row_basis(view, rows[-1]) != of_page.basis:
        first = None
    if first is not None and of_page.first is not None and row_key(rows[0]) < of_page.first:
        first = None
    return {
        "rows": [msgspec.to_builtins(row) for row in rows[first or 0 :]],
        "whole": first is None,
        "total": len(rows),
    }
