"""One generated market, written as every vendor would have recorded it.

All of a format's traps are its own test's; here every writer tells the same: a snapshot, what changes after it at times
of whole milliseconds, and trades. No side is ever deeper than eight levels, so formats of ten tell all of it.
"""

from __future__ import annotations

from typing import Final

from tests.formats.one_market.binary import (
    databento_csv_mbo,
    dbn_bbo,
    dbn_mbo,
    dbn_mbp1,
    dbn_mbp10,
    dbn_trades,
    hftbacktest,
    hftbacktest_old,
    mapped_parquet,
    own,
    own_trades,
    own_without_sides,
    sqlite,
)
from tests.formats.one_market.exchanges import iex_deep, iex_tops, itch, sierra
from tests.formats.one_market.model import DAY_MS, START_MS, Market, market
from tests.formats.one_market.odd_tables import known_tables, mapped_lists, mapped_terminal
from tests.formats.one_market.recordings import (
    binance_futures,
    binance_spot,
    bitstamp_changes,
    bitstamp_states,
    bybit_raw,
    coinbase_advanced,
    coinbase_raw,
    hyperliquid_raw,
    kraken_raw,
    kraken_v1,
    okx_archive,
    okx_raw,
)
from tests.formats.one_market.tables import (
    MAPPING,
    binance_archive,
    binance_archive_aggregated,
    binance_archive_ms,
    binance_archive_us,
    bybit_spot_trades,
    bybit_trades,
    databento_csv,
    databento_csv_top,
    databento_csv_trades,
    lobster,
    mapped_csv,
    mapped_levels,
    okx_trades,
    tardis,
    tardis_quotes,
    tardis_snapshots,
)
from tests.formats.one_market.terminals import metatrader

__all__ = [
    "BEST_LEVELS",
    "BEST_LEVELS_OF_WHOLE_SIZES",
    "BEST_LEVELS_WITHOUT_SIDES",
    "DAY_MS",
    "MAPPING",
    "START_MS",
    "TRADES_ALONE",
    "TRADES_ALONE_OF_WHOLE_SIZES",
    "WHOLE_BOOK",
    "WHOLE_BOOK_OF_WHOLE_SIZES",
    "WHOLE_BOOK_REWRITTEN",
    "WHOLE_BOOK_WITHOUT_SIDES",
    "WITHOUT_SIZES",
    "Market",
    "market",
    "own",
    "own_trades",
    "own_without_sides",
]

WHOLE_BOOK: Final = (
    own, tardis, tardis_snapshots, binance_spot, binance_futures, okx_raw, okx_archive, bybit_raw, kraken_raw,
    kraken_v1, coinbase_raw, coinbase_advanced, bitstamp_changes, bitstamp_states, hyperliquid_raw, sqlite,
    hftbacktest, hftbacktest_old, mapped_csv, mapped_parquet, mapped_levels,
)  # fmt: skip
WHOLE_BOOK_OF_WHOLE_SIZES: Final = (own, lobster, databento_csv, databento_csv_mbo, dbn_mbp10, dbn_mbo, itch, sierra)
WHOLE_BOOK_WITHOUT_SIDES: Final = (own_without_sides, iex_deep)
"""Of whole sizes too; nothing tells who was the aggressor of a trade."""
BEST_LEVELS_WITHOUT_SIDES: Final = (iex_tops,)
WHOLE_BOOK_REWRITTEN: Final = (mapped_terminal, mapped_lists, known_tables)
"""Whose lines do not spell the numbers and times as they are read."""
BEST_LEVELS: Final = (tardis_quotes, binance_archive)
BEST_LEVELS_OF_WHOLE_SIZES: Final = (databento_csv_top, dbn_mbp1, dbn_bbo)
WITHOUT_SIZES: Final = (metatrader,)
"""Of one level whose size nothing tells."""
TRADES_ALONE: Final = (
    own_trades, binance_archive_ms, binance_archive_us, binance_archive_aggregated, bybit_trades, bybit_spot_trades,
    okx_trades,
)  # fmt: skip
TRADES_ALONE_OF_WHOLE_SIZES: Final = (own_trades, dbn_trades, databento_csv_trades)
