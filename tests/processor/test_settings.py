from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Literal

import pytest

from processor import settings
from processor.errors import SettingError
from processor.settings import Activity, Offset


@pytest.mark.parametrize(
    ("text", "expected_ns"),
    [
        ("250ms", 250_000_000),
        ("1s", 1_000_000_000),
        ("5m", 300_000_000_000),
        ("4h", 14_400_000_000_000),
        ("1d", 86_400_000_000_000),
        ("1w", 604_800_000_000_000),
    ],
)
def test_an_interval_is_a_number_and_a_unit(text: str, expected_ns: int) -> None:
    assert settings.bar_length(text) == expected_ns


@pytest.mark.parametrize(
    ("text", "unit", "limit"),
    [
        ("500t", "t", "500"),
        ("100v", "v", "100"),
        ("0.5v", "v", "0.5"),
        (".5v", "v", "0.5"),
        ("1000000q", "q", "1000000"),
        ("8q", "q", "8"),
        ("2.50q", "q", "2.5"),
        ("367d", "q", "367"),
        ("2.50d", "q", "2.5"),
    ],
)
def test_an_interval_is_what_is_to_be_traded_in_a_bar(text: str, unit: Literal["t", "v", "q"], limit: str) -> None:
    assert settings.bar_length(text) == Activity(unit, Decimal(limit))


@pytest.mark.parametrize("text", ["8d", "90d", "366d", "08d", "365.0d"])
def test_more_days_than_a_week_are_refused_and_never_a_turnover(text: str) -> None:
    with pytest.raises(SettingError, match=r"expected days up to 7d, or (8|90|366|365)q for a turnover"):
        settings.bar_length(text)


@pytest.mark.parametrize(
    ("text", "now"), [("1000000d", "1000000q"), ("0.5d", "0.5q"), ("1000000q", None), ("1d", None), ("5v", None)]
)
def test_a_turnover_in_its_old_spelling_is_told_how_it_is_written_now(text: str, now: str | None) -> None:
    assert settings.old_spelling(text) == now


@pytest.mark.parametrize("text", ["1d", "7d"])
def test_a_week_of_d_are_days(text: str) -> None:
    assert settings.bar_length(text) == int(text[0]) * 86_400_000_000_000


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "0s",
            "1",
            "m",
            "1.5s",
            "-1s",
            "8h1",
            "200h",
            "1 m",
            "1min",
            "0t",
            "0d",
            "0.0v",
            "1.5t",
            "t",
            ".v",
            "1e3t",
        ),
        *("-5v", "1234567890123456v"),
    ],
)
def test_another_interval_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(SettingError, match=r"1s, 5m, 4h, 1d.*500t.*100v.*1000000q"):
        settings.bar_length(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("10", 10.0), ("x60", 60.0), ("0.1", 0.1), ("2.5x", 2.5), ("max", None), ("MAX", None)]
)
def test_a_speed_is_a_factor_or_max(text: str, expected: float | None) -> None:
    assert settings.speed(text) == expected


@pytest.mark.parametrize("text", ["", "0", "0.01", "10001", "-1", "nan", "inf", "fast"])
def test_another_speed_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match=r"from 0\.1 to 10000, or max"):
        settings.speed(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-08-09T00:01:00Z", 1_723_161_660_000_000_000),
        ("2024-08-09T00:01:00", 1_723_161_660_000_000_000),
        ("2024-08-09T02:01:00+02:00", 1_723_161_660_000_000_000),
        ("2024-08-09 00:01:00.000001", 1_723_161_660_000_001_000),
        ("2024-08-09", 1_723_161_600_000_000_000),
        ("+2h", Offset(7_200_000_000_000)),
        ("+1h30m", Offset(5_400_000_000_000)),
    ],
)
def test_a_moment_is_an_iso_time_in_utc_or_an_offset(text: str, expected: settings.Moment) -> None:
    assert settings.moment("start", text) == expected


@pytest.mark.parametrize("text", ["", "+", "2h", "+2", "+2x", "+h2", "yesterday", "2024-13-01"])
def test_another_moment_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(SettingError, match="invalid until "):
        settings.moment("until", text)


def test_an_offset_counts_from_the_first_event() -> None:
    assert settings.resolved(Offset(5), 100) == 105
    assert settings.resolved(7, 100) == 7


def test_a_moment_is_written_as_iso_to_the_millisecond() -> None:
    assert settings.iso(1_723_161_660_123_456_789) == "2024-08-09T00:01:00.123Z"
    assert settings.iso(-1) == "1969-12-31T23:59:59.999Z"


def test_a_choice_outside_its_list_is_refused_with_the_list() -> None:
    with pytest.raises(SettingError, match="hold or exit or loop"):
        settings.one_of("at-end", "stop", settings.AT_ENDS)


@pytest.mark.parametrize("text", ["Mars/Olympus", "../etc/passwd", "America", "+02:00"])
def test_another_time_zone_than_one_with_a_name_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="the name of a time zone, such as America/New_York"):
        settings.zone_name("timezone", text)


@pytest.mark.parametrize("text", ["0", "0.0", "-1", "1/3", "x", "1e-30", "1e999999999", "9999999999", "nan", ""])
def test_a_height_of_rows_that_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match=r"the height of a price row, such as 0\.25 or 10, or auto"):
        settings.row_height(text)


def test_a_height_of_rows_is_exact_and_auto_is_none() -> None:
    assert settings.row_height("0.25") == Fraction(1, 4)
    assert settings.row_height(".000000000000000001") == Fraction(1, 10**18)
    assert settings.row_height("auto") is None
    assert settings.Settings(row="0.1").aggregation.row == Fraction(1, 10)


def test_own_measures_are_sorted_and_without_those_that_there_are_always() -> None:
    found = settings.own_measures("50, 3,10,0,3", "10,0.50,1000000")
    assert found.names == (
        *("obi_3", "obi_50", "cost_buy_bp_0.5", "cost_sell_bp_0.5", "cost_buy_bp_10", "cost_sell_bp_10"),
        *("cost_buy_bp_1000000", "cost_sell_bp_1000000"),
    )
    assert not settings.own_measures("", " ")


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "3,,4", "9999999", "1" * 5000, "2,3,4,6,7,8,9,11,12"])
def test_depths_of_own_measures_that_are_no_numbers_of_levels_or_too_many_are_refused(text: str) -> None:
    with pytest.raises(SettingError, match="at most 8 numbers of levels up to 1000000"):
        settings.own_measures(text, "")


@pytest.mark.parametrize("text", ["0", "-1", "1e3", "nan", "1,,2", "9" * 16, "1,2,3,4,5,6,7,8,9"])
def test_sizes_of_own_measures_that_are_none_or_too_many_are_refused(text: str) -> None:
    with pytest.raises(SettingError, match="at most 8 sizes to trade above 0"):
        settings.own_measures("", text)
