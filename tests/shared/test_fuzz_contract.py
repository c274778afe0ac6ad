"""Whatever the files of the exchange hold, readers keep a picture, and reader, validator and schema agree.

FUZZ_EXAMPLES gives each test more and other examples, as `make fuzz` does.
"""

from __future__ import annotations

import copy
import json
import math
import os
import zlib
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from shared import MAX_INTEGER, STATUS_FILE, DirectoryReader, DirectoryWriter, MalformedFile, atomic_write, decode
from shared.decoding import value_faults
from shared.schemas import schema
from shared.validate import faults
from shared.views import FILE_TYPES
from shared.views.measures import MeasuresRow
from tests.shared.publishing import publish, step
from visualizer.server.dashboard import create
from visualizer.server.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

LONGER: Final = int(os.environ.get("FUZZ_EXAMPLES", "0"))


def fuzzed(few: int) -> settings:
    return settings(
        max_examples=LONGER or few,
        derandomize=not LONGER,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )


SOUND: Final[dict[str, Any]] = {
    STATUS_FILE: {
        "contract": "1.0",
        "session": "s",
        "generation": 9,
        "state": "playing",
        "dataset": "d",
        "instrument": "X",
        "instruments": ["X", "Y"],
        "interval": "1m",
        "start_ms": 0,
        "end_ms": 10,
        "event_time_ms": 5,
        "speed": 1.5,
        "published_at_ms": 1,
        "heartbeat_ms": 1,
        "files": {"report_data.json": {"generation": 3, "bytes": 5, "crc32": 7}},
        "control": {"last_id": "a", "ok": False, "error": "no", "listening": True},
        "checks": {"obi_within_one": True, "times_increase": None},
        "ipc": {"files": {STATUS_FILE: {"writes": 3, "p99_ms": 1.5}}, "failed_writes": 1},
        "report": {"rows": 5},
        "error": None,
        "price_step": 0.5,
        "loop_ms": [1, 2],
        "resume": {"wish": "w", "path": "p", "marks": "m", "event_ns": 5, "loop_ns": [1, 2]},
    },
    "ohlc_data.json": [[0, 1.0, 2.0, 0.5, 1.5, 3.0], [60000, 1.5, 2.0, 1.0, 2.0, 0.0]],
    "metrics_data.json": [[0, 0.1, 0.2, 0.0, 0.1], [60000, 0.1, 0.2, 0.0, 0.1, 0.0, 1.0, -1.0, 0.5]],
    "depth_data.json": {"bids": [[1.0, 2.0], [0.5, 1.0]], "asks": [[1.1, 2.0]]},
    "report_data.json": {
        "dataset": "d",
        "format": "f",
        "instrument": "X",
        "instruments": ["X"],
        "complete": True,
        "trades": 1,
        "book_events": 1,
        "files": [{"name": "a.csv", "rows": 2, "first_ms": 4}],
        "file_count": 1,
        "ignored_files": ["b"],
        "ignored_count": 1,
        "findings": [
            {
                "kind": "gaps",
                "meaning": "m",
                "count": 3,
                "incidents": [{"file": "a.csv", "line": 2, "time_ms": 5, "until_ms": 6, "detail": "gap"}],
            }
        ],
    },
    "overview_data.json": {"start_ms": 0, "bucket_ms": 1000, "volumes": [1.0, 0.0]},
    "tape_data.json": [[0, 0, 1, 1.0, 2, 1.0, 1.5, 2, True], [2, 0, -1, 1.0, 1, 1.0, 1.0, 1]],
    "footprint_data.json": [[0, 0.5, [[1.0, 1.0, 0.0, 0.0, 1], [1.5, 0.0, 2.0, 0.0, 3]]]],
    "statistics_data.json": [
        [*(0, 0.5, 1.0, 0.0, 0.0, 1, 1.0, 0.0, 1.0, 1.5, 1.0, 1.2, 0.1, 5, False, True), *([None] * 7)],
    ],
    "sizes_data.json": [[0, 1.0, 2.0, None, None, 1.0, None, None]],
    "events_data.json": [[0, "sweep", "buy", 1.5, 2.0, 0, "3"], [0, "divergence", "high", 1.0, -2.0, 0, ""]],
    "alerts_data.json": [[5, 0, "delta < -5 for 5 ms", -5.5, 1.5], [5, 5, "sweep", None, None]],
    "heatmap_data.json": [
        [0, 0.5, 1.0, 1.5, 0.5, [1.0, 2.0], 1.5, [3.0]],
        [60000, 0.5, None, 1.5, None, [], 1.5, [3.0]],
    ],
    "measures_data.json": [[0, *([1.0] * (len(MeasuresRow.__struct_fields__) - 4)), 2, 1, [0.5, None]]],
    "quotes_data.json": [[0, 1.0, None], [60000, 1.0, 1.5]],
    "ladder_data.json": {
        "row": 0.5,
        "bar_ms": 60000,
        "session_ms": 0,
        "rows": [[1.0, 2.0, 0.0, 2.0, 0.0, *([1.0] * 6), 0.5, None]],
        "last": {"first": 3, "time_ms": 60001, "side": 1, "price": 1.5, "volume": 2.0, "trades": 1},
    },
    "profile_data.json": {
        "start_ms": 0,
        "row": 0.5,
        "rows": [[1.0, 1.0, 0.0, 0.0, 1]],
        "poc": 1.0,
        "vah": 1.5,
        "val": 1.0,
        "high_nodes": [1.0],
        "low_nodes": [],
        "earlier": [{"start_ms": -5, "poc": 1.0, "vah": 1.5, "val": 1.0, "is_naked": True}],
    },
}
SCHEMAS: Final = {name: jsonschema.Draft202012Validator(schema(name)) for name in SOUND}

