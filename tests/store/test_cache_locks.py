"""Who holds an entry of the cache holds it alone, also when another process removes or takes it in the same moment."""

from __future__ import annotations

import fcntl
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from processor.core.engine import Engine
from processor.formats import open_dataset
from processor.settings import Aggregation
from processor.sources.opening import open_source
from processor.store import cache as caching
from processor.store.cache import LOCK_FILE, Cache, CacheUnusable, Entry
from processor.store.manifest import MANIFEST_FILE
from tests.core.markets import market, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.sources.base import Source

KEY = "0" * 32
flock = fcntl.flock


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", 10**9)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write(tmp_path / "market", *market(3_000))


def before_lock(monkeypatch: pytest.MonkeyPatch, kind: int, act: Callable[[int], None]) -> None:
    """Let `act` happen once, right before the next lock of this kind is taken; it is given the file's descriptor."""
    pending = [act]

    def meddled(descriptor: int, operation: int) -> None:
        if operation & kind and pending:
            pending.pop()(descriptor)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", meddled)


def test_an_entry_that_is_removed_before_it_could_be_locked_is_made_again_and_held_by_one(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.entry(KEY).release()
    before_lock(monkeypatch, fcntl.LOCK_EX, lambda _: _assert(caching._removed(cache.folder / KEY)))
    held = cache.entry(KEY)
    assert held.writable
    with pytest.raises(CacheUnusable, match="is filling"):
        cache.entry(KEY)
    held.release()


def _assert(done: object) -> None:
    assert done


def test_an_entry_that_is_made_while_the_old_one_is_removed_keeps_what_is_written_into_it(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = cache.entry(KEY)
    (old.folder / "2024-08-09").mkdir()
    (old.folder / "2024-08-09" / "trades-0000.parquet").write_bytes(b"old")
    (old.folder / "stray").write_bytes(b"old")
    old.release()
    unlink = Path.unlink
    newcomers: list[Entry] = []

    def meddled(path: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - as it is
        unlink(path, missing_ok)
        if path.name == LOCK_FILE and not newcomers:
            assert list(path.parent.iterdir()) == []
            newcomers.append(cache.entry(KEY))
            (path.parent / "2024-08-09").mkdir()
            (path.parent / "2024-08-09" / "trades-0000.parquet").write_bytes(b"new")

    monkeypatch.setattr(Path, "unlink", meddled)
    assert not caching._removed(cache.folder / KEY)
    (newcomer,) = newcomers
    assert newcomer.is_there()
    assert (newcomer.folder / "2024-08-09" / "trades-0000.parquet").read_bytes() == b"new"
    assert not caching._removed(newcomer.folder)
    newcomer.release()
    assert caching._removed(newcomer.folder)


def rows(source: Source) -> tuple[str, list[tuple[object, ...]]]:
    """What is read of a source, and what it says of the cache then."""
    with closing(source):
        state, chunks = source.start(Aggregation(), None, keep=None)
        engine = Engine(Aggregation(), state=state)
        for chunk in chunks:
            engine.advance(chunk.trades, chunk.book)
        return source.cache, engine.rows().rows()


@pytest.mark.parametrize("complete", [True, False])
def test_an_entry_that_another_process_takes_while_its_lock_is_shared_is_not_read(
    dataset: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, *, complete: bool
) -> None:
    def opened() -> Source:
        return open_source(open_dataset(dataset), None, "exchange", cache)

    if complete:
        assert rows(opened())[0] == "complete"
    takers: list[Entry] = []

    def take(descriptor: int) -> None:
        flock(descriptor, fcntl.LOCK_UN)
        (folder,) = cache.folder.glob("[!.]*")
        takers.append(Entry(folder))
        assert takers[0].writable

    before_lock(monkeypatch, fcntl.LOCK_SH, take)
    state, found = rows(opened())
    assert state == "abandoned"
    monkeypatch.undo()
    assert found == rows(open_source(open_dataset(dataset), None, "exchange", None))[1]
    (taker,) = takers
    assert (taker.folder / MANIFEST_FILE).exists()
    taker.release()
