"""The examples in `examples/`: a writer without our packages, and a reader in another language."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from playwright._impl._driver import compute_driver_executable

from shared import DirectoryReader
from shared.validate import faults

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
NODE: Final = compute_driver_executable()[0]


def writing(folder: Path, publications: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, EXAMPLES / "writer.py", folder, str(publications)])


def read_by_node(folder: Path) -> str:
    command = [NODE, str(EXAMPLES / "reader.mjs"), str(folder), "--once"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_writer_keeps_the_contract_and_node_reads_the_best_prices_of_its_last_picture(tmp_path: Path) -> None:
    assert writing(tmp_path, 4).wait(60) == 0
    assert list(faults(tmp_path)) == []
    picture = DirectoryReader(tmp_path).poll()
    assert picture is not None
    assert (picture.status.generation, len(picture.ohlc)) == (4, 1)
    best = [f"{side[0].price:g} x {side[0].size:g}" for side in (picture.depth.bids, picture.depth.asks)]
    assert read_by_node(tmp_path) == f"2023-11-14T22:13:21.500Z EXAMPLE bid {best[0]} ask {best[1]}"


def test_wherever_the_writer_is_killed_a_reader_that_starts_then_has_a_whole_picture(tmp_path: Path) -> None:
    dice = random.Random(1)
    last = 0
    assert writing(tmp_path, 1).wait(60) == 0
    for _ in range(5):
        writer = writing(tmp_path, 1000)
        while (picture := DirectoryReader(tmp_path).poll()) is not None and picture.status.generation <= last + 1:
            time.sleep(0.002)
        time.sleep(dice.random() / 10)
        writer.kill()
        writer.wait()
        picture = DirectoryReader(tmp_path).poll()
        assert picture is not None
        assert picture.status.generation > last
        assert read_by_node(tmp_path)
        last = picture.status.generation
