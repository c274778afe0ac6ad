"""What several parts of a dataset tell of the same time: each event once, or a refusal, never twice in silence.

Equal rows within one part are real. Rows of two parts are the same event where both have it equally often: with the
vendor's ids by id, else where all that the two tell of their common time agrees. Where they agree in part only, nothing
says which is right. Parts that agree in nothing (buys in one file, sells in the other) are taken together.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeGuard

import numpy as np

from processor.core.events import ASK, CLEAR, BookEvents, Columns, ColumnsT, LocatedTrades, concatenated
from processor.core.merge.runs import ENOUGH, in_common, mixed
from processor.errors import DatasetError
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.merge.parts import Part
    from processor.core.report import Report

    Mask = NDArray[np.bool_]
    Places = NDArray[np.intp]

_NO_ID: Final = -1
_CLOCKS_DIFFER_NS: Final = 60 * NS_PER_SECOND
_BEGINNING: Final = int(np.iinfo(np.int64).min)
_END: Final = int(np.iinfo(np.int64).max)
_NOTHING: Final[NDArray[np.int64]] = np.empty(0, np.int64)
_SAME_TIMES: Final = 2
"""At so many times of all that two parts have in common equal rows are no coincidence."""
_SAME_SHARE: Final = 0.1
_OTHER_MARKET: Final = 2.0
"""Two prices of one instrument at one time do not differ by such a factor."""


@dataclass(frozen=True, slots=True)
class Telling(Generic[ColumnsT]):
    """What a part tells of a stretch of time, in time order; `first_ns` and `last_ns` are of all of it so far.

    `ended`: there is no more of it.
    """

    part: Part
    rows: tuple[ColumnsT, ...]
    first_ns: int
    last_ns: int
    ended: bool = True


@dataclass(frozen=True, slots=True)
class _Account:
    """A part's rows as columns, and which of them are left out."""

    telling: Telling[Any]
    rows: Columns
    gone: Mask

    @property
    def name(self) -> str:
        return self.telling.part.name

    @property
    def is_moment(self) -> bool:
        """Whether all of it is of one time."""
        return self.telling.first_ns == self.telling.last_ns

    def during(self, first_ns: int, last_ns: int) -> _Stretch:
        """The rows of this time."""
        where = np.flatnonzero((self.rows.time_ns >= first_ns) & (self.rows.time_ns <= last_ns))
        return _Stretch(self, where, self.rows.rows(where))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Some rows of an account: where they are in it, and themselves."""

    account: _Account
    where: NDArray[np.intp]
    rows: Columns

    def clears(self) -> Mask:
        """Which rows begin a snapshot."""
        return self.rows.side == CLEAR if isinstance(self.rows, BookEvents) else np.zeros(len(self.rows), np.bool_)

    def wholes(self) -> Mask:
        """Which rows begin a snapshot, or are all of a side."""
        return self.rows.side > ASK if isinstance(self.rows, BookEvents) else self.clears()

    def leave_out(self, gone: Mask) -> None:
        self.account.gone[self.where[gone]] = True


class Overlaps:
    """Compares what parts tell, one stretch of time after the other; all of them tell of one kind of event."""

    def __init__(self, what: str, report: Report) -> None:
        self._what = what
        self._report = report
        self._ids_before: dict[str, NDArray[np.int64]] = {}
        """Of each part, the ids of its rows of the stretch before: recorders' clocks differ."""
        self._copies: set[tuple[str, str]] = set()
        """Pairs of parts that have agreed in all so far."""
        self._others: set[tuple[str, str]] = set()
        """Pairs of which each has had something that the other had not, at a time of which both tell."""
        self._unlike: set[tuple[str, str]] = set()
        """Pairs of which it is known that they are not the same at other times."""

    def once(self, told: Sequence[Telling[ColumnsT]]) -> list[ColumnsT]:
        """The rows of each part, without those that a part before it tells.

        Raises:
            DatasetError: two parts tell of the same time, and agree in part only.
        """
        columns = _on_one_scale([concatenated(telling.rows) for telling in told])
        accounts = [
            _Account(telling, rows, np.zeros(len(rows), np.bool_)) for telling, rows in zip(told, columns, strict=True)
        ]
        for account in accounts:
            self._within(account)
        for number, other in enumerate(accounts):
            for one in accounts[:number]:
                self._compare(one, other)
        for account in accounts:
            if _has_ids(account.rows):
                self._ids_before[account.name] = account.rows.id
        return [
            rows.rows(~account.gone) if account.gone.any() else rows
            for rows, account in zip(columns, accounts, strict=True)
        ]

    def _within(self, account: _Account) -> None:
        """Leave out what bears the id of an equal row above it: a file put behind itself, say.

        Raises:
            DatasetError: rows of one id differ.
        """
        rows = account.rows
        if not _has_ids(rows) or not may_repeat([rows]):
            return
        order = np.argsort(rows.id, kind="stable")
        repeats = np.flatnonzero(rows.id[order[1:]] == rows.id[order[:-1]])
        _check_same(rows, order[repeats], rows, order[repeats + 1], (account.name, account.name))
        again = np.zeros(len(rows), np.bool_)
        again[order[repeats + 1]] = True
        account.gone[again] = True
        self._tell("duplicates", account.during(_BEGINNING, _END), again, "this trade stands above, too")

    def _compare(self, one: _Account, other: _Account) -> None:
        first_ns = max(one.telling.first_ns, other.telling.first_ns)
        last_ns = min(one.telling.last_ns, other.telling.last_ns)
        if first_ns > last_ns:
            return
        a, b = one.during(first_ns, last_ns), other.during(first_ns, last_ns)
        if not len(a.rows) or not len(b.rows):
            return
        tellings = one.telling, other.telling
        is_over = all(each.ended for each in tellings if each.last_ns == last_ns)
        is_seam = is_over and first_ns == last_ns and first_ns in {each.first_ns for each in tellings}
        is_of_another_kind = one.telling.part.rank != other.telling.part.rank
        if is_of_another_kind and not is_seam:
            return
        if self._by_id(a, b):
            return
        if is_seam:
            self._at_seam(a, b)
        elif not self._by_content(a, b, (first_ns, last_ns), is_over=is_over):
            if isinstance(a.rows, BookEvents):
                _join_snapshots(a, b)
            else:
                _check_prices(a, b)

    def _by_id(self, a: _Stretch, b: _Stretch) -> bool:
        """Of what has the same id leave out what is told later, if both have ids; return whether that is so.

        Raises:
            DatasetError: what has the same id is not the same.
        """
        rows_a, rows_b = a.rows, b.rows
        if not _has_ids(rows_a) or not _has_ids(rows_b):
            return False
        _, at_a, at_b = np.intersect1d(rows_a.id, rows_b.id, return_indices=True)
        _check_same(rows_a, at_a, rows_b, at_b, (a.account.name, b.account.name))
        if not len(at_a):
            self._check_runs(a, b)
        before_a, before_b = (self._ids_before.get(each.account.name, _NOTHING) for each in (a, b))
        again_a = np.isin(rows_a.id, before_b) & ~np.isin(rows_a.id, rows_b.id)
        again_b = np.isin(rows_b.id, rows_a.id) | np.isin(rows_b.id, before_a)
        for stretch, of, again in ((a, b, again_a), (b, a, again_b)):
            stretch.leave_out(again)
            self._tell("duplicates", stretch, again, f"{of.account.name} has this trade, too")
        return True

    def _at_seam(self, a: _Stretch, b: _Stretch) -> None:
        """One ends at the moment at which the other begins: equal rows are real, but a snapshot there is one.

        Each may tell a part of it; what tells nothing but some of it is left out.
        """
        if not a.clears().any() or not b.clears().any():
            return
        same_a, same_b = _matched(a.rows, b.rows)
        for stretch, same, other in ((b, same_b, a), (a, same_a, b)):
            if stretch.account.is_moment and same.all():
                stretch.leave_out(same)
                self._tell("duplicates", stretch, same, f"{other.account.name} tells this, too")
                return
        if a.account.telling.part.has_snapshots and b.account.telling.part.has_snapshots:
            b.leave_out(b.clears())

    def _by_content(self, a: _Stretch, b: _Stretch, span: tuple[int, int], *, is_over: bool) -> bool:
        """Leave out what is told twice, if all is; return whether that is so.

        `span` is the time that both tell of so far; `is_over`: it will not grow.

        Raises:
            DatasetError: some is, and some is not.
        """
        first_ns, last_ns = span
        events_a, events_b = np.flatnonzero(~a.clears()), np.flatnonzero(~b.clears())
        same_a, same_b = _matched(a.rows.rows(events_a), b.rows.rows(events_b))
        found = np.zeros(len(b.rows), np.bool_)
        found[events_b[same_b]] = True
        pair = a.account.name, b.account.name
        times = np.concatenate((a.rows.time_ns, b.rows.time_ns))
        is_all = is_over and int(times.min()) <= first_ns and int(times.max()) >= last_ns
        is_chance = is_all and len(np.unique(b.rows.time_ns[found])) < _SAME_TIMES
        agree = _agree((a.rows.time_ns[events_a], b.rows.time_ns[events_b]), (same_a, same_b), span)
        if agree and found.any() and not is_chance and pair not in self._others:
            self._copies.add(pair)
            gone = found | b.clears()
            b.leave_out(gone)
            self._tell("duplicates", b, gone, f"{a.account.name} tells this, too")
            return True
        if pair in self._copies or (not is_chance and found.sum() > _SAME_SHARE * min(len(same_a), len(same_b))):
            msg = (
                f"{a.account.name} and {b.account.name} tell of the same time, but not the same: of {len(same_a)} and "
                f"{len(same_b)} {self._what} between {iso(first_ns)} and {iso(last_ns)} {found.sum()} are equal, and "
                f"nothing says whether the others are missing in one or wrong in the other: keep one of the files"
            )
            raise DatasetError(msg)
        self._check_sizes(a.rows.rows(events_a), b.rows.rows(events_b), pair, span)
        self._check_runs(a, b)
        self._tell("overlapping", b, found, f"{a.account.name} has an equal row")
        if not (agree or same_a.all() or same_b.all()):
            self._others.add(pair)
        return False

    def _check_sizes(self, a: Columns, b: Columns, names: tuple[str, str], span: tuple[int, int]) -> None:
        """Refuse what is the same in all but its sizes: one file counts coins, say, and the other contracts."""
        same_a, same_b = _matched(a, b, but=("size_lots",))
        agree = _agree((a.time_ns, b.time_ns), (same_a, same_b), span)
        if agree and len(np.unique(b.time_ns[same_b])) > _SAME_TIMES:
            msg = (
                f"{names[0]} and {names[1]} tell the same {self._what} between {iso(span[0])} and {iso(span[1])}, but "
                f"with other sizes, as files in other units do: keep one of the files"
            )
            raise DatasetError(msg)

    def _check_runs(self, a: _Stretch, b: _Stretch) -> None:
        """Refuse what is the same one after the other, but at other times, or with other sides.

        One file has the times in ms, and the other in s; or of another zone or clock; or the sides of the makers.
        """
        pair = a.account.name, b.account.name
        # A book that rests is the same in every snapshot.
        if pair in self._unlike or a.wholes().any() or b.wholes().any():
            return
        both = a.rows, b.rows
        found = in_common(*(_keys(rows) for rows in both))
        differs = "with other ids"
        if not found:
            found = in_common(*(_keys(rows, but=("time_ns",)) for rows in both))
            differs = "at other times, as in another unit, time zone or clock"
        if not found and all(isinstance(rows, LocatedTrades) for rows in both) and not _are_sides(*both):
            found = in_common(*(_keys(rows, but=("time_ns", "aggressor")) for rows in both))
            differs = "with other sides"
        if found:
            msg = (
                f"{pair[0]} and {pair[1]} tell the same {self._what}, but {differs}: of {len(a.rows)} and "
                f"{len(b.rows)} from {iso(int(b.rows.time_ns[0]))} on, {found} are in both with the same ones behind "
                f"them: keep one of the files"
            )
            raise DatasetError(msg)
        if min(map(len, both)) >= ENOUGH:
            self._unlike.add(pair)

    def _tell(self, kind: str, stretch: _Stretch, which: Mask, detail: str) -> None:
        rows = stretch.rows.rows(which)
        lines = rows.line.tolist() if isinstance(rows, LocatedTrades) else [_NO_ID] * len(rows)
        found = (
            (line if line != _NO_ID else None, int(time_ns), detail)
            for line, time_ns in zip(lines, rows.time_ns, strict=True)
        )
        self._report.add_all(kind, stretch.account.name, found, len(rows))


