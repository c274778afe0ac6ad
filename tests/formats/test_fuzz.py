"""Spoilt files of every format either play or are refused in words; what was not spoilt plays as it did.

Every format's own market (one_market) and, where they are, the first lines of the recorded files are spoilt by the
touches of mangling.py, as texts, as packed bytes, and as rows of tables. What must hold then:

1. Reading to the end (open_dataset, in_time_order, Engine, the published payloads) works or raises a ProcessorError
   whose first line names a file of the dataset. No other exception, no warning, no end of patience.
2. What plays is sound: times in order, sizes not negative, sides that exist, the volume is the sum of the sizes (in
   Python's integers), the contract's checks hold, every incident has a line from 1 on and is told in one line.
3. Where only some lines or rows were touched, all trades and levels of the others come out as before; those that do
   not are no more than the report counts as lost. What else comes out is spelled, number by number, by a touched line:
   its price, its size and (of trades) its time are fields there, read by Decimal and not by the project's parsers.

`make fuzz EXAMPLES=2000` looks for longer, at another place each time.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from processor.formats import open_dataset
from processor.formats.disk.files import SourceFile
from processor.formats.disk.packing import HEAD_BYTES
from tests.formats import mangling, one_market
from tests.formats.mangling import AS_A_WHOLE, IN_BYTES, Touch, line_touched
from tests.formats.playing import Played, Spelled, compare, outcome, play
from tests.formats.row_edits import TABLES, Edit, edits

if TYPE_CHECKING:
    from collections.abc import Callable

    Writer = Callable[[Path, one_market.Market], Path]

LONGER: Final = int(os.environ.get("FUZZ_EXAMPLES", "0"))
fuzzed: Final = settings(
    max_examples=LONGER or 6,
    derandomize=not LONGER,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
FEW: Final = 60
MANY: Final = 220
"""Updates of a market, and twice as many as its trades: of many, a touched row is under one percent."""
HEAD_LINES: Final = 400
WHOLE: Final = (
    *one_market.WHOLE_BOOK_OF_WHOLE_SIZES[1:], *one_market.BEST_LEVELS_OF_WHOLE_SIZES,
    *one_market.WHOLE_BOOK_WITHOUT_SIDES[1:], *one_market.BEST_LEVELS_WITHOUT_SIDES,
    *one_market.TRADES_ALONE_OF_WHOLE_SIZES[1:],
)  # fmt: skip
WRITERS: Final[dict[str, Writer]] = {
    writer.__name__: writer
    for writer in (*one_market.WHOLE_BOOK, *one_market.BEST_LEVELS, *one_market.TRADES_ALONE[1:], *WHOLE)
}
BINARY: Final = ("own", "sqlite", "hftbacktest", "hftbacktest_old", "mapped_parquet", "dbn_mbp10", "dbn_mbp1",
                 "dbn_trades", "dbn_mbo", "dbn_bbo", "itch", "sierra", "iex_deep", "iex_tops")  # fmt: skip
RECORDED: Final = {
    "recorded_binance": "binance-raw/btcusdt",
    "recorded_binance_thin": "binance-raw/nexousdt",
    "recorded_tardis": "tardis/binance_incremental_book_L2_2024-08-08_BTCUSDT.csv.gz",
    "recorded_tardis_trades": "tardis/binance-futures_trades_2020-02-22_BTCUSDT.csv.gz",
    "recorded_databento_csv": "databento/aapl_xnas_20241021_mbp-10.csv",
    "recorded_okx": "okx-raw/okx_ws_20220513.txt",
}
"""Recorded files of lines, of which the heads are spoilt."""
WITH_TINY: Final = {
    "recorded_dbn": "databento/tiny",
    "recorded_tardis_channels": "tardis/tiny",
    "recorded_malformed": "malformed",
}


@dataclass(repr=False)
class Sample:
    """A dataset that plays: its folder, and the content of its files, unpacked."""

    name: str
    folder: Path
    contents: dict[str, bytes]
    played: Played
    instrument: str

    def copied(self, folder: Path) -> Path:
        """The same files elsewhere."""
        shutil.copytree(self.folder, folder)
        return folder


_samples: dict[tuple[str, int], Sample] = {}


def sample(name: str, events: int, request: pytest.FixtureRequest) -> Sample:
    """The sample of this name and of so many updates, made once."""
    if (name, events) not in _samples:
        folder = request.getfixturevalue("tmp_path_factory").mktemp(name) / "data"
        if name in WRITERS:
            told = one_market.market(events, whole_sizes=WRITERS[name] in WHOLE)
            folder.mkdir()
            WRITERS[name](folder, told)
        else:
            _recorded(name, request.getfixturevalue("shared_data"), folder)
        files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
        contents = {str(file.relative_to(folder)): _unpacked(file) for file in files}
        plays = name not in WITH_TINY
        instrument = open_dataset(folder).instruments[0] if plays else ""
        _samples[name, events] = Sample(name, folder, contents, play(folder) if plays else Played(), instrument)
    return _samples[name, events]


def _unpacked(path: Path) -> bytes:
    """The content of a file, or of the only member of an archive."""
    member = None
    if path.suffix in {".zip", ".npz"}:
        with zipfile.ZipFile(path) as archive:
            (member,) = archive.namelist()
    return b"".join(block.data for block in SourceFile(path, member).blocks())


def _recorded(name: str, shared_data: Path, folder: Path) -> None:
    folder.mkdir()
    source = shared_data / (RECORDED | WITH_TINY)[name]
    for file in sorted(source.iterdir()) if source.is_dir() else [source]:
        if name in WITH_TINY:
            shutil.copyfile(file, folder / file.name)
            continue
        lines = SourceFile(file).head().split(b"\n")[:-1][:HEAD_LINES]
        (folder / file.name).write_bytes(b"\n".join([*lines, b""]))


@pytest.fixture(params=[*WRITERS, *RECORDED, *WITH_TINY])
def any_sample(request: pytest.FixtureRequest) -> Sample:
    """A sample of each format, and folders of several."""
    return sample(request.param, FEW, request)


@dataclass(frozen=True)
class Spoiling:
    """Touches of one file, chosen by a number: of its lines, bytes, all of it; of what packs it; its name."""

    file: int
    lines: list[Touch]
    content: list[Touch]
    packed: list[Touch]
    name: str | None


NAMES: Final = (
    "trades_0001-01-01.csv", "X_0001-01-01_1_2_message_8.csv", "X_9999-12-31_1_2_message_8.csv",
    "ABC_2024-08-08_1_2_message_99999999.csv", "ABC_2024-08-08_1_2_orderbook_99999999.csv",
    "mapping.toml", "a.zip", "ABCUSDT-trades-2024-08-08.csv", "ABCUSDT-bookTicker-2024-08-08.csv",
    "with space.csv", "ABC-USDT-aggtrades-2024-08-08.csv", "x_2300-01-01_1_2_message_8.csv",
)  # fmt: skip

spoilings: Final = st.lists(
    st.builds(
        Spoiling,
        file=st.integers(0, 20),
        lines=st.lists(mangling.LINES, max_size=4),
        content=st.lists(st.one_of(mangling.WHOLE, mangling.BYTES), max_size=2),
        packed=st.lists(mangling.BYTES, max_size=2),
        name=st.one_of(st.none(), st.none(), st.none(), st.sampled_from(NAMES)),
    ),
    min_size=1,
    max_size=3,
)


def spoil(folder: Path, original: Sample, spoiling: Spoiling) -> None:
    names = sorted(original.contents)
    name = names[spoiling.file % len(names)]
    path = folder / name
    if not path.is_file():
        return
    if spoiling.lines or spoiling.content:
        content = original.contents[name]
        for touch in spoiling.lines:
            lines, _, _ = line_touched(content.split(b"\n"), touch)
            content = b"\n".join(lines)
        for touch in spoiling.content:
            content = (AS_A_WHOLE | IN_BYTES)[touch.what](content, touch)
        path.write_bytes(content)
    if spoiling.packed:
        content = path.read_bytes()
        for touch in spoiling.packed:
            content = IN_BYTES[touch.what](content, touch)
        path.write_bytes(content)
    if spoiling.name is not None:
        path.rename(path.with_name(spoiling.name))


@fuzzed
@given(spoilt=spoilings)
def test_spoilt_files_play_or_are_refused_in_words(any_sample: Sample, spoilt: list[Spoiling]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = any_sample.copied(Path(place) / "data")
        for spoiling in spoilt:
            spoil(folder, any_sample, spoiling)
        outcome(folder)


OF_ORDERS: Final = ("dbn_mbo", "databento_csv_mbo", "itch")
"""Levels of these are sums, which an order that was lost or changed changes: only their trades are compared."""
LINE_FORMATS: Final = [name for name in (*WRITERS, *RECORDED) if name not in BINARY]


@pytest.fixture(params=LINE_FORMATS)
def of_lines(request: pytest.FixtureRequest) -> Sample:
    """A sample of each format that is made of lines."""
    return sample(request.param, MANY, request)


@fuzzed
@given(file=st.integers(0, 5), touches=st.lists(mangling.LINES, min_size=1, max_size=2))
def test_the_lines_that_are_not_touched_play_as_they_did(of_lines: Sample, file: int, touches: list[Touch]) -> None:
    names = sorted(name for name in of_lines.contents if not name.endswith(".toml"))
    name = names[file % len(names)]
    lines = of_lines.contents[name].removesuffix(b"\n").split(b"\n")
    head = [lines.pop(0)] if not re.match(rb"[\d{\[w]", lines[0]) else []
    before: list[bytes] = []
    after: list[bytes] = []
    for touch in touches:
        made, gone, come = line_touched(lines, touch)
        before += [lines[at] for at in gone]
        after += come
        lines = made
    with tempfile.TemporaryDirectory() as place:
        folder = of_lines.copied(Path(place) / "data")
        (folder / name).write_bytes(b"\n".join([*head, *lines, b""]))
        found = outcome(folder, of_lines.instrument)
    if isinstance(found, str):
        # A first line of another day takes the one after it along.
        if "format that is understood" in found or "none of its rows parse" in found:
            # It filled the head, in which a file is recognised, and how its times are written.
            assert max(map(len, after)) > HEAD_BYTES // 2
            return
        assert "of its rows" in found, found
        assert 2 + len(before) > len(lines) / 100, found
        return
    if of_lines.name == "lobster" and not all(line.strip() for line in after):
        return  # a blank line is no row, and takes the other file's row of its number along
    if of_lines.name in OF_ORDERS:
        found.levels = of_lines.played.levels
    compare(
        of_lines.played,
        found,
        (Spelled(of_lines.name, line) for line in before),
        (Spelled(of_lines.name, line) for line in (*after, *before)),
    )


@pytest.fixture(params=TABLES)
def of_rows(request: pytest.FixtureRequest) -> Sample:
    """A sample of each format that is made of rows or records."""
    return sample(request.param, MANY, request)


@fuzzed
@given(file=st.integers(0, 5), edited=edits)
def test_the_rows_that_are_not_touched_play_as_they_did(of_rows: Sample, file: int, edited: list[Edit]) -> None:
    names = sorted(name for name in of_rows.contents if not name.endswith(".toml"))
    with tempfile.TemporaryDirectory() as place:
        folder = of_rows.copied(Path(place) / "data")
        texts = [TABLES[of_rows.name](folder / names[file % len(names)], edit) for edit in edited]
        found = outcome(folder, of_rows.instrument)
    if isinstance(found, str):
        reasons = (
            "of publisher",
            "does not fit into 64 bits",
            "has no room in a book of 64 bits",
            "of its rows",
            "damaged: its message",
            "damaged after its packet",
            "is of another session",
        )
        assert any(reason in found for reason in reasons), found
        return
    before, after = (
        [Spelled(of_rows.name, text, ends=rb'[,:"\[\]{} ]+') for text in side] for side in zip(*texts, strict=True)
    )
    if of_rows.name in OF_ORDERS:
        found.levels = of_rows.played.levels
    compare(of_rows.played, found, before, (*after, *before))
