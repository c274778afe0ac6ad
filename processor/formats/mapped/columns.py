"""A file with its mapping: where each column is, and how it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from processor.errors import DatasetError
from processor.formats.lines import text
from processor.formats.lines.headers import layout_of, sound_names
from processor.formats.mapped import FILE_NAME, frames, json_rows, rewriting, separated
from processor.formats.mapped.clocks import Clock, TimeColumn, clock_for
from processor.formats.mapped.mapping_file import (
    BOOK,
    ISO,
    ORDERS,
    TRADES,
    named_columns,
    quoted,
    word_of,
    words_of,
)
from processor.formats.mapped.names import named_instrument, partitions_of
from processor.formats.mapped.time_forms import UNITS_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.disk.files import SourceFile
    from processor.formats.mapped.contents import Content
    from processor.formats.mapped.mapping_file import Name, Table

_SHOWN_NAMES: Final = 50
_SHOWN_LETTERS: Final = 40
_GROUPED: Final = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
"""A number with thousands separators, or with a decimal comma if there is one comma."""
_MOST_OF: Final = 0.9
_ZERO: Final = re.compile(r"0+([.,]0*)?")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d*")
_DECIMAL_POINT: Final = re.compile(r"[+-]?(\d*\.\d*|\d{1,3}(,\d{3})+\.\d*|\d{1,3}(,\d{3}){2,})")


@dataclass(frozen=True, slots=True)
class Rules:
    """Properties of a vendor's tables that a mapping cannot express.

    `sequence` names the columns of an update's number and of the number before it. With `keeps_quotes`, an
    empty bid or ask means unchanged. `flags` names MetaTrader's column of what a tick changes. `assumptions` are
    assumptions that hold for every file.
    """

    sequence: tuple[str, str] | None = None
    keeps_quotes: bool = False
    flags: str | None = None
    assumptions: tuple[str, ...] = ()

    @property
    def integers(self) -> tuple[str, ...]:
        """The columns of whole numbers, which may be empty in some rows."""
        return (*(self.sequence or ()), *((self.flags,) if self.flags else ()))


NO_RULES: Final = Rules()


@dataclass(frozen=True, slots=True)
class Mapped:
    """A file, its table of the mapping, and what was found in it: `kinds` are the kinds of its rows, mostly one.

    `added` are columns from the names of folders. `clocks` says how the times of each clock are read. `numbers` is
    how numbers are written (rewriting.POINT, COMMA or UNSURE). `instrument` is None if it is in a column.
    `assumptions` are the assumptions that nobody wrote down.
    """

    file: SourceFile
    head: bytes
    kinds: frozenset[str]
    table: Table
    content: Content
    added: dict[str, str]
    clocks: dict[tuple[str, ...], Clock]
    numbers: int
    instrument: str | None
    has_sizes: bool = True
    assumptions: tuple[str, ...] = ()
    rules: Rules = NO_RULES
    origin: Table | None = None
    """The table of the mapping that matches the file, if it is not `table` itself."""
    label: str = ""
    """A suffix of the file's name in reports, if one file is read as two."""

    @property
    def names(self) -> tuple[str, ...]:
        """All columns of the lines for the kernel."""
        return (*self.content.names, *self.added)

    @property
    def needs_rewriting(self) -> bool:
        """Whether the file's lines must be rewritten for the kernel."""
        return (
            not self.content.as_they_are
            or self.numbers == rewriting.COMMA
            or bool(self.added)
            or bool(self.lists)
            or self.table.id is not None
            or any(clock.form is not None for clock in self.clocks.values())
        )

    @property
    def lists(self) -> tuple[str, ...]:
        """The columns of lists: first of bids, then of asks."""
        return tuple(column for key, column in named_columns(self.table) if key in {"bids", "asks"})

    def list_places(self) -> list[int]:
        """For each of `lists`, its index among the lists in the order of the file."""
        in_file = [name for name in self.content.names if name in self.lists]
        return [in_file.index(name) for name in self.lists]

    def rewriting(self) -> rewriting.Rewriting:
        """How the file's lines are rewritten, if they must be."""
        roles = self._roles()
        places = {name: number for number, name in enumerate(self.names)}
        times = [
            rewriting.TimeColumn(places[columns[0]], places[columns[-1]], clock.form, clock.zone)
            for columns, clock in self.clocks.items()
            if clock.form is not None
        ]
        return rewriting.Rewriting(
            [roles.get(name, rewriting.SKIP) for name in self.content.names],
            times,
            delimiter=self.content.delimiter,
            added=list(self.added.values()),
            header_lines=self.content.header_lines,
        )

    def _roles(self) -> dict[str, int]:
        """The action for each used column."""
        roles = {}
        for key, column in named_columns(self.table):
            if key in {"price", "size", "levels"}:
                roles[column] = self.numbers
            elif key in {"bids", "asks"}:
                roles[column] = rewriting.SPAN
            else:
                roles[column] = rewriting.ID if key == "id" else rewriting.COPY
        return roles | dict.fromkeys(self.rules.integers, rewriting.COPY)

    def layout(self, instrument: str) -> text.Layout:
        """The layout of the file's lines; rows of other instruments are skipped.

        Raises:
            DatasetError: the file has a used column twice.
        """
        table = self.table
        columns: dict[str, text.Column] = {}
        for bid, *rest in table.levels:
            prices, sizes = ((bid, rest[1]), (rest[0], rest[2])) if len(rest) > 1 else ((bid, rest[0]), ())
            columns |= {str(name): self._price(name, may_be_absent=True) for name in prices}
            columns |= {str(name): self._size(name, may_be_absent=True) for name in sizes if self.has_sizes}
        may_be_absent = len(self.kinds) > 1 or ORDERS in self.kinds
        if table.price is not None:
            columns[str(table.price)] = self._price(table.price, may_be_absent=may_be_absent)
        if table.size is not None:
            columns[str(table.size)] = self._size(table.size, may_be_absent=may_be_absent)
        for name, words in self._words().items():
            columns[name] = replace(text.word(name, *words), may_be_absent=len(self.kinds) > 1)
        if table.id is not None:
            columns[str(table.id)] = text.integer(str(table.id), signed=True)
        columns |= self._of_instrument(instrument)
        columns |= {name: replace(text.integer(name, signed=True), may_be_absent=True) for name in self.rules.integers}
        for names, clock in self.clocks.items():
            columns[self.time_name(names)] = _time(self.time_name(names), clock)
        return layout_of(self.file, [columns.get(name) or text.skip(name) for name in self.names])

    def _of_instrument(self, instrument: str) -> dict[str, text.Column]:
        """The columns that name the instrument of a row."""
        table = self.table
        if self.instrument is not None:
            return {}
        if table.exchange_column is None:
            return {str(table.instrument_column): text.only(str(table.instrument_column), instrument.encode())}
        exchange, _, symbol = instrument.partition(":")
        named = {str(table.exchange_column): exchange, str(table.instrument_column): symbol}
        return {name: text.only(name, word.encode()) for name, word in named.items() if name in self.names}

    def instruments(self) -> frozenset[str]:
        """The instruments in the file; in a text, those of its first rows."""
        if self.instrument is not None:
            return frozenset((self.instrument,))
        wanted = (self.table.exchange_column, self.table.instrument_column)
        names = tuple(str(name) for name in wanted if name is not None)
        in_columns = tuple(name for name in names if name not in self.added)
        found = (self.added | dict(zip(in_columns, each, strict=True)) for each in self.content.unique(in_columns))
        return frozenset(name for each in found if (name := _joined_name([each[name] for name in names])) is not None)

    def _words(self) -> dict[str, list[bytes]]:
        """The columns of words, with their possible words."""
        table = self.table
        found = {
            table.side: side_words(self),
            table.action: [word for word, _ in action_words(table)],
            table.snapshot: [word_of(table.update_word), word_of(table.snapshot_word)],
        }
        return {str(name): words for name, words in found.items() if name is not None and name is not True}

    def time_name(self, columns: tuple[str, ...]) -> str:
        """The column of the file's lines that holds the times of these columns."""
        return columns[0] if columns[0] in self.content.names else columns[-1]

    def _price(self, name: Name, *, may_be_absent: bool = False) -> text.Column:
        return _rounded(text.price(str(name), may_be_absent=may_be_absent), self.table.price_decimals)

    def _size(self, name: Name, *, may_be_absent: bool = False) -> text.Column:
        return _rounded(text.size(str(name), may_be_absent=may_be_absent), self.table.size_decimals)


