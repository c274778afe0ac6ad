"""Books sent as snapshots and updates, with checks of sequence numbers and checksums."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from processor.core.events import ASK, BID, BookEvents
from processor.formats.lines.kernels import MAX_DECIMALS
from processor.formats.lines.levels import as_snapshot
from processor.formats.recordings.content_overlap import ContentOverlap
from processor.formats.recordings.seen_messages import SeenMessages, key_of, numbers_of, refuse_contradiction
from processor.formats.recordings.sequencing import EffectiveTimes
from processor.formats.recordings.text_book import TextBook, texts_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.core.report import Report
    from processor.formats.recordings.messages import BookMessage

SKIPPED: Final = 0
UPDATE: Final = 1
SNAPSHOT: Final = 2

Levels: TypeAlias = "Callable[[], BookEvents]"
"""Makes the levels of a message as events, when they are needed."""
Outcome: TypeAlias = "int | list[BookEvents]"
"""The result of a message: nothing, an update or a snapshot with its own levels; or a list of all its events."""

_DAMAGED: Final = "remove that row"
_UPDATES_KEPT: Final = 4096
_FOLLOWED: Final = 0xFFFF
"""The bits of a content key that hold the number of the message before."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a message, its time in the chosen clock (None: it has none), and the later of both clocks."""

    file: str
    line: int
    time_ns: int | None
    known_ns: int

    @property
    def where(self) -> tuple[str, int]:
        """Its file and line."""
        return self.file, self.line


@dataclass(frozen=True, slots=True)
class _HeldMessage:
    """A message that waits with its levels until it is decided what to do with it."""

    message: BookMessage
    place: Place
    events: BookEvents

    def levels(self) -> BookEvents:
        """The levels as events."""
        return self.events


