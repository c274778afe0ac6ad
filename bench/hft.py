"""hftbacktest's depth replay, as its documentation writes one. Importing this needs hftbacktest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hftbacktest import BacktestAsset, HashMapMarketDepthBacktest, ROIVectorMarketDepthBacktest
from numba import njit

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE_NS: Final = 100_000_000


@njit
def _replayed(backtest: Any) -> tuple[int, float, float]:  # noqa: ANN401 - its own compiled class
    samples, best_bid, best_ask = 0, 0.0, 0.0
    while backtest.elapse(SAMPLE_NS) == 0:
        depth = backtest.depth(0)
        best_bid, best_ask = depth.best_bid, depth.best_ask
        samples += 1
    return samples, best_bid, best_ask


def replay(path: Path, backend: str, tick: float, lot: float, prices: tuple[float, float]) -> tuple[int, float, float]:
    """Replay a file, looking at the book every SAMPLE_NS; return the looks, and the last best bid and ask.

    `backend` is "hash map" or "vector"; the latter holds the given range of `prices`.
    """
    asset = (
        BacktestAsset()
        .data(str(path))
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(tick)
        .lot_size(lot)
    )
    if backend == "vector":
        backtest = ROIVectorMarketDepthBacktest([asset.roi_lb(prices[0]).roi_ub(prices[1])])
    else:
        backtest = HashMapMarketDepthBacktest([asset])
    try:
        samples, best_bid, best_ask = _replayed(backtest)
    finally:
        backtest.close()
    return samples, best_bid, best_ask
