"""What the columns of an unknown table seem to hold, by their names and by what stands in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError
from processor.formats.mapped import frames, json_rows, separated
from processor.formats.mapped.clocks import TimeColumn, advice
from processor.formats.mapped.time_shapes import is_date_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from processor.formats.files import SourceFile

_NUMBER: Final = re.compile(r"[+-]?(\d[\d.,]*|\.\d+)([eE][-+]?\d+)?")
_TIME_OF_DAY: Final = re.compile(r"\d{1,2}:\d\d(:\d\d([.,:]\d+)?)?(\s*[AaPp][Mm])?|\d{5,15}")
_WORD: Final = re.compile(r"[a-z]+|\d+")
_MOST_WORDS: Final = 4
_LINES_BEFORE: Final = 50
_HEADLESS: Final = 0.5
_ANYWHERE: Final = 2
"""Words of so few letters are in any name."""
_DIGITS_OF_IDS: Final = 6
_NEAR: Final = 0.02
_BID_AND_ASK: Final = 2

_TIMES: Final = "timestamp time datetime ts t date local gmt exchange event transact created trade utc".split()  # noqa: SIM905
_PRICES: Final = ("price", "px", "last", "p", "rate", "close")
_SIZES: Final = ("size", "amount", "qty", "quantity", "volume", "vol", "q", "sz", "lots", "shares", "v")
_SIDES: Final = ("side", "direction", "taker", "aggressor", "maker", "type", "m", "s", "buysell", "bs")
SYMBOLS: Final = ("symbol", "ticker", "instrument", "pair", "market", "product", "contract", "sym", "coin")
_IDS: Final = ("id", "oid", "orderid", "order", "ref")
_ACTIONS: Final = {
    "created": "created create new add added insert inserted placed place open opened submitted a n".split(),  # noqa: SIM905
    "changed": "changed change modified modify update updated amend amended u m".split(),  # noqa: SIM905
    "deleted": "deleted delete cancelled canceled cancel removed remove expired done d c".split(),  # noqa: SIM905
    "filled": "filled fill partial_fill executed execute trade traded match matched f e t".split(),  # noqa: SIM905
}
_BUYS: Final = ("buy", "buyer", "b", "bid", "long", "1", "+1", "true")
_SELLS: Final = ("sell", "seller", "s", "ask", "short", "-1", "2", "0", "false", "a")
_BIDS: Final = ("bid", "bids", "b", "buy", "0", "1")
_ASKS: Final = ("ask", "asks", "a", "offer", "s", "sell", "1", "2", "-1")
_SIDE_NAMES: Final = {"bid": ("bid",), "ask": ("ask", "offer")}
_SIZE_NAMES: Final = ("size", "vol", "qty", "quantity", "amount", "sz")
_TRADE_IDS: Final = ("tradeid", "trdmatchid", "tid", "id", "aggtradeid", "matchid")
_OF_A_BOOK: Final = re.compile(r"book|depth|l2|level|quote|update|snap|delta", re.IGNORECASE)
_OPPOSITES: Final = {
    "buy": "sell",
    "b": "s",
    "bid": "ask",
    "bids": "asks",
    "buyer": "seller",
    "long": "short",
    "1": "-1",
}
_SNAPSHOTS: Final = ("snap", "snapshot", "partial", "full", "true", "1", "image", "all")


@dataclass(frozen=True, slots=True)
class Sample:
    """An unknown table: its columns (by number where there is no header) and what stands in its first rows.

    `typed` are columns of a type of their own for times.
    """

    names: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    delimiter: str | None = None
    header: bool = True
    typed: frozenset[str] = frozenset()

    def values(self, name: str) -> list[str]:
        """What stands in a column."""
        place = self.names.index(name)
        return [value for row in self.rows if len(row) > place and (value := row[place].strip())]

    def words(self, name: str) -> tuple[str, ...]:
        """What stands in a column of few words, each once, in order; none where it is no such column."""
        found = tuple(dict.fromkeys(self.values(name)))
        return found if len(found) <= _MOST_WORDS else ()


@dataclass(slots=True)
class Guess:
    """What an unknown table seems to be: a kind, its columns by the keys of a mapping, and the words in them."""

    time: tuple[str, ...] = ()
    time_said: str | None = None
    symbol: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    levels: list[tuple[str, ...]] = field(default_factory=list)
    lists: tuple[str, str] | None = None
    words: dict[str, list[str]] = field(default_factory=dict)


def sample_of(file: SourceFile, head: bytes) -> Sample | None:
    """The first rows of a table; None where it is none that can be read."""
    try:
        if frames.is_frame(head):
            schema = frames.schema_of(file, head)
            typed = frozenset(name for name, kind in schema.items() if kind.is_temporal())
            content = frames.content_of(file, head, set(schema), (), None)
            return Sample(content.names, content.head_rows(), typed=typed)
        if json_rows.is_json(head):
            content = json_rows.content_of(file, head, None)
            header = not all(map(str.isdecimal, content.names))
            return Sample(content.names, content.head_rows(), header=header) if content.names else None
    except DatasetError:
        return None
    return _of_text(head)


def _of_text(head: bytes) -> Sample | None:
    lines = [line for line in separated.lines_of(head) if line]
    if not lines:
        return None
    some = lines[: 2 * _LINES_BEFORE]
    counts = {
        each: sorted(len(separated.fields_of(line, each)) for line in some)[len(some) // 2]
        for each in separated.DELIMITERS
    }
    delimiter = max(separated.DELIMITERS, key=lambda each: (counts[each] > 1, -_odd(some, each), counts[each]))
    width = counts[delimiter]
    for at, line in enumerate(lines[:_LINES_BEFORE]):
        fields = separated.fields_of(line.lstrip("#"), delimiter)
        numbers = sum(_NUMBER.fullmatch(each) is not None for each in fields)
        if len(fields) not in {width, width - 1}:
            continue
        if not numbers:
            rows = [separated.fields_of(row, delimiter) for row in lines[at + 1 :]]
            return Sample(fields, rows, delimiter)
        if line.startswith("#"):
            continue
        rows = [separated.fields_of(row, delimiter) for row in lines[at:]]
        return Sample(tuple(map(str, range(1, width + 1))), rows, delimiter, header=False)
    return None


def _odd(lines: Sequence[str], delimiter: str) -> int:
    """How many other delimiters stand in the fields: a comma is one only where it would not make numbers of fields."""
    return sum(
        other in field
        for line in lines
        for field in separated.fields_of(line, delimiter)
        for other in separated.DELIMITERS
        if other not in {delimiter, ","}
    )


def are_bars(sample: Sample) -> bool:
    """Whether rows seem to be bars, which are no trades."""
    return {"open", "high", "low"} <= {name.lower().strip("<>") for name in sample.names}


def guess_of(sample: Sample, file_name: str) -> Guess:
    """What a table seems to be."""
    found = Guess()
    free = [name for name in sample.names if name]
    found.time, found.time_said = _time(sample, free, file_name)
    free = [name for name in free if name not in found.time]
    found.symbol = _named(free, SYMBOLS, lambda name: not _is_numeric(sample, name))
    free = [name for name in free if name != found.symbol]
    if not sample.header:
        _by_order(sample, free, file_name, found)
        return found
    found.lists = _lists(sample, free)
    found.levels = _levels(free)
    free = [
        name for name in free if name not in {*(found.lists or ()), *(each for row in found.levels for each in row)}
    ]
    for key, names in (("price", _PRICES), ("size", _SIZES)):
        column = _named(free, names, lambda name: _is_numeric(sample, name))
        if column:
            found.columns[key] = column
            free.remove(column)
    _sides(sample, free, file_name, found)
    if found.lists:
        found.words = {}
        _flag(sample, free, found)
    return found


def _time(sample: Sample, names: Sequence[str], file_name: str) -> tuple[tuple[str, ...], str | None]:
    """The column of times, or those of dates and of times of day, and how they are written."""
    if sample.header:
        by_name = sorted(names, key=lambda name: _place(name, _TIMES))
    else:  # an id may look like seconds
        by_name = sorted(names, key=lambda name: -len(next(iter(sample.values(name)), "")))
    for name in by_name:
        if name in sample.typed:
            return (name,), None
        said = advice(_column(file_name, name, sample.values(name)))
        if said and (not sample.header or _place(name, _TIMES) < len(_TIMES)):
            return (name,), said
    for date in names:
        values = sample.values(date)
        if not values or not all(map(is_date_alone, values)):
            continue
        for clock in names:
            clocks = sample.values(clock)
            if clock == date or len(clocks) != len(values) or not all(map(_TIME_OF_DAY.fullmatch, clocks)):
                continue
            joined = [f"{day} {time}" for day, time in zip(values, clocks, strict=True)]
            said = advice(_column(file_name, date, joined, in_two=True))
            if said:
                return (date, clock), said
    likely = [name for name in by_name if _place(name, _TIMES) < len(_TIMES)] if sample.header else list(names)
    return tuple(likely[:1]), None


def _column(file_name: str, name: str, values: list[str], *, in_two: bool = False) -> TimeColumn:
    return TimeColumn(file_name, name, values, lambda: values, list, in_two=in_two)


def _by_order(sample: Sample, names: Sequence[str], file_name: str, found: Guess) -> None:
    """Columns without names: of the numbers first the price, two near it bid and ask, the next the size."""
    numeric = [name for name in names if _is_numeric(sample, name) and not _counts(sample.values(name))]
    if not numeric:
        return
    price, *others = numeric
    quotes = [name for name in others if _is_near(sample.values(price), sample.values(name))]
    sizes = [name for name in others if name not in quotes]
    if len(quotes) == _BID_AND_ASK:
        found.levels = [tuple(sorted(quotes, key=lambda name: sum(map(_float, sample.values(name)))))]
    found.columns["price"] = price
    if sizes or len(others) == 1:
        found.columns["size"] = (sizes or others)[0]
    used = {*found.columns.values(), *quotes}
    _sides(sample, [name for name in names if name not in used], file_name, found)


def _is_near(prices: Sequence[str], values: Sequence[str]) -> bool:
    """Whether each is within two percent of the price beside it: a price, too."""
    pairs = zip(map(_float, prices), map(_float, values), strict=False)
    return bool(values) and all(abs(value - price) <= _NEAR * abs(price) for price, value in pairs)


def _float(number: str) -> float:
    """Near enough to tell a price from a size."""
    try:
        return float(number.replace(",", "."))
    except ValueError:
        return 0.0


def _counts(values: Sequence[str]) -> bool:
    """Whether numbers are ids: whole, all different, and long."""
    longest = max(map(len, values), default=0)
    return all(map(str.isdecimal, values)) and len(set(values)) == len(values) > 1 and longest >= _DIGITS_OF_IDS


def _sides(sample: Sample, names: Sequence[str], file_name: str, found: Guess) -> None:
    """Which column holds the side, the flag of snapshots, the ids of trades or orders; and the words in them."""
    action = next((name for name in names if _is_action(sample.words(name))), None)
    of_book = any(map(_OF_A_BOOK.search, [*names, file_name.rpartition("/")[2]]))
    sides = {name: _side_words(name, sample.words(name), of_book=of_book) for name in names if name != action}
    side = _named(names, _SIDES, lambda name: bool(sides.get(name)))
    if side is None and not sample.header:
        spelt = {name for name in sides if not any(word.isdecimal() for word in sample.words(name))}
        side = next((name for name, words in sides.items() if words and name in spelt), None)
    if side is not None:
        found.columns["side"] = side
        found.words = {key: [word] for key, word in sides[side].items()}
    order_id = _named(names, _IDS, lambda name: name not in {action, side})
    if action and order_id and side:
        found.columns |= {"id": order_id, "action": action}
        found.words = dict(zip(("bid", "ask"), list(found.words.values())[:2], strict=False))
        for word in sample.words(action):
            found.words.setdefault(_action_of(word) or "", []).append(word)
    elif {"bid", "ask"} <= found.words.keys():
        _flag(sample, [name for name in names if name != side], found)
    else:
        _trade_id(sample, names, found)


def _flag(sample: Sample, names: Sequence[str], found: Guess) -> None:
    """The column that says whether a row is of a snapshot."""
    for name in names:
        words = sample.words(name)
        flagged = [word for word in words if word.lower() in _SNAPSHOTS]
        is_flag = (
            "snap" in name.lower() or "update_type" in name.lower() or any("snap" in word.lower() for word in words)
        )
        if is_flag and len(flagged) <= 1 <= len(words) <= 2:  # noqa: PLR2004 - a flag
            found.columns["snapshot"] = name
            others = [word for word in words if word not in flagged]
            found.words |= {"snapshot_word": flagged or ["snap"], "update_word": others or ["update"]}
            return


def _trade_id(sample: Sample, names: Sequence[str], found: Guess) -> None:
    """The column of ids that tell trades apart, if there is one."""
    for name in names:
        values = sample.values(name)
        plain = "".join(_WORD.findall(name.lower()))
        if plain in _TRADE_IDS and values and len(set(values)) == len(values) == len(sample.rows):
            found.columns["id"] = name
            return


def _side_words(name: str, words: Sequence[str], *, of_book: bool) -> dict[str, str]:
    """Which word is which, by their keys in a mapping; nothing where that cannot be seen."""
    lower = {word.lower(): word for word in words}
    if not lower or len(lower) > 3:  # noqa: PLR2004 - buy, sell and unknown
        return {}
    if "maker" in name.lower() or name.lower() == "m":
        return _maker_words(lower)
    rests = (
        of_book or set(lower) <= {"bid", "ask", "bids", "asks", "offer"} or (set(lower) <= {"a", "b"} and "a" in lower)
    )
    known = (_BIDS, _ASKS) if rests else (_BUYS, _SELLS)
    first, second = (next((lower[word] for word in words if word in lower), None) for words in known)
    if first == second:
        return {}
    first, second = (found or _opposite(other, of_book=of_book) for found, other in ((first, second), (second, first)))
    rest = [word for word in words if word not in {first, second}]
    if first is None or second is None or len(rest) > 1:
        return {}
    found = {"bid": first, "ask": second} if rests else {"buy": first, "sell": second}
    return found | ({"unknown": rest[0]} if rest and not of_book else {})


def _maker_words(lower: Mapping[str, str]) -> dict[str, str]:
    """Where the buyer was the maker, the seller took."""
    for yes, no in (("true", "false"), ("1", "0"), ("yes", "no"), ("t", "f")):
        if set(lower) <= {yes, no}:
            return {"buy": lower.get(no) or _like(lower[yes], no), "sell": lower.get(yes) or _like(lower[no], yes)}
    return {}


def _opposite(word: str | None, *, of_book: bool) -> str | None:
    """The word for the other side, written as this one is."""
    if word is None:
        return None
    both = _OPPOSITES | {other: one for one, other in _OPPOSITES.items()} | {"a": "b"}
    other = "a" if of_book and word.lower() == "b" else both.get(word.lower())
    return None if other is None else _like(word, other)


def _like(word: str, other: str) -> str:
    """Another word in the case of this one."""
    return other.upper() if word.isupper() else other.capitalize() if word[:1].isupper() else other


def _is_action(words: Sequence[str]) -> bool:
    keys = {_action_of(word) for word in words}
    return bool(keys) and None not in keys and "created" in keys and len(keys) > 1


def _action_of(word: str) -> str | None:
    return next((key for key, words in _ACTIONS.items() if word.lower() in words), None)


def _lists(sample: Sample, names: Sequence[str]) -> tuple[str, str] | None:
    """The columns of lists of bids and of asks."""
    found = [
        next((name for name in names if what in name.lower() and _is_list(sample, name)), None)
        for what in ("bid", "ask")
    ]
    return (found[0], found[1]) if found[0] and found[1] else None


def _is_list(sample: Sample, name: str) -> bool:
    values = sample.values(name)
    return bool(values) and all(value[:1] in {"[", "{"} for value in values)


def _levels(names: Sequence[str]) -> list[tuple[str, ...]]:
    """The columns of bids and asks, level by level: price and size of each side, or prices alone."""
    found: dict[tuple[int, ...], dict[tuple[str, bool], str]] = {}
    for name in names:
        parts = _WORD.findall(name.lower())
        side = _side_of("".join(part for part in parts if not part.isdecimal()))
        if side is not None:
            numbers = tuple(int(part) for part in parts if part.isdecimal())
            found.setdefault(numbers, {}).setdefault(side, name)
    levels = []
    for _, columns in sorted(found.items()):
        each = [columns.get(side) for side in (("bid", False), ("bid", True), ("ask", False), ("ask", True))]
        chosen = each if None not in each else each[::2]
        if None not in chosen:
            levels.append(tuple(name for name in chosen if name))
    return [level for level in levels if len(level) == len(levels[0])]


def _side_of(text: str) -> tuple[str, bool] | None:
    """The side of the book that a column's name without numbers speaks of, and whether of its sizes; None for none."""
    short = re.fullmatch(r"(a|b)(p|px|s|sz|q|v)?", text)
    if short is not None:
        return ("bid" if short[1] == "b" else "ask"), (short[2] or "p")[0] != "p"
    side = next((side for side, words in _SIDE_NAMES.items() if any(word in text for word in words)), None)
    rest = re.sub("bid|ask|offer|best|quote", "", text)
    if side is None or rest in {"id", "time", "count", "ct", "orders", "ts"}:
        return None
    return side, any(word in rest for word in _SIZE_NAMES) or rest in {"s", "q", "v"}


def _place(name: str, known: Sequence[str]) -> int:
    """How well a name fits: the place of the first known word in it, later where it is not all of the name."""
    words = _WORD.findall(name.lower())
    whole = "".join(words)
    found = [
        number
        for number, word in enumerate(known)
        if word == whole or word in words or (len(word) > _ANYWHERE and word in whole)
    ]
    return found[0] if found else len(known)


def _named(names: Sequence[str], known: Sequence[str], fits: Callable[[str], bool]) -> str | None:
    """The column whose name fits best."""
    fitting = [name for name in names if _place(name, known) < len(known) and fits(name)]
    return min(fitting, key=lambda name: (_place(name, known), len(name)), default=None)


def _is_numeric(sample: Sample, name: str) -> bool:
    values = sample.values(name)
    return bool(values) and sum(_NUMBER.fullmatch(value) is not None for value in values) > _HEADLESS * len(values)