# Each a value of its own: one that is put into itself would be no JSON.
_ODD: Final[st.SearchStrategy[Any]] = st.one_of(
    st.sampled_from(
        [
            *(None, True, False, 0, 1, -1, 1.0, 0.0, -0.0, 2.0, 1e3, 1e300, 5e-324, 1.5, "", "1", "1.0", "2.0", [], {}),
            *(2**53 - 1, 2**53, -(2**53), 2**63 - 1, 2**63, 2**64, -(2**64), 10**400, float(2**53), float(2**60)),
            *("\ud7ff", "\x00", "X" * 100_000, ["X"] * 2_000, [[0, 1, 1, 1, 1, 1]] * 2_000, {"a": {}}),
        ]
    ),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
).map(copy.deepcopy)


@st.composite
def _changed(draw: st.DrawFn, name: str) -> Any:
    """A sound value of file `name`, with a few places put right in another way, or wrong."""
    value = json.loads(json.dumps(SOUND[name]))
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = None
        key: Any = None
        place = value
        while isinstance(place, (dict, list)) and place and (holder is None or draw(st.integers(0, 4))):
            holder = place
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            place = place[key]
        if holder is None:
            return draw(_ODD)
        match draw(st.sampled_from(["odd", "number", "remove", "repeat", "add"])):
            case "odd":
                holder[key] = draw(_ODD)
            case "number" if isinstance(place, (int, float)) and not isinstance(place, bool) and _within_floats(place):
                holder[key] = draw(st.sampled_from([float(place), -place, place + 1, place * 1000, place / 3]))
            case "remove":
                del holder[key]
            case "repeat" if isinstance(holder, list):
                holder.insert(key, place)
            case _ if isinstance(holder, dict):
                holder[draw(st.text(max_size=3))] = draw(_ODD)
            case _:
                holder.append(draw(_ODD))
    return value


def _within_floats(value: Any) -> bool:
    """Whether every number is one that any reader can hold; JSON Schema bounds none that is no integer.

    A float that is an integer beyond 2**53 may be another one than was written, so the decoder takes it for none.
    """
    if isinstance(value, dict):
        return all(map(_within_floats, value.values()))
    if isinstance(value, list):
        return all(map(_within_floats, value))
    if isinstance(value, float):
        return not value.is_integer() or abs(value) <= MAX_INTEGER
    return not isinstance(value, int) or abs(value) < 2**1000


@pytest.mark.parametrize("name", SOUND)
def test_the_values_that_are_changed_are_sound_themselves(name: str) -> None:
    assert set(SOUND) == set(FILE_TYPES)
    assert SCHEMAS[name].is_valid(SOUND[name])
    decode(name, json.dumps(SOUND[name]).encode())


@pytest.mark.parametrize("name", SOUND)
@fuzzed(20)
@given(data=st.data())
def test_decoder_and_schema_agree_on_whatever_lies_there(name: str, data: st.DataObject) -> None:
    written = data.draw(_changed(name))
    refused: MalformedFile | None = None
    try:
        value = decode(name, json.dumps(written).encode())
    except MalformedFile as error:
        refused = error
    if refused is not None:
        assert len(refused.reason) < 2_000
        if SCHEMAS[name].is_valid(written) and _within_floats(written):
            found = msgspec.json.decode(json.dumps(written).encode(), type=FILE_TYPES[name], strict=False)
            # The decoder reads a whole float as an integer, whose zero has no sign.
            assert next(value_faults(name, found)).replace("-0.0", "0.0") == refused.reason.replace("-0.0", "0.0"), (
                refused
            )
    else:
        assert SCHEMAS[name].is_valid(written)
        assert not list(value_faults(name, value))
        assert decode(name, msgspec.json.encode(value)) == value


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzzed") / "ipc"


