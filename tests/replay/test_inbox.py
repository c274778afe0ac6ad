"""The inbox: which commands reach the replay, in what units, and what the others are told."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.replay.commands.pause import Pause
from processor.replay.commands.play import Play
from processor.replay.commands.speed import SetSpeed
from processor.replay.commands.toggle import Toggle
from processor.replay.inbox import Inbox, Request
from shared import CONTROL_FILE, ControlAnswer, command, send_command
from tests.replay.fake_clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

SESSION = "now"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def inbox(tmp_path: Path, clock: FakeClock) -> Inbox:
    return Inbox(tmp_path, clock)


def write(directory: Path, **fields: object) -> None:
    (directory / CONTROL_FILE).write_text(json.dumps({"contract": "1.0", "id": "a", "action": "play"} | fields))


def test_a_command_arrives_once(tmp_path: Path, inbox: Inbox) -> None:
    assert inbox.poll(SESSION) is None
    sent = command("speed", speed=30)
    send_command(tmp_path, sent)

    assert inbox.poll(SESSION) == Request(sent.id, SetSpeed(30.0))
    assert inbox.poll(SESSION) is None
    send_command(tmp_path, sent)
    assert inbox.poll(SESSION) is None


def test_what_came_of_a_command_is_answered(tmp_path: Path, inbox: Inbox) -> None:
    assert inbox.answer == ControlAnswer(listening=True)
    write(tmp_path)
    found = inbox.poll(SESSION)
    assert found
    inbox.reply(found)
    assert inbox.answer == ControlAnswer("a", ok=True, error=None, listening=True)

    inbox.reply(found, "the range ends before that")
    assert inbox.answer == ControlAnswer("a", ok=False, error="the range ends before that", listening=True)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"action": "jump"}, "action 'jump' is unknown"),
        ({"action": "seek", "time": "noon"}, "invalid time 'noon': expected"),
        ({"session": "before"}, "it was meant for session before, and now plays by now"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_once_and_by_its_id(
    tmp_path: Path, inbox: Inbox, fields: dict[str, object], reason: str
) -> None:
    write(tmp_path, **fields)

    assert inbox.poll(SESSION) is None
    assert (inbox.answer.last_id, inbox.answer.ok) == ("a", False)
    assert reason in (inbox.answer.error or "")

    refusal = inbox.answer
    os.utime(tmp_path / CONTROL_FILE, ns=(1, 1))
    assert inbox.poll("another") is None
    assert inbox.answer is refusal


def test_a_command_for_this_session_is_for_it(tmp_path: Path, inbox: Inbox) -> None:
    write(tmp_path, session=SESSION)

    assert inbox.poll(SESSION) == Request("a", Play())


def test_a_half_written_file_is_looked_at_again_and_refused_when_it_stays_so(
    tmp_path: Path, inbox: Inbox, clock: FakeClock
) -> None:
    path = tmp_path / CONTROL_FILE
    path.write_text('{"contract": "1.0", "id": "a", "act')
    assert inbox.poll(SESSION) is None
    clock.sleep(0.9)
    assert inbox.poll(SESSION) is None
    assert inbox.answer.ok is None
    with path.open("a") as file:
        file.write('ion": "pause"}')
    assert inbox.poll(SESSION) == Request("a", Pause())

    path.write_text("{")
    assert inbox.poll(SESSION) is None
    clock.sleep(1.1)
    assert inbox.poll(SESSION) is None
    assert inbox.answer.last_id is None
    assert "is not JSON" in (inbox.answer.error or "")


def test_a_command_that_was_already_answered_is_not_carried_out_by_the_next_processor(
    tmp_path: Path, clock: FakeClock
) -> None:
    write(tmp_path)
    before = ControlAnswer("a", ok=True)
    inbox = Inbox(tmp_path, clock, before)

    assert inbox.poll(SESSION) is None
    assert inbox.answer == ControlAnswer("a", ok=True, listening=True)


def test_a_command_from_before_the_start_is_refused_unless_it_names_this_session(
    tmp_path: Path, clock: FakeClock
) -> None:
    write(tmp_path)
    late = Inbox(tmp_path, clock)
    assert late.poll(SESSION) is None
    assert late.answer.last_id == "a"
    assert "written before this processor started" in (late.answer.error or "")
    write(tmp_path, id="b")
    assert late.poll(SESSION) == Request("b", Play())

    write(tmp_path, session=SESSION)
    assert Inbox(tmp_path, clock).poll(SESSION) == Request("a", Play())


def test_rubbish_from_before_the_start_is_left_lying(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / CONTROL_FILE).write_text("{")
    inbox = Inbox(tmp_path, clock)
    clock.sleep(2)

    assert inbox.poll(SESSION) is None
    assert inbox.answer == ControlAnswer(listening=True)


def test_a_second_command_with_the_size_inode_and_time_of_the_first_still_arrives(tmp_path: Path, inbox: Inbox) -> None:
    path = tmp_path / CONTROL_FILE
    write(tmp_path, action="play")
    os.utime(path, ns=(5, 5))
    assert inbox.poll(SESSION) == Request("a", Play())
    before = path.stat()
    write(tmp_path, action="play", id="b")
    os.utime(path, ns=(5, 5))
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns, before.st_size) == (after.st_ino, after.st_mtime_ns, after.st_size)

    assert inbox.poll(SESSION) == Request("b", Play())


def test_an_unchanged_file_is_not_read_again(
    tmp_path: Path, inbox: Inbox, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    assert inbox.poll(SESSION)
    clock.sleep(1)
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))

    assert inbox.poll(SESSION) is None


@pytest.mark.parametrize("kind", ["directory", "pipe", "oversized"])
def test_what_is_no_small_file_is_refused_once_and_keeps_nobody_waiting(
    tmp_path: Path, inbox: Inbox, kind: str
) -> None:
    path = tmp_path / CONTROL_FILE
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b" " * 1_000_000)

    assert inbox.poll(SESSION) is None
    assert inbox.answer.ok is False
    refusal = inbox.answer
    assert inbox.poll(SESSION) is None
    assert inbox.answer is refusal


def test_a_directory_that_comes_later_is_found(tmp_path: Path, clock: FakeClock) -> None:
    inbox = Inbox(tmp_path / "later", clock)
    assert inbox.poll(SESSION) is None
    sent = command("toggle")
    send_command(tmp_path / "later", sent)

    assert inbox.poll(SESSION) == Request(sent.id, Toggle())


@given(payload=st.binary(max_size=300))
def test_whatever_lies_in_the_file_the_mailbox_goes_on(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes
) -> None:
    directory = tmp_path_factory.getbasetemp() / "any"
    directory.mkdir(exist_ok=True)
    clock = FakeClock()
    inbox = Inbox(directory, clock)
    (directory / CONTROL_FILE).write_bytes(payload)
    found = inbox.poll(SESSION)
    clock.sleep(2)
    found = inbox.poll(SESSION) or found
    assert found or inbox.answer.ok is False
    (directory / CONTROL_FILE).unlink()
