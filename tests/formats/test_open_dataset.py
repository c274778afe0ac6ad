from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from processor.core.report import Report
from processor.errors import DatasetError, SettingError, UnknownFormat
from processor.formats import open_dataset
from processor.formats.registry import formats
from tests.formats.samples import binance_raw, databento, lines, lobster, tardis, write, zipped
from tests.formats.websocket_samples import (
    bitstamp_raw,
    bybit_raw,
    coinbase_advanced,
    coinbase_raw,
    kraken_raw,
    okx_raw,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).resolve().parents[2] / "docs/formats"


def test_every_format_has_its_page_and_its_row_in_the_table() -> None:
    table = DOCS.with_suffix(".md").read_text()
    for known in formats():
        page = f"{type(known).__module__.rpartition('.')[2]}.md"
        assert (DOCS / page).is_file()
        assert f"| `{known.name}` |" in table
        assert f"[{page}](formats/{page})" in table


def test_a_format_is_not_imported_before_a_file_gets_as_far_as_it(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from processor.formats import open_dataset;"
        "from processor.core.report import Report; open_dataset(Path(sys.argv[1])).open(None, 'exchange', Report());"
        "print(*sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, tardis(tmp_path)], stdout=subprocess.PIPE, text=True, check=True
    )
    imported = set(run.stdout.split())

    assert "processor.formats.tardis" in imported
    assert {"processor.formats.iex", "processor.formats.lobster", "processor.formats.mapped.tables"}.isdisjoint(
        imported
    )


@pytest.mark.parametrize(
    ("writer", "format_name", "instrument"),
    [
        (tardis, "tardis", "binance:BTCUSDT"),
        (lobster, "lobster", "XYZ"),
        (binance_raw, "binance-raw", "ABCUSDT"),
        (databento, "databento-csv", "AAPL"),
        (okx_raw, "okx-raw", "ABC-USDT"),
        (bybit_raw, "bybit-raw", "ABCUSDT"),
        (kraken_raw, "kraken-raw", "ABC/USD"),
        (coinbase_raw, "coinbase-raw", "ABC-USD"),
        (coinbase_advanced, "coinbase-raw", "ABC-USD"),
        (bitstamp_raw, "bitstamp-raw", "abcusd"),
    ],
)
def test_the_format_is_seen_in_the_content(
    tmp_path: Path, writer: Callable[[Path], Path], format_name: str, instrument: str
) -> None:
    writer(tmp_path / "deep/er")
    dataset = open_dataset(tmp_path)
    assert dataset.format == format_name
    assert dataset.instruments == (instrument,)
    opened = dataset.open(None, "exchange", Report())
    assert (opened.format, opened.instrument, opened.instruments) == (format_name, instrument, (instrument,))
    assert opened.size_bytes == sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())


def test_a_single_file_is_a_dataset(tmp_path: Path) -> None:
    path = next(databento(tmp_path).iterdir())
    assert [file.name for file in open_dataset(path).files] == ["aapl_20240808.csv"]


def test_files_of_no_format_are_named_and_hidden_ones_are_not(tmp_path: Path) -> None:
    tardis(tmp_path)
    write(tmp_path / "notes/read.me", "hello")
    write(tmp_path / ".git/config", "[core]")
    write(tmp_path / ".DS_Store", "x")
    write(tmp_path / "empty.csv", "")
    zipped(tmp_path / "more.zip", {"readme.txt": "x", "__MACOSX/readme.txt": "x", "dir/.hidden": "x"})
    assert open_dataset(tmp_path).ignored == ("empty.csv", "more.zip/readme.txt", "notes/read.me")


def test_a_folder_of_two_formats_is_one_dataset_of_the_instruments_of_both(tmp_path: Path) -> None:
    tardis(tmp_path / "t")
    databento(tmp_path / "d")
    both = open_dataset(tmp_path)
    assert both.format == "tardis + databento-csv"
    assert both.instruments == ("AAPL", "binance:BTCUSDT")


def test_an_unknown_format_is_refused_with_what_was_found_and_what_is_understood(tmp_path: Path) -> None:
    write(tmp_path / "prices.csv", "\ufeffdate;close\n1;2\n")
    write(tmp_path / "picture.png", b"\x89PNG\x00\x00")
    with pytest.raises(UnknownFormat) as refusal:
        open_dataset(tmp_path)
    assert "prices.csv: text that starts with 'date;close'" in str(refusal.value)
    assert "picture.png: a picture" in str(refusal.value)
    for known in formats():
        assert known.title in str(refusal.value)


def test_an_empty_folder_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat, match="is empty"):
        open_dataset(tmp_path)
    with pytest.raises(DatasetError, match="does not exist"):
        open_dataset(tmp_path / "nowhere")


def test_many_unknown_files_are_not_all_listed(tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path / f"{number:02d}.txt", "x")
    with pytest.raises(UnknownFormat, match="and 20 more"):
        open_dataset(tmp_path)


def test_damaged_archives_are_refused_by_name(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"rows.csv": lines(*map(str, range(1000)))})
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r"a\.zip: the zip archive is damaged"):
        open_dataset(tmp_path)
    with zipfile.ZipFile(archive, "w") as rewritten:
        rewritten.writestr("rows.csv", "plain text to be changed")
    archive.write_bytes(archive.read_bytes().replace(b"plain", b"PLAIN", 1))
    with pytest.raises(DatasetError, match=r"a\.zip/rows\.csv: cannot be read"):
        open_dataset(tmp_path)


def test_an_unknown_instrument_is_refused_with_what_there_is_and_the_nearest(tmp_path: Path) -> None:
    dataset = open_dataset(tardis(tmp_path))
    with pytest.raises(SettingError, match=r"one of binance:BTCUSDT; did you mean binance:BTCUSDT\?"):
        dataset.open("BTCUDST", "exchange", Report())


def test_an_instrument_may_be_named_in_any_case_and_without_its_exchange(tmp_path: Path) -> None:
    dataset = open_dataset(tardis(tmp_path))
    for name in ("binance:BTCUSDT", "BTCUSDT", "btcusdt", "Binance:BtcUsdt", None):
        assert dataset.resolved(name) == "binance:BTCUSDT"


def test_the_folder_of_the_recorded_data_is_sorted_into_instruments(shared_data: Path) -> None:
    assert open_dataset(shared_data / "tardis").instruments == (
        "binance-futures:BTCUSDT",
        "binance:BTCUSDT",
        "bitmex:XBTUSD",
        "deribit:BTC-PERPETUAL",
        "huobi-dm-swap:BTC-USD",
    )
