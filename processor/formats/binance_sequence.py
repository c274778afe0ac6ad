"""Binance's rules for a book from a REST snapshot and a stream of diffs, with checks of the update ids."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.formats.recordings.seen_messages import SeenMessages, key_of, numbers_of, refuse_contradiction
from processor.formats.recordings.sequencing import EffectiveTimes

if TYPE_CHECKING:
    from processor.core.events import BookEvents
    from processor.core.report import Report

_DIFFS_KEPT: Final = 4096
"""Diffs kept: about seven minutes of a 100 ms stream, far longer than any REST request takes."""
_NO_ID: Final = -1
_DAMAGED: Final = "remove that row"


@dataclass(frozen=True, slots=True)
class Diff:
    """One depthUpdate: ids `first_id` to `last_id`, following `previous_id` (None on the spot market).

    Its events already have its time; `known_ns` is the later of both clocks.
    """

    first_id: int
    last_id: int
    previous_id: int | None
    time_ns: int
    known_ns: int
    file: str
    line: int
    events: BookEvents

    @property
    def place(self) -> tuple[str, int]:
        """Its file and line."""
        return self.file, self.line

    @property
    def begin_id(self) -> int:
        """The id after which its updates start."""
        return self.first_id - 1 if self.previous_id is None else self.previous_id

    def is_within(self, snapshot_id: int) -> bool:
        """Whether a snapshot of this id already contains the whole diff."""
        return self.last_id <= snapshot_id if self.previous_id is None else self.last_id < snapshot_id

    def reaches(self, last_id: int) -> bool:
        """Whether no update is missing between `last_id` and the end of this diff."""
        return self.begin_id <= last_id


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A REST snapshot: the book after update `last_id`.

    Its events start with a CLEAR; they have the time of receipt, because the time of the book is not known yet.
    """

    last_id: int
    file: str
    line: int
    events: BookEvents


