from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from processor.formats.lines import text
from processor.formats.lines.kernels import ABSENT, MAX_DECIMALS
from processor.formats.lines.levels import read_levels
from tests.formats.tolerant_reference import damaged, decimal, split

ROW = text.Layout(
    [
        text.only("symbol", b"X"),
        text.integer("time", times=1000),
        text.word("side", b"bid", b"ask"),
        text.price("price"),
        text.size("size"),
    ]
)


def parsed(layout: text.Layout, content: bytes, **scales: int) -> text.Parsed:
    return layout.parse(content, content.count(b"\n"), **scales)


def column(layout: text.Layout, name: str, content: bytes) -> list[int]:
    found: list[int] = parsed(layout, content).values[layout.row_of(name)].tolist()
    return found


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "-"]), st.integers(0, 10**6), st.text("0123456789", max_size=MAX_DECIMALS)),
        min_size=1,
    )
)
@example([("", 25_000, "100000000002")])
def test_prices_are_exact_on_the_scale_that_the_finest_of_them_needs(written: list[tuple[str, int, str]]) -> None:
    prices = [f"{sign}{whole}.{fraction}" for sign, whole, fraction in written]
    layout = text.Layout([text.price("price")])
    found = parsed(layout, "".join(f"{price}\n" for price in prices).encode())
    decimals = found.price_decimals
    numbers, noisy = zip(*(decimal(price.encode(), quoted=False, decimals=None) for price in prices), strict=True)
    assert [Decimal(value).scaleb(-decimals) for value in found.values[0].tolist()] == list(numbers)
    assert decimals == max(max(-int(number.normalize().as_tuple().exponent), 0) for number in numbers)
    assert found.rounded_count == sum(noisy)
    exact = zip(numbers, map(Decimal, prices), noisy, strict=True)
    assert all(number == price for number, price, is_noisy in exact if not is_noisy)


def test_a_scale_already_in_use_is_kept_and_a_finer_value_in_the_middle_raises_it_for_all() -> None:
    layout = text.Layout([text.price("price"), text.size("size")])
    assert parsed(layout, b"1.5,2\n", price_decimals=3, size_decimals=1).values.tolist() == [[1500], [20]]
    found = parsed(layout, b"1.5,2\n1.125,2\n7,0.00000001\n")
    assert (found.price_decimals, found.size_decimals) == (3, 8)
    assert found.values.tolist() == [[1500, 1125, 7000], [200_000_000, 200_000_000, 1]]


def test_a_malformed_row_does_not_make_the_scale_finer() -> None:
    layout = text.Layout([text.price("price"), text.size("size")])
    assert parsed(layout, b"1.123456,x\n1.5,1\n").price_decimals == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"X,1,bid,100.5", "size is missing"),
        (b"X,1,bid,100.5,", "size is missing"),
        (b"X,1,bid,,1", "price is missing"),
        (b"X", "time is missing"),
        (b"X,1,bid,100.5,1,7", "more fields after size, the last column"),
        (b"X,1,bid,2 33.53,1", "price '2 33.53' is not a number"),
        (b"X,1,bid,33.53x,1", "price '33.53x' is not a number"),
        (b"X,1,bid,1e-15,1", "price '1e-15' has too many decimals"),
        (b"X,1,bid,1e19,1", "price '1e19' is too large for 64 bits"),
        (b"X,1,bid,1e,1", "price '1e' is not a number"),
        (b"X,1,bid,+-1,1", "price '+-1' is not a number"),
        (b"X,1,bid,-,1", "price is missing ('-')"),
        (b"X,1,bid,.,1", "price '.' is not a number"),
        (b"X,1,bid,nan,1", "price is missing ('nan')"),
        (b"X,1,bid,inf,1", "price 'inf' is not a number"),
        (b'X,1,bid,"1,2",1', "price '1,2' is not a number"),
        (b'X,1,bid,"0,123",1', "price '0,123' is not a number"),
        (b'X,1,bid,"1",2,1', "more fields after size, the last column"),
        (b'X,1,bid,"1"2,1', "price '\"1\"2' is not a number"),
        (b"X,1,bid,1.2.3,1", "price '1.2.3' is not a number"),
        (b"X,1.5,bid,1,1", "time '1.5' is not a whole number"),
        (b"X,1.70027E+12,bid,1,1", "time '1.70027E+12' is rounded: it has an exponent"),
        (b"X,NULL,bid,1,1", "time is missing ('NULL')"),
        (b"X,-1,bid,1,1", "time '-1' is negative"),
        (b"X,1,bid,1,-0.5", "size '-0.5' is negative"),
        (b"X,9223372036854776,bid,1,1", "time '9223372036854776' is too large for 64 bits"),
        (b"X,1,bid,9223372036854775808,1", "price '9223372036854775808' is too large for 64 bits"),
        (b"X,1,bid,1,99999999999999999999", "size '99999999999999999999' is too large for 64 bits"),
        (b"X,1,bid,0.1234567890123,1", "price '0.1234567890123' has too many decimals"),
        (b"X,1,bids,1,1", "side 'bids' is not one of bid, ask"),
        (b"X,1,b\xe4d,1,1", "side 'b\\xe4d' is not one of bid, ask"),
        (b"X,1,bid,1,1\x00", "size '1\\x00' is not a number"),
        (b"X\x00,1,bid,1,1", "symbol 'X\\x00' is damaged"),
        (b"Y\xff,1,bid,1,1", "symbol 'Y\\xff' is damaged"),
    ],
)
def test_a_malformed_row_is_left_out_and_described_with_its_line(row: bytes, reason: str) -> None:
    found = ROW.parse(b"X,5,ask,1,1\n\n" + row + b"\nX,6,bid,2,2\n", 4, first_line=11)
    assert found.bad == (text.BadRow(13, reason),)
    assert found.bad_count == 1
    assert found.lines.tolist() == [11, 14]
    assert found.values[ROW.row_of("time")].tolist() == [5000, 6000]


