"""From a vendor's packed files: whole processes beside `gzip -dc | wc -l`, and when the first picture is there."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from typing import TYPE_CHECKING, Final

import polars as pl

from bench import aggregation, processes, tardis_files
from bench.figures import Bar, Figure, progress, spread
from bench.rounds import Disagreement, ratios
from processor.aggregate.table import table
from processor.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

PART: Final = "cold"
_SECOND_START_S: Final = 2.0
_COMPARED: Final = ("volume", "cvd_close", "obi_open", "obi_high", "obi_low", "obi_close")


def measure(cache: Path, *, events: int, rounds: int) -> list[Figure]:
    """Seconds from csv.gz to the table and to the first picture, and how many times gzip's they are.

    Raises:
        Disagreement: the table is not that of the same market in the project's own layout.
    """
    folder, little = tardis_files.written(cache, events), tardis_files.written(cache, aggregation.WARM_UP_EVENTS)
    kept, out = cache / "cold-cache", cache / "cold.parquet"
    # The first one compiles what is not in Numba's cache yet, which shows in the maximum only.
    starting = [_aggregated(little, out, kept) for _ in range(rounds)]
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(rounds):
        lines, taken = _unpacked(folder)
        theirs.append(taken)
        ours.append(_aggregated(folder, out, kept))
        progress(f"{PART} {number + 1}/{rounds}: gzip {theirs[-1]:.2f} s, ours {ours[-1]:.2f} s")
    must_be_the_market(pl.read_parquet(out), tardis_files.market(cache, events))
    packed = sum(path.stat().st_size for path in folder.iterdir())
    size = f"{lines:,} lines, {packed / 1e6:.0f} MB packed"
    begun = f"of which {statistics.median(starting):.2f} s are its start"
    against = f"run by run; {size}; kernels in Numba's cache"
    return [
        Figure(PART, "gzip -dc FILES | wc -l", "s", spread(theirs), note=size),
        Figure(PART, "processor aggregate, of csv.gz", "s", spread(ours), note=f"the whole process, {begun}"),
        Figure(PART, "its start: the same of a short file", "s", spread(starting)),
        Figure(PART, "ours / gzip's", "times", ratios(theirs, ours), Bar("median", "<=", 2.5), against),
        *_pictures(cache, folder, kept, rounds),
    ]


def _aggregated(folder: Path, out: Path, kept: Path) -> float:
    shutil.rmtree(kept, ignore_errors=True)
    return processes.run("processor", "aggregate", str(folder), "--out", str(out), **processes.keeping_in(kept))


def _unpacked(folder: Path) -> tuple[int, float]:
    """Lines that `gzip -dc | wc -l` finds, and its seconds."""
    begun = time.perf_counter()
    with subprocess.Popen(
        ["gzip", "-dc", *sorted(map(str, folder.iterdir()))],  # noqa: S607 - wherever the machine has it
        stdout=subprocess.PIPE,
    ) as gzip:
        counted = subprocess.run(
            ["wc", "-l"],  # noqa: S607
            stdin=gzip.stdout,
            capture_output=True,
            check=True,
        )
    return int(counted.stdout), time.perf_counter() - begun


def must_be_the_market(rows: pl.DataFrame, market: Path) -> None:
    """Compare a table of the vendor's files with the market they were written from.

    Raises:
        Disagreement: they tell another one.
    """
    expected = table(aggregation.aggregated(market, Settings()), Settings()).select(_COMPARED)
    if not rows.select(_COMPARED).equals(expected):
        msg = f"the vendor's files give {rows.height} bars that are not the {expected.height} of the market in them"
        raise Disagreement(msg)


def _pictures(cache: Path, folder: Path, kept: Path, starts: int) -> list[Figure]:
    """The first picture while the files are first read, and of a second start where what was read is kept."""
    name, bar = "first picture of a second start", Bar("max", "<=", _SECOND_START_S)
    if processes.CACHES:
        second = [_first_picture(cache, folder, kept)[0] for _ in range(starts)]
        again = Figure(PART, name, "s", spread(second), bar, "what the first one has read is kept")
    else:
        again = Figure(PART, name, bar=bar, note="the processor keeps nothing between two starts: it has no cache")
    shutil.rmtree(kept, ignore_errors=True)
    first, read_bytes = _first_picture(cache, folder, kept)
    shutil.rmtree(kept, ignore_errors=True)
    share = read_bytes / sum(path.stat().st_size for path in folder.iterdir())
    at = f"{share:.1%} of the files read by then" if read_bytes else ""
    return [Figure(PART, "first picture, of csv.gz", "s", {"once": first}, note=at), again]


def _first_picture(cache: Path, folder: Path, kept: Path) -> tuple[float, int]:
    """Seconds to the first picture of a replay, its start included, and the bytes of the files read by then.

    What is read is 0 where that cannot be seen.
    """
    directory, log = cache / "ipc", cache / "replay.log"
    shutil.rmtree(directory, ignore_errors=True)
    read: dict[str, int] = {}
    command = ("processor", "replay", str(folder), "--out", str(directory))
    with processes.running(log, *command, **processes.keeping_in(kept)) as replay:

        def shown() -> bool:
            # A file is closed once it is read: the last that was seen of it counts.
            read.update(processes.read_so_far(replay, folder))
            return processes.pictures(directory)

        taken = processes.until(shown, replay, log)
    return taken, sum(read.values())
