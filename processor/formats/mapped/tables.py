"""Tables described by a mapping, as parts of a dataset."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import msgspec

from processor.errors import DatasetError
from processor.formats.mapped import FILE_NAME, single_orders
from processor.formats.mapped.columns import NO_RULES, Mapped, Rules, mapped
from processor.formats.mapped.mapping_file import BOOK, ORDERS, TRADES, Table, named_columns, read_tables
from processor.formats.mapped.names import refuse_others
from processor.formats.mapped.rows import part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.merge.parts import Part
    from processor.formats.disk.files import SourceFile

_OF_A_ROW: Final = (
    "time", "time_unit", "format", "zone", "local_time", "instrument", "instrument_column", "instrument_pattern",
    "exchange_column", "delimiter", "decimal", "header", "price_decimals", "size_decimals",
)  # fmt: skip
"""The keys that [trades] and [book] must share to be read from one file."""
_OF_A_BOOK: Final = ("levels", "bids", "asks")
_OF_METATRADER: Final = [["<BID>", "<ASK>"]]
_KEPT: Final = Rules(
    keeps_quotes=True, assumptions=("an empty <BID> or <ASK> means unchanged, as in MetaTrader's ticks",)
)


def parts_of_one(found: Sequence[Mapped], instrument: str, clock: str) -> list[Part]:
    """The parts of files whose mappings may name their instrument.

    Raises:
        DatasetError: files mapped to one instrument have names that suggest several.
    """
    by_table: dict[int, list[SourceFile]] = {}
    for each in found:
        table = each.origin or each.table
        if table.instrument == instrument:
            by_table.setdefault(id(table), []).append(each.file)
    for of_one in by_table.values():
        refuse_others(of_one, instrument)
    return parts_of(found, instrument, clock)


def parts_of(found: Sequence[Mapped], instrument: str, clock: str) -> list[Part]:
    """A part for each mapped file, and one for all logs of orders."""
    logs = [each for each in found if ORDERS in each.kinds]
    parts = [part_of(each, instrument, clock) for each in found if each not in logs]
    return [*parts, single_orders.part_of(logs, instrument, clock)] if logs else parts


def mapped_by(content: bytes, file: SourceFile, head: bytes) -> list[Mapped]:
    """The file by the mapping with this content: usually one result, none if no table matches it.

    Raises:
        DatasetError: the mapping is invalid, or the file lacks columns that it names.
    """
    base_name = file.base_name
    fitting = [(kind, table) for kind, table in read_tables(content) if fnmatchcase(base_name, table.files)]
    if len(fitting) <= 1:
        return [_of_table(file, head, frozenset((kind,)), table) for kind, table in fitting]
    if sorted(kind for kind, _ in fitting) != [BOOK, TRADES]:
        shown = " and ".join(f"[{kind}]" for kind, _ in fitting)
        msg = f"{FILE_NAME}: {base_name} matches the patterns of {shown}: make the patterns differ"
        raise DatasetError(msg)
    by_kind = dict(fitting)
    return _of_both(file, head, by_kind[TRADES], by_kind[BOOK], base_name)


def _of_table(file: SourceFile, head: bytes, kinds: frozenset[str], table: Table) -> Mapped:
    return mapped(file, head, kinds, table, _KEPT if table.levels == _OF_METATRADER else NO_RULES)


def _of_both(file: SourceFile, head: bytes, trades: Table, book: Table, base_name: str) -> list[Mapped]:
    """A file whose rows have a trade and the quotes; or only one of the two, by the columns it has.

    Raises:
        DatasetError: it is unclear which of the two the file has.
    """
    columns = {key: column for key, column in named_columns(trades) if key in {"price", "size"}}
    if book.price is not None or set(columns.values()) & {
        name for key, name in named_columns(book) if key in _OF_A_BOOK
    }:
        msg = f"{FILE_NAME}: {base_name} matches the patterns of both [trades] and [book]: make the patterns differ"
        raise DatasetError(msg)
    alike = all(getattr(trades, key) == getattr(book, key) for key in _OF_A_ROW)
    faults = []
    if alike:
        both = msgspec.structs.replace(trades, **{key: getattr(book, key) for key in _OF_A_BOOK})
        try:
            return [replace(_of_table(file, head, frozenset((TRADES, BOOK)), both), origin=trades)]
        except DatasetError as error:
            faults.append(error)
    found = []
    for kind, table in ((TRADES, trades), (BOOK, book)):
        try:
            found.append(_of_table(file, head, frozenset((kind,)), table))
        except DatasetError as error:
            faults.append(error)
    if not found:
        raise faults[0]
    if len(found) > 1:
        return [replace(each, label=f" [{min(each.kinds)}]") for each in found]
    assumption = f"it is read only as [{min(found[0].kinds)}]: {faults[-1]}"
    return [replace(found[0], assumptions=(*found[0].assumptions, assumption))]