def test_the_name_of_a_column_is_shown_as_far_as_a_terminal_can() -> None:
    layout = text.Layout([text.price("\x1b[31mpr\x00ce" + "x" * 1000)])
    (bad,) = parsed(layout, b"?\n").bad
    assert bad.reason.startswith(r"\x1b[31mpr\x00ce" + "xxx")
    assert bad.reason.isprintable()
    assert len(bad.reason) < 100


def test_rows_of_other_instruments_are_neither_good_nor_bad() -> None:
    found = parsed(ROW, b"Y,1,buy,x,y\nX,1,bid,1,1\nXX,1,bid,1,1\n")
    assert found.lines.tolist() == [2]
    assert found.bad_count == 0


def test_a_row_that_lacks_fields_is_malformed_whatever_instrument_it_names() -> None:
    found = parsed(ROW, b"Y,1,bid\nbroken\nY,1,bid,1,1,1\n")
    assert [bad.reason for bad in found.bad] == [
        "price is missing",
        "time is missing",
        "more fields after size, the last column",
    ]


def test_lines_may_end_as_on_windows_and_blank_ones_are_no_rows() -> None:
    found = parsed(ROW, b"\r\nX,1,bid,1,1\r\n\nX,2,ask,1.5,3\r\n")
    assert found.lines.tolist() == [2, 4]
    assert found.values[ROW.row_of("price")].tolist() == [10, 15]
    assert found.bad_count == 0


def test_numbers_without_a_digit_before_or_after_the_point_are_read_and_minus_zero_is_zero() -> None:
    assert column(text.Layout([text.price("price")]), "price", b".5\n5.\n-0.0\n-.5\n") == [5, 50, 0, -5]


def test_only_the_first_bad_rows_are_described_but_all_are_counted() -> None:
    found = parsed(ROW, b"X,1\n" * 50)
    assert found.bad_count == 50
    assert [bad.line for bad in found.bad] == list(range(1, 21))


def test_fixed_point_prices_lose_the_zeros_they_do_not_need_and_know_the_undefined() -> None:
    layout = text.Layout([text.price("price", implied_decimals=9, may_be_absent=True)])
    found = parsed(layout, b"233670000000\n9223372036854775807\n-1500000000\n0\n\n")
    assert found.price_decimals == 2
    assert found.values[0].tolist() == [23367, ABSENT, -150, 0]


def test_a_price_that_may_be_absent_may_be_empty() -> None:
    layout = text.Layout([text.price("price", may_be_absent=True), text.skip("rest")])
    assert column(layout, "price", b",\n1,\n9223372036.854775807,\n") == [ABSENT, 1, ABSENT]


@pytest.mark.parametrize(
    ("written", "ns"),
    [
        (b"34200.017459617", 34_200_017_459_617),
        (b"34200.18960767", 34_200_189_607_670),
        (b"34200", 34_200_000_000_000),
        (b"0.000000001", 1),
        (b"43002.632812672004", 43_002_632_812_672),
    ],
)
def test_seconds_are_read_to_the_nanosecond_without_a_float(written: bytes, ns: int) -> None:
    assert column(text.Layout([text.seconds("time")]), "time", written + b"\n") == [ns]


