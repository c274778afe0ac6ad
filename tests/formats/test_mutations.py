"""No wrong number without a word, whatever happens to files on the way: copies, parts, packings, changed rows.

Every format's own market is changed by mutations.py. What must hold then:

1. Files that say the same play the same (trades, every bar, the book at the end), or are refused by name; where
   something is left out, the report says so.
2. A copy that differs from the file beside it is refused, or left out with a word, or taken in with a word.
3. Where rows say something else, all numbers are those of the slow reference for what they say: read by
   plain_readings, which shares no code with the project, but for the lines that the report names as left out.

`make fuzz EXAMPLES=2000` looks for longer, at another place each time.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings

from processor.core.aggregates import bars
from processor.core.engine import OBI
from processor.core.merge import ordering
from processor.errors import ProcessorError
from processor.formats import open_dataset
from processor.formats.disk import files as reading_files
from processor.formats.opening import sorting
from processor.formats.registry import formats
from tests import reference
from tests.formats import one_market
from tests.formats.changes import MAPPING, Change, changes
from tests.formats.mutations import DIFFERING, SAME, mutated
from tests.formats.plain_readings import FROM_SNAPSHOT, READINGS, Story, by_file, story
from tests.formats.playing import Played, outcome, play, refused_in_words
from tests.formats.row_mutations import CHANGED, noisy
from tests.formats.taken_apart import PACKINGS
from tests.formats.test_fuzz import LONGER, WHOLE, fuzzed
from tests.formats.test_fuzz import WRITERS as SPOILT
from tests.formats.test_reading import WRITERS as SMALL

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.formats.one_market.model import Deal
    from tests.formats.taken_apart import Files

UPDATES: Final = 130
"""So many that a malformed row is under one percent of every file."""
INTERVAL_NS: Final = 10**9
LEVELS: Final = 10
WRITERS: Final = SPOILT | {writer.__name__: writer for writer in one_market.WITHOUT_SIZES}
BY_HAND: Final = {f"by hand: {writer.__name__}": writer for writer in SMALL}
KEPT: Final = 250
"""Incidents of a kind that a report keeps in full here."""
often: Final = settings(fuzzed, max_examples=LONGER or 2)
LITTLE: Final = (
    (ordering, "HELD_ROWS", 20), (ordering, "HELD_NS", 2 * INTERVAL_NS), (sorting, "RUN_ROWS", 90),
    (sorting, "BLOCK_ROWS", 16), (reading_files, "_PLAIN_READ_BYTES", 700), (reading_files, "_PACKED_READ_BYTES", 300),
)  # fmt: skip
"""Windows so small that a sample is far larger."""
LEFT_OUT: Final = ("malformed", "duplicates", "before_snapshot", "old_snapshots", "incomplete")
"""Of these a report's lines say what is not played."""
TOLD: Final = (*LEFT_OUT, "unused", "not_trades", "overlapping")
OF_TRADES_ALONE: Final = ("itch",)
"""Of these, a message that is a duplicate is one as a trade, and still changes the book."""

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, repr=False)
class Numbers:
    """All that a replay comes to: its trades, its bars, the imbalances of these, and the book at its end."""

    trades: Counter[tuple[int, Decimal, Decimal, int]]
    bars: Rows
    obi: list[list[float]]
    book: tuple[Rows, Rows]

    def whatever_the_order(self) -> Numbers:
        """The same but for what depends on the order of what is of one time."""
        ordered = {1, 4, *range(9, 13)}  # open, close and CVD
        rows = [tuple(cell for at, cell in enumerate(row) if at not in ordered) for row in self.bars]
        return replace(self, bars=rows)

    def differ(self, other: Numbers) -> str:
        """How they differ, in words; empty if they do not."""
        if self.trades != other.trades:
            missing, more = list((self.trades - other.trades).elements()), list((other.trades - self.trades).elements())
            return f"{len(missing)} trades are missing, {len(more)} too many: {missing[:2]} {more[:2]}"
        for one, two in zip(self.bars, other.bars, strict=False):
            if one != two:
                return f"a bar is {two}, not {one}"
        if len(self.bars) != len(other.bars):
            return f"{len(other.bars)} bars, not {len(self.bars)}"
        if not np.allclose(self.obi, other.obi, rtol=0, atol=1e-12):
            return "the imbalance differs"
        return "" if self.book == other.book else f"the book is {other.book}, not {self.book}"


