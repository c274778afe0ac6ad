"""Published values as rows of typed columns. Pure. A bar with several price rows has a line for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import msgspec

from shared.views import VIEWS
from shared.views.depth import Level
from shared.views.footprint import FootprintCell, FootprintRow
from shared.views.heatmap import HeatmapRow
from shared.views.ladder import LadderRow
from shared.views.measures import MEASURES
from shared.views.report import Finding, Incident

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shared import DataReport, Depth, Overview
    from shared.views.ladder import Ladder
    from shared.views.profile import Profile

    Row = tuple[Any, ...]

Kind = Literal["int", "float", "bool", "str"]


@dataclass(frozen=True)
class Column:
    """One column: what its values are is told by the contract's types, never by the values."""

    name: str
    kind: Kind
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """Rows have a value for each of the columns."""

    columns: tuple[Column, ...]
    rows: list[Row]


@dataclass(frozen=True)
class Span:
    """Times from `from_ms` to before `until_ms`; None is without end."""

    from_ms: int | None = None
    until_ms: int | None = None

    def has(self, time_ms: int) -> bool:
        """Whether a time lies in it."""
        return (self.from_ms is None or self.from_ms <= time_ms) and (self.until_ms is None or time_ms < self.until_ms)


EVER: Final = Span()


def table_of(
    name: str,
    value: Any,  # noqa: ANN401 - that of any view
    own_measures: tuple[str, ...] = (),
    span: Span = EVER,
) -> Table:
    """The value of the view `name`; of rows with a time, those in `span`.

    Measures with parameters of the replay's own are columns of these names.
    """
    if span != EVER and name in TIMED:
        value = tuple(row for row in value if span.has(row.timestamp_ms))
    if name == MEASURES.name:
        own = tuple(Column(each, "float", nullable=True) for each in own_measures)
        rows = ((*row, *_fitted(values, len(own))) for *row, values in map(msgspec.structs.astuple, value))
        return Table((*_COLUMNS[name], *own), list(rows))
    if name in _OTHERS:
        columns, rows_of = _OTHERS[name]
        return Table(columns, list(rows_of(value)))
    return Table(_COLUMNS[name], [msgspec.structs.astuple(row) for row in value])


def _fitted(values: Row, count: int) -> Row:
    """As many values as there are columns for, also where another program publishes others."""
    return (*values, *(None,) * (count - len(values)))[:count]


def _columns(struct: type[msgspec.Struct]) -> tuple[Column, ...]:
    """Those of its fields that hold one value."""
    found = ((field.name, *_kind(msgspec.inspect.type_info(field.type))) for field in msgspec.structs.fields(struct))
    return tuple(Column(name, kind, nullable) for name, kind, nullable in found if kind is not None)


def _kind(described: msgspec.inspect.Type) -> tuple[Kind | None, bool]:
    if isinstance(described, msgspec.inspect.UnionType):
        (only,) = (each for each in described.types if not isinstance(each, msgspec.inspect.NoneType))
        return _kind(only)[0], True
    return next((kind for of, kind in _KINDS if isinstance(described, of)), None), False


_KINDS: Final[tuple[tuple[type[msgspec.inspect.Type], Kind], ...]] = (
    (msgspec.inspect.BoolType, "bool"),
    (msgspec.inspect.IntType, "int"),
    (msgspec.inspect.FloatType, "float"),
    (msgspec.inspect.StrType, "str"),
    (msgspec.inspect.LiteralType, "str"),
)


def _depth(depth: Depth) -> Iterator[Row]:
    for side, levels in (("bid", depth.bids), ("ask", depth.asks)):
        yield from ((side, level.price, level.size) for level in levels)


def _footprint(bars: Iterable[FootprintRow]) -> Iterator[Row]:
    for bar in bars:
        yield from ((bar.timestamp_ms, bar.row, *msgspec.structs.astuple(cell)) for cell in bar.cells)


def _heatmap(bars: Iterable[HeatmapRow]) -> Iterator[Row]:
    for bar in bars:
        height = Decimal(repr(bar.row))
        for side, edge, sizes in (("bid", bar.bid_row, bar.bids), ("ask", bar.ask_row, bar.asks)):
            # Price rows follow each other; an empty one is absent.
            lowest = Decimal(0) if edge is None else Decimal(repr(edge))
            found = ((float(lowest + index * height), size) for index, size in enumerate(sizes) if size)
            yield from ((bar.timestamp_ms, bar.row, side, price, size) for price, size in found)


def _price_rows(value: Profile | Ladder) -> Iterator[Row]:
    yield from (msgspec.structs.astuple(row) for row in value.rows)


def _overview(overview: Overview) -> Iterator[Row]:
    yield from ((overview.start_ms + i * overview.bucket_ms, volume) for i, volume in enumerate(overview.volumes))


def _report(report: DataReport) -> Iterator[Row]:
    nowhere = (None,) * len(_INCIDENT)
    for finding in report.findings:
        for each in finding.incidents or (None,):
            yield (finding.kind, finding.count, *(nowhere if each is None else msgspec.structs.astuple(each)))


_COLUMNS: Final = {view.name: _columns(get_args(view.type)[0]) for view in VIEWS if view.is_rows}
TIMED: Final = tuple(name for name, columns in _COLUMNS.items() if "timestamp_ms" in {each.name for each in columns})
"""The views whose rows have a time."""

_LEVEL: Final = (Column("side", "str"), *_columns(Level))
_INCIDENT: Final = tuple(Column(each.name, each.kind, nullable=True) for each in _columns(Incident))
_FOUND: Final = tuple(each for each in _columns(Finding) if each.name in {"kind", "count"})
_OTHERS: Final[dict[str, tuple[tuple[Column, ...], Callable[[Any], Iterator[Row]]]]] = {
    "depth": (_LEVEL, _depth),
    "footprint": ((*_columns(FootprintRow)[:2], *_columns(FootprintCell)), _footprint),
    "heatmap": ((*_columns(HeatmapRow)[:2], *_LEVEL), _heatmap),
    "profile": (_columns(FootprintCell), _price_rows),
    "ladder": (_columns(LadderRow), _price_rows),
    "overview": ((Column("start_ms", "int"), Column("volume", "float")), _overview),
    "report": ((*_FOUND, *_INCIDENT), _report),
}
"""The columns and the rows of views that are no rows of their columns."""
