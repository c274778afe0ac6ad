"""Published files as tables: GET /tables/NAME.csv. A bar with several price rows has a line for each of them."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Response

from shared.views import BY_NAME
from shared.views.measures import MEASURES
from visualizer.components.columns import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

    from shared import DataReport, Depth, Overview
    from shared.views.footprint import FootprintRow
    from shared.views.heatmap import HeatmapRow
    from shared.views.ladder import Ladder
    from shared.views.profile import Profile
    from visualizer.server.asking import Asking
    from visualizer.server.feed import Feed

    _Row = tuple[Any, ...]

_LEVEL: Final = ("side", "price", "size")
_REPORT: Final = ("kind", "count", "file", "line", "time_ms", "until_ms", "detail")
_OVERVIEW: Final = ("start_ms", "volume")


def add(server: Flask, feed: Feed, asking: Asking) -> None:
    """Add the route; a view that is written on request only is asked for by asking for its table."""

    @server.get("/tables/<name>.csv")
    def table(name: str) -> Response:
        view = BY_NAME.get(name)
        if view is None:
            return _refusal(f"there is no table {name[:50]!r}: expected one of {', '.join(BY_NAME)}")
        asking.note([name])
        picture, _ = feed.poll()
        if picture is None or name not in picture.held:
            return _refusal(f"{name} is not published now; where the replay takes requests, it is in a second")
        headers = {
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            "Cache-Control": "no-store",
            "X-Event-Time-Ms": str(picture.status.event_time_ms),
        }
        rows = text(name, picture[view], picture.status.own_measures)
        return Response(rows, content_type="text/csv; charset=utf-8; header=present", headers=headers)


def text(name: str, value: Any, own_measures: tuple[str, ...] = ()) -> str:  # noqa: ANN401 - that of any view
    """The value of the view `name` as CSV (RFC 4180): numbers as the shortest decimals that read back.

    Measures with parameters of the replay's own are columns of these names.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    header, rows = _table(name, value)
    if name == MEASURES.name:
        header, rows = (*header[:-1], *own_measures), ((*row, *own) for *row, own in rows)
    writer.writerow(header)
    writer.writerows([_field(cell) for cell in row] for row in rows)
    return out.getvalue()


def _table(name: str, value: Any) -> tuple[tuple[str, ...], Iterator[_Row]]:  # noqa: ANN401 - that of any view
    if name in _OTHERS:
        header, rows = _OTHERS[name]
        return header, rows(value)
    return COLUMNS[name], (msgspec.structs.astuple(row) for row in value)


def _field(value: Any) -> str:  # noqa: ANN401 - of any column
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        shortest = repr(value)
        return format(Decimal(shortest), "f") if "e" in shortest else shortest.removesuffix(".0")
    return str(value)


def _depth(depth: Depth) -> Iterator[_Row]:
    for side, levels in (("bid", depth.bids), ("ask", depth.asks)):
        yield from ((side, level.price, level.size) for level in levels)


def _footprint(bars: tuple[FootprintRow, ...]) -> Iterator[_Row]:
    for bar in bars:
        yield from ((bar.timestamp_ms, bar.row, *msgspec.structs.astuple(cell)) for cell in bar.cells)


def _heatmap(bars: tuple[HeatmapRow, ...]) -> Iterator[_Row]:
    for bar in bars:
        height = Decimal(repr(bar.row))
        for side, edge, sizes in (("bid", bar.bid_row, bar.bids), ("ask", bar.ask_row, bar.asks)):
            # Price rows follow each other; an empty one is absent.
            lowest = Decimal(0) if edge is None else Decimal(repr(edge))
            found = ((float(lowest + index * height), size) for index, size in enumerate(sizes) if size)
            yield from ((bar.timestamp_ms, bar.row, side, price, size) for price, size in found)


def _price_rows(value: Profile | Ladder) -> Iterator[_Row]:
    yield from (msgspec.structs.astuple(row) for row in value.rows)


def _overview(overview: Overview) -> Iterator[_Row]:
    yield from ((overview.start_ms + i * overview.bucket_ms, volume) for i, volume in enumerate(overview.volumes))


def _report(report: DataReport) -> Iterator[_Row]:
    for finding in report.findings:
        for each in finding.incidents or (None,):
            found = (None,) * 5 if each is None else (each.file, each.line, each.time_ms, each.until_ms, each.detail)
            yield (finding.kind, finding.count, *found)


_OTHERS: Final[dict[str, tuple[tuple[str, ...], Callable[[Any], Iterator[_Row]]]]] = {
    "depth": (_LEVEL, _depth),
    "footprint": ((*COLUMNS["footprint"][:2], *COLUMNS["cells"]), _footprint),
    "heatmap": ((*COLUMNS["heatmap"][:2], *_LEVEL), _heatmap),
    "profile": (COLUMNS["cells"], _price_rows),
    "ladder": (COLUMNS["levels"], _price_rows),
    "overview": (_OVERVIEW, _overview),
    "report": (_REPORT, _report),
}
"""The columns and the rows of views that are no rows of their columns."""


def _refusal(reason: str) -> Response:
    return Response(msgspec.json.encode({"error": reason}), 404, content_type="application/json")