def numbers_of(played: Played) -> Numbers:
    """What was played, in decimals."""
    engine = played.engine
    rows = engine.rows()

    def scaled(value: Any, decimals: int) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-decimals)

    scales = (
        *((name, engine.trade_bars.price_decimals) for name in bars.PRICES),
        *((name, engine.trade_bars.size_decimals) for name in (*bars.LOTS, *bars.CVD)),
        ("trades", 0),
        *((name, engine.book.price_decimals) for name in ("best_bid", "best_ask")),
    )
    table = [
        (row["bucket"] * INTERVAL_NS, *(scaled(row[name], decimals) for name, decimals in scales))
        for row in rows.iter_rows(named=True)
    ]
    sides = [
        [
            (scaled(ticks, engine.book.price_decimals), scaled(lots, engine.book.size_decimals))
            for ticks, lots in zip(*(side.tolist() for side in levels), strict=True)
        ]
        for levels in engine.book.levels(1000)
    ]
    return Numbers(played.trades, table, rows.select(OBI).to_numpy().tolist(), (sides[0], sides[1]))


def numbers_said(trades: list[reference.Trade], book: list[reference.BookEvent]) -> Numbers:
    """What the slow reference makes of these."""
    found = reference.aggregate(trades, book, interval_ns=INTERVAL_NS, obi_levels=LEVELS)
    table: Rows = []
    for row in found.intervals:
        bar, cvd, zero = row.bar, row.cvd, Decimal(0)
        prices = (bar.open, bar.high, bar.low, bar.close) if bar else (None,) * 4
        lots = (bar.volume, bar.buy_volume, bar.sell_volume, bar.unknown_volume) if bar else (zero,) * 4
        sums = cvd.open, cvd.high, cvd.low, cvd.close
        count = Decimal(bar.trades if bar else 0)
        table.append((row.start_ns, *prices, *lots, *sums, count, row.best_bid, row.best_ask))
    obi = [[row.obi.open, row.obi.high, row.obi.low, row.obi.close] for row in found.intervals]
    tape = Counter((trade.time_ns, trade.price, trade.size, trade.aggressor) for trade in trades)
    return Numbers(tape, table, obi, (list(found.bids), list(found.asks)))


def crowded(told: one_market.Market) -> one_market.Market:
    """The same with several trades at some moments, of which some are equal but for their ids."""
    deals: list[Deal] = []
    for number, deal in enumerate(told.deals):
        deals += [deal] * (1, 2, 1, 3, 2)[number % 5]
        if number % 3 == 0:
            deals.append(replace(deal, price=told.deals[number - 1].price, side=told.deals[number - 1].side))
    return replace(told, deals=tuple(replace(deal, number=1000 + at) for at, deal in enumerate(deals)))


class Sample:
    """A folder, and what is played from it."""

    def __init__(self, name: str, folder: Path) -> None:
        found, dataset = play(folder), open_dataset(folder)
        self.name = name
        self.files = files_in(folder)
        self.format = dataset.format
        self.instruments = dataset.instruments
        self.numbers = numbers_of(found)
        self.report = found.report

    def __repr__(self) -> str:
        return self.name


_samples: dict[str, Sample] = {}