def _joined_name(words: Sequence[str]) -> str | None:
    """An exchange and a symbol, or only a symbol, as one name; None if one of them is damaged or empty."""
    sound = [next(iter(sound_names([word])), "") for word in words]
    return ":".join(sound) if all(sound) else None


def _rounded(column: text.Column, decimals: int | None) -> text.Column:
    more: dict[str, Any] = {} if decimals is None else {"decimals": decimals}
    return replace(column, **more)


def _time(name: str, clock: Clock) -> text.Column:
    if clock.form is not None or clock.unit == ISO or clock.unit is None:
        return text.iso_time(name)
    return text.seconds(name) if clock.unit == "s" else text.integer(name, times=UNITS_NS[clock.unit])


def side_words(mapped: Mapped) -> list[bytes]:
    """The words of the side, in the order of their numbers: the aggressor of trades, otherwise the side of an order."""
    keys = ("buy", "sell", "unknown") if TRADES in mapped.kinds else ("bid", "ask")
    return [word for key in keys for word in words_of(mapped.table, key)]


def action_words(table: Table) -> list[tuple[bytes, str]]:
    """The words for actions on orders, each with its key."""
    return [(word, key) for key in ("created", "changed", "deleted", "filled") for word in words_of(table, key)]


def mapped(file: SourceFile, head: bytes, kinds: frozenset[str], table: Table, rules: Rules = NO_RULES) -> Mapped:
    """The file with its mapping and what is found in it.

    Raises:
        DatasetError: it lacks what the mapping names, or nothing shows how its times or numbers are read.
    """
    partitions = partitions_of(file)
    named = named_columns(table)
    sizes = [str(level[at]) for level in table.levels if len(level) > 2 for at in (1, 3)]  # noqa: PLR2004
    needed = [column for _, column in named if column not in sizes and column not in partitions]
    content = _content(file, head, table, [*needed, *rules.integers])
    has_sizes = _has_sizes(content, table, sizes)
    added = {}
    for key, column in named:
        if column in content.names or (column in sizes and not has_sizes):
            continue
        if column not in partitions or key in {"bids", "asks", "id"}:
            raise _missing(file, content, kinds, key, column, table)
        added[column] = partitions[column]
    instrument = named_instrument(file, table)
    named_by = [str(name) for name in (table.exchange_column, table.instrument_column) if name is not None]
    if instrument is None and all(name in added for name in named_by):
        instrument = ":".join(added.pop(name) for name in named_by)
    clocks = {columns: _clock(file, content, added, columns, table) for columns in table.clocks()}
    numbers, assumptions = _numbers(file, content, table, [column for key, column in named if key in _OF_NUMBERS])
    assumptions += [clock.assumption for clock in clocks.values() if clock.assumption]
    assumptions += _doubts(content, sizes or [str(table.size)]) if BOOK in kinds else []
    return Mapped(
        file, head, kinds, table, content, added, clocks, numbers, instrument, has_sizes=has_sizes,
        assumptions=(*rules.assumptions, *assumptions), rules=rules,
    )  # fmt: skip


