"""The data report: what was found in a dataset that its user should know, counted, and located where it is bounded."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

from processor.errors import TooManyMalformed
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from processor.core.book import Book

KEPT_PER_KIND: Final = 20
"""How many incidents of a kind are kept in full; all are counted."""

_REFUSAL_SHARE: Final = 0.01
_LONG_S: Final = 120
_ROWS_BEFORE_EARLY_REFUSAL: Final = 1000

KINDS: Final = {
    "malformed": "rows that do not parse and are skipped",
    "incomplete": "files that are cut off, or shorter than the other file of their pair, or without one",
    "gaps": "breaks in the vendor's sequence numbers",
    "duplicates": "rows the vendor sent again, or another file tells too, skipped",
    "unused": "files and rows left out because others tell the same, or in more detail, or nothing explains them",
    "overlapping": "rows that two files of the same time both hold, taken as different ones",
    "not_trades": "rows with a size or a price of 0, which are no trades, left out",
    "rounded": "numbers with the noise of floating-point arithmetic, or with too many decimals, rounded",
    "assumptions": "what the data leave open, and how it was read",
    "unknown_sizes": "quotes without sizes, each taken as a size of 1",
    "price_jumps": "prices over ten times, or under a tenth of, the price before",
    "old_snapshots": "snapshots older than the book, left out",
    "checksum_failures": "book messages whose checksum is not that of the book here",
    "out_of_order": "rows whose time is before the row above, sorted into place if they are not held back",
    "held_back": "changes whose time is before one that they follow, applied after it, at its time",
    "late": "messages in packets that came too late to be put in their place, left out",
    "before_snapshot": "book updates before the first snapshot, dropped",
    "unknown_sides": "trades whose aggressor is unknown, left out of the CVD",
    "crossed": "book samples whose best bid is above the best ask",
    "locked": "book samples whose best bid equals the best ask",
    "silences": "spells of over a minute without any event",
}


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing found: where in which file (line 1-based, None where there is none), at which event time, and what.

    What lasts ends at `until_ns`. `count` is how many of its kind it stands for.
    """

    kind: str
    file: str
    line: int | None
    time_ns: int | None
    detail: str
    until_ns: int | None = None
    count: int = 1


@dataclass(slots=True)
class FileReport:
    """One file's rows and the span of their times."""

    rows: int = 0
    malformed: int = 0
    first_ns: int | None = None
    last_ns: int | None = None


@dataclass(slots=True)
class Report:
    """Collects while a dataset is read, maybe in another thread than the one that looks at it.

    `trades` and `book_events` are how many of either have been read, `complete` whether that is all of the dataset.
    """

    files: dict[str, FileReport] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    incidents: list[Incident] = field(default_factory=list)
    trades: int = 0
    book_events: int = 0
    complete: bool = False

    def rows(self, file: str, rows: int, first_ns: int | None = None, last_ns: int | None = None) -> None:
        """Add `rows` rows read from `file` (malformed ones included), spanning these times."""
        entry = self.files.setdefault(file, FileReport())
        entry.rows += rows
        if first_ns is not None:
            entry.first_ns = first_ns if entry.first_ns is None else min(entry.first_ns, first_ns)
        if last_ns is not None:
            entry.last_ns = last_ns if entry.last_ns is None else max(entry.last_ns, last_ns)
        if entry.rows >= _ROWS_BEFORE_EARLY_REFUSAL:
            self.refuse_if_rotten(file)

    def add(
        self,
        kind: str,
        file: str,
        line: int | None,
        time_ns: int | None,
        detail: str,
        *,
        until_ns: int | None = None,
        count: int = 1,
    ) -> None:
        """Count `count` of `kind`, and keep this one in full while there is room."""
        self.counts[kind] += count
        if kind == "malformed":
            self.files.setdefault(file, FileReport()).malformed += count
        if sum(incident.kind == kind for incident in self.incidents) < KEPT_PER_KIND:
            self.incidents.append(Incident(kind, file, line, time_ns, detail, until_ns, count))

    def add_all(self, kind: str, file: str, found: Iterable[tuple[int | None, int | None, str]], count: int) -> None:
        """Count `count` of `kind`; `found` describes at least the first of them, as (line, time_ns, detail)."""
        described = list(islice(found, min(count, KEPT_PER_KIND)))
        for line, time_ns, detail in described:
            self.add(kind, file, line, time_ns, detail)
        if described and count > len(described):
            self.add(kind, file, *described[-1], count=count - len(described))

    def refuse_if_rotten(self, file: str) -> None:
        """Judge what has been read of a file so far; a reader asks at the file's end.

        Raises:
            TooManyMalformed: over 1 % of its rows, or all of them, do not parse.
        """
        entry = self.files.get(file)
        if entry is None or not entry.malformed or entry.malformed <= entry.rows * _REFUSAL_SHARE:
            return
        lines = [
            f"  line {incident.line}: {incident.detail}"
            for incident in self.incidents
            if incident.kind == "malformed" and incident.file == file
        ]
        share = "none of its rows parse" if entry.malformed >= entry.rows else "over 1 % of its rows do not parse"
        msg = f"{file}: {share} ({entry.malformed} of {entry.rows} so far):\n" + "\n".join(lines)
        raise TooManyMalformed(msg)

    def published(self) -> dict[str, int]:
        """The counts as status.json carries them: every kind, zero included, and the rows read."""
        rows = sum(entry.rows for entry in list(self.files.values()))
        return {"rows": rows} | {kind: self.counts[kind] for kind in KINDS}

    def copy(self) -> Report:
        """The report as it is now."""
        files = {name: replace(entry) for name, entry in list(self.files.items())}
        return replace(self, files=files, counts=Counter(self.counts), incidents=list(self.incidents))

    def become(self, other: Report) -> None:
        """Say what `other` says, which is not to change any more."""
        for name in ("files", "counts", "incidents", "trades", "book_events", "complete"):
            setattr(self, name, getattr(other, name))

    def to_json(self) -> bytes:
        """The report as JSON, whose strings may hold what is no Unicode, as names of files do."""
        return json.dumps(msgspec.to_builtins(self)).encode("ascii")

    @classmethod
    def from_json(cls, encoded: bytes) -> Report:
        """The report that `to_json` encoded.

        Raises:
            ValueError: the bytes are not such a report.
        """
        try:
            return msgspec.convert(json.loads(encoded), cls, dec_hook=_counter)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error


def _counter(_type: type, decoded: object) -> Counter[str]:
    return Counter(msgspec.convert(decoded, dict[str, int]))


def with_crossed_and_locked(report: Report, book: Book) -> Report:
    """A copy of `report` that also counts and locates the periods in which `book` was crossed or locked."""
    whole = report.copy()
    for kind, periods in (("crossed", book.crossed), ("locked", book.locked)):
        whole.counts[kind] += periods.samples
        whole.incidents += [
            Incident(kind, "", None, start_ns, _lasting(start_ns, end_ns), end_ns)
            for start_ns, end_ns in zip(periods.starts_ns, periods.ends_ns, strict=True)
        ]
    return whole


def _lasting(start_ns: int, end_ns: int | None) -> str:
    if end_ns is None:
        return "goes on"
    seconds = (end_ns - start_ns) / NS_PER_SECOND
    return f"for {seconds:.3f} s" if seconds < _LONG_S else f"for {timedelta(seconds=int(seconds))}"