@given(st.integers(0, 9_214_646_399_999_999_999), st.sampled_from(["Z", "+00:00", ""]))
@example(1_709_251_199_999_999_999, "Z")
@example(0, "Z")
def test_iso_times_are_read_to_the_nanosecond(ns: int, zone: str) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=ns // 10**9)
    written = f"{moment:%Y-%m-%dT%H:%M:%S}.{ns % 10**9:09d}{zone}\n"
    assert column(text.Layout([text.iso_time("time")]), "time", written.encode()) == [ns]


@pytest.mark.parametrize(
    "written",
    [
        "2024-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:60Z",
        "1969-12-31T23:59:59Z",
        "2262-01-01T00:00:00Z",
        "2024-01-01T00:00:00.0123456789Z",
        "2024-01-01T00:00:00.Z",
        "1970-01-01T00:00:00+02:00",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00 CET",
        "2024-01-01T00:00:00Zulu",
        "2024-01/01T00:00:00",
        "2024-01-01X00:00:00",
        "2024-01-01-00:00:00",
        "2024-01-01T000000",
        "20240101000000",
        "01.02.2024 00:00:00",
        "2024-01-01",
        "24-01-01T00:00:00",
        "1729511669221064336",
    ],
)
def test_what_is_no_time_is_no_time_and_is_told_which_forms_are(written: str) -> None:
    found = parsed(text.Layout([text.iso_time("time")]), f"{written}\n".encode())
    forms = "2025-08-31T23:59:59.5Z, 2025.08.31 23:59:59 or 20250831 235959"
    assert found.bad == (text.BadRow(1, f"time '{written}' is not a time like {forms}"),)


@pytest.mark.parametrize(
    "written",
    [
        "2025-08-01T00:00:00.123456Z",
        "2025-08-01 02:00:00.123456+02:00",
        "2025-08-01 02:00:00.123456+0200",
        "2025-07-31T18:30:00.123456-05:30",
        "2025-08-01 02:00:00.123456+02",
        "2025-08-01 00:00:00.123456 UTC",
        "2025-08-01D00:00:00.123456000",
        "2025-08-01T00:00:00.123456000000",
        "2025.08.01_00:00:00.123456",
        "2025/08/01 00:00:00.123456",
        '"2025-08-01 00:00:00,123456"',
        "20250801 000000.123456",
        "20250801 000000 1234560",
        "20250801T00:00:00.123456Z",
        "20250801-00:00:00.123456",
    ],
)
def test_times_are_read_in_the_forms_that_say_the_year_first(written: str) -> None:
    content = f"{written}\n".encode()
    assert column(text.Layout([text.iso_time("time")]), "time", content) == [1_754_006_400_123_456_000]


@given(st.lists(st.one_of(st.binary(max_size=40), st.from_regex(rb"X,[0-9.,-]{0,20}", fullmatch=True))))
def test_whatever_the_bytes_every_line_is_good_or_bad_or_another_instruments(rows: list[bytes]) -> None:
    content = b"".join(row.replace(b"\n", b"") + b"\n" for row in rows)
    found = parsed(ROW, content)
    expected = [row for row in content.split(b"\n") if row not in {b"", b"\r"}]
    others = [row for row in expected if _is_others(row)]
    assert len(found.lines) + found.bad_count == len(expected) - len(others)


def _is_others(row: bytes) -> bool:
    fields = split(row.removesuffix(b"\r"))
    name = fields[0][0]
    return len(fields) == len(ROW.columns) and name != b"X" and not damaged(name)


FIELDS = st.sampled_from(
    ["", "0", "1", "-1", "7", "12.5", "12.50", "0.125", "12345678", "123456789.123456789", "x", "1 2"]
)
ROWS_LIKE_THE_ONE_ABOVE = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("XY"), st.sampled_from("12"), st.sampled_from(["bid", "ask"]), FIELDS, FIELDS).map(
            ",".join
        ),
        st.sampled_from(["", "\r", "X", "X,1,bid", "X,1,bid,1,1,1", "X,1,bid,1,1\r"]),
    ),
    max_size=12,
)


