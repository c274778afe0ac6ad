"""The control file: what is a command, what is refused with which words, and how it is written by several."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Final

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import (
    ACTIONS,
    CONTROL_FILE,
    MAX_CONTROL_BYTES,
    MalformedCommand,
    WriteFailed,
    command,
    decode_command,
    encode,
    send_command,
)
from shared.schemas import schema

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA: Final = jsonschema.Draft202012Validator(schema(CONTROL_FILE))
ENVELOPE: Final = {"contract": "1.0", "id": "a"}


def example(action: str) -> Any:
    return command(action, session=None, **ACTIONS[action].EXAMPLE)


def decoded(**fields: object) -> Any:
    return decode_command(json.dumps(ENVELOPE | fields).encode())


@pytest.mark.parametrize("action", ACTIONS)
def test_the_example_of_every_action_is_a_command_and_keeps_the_schema(action: str) -> None:
    made = example(action)

    assert decode_command(encode(made)) == made
    assert json.loads(encode(made)) == ACTIONS[action].EXAMPLE | {"contract": "1.0", "id": made.id, "action": action}
    SCHEMA.validate(json.loads(encode(made)))


def test_no_two_commands_share_an_id() -> None:
    assert command("play").id != command("play").id


def test_the_arguments_of_a_new_command_cannot_replace_its_id() -> None:
    assert command("play", id="mine").id != "mine"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"action": "jump"}, "action 'jump' is unknown; there are play, pause, toggle"),
        ({"action": "paus"}, "did you mean pause?"),
        ({"action": 7}, "action '7' is unknown"),
        ({"action": None}, "there is no action; expected one of play, pause"),
        ({"action": "play", "to": 1}, "unknown field `to`; a right one is {"),
        ({"action": "play", "id": ""}, "length >= 1 - at `$.id`"),
        ({"action": "play", "id": 5}, "Expected `str`, got `int` - at `$.id`"),
        ({"action": "play", "contract": "2.0"}, "contract '2.0' is not a 1.x version"),
        ({"action": "step"}, "missing required field `unit`"),
        ({"action": "step", "unit": "bars"}, "expected event or book or trade or bar"),
        ({"action": "step", "unit": "bar", "count": 0}, "a step of 0 leads nowhere"),
        ({"action": "step", "unit": "bar", "count": 1.5}, "Expected `int`"),
        ({"action": "seek"}, "expected exactly one of time, time_ms, by, by_ns, fraction, next, previous"),
        ({"action": "seek", "time": "x", "by": "+1m"}, "found both time and by"),
        ({"action": "seek", "fraction": 1.5}, "<= 1.0 - at `$.fraction`"),
        ({"action": "seek", "next": "bar"}, "expected gap or session"),
        ({"action": "seek", "time_ms": 2**63}, "- at `$.time_ms`"),
        ({"action": "speed"}, "missing required field `speed`"),
        ({"action": "speed", "speed": "fast"}, 'expected a number, "max" or null'),
        ({"action": "cvd_reset", "cvd_reset": "week"}, "expected none or day"),
        ({"action": "range", "start": "x"}, "expected start and end, or start_ms and end_ms"),
        ({"action": "range", "start": "x", "end_ms": 1}, "found start and end_ms"),
    ],
)
def test_what_is_no_command_is_refused_with_what_would_be_right(fields: dict[str, object], reason: str) -> None:
    with pytest.raises(MalformedCommand) as refusal:
        decoded(**fields)

    assert reason in str(refusal.value)
    assert not refusal.value.half_written
    assert refusal.value.id == (fields.get("id", "a") if fields.get("id", "a") not in {"", 5} else None)


@pytest.mark.parametrize("payload", [b"", b'{"action":"pl', b"\xff", b'{"id":"\xff"}'])
def test_a_file_that_may_be_half_written_is_told_from_one_that_is_wrong(payload: bytes) -> None:
    with pytest.raises(MalformedCommand) as refusal:
        decode_command(payload)

    assert refusal.value.half_written


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b" " * (MAX_CONTROL_BYTES + 1), "oversized: 16385 bytes, at most 16384"),
        (b"[" * 10_000, "nested too deeply"),
        (b"[]", "holds no object; expected one like {"),
    ],
)
def test_a_file_that_holds_no_object_is_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(MalformedCommand, match=reason) as refusal:
        decode_command(payload)

    assert refusal.value.id is None


_FIELDS: Final = sorted(
    {"contract", "id", "session", "action", *(name for each in ACTIONS.values() for name in each.EXAMPLE)}
)
_VALUES: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["1.0", *ACTIONS, "max", "day", "bar", "gap"]),
    st.lists(st.integers(), max_size=2),
)


@given(st.one_of(st.binary(), st.text().map(str.encode), st.dictionaries(st.sampled_from(_FIELDS), _VALUES)))
def test_whatever_is_written_is_a_command_that_keeps_the_schema_or_a_refusal(written: bytes | dict[str, Any]) -> None:
    payload = written if isinstance(written, bytes) else json.dumps(written).encode()
    try:
        found = decode_command(payload)
    except MalformedCommand:
        return
    SCHEMA.validate(json.loads(payload))
    assert decode_command(encode(found)) == found


@given(
    st.sampled_from(sorted(ACTIONS)).flatmap(
        lambda action: st.fixed_dictionaries(
            {"action": st.just(action), "contract": st.just("1.0"), "id": st.text(max_size=3)},
            optional=dict.fromkeys(ACTIONS[action].__struct_fields__[2:], _VALUES),
        )
    )
)
def test_the_schema_and_the_decoder_agree(written: dict[str, Any]) -> None:
    try:
        decode_command(json.dumps(written).encode())
    except MalformedCommand:
        assert not SCHEMA.is_valid(written), written
    else:
        assert SCHEMA.is_valid(written)


def test_the_directory_is_made_and_holds_one_readable_file(tmp_path: Path) -> None:
    given_command = command("seek", by="+10m")
    send_command(tmp_path / "new/control", given_command)

    path = tmp_path / "new/control" / CONTROL_FILE
    assert decode_command(path.read_bytes()) == given_command
    assert path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in path.parent.iterdir()] == [CONTROL_FILE]


def test_of_several_writers_at_once_one_whole_command_is_left(tmp_path: Path) -> None:
    given_commands = [command("seek", by="+" + "1m" * count) for count in range(1, 25)]
    threads = [threading.Thread(target=send_command, args=(tmp_path, each)) for each in given_commands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert decode_command((tmp_path / CONTROL_FILE).read_bytes()) in given_commands
    assert [each.name for each in tmp_path.iterdir()] == [CONTROL_FILE]


def test_a_directory_that_cannot_be_made_is_a_refused_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteFailed, match="cannot write"):
        send_command(tmp_path / "file/control", command("play"))
