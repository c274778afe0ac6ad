"""Databento's binary files: MBO, MBP-10, MBP-1, TBBO, BBO and trades (docs/formats/dbn.md)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
from databento_dbn import DBNError, Metadata

from processor.core.merge.parts import batch
from processor.errors import DatasetError, NothingToReplay
from processor.formats.base import part_of_all
from processor.formats.dbn_records import MBO, SCHEMAS, Publisher, RecordReader, Schema, Span, Wanted, times_of
from processor.formats.disk.packing import HEAD_BYTES
from processor.formats.lines.tables import earliest_ns
from processor.prefetch import prefetched
from processor.units import NS_PER_DAY
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from processor.core.merge.parts import Batch, Part
    from processor.core.report import Report
    from processor.formats.dbn_records import Records
    from processor.formats.disk.files import SourceFile

_MAGIC: Final = b"DBN"
_LENGTH_AT: Final = 4
_BEFORE_METADATA: Final = 8
_LAST_VERSION: Final = 3
_BY_ID: Final = "instrument_id"
_NEVER_NS: Final = int(np.iinfo(np.int64).max)
_TS_OUT_BYTES: Final = 8
_TRADES_FIRST: Final = ("trades", "mbo", "mbp-10", "mbp-1", "tbbo")


@dataclass(frozen=True, slots=True)
class _Prelude:
    """The header before the records: `length` bytes.

    `ids` are the ids of each instrument and when each was valid; `span` is the requested time range, if it is known.
    """

    schema: Schema
    length: int
    ids: dict[str, tuple[tuple[int, Span], ...]]
    first_ns: int
    span: Span | None


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file, its header, the first time of receipt and the first time in the chosen clock."""

    file: SourceFile
    prelude: _Prelude
    received_ns: int
    first_ns: int | None

    @property
    def schema(self) -> Schema:
        return self.prelude.schema


class _Dbn:
    name = "databento-dbn"
    title = "Databento DBN (MBO, MBP-10, MBP-1, TBBO, BBO, trades), plain or packed"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The symbols of the metadata; without symbols, the ids of the records in the head.

        Raises:
            DatasetError: the file is of a newer version of DBN, or its metadata is damaged.
            NothingToReplay: its schema has neither trades nor a book.
        """
        prelude = _prelude(file, head)
        return frozenset(prelude.ids) if prelude else frozenset()

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each file; one for all files of orders, because orders continue from file to file.

        Where schemas overlap in time, the book is taken from the deepest, and trades from `trades` if it is there.
        """
        opened = [each for file in files if (each := _opened(file, instrument, clock))]
        opened.sort(key=lambda each: (each.received_ns, each.prelude.first_ns, each.file.name))
        publisher = Publisher()
        found: list[Part] = []
        for schema in SCHEMAS:
            of_schema = [each for each in opened if each.schema is schema]
            deeper = [each for each in opened if SCHEMAS.index(each.schema) < SCHEMAS.index(schema)]
            traded = [each for each in opened if _has_preferred_trades(each.schema, schema)]
            wanted = Wanted(schema, clock, publisher, _spans(deeper), _spans(traded))
            _note_unused(of_schema, deeper, report)
            together = [of_schema] if schema is MBO and of_schema else [[each] for each in of_schema]
            found += [_part(files_of_part, instrument, wanted) for files_of_part in together]
        return found


FORMAT: Final = _Dbn()


def _has_preferred_trades(one: Schema, other: Schema) -> bool:
    """Whether the trades of one schema are preferred to those of another."""
    ranks = [_TRADES_FIRST.index(each.name) for each in (one, other) if each.name in _TRADES_FIRST]
    return len(ranks) == 2 and ranks[0] < ranks[1]  # noqa: PLR2004 - both


def _spans(opened: Sequence[_Opened]) -> tuple[Span, ...]:
    return tuple(each.prelude.span for each in opened if each.prelude.span)


def _note_unused(opened: Sequence[_Opened], deeper: Sequence[_Opened], report: Report) -> None:
    """Report the files whose book is left out for some time."""
    for each in opened:
        span = each.prelude.span
        others = [(other.schema.name, other.prelude.span) for other in deeper]
        over = {name for name, other in others if span and other and span.overlaps(other)}
        if each.schema.has_book and over:
            detail = f"its book is left out for the time that {' and '.join(sorted(over))} covers"
            report.add("unused", each.file.name, None, None, detail)