def _doubts(content: Content, sizes: Sequence[str]) -> list[str]:
    """Doubts about a book: sizes that are all 0."""
    places = [content.names.index(name) for name in sizes if name in content.names]
    values = [row[place] for row in content.rows for place in places if place < len(row) and row[place]]
    if values and all(map(_ZERO.fullmatch, values)):
        return ["every size in the first rows is 0, so the book is empty: leave sizes out of levels if unknown"]
    return []


_OF_NUMBERS: Final = ("price", "size", "levels")


def _content(file: SourceFile, head: bytes, table: Table, needed: Sequence[str]) -> Content:
    used = {*(column for _, column in named_columns(table)), *needed}
    if frames.is_frame(head):
        times = {column for columns in table.clocks() if len(columns) == 1 for column in columns}
        return frames.content_of(file, head, used, times, table.zone)
    if json_rows.is_json(head):
        return json_rows.content_of(file, head, used)
    return separated.content_of(file, head, delimiter=table.delimiter, header=table.header, needed=needed)


def _has_sizes(content: Content, table: Table, sizes: Sequence[str]) -> bool:
    """Whether levels have sizes: not with two columns, and not with four if the file has no columns of sizes."""
    return bool(sizes) and any(name in content.names for name in sizes) if table.levels else True


def _missing(
    file: SourceFile, content: Content, kinds: frozenset[str], key: str, column: str, table: Table
) -> DatasetError:
    near = get_close_matches(column, content.known, 1, 0.7)
    hint = f"; did you mean {quoted(near[0])}?" if near else ""
    if column.isdecimal() and table.header and not hint:
        hint = "; columns have numbers where header = false"
    return DatasetError(
        f"{file.name} has no column {quoted(_as_mapped(column, table))} "
        f"({FILE_NAME}: {key} of [{_kind_of(key, kinds)}]); it has {_shown(content.known)}{hint}"
    )