@given(ROWS_LIKE_THE_ONE_ABOVE)
def test_a_row_reads_the_same_whatever_the_row_above_it_has_in_common_with_it(rows: list[str]) -> None:
    found = parsed(ROW, "".join(f"{row}\n" for row in rows).encode())
    alone = [parsed(ROW, f"{row}\n".encode(), price_decimals=9, size_decimals=9) for row in rows]
    finest = max((one.price_decimals for one in alone), default=0)
    assert finest <= 9
    assert found.lines.tolist() == [line for line, one in enumerate(alone, 1) if len(one.lines)]
    assert [bad.line for bad in found.bad] == [line for line, one in enumerate(alone, 1) if one.bad_count]
    assert [bad.reason for bad in found.bad] == [bad.reason for one in alone for bad in one.bad]
    scales = {"price": 9 - found.price_decimals, "size": 9 - found.size_decimals}
    for name in ("time", "side", "price", "size"):
        factor = 10 ** scales.get(name, 0)
        expected = [value for one in alone for value in one.values[ROW.row_of(name)].tolist()]
        assert [value * factor for value in found.values[ROW.row_of(name)].tolist()] == expected


@given(st.integers(0, 30), st.text("0123456789", max_size=25), st.integers(0, 25))
@example(0, "9223372036854775807", 0)
@example(0, "9223372036854775808", 0)
@example(3, "12345678", 8)
def test_a_number_reads_the_same_wherever_in_the_text_it_stands(spaces: int, fraction: str, zeros: int) -> None:
    layout = text.Layout([text.skip("filler"), text.integer("whole"), text.price("price")])
    whole = "0" * zeros + fraction
    found = parsed(layout, f"{'x' * spaces},{whole},{whole or '0'}.{fraction[:8]}\n".encode())
    room = bool(whole) and int(whole) <= 2**63 - 1
    if not room:
        assert [bad.reason.split()[0] for bad in found.bad] == ["whole"]
        return
    price = Decimal(f"{whole}.{fraction[:8]}")
    decimals = len(fraction[:8].rstrip("0"))
    if int(price.scaleb(decimals)) > 2**63 - 1:
        assert [bad.reason.split()[0] for bad in found.bad] == ["price"]
    else:
        assert found.values[:, 0].tolist() == [int(whole), int(price.scaleb(decimals))]


def test_words_longer_than_eight_bytes_are_told_apart_by_their_ends() -> None:
    layout = text.Layout([text.word("kind", b"incremental_a", b"incremental_b", b"incremen", b"increment")])
    content = b"incremental_b\nincremental_a\nincremen\nincrement\nincremental\nincremental_ab\nincr\n"
    assert parsed(layout, content).values[0].tolist() == [1, 0, 2, 3]
    assert parsed(layout, content).bad_count == 3


LEVEL_NUMBERS = st.tuples(st.integers(0, 10**6), st.text("0123456789", max_size=8)).map(
    lambda pair: f"{pair[0]}.{pair[1]}"
)


@given(
    lists=st.lists(st.lists(st.tuples(LEVEL_NUMBERS, LEVEL_NUMBERS))),
    space=st.sampled_from(["", " "]),
    more=st.lists(st.sampled_from(["", "0", "]", ","]), max_size=2),
)
def test_levels_are_exact_and_stay_with_their_list(
    lists: list[list[tuple[str, str]]], space: str, more: list[str]
) -> None:
    assume(lists)
    rest = "".join(f'{space},{space}"{field}"' for field in more)
    written = [
        f"[{space}" + f",{space}".join(f'["{price}",{space}"{size}"{rest}]' for price, size in levels) + "]"
        for levels in lists
    ]
    found = read_levels([one.encode() for one in written], 0, 0)
    prices = [Decimal(value).scaleb(-found.price_decimals) for value in found.price_ticks.tolist()]
    sizes = [Decimal(value).scaleb(-found.size_decimals) for value in found.size_lots.tolist()]
    flat = [level for levels in lists for level in levels]
    assert list(zip(prices, sizes, strict=True)) == [(Decimal(price), Decimal(size)) for price, size in flat]
    assert np.diff(found.bounds).tolist() == list(map(len, lists))


@pytest.mark.parametrize(
    "broken",
    [
        b'{"1":"2"}',
        b'[["1"]]',
        b"[1,2]",
        b'[["1","-2"]]',
        b'[["","2"]]',
        b'[["x","2"]]',
        b'[["\\u0031","2"]]',
        b"[[null,null]]",
        b"[[NaN,1]]",
        b'[["5,591","1"]]',
        b"null",
        b"[[1",
    ],
)
def test_a_list_that_holds_no_levels_is_faulty_and_leaves_the_others_alone(broken: bytes) -> None:
    found = read_levels([b'[["1","2"]]', broken, b'[["3","4"],["5","6"]]'], 0, 0)
    assert found.reasons.astype(bool).tolist() == [False, True, False]
    assert found.price_ticks.tolist() == [1, 3, 5]
    assert found.bounds.tolist() == [0, 1, 1, 3]
