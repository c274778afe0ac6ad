"""Times as terminals, vendors and people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processor.formats.mapped import time_kernels as steps
from processor.formats.mapped.clocks import TimeColumn, advice
from processor.formats.mapped.time_forms import BadFormat, of_format, read
from processor.formats.mapped.zones import zone_of
from tests.formats.mapped_files import START_MS, START_NS, TRADES, mapped, prices_of, refusal, said, times_of
from tests.formats.reading import read as read_dataset
from tests.formats.samples import write

if TYPE_CHECKING:
    from pathlib import Path

ONE: Final = TRADES + 'time = "t"\n'
TWO: Final = TRADES + 'time = ["d", "t"]\n'


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        ("2025-08-01D00:00:00.123456789", 123_456_789),
        ("01.08.2025 00:00:00.605 GMT+0000", 605 * 10**6),
        ("01.08.2025 02:00:00.605 GMT+0200", 605 * 10**6),
        ("31.07.2025 18:30:00 -05:30", 0),
        ("2025.08.01 00:00:00.212", 212 * 10**6),
        ("20250801 000000123", 123 * 10**6),
        ("20250801 000000 1234567", 123_456_700),
        ("20250801000000123", 123 * 10**6),
        ("20250801-00:00:00.5", 500 * 10**6),
        ("2025/8/1 0:00:00", 0),
        ("1-Aug-2025 00:00:00.25", 250 * 10**6),
        ("Aug 1, 2025 12:00:01 AM", 10**9),
        ("Fri, 01 Aug 2025 00:00:00 GMT", 0),
        ("01/Aug/2025:02:00:00 +0200", 0),
        ("2025-08-01T00:00:00,5Z", 500 * 10**6),
        ("2025-08-01 00:00:00:123", 123 * 10**6),
    ],
)
def test_a_time_is_read_in_the_form_that_it_shows_and_the_report_says_which(
    tmp_path: Path, shown: str, wanted: int
) -> None:
    mapped(tmp_path, ONE, "t;p;q", f"{shown};1;1")
    found = read_dataset(tmp_path)
    assert found.trades is not None
    assert found.trades.time_ns.tolist() == [START_NS + wanted]
    (assumption,) = said(found)
    assert assumption.startswith("t is read as %")
    assert ("no other zone is given" in assumption) == ("%z" not in assumption)


@pytest.mark.parametrize(
    ("date", "clock"),
    [
        ("2025.08.01", "00:00:01.5"),
        ("20250801", "000001500"),
        ("01.08.2025", "00:00:01.5"),
        ("2025-08-01", "00:00:01.500000000"),
        ("2025/8/1", "12:00:01.5 AM"),
    ],
)
def test_a_date_and_a_time_of_day_may_be_in_two_columns(tmp_path: Path, date: str, clock: str) -> None:
    mapped(tmp_path, TWO, "p,d,q,t", f"1,{date},1,{clock}")
    assert times_of(tmp_path) == [START_NS + 1_500_000_000]


def test_numbers_for_times_of_day_may_have_lost_their_zeros(tmp_path: Path) -> None:
    frame = pl.DataFrame({"d": [20250801] * 3, "t": [1, 93_000_123, 235_959_999], "p": [1.0] * 3, "q": [1] * 3})
    write(tmp_path / "mapping.toml", TWO.replace("*.csv", "*.parquet"))
    frame.write_parquet(tmp_path / "a.parquet")
    seconds = (0.001, 9.5 * 3600 + 0.123, 86_399.999)
    assert times_of(tmp_path) == [START_NS + round(second * 1000) * 10**6 for second in seconds]


def test_no_format_is_advised_that_does_not_read_times_of_day_without_their_zeros(tmp_path: Path) -> None:
    rows = [f"20250801;93000{ms:03};1;1" for ms in range(10)]
    mapped(tmp_path, TWO + 'format = "%Y%m%d %H%M%S%f"\n', "d;t;p;q", *rows)
    assert refusal(tmp_path).endswith("leave it out, the values show how they are written")
    mapped(tmp_path, TWO, "d;t;p;q", *rows)
    assert times_of(tmp_path) == [START_NS + 34_200 * 10**9 + ms * 10**6 for ms in range(10)]
    values = [row.replace(";", " ", 1).partition(";")[0] for row in rows]
    column = TimeColumn("a.csv", "d with t", values, lambda: values, lambda: values, in_two=True)
    assert advice(column) == ""


@pytest.mark.parametrize("odd", ["t", "nan", "", "2025-08-01"])
@pytest.mark.parametrize("row", [0, 7])
def test_a_row_of_which_the_time_is_none_is_malformed_and_leaves_the_unit_to_the_others(
    tmp_path: Path, odd: str, row: int
) -> None:
    times = [START_MS + at for at in range(200)]
    shown = [odd if at == row else str(time) for at, time in enumerate(times)]
    mapped(tmp_path, ONE, "t,p,q", *(f"{time},1,1" for time in shown))
    assert times_of(tmp_path) == [time * 10**6 for at, time in enumerate(times) if at != row]


@pytest.mark.parametrize(
    ("first", "other", "reason"),
    [
        ("45870.5", "45870.6", "a spreadsheet's count of days since 1899-12-30"),
        ("133984800000000000", "133984800000000001", "Windows' count of 100 ns since the year 1601"),
        ("1754006400000", "1754006400000000", "milliseconds since 1970, and '1754006400000000' is not: write all"),
    ],
)
def test_numbers_that_are_no_times_of_one_unit_are_called_by_their_name(
    tmp_path: Path, first: str, other: str, reason: str
) -> None:
    mapped(tmp_path, ONE, "t,p,q", f"{first},1,1", f"{other},1,1")
    assert reason in refusal(tmp_path)


@pytest.mark.parametrize(
    ("digits", "unit"),
    [("1754006400", "seconds"), ("1754006400000", "milliseconds"), ("1754006400000000", "microseconds"),
     ("1754006400000000000", "nanoseconds"), ("1754006400.0", "seconds")],
)  # fmt: skip
def test_without_a_unit_digits_say_which_it_is(tmp_path: Path, digits: str, unit: str) -> None:
    mapped(tmp_path, ONE, "t,p,q", f"{digits},1,1")
    found = read_dataset(tmp_path)
    assert found.trades is not None
    assert found.trades.time_ns.tolist() == [START_NS]
    assert said(found) == [f"t is read as {unit} since 1970, by its {len(digits.partition('.')[0])} digits"]


def test_decimals_of_a_millisecond_are_read_exactly(tmp_path: Path) -> None:
    mapped(tmp_path, ONE + 'time_unit = "ms"\n', "t,p,q", f"{START_MS}.123456,1,1", f"{START_MS}.5,1,1")
    assert times_of(tmp_path) == [START_NS + 123_456, START_NS + 500_000]


@pytest.mark.parametrize(
    ("unit", "digits", "better"),
    [("ms", "1754006400", "s"), ("s", "1754006400000", "ms"), ("ns", "1754006400000", "ms"), ("us", "1754006400", "s")],
)
def test_a_unit_against_common_sense_is_refused_with_the_one_that_fits(
    tmp_path: Path, unit: str, digits: str, better: str
) -> None:
    mapped(tmp_path, f'{ONE}time_unit = "{unit}"\n', "t,p,q", f"{digits},1,1")
    message = refusal(tmp_path)
    assert message.startswith("a.csv: t ")
    assert message.endswith(f'write time_unit = "{better}"')
    mapped(tmp_path, f'{ONE}time_unit = "{better}"\n', "t,p,q", f"{digits},1,1")
    assert times_of(tmp_path) == [START_NS]


@pytest.mark.parametrize("unit", ["", 'time_unit = "ns"\n'])
def test_the_ticks_of_dotnet_are_called_by_their_name(tmp_path: Path, unit: str) -> None:
    mapped(tmp_path, ONE + unit, "t,p,q", "638896896000000000,1,1")
    assert ".NET's count of 100 ns" in refusal(tmp_path)


def test_text_where_a_unit_is_said_is_refused_with_what_to_write(tmp_path: Path) -> None:
    mapped(tmp_path, ONE + 'time_unit = "ms"\n', "t,p,q", "2025-08-01T00:00:00Z,1,1")
    assert refusal(tmp_path).endswith('is not a number of milliseconds: write time_unit = "iso"')


def test_a_day_and_a_month_that_can_be_either_are_refused_with_both_readings(tmp_path: Path) -> None:
    mapped(tmp_path, ONE, "t,p,q", "01/08/2025 00:00:00,1,1")
    message = refusal(tmp_path)
    assert 'format = "%d/%m/%Y %H:%M:%S.%f" for 1 August 2025' in message
    assert 'format = "%m/%d/%Y %H:%M:%S.%f" for 8 January 2025' in message
    for form, wanted in re.findall(r'(format = "[^"]*") for (\d+ \w+ \d+)', message):
        mapped(tmp_path, f"{ONE}{form}\n", "t,p,q", "01/08/2025 00:00:00,1,1")
        day = datetime.strptime(wanted, "%d %B %Y").replace(tzinfo=UTC)
        assert times_of(tmp_path) == [int(day.timestamp()) * 10**9]


@pytest.mark.parametrize("where", ["first", "last"])
def test_a_day_above_twelve_settles_which_is_the_month(tmp_path: Path, where: str) -> None:
    rows = [f"{day:02d}/08/2025 00:00:00,1,1" for day in range(1, 14)]
    wanted = [START_NS + day * 86_400 * 10**9 for day in range(13)]
    filler = [] if where == "first" else [rows[0]] * 4000
    mapped(tmp_path, ONE, "t,p,q", *filler, *rows)
    assert times_of(tmp_path)[len(filler) :] == wanted


def test_a_format_that_does_not_fit_is_refused_with_the_one_that_does(tmp_path: Path) -> None:
    mapped(tmp_path, ONE + 'format = "%Y-%m-%d %H:%M:%S"\n', "t,p,q", "01.08.2025 00:00:00,1,1")
    message = refusal(tmp_path)
    assert "is not of the format %Y-%m-%d %H:%M:%S" in message
    assert message.endswith('write format = "%d.%m.%Y %H:%M:%S.%f"')


def test_a_date_alone_is_refused_with_the_way_to_name_two_columns(tmp_path: Path) -> None:
    mapped(tmp_path, ONE, "t,p,q,c", "2025-08-01,1,1,00:00:00")
    assert refusal(tmp_path).endswith('also name the column of the time of day, time = ["date", "time"]')


def test_a_row_of_another_form_is_malformed_and_not_taken_as_utc(tmp_path: Path) -> None:
    rows = [f"01.08.2025 00:{at // 60:02d}:{at % 60:02d},1,1" for at in range(200)]
    rows[7] = "2025-08-01 00:00:07,1,1"
    mapped(tmp_path, ONE + 'format = "%d.%m.%Y %H:%M:%S"\nzone = "Europe/Berlin"\n', "t,p,q", *rows)
    found = read_dataset(tmp_path)
    assert found.trades is not None
    assert len(found.trades) == 199
    (incident,) = (each for each in found.report.incidents if each.kind == "malformed")
    assert incident.line == 9
    assert "2025-08-01 00:00:07 (not %d.%m.%Y" in incident.detail


def test_times_are_those_of_the_zone_that_is_named(tmp_path: Path) -> None:
    winter = int(datetime(2025, 12, 1, tzinfo=UTC).timestamp()) * 10**9
    for shown, wanted in (("2025-08-01 02:00:00", START_NS), ("2025-12-01 01:00:00", winter)):
        mapped(tmp_path, ONE + 'zone = "Europe/Berlin"\n', "t,p,q", f"{shown},1,1")
        assert times_of(tmp_path) == [wanted]


def test_a_zone_holds_for_times_of_a_type_that_has_none(tmp_path: Path) -> None:
    naive = pl.Series([datetime(2025, 8, 1, 2, 0, 0, 5)])  # noqa: DTZ001 - that is the point
    frame = pl.DataFrame({"t": naive, "p": [1], "q": [1]})
    write(tmp_path / "mapping.toml", ONE.replace("*.csv", "*.parquet") + 'zone = "Europe/Berlin"\n')
    frame.write_parquet(tmp_path / "a.parquet")
    assert times_of(tmp_path) == [START_NS + 5000]
    frame.with_columns(pl.col("t").dt.replace_time_zone("UTC")).write_parquet(tmp_path / "a.parquet")
    assert times_of(tmp_path) == [START_NS + 7200 * 10**9 + 5000]


def test_a_local_time_that_the_clocks_pass_over_is_malformed(tmp_path: Path) -> None:
    rows = [f"2025-03-30 01:{at // 60:02d}:{at % 60:02d},1,1" for at in range(200)]
    mapped(tmp_path, ONE + 'zone = "Europe/Berlin"\n', "t,p,q", *rows, "2025-03-30 02:30:00,1,1")
    found = read_dataset(tmp_path)
    (incident,) = (each for each in found.report.incidents if each.kind == "malformed")
    assert (incident.line, "no such time in" in incident.detail) == (202, True)


def test_times_that_the_clocks_show_twice_are_taken_in_the_order_of_the_rows(tmp_path: Path) -> None:
    clocks = ["02:00:00", "02:30:00", "02:59:59", "02:00:01", "02:30:00", "03:00:00"]
    rows = [f"2025-10-26 {clock},1,1" for clock in clocks]
    mapped(tmp_path, ONE + 'zone = "Europe/Berlin"\n', "t,p,q", *rows)
    begin = int(datetime(2025, 10, 26, 0, tzinfo=UTC).timestamp())
    assert times_of(tmp_path) == [(begin + at) * 10**9 for at in (0, 1800, 3599, 3601, 5400, 7200)]
    assert any("occur twice" in detail for detail in said(read_dataset(tmp_path)))


FORMS: Final = (
    ("%Y-%m-%d %H:%M:%S.%f", 9),
    ("%d.%m.%Y %H:%M:%S.%f", 3),
    ("%m/%d/%Y %I:%M:%S.%f %p", 6),
    ("%d-%b-%Y %H:%M:%S.%f", 9),
    ("%Y%m%d %H%M%S%f", 3),
    ("%Y%m%d%H%M%S", 0),
    ("%y%m%d %H%M%S,%f", 7),
    ("%B %d, %Y %H:%M:%S.%f", 9),
    ("%a, %d %b %Y %H:%M:%S", 0),
    ("%d/%m/%Y %H:%M:%S.%f %z", 6),
    ("%Y-%m-%dT%H:%M:%S.%f%z", 9),
)
ZONES: Final = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "-05:00",
    "Pacific/Apia", "America/Sao_Paulo",
)  # fmt: skip


def shown_in(moment: datetime, ns: int, form: str, digits: int, zone: str) -> str:
    """As Python writes it, but for the digits of the fraction."""
    local = moment.astimezone(timezone_of(zone))
    fraction = f"{ns:09d}"[:digits]
    return local.strftime(form.replace("%f", fraction).replace("%Y", f"{local.year:04d}"))


def timezone_of(zone: str) -> Any:
    return datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").tzinfo if zone[0] == "-" else ZoneInfo(zone)


moments = st.integers(631_152_000, 1_830_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


@given(moments, st.integers(0, 10**9 - 1), st.sampled_from(FORMS), st.sampled_from(ZONES))
@example(datetime(2025, 10, 26, 1, 30, tzinfo=UTC), 0, FORMS[0], "Europe/Berlin")
def test_a_time_written_in_any_form_in_any_zone_is_read_as_what_it_was(
    moment: datetime, ns: int, form: tuple[str, int], zone: str
) -> None:
    shown, digits = form
    text = shown_in(moment, ns, shown, digits, zone)
    known = zone_of(zone)
    assert known is not None
    values, faults = read([text], of_format(shown), known)
    wanted = int(moment.timestamp()) * 10**9 + int(f"{ns:09d}"[:digits] or 0) * 10 ** (9 - digits)
    if "%z" not in shown:
        earlier = moment.astimezone(timezone_of(zone)).replace(fold=0).astimezone(UTC)
        wanted += (int(earlier.timestamp()) - int(moment.timestamp())) * 10**9
    assert (values.tolist(), faults.tolist()) == ([wanted], [steps.READ])


@given(st.lists(st.integers(1, 600), min_size=1, max_size=60), st.sampled_from(["Europe/Berlin", "America/New_York"]))
def test_rows_in_order_across_the_hour_that_comes_twice_are_read_as_what_they_were(gaps: list[int], zone: str) -> None:
    second = int(datetime(2025, 10, 26, tzinfo=UTC).timestamp()) if "Berlin" in zone else 1_762_060_000
    moments = [datetime.fromtimestamp(second + sum(gaps[:at]), UTC) for at in range(len(gaps))]
    known = zone_of(zone)
    assert known is not None
    texts = [moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S") for moment in moments]
    values, _ = read(texts, of_format("%Y-%m-%d %H:%M:%S"), known)
    assert values.tolist() == [int(moment.timestamp()) * 10**9 for moment in moments]


@given(st.dates(), st.times(), st.sampled_from(FORMS[:5]))
def test_no_text_is_read_as_another_time_than_python_reads(date: Any, clock: Any, form: tuple[str, int]) -> None:
    moment = datetime.combine(date, clock.replace(microsecond=0))
    text = moment.strftime(form[0].replace("%f", "5").replace("%Y", f"{moment.year:04d}"))
    values, faults = read([text], of_format(form[0]))
    inside = 1678 <= moment.year <= 2261
    assert (faults[0] == steps.READ) == inside
    if inside:
        seconds = (moment - datetime(1970, 1, 1)) // timedelta(seconds=1)  # noqa: DTZ001 - UTC is meant
        assert values[0] == seconds * 10**9 + 500_000_000


@given(st.text("0123456789-:./ TZAPM+", max_size=30))
def test_any_text_at_all_is_a_time_or_is_told_to_be_none(text: str) -> None:
    for form, _ in FORMS:
        values, faults = read([text], of_format(form))
        assert faults[0] in {steps.READ, steps.OTHER_FORM, steps.NO_SUCH_TIME}
        assert values[0] == 0 or faults[0] == steps.READ
    written = [text] if text.strip() else []
    advice(TimeColumn("a.csv", "t", written, lambda: written, list))


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ("%H:%M", "needs a year"),
        ("%d.%m.%Y %I:%M", "needs %p"),
        ("%d.%m.%Y %H:%M %p", "needs %I"),
        ("%d.%m.%Y %Q", "unknown directive %Q"),
    ],
)
def test_a_format_that_cannot_be_is_refused_with_the_reason(shown: str, reason: str) -> None:
    with pytest.raises(BadFormat, match=reason):
        of_format(shown)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_a_zone_has_the_offsets_that_python_knows(zone: str) -> None:
    known = zone_of(zone)
    assert known is not None
    for second in np.arange(0, 1_800_000_000, 7_000_003).tolist():
        moment = datetime.fromtimestamp(second, UTC)
        offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
        assert offset is not None
        at = int(np.searchsorted(known.begins_s, second, side="right")) - 1
        assert known.offsets_s[at] == offset.total_seconds()


def test_no_zone_is_found_where_there_is_none() -> None:
    assert [zone_of(name) for name in ("Berlin", "../etc/passwd", "+25:00", "")] == [None] * 4


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ('zone = "Berlin"', "zone is 'Berlin'; expected a name like \"Europe/Berlin\" or an offset"),
        ('format = "%H"', "format is '%H': a format needs a year"),
        ('time_unit = "ms"\nformat = "%Y-%m-%d"', "give either time_unit or format"),
        ('format = "ms"', "expected s, ms, us, ns or iso, or a format like"),
    ],
)
def test_what_a_mapping_says_of_times_is_checked(tmp_path: Path, key: str, reason: str) -> None:
    mapped(tmp_path, ONE + key, "t,p,q", f"{START_MS},1,1")
    assert reason in refusal(tmp_path)


def test_a_unit_goes_with_one_column_alone(tmp_path: Path) -> None:
    mapped(tmp_path, TWO + 'time_unit = "ms"\n', "d,t,p,q", "2025-08-01,00:00:00,1,1")
    assert "d with t is a date and a time of day: leave out time_unit" in refusal(tmp_path)


def test_both_clocks_may_have_a_form(tmp_path: Path) -> None:
    said_of_both = ONE + 'local_time = "heard"\n'
    rows = [f"01.08.2025 00:00:0{at},1,{at + 1},01.08.2025 00:00:0{9 - at}" for at in range(3)]
    mapped(tmp_path, said_of_both, "t,p,q,heard", *rows)
    assert times_of(tmp_path) == [START_NS + at * 10**9 for at in range(3)]
    heard = read_dataset(tmp_path, clock="local").trades
    assert heard is not None
    assert heard.time_ns.tolist() == [START_NS + (9 - at) * 10**9 for at in (2, 1, 0)]
    assert prices_of(tmp_path) == ["1"] * 3


def test_a_zone_is_refused_where_times_are_numbers(tmp_path: Path) -> None:
    for unit in ('time_unit = "ms"\n', ""):
        mapped(tmp_path, f'{ONE}zone = "Europe/Berlin"\n{unit}', "t,p,q", f"{START_MS},1,1")
        assert refusal(tmp_path).endswith("in UTC: leave out zone")


def test_a_time_of_day_alone_is_refused_with_the_way_to_name_two_columns(tmp_path: Path) -> None:
    mapped(tmp_path, ONE, "d,t,p,q", "2025-08-01,09:30:00.5,1,1")
    assert refusal(tmp_path).endswith('also name the column of the date, time = ["date", "time"]')