def files_in(folder: Path) -> Files:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def write(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_sample(folder: Path, name: str) -> None:
    folder.mkdir()
    if name in WRITERS:
        WRITERS[name](folder, crowded(one_market.market(UPDATES, whole_sizes=WRITERS[name] in WHOLE)))
    else:
        BY_HAND[name](folder)


def sample(name: str, request: pytest.FixtureRequest) -> Sample:
    """The market that this writer writes, or a sample written by hand; made once."""
    if name not in _samples:
        folder = request.getfixturevalue("tmp_path_factory").mktemp(name) / "data"
        write_sample(folder, name)
        _samples[name] = Sample(name, folder)
    return _samples[name]


@pytest.fixture(params=WRITERS)
def written(request: pytest.FixtureRequest) -> Sample:
    """A sample of each format and kind."""
    return sample(request.param, request)


@pytest.fixture(params=BY_HAND)
def by_hand(request: pytest.FixtureRequest) -> Sample:
    """A sample with the traps of each format of text."""
    return sample(request.param, request)


@pytest.fixture(autouse=True)
def all_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports keep every incident in full."""
    for name, module in list(sys.modules.items()):
        if name.startswith("processor.") and hasattr(module, "KEPT_PER_KIND"):
            monkeypatch.setattr(module, "KEPT_PER_KIND", KEPT)


def played(files: Files, like: Sample, *, little: bool) -> tuple[Played, int] | str | None:
    """What playing the files comes to, and how much more is told than of the sample.

    Told is what the report says of rows left out or taken twice, and which files are unused or ignored. It comes to
    words where the files are refused, to None where what is in them has another name now, as they have. With `little`,
    few rows are read, held, sorted and compared at once.
    """
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        for module, name, value in LITTLE if little else ():
            patch.setattr(module, name, value)
        folder = write(Path(place) / "data", files)
        try:
            dataset = open_dataset(folder)
        except ProcessorError as error:
            refused_in_words(error, folder)
            return str(error)
        if dataset.instruments != like.instruments:
            return None
        found = outcome(folder, like.instruments[0])
    if isinstance(found, str):
        return found
    counts, before = found.report.counts, like.report.counts
    more = sum(max(counts[kind] - before[kind], 0) for kind in TOLD)
    return found, more + len(dataset.unused) + sum(MAPPING not in name for name in dataset.ignored)


def test_every_format_has_a_sample_to_change(tmp_path: Path) -> None:
    for name in (*WRITERS, *BY_HAND):
        write_sample(tmp_path / name, name)
    told_by = {name for folder in tmp_path.iterdir() for name in open_dataset(folder).format.split(" + ")}
    assert told_by == {known.name for known in formats()}


def test_the_samples_play_as_the_reference_says(written: Sample) -> None:
    changed(written, Change("rewritten", 0, 0, 0, 1))


COPIES: Final = (
    "again", "again in a folder", "again respelled", *(f"{suffix} beside" for suffix in PACKINGS), "zip beside",
    "tar.gz beside", "overlapped", "three parts", "some beside", "cut off", "cut off at a row",
)  # fmt: skip
"""After these, files tell something twice."""
RESHUFFLED: Final = ("interleaved", "cut out", "by side")
"""After these, rows of one time are in two files, and so in the order of these."""
MAY_BE_REFUSED: Final = ("cut off", *RESHUFFLED)
"""Of what says the same: a part of an archive is none, and equal rows in two files may be copies or not."""
OF_WHOLE_DAYS: Final = ("lobster", "itch")
"""Formats whose files are refused where they are parts of a day."""
MUST_PLAY: Final = (
    "a row dropped", "a row doubled", "a row doubled far", "neighbours swapped", "far rows swapped",
    "times of two orders exchanged", "the header again", "the rows again behind themselves", "rewritten",
)  # fmt: skip
"""Of what changes rows, whatever the format."""


def said(sample: Sample, files: Files, found: Played) -> Story:
    """What the files say, but for the lines that are reported as left out."""
    kinds = [kind for kind in LEFT_OUT if kind != "duplicates" or sample.name not in OF_TRADES_ALONE]
    kinds += ["assumptions"] if sample.name.startswith("dbn") else []
    incidents = [each for each in found.report.incidents if each.kind in kinds and each.line is not None]
    data = {name: content for name, content in files.items() if not name.endswith(MAPPING)}
    return story(sample.name, data, by_file((each.file, each.line or 0) for each in incidents))


def same(sample: Sample, change: Change) -> None:
    """Files that say the same play the same, or are refused by name."""
    files = mutated(sample.files, change)
    result = played(files, sample, little=change.value % 3 == 0)
    if isinstance(result, str):
        assert change.what in MAY_BE_REFUSED or sample.format in OF_WHOLE_DAYS, (change, result)
    if result is None or isinstance(result, str) or files == sample.files:
        return
    found, told = result
    numbers, wanted = numbers_of(found), sample.numbers
    if change.what in RESHUFFLED:
        if found.report.counts["gaps"] > sample.report.counts["gaps"]:
            return
        if sample.name in READINGS:
            once = said(sample, files, found).once()
            assert told or Counter(once.trades) == Counter(said(sample, sample.files, found).trades), change
            wanted = numbers_said(once.trades, once.book)
        elif told:  # nothing says what the rows that are not left out come to
            return
        numbers, wanted = numbers.whatever_the_order(), wanted.whatever_the_order()
    difference = wanted.differ(numbers)
    assert not difference, (change, difference, +found.report.counts)
    assert told or change.what not in COPIES, (change, sorted(files))


def differing(sample: Sample, change: Change) -> None:
    """A copy that differs is refused by name, or one of the two is taken, with a word.

    Only at the edges of the time that both tell of may one of them have more: there files begin and end. What one
    recording missed is taken from the other.
    """
    files, little = mutated(sample.files, change), change.value % 3 == 0
    result = played(files, sample, little=little)
    if result is None or isinstance(result, str) or files == sample.files:
        return
    found, told = result
    assert told, (change, sorted(files))
    if found.report.counts["overlapping"] > sample.report.counts["overlapping"]:
        return
    alone = played({name.removeprefix("again/"): content for name, content in files.items()}, sample, little=little)
    other = numbers_of(alone[0]) if isinstance(alone, tuple) else sample.numbers
    either, both = sample.numbers.trades | other.trades, sample.numbers.trades & other.trades
    assert both <= found.trades <= either, (change, +(both - found.trades), +(found.trades - either))
    times = [trade[0] for trade in sample.numbers.trades]
    more = found.trades - sample.numbers.trades
    within = [trade for trade in more if min(times) < trade[0] < max(times)]
    if not within and not sample.numbers.trades - found.trades and (more or "day" in change.what):
        return
    numbers = numbers_of(found).whatever_the_order()
    wanted = [each.whatever_the_order() for each in (sample.numbers, other)]
    difference = [words for each in wanted if (words := each.differ(numbers))][1:]
    assert not difference, (change, difference, +found.report.counts)


def changed(sample: Sample, change: Change) -> None:
    """All numbers are those of the slow reference for what the rows say now."""
    files = mutated(sample.files, change)
    result = played(files, sample, little=change.value % 3 == 0)
    assert isinstance(result, tuple) or change.what not in MUST_PLAY, (change, result)
    if not isinstance(result, tuple) or sample.name not in READINGS:
        return
    found, _ = result
    if any(found.report.counts[kind] > KEPT for kind in (*LEFT_OUT, "assumptions")):
        return
    now = said(sample, files, found)
    if found.report.counts["rounded"]:
        before = said(sample, sample.files, found)
        sizes = {trade.size for trade in before.trades} | {event.size for event in before.book}
        now = now.with_sizes({noisy(size): size for size in sizes})
    difference = numbers_said(now.trades, now.book).differ(numbers_of(found))
    assert not difference, (change, difference, +found.report.counts)
    assert found.report.counts["not_trades"] == now.no_trades, change
    if sample.name in FROM_SNAPSHOT and now.before_snapshot:
        assert found.report.counts["before_snapshot"], change


def turned(change: Change, names: Collection[str], sample: Sample) -> Change:
    """The same with another mutation for each sample, as Hypothesis draws the same for all in the suite."""
    ordered = sorted(names)
    place = ordered.index(change.what) + crc32(sample.name.encode())
    return replace(change, what=ordered[place % len(ordered)])


@often
@given(change=changes(SAME))
def test_files_that_say_the_same_play_the_same_or_are_refused_by_name(written: Sample, change: Change) -> None:
    same(written, turned(change, SAME, written))


@often
@given(change=changes(SAME))
def test_samples_written_by_hand_play_the_same_too(by_hand: Sample, change: Change) -> None:
    same(by_hand, turned(change, SAME, by_hand))


@often
@given(change=changes(DIFFERING))
def test_a_copy_that_differs_is_refused_or_told(written: Sample, change: Change) -> None:
    differing(written, turned(change, DIFFERING, written))


@often
@given(change=changes(CHANGED))
def test_changed_rows_play_as_the_reference_says(written: Sample, change: Change) -> None:
    changed(written, turned(change, CHANGED, written))


@pytest.mark.parametrize("what", ["times of two orders exchanged", "neighbours swapped", "far rows swapped"])
@pytest.mark.parametrize("name", ["dbn_mbo", "databento_csv_mbo", "itch"])
@often
@given(change=changes(CHANGED))
def test_orders_out_of_order_play_as_the_reference_says(
    request: pytest.FixtureRequest, name: str, what: str, change: Change
) -> None:
    changed(sample(name, request), replace(change, what=what))
