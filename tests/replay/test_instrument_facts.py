"""What a dataset tells of its instrument, the price step and the time zone: published, and listed by inspect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processor.cli.inspection import inspect
from processor.replay.context import StopSignal
from processor.replay.run import replay
from processor.settings import Settings
from processor.store.cache import Cache
from shared import STATUS_FILE, Status, decode
from tests.replay.fake_clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "X_2024-01-02_34200000_57600000"
_HIDDEN = "5"


def lobster(folder: Path) -> Path:
    """Prices in ten-thousandths: a book at whole cents, and an execution of a hidden order at half a cent."""
    folder.mkdir()
    messages = ("34200.1,1,1,2,150000,1", "34200.2,4,1,1,150000,1", f"34200.3,{_HIDDEN},0,1,150050,1")
    (folder / f"{_NAME}_message_1.csv").write_text("".join(f"{line}\n" for line in messages))
    book = ("160000,2,150000,2", "160000,2,150000,1", "160100,2,150000,1")
    (folder / f"{_NAME}_orderbook_1.csv").write_text("".join(f"{line}\n" for line in book))
    return folder


def published(dataset: Path, out: Path, cache: Cache | None, timezone: str | None = None) -> Status:
    settings = Settings(at_end="exit", speed=None, timezone=timezone)
    assert replay(dataset, out, settings, FakeClock(), StopSignal(), cache=cache)
    status: Status = decode(STATUS_FILE, (out / STATUS_FILE).read_bytes())
    return status


def test_the_price_step_is_that_of_the_book_from_the_files_a_cache_that_fills_and_a_full_one(tmp_path: Path) -> None:
    dataset = lobster(tmp_path / "lobster")
    cache = Cache(tmp_path / "cache", 10**9)
    found = [published(dataset, tmp_path / "out", each) for each in (None, cache, cache)]
    assert [(status.cache, status.price_step, status.price_decimals) for status in found] == [
        ("off", 0.01, 4),
        ("complete", 0.01, 4),
        ("complete", 0.01, 4),
    ]


def test_the_exchanges_time_zone_is_the_vendors_or_the_one_that_is_asked_for(tmp_path: Path) -> None:
    dataset = lobster(tmp_path / "lobster")
    assert published(dataset, tmp_path / "out", None).timezone == "America/New_York"
    assert published(dataset, tmp_path / "out", None, timezone="Asia/Tokyo").timezone == "Asia/Tokyo"


def test_inspect_lists_the_price_step(tmp_path: Path) -> None:
    assert inspect(lobster(tmp_path / "lobster"), None, "exchange").price_tick == "0.01"
