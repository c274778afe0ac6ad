from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest

from shared import DATA_FILES, DEPTH_FILE, METRICS_FILE, OHLC_FILE, REPORT_FILE, STATUS_FILE, DirectoryWriter
from shared.schemas import TYPES, committed_as, schema
from shared.validate import faults
from shared.views import FILE_TYPES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    status: dict[str, Any] = {
        "contract": "1.0",
        "session": "s",
        "generation": 1,
        "state": "playing",
        "dataset": "d",
        "instrument": "X",
        "instruments": ["X"],
        "interval": "1m",
        "start_ms": 0,
        "end_ms": None,
        "event_time_ms": 0,
        "speed": None,
        "published_at_ms": 1,
        "heartbeat_ms": 1,
        "control": {"last_id": None, "ok": None, "error": None},
        "checks": {"obi_within_one": True},
        "ipc": {},
        "report": {},
        "error": None,
    }
    with DirectoryWriter(tmp_path) as writer:
        writer.write(OHLC_FILE, b"[[0,1.0,2.0,0.5,1.5,3.0]]", 1)
        writer.write(METRICS_FILE, b"[[0,0.1,0.2,0.0,0.1,0.0,1.0,0.0,1.0]]", 1)
        writer.write(DEPTH_FILE, b'{"bids":[[1.0,2.0],[0.5,1.0]],"asks":[[1.1,2.0]]}', 1)
        status["files"] = msgspec.to_builtins(writer.files)
        writer.commit(json.dumps(status).encode())
    return tmp_path


def rewrite(directory: Path, name: str, text: str) -> None:
    """Replace a data file and have status.json agree."""
    import zlib

    (directory / name).write_text(text)
    status = json.loads((directory / STATUS_FILE).read_bytes())
    status["files"][name] |= {"bytes": len(text), "crc32": zlib.crc32(text.encode())}
    (directory / STATUS_FILE).write_text(json.dumps(status))


def test_a_sound_directory_has_no_faults(published: Path) -> None:
    assert faults(published) == []


def test_the_command_exits_with_0_for_a_sound_directory_and_1_with_a_list_for_another(published: Path) -> None:
    command = [sys.executable, "-m", "shared.validate", str(published)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0

    (published / OHLC_FILE).write_text("[[")
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    assert found.returncode == 1
    assert "ohlc_data.json: is not what the contract says" in found.stdout


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        (OHLC_FILE, "[[0,1.0,0.9,0.5,1.5,3.0]]", "row 0: open and close do not lie between low and high"),
        (OHLC_FILE, "[[0,1.0,2.0,0.5,1.5,-3.0]]", "row 0: volume -3.0 is negative"),
        (OHLC_FILE, "[[0,1,1,1,1,1],[0,1,1,1,1,1]]", "timestamp_ms does not increase"),
        (OHLC_FILE, str([[i, 1, 1, 1, 1, 1] for i in range(1001)]), "holds 1001 rows, at most 1000"),
        (METRICS_FILE, "[[0,0.1,1.2,0.0,0.1]]", "row 0: the OBI leaves [-1, 1]"),
        (METRICS_FILE, "[[0,0.1,0.2,0.0,0.1,0.0,1.0,0.5,1.0]]", "row 0: CVD open and close"),
        (DEPTH_FILE, '{"bids":[[1.0,2.0],[1.5,1.0]],"asks":[]}', "bids[1]: price 1.5 is not worse"),
        (DEPTH_FILE, '{"bids":[],"asks":[[1.0,0.0]]}', "asks[0]: size 0.0 is not positive"),
        (DEPTH_FILE, '{"bids":"none","asks":[]}', "is not what the contract says"),
    ],
)
def test_a_fault_of_a_data_file_is_named_with_its_place(published: Path, name: str, text: str, fault: str) -> None:
    rewrite(published, name, text)

    assert any(fault in found and found.startswith(name) for found in faults(published)), faults(published)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"contract": "2.0"}, "contract '2.0' is not a 1.x version"),
        ({"session": ""}, "session is empty"),
        ({"generation": 0}, "generation 0 is not positive"),
        ({"state": "asleep"}, "is not what the contract says"),
        ({"state": "failed"}, "error does not say why"),
        ({"instrument": "Y"}, "instrument 'Y' is not among instruments"),
        ({"start_ms": 5, "end_ms": 4}, "start_ms 5 is after end_ms 4"),
        ({"files": {}}, "is not listed in the files of status.json"),
        ({"speed": -1}, "speed -1.0 is not positive"),
    ],
)
def test_a_fault_of_the_status_is_named(published: Path, change: dict[str, Any], fault: str) -> None:
    status = json.loads((published / STATUS_FILE).read_bytes())
    (published / STATUS_FILE).write_text(json.dumps(status | change))

    assert any(fault in found for found in faults(published)), faults(published)


