"""Bybit's public trade files, of derivatives and of the spot market (docs/formats/bybit_trades.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import BUY, SELL
from processor.errors import DatasetError
from processor.formats.lines import text
from processor.formats.lines.archives import TradeColumns, instrument_named, trades_part
from processor.formats.lines.chunks import head_lines
from processor.formats.lines.headers import layout_of, sound_names
from processor.formats.lines.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.merge.parts import Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile

_DERIVATIVES: Final = ("timestamp", "symbol", "side", "size", "price", "tickDirection", "trdMatchID")
_SPOT: Final = ("id", "timestamp", "price", "volume", "side")
_SPOT_NAME: Final = re.compile(r"(.+?)[-_]\d{4}-\d\d")
_SECONDS: Final = re.compile(r"\d+(\.\d+)?")
_AGGRESSOR_WORDS: Final = (b"Sell", b"Buy", b"sell", b"buy")
_AGGRESSORS: Final = np.array([SELL, BUY, SELL, BUY], np.int8)
_NS_PER_MS: Final = 1_000_000


class _BybitTrades:
    name = "bybit-trades"
    title = "Bybit public trades (derivatives and spot; csv, csv.gz)"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The symbols in the head; for a spot file, which has none, the one in its name."""
        names, rows = _head(head)
        if _starts_with(names, _SPOT):
            return frozenset([instrument_named(file, _SPOT_NAME)])
        if not _starts_with(names, _DERIVATIVES):
            return frozenset()
        # BitMEX has the same columns, with dates instead of seconds.
        return sound_names(row[1] for row in rows if len(row) == len(names) and _SECONDS.fullmatch(row[0]))

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each file.

        Raises:
            DatasetError: some files are from the spot market, others from derivatives.
        """
        del clock, report
        names = {file: _head(file.head())[0] for file in files}
        spot = [file for file in files if _starts_with(names[file], _SPOT)]
        if spot and len(spot) < len(files):
            other = next(file for file in files if file not in spot)
            msg = (
                f"{spot[0].name} is from the spot market, {other.name} from derivatives, and both are of {instrument}: "
                f"put each market into its own folder"
            )
            raise DatasetError(msg)
        columns = TradeColumns("price", "volume" if spot else "size", "side", _AGGRESSORS)
        return [
            trades_part(file, Table(_layout(file, names[file], instrument), "timestamp"), columns) for file in files
        ]


FORMAT: Final = _BybitTrades()


def _head(head: bytes) -> tuple[list[str], list[list[str]]]:
    lines = [line.decode("utf-8", "replace").split(",") for line in head_lines(head)]
    return (lines[0], lines[1:]) if lines else ([], [])


def _starts_with(names: Sequence[str], columns: Sequence[str]) -> bool:
    return tuple(names[: len(columns)]) == tuple(columns)


def _layout(file: SourceFile, names: Sequence[str], instrument: str) -> text.Layout:
    """The layout: derivatives have seconds with decimals, spot has milliseconds."""
    is_spot = _starts_with(names, _SPOT)
    read = {
        "timestamp": text.integer("timestamp", times=_NS_PER_MS) if is_spot else text.seconds("timestamp"),
        "symbol": text.only("symbol", instrument.encode()),
        "price": text.price("price"),
        "size": text.size("size"),
        "volume": text.size("volume"),
        "side": text.word("side", *(_AGGRESSOR_WORDS[2:] if is_spot else _AGGRESSOR_WORDS[:2])),
    }
    return layout_of(file, [read.get(name, text.skip(name)) for name in names])
