"""OKX's public trade files (docs/formats/okx_trades.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import BUY, SELL
from processor.formats.lines import text
from processor.formats.lines.archives import TradeColumns, instrument_named, preferred, trades_part
from processor.formats.lines.chunks import head_lines
from processor.formats.lines.headers import layout_of, sound_names
from processor.formats.lines.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.merge.parts import Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile

_COLUMNS: Final = frozenset(("trade_id", "side", "size", "price", "created_time"))
_SYMBOL: Final = "instrument_name"
_NAME: Final = re.compile(r"(.+?)-(?:agg)?trades-\d{4}")
_AGGREGATED: Final = "-aggtrades-"
_TRADE_COLUMNS: Final = TradeColumns("price", "size", "side", np.array([SELL, BUY], np.int8))
_NS_PER_MS: Final = 1_000_000


class _OkxTrades:
    name = "okx-trades"
    title = "OKX public trades (csv, or its zip)"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The instruments in the head; without such a column, the one in the file's name."""
        names, *rows = [line.split(b",") for line in head_lines(head)] or [[]]
        plain = _plain(names)
        if not _COLUMNS.issubset(plain):
            return frozenset()
        if _SYMBOL not in plain:
            return frozenset([instrument_named(file, _NAME)])
        at = plain.index(_SYMBOL)
        return sound_names(row[at] for row in rows if len(row) == len(names))

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each file; if there are trades, aggregated trades are left out."""
        del clock
        kinds: dict[str, list[SourceFile]] = {"trades": [], "aggtrades": []}
        for file in files:
            kinds["aggtrades" if _AGGREGATED in file.name.casefold() else "trades"].append(file)
        return [
            trades_part(file, _table(file, instrument), _TRADE_COLUMNS, id_column="trade_id")
            for file in preferred(kinds, report)
        ]


FORMAT: Final = _OkxTrades()


def _plain(names: Sequence[bytes]) -> list[str]:
    """Columns' names without the Chinese text after the slash, which is in GBK or damaged."""
    return [name.partition(b"/")[0].decode("ascii", "replace") for name in names]


def _table(file: SourceFile, instrument: str) -> Table:
    names = _plain(head_lines(file.head())[0].split(b","))
    read = {
        "trade_id": text.integer("trade_id"),
        _SYMBOL: text.only(_SYMBOL, instrument.encode()),
        "side": text.word("side", b"sell", b"buy"),
        "size": text.size("size"),
        "price": text.price("price"),
        "created_time": text.integer("created_time", times=_NS_PER_MS),
    }
    layout = layout_of(file, [read.get(name, text.skip(name)) for name in names])
    return Table(layout, "created_time")
