"""The traded volume of a store over its whole range, in equal pieces of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from processor.store.base_bars import BARS_KIND, BASE_NS, read_bars
from processor.units import NS_PER_MS, NS_PER_SECOND

if TYPE_CHECKING:
    from pathlib import Path

    from processor.store.manifest import Manifest

_MINUTE_NS: Final = 60 * NS_PER_SECOND
_MOST: Final = 600
"""Pieces that the range is divided into, about; a page is hardly wider."""
_LENGTHS_S: Final = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 4 * 3600, 12 * 3600, 86_400)


@dataclass(frozen=True, slots=True)
class Volumes:
    """Lots traded in each piece of `bucket_ns` (Int128), of which the first is number `first` since the epoch."""

    bucket_ns: int
    first: int
    lots: pl.Series
    size_decimals: int

    @property
    def start_ms(self) -> int:
        """Start of the first piece."""
        return self.first * self.bucket_ns // NS_PER_MS

    def until(self, event_ns: int) -> pl.Series:
        """Those pieces that are over at `event_ns`."""
        return self.lots[: max(0, (event_ns + 1) // self.bucket_ns - self.first)]


def volumes_of(folder: Path, manifest: Manifest) -> Volumes | None:
    """The volumes of what there is of a store; None without events.

    Raises:
        DatasetError: a file of it is damaged.
    """
    first_ns, last_ns = manifest.first_ns, manifest.last_ns
    if first_ns is None or last_ns is None:
        return None
    wanted_s = (last_ns - first_ns) // NS_PER_SECOND // _MOST + 1
    bucket_ns = next((length for length in _LENGTHS_S if length >= wanted_s), _LENGTHS_S[-1]) * NS_PER_SECOND
    first = first_ns // bucket_ns
    lots = [0] * (last_ns // bucket_ns - first + 1)
    decimals = manifest.segments[-1].trade_decimals[1]
    for number, segment in enumerate(manifest.segments):
        finer = 10 ** (decimals - segment.trade_decimals[1])
        if bucket_ns % _MINUTE_NS == 0:
            unit_ns, found = _MINUTE_NS, segment.minute_lots
        else:
            trade_bars, _ = read_bars(manifest.index_path(folder, BARS_KIND, number), 0)
            unit_ns, found = BASE_NS, tuple(trade_bars.select("bucket", "volume").iter_rows())
        for at, traded in found:
            lots[at * unit_ns // bucket_ns - first] += traded * finer
    return Volumes(bucket_ns, first, pl.Series(lots, dtype=pl.Int128), decimals)
