from __future__ import annotations

import pytest

from processor import settings
from processor.errors import SettingError
from processor.settings import Offset


@pytest.mark.parametrize(
    ("text", "expected_ns"),
    [
        ("250ms", 250_000_000),
        ("1s", 1_000_000_000),
        ("5m", 300_000_000_000),
        ("4h", 14_400_000_000_000),
        ("1d", 86_400_000_000_000),
    ],
)
def test_an_interval_is_a_number_and_a_unit(text: str, expected_ns: int) -> None:
    assert settings.interval_ns(text) == expected_ns


@pytest.mark.parametrize("text", ["", "0s", "1", "m", "1.5s", "-1s", "8d", "1 m", "1min"])
def test_another_interval_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(SettingError, match="1s, 5s, 1m"):
        settings.interval_ns(text)


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
    with pytest.raises(SettingError, match="until: "):
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
