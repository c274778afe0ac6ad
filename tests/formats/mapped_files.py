"""Small tables with a mapping file beside them, and what comes out of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest

from processor.core.events import CLEAR, ONLY_ASK, ONLY_BID
from processor.errors import DatasetError
from processor.formats import open_dataset
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import lines, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal
    from pathlib import Path

    from tests.formats.reading import Read

START: Final = datetime(2025, 8, 1, tzinfo=UTC)
START_MS: Final = int(START.timestamp()) * 1000
START_NS: Final = START_MS * 10**6

TRADES: Final = '[trades]\nfiles = "*.csv"\ninstrument = "X"\nprice = "p"\nsize = "q"\n'
"""But for the time."""


def mapped(folder: Path, mapping: str, *rows: str, name: str = "a.csv") -> Path:
    """A file of these lines, with this mapping beside it; returns the folder."""
    write(folder / "mapping.toml", mapping)
    write(folder / name, lines(*rows))
    return folder


def times_of(folder: Path) -> list[int]:
    """The times of all trades, in ns."""
    trades = read(folder).trades
    return [] if trades is None else trades.time_ns.tolist()


def prices_of(folder: Path, instrument: str | None = None) -> list[str]:
    """The prices of all trades."""
    return [str(trade.price.normalize()) for trade in trades_of(read(folder, instrument).trades)]


def said(found: Read, kind: str = "assumptions") -> list[str]:
    """What the report says of a kind."""
    return [incident.detail for incident in found.report.incidents if incident.kind == kind]


def refusal(folder: Path, instrument: str | None = None) -> str:
    """Why a dataset is refused."""
    with pytest.raises(DatasetError) as refused:
        read(folder, instrument)
    return str(refused.value)


def instruments_of(folder: Path) -> Sequence[str]:
    """The instruments of a dataset."""
    return open_dataset(folder).instruments


def books_of(found: Read) -> list[tuple[dict[str, str], dict[str, str]]]:
    """The book after each time: bids and asks, each size by its price."""
    book: tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]] = ({}, {})
    books = []
    events = book_of(found.book)
    for number, event in enumerate(events):
        if event.side == CLEAR:
            book = {}, {}
        elif event.side in {ONLY_BID, ONLY_ASK}:
            book[event.side - ONLY_BID].clear()
            book[event.side - ONLY_BID][event.price] = event.size
        elif event.size:
            book[event.side][event.price] = event.size
        else:
            book[event.side].pop(event.price, None)
        if number + 1 == len(events) or events[number + 1].time_ns != event.time_ns:
            books.append(tuple({_shown(price): _shown(size) for price, size in side.items()} for side in book))
    return books  # type: ignore[return-value]


def _shown(number: Decimal) -> str:
    return format(number.normalize(), "f")
