"""The file mapping.toml: its keys, and its validation."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

import msgspec

from processor.errors import DatasetError
from processor.formats.lines.specs import MAX_DECIMALS
from processor.formats.mapped import FILE_NAME
from processor.formats.mapped.time_forms import UNITS_NS, BadFormat, of_format
from processor.formats.mapped.zones import zone_of

TRADES: Final = "trades"
BOOK: Final = "book"
ORDERS: Final = "orders"
ISO: Final = "iso"

_KINDS: Final = (TRADES, BOOK, ORDERS)
_SHOWN_LETTERS: Final = 40
_SHOWN_REASON: Final = 300
_READ_FILES: Final = 64
_PER_SIDE: Final = (2, 4)
_DATE_AND_CLOCK: Final = 2
_ACTIONS: Final = ("created", "changed", "deleted", "filled")

Name = str | int
Word = str | int | bool


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mapping of one kind of files: the names of columns (or numbers, from 1), and words in them."""

    files: str
    time: Name | list[Name]
    time_unit: str | None = None
    format: str | None = None
    zone: str | None = None
    instrument: str | None = None
    instrument_column: Name | None = None
    instrument_pattern: str | None = None
    exchange_column: Name | None = None
    local_time: Name | list[Name] | None = None
    price: Name | None = None
    size: Name | None = None
    side: Name | None = None
    id: Name | None = None
    buy: Word = "buy"
    sell: Word = "sell"
    unknown: Word | None = None
    bid: Word = "bid"
    ask: Word = "ask"
    snapshot: Name | bool | None = None
    snapshot_word: Word = "true"
    update_word: Word = "false"
    levels: list[list[Name]] = []
    bids: Name | list[Name] | None = None
    asks: Name | list[Name] | None = None
    action: Name | None = None
    created: Word | list[Word] = "created"
    changed: Word | list[Word] = "changed"
    deleted: Word | list[Word] = "deleted"
    filled: Word | list[Word] = []
    price_decimals: int | None = None
    size_decimals: int | None = None
    decimal: str | None = None
    delimiter: str | None = None
    header: bool = True

    @property
    def time_form(self) -> str | None:
        """How times are written: a unit, "iso" or a format; None if the values must show it."""
        return self.format if self.time_unit is None else self.time_unit

    def clock(self, clock: str) -> tuple[str, ...]:
        """The columns of the times of a clock: one, or date and time of day."""
        named = self.time if clock == "exchange" or self.local_time is None else self.local_time
        return tuple(map(str, named)) if isinstance(named, list) else (str(named),)

    def clocks(self) -> list[tuple[str, ...]]:
        """The columns of each clock that the table has."""
        return list(dict.fromkeys((self.clock("exchange"), self.clock("local"))))


def named_columns(table: Table) -> list[tuple[str, str]]:
    """The keys that name columns, with the columns they name."""
    keys = (
        "time", "local_time", "instrument_column", "exchange_column", "price", "size", "side", "snapshot", "id",
        "action", "bids", "asks",
    )  # fmt: skip
    named: list[tuple[str, Name]] = []
    for key in keys:
        given = getattr(table, key)
        columns = given if isinstance(given, list) else [given]
        named += [(key, column) for column in columns if column is not None and not isinstance(column, bool)]
    named += [("levels", column) for level in table.levels for column in level]
    return [(key, str(column)) for key, column in named]


@lru_cache(maxsize=_READ_FILES)
def read_tables(content: bytes, name: str = FILE_NAME) -> tuple[tuple[str, Table], ...]:
    """The tables of a mapping file by their kinds, in its order.

    Raises:
        DatasetError: the file is not a valid mapping.
    """
    try:
        given = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        msg = f"{name} cannot be read: {clipped(error)}"
        raise DatasetError(msg) from error
    tables = []
    for kind, described in given.items():
        each = described if isinstance(described, list) else [described]
        if kind not in _KINDS or not all(isinstance(table, dict) for table in each):
            msg = f"{name}: unknown table {quoted(kind)}: expected [trades], [book] or [orders]"
            raise DatasetError(msg)
        tables += [(kind, _table(kind, table, name)) for table in each]
    return tuple(tables)


