"""The cache: what finds an entry, what makes room, and what is left when something goes wrong in the middle."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from processor.aggregate.table import aggregate_all
from processor.cli.main import app
from processor.core.engine import Engine
from processor.core.merge import ordering
from processor.errors import DatasetError
from processor.formats import open_dataset
from processor.publish.views.footprint import footprint_payload
from processor.publish.views.sizes import sizes_payload
from processor.publish.views.tape import tape_payload
from processor.settings import Aggregation, Settings
from processor.sources import conversion as converting
from processor.sources.cached import CachedSource
from processor.sources.files import FileSource
from processor.sources.key import source_key
from processor.sources.opening import open_source
from processor.sources.store import StoreSource
from processor.store import cache as caching
from processor.store import manifest as manifests
from processor.store import writer as writing
from processor.store.cache import Cache
from processor.store.files import write_parquet
from processor.store.manifest import MANIFEST_FILE
from shared import STATUS_FILE
from tests.core.markets import market, write
from tests.formats import samples
from tests.replay.test_replay import contents, play, status_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.core.merge.chunk import Chunk
    from processor.sources.base import Source
    from processor.store.checksums import StoredFile
    from processor.store.manifest import Manifest

GB = 10**9


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write(tmp_path / "market", *market(6_000))


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", GB)


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "SEGMENT_EVENTS", 500)
    monkeypatch.setattr(ordering, "HELD_ROWS", 300)
    monkeypatch.setattr("processor.formats.own.GROUP_ROWS", 400)


def opened(dataset: Path, cache: Cache | None) -> Source:
    return open_source(open_dataset(dataset), None, "exchange", cache)


def read(source: Source, on_chunk: Callable[[int], None] = lambda _: None) -> list[tuple[Any, ...]]:
    """The rows of one pass."""
    try:
        state, chunks = source.start(Aggregation(), None, keep=None)
        engine = Engine(Aggregation(), state=state)
        for number, chunk in enumerate(chunks):
            on_chunk(number)
            engine.advance(chunk.trades, chunk.book)
    finally:
        source.close()
    return engine.rows().rows()


def test_the_second_reading_is_of_the_cache_alone_and_tells_the_same(dataset: Path, cache: Cache) -> None:
    first = opened(dataset, cache)
    assert first.cache == "filling"
    rows = read(first)
    first.refresh()
    second = opened(dataset, cache)
    assert second.cache == "complete"
    assert second.time_range is not None
    assert read(second) == rows == read(opened(dataset, None))
    assert second.report.to_json() == first.report.to_json()
    assert second.report.complete


def test_an_entry_is_there_for_others_as_soon_as_it_is_complete(dataset: Path, cache: Cache) -> None:
    with closing(opened(dataset, cache)) as first:
        with closing(opened(dataset, cache)) as meanwhile:
            assert (first.cache, meanwhile.cache) == ("filling", "abandoned")
        list(first.start(Aggregation(), None, keep=None)[1])
        assert first.cache == "complete"
        with closing(opened(dataset, cache)) as second:
            assert second.cache == "complete"


def test_the_same_files_are_found_wherever_they_lie_and_whenever_they_were_touched(
    dataset: Path, tmp_path: Path, cache: Cache
) -> None:
    read(opened(dataset, cache))
    copied = tmp_path / "elsewhere"
    shutil.copytree(dataset, copied)
    for path in copied.rglob("*.parquet"):
        os.utime(path, (1, 1))
    found = opened(copied, cache)
    assert found.cache == "complete"
    found.close()


def test_another_content_name_instrument_clock_or_mapping_is_another_entry(tmp_path: Path) -> None:
    folder = tmp_path / "csv"
    folder.mkdir()
    rows = "time,price,amount\n1,10,1\n2,11,2\n"
    (folder / "a.csv").write_text(rows)
    named = 'files = "*.csv"\ninstrument = "X"\ntime = "time"\ntime_unit = "s"\nprice = "price"\nsize = "amount"\n'
    mapped = f"[trades]\n{named}"
    (folder / "mapping.toml").write_text(mapped)
    keys = set()

    def remember(instrument: str = "X", clock: str = "exchange") -> None:
        made = open_dataset(folder)
        keys.add(source_key(made.format, instrument, clock, made.files_of("X")))

    remember()
    remember()
    assert len(keys) == 1
    remember(clock="local")
    remember(instrument="Y")
    (folder / "mapping.toml").write_text(mapped + "# other\n")
    remember()
    (folder / "a.csv").write_text(rows.replace("11", "12"))
    remember()
    (folder / "a.csv").rename(folder / "b.csv")
    remember()
    assert len(keys) == 6


def test_a_conversion_that_was_cut_off_is_gone_on_with(
    dataset: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read(opened(dataset, None))
    monkeypatch.setattr(converting.Conversion, "start", lambda _: None)
    filling = opened(dataset, cache)
    assert isinstance(filling, CachedSource)
    conversion = filling._conversion
    assert conversion is not None
    segments = 0

    def stop_in_the_middle() -> None:
        nonlocal segments
        segments += 1
        if segments == 4:
            raise KeyboardInterrupt

    conversion._check = stop_in_the_middle
    with pytest.raises(KeyboardInterrupt):
        conversion.run()
    filling.close()
    monkeypatch.undo()
    monkeypatch.setattr(writing, "SEGMENT_EVENTS", 500)
    left = manifests.load(filling.store.folder)
    assert left is not None
    assert (left.complete, len(left.segments)) == (False, 4)
    files = {name: (filling.store.folder / name).stat().st_mtime_ns for part in left.segments for name in part.files}

    again = opened(dataset, cache)
    assert again.cache == "filling"
    assert read(again) == expected
    for name, changed_ns in files.items():
        assert (filling.store.folder / name).stat().st_mtime_ns == changed_ns
    assert read(opened(dataset, cache)) == expected


def test_entries_longest_unused_make_room_but_none_that_is_in_use(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", GB)
    datasets = [write(tmp_path / str(seed), *market(2_000, seed=seed)) for seed in range(3)]
    for made in datasets[:2]:
        read(opened(made, cache))
    used = opened(datasets[0], cache)
    entries = {path.name for path in cache.folder.glob("[!.]*")}
    assert len(entries) == 2
    tight = Cache(cache.folder, caching._size_bytes(cache.folder) + 1)
    third = opened(datasets[2], tight)
    read(third)
    assert isinstance(used, CachedSource)
    left = {path.name for path in cache.folder.glob("[!.]*")}
    assert used.store.folder.name in left
    assert len(left) == 2
    read(used)
    assert opened(datasets[1], cache).cache == "filling"


@pytest.mark.parametrize("trouble", ["limit", "disk", "file", "busy"])
def test_without_a_cache_to_use_the_dataset_is_read_directly(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    expected = read(opened(dataset, None))
    cache = Cache(tmp_path / "cache", 10_000 if trouble == "limit" else GB)
    if trouble == "disk":
        monkeypatch.setattr(caching, "FREE_BYTES", 2**62)
    elif trouble == "file":
        cache.folder.write_text("no folder")
    elif trouble == "busy":
        monkeypatch.setattr(converting.Conversion, "start", lambda _: None)
        assert opened(dataset, cache).cache == "filling"
    source = opened(dataset, cache)
    assert read(source) == expected
    assert source.cache == "abandoned"
    assert isinstance(source, CachedSource if trouble == "limit" else FileSource)
    assert source.report.complete


def test_a_disk_that_fills_up_in_the_middle_loses_nothing(
    dataset: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read(opened(dataset, None))
    written = 0
    original = write_parquet

    def full(*arguments: Any, **named: Any) -> StoredFile:
        nonlocal written
        written += 1
        if written > 14:
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(*arguments, **named)

    monkeypatch.setattr("processor.store.writer.write_parquet", full)
    source = opened(dataset, cache)
    assert read(source) == expected
    assert source.cache == "abandoned"
    monkeypatch.setattr("processor.store.writer.write_parquet", original)
    again = opened(dataset, cache)
    assert again.cache == "filling"
    assert read(again) == expected


@pytest.mark.parametrize("complete", [True, False])
def test_a_cache_deleted_while_it_is_read_loses_nothing(dataset: Path, cache: Cache, *, complete: bool) -> None:
    expected = read(opened(dataset, None))
    if complete:
        read(opened(dataset, cache))

    def delete(number: int) -> None:
        # What is being written meanwhile may come back once more.
        while number == 2 and cache.folder.exists():
            shutil.rmtree(cache.folder, ignore_errors=True)

    assert read(opened(dataset, cache), delete) == expected


@pytest.mark.parametrize("harmed", ["checkpoint", "book"])
def test_once_the_files_are_read_instead_of_a_damaged_cache_the_report_is_theirs_from_the_first_event(
    dataset: Path, cache: Cache, harmed: str
) -> None:
    with closing(opened(dataset, None)) as files:
        last_ns = [chunk.until_ns for chunk in files.start(Aggregation(), None, keep=None)[1]][-1]
        expected = files.report.to_json()
    read(opened(dataset, cache))
    with closing(opened(dataset, cache)) as source:
        (entry,) = cache.folder.glob("[!.]*")
        for path in entry.rglob(f"{harmed}-*.parquet"):
            path.write_bytes(b"damaged")
        assert source.whole
        # A book is read with the first chunk, a checkpoint before.
        state, chunks = source.start(Aggregation(), last_ns, keep=1)
        assert (state is None, source.cache) == ((True, "abandoned") if harmed == "checkpoint" else (False, "complete"))
        assert [chunk.until_ns for chunk in chunks][-1] == last_ns
        assert (source.cache, source.whole) == ("abandoned", True)
        assert source.report.to_json() == expected


def test_a_dataset_is_still_needed_between_the_loss_of_the_cache_and_the_reading_of_its_files(
    dataset: Path, cache: Cache
) -> None:
    read(opened(dataset, cache))
    with closing(opened(dataset, cache)) as source:
        assert (source.whole, source.report.complete) == (True, True)
        for path in cache.folder.rglob("trades-*.parquet"):
            path.write_bytes(b"damaged")
        assert source.time_range is not None
        source.neighbour(source.time_range[0], "trade", forward=True)
        assert (source.cache, source.whole) == ("abandoned", False)


@pytest.mark.parametrize("harm", ["missing", "shorter", "manifest"])
def test_a_damaged_entry_is_made_anew(dataset: Path, cache: Cache, harm: str) -> None:
    expected = read(opened(dataset, cache))
    (entry,) = cache.folder.glob("[!.]*")
    path = entry / MANIFEST_FILE if harm == "manifest" else sorted(entry.rglob("book-*.parquet"))[1]
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-100])
    again = opened(dataset, cache)
    assert again.cache == "filling"
    assert read(again) == expected
    assert opened(dataset, cache).cache == "complete"


@pytest.mark.parametrize("harmed", ["book", "trades", "bars", "checkpoint", "session", "orders"])
@pytest.mark.parametrize("at", ["data", "footer"])
def test_a_flipped_bit_in_any_file_of_a_cache_is_told_and_changes_no_number(
    dataset: Path, cache: Cache, harmed: str, at: str
) -> None:
    aggregation = Aggregation(interval_ns=10**9, extras=frozenset({"flow"}))

    def pictures(source: Source) -> list[Any]:
        """What is shown at the end, after a seek to there."""
        with closing(source):
            state, chunks = source.start(aggregation, last_ns, keep=40)
            engine = Engine(aggregation, keep=40, state=state)
            for chunk in chunks:
                engine.advance(chunk.trades, chunk.book)
            payloads = footprint_payload(engine), sizes_payload(engine, at_end=True), tape_payload(engine)
            return [engine.rows().rows(), *payloads]

    with closing(opened(dataset, None)) as files:
        last_ns = [chunk.until_ns for chunk in files.start(Aggregation(), None, keep=None)[1]][-1]
    read(opened(dataset, cache))
    expected = pictures(opened(dataset, cache))
    (entry,) = cache.folder.glob("[!.]*")
    paths = sorted(entry.rglob(f"{harmed}-*.parquet"))
    assert paths
    for path in paths:
        content = bytearray(path.read_bytes())
        content[len(content) // 3 if at == "data" else -20] ^= 4
        path.write_bytes(content)
    source = opened(dataset, cache)
    assert source.cache == "complete"
    assert pictures(source) == expected
    assert source.cache == "abandoned"
    again = opened(dataset, cache)
    assert again.cache == "filling"
    assert pictures(again) == expected


def test_a_flipped_bit_in_a_converted_dataset_is_refused_with_the_file(tmp_path: Path, dataset: Path) -> None:
    done = CliRunner().invoke(app, ["convert", str(dataset), "--out", str(tmp_path / "converted")])
    assert done.exit_code == 0, done.output
    path = next(each for each in (tmp_path / "converted").rglob("book-0001.parquet") if each.parent.name != ".index")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=f"{path.name}: damaged: it is not what was written"):
        read(open_source(open_dataset(tmp_path / "converted"), None, "exchange", None))


def test_a_dataset_that_changes_while_it_is_read_is_not_kept_and_not_played_on(
    dataset: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = writing.StoreWriter.add

    def changed(self: writing.StoreWriter, chunk: Chunk) -> bool:
        (dataset / "later.csv").write_text("a file more")
        return original(self, chunk)

    monkeypatch.setattr(writing.StoreWriter, "add", changed)
    source = opened(dataset, cache)
    with pytest.raises(DatasetError, match="changed while it was read"):
        read(source)
    (dataset / "later.csv").unlink()
    monkeypatch.undo()
    again = opened(dataset, cache)
    assert again.cache == "filling"
    again.close()


def test_an_unfinished_conversion_is_not_a_dataset(dataset: Path, tmp_path: Path, cache: Cache) -> None:
    read(opened(dataset, cache))
    (entry,) = cache.folder.glob("[!.]*")
    found = manifests.load(entry)
    assert found is not None
    assert isinstance(opened(entry, None), StoreSource)
    manifests.save(entry, type(found)(**{**_fields(found), "complete": False}))
    with pytest.raises(DatasetError, match="unfinished conversion"):
        opened(entry, None)


def _fields(manifest: manifests.Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in manifest.__struct_fields__}


def test_published_files_are_the_same_from_the_vendors_files_a_filling_cache_and_a_full_one(
    dataset: Path, tmp_path: Path, cache: Cache
) -> None:
    for name, kept in (("direct", None), ("filling", cache), ("full", cache)):
        out = tmp_path / name
        play(dataset, out, cache=kept, speed=None)
    assert contents(tmp_path / "direct") == contents(tmp_path / "filling") == contents(tmp_path / "full")
    assert status_of(tmp_path / "direct").cache == "off"
    assert status_of(tmp_path / "full").cache == "complete"


def test_a_processor_killed_in_the_middle_of_a_conversion_leaves_what_the_next_goes_on_with(
    tmp_path: Path,
) -> None:
    """Real processes, killed at moments that creep through the conversion, and a last one that is left alone."""
    folder = write(tmp_path / "market", *market(800_000, hours=20.0))
    out = tmp_path / "ipc"
    command = [
        *(sys.executable, "-m", "processor", "replay", str(folder), "--out", str(out), "--speed", "max"),
        *("--at-end", "exit", "--cache", str(tmp_path / "cache"), "--resume", "off"),
    ]
    killed = 0
    for wait_s in (0.0, 0.05, 0.2, 0.4):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and not list((tmp_path / "cache").rglob("*.parquet")):
                time.sleep(0.005)
            time.sleep(wait_s)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
        for entry in (tmp_path / "cache").glob("[!.]*"):
            if not (entry / MANIFEST_FILE).exists():
                continue
            found = manifests.load(entry)
            assert found is not None
    assert killed
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    found = manifests.load(next((tmp_path / "cache").glob("[!.]*")))
    assert found is not None
    assert found.complete
    cached = contents(out)
    (out / STATUS_FILE).unlink()
    subprocess.run([*command, "--cache", "off"], check=True, stderr=subprocess.DEVNULL)
    assert contents(out) == cached


def many_small(folder: Path, count: int) -> Path:
    for number in range(count):
        rows = (samples.tardis_trade(at * 1000, "buy", "1.5", "2", symbol=f"S{number:03d}") for at in range(3))
        samples.write(folder / f"{number:03d}.csv", samples.lines(samples.TARDIS_TRADES, *rows))
    return folder


def test_of_many_small_instruments_none_is_kept_and_each_alone_is(tmp_path: Path, cache: Cache) -> None:
    made = open_dataset(many_small(tmp_path / "small", 3))
    together = aggregate_all(made, made.instruments, Settings(), cache)
    assert not cache.folder.exists()
    alone = [aggregate_all(made, [name], Settings(), cache)[0] for name in made.instruments]
    assert len(list(cache.folder.glob("[!.]*"))) == 3
    assert [each.rows.rows() for each in together] == [each.rows.rows() for each in alone]


def test_the_entries_of_a_cache_are_not_all_measured_each_time_that_one_is_written(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Path] = []
    original = caching._size_bytes

    def counted(folder: Path) -> int:
        measured.append(folder)
        return original(folder)

    monkeypatch.setattr(caching, "_size_bytes", counted)
    made = open_dataset(many_small(tmp_path / "small", 12))
    for name in made.instruments:
        aggregate_all(made, [name], Settings(), cache)
    assert len(list(cache.folder.glob("[!.]*"))) == 12
    assert len(measured) < 30


def test_a_small_store_is_complete_with_its_first_manifest(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[bool] = []
    original = manifests.save

    def watched(folder: Path, manifest: Manifest) -> None:
        saved.append(manifest.complete)
        original(folder, manifest)

    monkeypatch.setattr(manifests, "save", watched)
    made = open_dataset(many_small(tmp_path / "small", 1))
    aggregate_all(made, made.instruments, Settings(), cache)
    assert saved == [True]
