"""Views that are written only while somebody asks for them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import shared
from processor.core.engine import Engine
from processor.errors import SettingError
from processor.publish import publisher as publishing
from processor.publish.asked import AskedViews, named_views
from processor.publish.moment import Moment, SessionInfo, SessionState
from processor.publish.publisher import Publisher
from processor.publish.views import VIEWS
from processor.publish.views.base import SECOND, Published
from processor.replay.context import StopSignal
from processor.replay.run import replay
from processor.settings import Aggregation, Settings
from shared import STATUS_FILE, DirectoryReader, DirectoryWriter, View, ask_for, decode
from shared.validate import faults
from shared.views.tape import TAPE, TAPE_FILE
from tests.core.markets import market, write
from tests.replay.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SUBJECT: Final = SessionInfo("s", "d", "f", "X", ("X",), "1m", 10, 50, "none", "exchange")


def test_a_view_is_wanted_until_ten_seconds_after_it_was_last_asked_for(tmp_path: Path) -> None:
    clock = FakeClock()
    asked = AskedViews(clock, directory=tmp_path, names=("tape", "profile"))
    assert asked() == frozenset()

    ask_for(tmp_path, "tape")
    assert asked() == {"tape"}
    clock.sleep(9)
    # Time does not pass between two requests as fast as a test asks.
    os.utime(tmp_path / "views" / "tape", ns=(1, 2))
    assert asked() == {"tape"}
    clock.sleep(9)
    assert asked() == {"tape"}
    clock.sleep(2)
    assert asked() == frozenset()


def test_what_is_named_is_wanted_for_good_and_a_name_that_is_no_view_is_never(tmp_path: Path) -> None:
    ask_for(tmp_path, "nonsense")
    clock = FakeClock()
    asked = AskedViews(clock, frozenset({"tape"}), tmp_path, names=("tape", "profile"))
    assert asked() == {"tape"}
    clock.sleep(3600)
    assert asked() == {"tape"}
    assert AskedViews(clock, frozenset({"tape"}))() == {"tape"}


def test_views_are_named_with_commas_between_or_all_at_once() -> None:
    assert named_views("", ("tape", "profile")) == frozenset()
    assert named_views("tape, profile", ("tape", "profile")) == {"tape", "profile"}
    assert named_views("all", ("tape", "profile")) == {"tape", "profile"}
    with pytest.raises(SettingError, match="profile, tape"):
        named_views("tap", ("tape", "profile"))


class Exchange:
    """A publisher with one more view, `extra`, and what it has published."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = directory
        self.clock = FakeClock()
        self.asked: set[str] = set()
        self.computed = 0
        self._writer = DirectoryWriter(directory)
        extra = View[Any](
            name="extra",
            file="extra_data.json",
            type=int,
            empty=0,
            presence="asked",
            is_rows=False,
            faults=lambda _: iter(()),
            content="",
            bound="",
        )
        monkeypatch.setattr(publishing, "VIEWS", (*VIEWS, Published(extra, SECOND, self._payload)))
        self._publisher = Publisher(self._writer, self.clock, SUBJECT, asked=lambda: self.asked)

    def _payload(self, _: Moment) -> bytes:
        self.computed += 1
        return b"%d" % self.computed

    def publish(self, *, whole: bool = False) -> set[str]:
        """Publish once, and return the names that status.json lists."""
        self.clock.sleep(0.2)
        self._publisher.publish(Engine(Aggregation()), SessionState("playing"), whole=whole)
        return {*decode(STATUS_FILE, (self.directory / STATUS_FILE).read_bytes()).files}

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
def exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exchange]:
    made = Exchange(tmp_path, monkeypatch)
    yield made
    made.close()


def test_a_view_is_neither_computed_nor_written_before_it_is_asked_for(exchange: Exchange) -> None:
    assert "extra_data.json" not in exchange.publish()
    assert exchange.computed == 0