def test_files_of_the_session_before_may_lie_there_until_the_first_picture_of_the_next(published: Path) -> None:
    status = json.loads((published / STATUS_FILE).read_bytes())
    (published / STATUS_FILE).write_text(json.dumps(status | {"state": "loading", "files": {}}))
    assert faults(published) == []


def test_a_missing_key_of_the_status_is_a_fault(published: Path) -> None:
    status = json.loads((published / STATUS_FILE).read_bytes())
    for key in status:
        (published / STATUS_FILE).write_text(json.dumps({k: v for k, v in status.items() if k != key}))
        assert any(f"`{key}`" in found for found in faults(published)), key


def test_files_of_different_publications_a_missing_file_and_a_wrong_mode_are_faults(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    (published / OHLC_FILE).write_text("[]")
    (published / METRICS_FILE).unlink()
    (published / DEPTH_FILE).chmod(0o600)

    found = "\n".join(faults(published))
    assert "ohlc_data.json: is from another publication than status.json" in found
    assert "metrics_data.json: is missing" in found
    assert "depth_data.json: has mode 0600, not 0644" in found


_REPORT: dict[str, Any] = {
    "dataset": "d",
    "format": "f",
    "instrument": "X",
    "instruments": ["X"],
    "complete": True,
    "trades": 1,
    "book_events": 1,
    "files": [{"name": "a.csv", "rows": 2}],
    "file_count": 1,
    "ignored_files": [],
    "ignored_count": 0,
    "findings": [],
}
_PLACE: dict[str, Any] = {"file": "a.csv", "line": 2, "time_ms": 5, "until_ms": None, "detail": "gap"}


def _publish_report(directory: Path, **changes: Any) -> None:
    with DirectoryWriter(directory) as writer:
        writer.write(REPORT_FILE, json.dumps(_REPORT | changes).encode(), 1)
        status = json.loads((directory / STATUS_FILE).read_bytes())
        status["files"] |= msgspec.to_builtins(writer.files)
        writer.commit(json.dumps(status).encode())


def test_a_directory_may_hold_a_report_and_it_need_not(published: Path) -> None:
    _publish_report(published)
    assert faults(published) == []
    jsonschema.validate(json.loads((published / REPORT_FILE).read_bytes()), schema(REPORT_FILE))

    (published / REPORT_FILE).unlink()
    assert faults(published) == [f"{REPORT_FILE}: is missing"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"files": [{"name": "a"}]}, "is not what the contract says"),
        ({"ignored_files": ["a"] * 501}, "ignored_files holds 501 entries, at most 500"),
        ({"findings": [{"kind": "gaps", "meaning": "m", "count": 0}]}, "findings: gaps has count 0"),
        (
            {"findings": [{"kind": "gaps", "meaning": "m", "count": 30, "incidents": [_PLACE] * 21}]},
            "findings: gaps locates 21 incidents, at most 20",
        ),
        (
            {"findings": [{"kind": "gaps", "meaning": "m", "count": 1, "incidents": [_PLACE | {"until_ms": 4}]}]},
            "findings: gaps: incident 0 ends before it begins",
        ),
    ],
)
def test_each_fault_of_a_report_is_named(published: Path, changes: dict[str, Any], fault: str) -> None:
    _publish_report(published, **changes)

    (found,) = faults(published)
    assert fault in found


def test_a_directory_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    assert faults(tmp_path / "nowhere") == [f"{tmp_path / 'nowhere'} is not a directory"]


@pytest.mark.parametrize("name", [*DATA_FILES, STATUS_FILE])
def test_the_committed_schema_accepts_a_sound_file(published: Path, name: str) -> None:
    jsonschema.validate(json.loads((published / name).read_bytes()), schema(name))


@pytest.mark.parametrize("name", TYPES)
def test_the_committed_schema_is_current(name: str) -> None:
    path, payload = committed_as(name)

    assert path.read_bytes() == payload, "run `python -m shared.schemas`"


def test_every_file_has_a_schema_and_every_schema_a_file() -> None:
    folder = committed_as(STATUS_FILE)[0].parent
    assert {path.name for path in folder.iterdir()} == {committed_as(name)[0].name for name in TYPES}


@pytest.mark.parametrize("name", FILE_TYPES)
def test_every_integer_of_a_file_has_bounds(name: str) -> None:
    waiting: list[Any] = [schema(name)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            assert part.get("type") != "integer" or {"minimum", "maximum"} <= set(part), part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