class DeltaBook:
    """Turns the messages of one book into events, in the order of the recordings.

    Recordings may overlap. Messages that an earlier recording has are skipped; an update that it missed is applied at
    its own time; a snapshot is old, unless the book was broken before it: then this recording takes over from there.
    """

    def __init__(self, report: Report, checksum: Callable[[TextBook], int] | None) -> None:
        self._report = report
        self._checksum = checksum
        self._texts = TextBook()
        self._depth: int | None = None
        self._effective_times = EffectiveTimes(report, _DAMAGED)
        self._last_id: int | None = None
        self._started = False
        self._first_ns: int | None = None
        """Exchange times of the first snapshot applied and of the latest message; None before that."""
        self._last_ns: int | None = None
        self._has_updates = False
        """Whether the channel sends updates: if it sends only whole books, no snapshot is older than the book."""
        self._broken_ns: int | None = None
        """The time since which the book is known to differ from the exchange's; None if it is not known to differ."""
        self._waiting: _HeldMessage | None = None
        """A snapshot without a time: it takes the time of the next update."""
        self._early: deque[_HeldMessage] = deque()
        """Updates before the first snapshot, if snapshots are fetched and may be older than these updates."""
        self._fetched_ns: int | None = None
        """Exchange time of the last fetched snapshot, which contains all updates up to that time."""
        self._seen = SeenMessages()
        self._wholes = ContentOverlap("the book at one time")
        self._changes = ContentOverlap("the book changes at one time")
        """The messages of earlier recordings: by number if they have one, otherwise by content."""
        self._until_ns: int | None = None
        """The exchange time up to which earlier recordings have the book; None if this file overlaps none."""

    def next_file(self, name: str, next_ns: int | None, *, overlaps: bool) -> None:
        """Start another file; the one after it starts at `next_ns` by either clock (None: there is none).

        `overlaps`: the file starts before the end of the files before it.
        """
        for known in (self._seen, self._wholes, self._changes):
            known.next_file(name, next_ns)
        self._until_ns = self._last_ns if overlaps else None

    def take(self, message: BookMessage, place: Place, levels: Levels) -> Outcome:
        """What to do with the next message.

        Raises:
            DatasetError: an earlier recording has the message with other levels.
        """
        overlaps = self._until_ns is not None
        if message.is_snapshot and message.time_ns is None and (overlaps or place.time_ns is None):
            self._leave_waiting()
            self._waiting = _HeldMessage(message, place, levels())
            return SKIPPED
        if self._until_ns is not None and message.time_ns is not None:
            if message.time_ns > self._until_ns:
                self._until_ns = None
            elif (outcome := self._during(message, place, levels)) is not None:
                return outcome
        if message.is_snapshot:
            outcome = self._snapshot(message, place, levels)
        else:
            outcome = self._update(message, place, levels)
        if outcome != SKIPPED:
            self._keep(message, place, levels)
        return outcome

    def end(self) -> None:
        """Finish the recording.

        Raises:
            DatasetError: the recording contradicts an earlier one.
        """
        for known in (self._wholes, self._changes):
            known.end()
        for early in self._early:
            self._add("before_snapshot", early.place, "an update before the first snapshot of the book")
        self._early.clear()
        self._leave_waiting()

    def _leave_waiting(self) -> None:
        if self._waiting is not None:
            detail = "no update follows this snapshot, so it has no time and is left out"
            self._add("incomplete", self._waiting.place, detail)
            self._waiting = None

    def _during(self, message: BookMessage, place: Place, levels: Levels) -> Outcome | None:
        """What to do with a message whose time earlier recordings cover; None: the same as without them."""
        time_ns = message.time_ns or 0
        follows = time_ns == self._until_ns and self._is_after_the_last(message)
        is_snapshot = message.is_snapshot and self._has_updates
        mends = self._broken_ns is not None and time_ns > self._broken_ns
        if mends and (is_snapshot or self._waiting is not None):
            self._until_ns = None
            return None
        if self._waiting is not None:
            self._add("old_snapshots", self._waiting.place, "another file is ahead of this snapshot")
            self._waiting = None
        outcome: Outcome | None = SKIPPED
        if self._is_repeated(message, place, levels):
            self._add("duplicates", place, "another file has the same message")
        elif is_snapshot and not follows:
            self._add("old_snapshots", place, "another file is ahead of this snapshot")
        elif time_ns == self._until_ns:
            outcome = None
        elif self._first_ns is None or time_ns < self._first_ns:
            self._add("before_snapshot", place, "an update before the first snapshot of the book")
        elif message.is_fetched and time_ns in {self._first_ns, self._fetched_ns}:
            self._add("before_snapshot", place, "an update that the snapshot already contains")
        else:
            self._keep(message, place, levels)
            outcome = SNAPSHOT if message.is_snapshot else UPDATE
        return outcome

    def _is_after_the_last(self, message: BookMessage) -> bool:
        """Whether a message comes after the latest one by the venue's numbers."""
        return message.last_id is not None and self._last_id is not None and message.last_id > self._last_id

    def _is_repeated(self, message: BookMessage, place: Place, levels: Levels) -> bool:
        """Whether an earlier recording has the message; snapshots among updates may have other depths.

        Raises:
            DatasetError: an earlier recording has it with other levels.
        """
        content = _content(message, levels())
        is_any = message.is_snapshot and self._has_updates
        if message.last_id is None:
            known = self._wholes if message.is_snapshot else self._changes
            return known.has(content) if is_any else known.is_repeated(content, _time_of(message), place.where)
        found = self._seen.find(_key(message))
        contents = self._seen.contents[found.start : found.stop].tolist()
        for at, other in zip(found, contents, strict=True):
            if content not in contents and not (content ^ other) & _FOLLOWED and not is_any:
                refuse_contradiction(f"message {message.last_id} of the book", self._seen.place(at), place.where)
        return content in contents or (bool(found) and not is_any)

    def _keep(self, message: BookMessage, place: Place, levels: Levels) -> None:
        if message.time_ns is not None:
            self._last_ns = message.time_ns if self._last_ns is None else max(self._last_ns, message.time_ns)
        if not self._seen.may_overlap(place.known_ns) and not self._wholes.may_overlap(place.known_ns):
            return
        content = _content(message, levels())
        if message.last_id is not None:
            self._seen.keep(place.known_ns, _key(message), content, place.line)
        else:
            known = self._wholes if message.is_snapshot else self._changes
            known.keep(place.known_ns, content, _time_of(message), place.line)

    def _snapshot(self, message: BookMessage, place: Place, levels: Levels) -> Outcome:
        self._leave_waiting()
        if self._is_old(message):
            self._add("old_snapshots", place, "the book is ahead of this snapshot")
            return SKIPPED
        self._begin(message, place, levels)
        if not message.is_fetched:
            return SNAPSHOT
        self._fetched_ns = message.time_ns
        parts = [as_snapshot(place.time_ns or 0, levels())]
        for early in self._early:
            if _time_of(early.message) <= _time_of(message):
                self._add("before_snapshot", early.place, "an update that the snapshot already contains")
            else:
                self._keep(early.message, early.place, early.levels)
                parts.append(early.events)
        self._early.clear()
        return parts

    def _is_old(self, message: BookMessage) -> bool:
        """Whether a snapshot is older than the book and does not repair it."""
        if self._last_ns is None or not self._has_updates or message.time_ns is None:
            return False
        if self._broken_ns is not None and message.time_ns > self._broken_ns:
            return False
        if message.time_ns == self._last_ns and message.last_id is not None and self._last_id is not None:
            return message.last_id < self._last_id
        return message.time_ns < self._last_ns

    def _begin(self, message: BookMessage, place: Place, levels: Levels) -> None:
        """Set the book to this snapshot."""
        self._started = True
        if place.time_ns is not None:
            self._effective_times.begin_at(place.file, place.time_ns, place.line)
        if self._first_ns is None:
            self._first_ns = message.time_ns
        self._last_id = message.last_id
        self._broken_ns = None
        self._depth = message.depth
        self._texts = TextBook()
        if self._checksum is not None:
            self._kept_texts(message, place, levels)

    def _update(self, message: BookMessage, place: Place, levels: Levels) -> Outcome:
        parts: list[BookEvents] = []
        if self._waiting is not None:
            parts.append(self._dated(self._waiting, message, place))
            self._waiting = None
        elif not self._started:
            self._keep_early(message, place, levels)
            return SKIPPED
        elif self._fetched_ns is not None and _time_of(message) <= self._fetched_ns:
            self._add("before_snapshot", place, "an update that the snapshot already contains")
            return SKIPPED
        if message.previous_id is not None and self._last_id is not None and message.previous_id != self._last_id:
            if message.last_id is not None and message.last_id <= self._last_id:
                self._add("duplicates", place, f"update {message.last_id} is repeated after {self._last_id}")
                return parts or SKIPPED
            self._broken_ns = message.time_ns
            self._add("gaps", place, f"updates are missing between {self._last_id} and {message.previous_id}")
        own_ns = place.time_ns
        place, levels = self._in_sequence(message, place, levels)
        self._last_id = message.last_id
        self._has_updates = True
        cut = [] if self._checksum is None else self._kept_texts(message, place, levels)
        return [*parts, levels(), *cut] if parts or cut or place.time_ns != own_ns else UPDATE

    def _in_sequence(self, message: BookMessage, place: Place, levels: Levels) -> tuple[Place, Levels]:
        """The place and levels of an update, not before the update that it follows by the venue's numbers."""
        if place.time_ns is None:
            return place, levels
        if message.last_id is None or self._last_id is None or message.last_id < self._last_id:
            self._effective_times.begin_at(place.file, place.time_ns, place.line)
            return place, levels
        time_ns = self._effective_times.time(place.file, place.time_ns, place.line)
        if time_ns == place.time_ns:
            return place, levels
        return replace(place, time_ns=time_ns), lambda: _at(time_ns, levels())

    def _dated(self, waiting: _HeldMessage, message: BookMessage, place: Place) -> BookEvents:
        """The waiting snapshot at its time of receipt, or at the time of the update that has come."""
        self._begin(replace(waiting.message, time_ns=message.time_ns), waiting.place, lambda: waiting.events)
        time_ns = place.time_ns if waiting.place.time_ns is None else waiting.place.time_ns
        self._effective_times.begin_at(place.file, time_ns or 0, place.line)
        return as_snapshot(time_ns or 0, _at(time_ns or 0, waiting.events))

    def _keep_early(self, message: BookMessage, place: Place, levels: Levels) -> None:
        """Keep an update before the first snapshot if snapshots are fetched and may be older; otherwise drop it."""
        self._early.append(_HeldMessage(message, place, levels()))
        if len(self._early) > (_UPDATES_KEPT if message.is_fetched else 0):
            self._add("before_snapshot", self._early.popleft().place, "an update before the first snapshot of the book")

    def _kept_texts(self, message: BookMessage, place: Place, levels: Levels) -> list[BookEvents]:
        """Update the texts and verify the checksum; returns removals of the levels beyond the exchange's depth."""
        events = levels()
        unit = 10 ** (MAX_DECIMALS - events.price_decimals)
        prices, sizes = [price * unit for price in events.price_ticks.tolist()], events.size_lots.tolist()
        bids = _bids_of(events)
        self._texts.update(BID, texts_of(message.bids), prices[:bids], sizes[:bids])
        self._texts.update(ASK, texts_of(message.asks), prices[bids:], sizes[bids:])
        cut: list[BookEvents] = []
        if self._depth is not None:
            fallen = [(side, self._texts.cut(side, self._depth)) for side in (BID, ASK)]
            cut = [_removed(side, prices, place, events) for side, prices in fallen if prices]
        if (
            self._checksum is not None
            and message.checksum is not None
            and (found := self._checksum(self._texts)) != message.checksum
        ):
            if self._broken_ns is None:
                self._broken_ns = message.time_ns
            self._add("checksum_failures", place, f"the checksum is {message.checksum}, the book here has {found}")
        return cut

    def _add(self, kind: str, place: Place, detail: str) -> None:
        self._report.add(kind, place.file, place.line, place.time_ns, detail)


