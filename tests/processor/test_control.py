"""The mailbox: which commands reach the replay, in what units, and what the others are told."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.errors import SettingError
from processor.replay import inbox as control
from processor.replay.inbox import Mailbox, parsed
from processor.settings import iso
from shared import ACTIONS, CONTROL_FILE, ControlAnswer, command, send_command
from shared.control import EXAMPLES
from tests.processor.fake_clock import FakeClock

if TYPE_CHECKING:
    from processor.replay.inbox import Action

SESSION = "now"
MINUTE_NS = 60_000_000_000
AT_NS = 1_723_161_660_000_000_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def mailbox(tmp_path: Path, clock: FakeClock) -> Mailbox:
    return Mailbox(tmp_path, clock)


def write(directory: Path, **fields: object) -> None:
    (directory / CONTROL_FILE).write_text(json.dumps({"contract": "1.0", "id": "a", "action": "play"} | fields))


@pytest.mark.parametrize(
    ("action", "arguments", "wanted"),
    [
        ("play", {}, control.Play()),
        ("pause", {}, control.Pause()),
        ("toggle", {}, control.Toggle()),
        ("step", {"unit": "bar"}, control.Step("bar", 1)),
        ("step", {"unit": "event", "count": -20}, control.Step("event", -20)),
        ("seek", {"time": "2024-08-09T00:01:00Z"}, control.SeekTime(AT_NS)),
        ("seek", {"time": "2024-08-09 02:01:00.000001+02:00"}, control.SeekTime(AT_NS + 1000)),
        ("seek", {"time_ms": 1_723_161_660_000}, control.SeekTime(AT_NS)),
        ("seek", {"by": "+1h30m"}, control.SeekBy(90 * MINUTE_NS)),
        ("seek", {"by": "-250ms"}, control.SeekBy(-250_000_000)),
        ("seek", {"by_ns": -1}, control.SeekBy(-1)),
        ("seek", {"fraction": 0}, control.SeekFraction(0.0)),
        ("seek", {"next": "gap"}, control.SeekMark("gap", 1)),
        ("seek", {"previous": "session"}, control.SeekMark("session", -1)),
        ("speed", {"speed": 30}, control.SetSpeed(30.0)),
        ("speed", {"speed": "max"}, control.SetSpeed(None)),
        ("speed", {"speed": None}, control.SetSpeed(None)),
        ("interval", {"interval": "5m"}, control.SetInterval("5m")),
        ("instrument", {"instrument": "X"}, control.SetInstrument("X")),
        ("dataset", {"dataset": "/d"}, control.SetDataset(Path("/d"))),
        ("obi_levels", {"obi_levels": 0}, control.SetObiLevels(0)),
        ("cvd_reset", {"cvd_reset": "day"}, control.SetCvdReset("day")),
        ("range", {}, control.EndLoop()),
        ("range", {"start_ms": 1, "end_ms": 2}, control.Loop(1_000_000, 2_000_000)),
        ("range", {"start": "2024-08-09T00:01", "end": "2024-08-09T00:02"}, control.Loop(AT_NS, AT_NS + MINUTE_NS)),
    ],
)
def test_every_command_arrives_in_nanoseconds(action: str, arguments: dict[str, Any], wanted: Action) -> None:
    assert parsed(command(action, **arguments)) == wanted


@pytest.mark.parametrize(
    ("action", "arguments", "hint"),
    [
        ("seek", {"time": "noon"}, "expected a time from 1970 to 2262, like 2024-08-09T00:01:00Z"),
        ("seek", {"time": "+2h"}, "expected a time from 1970"),
        ("seek", {"time": "0001-01-01"}, "expected a time from 1970"),
        ("seek", {"time": "9999-01-01"}, "expected a time from 1970"),
        ("seek", {"by": "10m"}, "expected a distance like +10m or -1h30m"),
        ("seek", {"by": "+"}, "expected a distance"),
        ("seek", {"by": "+99999999999d"}, "expected a distance"),
        ("speed", {"speed": 0}, "expected a factor from 0.1 to 10000, or max"),
        ("interval", {"interval": "5 minutes"}, "expected a duration up to 7d"),
        ("dataset", {"dataset": "a\0b"}, "expected a path"),
        ("range", {"start_ms": 2, "end_ms": 2}, "expected an end after its start"),
    ],
)
def test_words_that_name_nothing_are_refused_with_words_that_would(
    action: str, arguments: dict[str, Any], hint: str
) -> None:
    with pytest.raises(SettingError) as refusal:
        parsed(command(action, **arguments))

    assert hint in str(refusal.value)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_example_of_every_action_can_be_carried_out(action: str) -> None:
    parsed(command(action, session=None, **EXAMPLES[action]))


@given(st.integers(0, 2**63 - 1).map(lambda ns: ns // 1_000_000 * 1_000_000))
def test_a_time_as_the_page_writes_it_is_read_as_the_same_time(at_ns: int) -> None:
    assert parsed(command("seek", time=iso(at_ns))) == control.SeekTime(at_ns)


@given(st.sampled_from(["time", "by"]), st.text(st.sampled_from("0123456789-+:.TZ smhd"), min_size=1, max_size=64))
def test_whatever_words_are_sent_they_are_a_place_or_refused(target: str, words: str) -> None:
    with contextlib.suppress(SettingError):
        parsed(command("seek", session=None, **{target: words}))


def test_a_command_arrives_once(tmp_path: Path, mailbox: Mailbox) -> None:
    assert mailbox.poll(SESSION) is None
    sent = command("speed", speed=30)
    send_command(tmp_path, sent)

    assert mailbox.poll(SESSION) == control.Command(sent.id, control.SetSpeed(30.0))
    assert mailbox.poll(SESSION) is None
    send_command(tmp_path, sent)
    assert mailbox.poll(SESSION) is None


def test_what_came_of_a_command_is_answered(tmp_path: Path, mailbox: Mailbox) -> None:
    assert mailbox.answer == ControlAnswer(listening=True)
    write(tmp_path)
    found = mailbox.poll(SESSION)
    assert found
    mailbox.done(found)
    assert mailbox.answer == ControlAnswer("a", ok=True, error=None, listening=True)

    mailbox.done(found, "the range ends before that")
    assert mailbox.answer == ControlAnswer("a", ok=False, error="the range ends before that", listening=True)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"action": "jump"}, "action 'jump' is unknown"),
        ({"action": "seek", "time": "noon"}, "invalid time 'noon'"),
        ({"session": "before"}, "it was meant for session before, and now plays by now"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_once_and_by_its_id(
    tmp_path: Path, mailbox: Mailbox, fields: dict[str, object], reason: str
) -> None:
    write(tmp_path, **fields)

    assert mailbox.poll(SESSION) is None
    assert (mailbox.answer.last_id, mailbox.answer.ok) == ("a", False)
    assert reason in (mailbox.answer.error or "")

    refusal = mailbox.answer
    os.utime(tmp_path / CONTROL_FILE, ns=(1, 1))
    assert mailbox.poll("another") is None
    assert mailbox.answer is refusal


def test_a_command_for_this_session_is_for_it(tmp_path: Path, mailbox: Mailbox) -> None:
    write(tmp_path, session=SESSION)

    assert mailbox.poll(SESSION) == control.Command("a", control.Play())


def test_a_half_written_file_is_looked_at_again_and_refused_when_it_stays_so(
    tmp_path: Path, mailbox: Mailbox, clock: FakeClock
) -> None:
    path = tmp_path / CONTROL_FILE
    path.write_text('{"contract": "1.0", "id": "a", "act')
    assert mailbox.poll(SESSION) is None
    clock.sleep(0.9)
    assert mailbox.poll(SESSION) is None
    assert mailbox.answer.ok is None
    with path.open("a") as file:
        file.write('ion": "pause"}')
    assert mailbox.poll(SESSION) == control.Command("a", control.Pause())

    path.write_text("{")
    assert mailbox.poll(SESSION) is None
    clock.sleep(1.1)
    assert mailbox.poll(SESSION) is None
    assert mailbox.answer.last_id is None
    assert "is not JSON" in (mailbox.answer.error or "")


def test_a_command_that_was_already_answered_is_not_carried_out_by_the_next_processor(
    tmp_path: Path, clock: FakeClock
) -> None:
    write(tmp_path)
    before = ControlAnswer("a", ok=True)
    mailbox = Mailbox(tmp_path, clock, before)

    assert mailbox.poll(SESSION) is None
    assert mailbox.answer == ControlAnswer("a", ok=True, listening=True)


def test_a_command_from_before_the_start_is_refused_unless_it_names_this_session(
    tmp_path: Path, clock: FakeClock
) -> None:
    write(tmp_path)
    late = Mailbox(tmp_path, clock)
    assert late.poll(SESSION) is None
    assert late.answer.last_id == "a"
    assert "written before this processor started" in (late.answer.error or "")
    write(tmp_path, id="b")
    assert late.poll(SESSION) == control.Command("b", control.Play())

    write(tmp_path, session=SESSION)
    assert Mailbox(tmp_path, clock).poll(SESSION) == control.Command("a", control.Play())


def test_rubbish_from_before_the_start_is_left_lying(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / CONTROL_FILE).write_text("{")
    mailbox = Mailbox(tmp_path, clock)
    clock.sleep(2)

    assert mailbox.poll(SESSION) is None
    assert mailbox.answer == ControlAnswer(listening=True)


def test_a_second_command_with_the_size_inode_and_time_of_the_first_still_arrives(
    tmp_path: Path, mailbox: Mailbox
) -> None:
    path = tmp_path / CONTROL_FILE
    write(tmp_path, action="play")
    os.utime(path, ns=(5, 5))
    assert mailbox.poll(SESSION) == control.Command("a", control.Play())
    before = path.stat()
    write(tmp_path, action="play", id="b")
    os.utime(path, ns=(5, 5))
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns, before.st_size) == (after.st_ino, after.st_mtime_ns, after.st_size)

    assert mailbox.poll(SESSION) == control.Command("b", control.Play())


def test_an_unchanged_file_is_not_read_again(
    tmp_path: Path, mailbox: Mailbox, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    assert mailbox.poll(SESSION)
    clock.sleep(1)
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))

    assert mailbox.poll(SESSION) is None


@pytest.mark.parametrize("kind", ["directory", "pipe", "oversized"])
def test_what_is_no_small_file_is_refused_once_and_keeps_nobody_waiting(
    tmp_path: Path, mailbox: Mailbox, kind: str
) -> None:
    path = tmp_path / CONTROL_FILE
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b" " * 1_000_000)

    assert mailbox.poll(SESSION) is None
    assert mailbox.answer.ok is False
    refusal = mailbox.answer
    assert mailbox.poll(SESSION) is None
    assert mailbox.answer is refusal


def test_a_directory_that_comes_later_is_found(tmp_path: Path, clock: FakeClock) -> None:
    mailbox = Mailbox(tmp_path / "later", clock)
    assert mailbox.poll(SESSION) is None
    sent = command("toggle")
    send_command(tmp_path / "later", sent)

    assert mailbox.poll(SESSION) == control.Command(sent.id, control.Toggle())


@given(payload=st.binary(max_size=300))
def test_whatever_lies_in_the_file_the_mailbox_goes_on(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes
) -> None:
    directory = tmp_path_factory.getbasetemp() / "any"
    directory.mkdir(exist_ok=True)
    clock = FakeClock()
    mailbox = Mailbox(directory, clock)
    (directory / CONTROL_FILE).write_bytes(payload)
    found = mailbox.poll(SESSION)
    clock.sleep(2)
    found = mailbox.poll(SESSION) or found
    assert found or mailbox.answer.ok is False
    (directory / CONTROL_FILE).unlink()
