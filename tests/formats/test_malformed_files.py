"""What each of the real spoilt files does: it is refused or repaired, and says what its user can do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from processor.errors import DatasetError, UnknownFormat
from processor.formats import open_dataset
from tests.formats.reading import read
from tests.formats.samples import LOBSTER_NAME, write

if TYPE_CHECKING:
    from pathlib import Path


def test_candles_with_times_that_a_spreadsheet_rounded_are_refused_with_what_would_do(shared_data: Path) -> None:
    with pytest.raises(UnknownFormat) as refusal:
        open_dataset(shared_data / "malformed/binance_excel_mangled_times.csv")
    (found,) = re.findall(r"  binance_excel_mangled_times\.csv: (.*)", str(refusal.value))
    assert found == (
        "Binance klines: finished candles, without the trades in them; use the trades or aggTrades of these days. "
        "A spreadsheet has rounded its times, too (1.70027E+12): take files as they were downloaded"
    )


def test_messages_whose_name_does_not_say_the_day_are_refused_with_the_name_that_would(shared_data: Path) -> None:
    with pytest.raises(DatasetError, match=r"lobster_message_with_bom\.csv holds LOBSTER messages, but not their day"):
        open_dataset(shared_data / "malformed/lobster_message_with_bom.csv")


def test_the_same_messages_are_read_past_their_byte_order_mark_once_they_are_named(
    shared_data: Path, tmp_path: Path
) -> None:
    content = (shared_data / "malformed/lobster_message_with_bom.csv").read_bytes()
    write(tmp_path / LOBSTER_NAME.format("message"), content)
    found = read(tmp_path)
    assert found.trades is not None
    assert len(found.trades) == 50
    assert found.report.counts["malformed"] == 0
