"""GET /tables/NAME.csv and /tables/NAME.parquet: published files as tables."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Response, request

from shared.views import BY_NAME
from visualizer.server.parquet import parquet_of
from visualizer.server.table_rows import TIMED, Span, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from visualizer.server.asking import Asking
    from visualizer.server.feed import Feed
    from visualizer.server.table_rows import Table

_TYPES: Final = {
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
}
_LIMITS: Final = ("from_ms", "until_ms")
_TIME: Final = re.compile(r"-?[0-9]{1,16}")


def add(server: Flask, feed: Feed, asking: Asking) -> None:
    """Add the route; a view that is written on request only is asked for by asking for its table."""

    @server.get("/tables/<name>.<any(csv,parquet):form>")
    def table(name: str, form: str) -> Response:
        view = BY_NAME.get(name)
        if view is None:
            return _refusal(404, f"there is no table {name[:50]!r}: expected one of {', '.join(BY_NAME)}")
        if fault := _fault(name, request.args):
            return _refusal(400, fault)
        asking.note([name])
        picture, _ = feed.poll()
        if picture is None or name not in picture.held:
            return _refusal(404, f"{name} is not published now; where the replay takes requests, it is in a second")
        headers = {
            "Content-Disposition": f'attachment; filename="{name}.{form}"',
            "Cache-Control": "no-store",
            "X-Event-Time-Ms": str(picture.status.event_time_ms),
        }
        found = table_of(name, picture[view], picture.status.own_measures, _span(request.args))
        payload = parquet_of(found) if form == "parquet" else csv_of(found)
        return Response(payload, content_type=_TYPES[form], headers=headers)


def csv_of(table: Table) -> str:
    """A table as CSV (RFC 4180): numbers as the shortest decimals that read back."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.name for column in table.columns])
    writer.writerows([_field(cell) for cell in row] for row in table.rows)
    return out.getvalue()


def _field(value: Any) -> str:  # noqa: ANN401 - of any column
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        shortest = repr(value)
        return format(Decimal(shortest), "f") if "e" in shortest else shortest.removesuffix(".0")
    return str(value)


def _fault(name: str, arguments: Mapping[str, str]) -> str | None:
    """Why these arguments choose no rows of the view `name`."""
    for key, value in arguments.items():
        if key not in _LIMITS:
            return f"unknown parameter {key[:50]!r}: expected from_ms or until_ms"
        if not _TIME.fullmatch(value):
            return f"invalid {key} {value[:50]!r}: expected ms since the Unix epoch"
    if arguments and name not in TIMED:
        return f"rows of {name} have no time: from_ms and until_ms choose those of {', '.join(TIMED)}"
    span = _span(arguments)
    if span.from_ms is not None and span.until_ms is not None and span.until_ms <= span.from_ms:
        return f"until_ms must be later than from_ms, and {span.until_ms} is not later than {span.from_ms}"
    return None


def _span(arguments: Mapping[str, str]) -> Span:
    return Span(**{key: int(arguments[key]) for key in _LIMITS if key in arguments})


def _refusal(code: int, reason: str) -> Response:
    return Response(msgspec.json.encode({"error": reason}), code, content_type="application/json")