def _kind_of(key: str, kinds: frozenset[str]) -> str:
    """The table of a mapping that a key belongs to."""
    return BOOK if BOOK in kinds and key in {"levels", "bids", "asks"} else min(kinds, key=(TRADES, BOOK, ORDERS).index)


def _as_mapped(column: str, table: Table) -> Name:
    """A column's name as the mapping has it, which may be a number."""
    return int(column) if column.isdecimal() and not table.header else column


def _shown(names: Sequence[str]) -> str:
    """Names of columns in characters that a terminal can show."""
    shown = ", ".join(repr(name[:_SHOWN_LETTERS])[1:-1] for name in names[:_SHOWN_NAMES])
    return f"{shown} and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else shown


def _clock(file: SourceFile, content: Content, added: dict[str, str], columns: tuple[str, ...], table: Table) -> Clock:
    if len(columns) == 1 and columns[0] in content.units:
        return Clock(content.units[columns[0]], None)
    column = TimeColumn(
        file.name,
        " with ".join(columns),
        _joined(content, content.rows, columns, added),
        lambda: _joined(content, content.head_rows(), columns, added),
        lambda: _joined(content, content.last_rows(), columns, added),
        in_two=len(columns) > 1,
    )
    return clock_for(column, table.time_form, table.zone)


def _joined(
    content: Content, rows: tuple[tuple[str, ...], ...], columns: tuple[str, ...], added: dict[str, str]
) -> list[str]:
    """The values of a column of times, or of a date and a time column joined with a space."""
    places = [content.names.index(name) if name in content.names else None for name in columns]
    if len(places) == 1 and places[0] is not None:
        place = places[0]
        return [row[place] for row in rows if len(row) > place and row[place]]
    found = []
    for row in rows:
        if all(place is None or (place < len(row) and row[place]) for place in places):
            fields = (added[name] if place is None else row[place] for name, place in zip(columns, places, strict=True))
            found.append(" ".join(each.strip() for each in fields))
    return found


def _numbers(file: SourceFile, content: Content, table: Table, columns: Sequence[str]) -> tuple[int, list[str]]:
    """How numbers are written, and the assumptions about it.

    Raises:
        DatasetError: a comma in them may be a decimal comma or a thousands separator.
    """
    if table.decimal is not None:
        return (rewriting.COMMA if table.decimal == "," else rewriting.POINT), []
    places = [content.names.index(name) for name in columns if name in content.names]
    if content.as_they_are:
        return rewriting.UNSURE, []
    values = [row[place] for row in content.head_rows() for place in places if place < len(row)]
    with_comma = [value for value in values if "," in value]
    points = sum(_DECIMAL_POINT.fullmatch(value) is not None for value in values)
    if not with_comma:
        return (rewriting.POINT if points else rewriting.UNSURE), []
    commas = sum(_DECIMAL_COMMA.fullmatch(value) is not None and not _GROUPED.fullmatch(value) for value in with_comma)
    if content.delimiter == "," and not points + commas:
        return rewriting.POINT, [f"the comma in {with_comma[0]} is read as a thousands separator"]
    if max(points, commas) < _MOST_OF * (points + commas) or not points + commas:
        shown = with_comma[0]
        msg = (
            f"{file.name}: the comma in {quoted(shown)} may be a decimal comma or a thousands separator: write "
            f'decimal = "," in {FILE_NAME}, or decimal = "."'
        )
        raise DatasetError(msg)
    if commas > points:
        return rewriting.COMMA, [f"the comma in {with_comma[0]} is read as a decimal comma"]
    return rewriting.POINT, []