@pytest.fixture(scope="module")
def client(directory: Path) -> FlaskClient:
    made: FlaskClient = create(Settings(ipc_dir=directory, control="off"), clock_s=lambda: 0.0).server.test_client()
    return made


_TEXTS: Final = {
    "nested below an unknown key": b'{"unknown": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "nested in place of a value": b'{"contract": ' + b'{"a": ' * 30_000 + b"1" + b"}" * 30_000 + b"}",
    "a generation of 400 digits": json.dumps(SOUND[STATUS_FILE] | {"generation": 10**400}).encode(),
    "a generation of 5,000 digits": json.dumps(SOUND[STATUS_FILE])
    .replace('"generation": 9', '"generation": ' + "9" * 5000)
    .encode(),
    "memory of 2 to the 64": json.dumps(SOUND[STATUS_FILE] | {"ipc": {"rss_bytes": 2**64}}).encode(),
    "another version": json.dumps(SOUND[STATUS_FILE] | {"contract": "2.0"}).encode(),
    "a million instruments": json.dumps(SOUND[STATUS_FILE] | {"instruments": ["XXXXXXXXXX"] * 700_000}).encode(),
    "not UTF-8": b'{"contract": "\xff"}',
    "NaN": json.dumps(SOUND[STATUS_FILE] | {"speed": math.nan}).encode(),
    "with a mark of byte order": b"\xef\xbb\xbf" + json.dumps(SOUND[STATUS_FILE]).encode(),
}


_COUNT: Final = count()


def _look(client: FlaskClient, directory: Path, payload: bytes) -> None:
    """Let a status be read by all that read one: an answer from each, and reader and validator agree."""
    with DirectoryWriter(directory) as writer:
        publish(writer, 8, session=f"before {next(_COUNT)}")
    reader = DirectoryReader(directory)
    before = reader.poll()
    assert client.get("/health").json["problem"] is None  # type: ignore[index]
    atomic_write(directory / STATUS_FILE, payload)
    found = reader.poll()
    is_refused = reader.problem is not None and reader.problem.startswith(STATUS_FILE)
    if is_refused:
        assert found is before
    said = [fault for fault in faults(directory) if fault.startswith(STATUS_FILE)]
    assert bool(said) == is_refused
    for answer in (
        client.post("/poll", json={}),
        client.get("/health"),
        client.get("/metrics"),
        client.get("/report.json"),
    ):
        assert answer.status_code == 200 or answer.request.path == "/report.json"
    assert client.get("/health").json["state"] is not None  # type: ignore[index]


@pytest.mark.parametrize("text", _TEXTS)
def test_a_status_that_will_not_do_leaves_every_answer_the_last_picture(
    client: FlaskClient, directory: Path, text: str
) -> None:
    with capture_logs():
        _look(client, directory, _TEXTS[text])
        assert client.get("/health").json["state"] == "playing"  # type: ignore[index]


@fuzzed(20)
@given(written=_changed(STATUS_FILE))
def test_whatever_a_status_holds_every_answer_is_one(client: FlaskClient, directory: Path, written: Any) -> None:
    with capture_logs():
        _look(client, directory, json.dumps(written).encode())


@pytest.mark.parametrize("name", [name for name in SOUND if name != STATUS_FILE])
@fuzzed(6)
@given(data=st.data())
def test_a_picture_holds_what_is_sound_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    payload = json.dumps(data.draw(_changed(name))).encode()
    folder = tmp_path_factory.getbasetemp() / "one"
    with DirectoryWriter(folder) as writer, capture_logs():
        step(writer, 1)
        status = json.loads((folder / STATUS_FILE).read_bytes())
        entry = {"generation": 1, "bytes": len(payload), "crc32": zlib.crc32(payload)}
        atomic_write(folder / name, payload)
        atomic_write(folder / STATUS_FILE, json.dumps(status | {"files": status["files"] | {name: entry}}).encode())
        reader = DirectoryReader(folder)
        picture = reader.poll()
        refused = [fault for fault in faults(folder) if fault.startswith(name)]
        assert bool(refused) == (reader.problem is not None and reader.problem.startswith(name))
        if picture is not None and not refused:
            assert not list(value_faults(name, picture.held[name.removesuffix("_data.json")].value))
    (folder / name).unlink()