def _prelude(file: SourceFile, head: bytes) -> _Prelude | None:
    """The header of a file; None if the file is not DBN."""
    if not head.startswith(_MAGIC) or len(head) < _BEFORE_METADATA or head[len(_MAGIC)] >= ord(" "):
        return None
    length = _BEFORE_METADATA + int.from_bytes(head[_LENGTH_AT:_BEFORE_METADATA], "little")
    if head[len(_MAGIC)] > _LAST_VERSION:
        msg = f"{file.name}: is DBN version {head[len(_MAGIC)]}; versions 1 to {_LAST_VERSION} are supported"
        raise DatasetError(msg)
    start = head if len(head) >= length else _start(file, length)
    try:
        metadata = Metadata.decode(start[:length])
    except DBNError as error:
        msg = f"{file.name}: the header before its records is damaged: {error}"
        raise DatasetError(msg) from None
    found = np.frombuffer(start, np.uint8)[length:]
    places = record_places(found)[0]
    rtypes = found[places + 1].tolist()
    if metadata.schema is None:
        schema = next((known for known in SCHEMAS if set(known.rtypes) & set(rtypes)), None)
    else:
        schema = next((known for known in SCHEMAS if known.name == str(metadata.schema)), None)
    if schema is None:
        names = ", ".join(known.name for known in SCHEMAS)
        kind = f"of schema {metadata.schema}" if metadata.schema else "without records of a known schema"
        msg = f"Databento DBN {kind}, which holds neither trades nor a book; {names} are read"
        raise NothingToReplay(msg)
    ids = _mapped(metadata)
    if not ids:
        mine = [place for place, rtype in zip(places.tolist(), rtypes, strict=True) if rtype in schema.rtypes]
        numbers = {int.from_bytes(found[place + 4 : place + 8].tobytes(), "little") for place in mine}
        ids = {str(number): ((number, Span(0, _NEVER_NS)),) for number in numbers}
    end: int | None = metadata.end
    span = None if end is None else Span(metadata.start, min(end, _NEVER_NS))
    return _Prelude(schema, length, ids, metadata.start, span)


def _start(file: SourceFile, length: int) -> bytes:
    start = b""
    for block in file.blocks():
        start += block.data
        if len(start) >= length:
            break
    return start


def _mapped(metadata: Metadata) -> dict[str, tuple[tuple[int, Span], ...]]:
    """The ids of each symbol, whether symbols or ids were requested."""
    by_id = str(metadata.stype_in) == _BY_ID
    found: dict[str, list[tuple[int, Span]]] = {}
    for asked, intervals in metadata.mappings.items():
        for interval in intervals:
            number, symbol = (asked, interval["symbol"]) if by_id else (interval["symbol"], asked)
            if number.isdecimal() and symbol:
                span = Span(_midnight_ns(interval["start_date"]), _midnight_ns(interval["end_date"]))
                found.setdefault(symbol, []).append((int(number), span))
    return {symbol: tuple(ids) for symbol, ids in found.items()}


def _midnight_ns(day: date) -> int:
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * NS_PER_DAY


