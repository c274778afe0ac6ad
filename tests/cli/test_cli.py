"""The command line as its users meet it: what it prints and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import polars as pl
import pytest

from processor.aggregate.output import write_table
from processor.cli.main import check_environment
from processor.errors import SettingError
from shared import STATUS_FILE, DirectoryReader
from tests.cli.running import run, run_here
from tests.core.markets import market, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("markets") / "walk"
    write(folder, *market(rows=4000), instrument="WALK")
    return write(folder, *market(rows=1000, seed=2), instrument="STROLL")


def until(directory: Path, state: str) -> None:
    reader = DirectoryReader(directory)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        picture = reader.poll()
        if picture and picture.status.state == state:
            return
        time.sleep(0.05)
    raise AssertionError(reader.problem or f"never {state}")


def test_help_names_the_commands_and_each_its_options() -> None:
    assert all(name in run("--help").stdout for name in ("replay", "aggregate", "inspect", "demo", "health"))
    options = ("--interval", "--obi-levels", "--speed", "--start", "--until", "--clock", "--cvd-reset", "--at-end")
    shown = run("replay", "--help").stdout
    assert all(option in shown for option in options)


@pytest.mark.parametrize("words", [["--help"], ["replay", "--help"], ["control", "--help"]])
def test_help_is_there_without_the_libraries_that_read_data(words: list[str]) -> None:
    program = (
        "import sys; from processor.cli.main import app; app(sys.argv[1:], standalone_mode=False);"
        "print('loaded:', *{'polars', 'numba', 'numpy', 'isal', 'distributed'} & {*sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", program, *words], check=True, capture_output=True, text=True)

    assert "Usage:" in found.stdout
    assert found.stdout.endswith("loaded:\n")


def test_a_misspelt_variable_is_refused_with_the_nearest_right_name() -> None:
    found = run("inspect", "x", PROCESSOR_INTERVALL="1m")

    assert found.returncode == 1
    assert "PROCESSOR_INTERVALL" in found.stderr
    assert "the nearest is PROCESSOR_INTERVAL" in found.stderr
    assert "Traceback" not in found.stderr


def test_variables_of_other_programs_are_left_alone() -> None:
    check_environment({"PATH": "/bin", "PROCESSOR_SPEED": "10", "VISUALIZER_PORT": "1"})
    with pytest.raises(SettingError, match="PROCESSOR_SPEED"):
        check_environment({"PROCESSOR_SPED": "10"})


def test_every_option_can_come_from_the_environment(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.csv"
    environment = {"PROCESSOR_INTERVAL": "1h", "PROCESSOR_INSTRUMENT": "WALK", "PROCESSOR_OUT": str(out)}
    found = run("aggregate", PROCESSOR_DATASET=str(dataset), PROCESSOR_UNTIL="", **environment)

    assert found.returncode == 0, found.stderr
    assert len(pl.read_csv(out)) == 3


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--interval", "1x", "expected a duration up to 7d (1s"),
        ("--speed", "0", "expected a factor from 0.1 to 10000, or max"),
        ("--obi-levels", "-1", "expected a whole number from 0"),
        ("--depth-levels", "0", "expected a whole number from 1 to 1000"),
        ("--start", "noon", "expected a time such as"),
        ("--clock", "wall", "expected exchange or local"),
        ("--at-end", "stop", "expected hold or exit or loop"),
        ("--instrument", "WALL", "did you mean WALK"),
    ],
)
def test_a_wrong_value_is_one_line_that_says_what_would_do(
    dataset: Path, tmp_path: Path, option: str, value: str, hint: str
) -> None:
    found = run_here("replay", dataset, "--out", tmp_path, option, value)

    assert found.returncode == 1
    assert hint in found.stderr
    assert "Traceback" not in found.stderr


def test_a_table_of_another_kind_is_refused_before_any_work(dataset: Path, tmp_path: Path) -> None:
    found = run_here("aggregate", dataset, "--out", tmp_path / "table.xlsx")

    assert found.returncode == 1
    assert ".parquet or .csv" in found.stderr


@pytest.mark.parametrize("out", ["file.txt/table.parquet", "folder.csv", "x" * 300 + ".csv", "/proc/new/table.csv"])
def test_a_table_that_cannot_be_written_is_refused_in_one_line_before_any_work(tmp_path: Path, out: str) -> None:
    (tmp_path / "file.txt").write_text("no folder")
    (tmp_path / "folder.csv").mkdir()
    found = run_here("aggregate", tmp_path / "no dataset", "--out", tmp_path / out)

    assert found.returncode == 1
    assert found.stderr.startswith("processor: invalid out ")
    assert len(found.stderr.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.txt", "folder.csv"]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_table_for_which_the_disk_has_no_room_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / f".{name}.tmp").symlink_to("/dev/full")
    with pytest.raises(SettingError, match="No space left on device"):
        write_table(pl.DataFrame({"price": [1.5] * 100_000}), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_table_begins_and_ends_where_it_is_told_to(dataset: Path, tmp_path: Path) -> None:
    def table(*options: str) -> pl.DataFrame:
        out = tmp_path / "t.parquet"
        assert run_here("aggregate", dataset, "--out", out, "--instrument", "WALK", *options).returncode == 0
        return pl.read_parquet(out)

    whole = table()
    middle = table("--start", "+1h", "--until", "+2h")
    times = middle["timestamp_ms"]

    assert times[0] - whole["timestamp_ms"][0] in {3_600_000, 3_540_000}
    assert times[-1] - whole["timestamp_ms"][0] <= 7_200_000
    same = whole.filter(pl.col("timestamp_ms").is_in(times.to_list()[:-1]))
    assert same.equals(middle[:-1])


def test_inspect_says_what_there_is(dataset: Path) -> None:
    text = run_here("inspect", dataset).stdout
    found = json.loads(run_here("inspect", dataset, "--json", "--instrument", "WALK").stdout)

    assert "WALK (of STROLL, WALK)" in text
    assert (found["instruments"], found["instrument"], found["trades"]) == (["STROLL", "WALK"], "WALK", 800)
    assert (found["price_tick"], found["size_lot"], found["format"]) == ("0.1", "0.001", "orderflow-parquet")
    assert sum(file["rows"] for file in found["files"]) == 4800


def test_a_replay_is_healthy_while_it_lives_and_says_so_when_it_does_not(dataset: Path, tmp_path: Path) -> None:
    assert run("health", tmp_path).returncode == 1
    command = [sys.executable, "-m", "processor", "replay", str(dataset), "--out", str(tmp_path), "--speed", "max"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until(tmp_path, "finished")
        alive = run("health", tmp_path)
        second = run("replay", dataset, "--out", tmp_path)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)

    assert alive.returncode == 0, alive.stderr
    assert "finished" in alive.stdout
    assert second.returncode == 1
    assert f"already has a writer (pid {process.pid})" in second.stderr
    assert process.returncode == 0
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert events == ["replay_started", "replay_finished", "stopping"]

    status = json.loads((tmp_path / STATUS_FILE).read_bytes())
    (tmp_path / STATUS_FILE).write_text(json.dumps(status | {"heartbeat_ms": 0, "boot_id": None}))
    dead = run("health", tmp_path)
    assert dead.returncode == 1
    assert "heartbeat" in dead.stderr


def test_sigterm_in_the_middle_publishes_once_more_and_exits_with_0(dataset: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "processor", "replay", str(dataset), "--out", str(tmp_path), "--speed", "1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        until(tmp_path, "playing")
        before = json.loads((tmp_path / STATUS_FILE).read_bytes())
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0

    after = json.loads((tmp_path / STATUS_FILE).read_bytes())
    assert after["generation"] > before["generation"]
    assert after["session"] == before["session"]


def test_a_dataset_that_cannot_be_replayed_exits_with_1_and_a_sentence(tmp_path: Path) -> None:
    found = run("replay", tmp_path / "nothing", "--out", tmp_path / "ipc")

    assert found.returncode == 1
    assert "does not exist" in found.stderr
    assert "Traceback" not in found.stderr
    assert "does not exist" in json.loads((tmp_path / "ipc" / STATUS_FILE).read_bytes())["error"]
