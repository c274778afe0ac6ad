"""Guesses which words of an unknown table's column name the aggressor, or the side of an order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDES: Final = (
    "side", "direction", "taker", "aggressor", "maker", "type", "m", "s", "buysell", "bs", "buyer", "seller", "buy",
    "sell",
)  # fmt: skip
"""Names of columns of sides."""
_BUYS: Final = ("buy", "buyer", "b", "bid", "long", "1", "+1")
_SELLS: Final = ("sell", "seller", "s", "ask", "short", "-1", "2", "a")
_BIDS: Final = ("bid", "bids", "b", "buy", "0", "1")
_ASKS: Final = ("ask", "asks", "a", "offer", "s", "sell", "1", "2", "-1")
_FLAGS: Final = (("true", "false"), ("1", "0"), ("yes", "no"), ("t", "f"), ("y", "n"))
_PASSIVE: Final = re.compile(r"maker|passive|resting")
_ACTIVE: Final = re.compile(r"taker|aggress|initiat")
_BUYER: Final = re.compile(r"buy|bid")
_SELLER: Final = re.compile(r"sell|ask|offer")
_AT_A_SIDE: Final = re.compile(r"bid|ask|offer")
_BUYER_MADE: Final = ("m", "bm")
_OF_A_BOOK: Final = re.compile(r"book|depth|l2|level|quote|update|snap|delta")
_OF_NO_BOOK: Final = re.compile(r"quote_?(qty|quant|size|vol|amount|asset|curr|val|id)|updated?_?(at|time|ts)")
_OF_TRADES: Final = re.compile(r"trade_?(id|no|num)|trd_?match|agg_?trade|\btid\b|taker|maker|aggress|tick_?dir")
_TRADES: Final = re.compile(r"trade|fill|deal|executions|time_?and_?sales")
_OPPOSITES: Final = {
    "buy": "sell",
    "b": "s",
    "bid": "ask",
    "bids": "asks",
    "buyer": "seller",
    "long": "short",
    "1": "-1",
}
_MOST: Final = 3
"""Buy, sell and unknown."""


def is_of_book(names: Sequence[str], file_name: str) -> bool:
    """Whether rows with a side seem to be levels of a book, by the names of the columns and of the file."""
    columns = [_OF_NO_BOOK.sub("", name.lower()) for name in names]
    if any(map(_OF_TRADES.search, columns)):
        return False
    if any(map(_OF_A_BOOK.search, columns)):
        return True
    name = file_name.rpartition("/")[2].lower()
    return _OF_A_BOOK.search(name) is not None and _TRADES.search(name) is None


def is_of_trades(names: Sequence[str], file_name: str) -> bool:
    """Whether rows with a side seem to be trades, by names alone."""
    if any(_OF_TRADES.search(name.lower()) for name in names):
        return True
    return _TRADES.search(file_name.rpartition("/")[2].lower()) is not None and not is_of_book(names, file_name)


def could_be_sides(words: Sequence[str]) -> bool:
    """Whether words may be two sides, even if it is unclear which is which."""
    lower = {word.lower() for word in words}
    return len(lower) > 1 and lower <= {*_BUYS, *_SELLS, *_ASKS, *(word for flag in _FLAGS for word in flag)}


def side_words(name: str, words: Sequence[str], *, of_book: bool, of_trades: bool) -> dict[str, str]:
    """The words by their keys in a mapping; empty if they are unclear."""
    lower = {word.lower(): word for word in words}
    if not lower or len(lower) > _MOST:
        return {}
    flag = _flag(lower)
    if flag is not None and (meanings := _of_flag(name, flag, of_book=of_book, of_trades=of_trades)) is not None:
        return meanings
    rests = not of_trades and (
        of_book or set(lower) <= {"bid", "ask", "bids", "asks", "offer"} or (set(lower) <= {"a", "b"} and "a" in lower)
    )
    known = (_BIDS, _ASKS) if rests else (_BUYS, _SELLS)
    first, second = (next((lower[word] for word in words if word in lower), None) for words in known)
    if first == second or (not rests and set(lower) == {"0", "1"}):
        return {}
    first, second = (found or _opposite(other, of_book=rests) for found, other in ((first, second), (second, first)))
    rest = [word for word in words if word not in {first, second}]
    if first is None or second is None or len(rest) > 1:
        return {}
    return {"bid": first, "ask": second} if rests else _of_trades(name, first, second, rest)


def _of_trades(name: str, first: str, second: str, rest: Sequence[str]) -> dict[str, str]:
    """The words for a buyer and a seller as the aggressor's."""
    if first.lower() in {"bid", "ask"} and _ACTIVE.search(name.lower()) is None:
        return {}  # some vendors mean an aggressive buyer, others a trade at the bid
    if _PASSIVE.search(name.lower()):
        first, second = second, first
    return {"buy": first, "sell": second} | ({"unknown": rest[0]} if rest else {})


def _of_flag(name: str, flag: tuple[str, str], *, of_book: bool, of_trades: bool) -> dict[str, str] | None:
    """The meaning of yes and no in a column of this name; None if they may still be words for sides."""
    buys = _buys(name)
    if buys is None:
        return None if of_book or flag[0] == "1" else {}
    rests = of_book or (_AT_A_SIDE.search(name.lower()) is not None and not of_trades)
    keys = ("bid", "ask") if rests else ("buy", "sell")
    return dict(zip(keys if buys else keys[::-1], flag, strict=True))


def _flag(lower: dict[str, str]) -> tuple[str, str] | None:
    """The words for yes and no, if there are no others."""
    for yes, no in _FLAGS:
        if set(lower) <= {yes, no}:
            return lower.get(yes) or _like(lower[no], yes), lower.get(no) or _like(lower[yes], no)
    return None


def _buys(name: str) -> bool | None:
    """Whether yes in a column of this name means an aggressive buyer; None if the name does not say."""
    text = name.lower()
    if text in _BUYER_MADE:
        return False
    of_buyer, of_seller = _BUYER.search(text) is not None, _SELLER.search(text) is not None
    if of_buyer == of_seller:
        return None
    return of_buyer != (_PASSIVE.search(text) is not None)


def _opposite(word: str | None, *, of_book: bool) -> str | None:
    """The word for the other side, in the same case."""
    if word is None:
        return None
    both = _OPPOSITES | {other: one for one, other in _OPPOSITES.items()} | {"a": "b"}
    other = "a" if of_book and word.lower() == "b" else both.get(word.lower())
    return None if other is None else _like(word, other)


def _like(word: str, other: str) -> str:
    """`other` in the case of `word`."""
    return other.upper() if word.isupper() else other.capitalize() if word[:1].isupper() else other