def may_repeat(rows: Sequence[Columns]) -> bool:
    """Whether an id is not above the one before, so that a trade may come again."""
    last = _NO_ID
    for some in rows:
        if not isinstance(some, LocatedTrades) or some.id[0] == _NO_ID:
            return False
        if some.id[0] <= last or not (some.id[1:] > some.id[:-1]).all():
            return True
        last = int(some.id[-1])
    return False


def _are_sides(a: Columns, b: Columns) -> bool:
    """Whether one is of what was bought, and the other of what was sold."""
    sides = [np.unique(rows.aggressor) for rows in (a, b) if isinstance(rows, LocatedTrades)]
    return all(len(each) == 1 and each[0] for each in sides) and len(np.unique(np.concatenate(sides))) == len(sides)


def _on_one_scale(columns: Sequence[ColumnsT]) -> list[ColumnsT]:
    price_decimals = max(each.price_decimals for each in columns)
    size_decimals = max(each.size_decimals for each in columns)
    return [each.rescaled(price_decimals, size_decimals) for each in columns]


def _has_ids(rows: Columns) -> TypeGuard[LocatedTrades]:
    return isinstance(rows, LocatedTrades) and bool((rows.id != _NO_ID).all())


def _check_same(a: LocatedTrades, at_a: Places, b: LocatedTrades, at_b: Places, names: tuple[str, str]) -> None:
    """Refuse pairs of trades of one id that differ in price, size or side, or in time by more than clocks do.

    Raises:
        DatasetError: there are some.
    """
    differ = _keys(a.rows(at_a), but=("time_ns",)) != _keys(b.rows(at_b), but=("time_ns",))
    differ |= np.abs(a.time_ns[at_a] - b.time_ns[at_b]) > _CLOCKS_DIFFER_NS
    if differ.any():
        row_a, row_b = int(at_a[differ][0]), int(at_b[differ][0])
        where = f"(lines {a.line[row_a]} and {b.line[row_b]}, {iso(int(a.time_ns[row_a]))})"
        what = f"a trade of the same id, but not the same trade {where}: nothing says which is right"
        same_file = f"{names[0]} has twice {what}"
        raise DatasetError(same_file if a is b else f"{names[0]} and {names[1]} have {what}: keep one of the files")


