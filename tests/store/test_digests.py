"""Which files are hashed again: with what is remembered, a key is always the one that hashing everything gives."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from processor.formats import open_dataset
from processor.settings import Aggregation
from processor.sources.opening import open_source
from processor.store import digests as digesting
from processor.store.cache import Cache
from processor.store.digests import DIGESTS_FILE, Digests, digest_of
from tests.formats.samples import TARDIS_TRADES, lines, tardis_trade, write

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 2_000


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    rows = [tardis_trade(at * 1000, "buy", "100", "1") for at in range(ROWS)]
    write(tmp_path / "market" / "trades.csv", lines(TARDIS_TRADES, *rows))
    return tmp_path / "market"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are hashed whole."""
    names: list[str] = []

    def counted(path: Path) -> bytes:
        names.append(path.name)
        return digest_of(path)

    monkeypatch.setattr(digesting, "digest_of", counted)
    return names


def much_later() -> int:
    return time.time_ns() + 10**13


def start(dataset: Path, folder: Path) -> str:
    """A start with the cache in `folder`, long after the files were written; what the cache says of it."""
    cache = Cache(folder, 10**9)
    object.__setattr__(cache, "digests", Digests(folder, now_ns=much_later))
    source = open_source(open_dataset(dataset), None, "exchange", cache)
    try:
        _, chunks = source.start(Aggregation(), None, keep=None)
        for _ in chunks:
            pass
        return source.cache
    finally:
        source.close()


def change_in_place(path: Path) -> None:
    """Exchange two bytes of a file and set its time of writing back."""
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        with path.open("r+b") as file:
            file.seek(-3, os.SEEK_END)
            file.write(b"7")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)


def test_a_file_is_hashed_at_the_first_start_and_not_at_the_next_ones(
    dataset: Path, tmp_path: Path, hashed: list[str]
) -> None:
    start(dataset, tmp_path / "cache")
    assert hashed == ["trades.csv"]
    assert [start(dataset, tmp_path / "cache") for _ in range(3)] == ["complete"] * 3
    assert hashed == ["trades.csv"]


def test_a_file_changed_in_place_with_its_old_time_is_hashed_again(
    dataset: Path, tmp_path: Path, hashed: list[str]
) -> None:
    digests = Digests(tmp_path, now_ns=much_later)
    before = digests.of(dataset / "trades.csv")
    digests.save()
    change_in_place(dataset / "trades.csv")
    after = Digests(tmp_path, now_ns=much_later).of(dataset / "trades.csv")
    assert after == digest_of(dataset / "trades.csv") != before
    assert hashed == ["trades.csv"] * 2


@pytest.mark.parametrize("change", ["touched", "longer", "replaced", "exchanged"])
def test_whatever_happens_to_files_their_digests_are_those_of_their_content(
    dataset: Path, tmp_path: Path, change: str
) -> None:
    one, other = dataset / "trades.csv", dataset / "other.csv"
    other.write_bytes(one.read_bytes().replace(b"buy", b"sel"))
    remembered = Digests(tmp_path, now_ns=much_later)
    for path in (one, other):
        remembered.of(path)
    remembered.save()
    if change == "touched":
        os.utime(one, (1, 1))
    elif change == "longer":
        one.write_bytes(one.read_bytes() + b"\n")
    elif change == "replaced":
        times = one.stat()
        os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
        other.replace(one)
        other.write_bytes(b"x" * 100_000)
    else:
        between = dataset / "between"
        one.rename(between)
        other.rename(one)
        between.rename(other)
    digests = Digests(tmp_path, now_ns=much_later)
    assert [digests.of(path) for path in (one, other)] == [digest_of(one), digest_of(other)]


def test_a_file_that_has_just_been_written_is_not_remembered(dataset: Path, tmp_path: Path, hashed: list[str]) -> None:
    for _ in range(2):
        digests = Digests(tmp_path)
        digests.of(dataset / "trades.csv")
        digests.save()
    assert hashed == ["trades.csv"] * 2
    assert not (tmp_path / DIGESTS_FILE).exists()


@pytest.mark.parametrize("harm", [b"", b"[]", b'{"a": [1]}', b"\xff\xfe", b'{"a": '])
def test_what_is_remembered_and_damaged_is_hashed_again(dataset: Path, tmp_path: Path, harm: bytes) -> None:
    (tmp_path / DIGESTS_FILE).write_bytes(harm)
    digests = Digests(tmp_path, now_ns=much_later)
    assert digests.of(dataset / "trades.csv") == digest_of(dataset / "trades.csv")
    digests.save()
    assert Digests(tmp_path).of(dataset / "trades.csv") == digest_of(dataset / "trades.csv")


def test_two_processes_remember_for_each_other(dataset: Path, tmp_path: Path, hashed: list[str]) -> None:
    (dataset / "other.csv").write_bytes((dataset / "trades.csv").read_bytes())
    names = ("trades.csv", "other.csv")
    both = [Digests(tmp_path, now_ns=much_later) for _ in names]
    for digests, name in zip(both, names, strict=True):
        digests.of(dataset / name)
    for digests in both:
        digests.save()
    third = Digests(tmp_path)
    for name in names:
        third.of(dataset / name)
    assert sorted(hashed) == sorted(names)
