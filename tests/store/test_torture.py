"""A conversion and a cache in which every system call on their files fails in its turn, or is the last of its process.

What Polars writes goes past Python: there the largest size of a file stands for a disk that is full.
`make torture` goes through all calls and more sizes; otherwise some of each kind are tried.
"""

from __future__ import annotations

import errno
import os
import resource
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import pytest
from structlog.testing import capture_logs

from processor.aggregate.table import aggregate, table
from processor.cli.conversion import convert
from processor.errors import DatasetError, SettingError
from processor.formats import open_dataset
from processor.replay.context import StopSignal
from processor.replay.run import replay
from processor.settings import Settings
from processor.sources.files import FileSource
from processor.store.cache import Cache
from shared import DATA_FILES
from shared.validate import faults
from tests.core.markets import market, write
from tests.replay.fake_clock import FakeClock
from tests.system_calls import Killed, SystemCalls, within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHOLE: Final = bool(os.environ.get("TORTURE"))
FAILURES: Final = (errno.ENOSPC, errno.EIO, errno.EACCES)
CHOSEN: Final = FAILURES if WHOLE else FAILURES[:1]
SIZES: Final = range(0, 12_000, 500) if WHOLE else (0, 1_500)
LIMIT_BYTES: Final = 1 << 30


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("markets") / "walk", *market(rows=30))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as on a disk that is full then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def converted(dataset: Path, out: Path) -> None:
    opened = open_dataset(dataset)
    convert(opened, opened.instruments[0], "exchange", out)


def history_of(folder: Path) -> list[tuple[object, ...]]:
    settings = Settings()
    return table(aggregate(FileSource(open_dataset(folder), None, "exchange"), settings), settings).rows()


def chosen(made: list[str]) -> list[int]:
    """The calls to try: all, or of each kind the one in the middle and the last."""
    if WHOLE:
        return list(range(len(made)))
    places = ([at for at, name in enumerate(made) if name == kind] for kind in sorted(set(made)))
    return sorted({at for of_kind in places for at in (of_kind[len(of_kind) // 2], of_kind[-1])})


def holds_after(dataset: Path, out: Path, expected: list[tuple[object, ...]]) -> None:
    """What lies there is no store or a whole one, and the same command makes a whole one of it."""
    if not any(not path.name.startswith(".") for path in out.glob("*")):
        converted(dataset, out)
    assert history_of(out) == expected
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("number", [*CHOSEN, None], ids=lambda number: errno.errorcode.get(number, "killed"))
def test_a_conversion_in_which_a_call_fails_or_is_the_last_one_goes_on_to_the_store_of_one_in_which_none_does(
    dataset: Path, tmp_path: Path, number: int | None
) -> None:
    clean = SystemCalls(within(tmp_path / "clean"))
    with clean.watched():
        converted(dataset, tmp_path / "clean")
    expected = history_of(tmp_path / "clean")
    assert len(set(clean.made)) > 3
    for at in chosen(clean.made):
        out = tmp_path / f"at {at}"
        calls = SystemCalls(within(out))
        calls.fail(at, Killed() if number is None else OSError(number, os.strerror(number)))
        with calls.watched(), suppress(Killed, SettingError, DatasetError):
            converted(dataset, out)
        calls.close_all()
        holds_after(dataset, out, expected)


@pytest.mark.parametrize("size_bytes", SIZES)
def test_a_conversion_onto_a_disk_that_is_full_is_refused_in_words_and_goes_on_when_it_is_not(
    dataset: Path, tmp_path: Path, size_bytes: int
) -> None:
    converted(dataset, tmp_path / "clean")
    with files_of_at_most(size_bytes), suppress(SettingError):
        converted(dataset, tmp_path / "out")
    holds_after(dataset, tmp_path / "out", history_of(tmp_path / "clean"))


def played(dataset: Path, out: Path, cache: Cache | None) -> dict[str, bytes]:
    settings = Settings(at_end="exit", speed=None)
    assert replay(dataset, out, settings, FakeClock(), StopSignal(), cache=cache, resume=False)
    assert faults(out) == []
    return {name: (out / name).read_bytes() for name in DATA_FILES}


@pytest.mark.parametrize("number", CHOSEN, ids=errno.errorcode.get)
def test_whatever_call_of_the_cache_fails_the_replay_publishes_the_same(
    dataset: Path, tmp_path: Path, number: int
) -> None:
    expected = played(dataset, tmp_path / "ipc", None)
    clean = SystemCalls(within(tmp_path / "clean"))
    with clean.watched():
        for _ in ("filled", "full"):
            assert played(dataset, tmp_path / "ipc", Cache(tmp_path / "clean", LIMIT_BYTES)) == expected
    for at in chosen(clean.made):
        folder = tmp_path / f"at {at}"
        calls = SystemCalls(within(folder))
        calls.fail(at, OSError(number, os.strerror(number)))
        with calls.watched():
            for _ in ("filled", "full"):
                assert played(dataset, tmp_path / "ipc", Cache(folder, LIMIT_BYTES)) == expected, clean.made[at]
        assert played(dataset, tmp_path / "ipc", Cache(folder, LIMIT_BYTES)) == expected
