"""Tells which trades were recorded before, by the vendor's ids or else by their content, and where some are missing.

Files of recorders that ran side by side tell the same trades, however far apart they stand: of each file, the trades
received from about the next one's first time on are kept, eight bytes each and eight for their time.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.events import NS_PER_SECOND
from processor.formats.line_prefix import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.report import Report

_IDS_KEPT: Final = 4096
"""Of a file whatever others there are: a venue sends trades again after a reconnect."""
_CLOCKS_DIFFER_NS: Final = 60 * NS_PER_SECOND
_NEVER_NS: Final = int(np.iinfo(np.int64).max)
_BEGINNING_NS: Final = int(np.iinfo(np.int64).min)


class TradeIds:
    """Reports trades that come again, and ids that are not followed by the one that should."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._recent: dict[int | str, None] = {}
        self._last: int | str | None = None
        self._highest = 0
        self._keep_from_ns = _NEVER_NS
        self._kept: list[tuple[int, int]] = []
        """Of this file: when each trade was received, and its key."""
        self._earlier: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        """The same of each earlier file."""
        self._told: NDArray[np.int64] = np.empty(0, np.int64)
        """The keys that earlier files tell, sorted."""
        self._alike: dict[str, int] = {}
        """How many trades of a content this file has told, where there are no ids: of the last contents."""
        self._overlaps = False

    def next_file(self, next_ns: int | None, *, overlaps: bool) -> None:
        """Another file begins; the one after it is received from `next_ns` on (None: there is none).

        `overlaps`: it begins before the end of the files before.
        """
        times, keys = np.array(self._kept, np.int64).reshape(-1, 2).T
        since_ns = self._keep_from_ns
        self._earlier = [(at[at >= since_ns], of[at >= since_ns]) for at, of in (*self._earlier, (times, keys))]
        self._told = np.sort(np.concatenate([of for _, of in self._earlier]))
        self._keep_from_ns = _NEVER_NS if next_ns is None else next_ns - _CLOCKS_DIFFER_NS
        self._kept = []
        self._alike.clear()
        self._overlaps = overlaps

    def is_new(
        self,
        trade_id: int | str | None,
        name: str,
        line: int,
        time_ns: int,
        *,
        received_ns: int,
        content: str = "",
        previous_id: int | None = None,
    ) -> bool:
        """Whether the trade was not there before.

        `previous_id` is the id before it, where the vendor counts them. Without ids, the k-th trade of a `content` is
        the k-th of an earlier file, where the files overlap: trades of one file that are alike are real.
        """
        key = self._key(trade_id, content, received_ns)
        compared = trade_id is not None or self._overlaps
        if trade_id in self._recent or (key is not None and compared and self._is_told(key)):
            what = "this trade" if trade_id is None else f"trade {printable(trade_id)}"
            self._report.add("duplicates", name, line, time_ns, f"{what} comes again")
            return False
        if key is not None and received_ns >= self._keep_from_ns:
            self._kept.append((received_ns, key))
        if trade_id is not None:
            self._check_order(trade_id, name, line, time_ns, previous_id)
        return True

    def _check_order(self, trade_id: int | str, name: str, line: int, time_ns: int, previous_id: int | None) -> None:
        # What another file was missing is lower than what came before.
        fills_a_gap = isinstance(trade_id, int) and trade_id <= self._highest
        if previous_id is not None and self._last is not None and previous_id != self._last and not fills_a_gap:
            detail = f"trade {printable(trade_id)} follows trade {printable(self._last)}"
            self._report.add("gaps", name, line, time_ns, detail)
        if not fills_a_gap:
            self._last = trade_id
        if isinstance(trade_id, int):
            self._highest = max(self._highest, trade_id)
        self._recent[trade_id] = None
        if len(self._recent) > _IDS_KEPT:
            del self._recent[next(iter(self._recent))]

    def _key(self, trade_id: int | str | None, content: str, received_ns: int) -> int | None:
        """A number of 64 bits for the trade, where other files may tell it; for those alike, one for each."""
        compared = len(self._told) and (trade_id is not None or self._overlaps)
        if received_ns < self._keep_from_ns and not compared:
            return None
        if isinstance(trade_id, int) and _BEGINNING_NS <= trade_id <= _NEVER_NS:
            return trade_id
        if trade_id is not None:
            return _hashed(str(trade_id))
        number = self._alike.pop(content, 0)
        self._alike[content] = number + 1
        if len(self._alike) > _IDS_KEPT:
            del self._alike[next(iter(self._alike))]
        return _hashed(f"{content} {number}")

    def _is_told(self, key: int) -> bool:
        at = int(np.searchsorted(self._told, key))
        return at < len(self._told) and int(self._told[at]) == key


def _hashed(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little", signed=True)