class BookSequence:
    """Turns the diffs and snapshots of one instrument into events, in the order of the recording."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._recent: deque[Diff] = deque()
        """The last diffs, applied or not, by id: a snapshot may come after diffs that follow it."""
        self._forgotten_id = _NO_ID
        """The id of the last diff that is no longer kept."""
        self._waiting: Snapshot | None = None
        """A snapshot that waits for a diff that follows it."""
        self._effective_times = EffectiveTimes(report, _DAMAGED)
        self._last_id: int | None = None
        """The id of the last diff applied; None before the first snapshot is applied."""
        self._began_ns = 0
        """Effective time of the last snapshot."""
        self._missing: list[tuple[int, int]] = []
        """Ranges of missing update ids since the last snapshot: after the first id, up to the second."""
        self._seen = SeenMessages()

    def next_file(self, name: str, next_ns: int | None) -> None:
        """Start another file; the one after it starts at `next_ns` by either clock (None: there is none)."""
        self._seen.next_file(name, next_ns)

    @property
    def has_begun(self) -> bool:
        """Whether a snapshot has been applied."""
        return self._last_id is not None

    @property
    def is_broken(self) -> bool:
        """Whether updates are missing since the last snapshot."""
        return bool(self._missing)

    def diff(self, diff: Diff) -> list[BookEvents]:
        """The events after the next diff of the recording.

        Raises:
            DatasetError: an earlier diff has the same ids but other levels.
        """
        if self._seen.may_overlap(diff.known_ns):
            self._compare(diff)
        if self._last_id is not None and diff.last_id <= self._last_id:
            if self._fills(diff):
                return [self._filling(diff)]
            self._leave_out(diff)
            return []
        if self._waiting is not None and not diff.is_within(self._waiting.last_id):
            self._recent.append(diff)
            return self._applied(self._waiting, [diff])
        if self._last_id is None and self._waiting is not None:
            self._drop(diff)
            return []
        if self._last_id is None:
            self._wait(diff)
            return []
        self._recent.append(diff)
        self._forget()
        if not diff.reaches(self._last_id):
            self._gap(diff, self._last_id)
        self._last_id = diff.last_id
        self._recent[-1] = self._in_sequence(diff)
        return [self._recent[-1].events]

    def snapshot(self, snapshot: Snapshot) -> list[BookEvents]:
        """The events after the next snapshot of the recording."""
        if self._is_old(snapshot):
            detail = f"the book is ahead of this snapshot, which is of update {snapshot.last_id}"
            self._report.add("old_snapshots", snapshot.file, snapshot.line, int(snapshot.events.time_ns[0]), detail)
            return []
        self._waiting = snapshot
        if self._last_id is None:
            while self._recent and self._recent[0].is_within(snapshot.last_id):
                self._drop(self._recent.popleft())
        following = [diff for diff in self._recent if not diff.is_within(snapshot.last_id)]
        return self._applied(snapshot, following) if following else []

    def end(self) -> None:
        """Finish the recording."""
        if self._last_id is None:
            for diff in self._recent:
                self._drop(diff)
        if self._waiting is not None:
            detail = "no update follows this snapshot, so it has no time and is left out"
            self._report.add("incomplete", self._waiting.file, self._waiting.line, None, detail)

    def _compare(self, diff: Diff) -> None:
        """Refuse a diff that an earlier file has with other levels, and keep it for comparison with later files."""
        key = key_of(b"%d %d" % (diff.first_id, diff.last_id))
        content = key_of(repr(_levels(diff)).encode())
        found = self._seen.find(key)
        for at in found:
            if self._seen.contents[at] != content:
                refuse_contradiction(f"update {diff.last_id}", self._seen.place(at), diff.place)
        if not found:
            self._seen.keep(diff.known_ns, key, content, diff.line)

    def _wait(self, diff: Diff) -> None:
        """Keep a diff until the first snapshot, in the order of the ids."""
        at = self._place(diff)
        if at < len(self._recent) and self._recent[at].last_id == diff.last_id:
            self._leave_out(diff)
            return
        self._recent.insert(at, diff)
        if (oldest := self._forget()) is not None:
            self._drop(oldest)

    def _forget(self) -> Diff | None:
        """Remove and return the oldest diff if there are too many; otherwise None."""
        if len(self._recent) <= _DIFFS_KEPT:
            return None
        oldest = self._recent.popleft()
        self._forgotten_id = oldest.last_id
        return oldest

    def _place(self, diff: Diff) -> int:
        """The index of a diff among the last ones, or where it belongs."""
        return bisect_left(self._recent, diff.last_id, key=lambda each: each.last_id)

    def _leave_out(self, diff: Diff) -> None:
        """Leave out a repeated diff; refuse it if a kept diff with its id has other levels."""
        at = self._place(diff)
        if at < len(self._recent):
            known = self._recent[at]
            same_ids = (known.first_id, known.last_id) == (diff.first_id, diff.last_id)
            if same_ids and _levels(known) != _levels(diff):
                refuse_contradiction(f"update {diff.last_id}", known.place, diff.place)
        before = "" if self._last_id is None else f" after {self._last_id}"
        self._report.add("duplicates", diff.file, diff.line, diff.time_ns, f"update {diff.last_id} is repeated{before}")

    def _filling(self, diff: Diff) -> BookEvents:
        """The changes of a late diff: none before the snapshot, and none to levels that later diffs have set."""
        time_ns = max(diff.time_ns, self._began_ns)
        if time_ns > diff.time_ns:
            detail = "an update that is older than the snapshot but not in it: it takes effect with the snapshot"
            self._report.add("held_back", diff.file, diff.line, diff.time_ns, detail)
        at = self._place(diff)
        later = [each for each in islice(self._recent, at, None) if each.time_ns <= time_ns]
        self._recent.insert(at, diff)
        self._forget()
        known = {level for each in later for level in zip(*_levels(each)[:2], strict=True)}
        stays = np.array([level not in known for level in zip(*_levels(diff)[:2], strict=True)], np.bool_)
        changed = diff.events.rows(stays)
        return replace(changed, time_ns=np.full(len(changed), time_ns))

    def _fills(self, diff: Diff) -> bool:
        """Whether a late diff was missing, as from another recording; if so, it no longer counts as missing."""
        for number, (after, until) in enumerate(self._missing):
            if diff.last_id > after and diff.begin_id < until:
                rest = [(after, diff.begin_id), (diff.last_id, until)]
                self._missing[number : number + 1] = [(low, high) for low, high in rest if low < high]
                return True
        return False

    def _is_old(self, snapshot: Snapshot) -> bool:
        """Whether a snapshot adds nothing to the book.

        A snapshot older than the book repairs gaps before it, if all diffs that follow it are still kept.
        """
        if self._waiting is not None:
            return snapshot.last_id < self._waiting.last_id
        if self._last_id is None or snapshot.last_id > self._last_id:
            return False
        mends = any(snapshot.last_id > after for after, _ in self._missing)
        return not mends or self._forgotten_id > snapshot.last_id

    def _applied(self, snapshot: Snapshot, following: list[Diff]) -> list[BookEvents]:
        """The snapshot, at the time of the first diff that follows it, and then all following diffs."""
        self._waiting = None
        self._missing = []
        known_id, last_id = self._last_id, snapshot.last_id
        first = following[0]
        self._began_ns = first.time_ns
        self._effective_times.begin_at(first.file, first.time_ns, first.line)
        events: list[BookEvents] = []
        for diff in following:
            if not diff.reaches(last_id):
                self._gap(diff, last_id, is_new=known_id is None or diff.last_id > known_id)
            last_id = diff.last_id
            events.append(self._in_sequence(diff).events)
        self._last_id = last_id
        time_ns = np.full(len(snapshot.events), self._began_ns)
        return [replace(snapshot.events, time_ns=time_ns), *events]

    def _in_sequence(self, diff: Diff) -> Diff:
        """The diff, at a time not before that of the diff it follows by its ids."""
        time_ns = self._effective_times.time(diff.file, diff.time_ns, diff.line)
        if time_ns == diff.time_ns:
            return diff
        return replace(diff, time_ns=time_ns, events=replace(diff.events, time_ns=np.full(len(diff.events), time_ns)))

    def _drop(self, diff: Diff) -> None:
        self._report.add("before_snapshot", diff.file, diff.line, diff.time_ns, f"update {diff.last_id}")

    def _gap(self, diff: Diff, last_id: int, *, is_new: bool = True) -> None:
        self._missing.append((last_id, diff.begin_id))
        if is_new:
            detail = f"updates are missing between {last_id} and {diff.first_id}"
            self._report.add("gaps", diff.file, diff.line, diff.time_ns, detail)


def _levels(diff: Diff) -> tuple[list[int], list[int], list[int]]:
    """Sides, prices and sizes, independent of their scale."""
    return diff.events.side.tolist(), *numbers_of(diff.events)
