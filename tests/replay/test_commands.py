"""The commands: what each means, in what units, which words ask for it, and what the docs say of it."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.cli.control import HELP
from processor.errors import SettingError
from processor.replay.commands import tables
from processor.replay.commands.cvd_reset import SetCvdReset
from processor.replay.commands.dataset import SetDataset
from processor.replay.commands.instrument import SetInstrument
from processor.replay.commands.interval import SetInterval
from processor.replay.commands.loop_range import EndLoop, Loop
from processor.replay.commands.obi_levels import SetObiLevels
from processor.replay.commands.pause import Pause
from processor.replay.commands.play import Play
from processor.replay.commands.registry import COMMANDS, from_words, parsed
from processor.replay.commands.row import SetRow
from processor.replay.commands.seek import SeekBy, SeekFraction, SeekNearest, SeekTime
from processor.replay.commands.session_start import SetSessionStart
from processor.replay.commands.speed import SetSpeed
from processor.replay.commands.step import Step
from processor.replay.commands.toggle import Toggle
from processor.settings import iso
from shared import ACTIONS, command

if TYPE_CHECKING:
    from processor.replay.commands.base import Action

MINUTE_NS = 60_000_000_000
AT_NS = 1_723_161_660_000_000_000
ENVELOPE: Final = {"contract", "id", "session"}


def test_every_command_of_the_contract_is_carried_out_and_no_other() -> None:
    assert list(COMMANDS) == list(ACTIONS)
    assert [entry.kind for entry in COMMANDS.values()] == list(ACTIONS.values())


@pytest.mark.parametrize("action", COMMANDS)
def test_the_forms_of_a_command_name_all_its_arguments(action: str) -> None:
    named = {name for form in COMMANDS[action].forms for name in re.findall(r"`(\w+)`", form.arguments)}

    assert {*ACTIONS[action].__struct_fields__} - ENVELOPE <= named


@pytest.mark.parametrize("path", tables.PAGES, ids=lambda path: path.name)
def test_the_table_of_commands_in_the_docs_is_the_one_of_the_registry(path: Path) -> None:
    # Otherwise `python -m processor.replay.commands.tables` rewrites it.
    assert tables.PAGES[path]() in path.read_text()


def test_a_table_in_a_page_is_replaced_whole_and_nothing_else() -> None:
    page = "before\n| a | b |\n| --- | --- |\n| old | 1 |\n\n| c | d |\n"

    assert tables.replaced(page, "| a | b |\n| new | \\2 |\n") == "before\n| a | b |\n| new | \\2 |\n\n| c | d |\n"


def test_the_help_has_a_line_for_each_form_of_each_command() -> None:
    for action, entry in COMMANDS.items():
        for form in entry.forms:
            line = " ".join([action.replace("_", "-"), form.words, form.effect])
            assert " ".join(line.split()) in {" ".join(shown.split()) for shown in HELP.splitlines()}


@pytest.mark.parametrize(
    ("action", "arguments", "wanted"),
    [
        ("play", {}, Play()),
        ("pause", {}, Pause()),
        ("toggle", {}, Toggle()),
        ("step", {"unit": "bar"}, Step("bar", 1)),
        ("step", {"unit": "event", "count": -20}, Step("event", -20)),
        ("seek", {"time": "2024-08-09T00:01:00Z"}, SeekTime(AT_NS)),
        ("seek", {"time": "2024-08-09 02:01:00.000001+02:00"}, SeekTime(AT_NS + 1000)),
        ("seek", {"time_ms": 1_723_161_660_000}, SeekTime(AT_NS)),
        ("seek", {"by": "+1h30m"}, SeekBy(90 * MINUTE_NS)),
        ("seek", {"by": "-250ms"}, SeekBy(-250_000_000)),
        ("seek", {"by_ns": -1}, SeekBy(-1)),
        ("seek", {"fraction": 0}, SeekFraction(0.0)),
        ("seek", {"next": "gap"}, SeekNearest("gap", forward=True)),
        ("seek", {"previous": "session"}, SeekNearest("session", forward=False)),
        ("speed", {"speed": 30}, SetSpeed(30.0)),
        ("speed", {"speed": "max"}, SetSpeed(None)),
        ("speed", {"speed": None}, SetSpeed(None)),
        ("interval", {"interval": "5m"}, SetInterval("5m")),
        ("instrument", {"instrument": "X"}, SetInstrument("X")),
        ("dataset", {"dataset": "/d"}, SetDataset(Path("/d"))),
        ("obi_levels", {"obi_levels": 0}, SetObiLevels(0)),
        ("cvd_reset", {"cvd_reset": "day"}, SetCvdReset("day")),
        ("session_start", {"session_start": "22:00"}, SetSessionStart("22:00")),
        ("row", {"row": "0.25"}, SetRow("0.25")),
        ("range", {}, EndLoop()),
        ("range", {"start_ms": 1, "end_ms": 2}, Loop(1_000_000, 2_000_000)),
        ("range", {"start": "2024-08-09T00:01", "end": "2024-08-09T00:02"}, Loop(AT_NS, AT_NS + MINUTE_NS)),
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
    parsed(command(action, session=None, **ACTIONS[action].EXAMPLE))


@given(st.integers(0, 2**63 - 1).map(lambda ns: ns // 1_000_000 * 1_000_000))
def test_a_time_as_the_page_writes_it_is_read_as_the_same_time(at_ns: int) -> None:
    assert parsed(command("seek", time=iso(at_ns))) == SeekTime(at_ns)


@given(st.sampled_from(["time", "by"]), st.text(st.sampled_from("0123456789-+:.TZ smhd"), min_size=1, max_size=64))
def test_whatever_words_are_sent_they_are_a_place_or_refused(target: str, words: str) -> None:
    with contextlib.suppress(SettingError):
        parsed(command("seek", session=None, **{target: words}))


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("play", {}),
        ("pause", {}),
        ("toggle", {}),
        ("step bar", {"unit": "bar"}),
        ("step trade -12", {"unit": "trade", "count": -12}),
        ("seek 2024-08-09T00:01:00Z", {"time": "2024-08-09T00:01:00Z"}),
        ("seek 2024-08-09 00:01", {"time": "2024-08-09 00:01"}),
        ("seek 1723161660000", {"time_ms": 1_723_161_660_000}),
        ("seek +10m", {"by": "+10m"}),
        ("seek -1h30m", {"by": "-1h30m"}),
        ("seek 25%", {"fraction": 0.25}),
        ("seek 0", {"fraction": 0.0}),
        ("seek 0.5", {"fraction": 0.5}),
        ("seek next gap", {"next": "gap"}),
        ("seek previous session", {"previous": "session"}),
        ("speed 30", {"speed": 30.0}),
        ("speed max", {"speed": None}),
        ("interval 5m", {"interval": "5m"}),
        ("instrument BTC-USDT", {"instrument": "BTC-USDT"}),
        ("dataset /no/such/place", {"dataset": "/no/such/place"}),
        ("obi-levels 5", {"obi_levels": 5}),
        ("obi_levels 0", {"obi_levels": 0}),
        ("cvd-reset day", {"cvd_reset": "day"}),
        ("session-start 13:30", {"session_start": "13:30"}),
        ("row auto", {"row": "auto"}),
        ("range 2024-08-09T00:01 2024-08-09T00:02", {"start": "2024-08-09T00:01", "end": "2024-08-09T00:02"}),
        ("range off", {}),
    ],
)
def test_words_become_the_command_they_say(words: str, fields: dict[str, object]) -> None:
    action, *rest = words.split()
    made = msgspec.to_builtins(from_words(action, rest))

    assert made == {"contract": "1.0", "id": made["id"], "action": action.replace("-", "_"), **fields}


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("jump", "expected play or pause or toggle"),
        ("play now", "invalid words 'now': expected none"),
        ("step", "expected event, book, trade or bar"),
        ("step bars", "expected event or book or trade or bar"),
        ("step bar two", "expected a whole number"),
        ("step bar 0", "other than 0"),
        ("seek", "expected a time, a distance like +10m"),
        ("seek next", "expected a time, a distance like +10m"),
        ("seek next bar", "expected gap or session"),
        ("seek 110%", "a share from 0% to 100%"),
        ("seek noon", "expected a time from 1970"),
        ("seek +ten", "expected a distance like +10m"),
        ("speed fast", "expected a factor from 0.1 to 10000, or max"),
        ("interval 5", "expected a duration up to 7d"),
        ("obi-levels -1", "expected a whole number from 0"),
        ("cvd-reset week", "expected none or day"),
        ("session-start 24:00", "expected a time of a UTC day from 00:00 to 23:59"),
        ("session-start", "expected a time of a UTC day"),
        ("row high", "expected the height of a price row, such as 0.25 or 10, or auto"),
        ("range 2024-08-09", "expected two times, or off"),
        ("range 2024-08-09 2024-08-08", "expected an end after its start"),
    ],
)
def test_other_words_are_refused_before_anything_is_written(words: str, hint: str) -> None:
    action, *rest = words.split()
    with pytest.raises(SettingError) as refusal:
        from_words(action, rest)

    assert hint in str(refusal.value)


def test_a_path_that_is_here_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "market").mkdir()
    monkeypatch.chdir(tmp_path)

    assert msgspec.to_builtins(from_words("dataset", ["market"]))["dataset"] == str(tmp_path / "market")
