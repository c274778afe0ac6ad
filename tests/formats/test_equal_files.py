"""The same file twice in a dataset counts once, whatever it is called and packed in, of every format."""

from __future__ import annotations

import gzip
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.report import Report
from processor.formats import open_dataset
from processor.formats.disk.files import SourceFile
from processor.formats.disk.packing import HEAD_BYTES
from processor.formats.opening.equal_files import FileStart, repeated_files
from tests.formats import one_market
from tests.formats.archive_samples import binance_spot
from tests.formats.reading import read
from tests.formats.samples import LOBSTER_MESSAGES, TARDIS_TRADES, lines, lobster, tardis_trade, write
from tests.formats.test_fuzz import WHOLE as OF_WHOLE_SIZES
from tests.formats.test_fuzz import WRITERS
from tests.formats.test_reading import same

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.test_fuzz import Writer


@pytest.mark.parametrize("packing", ["", "gz", "zip"])
@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
def test_a_dataset_beside_a_copy_of_itself_is_the_dataset(tmp_path: Path, writer: Writer, packing: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    writer(folder, one_market.market(40, whole_sizes=writer in OF_WHOLE_SIZES))
    once = read(folder)
    originals = [path for path in folder.rglob("*") if path.is_file()]
    copies = folder / "z-copies"
    if packing == "zip":
        with zipfile.ZipFile(folder / "z-copies.zip", "w") as archive:
            for path in originals:
                archive.write(path, path.relative_to(folder))
    else:
        for path in originals:
            copy = copies / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            packed = path.suffix == ".npz" or path.name == "mapping.toml" or not packing
            copy.write_bytes(path.read_bytes() if packed else gzip.compress(path.read_bytes()))
    twice = read(folder)
    assert same(twice.trades, once.trades)
    assert same(twice.book, once.book)
    assert twice.size_bytes == once.size_bytes
    dataset = open_dataset(folder)
    assert len(dataset.unused) == len(dataset.files)
    assert all(file.name.startswith("z-copies") for file, _, _ in dataset.unused)


ROWS = [tardis_trade(100 * number, "buy", "100", "1") for number in range(3000)]
WHOLE = lines(TARDIS_TRADES, *ROWS)


@pytest.mark.parametrize("length", [100, 5_000, 70_000, len(WHOLE) - 1])
def test_a_download_that_was_cut_off_is_the_beginning_of_the_whole_one(tmp_path: Path, length: int) -> None:
    write(tmp_path / "a.csv", WHOLE[:length])
    write(tmp_path / "b.csv.gz", WHOLE)
    report = Report()
    dataset = open_dataset(tmp_path)
    opened = dataset.open("binance:BTCUSDT", "exchange", report)
    assert [file.name for file in dataset.files] == ["b.csv.gz"]
    assert opened.size_bytes == (tmp_path / "b.csv.gz").stat().st_size
    (incident,) = report.incidents
    assert (incident.kind, incident.file, incident.detail) == ("unused", "a.csv", "the beginning of b.csv.gz")
    assert len(read(tmp_path, "binance:BTCUSDT").trades or ()) == 3000


def test_of_many_copies_the_first_by_name_is_kept_and_each_other_says_so(tmp_path: Path) -> None:
    for name in ("trades (1).csv", "trades.csv", "b/trades.csv"):
        write(tmp_path / name, WHOLE)
    dataset = open_dataset(tmp_path)
    assert [file.name for file in dataset.files] == ["b/trades.csv"]
    assert [(file.name, reason) for file, _, reason in dataset.unused] == [
        ("trades (1).csv", "the same as b/trades.csv"),
        ("trades.csv", "the same as b/trades.csv"),
    ]


def test_files_that_differ_at_their_end_alone_are_both_read(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", lines(TARDIS_TRADES, *ROWS[:-1], tardis_trade(300_000, "sell", "100", "2")))
    write(tmp_path / "b.csv", WHOLE)
    dataset = open_dataset(tmp_path)
    assert (len(dataset.files), dataset.unused) == (2, ())


def test_the_same_content_of_two_instruments_is_read_for_both(tmp_path: Path) -> None:
    (made,) = binance_spot(tmp_path).iterdir()
    write(tmp_path / "ETHUSDT-trades-2024-08-08.csv", made.read_bytes())
    dataset = open_dataset(tmp_path)
    assert (dataset.instruments, dataset.unused) == (("BTCUSDT", "ETHUSDT"), ())


def test_where_the_name_says_the_day_the_same_content_of_another_day_is_read_too(tmp_path: Path) -> None:
    lobster(tmp_path)
    for kind in ("message", "orderbook"):
        made = (tmp_path / f"XYZ_2012-06-21_34200000_57600000_{kind}_2.csv").read_bytes()
        write(tmp_path / f"XYZ_2012-06-22_34200000_57600000_{kind}_2.csv", made)
        write(tmp_path / "copies" / f"XYZ_2012-06-21_34200000_57600000_{kind}_2.csv", made)
    # Of the same hours with more levels, the messages are the same.
    write(tmp_path / "XYZ_2012-06-21_34200000_57600000_message_5.csv", LOBSTER_MESSAGES)
    dataset = open_dataset(tmp_path)
    assert [file.name for file, _, _ in dataset.unused] == [
        "copies/XYZ_2012-06-21_34200000_57600000_message_2.csv",
        "copies/XYZ_2012-06-21_34200000_57600000_orderbook_2.csv",
    ]
    assert len(dataset.files) == 5


SHORT = st.sampled_from([b"", b"a\n", b"a\nb\n", b"a\nb", b"a\nc\n"])
LONG = st.sampled_from([b"x" * 1023, b"x" * 1024, b"x" * 1025, b"x" * HEAD_BYTES, b"x" * (HEAD_BYTES + 1)])
ENDS = st.sampled_from([b"", b"1", b"12", b"2"])


@given(
    contents=st.lists(st.one_of(SHORT, st.builds(bytes.__add__, LONG, ENDS)), min_size=1, max_size=7),
    named=st.lists(st.sampled_from(["X", "Y"]), min_size=7, max_size=7),
)
def test_what_is_left_out_is_in_what_is_kept_and_nothing_else_is(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], named: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("same")
    told: dict[SourceFile, tuple[bytes, str]] = {}
    for number, made in enumerate(contents):
        path = folder / str(number)
        path.write_bytes(made)
        told[SourceFile(path)] = made, named[number]
    known = [FileStart.of(file, file.head(), "any", frozenset({name})) for file, (_, name) in told.items()]
    left_out = repeated_files(known)
    kept = {each for file, each in told.items() if file not in left_out}
    for file in left_out:
        made, name = told[file]
        assert any(other.startswith(made) and other_name == name for other, other_name in kept)
    telling = [each for file, each in told.items() if file not in left_out and each[0]]
    assert len(telling) == len(set(telling))
    for made, name in telling:
        assert not any(other != made and other.startswith(made) for other, other_name in telling if other_name == name)