def _keys(rows: Columns, but: tuple[str, ...] = ()) -> NDArray[np.uint64]:
    """A number for each row, equal for equal content, `but` for some columns, wherever it stands."""
    left_out = {"line", "id", *but}
    keys = np.zeros(len(rows), np.uint64)
    for field in fields(rows):
        if field.name not in left_out and not field.name.endswith("_decimals"):
            keys = mixed(keys, getattr(rows, field.name).astype(np.int64).view(np.uint64))
    return keys


def _matched(a: Columns, b: Columns, but: tuple[str, ...] = ()) -> tuple[Mask, Mask]:
    """Which rows of either have an equal one in the other: of equal rows as many as there are in both."""
    keys_a, keys_b = (mixed(keys, _occurrences(keys)) for keys in (_keys(a, but), _keys(b, but)))
    return np.isin(keys_a, keys_b), np.isin(keys_b, keys_a)


def _occurrences(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Of each row how many equal ones come before it."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    firsts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(keys)])
    lengths = np.diff(np.append(firsts, len(keys)))
    found = np.empty(len(keys), np.uint64)
    found[order] = (np.arange(len(keys)) - np.repeat(firsts, lengths)).astype(np.uint64)
    return found


def _agree(times: tuple[NDArray[np.int64], ...], same: tuple[Mask, ...], edges: tuple[int, int]) -> bool:
    """Whether all of one is in the other, but at the edges, where one of them may begin or end within a moment.

    `times` and `same`, of each, are when its rows are and which of them are in the other.
    """
    inner = [(each > edges[0]) & (each < edges[1]) for each in times]
    if not all(bool(found[within].all()) for found, within in zip(same, inner, strict=True)):
        return False
    return not any(
        all(bool((each[~found] == edge).any()) for each, found in zip(times, same, strict=True)) for edge in edges
    )


def _join_snapshots(a: _Stretch, b: _Stretch) -> None:
    """Snapshots of equal times are one, of which each file tells a part.

    Raises:
        DatasetError: the files have snapshots of different times.
    """
    # What tells a side whole is as much a snapshot here, of two recordings that nothing joins.
    times_a, times_b = (np.unique(each.rows.time_ns[each.wholes()]) for each in (a, b))
    if not len(times_a) or not len(times_b):
        return
    if not np.array_equal(times_a, times_b):
        msg = (
            f"{a.account.name} and {b.account.name} both hold snapshots of the book over the same time, and not the "
            f"same ones: keep one of the files, or, if their rows are of one recording, put them in one file"
        )
        raise DatasetError(msg)
    b.leave_out(b.clears())


def _check_prices(a: _Stretch, b: _Stretch) -> None:
    """Refuse what cannot be of one instrument.

    Raises:
        DatasetError: the prices are of different orders.
    """
    low, high = sorted(float(np.median(each.rows.price_ticks)) for each in (a, b))
    if low > 0 and high > _OTHER_MARKET * low:
        msg = (
            f"{a.account.name} and {b.account.name} tell of the same time at prices that differ by a factor of "
            f"{high / low:.3g}, so they are not of one instrument: give each a folder of its own, or let a mapping "
            f'take the instrument from the file\'s name: instrument = "{{stem}}"'
        )
        raise DatasetError(msg)


def iso(time_ns: int) -> str:
    """A time to the second, for a message."""
    moment = datetime.fromtimestamp(time_ns // NS_PER_SECOND, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
