"""Code shared by the public archives of exchanges: daily and monthly files of trades, which may overlap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from processor.core.events import Trades
from processor.core.merge.parts import batch
from processor.formats.lines.tables import report_unknown_sides, table_part

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from processor.core.merge.parts import Batch, Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.lines.tables import Convert, Rows, Table


@dataclass(frozen=True, slots=True)
class TradeColumns:
    """The columns of a trade's price, size and side, and the aggressor for each number of a side's word."""

    price: str
    size: str
    side: str
    aggressors: NDArray[np.int8]


def preferred(kinds: Mapping[str, Sequence[SourceFile]], report: Report) -> list[SourceFile]:
    """The files of the first kind that has any; those of the other kinds are reported."""
    present = {kind: files for kind, files in kinds.items() if files}
    if not present:
        return []
    best, *others = present
    for kind in others:
        for file in present[kind]:
            detail = f"{kind} is left out in favour of {best} of the same instrument"
            report.add("unused", file.name, None, None, detail)
    return list(present[best])


def trades_of(name: str, table: Table, rows: Rows, columns: TradeColumns, report: Report) -> Trades:
    """The rows as trades; those of unknown side are reported."""
    time, price, size, side = (
        rows.values[table.layout.row_of(column)] for column in (table.time, columns.price, columns.size, columns.side)
    )
    trades = Trades(
        time_ns=time,
        price_ticks=price,
        size_lots=size,
        price_decimals=rows.price_decimals,
        size_decimals=rows.size_decimals,
        aggressor=columns.aggressors[side],
    )
    report_unknown_sides(report, name, trades, rows.lines)
    return trades


def trades_part(
    file: SourceFile, table: Table, columns: TradeColumns, *, id_column: str | None = None, consecutive: bool = False
) -> Part:
    """A file of trades; the numbers in `id_column` increase, by one each if `consecutive`."""
    where = table.layout.row_of

    def converter(report: Report) -> Convert:
        def convert(rows: Rows) -> Batch:
            trades = trades_of(file.name, table, rows, columns, report)
            ids = None if id_column is None else rows.values[where(id_column)]
            return batch(trades, None, rows.consumed_bytes, lines=rows.lines, ids=ids)

        return convert

    part = table_part(file, table, converter, trades=True)
    return replace(part, increasing_ids=id_column is not None, consecutive_ids=consecutive)


def instrument_named(file: SourceFile, pattern: re.Pattern[str]) -> str:
    """The instrument in a file's name: the match of `pattern` at its start, otherwise all before the first dot."""
    name = (file.member or file.path.name).rpartition("/")[2]
    found = pattern.match(name)
    return found[1] if found else name.partition(".")[0]
