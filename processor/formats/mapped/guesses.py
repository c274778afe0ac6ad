"""Guesses the meaning of the columns of an unknown table, by their names and values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from processor.formats.mapped.guessed_order import ordered
from processor.formats.mapped.guessed_sides import SIDES, could_be_sides, is_of_book, is_of_trades, side_words
from processor.formats.mapped.guessed_times import Times, times_of
from processor.formats.mapped.samples import WORD, Sample, is_numeric, named

if TYPE_CHECKING:
    from collections.abc import Sequence

_PRICES: Final = ("price", "px", "last", "p", "rate", "close")
_SIZES: Final = ("size", "amount", "qty", "quantity", "volume", "vol", "q", "sz", "lots", "shares", "v")
SYMBOLS: Final = ("symbol", "ticker", "instrument", "pair", "market", "product", "contract", "sym", "coin")
EXCHANGES: Final = ("exchange", "venue", "exch")
_IDS: Final = ("id", "oid", "orderid", "order", "ref")
_ORDER_IDS: Final = ("orderid", "oid", "orderref", "ordernumber")
_ACTION_NAMES: Final = ("action", "event", "eventtype", "updatetype", "messagetype")
_ACTIONS: Final = {
    "created": "created create new add added insert inserted placed place open opened submitted a n".split(),  # noqa: SIM905
    "changed": "changed change modified modify update updated amend amended u m".split(),  # noqa: SIM905
    "deleted": "deleted delete cancelled canceled cancel removed remove expired done d c".split(),  # noqa: SIM905
    "filled": "filled fill partial_fill executed execute trade traded match matched f e t".split(),  # noqa: SIM905
}
_SIDE_NAMES: Final = {"bid": ("bid",), "ask": ("ask", "offer")}
_SIZE_NAMES: Final = ("siz", "vol", "qty", "quantity", "amount", "sz")
_OF_A_PRICE: Final = re.compile(r"(top|inside|nbbo|close|last|level|lvl|l)*(price|px|prc|p|rate)?s?(level|lvl|l)?")
_TRADE_IDS: Final = ("tradeid", "trdmatchid", "tid", "id", "aggtradeid", "matchid")
_SNAPSHOTS: Final = ("snap", "snapshot", "partial", "full", "true", "1", "image", "all")
_LEVELS: Final = ("level", "lvl", "depthlevel", "booklevel", "rank", "position", "pos", "priority")
_FEW_ROWS: Final = 2
_NEAR: Final = 0.001


@dataclass(slots=True)
class Guess:
    """What an unknown table seems to be: its columns by the keys of a mapping, and the words in them.

    `unsure` is a column of sides whose meaning is unclear. With `snapshots`, all rows of one time are the
    whole book. `split_levels`: a row is one level of both sides, which no mapping can express.
    """

    times: Times = field(default_factory=Times)
    symbol: str | None = None
    exchange: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    levels: list[tuple[str, ...]] = field(default_factory=list)
    lists: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    words: dict[str, list[str]] = field(default_factory=dict)
    unsure: str | None = None
    bars: bool = False
    snapshots: bool = False
    split_levels: str | None = None


def guess_of(sample: Sample, file_name: str) -> Guess:
    """Guess what a table is."""
    found = Guess()
    free = [name for name in sample.names if name]
    found.times = times_of(sample, free, file_name)
    free = [name for name in free if name not in {*found.times.columns, found.times.local}]
    found.symbol = named(free, SYMBOLS, lambda name: not is_numeric(sample, name))
    free = [name for name in free if name != found.symbol]
    found.exchange = named(free, EXCHANGES, lambda name: not is_numeric(sample, name)) if sample.header else None
    free = [name for name in free if name != found.exchange]
    if not sample.header:
        _by_order(sample, free, file_name, found)
        return found
    found.bars = {"open", "high", "low"} <= {name.lower().strip("<>") for name in sample.names}
    found.lists = _lists(sample, free)
    found.levels = _levels([name for name in free if not _is_list(sample, name)])
    in_levels = {each for row in (*(found.lists or ()), *found.levels) for each in row}
    free = [name for name in free if name not in in_levels]
    price = named(free, _PRICES, lambda name: is_numeric(sample, name))
    if price:
        found.columns["price"] = price
        free.remove(price)
    size = _size(sample, free, price)
    if size:
        found.columns["size"] = size
        free.remove(size)
    _sides(sample, free, file_name, found)
    level = next((name for name in free if "".join(WORD.findall(name.lower())) in _LEVELS), None)
    if found.lists:
        found.words = {}
        _flag(sample, free, found)
    elif found.levels and level and len(found.levels) == 1:
        found.split_levels = level
    elif {"bid", "ask"} <= found.words.keys() and "snapshot" not in found.columns and "action" not in found.columns:
        found.snapshots = level is not None or _are_whole(sample, found)
    return found


def _size(sample: Sample, names: Sequence[str], price: str | None) -> str | None:
    """The column of sizes; a column that is the price times another one does not count."""
    fitting = [name for name in names if is_numeric(sample, name) and named([name], _SIZES, lambda _: True)]
    products = {
        name
        for name in fitting
        for other in names
        if price and other != name and is_numeric(sample, other) and _is_product(sample, name, (price, other))
    }
    return named([name for name in fitting if name not in products] or fitting, _SIZES, lambda _: True)


def _is_product(sample: Sample, name: str, factors: tuple[str, str]) -> bool:
    """Whether a column is the product of two others, like a turnover."""
    columns = [sample.values(each) for each in (name, *factors)]
    if not columns[0] or len(set(map(len, columns))) > 1:
        return False
    try:
        rows = [tuple(map(float, row)) for row in zip(*columns, strict=True)]
    except ValueError:
        return False
    return all(abs(product - price * size) <= _NEAR * abs(product) for product, price, size in rows)


def _are_whole(sample: Sample, found: Guess) -> bool:
    """Whether every time has the same number of levels per side, more than one, none of them empty."""
    if len(found.times.columns) != 1 or not {"side", "size"} <= found.columns.keys():
        return False
    columns = (found.times.columns[0], found.columns["side"], found.columns["size"])
    places = [sample.names.index(name) for name in columns]
    counts: dict[str, dict[str, int]] = {}
    for row in sample.rows:
        if len(row) <= max(places):
            break
        time, side, size = (row[place].strip() for place in places)
        if not size.strip("0."):
            return False
        sides = counts.setdefault(time, {})
        sides[side] = sides.get(side, 0) + 1
    whole = list(counts.values())[:-1]  # the last time may be incomplete
    if len(whole) < _FEW_ROWS or any(sides != whole[0] for sides in whole):
        return False
    return len(whole[0]) == _FEW_ROWS and min(whole[0].values()) >= _FEW_ROWS


def _by_order(sample: Sample, names: Sequence[str], file_name: str, found: Guess) -> None:
    """Guess columns without names."""
    _sides(sample, names, file_name, found)
    columns = ordered(sample, names, has_sides="side" in found.columns)
    found.columns, found.words, found.unsure = {}, {}, None
    found.columns |= {key: name for key, name in (("price", columns.price), ("size", columns.size)) if name is not None}
    found.levels = [columns.level] if columns.level else []
    found.bars = columns.bars
    if columns.price is not None:
        _sides(sample, [name for name in names if name not in columns.used], file_name, found)


def _sides(sample: Sample, names: Sequence[str], file_name: str, found: Guess) -> None:
    """Guess the columns of the side, the snapshot flag and the ids of trades or orders, and their words."""
    action = next((name for name in names if _is_action(sample.words(name))), None)
    of_trades = is_of_trades(names, file_name) and action is None
    of_book = is_of_book(names, file_name)
    sides = {
        name: side_words(name, sample.words(name), of_book=of_book, of_trades=of_trades)
        for name in names
        if name != action
    }
    side = named(names, SIDES, lambda name: bool(sides.get(name)))
    if side is None and not sample.header:
        spelt = {name for name in sides if not any(word.isdecimal() for word in sample.words(name))}
        side = next((name for name, words in sides.items() if words and name in spelt), None)
    if side is not None:
        found.columns["side"] = side
        found.words = {key: [word] for key, word in sides[side].items()}
    elif sample.header:
        found.unsure = named(names, SIDES, lambda name: name != action and could_be_sides(sample.words(name)))
    order_id = named(names, _IDS, lambda name: name not in {action, side})
    if action is None and side and (named(names, _ORDER_IDS, lambda name: name != side)):
        action = named(names, _ACTION_NAMES, lambda name: name not in {order_id, side} and bool(sample.words(name)))
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
    """Guess the column that flags the rows of a snapshot."""
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
    """Guess the column of trade ids, if there is one."""
    for name in names:
        values = sample.values(name)
        plain = "".join(WORD.findall(name.lower()))
        if plain in _TRADE_IDS and values and len(set(values)) == len(values) == len(sample.rows):
            found.columns["id"] = name
            return


def _is_action(words: Sequence[str]) -> bool:
    keys = {_action_of(word) for word in words}
    return bool(keys) and None not in keys and "created" in keys and len(keys) > 1


def _action_of(word: str) -> str | None:
    return next((key for key, words in _ACTIONS.items() if word.lower() in words), None)


def _lists(sample: Sample, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The columns of lists of bids and of asks: one each, or two each (prices and sizes)."""
    found = []
    for what in ("bid", "ask"):
        lists = [name for name in names if (what in name.lower() or name.lower() == what[0]) and _is_list(sample, name)]
        sizes = [name for name in lists if any(word in name.lower() for word in _SIZE_NAMES)]
        prices = [name for name in lists if name not in sizes]
        in_two = bool(prices and sizes) and not _is_nested(sample, prices[0])
        found.append((prices[0], sizes[0]) if in_two else tuple(lists[:1]))
    return (found[0], found[1]) if found[0] and len(found[0]) == len(found[1]) else None