def _key(message: BookMessage) -> int:
    """A key for a message with a number: venues restart their count, so the time is part of it."""
    return key_of(repr((_time_of(message), message.is_snapshot, message.last_id)).encode())


def _content(message: BookMessage, events: BookEvents) -> int:
    """A 64-bit key for the content of a message: equal for equal levels at one time, otherwise almost surely different.

    A venue that combines updates may start them differently for each receiver and end at the same number: the lowest
    bits hold the number that the message follows.
    """
    content = _time_of(message), message.is_snapshot, _bids_of(events), *numbers_of(events)
    return key_of(repr(content).encode()) & ~_FOLLOWED | (message.previous_id or 0) & _FOLLOWED


def _bids_of(events: BookEvents) -> int:
    """How many levels are bids; they come first."""
    return int(np.count_nonzero(events.side == BID))


def _at(time_ns: int, events: BookEvents) -> BookEvents:
    return replace(events, time_ns=np.full(len(events), time_ns))


def _time_of(message: BookMessage) -> int:
    return message.time_ns or 0


def _removed(side: int, prices: list[int], place: Place, scale: BookEvents) -> BookEvents:
    """Events that remove the levels at these prices, in units of 10**-MAX_DECIMALS."""
    unit = 10 ** (MAX_DECIMALS - scale.price_decimals)
    return BookEvents(
        time_ns=np.full(len(prices), place.time_ns or 0, np.int64),
        price_ticks=np.array([price // unit for price in prices], np.int64),
        size_lots=np.zeros(len(prices), np.int64),
        price_decimals=scale.price_decimals,
        size_decimals=scale.size_decimals,
        side=np.full(len(prices), side, np.int8),
    )