def _table(kind: str, given: dict[str, object], name: str) -> Table:
    for key in given.keys() - set(Table.__struct_fields__):
        near = get_close_matches(key, Table.__struct_fields__, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; known keys are {', '.join(Table.__struct_fields__)}"
        msg = f"{name}: [{kind}] has an unknown key {quoted(key)}{hint}"
        raise DatasetError(msg)
    try:
        table = msgspec.convert(given, Table)
    except msgspec.ValidationError as error:
        msg = f"{name}: [{kind}]: {clipped(error)}"
        raise DatasetError(msg) from None
    fault = _fault(kind, table)
    if fault:
        msg = f"{name}: [{kind}]: {fault}"
        raise DatasetError(msg)
    return table


def _fault(kind: str, table: Table) -> str | None:
    """What is invalid in a table, as a sentence."""
    return (
        _fault_of_instrument(table)
        or _fault_of_time(table)
        or _fault_of_columns(kind, table)
        or _fault_of_words(kind, table)
    )


def _fault_of_instrument(table: Table) -> str | None:
    given = [table.instrument, table.instrument_column, table.instrument_pattern]
    if sum(each is not None for each in given) != 1:
        return (
            "give one of instrument (a name), instrument_column and instrument_pattern; "
            'instrument = "{stem}" takes it from the file\'s name'
        )
    if table.exchange_column is not None and table.instrument_column is None:
        return "exchange_column needs instrument_column"
    if table.instrument_pattern is not None:
        try:
            groups = re.compile(table.instrument_pattern).groups
        except re.error as error:
            return (
                f"instrument_pattern {quoted(table.instrument_pattern)} is not a regular expression: {clipped(error)}"
            )
        if groups != 1:
            return (
                f"instrument_pattern {quoted(table.instrument_pattern)} needs one group, (...), around the instrument"
            )
    return None


def _fault_of_time(table: Table) -> str | None:
    if table.time_unit is not None and table.format is not None:
        return "give either time_unit or format"
    for key, given in (("time_unit", table.time_unit), ("format", table.format)):
        fault = None if given is None else _fault_of_form(key, given)
        if fault is not None:
            return fault
    long = next(
        (named for named in (table.time, table.local_time) if isinstance(named, list) and len(named) > _DATE_AND_CLOCK),
        (),
    )
    faults = {
        f"zone is for dates; a number of {table.time_unit} since 1970 is in UTC: leave out zone": (
            table.zone is not None and table.time_unit in UNITS_NS
        ),
        f'zone is {quoted(table.zone)}; expected a name like "Europe/Berlin" or an offset like "-05:00"': (
            table.zone is not None and zone_of(table.zone) is None
        ),
        f"time names {len(long)} columns; expected one, or two: the date and the time of day": bool(long),
        "time and local_time need at least one column": [] in (table.time, table.local_time),
    }
    return next((fault for fault, found in faults.items() if found), None)


def _fault_of_form(key: str, given: str) -> str | None:
    if key == "time_unit" and given in {*UNITS_NS, ISO}:
        return None
    if "%" not in given:
        return f'{key} is {quoted(given)}; expected s, ms, us, ns or iso, or a format like "%d.%m.%Y %H:%M:%S.%f"'
    try:
        of_format(given)
    except BadFormat as error:
        return f"{key} is {quoted(given)}: {error}"
    return None


def _fault_of_columns(kind: str, table: Table) -> str | None:
    written_out = (table.price, table.size, table.side)
    of_orders = (table.id, table.action)
    named = Counter(column for _, column in named_columns(table))
    twice = next((name for name, count in named.items() if count > 1), None)
    whole = bool(table.levels) or table.bids is not None or table.asks is not None
    faults = {
        f"delimiter is {quoted(table.delimiter)}; expected one character": (
            table.delimiter is not None and len(table.delimiter.encode()) != 1
        ),
        f'decimal is {quoted(table.decimal)}; expected "." or ","': table.decimal not in {None, ".", ","},
        f"price_decimals and size_decimals must be 0 to {MAX_DECIMALS}": any(
            decimals is not None and not 0 <= decimals <= MAX_DECIMALS
            for decimals in (table.price_decimals, table.size_decimals)
        ),
        "levels already names the prices and sizes; leave out price, size, side and snapshot": (
            bool(table.levels) and {*written_out, table.snapshot} != {None}
        ),
        "a level is four columns, bid price, bid size, ask price and ask size, or two, bid and ask": not all(
            len(level) in _PER_SIDE and len(level) == len(table.levels[0]) for level in table.levels
        ),
        "bids and asks are both needed": (table.bids is None) != (table.asks is None),
        "bids and asks already hold the prices and sizes; leave out price, size, side and levels": (
            table.bids is not None and (set(written_out) != {None} or bool(table.levels))
        ),
        "bids and asks are each one column of lists, or two: prices and sizes": any(
            isinstance(lists, list) and len(lists) not in {1, 2} for lists in (table.bids, table.asks)
        ),
        "price and size are needed": kind == TRADES and None in written_out[:2],
        "price, size and side are needed, or levels, or bids and asks": (
            kind == BOOK and not whole and None in written_out
        ),
        "id, action, side, price and size are needed": kind == ORDERS and None in {*written_out, *of_orders},
        "levels, bids and asks belong to [book]": kind != BOOK and whole,
        "action belongs to [orders]": kind != ORDERS and table.action is not None,
        "snapshot belongs to [book]": kind != BOOK and table.snapshot is not None,
        "snapshot names a column, or is true where the rows of a time are the whole book": table.snapshot is False,
        f"the column {quoted(twice)} is used for two keys": twice is not None,
    }
    return next((fault for fault, found in faults.items() if found), None)


def _fault_of_words(kind: str, table: Table) -> str | None:
    columns = {
        table.side: ("buy", "sell", "unknown") if kind == TRADES else ("bid", "ask"),
        table.snapshot: ("snapshot_word", "update_word"),
        table.action: ("created", "changed", "deleted", "filled"),
    }
    for keys in (keys for name, keys in columns.items() if name is not None):
        words = Counter(word for key in keys for word in set(words_of(table, key)))
        twice = next((word for word, count in words.items() if count > 1), None)
        if twice is not None:
            return f"the word {quoted(twice.decode())} stands for two of {', '.join(keys)}"
    return None


def words_of(table: Table, key: str) -> list[bytes]:
    """The words that a key stands for."""
    given = getattr(table, key)
    return [word_of(word) for word in (given if isinstance(given, list) else [given]) if word is not None]


def word_of(given: Word) -> bytes:
    """A word as it appears in a file."""
    return (str(given).lower() if isinstance(given, bool) else str(given)).encode()


def quoted(name: object) -> str:
    """Text that a user wrote, quoted for a message."""
    shown = repr(name)
    return shown if len(shown) <= _SHOWN_LETTERS else f"{shown[:_SHOWN_LETTERS]}..."


def clipped(error: object) -> str:
    """The message of a library's error, shortened, in characters that a terminal can show."""
    text = " ".join(str(error)[:_SHOWN_REASON].split())
    return "".join(letter if letter.isprintable() else "?" for letter in text)