def _is_nested(sample: Sample, name: str) -> bool:
    return any(value[1:].lstrip()[:1] in {"[", "{", "("} for value in sample.values(name))


def _is_list(sample: Sample, name: str) -> bool:
    values = sample.values(name)
    return bool(values) and all(value[:1] in {"[", "{"} for value in values)


def _levels(names: Sequence[str]) -> list[tuple[str, ...]]:
    """The columns of bids and asks, level by level: price and size of each side, or only prices."""
    found: dict[tuple[int, ...], dict[tuple[str, bool], str]] = {}
    for name in names:
        parts = WORD.findall(name.lower())
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
    """The side of the book in a column's name without numbers, and whether it is of sizes; None if there is none."""
    short = re.fullmatch(r"(a|b)(p|px|s|sz|q|v)?", text)
    if short is not None:
        return ("bid" if short[1] == "b" else "ask"), (short[2] or "p")[0] != "p"
    side = next((side for side, words in _SIDE_NAMES.items() if any(word in text for word in words)), None)
    rest = re.sub("bid|ask|offer|best|quote", "", text)
    if side is None:
        return None
    if any(word in rest for word in _SIZE_NAMES) or rest in {"s", "q", "v"}:
        return side, True
    return (side, False) if _OF_A_PRICE.fullmatch(rest) else None