def test_a_view_that_is_asked_for_is_there_with_the_next_publication_and_then_at_its_pace(exchange: Exchange) -> None:
    exchange.publish()
    exchange.asked.add("extra")
    assert "extra_data.json" in exchange.publish()
    assert (exchange.directory / "extra_data.json").read_bytes() == b"1"
    for _ in range(10):
        exchange.publish()
    assert exchange.computed in {3, 4}, "once at first, and then once a second"


def test_a_view_that_nobody_asks_for_any_longer_is_listed_no_more_and_removed(exchange: Exchange) -> None:
    exchange.asked.add("extra")
    exchange.publish()
    exchange.asked.clear()
    assert "extra_data.json" not in exchange.publish()
    assert not (exchange.directory / "extra_data.json").exists()
    assert "depth_data.json" in exchange.publish()


def test_what_a_killed_processor_left_of_a_view_is_removed_with_the_first_picture(exchange: Exchange) -> None:
    (exchange.directory / "extra_data.json").write_bytes(b"9")
    exchange.publish()
    assert not (exchange.directory / "extra_data.json").exists()


def test_checks_of_views_on_request_are_made_once_a_second_and_whenever_all_is_published(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def watched(name: str) -> Callable[..., dict[str, bool | None]]:
        checked: Callable[..., dict[str, bool | None]] = getattr(publishing, name)

        def noted(*of: Any) -> dict[str, bool | None]:
            made.append(name)
            return checked(*of)

        return noted

    for name in ("bar_checks", "view_checks"):
        monkeypatch.setattr(publishing, name, watched(name))
    for _ in range(11):
        exchange.publish()
    assert made.count("view_checks") == 3
    assert made.count("bar_checks") >= 5
    exchange.publish(whole=True)
    exchange.publish(whole=True)
    assert made.count("view_checks") == 5


def test_a_publication_of_the_processor_syncs_each_changed_file_and_the_directory_once(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.asked.add("extra")
    exchange.publish()
    synced: list[Path] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(Path(f"/dev/fd/{descriptor}").resolve())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    exchange.clock.sleep(2)
    exchange.publish()
    # Of an engine that stands still, nothing but the extra view has changed.
    assert [path.name for path in synced] == [".extra_data.json.tmp", ".status.json.tmp", exchange.directory.name]


def test_every_view_of_the_contract_is_made_by_one_module() -> None:
    assert [published.view.name for published in VIEWS].count("tape") == 1
    assert sorted(published.view.name for published in VIEWS) == sorted(view.name for view in shared.VIEWS)


def test_a_replay_writes_the_tape_where_it_is_named_and_the_validator_accepts_it(tmp_path: Path) -> None:
    trades, book = market()
    dataset = write(tmp_path / "walk", trades, book)
    settings = Settings(speed=None, at_end="exit")
    assert replay(dataset, tmp_path / "without", settings, FakeClock(), StopSignal())
    assert not (tmp_path / "without" / TAPE_FILE).exists()

    out = tmp_path / "with"
    assert replay(dataset, out, settings, FakeClock(), StopSignal(), views=frozenset({"tape"}))
    assert faults(out) == []
    picture = DirectoryReader(out).poll()
    assert picture is not None
    rows = picture[TAPE]
    assert len(rows) == 500
    # The newest orders hold all trades from the first of them on.
    first = rows[0].trade
    assert sum(row.trades for row in rows) == len(trades) - first
    sizes = trades.size_lots[first:] / 10**trades.size_decimals
    assert sum(row.volume for row in rows) == pytest.approx(sizes.sum(), rel=1e-12)
    assert [row.side for row in rows] == [int(trades.aggressor[row.trade]) for row in rows]

    (out / TAPE_FILE).write_text("[[0,0,2,1.0,1,1.0,1.0,1],[0,0,1,1.0,1,1.0,1.0,2]]")
    said = faults(out)
    assert any("trade does not increase" in fault for fault in said), said