def record_places(records: NDArray[np.uint8]) -> tuple[NDArray[np.int64], int, bool]:
    """The starts of the whole records, the end of the last one, and whether what follows cannot be a record."""
    places = np.empty(len(records) // 16 + 1, np.int64)
    count, end, damaged = _walk(records, places)
    return places[:count], end, damaged


@njit(cache=True, nogil=True)
def _walk(records: NDArray[np.uint8], places: NDArray[np.int64]) -> tuple[int, int, bool]:
    """Fill `places`; returns the number of records, the end of the last one, and whether the next has no length."""
    at = 0
    count = 0
    while at < len(records):
        length = int(records[at]) * 4
        if length < 16:  # noqa: PLR2004 - the header alone
            return count, at, True
        if at + length > len(records):
            break
        places[count] = at
        count += 1
        at += length
    return count, at, False


def _opened(file: SourceFile, instrument: str, clock: str) -> _Opened | None:
    head = file.head()
    prelude = _prelude(file, head)
    if prelude is None:
        return None
    data = head[prelude.length :]
    found = _Found.of(data, record_places(np.frombuffer(data, np.uint8))[0], prelude.schema)
    received_ns = int(found.records["ts_recv"][0]) if len(found.records) else prelude.first_ns
    mine = found.records[_of_instrument(found.records, prelude, instrument)]
    first_ns = earliest_ns(times_of(mine, prelude.schema, clock), whole=len(head) < HEAD_BYTES)
    if first_ns is None and not len(mine) and prelude.span:
        first_ns = prelude.first_ns
    return _Opened(file, prelude, received_ns, first_ns)


def _part(opened: Sequence[_Opened], instrument: str, wanted: Wanted) -> Part:
    """Files that continue each other."""
    return replace(
        part_of_all([each.file for each in opened], partial(_read, opened, instrument, wanted)),
        first_ns=opened[0].first_ns,
        trades=wanted.schema.has_trades,
        book=wanted.schema.has_book,
        has_snapshots=wanted.schema is MBO,
    )


def _read(opened: Sequence[_Opened], instrument: str, wanted: Wanted, report: Report) -> Generator[Batch]:
    reader = RecordReader(wanted, report)
    before = 0
    for number, each in enumerate(opened):
        next_ns = min((later.received_ns for later in opened[number + 1 :]), default=None)
        reader.next_file(each.file.name, next_ns)
        yield from _batches(each, instrument, reader, before, report)
        before += each.file.size_bytes
        for trades, book, traded in reader.end_file():
            yield batch(trades, book, before, lines=traded)
    reader.end()


def _batches(
    opened: _Opened, instrument: str, reader: RecordReader, consumed_before: int, report: Report
) -> Generator[Batch]:
    """The batches of a file.

    Raises:
        DatasetError: the file is damaged, or has the books of several venues under one instrument.
    """
    file, prelude = opened.file, opened.prelude
    rest, skipped, before = b"", prelude.length, 0
    with closing(prefetched(file.blocks())) as blocks:
        for block in blocks:
            data = rest + block.data[skipped:]
            skipped = max(skipped - len(block.data), 0)
            places, end, damaged = record_places(np.frombuffer(data, np.uint8))
            found = _Found.of(data, places, prelude.schema)
            malformed = found.reported(file.name, before, report)
            mine = _of_instrument(found.records, prelude, instrument)
            records, lines = found.records, found.numbers + before
            if not mine.all():
                _note_orphans(records, lines, prelude, file.name, report)
                records, lines = records[mine], lines[mine]
            consumed = consumed_before + block.consumed_bytes
            for trades, book, traded in reader.of_records(records, lines, len(records) + malformed):
                yield batch(trades, book, consumed, lines=traded)
            before += len(places)
            rest = data[end:]
            if damaged:
                msg = f"{file.name}: damaged after its record {before}: what follows is not a record"
                raise DatasetError(msg)
            if block.cut_off:
                rest = rest or b"\0"
    if rest or skipped:
        detail = "the file is cut off here: the rest is lost"
        report.add("incomplete", file.name, before + 1, None, detail)
    report.refuse_if_rotten(file.name)


def _of_instrument(records: Records, prelude: _Prelude, instrument: str) -> NDArray[np.bool_]:
    """Which records are of the instrument."""
    mine = np.zeros(len(records), np.bool_)
    for number, span in prelude.ids.get(instrument, ()):
        mine |= (records["instrument_id"] == number) & span.holds(records["ts_recv"])
    return mine


def _note_orphans(records: Records, lines: NDArray[np.int64], prelude: _Prelude, name: str, report: Report) -> None:
    """Report the records whose id belongs to no symbol at their time."""
    bounds: dict[int, tuple[int, int]] = {}
    for number, span in chain.from_iterable(prelude.ids.values()):
        first_ns, beyond_ns = bounds.get(number, (span.first_ns, span.beyond_ns))
        bounds[number] = min(first_ns, span.first_ns), max(beyond_ns, span.beyond_ns)
    ids = np.array(sorted(bounds), np.int64)
    firsts, beyonds = np.array([bounds[number] for number in ids.tolist()], np.int64).T
    place = np.minimum(np.searchsorted(ids, records["instrument_id"]), len(ids) - 1)
    received = records["ts_recv"]
    known = (ids[place] == records["instrument_id"]) & (firsts[place] <= received) & (received < beyonds[place])
    orphans = np.flatnonzero(~known)
    found = (
        (
            int(lines[row]),
            int(received[row]),
            f"no symbol has the instrument id {records['instrument_id'][row]} at this time, so the record is left out",
        )
        for row in orphans
    )
    report.add_all("assumptions", name, found, len(orphans))


@dataclass(frozen=True, slots=True)
class _Found:
    """The records of a schema's kinds among all records read, and their numbers from 1 on.

    `wrong` are the numbers of the records with a wrong length, and these lengths.
    """

    schema: Schema
    records: Records
    numbers: NDArray[np.int64]
    wrong: tuple[NDArray[np.int64], NDArray[np.int64]]

    @classmethod
    def of(cls, data: bytes, places: NDArray[np.int64], schema: Schema) -> _Found:
        """The records that start at these places."""
        content = np.frombuffer(data, np.uint8)
        record = schema.record
        numbers = np.arange(1, 1 + len(places))
        kind = np.isin(content[places + 1], schema.rtypes)
        size = content[places].astype(np.int64) * 4
        fits = (size == record.itemsize) | (size == record.itemsize + _TS_OUT_BYTES)
        wrong = kind & ~fits
        if len(places) and kind.all() and fits.all() and (size == size[0]).all():
            same = np.ndarray(len(places), record, data, int(places[0]), (int(size[0]),))
            return cls(schema, same, numbers, (numbers[wrong], size[wrong]))
        chosen = kind & fits
        gathered = content[places[chosen][:, None] + np.arange(record.itemsize)]
        records = gathered.view(record).reshape(-1)
        return cls(schema, records, numbers[chosen], (numbers[wrong], size[wrong]))

    def reported(self, name: str, before: int, report: Report) -> int:
        """Report the wrong records, after `before` earlier records; returns how many there are."""
        wanted = self.schema.record.itemsize
        numbers, sizes = self.wrong
        reasons = (
            (int(number) + before, None, f"a record of {size} bytes, not {wanted}")
            for number, size in zip(numbers, sizes, strict=True)
        )
        report.add_all("malformed", name, reasons, len(numbers))
        return len(numbers)
