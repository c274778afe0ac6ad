"""Rows that are lost, doubled, exchanged, of another day, or hold other numbers: files that say something else."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tests.formats.cells import Cells, order_cell, shifted, with_order_cell
from tests.formats.changes import chosen, together
from tests.formats.taken_apart import packed, taken_apart, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.formats.cells import Cell
    from tests.formats.changes import Change, Mutation
    from tests.formats.taken_apart import Files, Table

Rows = list[Any]


def _rows_changed(change_rows: Callable[[Rows, Change, Table, str], Rows]) -> Mutation:
    def mutation(files: Files, change: Change) -> Files:
        name = chosen(files, change)
        table = taken_apart(unpacked(name, files[name]))
        if not table.rows:
            return files
        if table.kind == "database":  # rows of one table stay among themselves
            kept = ("book", "trades")[change.other % 2]
            others = [row for row in table.rows if row[0] != kept]
            mine = [row for row in table.rows if row[0] == kept]
            rows = others + change_rows(mine, change, table, name) if mine else others
        else:
            rows = change_rows(list(table.rows), change, table, name)
        return files | {name: packed(name, table.joined(rows))}

    return mutation


def _dropped(rows: Rows, change: Change, _: Table, __: str) -> Rows:
    del rows[change.at % len(rows)]
    return rows


def _doubled(rows: Rows, change: Change, _: Table, __: str) -> Rows:
    at = change.at % len(rows)
    return [*rows[:at], rows[at], *rows[at:]]


def _doubled_far(rows: Rows, change: Change, _: Table, __: str) -> Rows:
    rows.insert(change.other % (len(rows) + 1), rows[change.at % len(rows)])
    return rows


def _swapped(rows: Rows, change: Change, _: Table, __: str) -> Rows:
    at = change.at % max(len(rows) - 1, 1)
    rows[at : at + 2] = rows[at : at + 2][::-1]
    return rows


def _swapped_far(rows: Rows, change: Change, _: Table, __: str) -> Rows:
    at, other = change.at % len(rows), change.other % len(rows)
    rows[at], rows[other] = rows[other], rows[at]
    return rows


def _times_exchanged(rows: Rows, change: Change, table: Table, _: str) -> Rows:
    """An order and the next one of its price, or else its neighbour, exchange when they happened, not their places."""
    first = change.at % len(rows)
    prices = [order_cell(row, table, "price") for row in rows]
    later = [at for at in range(first + 1, len(rows)) if prices[at] == prices[first]] or [first - 1]
    one, other = (order_cell(rows[at], table, "ts_event") for at in (first, later[0]))
    if one is not None and other is not None:
        rows[first] = with_order_cell(rows[first], table, "ts_event", other)
        rows[later[0]] = with_order_cell(rows[later[0]], table, "ts_event", one)
    return rows


def _of_another_day(rows: Rows, change: Change, table: Table, _: str) -> Rows:
    row = shifted(rows[change.at % len(rows)], table.kind, (-1, 1, 2, 9)[change.value % 4])
    rows.insert(change.other % (len(rows) + 1), row)
    return rows


def _one(price: bool, cell: Cell) -> Callable[[Rows, Change, Table, str], Rows]:  # noqa: FBT001 - read at once
    def changed(rows: Rows, change: Change, table: Table, name: str) -> Rows:
        at = change.at % len(rows)
        rows[at] = Cells(price, cell).of(table, name, rows[at])
        return rows

    return changed


def _all(price: bool, cell: Cell) -> Callable[[Rows, Change, Table, str], Rows]:  # noqa: FBT001 - read at once
    def changed(rows: Rows, _: Change, table: Table, name: str) -> Rows:
        return [Cells(price, cell).of(table, name, row) for row in rows]

    return changed


def noisy(clean: Decimal) -> Decimal:
    """The number as a sum of floats would be printed."""
    return Decimal(repr(float(np.nextafter(float(clean), np.inf)))) if clean else clean


def _zero(_: Decimal) -> Decimal:
    return Decimal(0)


def _times(factor: str) -> Cell:
    return lambda value: value * Decimal(factor)


def _header_again(files: Files, change: Change) -> Files:
    name = chosen(files, change)
    table = taken_apart(unpacked(name, files[name]))
    if table.kind != "lines" or not table.header:
        return files
    at = change.at % (len(table.rows) + 1)
    return files | {name: packed(name, table.joined([*table.rows[:at], table.header, *table.rows[at:]]))}


def _itself_again(files: Files, change: Change) -> Files:
    found = dict(files)
    for name in together(files, chosen(files, change)):
        content = unpacked(name, files[name])
        found[name] = packed(name, content + content)
    return found


def _rows_again(rows: Rows, _: Change, __: Table, ___: str) -> Rows:
    return rows + rows


def _next_day(rows: Rows, change: Change, table: Table, _: str) -> Rows:
    """The same a day later, or earlier, behind itself."""
    days = (1, -1)[change.value % 2]
    return rows + [shifted(row, table.kind, days) for row in rows]


CHANGED: Final[dict[str, Mutation]] = {
    "a row dropped": _rows_changed(_dropped),
    "a row doubled": _rows_changed(_doubled),
    "a row doubled far": _rows_changed(_doubled_far),
    "neighbours swapped": _rows_changed(_swapped),
    "far rows swapped": _rows_changed(_swapped_far),
    "times of two orders exchanged": _rows_changed(_times_exchanged),
    "a row of another day": _rows_changed(_of_another_day),
    "all sizes by 1e12": _rows_changed(_all(price=False, cell=_times("1e12"))),
    "all sizes by 1e-9": _rows_changed(_all(price=False, cell=_times("1e-9"))),
    "a size by 1e12": _rows_changed(_one(price=False, cell=_times("1e12"))),
    "a size by 1e-9": _rows_changed(_one(price=False, cell=_times("1e-9"))),
    "a size with noise": _rows_changed(_one(price=False, cell=noisy)),
    "a size of 0": _rows_changed(_one(price=False, cell=_zero)),
    "a price of 0": _rows_changed(_one(price=True, cell=_zero)),
    "the header again": _header_again,
    "the file again behind itself": _itself_again,
    "the rows again behind themselves": _rows_changed(_rows_again),
    "another day behind": _rows_changed(_next_day),
}
"""Files that say something else than before."""
