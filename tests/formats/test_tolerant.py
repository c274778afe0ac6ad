"""Dirty fields, rows, files and lists against a slow reference (tolerant_reference.py)."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processor.core.report import Report
from processor.formats.disk import files
from processor.formats.disk.files import SourceFile
from processor.formats.lines import text
from processor.formats.lines.levels import read_levels
from processor.formats.lines.specs import ABSENT
from processor.formats.lines.tables import TableReader
from tests.formats import tolerant_reference as reference
from tests.formats.mangling import FRAGMENTS

COLUMNS = {
    "skip": text.skip("c"),
    "integer": text.integer("c", times=1000),
    "signed": text.integer("c", signed=True),
    "price": text.price("c"),
    "rounded price": text.price("c", decimals=3),
    "whole price": text.price("c", decimals=0),
    "absent price": text.price("c", may_be_absent=True),
    "fixed price": text.price("c", implied_decimals=9, may_be_absent=True),
    "size": text.size("c"),
    "rounded size": text.size("c", decimals=2, may_be_absent=True),
    "seconds": text.seconds("c"),
    "time": text.iso_time("c"),
    "word": text.word("c", b"buy", b"sell", b"unknown_side"),
    "words by case": text.word("c", b"B", b"b", b"S"),
    "only": text.only("c", b"AB"),
}
WORDS = (
    "buy",
    "Sell",
    "BUY",
    "b",
    "B",
    "s",
    "unknown_side",
    "Unknown_Side",
    "unknown_sid",
    "AB",
    "ab",
    "A\x00",
    "\xe4",
)

DIGITS = st.text("0123456789", max_size=20)
PLAIN = st.tuples(st.sampled_from(["", "-", "+"]), DIGITS, st.sampled_from(["", "."]), DIGITS).map("".join)
EXPONENTS = st.tuples(PLAIN, st.sampled_from("eE"), st.sampled_from(["", "-", "+"]), st.integers(0, 25)).map(
    lambda parts: "".join(map(str, parts))
)
GROUPED = st.tuples(st.integers(-(10**12), 10**12), st.sampled_from(["", ".", ".5", ".25000"])).map(
    lambda parts: f'"{parts[0]:,}{parts[1]}"'
)
FLOATS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.tuples(st.integers(-(10**9), 10**9), st.integers(1, 8), st.integers(1, 99)).map(
        lambda parts: repr(parts[0] / 10 ** parts[1] * parts[2])
    ),
    st.tuples(st.integers(1, 10**16), st.integers(0, 16)).map(lambda parts: f"{parts[0] / 10 ** parts[1]:.17g}"),
)
ZONES = st.sampled_from(["", "Z", "z", " UTC", "GMT", "+02:00", "+0200", "-05:30", "+24:00", "+01:60", "-03", " +0000"])
CLOCKS = st.tuples(
    st.integers(0, 25), st.sampled_from([":", ":", "", "."]), st.integers(0, 61), st.integers(0, 61)
).map(lambda parts: f"{parts[0]:02}{parts[1]}{parts[2]:02}{parts[1]}{parts[3]:02}")
DATES = st.tuples(
    st.integers(1965, 2265), st.sampled_from(["-", ".", "/", "", " "]), st.integers(0, 13), st.integers(0, 32)
).map(lambda parts: f"{parts[0]}{parts[1]}{parts[2]:02}{parts[1]}{parts[3]:02}")
FRACTIONS = st.tuples(
    st.sampled_from([".", ",", " ", ""]), st.text("0123456789", max_size=10), st.sampled_from(["", "000", "0"])
).map("".join)
TIMES = st.tuples(
    DATES,
    st.sampled_from(["T", " ", "D", "_", "-", "", "t", "  "]),
    CLOCKS,
    st.one_of(st.just(""), FRACTIONS),
    ZONES,
).map("".join)
SOUP = st.text('0123456789+-.eE," \tTDZ:/_nalu\r\x00\x1f\xe9\ufffd', max_size=24)
NOTHING = st.sampled_from(
    ["", "nan", "NaN", "NAN", "NULL", "null", "None", "none", "N/A", "n/a", "-", "--", "na", "inf"]
)
CONTENTS = st.one_of(PLAIN, EXPONENTS, GROUPED, FLOATS, TIMES, SOUP, NOTHING, st.sampled_from(WORDS))


def _around(parts: tuple[str, str, bool, str]) -> str:
    before, content, quoted, after = parts
    return f'{before}"{content}"{after}' if quoted else f"{before}{content}{after}"


BLANKS = st.sampled_from(["", "", "", " ", "\t", "  \t"])
FIELDS = st.one_of(
    st.tuples(BLANKS, CONTENTS, st.booleans(), BLANKS).map(_around).map(lambda one: one.encode("utf-8")),
    st.sampled_from([one for one in FRAGMENTS if len(one) < 100]),
    st.binary(max_size=8),
).map(lambda one: one.replace(b"\n", b""))


def _agrees(layout: text.Layout, content: bytes) -> None:
    found = layout.parse(content, content.count(b"\n"))
    expected = reference.table(layout, content)
    assert dict(zip(found.lines.tolist(), found.values.T.tolist(), strict=True)) == expected.good
    assert (found.price_decimals, found.size_decimals) == expected.scales
    assert found.bad_count == len(expected.bad)
    assert [bad.line for bad in found.bad] == expected.bad[:20]
    assert found.rounded_count == len(expected.rounded)
    assert [value.line for value in found.rounded] == expected.rounded[:20]
    reasons = [bad.reason for bad in found.bad] + [value.reason for value in found.rounded]
    assert all(reason.isascii() and reason.isprintable() for reason in reasons)


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS.keys())
@given(fields=st.lists(FIELDS, min_size=1, max_size=6))
def test_a_field_however_it_is_written_means_what_the_reference_says(column: text.Column, fields: list[bytes]) -> None:
    _agrees(text.Layout([column]), b"".join(one + b"\n" for one in fields))
    _agrees(
        text.Layout([text.skip("before"), column, text.skip("after")]),
        b"".join(b"," + one + b",\r\n" for one in fields),
    )


ROW = text.Layout(
    [
        text.skip("note"),
        text.only("symbol", b"AB"),
        text.integer("time", times=1000),
        text.word("side", b"bid", b"ask"),
        text.price("price", may_be_absent=True),
        text.size("size", decimals=4),
    ]
)
GOOD_FIELDS = st.tuples(
    st.sampled_from(["", "x", '"a,b"', ' "a ""b"" c"', '"a', 'a"b']),
    st.sampled_from(["AB", '"AB"', " AB\t", "CD", '"C,D"', "A\x00B", "", "\x85", "A B", "\ufffd"]),
    st.sampled_from(["1", "1754006400000.0", " 7", '"7"', "1.5", "1e5"]),
    st.sampled_from(["bid", "ask", "BID", '"Ask"', " ask"]),
    st.one_of(FLOATS, st.sampled_from(["1", "1.25", "", "nan", '"1,234.5"', "25000.100000000002"])),
    st.one_of(FLOATS, st.sampled_from(["1", "0.00005", "0.00015", "1e-05", "3 "])),
)
LINES = st.one_of(
    GOOD_FIELDS.map(lambda fields: ",".join(fields).encode()),
    GOOD_FIELDS.map(lambda fields: ", ".join(fields).encode() + b"\r"),
    st.lists(FIELDS, max_size=8).map(b",".join),
    st.sampled_from([b"", b"\r", b" ", b",,,,,", b'"'] + [b"x,AB,1,bid,1,1"] * 5),
)


@given(st.lists(LINES, max_size=25))
@example([b'"a,b",AB,1,bid,1'])
@example([b' "a,b",AB,1,bid,1'])
def test_rows_clean_and_dirty_among_each_other_mean_what_the_reference_says(rows: list[bytes]) -> None:
    _agrees(ROW, b"".join(row + b"\n" for row in rows))


@given(
    st.integers(-(10**9), 10**9).map(lambda units: Decimal(units).scaleb(-6)),
    st.integers(-(10**9), 10**9).map(lambda units: Decimal(units).scaleb(-6)),
)
@example(Decimal("0.1"), Decimal("0.2"))
@example(Decimal("25000.1"), Decimal(0))
def test_a_sum_of_floats_is_read_as_the_sum_of_what_they_were(one: Decimal, other: Decimal) -> None:
    meant = one + other
    written = repr(float(one) + float(other))
    if abs(Decimal(written) - meant) * 10**15 > abs(meant) / 2:
        return  # the sum lost more than the last digit
    found = text.Layout([text.price("price")]).parse(f"{written}\n".encode(), 1)
    assert found.bad == ()
    assert Decimal(found.values[0, 0].item()).scaleb(-found.price_decimals) == meant
    assert found.rounded_count == (Decimal(written) != meant)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.10501300000000001", "0.105013"),
        ("0.39150999999999997", "0.39151"),
        ("0.018106999999999998", "0.018107"),
        ("25000.100000000002", "25000.1"),
        ("0.09999999999999998", "0.1"),
        ("0.30000000000000004", "0.3"),
        ("-3.3000000000000003", "-3.3"),
        ("3.0000000000000004e-05", "0.00003"),
        (' "2.9999999999999996"', "3"),
    ],
)
def test_the_noise_of_floats_is_taken_off_and_told(written: str, meant: str) -> None:
    found = text.Layout([text.skip("a"), text.price("price")]).parse(f"a,1\na,{written}\n".encode(), 2)
    assert Decimal(found.values[0, 1].item()).scaleb(-found.price_decimals) == Decimal(meant)
    shown = written.strip(' "')
    assert found.rounded == (text.Rounded(2, f"price '{shown}' is read as {meant}"),)


@pytest.mark.parametrize("written", ["1234567.123456789012", "0.123456789012", "12345678.12345678", "1.000000000001"])
def test_a_number_of_up_to_12_decimals_that_is_no_noise_is_exact(written: str) -> None:
    found = text.Layout([text.price("price")]).parse(f"{written}\n".encode(), 1)
    assert Decimal(found.values[0, 0].item()).scaleb(-found.price_decimals) == Decimal(written)
    assert found.rounded == ()


@pytest.mark.parametrize("decimals", [0, 2, 12])
def test_a_column_of_so_many_decimals_is_rounded_half_to_even_and_each_change_counted(decimals: int) -> None:
    written = ["0.5", "1.5", "0.125", "0.135", "0.12500000000000001", "7", "0.0000000000005", "-2.5", "1e-30"]
    layout = text.Layout([text.price("price", decimals=decimals)])
    found = layout.parse("".join(f"{one}\n" for one in written).encode(), len(written))
    values = [Decimal(value).scaleb(-found.price_decimals) for value in found.values[0].tolist()]
    expected = [Decimal(one).quantize(Decimal(1).scaleb(-decimals)) for one in written]
    assert values == expected
    assert found.rounded_count == sum(Decimal(one) != other for one, other in zip(written, expected, strict=True))


def test_a_comma_that_may_be_a_decimal_one_is_told() -> None:
    layout = text.Layout([text.price("price"), text.integer("id")])
    found = layout.parse(b'"1,234","1,234"\n"1,234.5",1\n"1,234,567",1\n"-12,000.",1\n', 4)
    assert found.values[0].tolist() == [12_340, 12_345, 12_345_670, -120_000]
    assert found.rounded == (text.Rounded(1, "price '1,234' is read as 1234"),)
    assert found.rounded_count == 1


def test_only_the_first_rounded_values_are_described_but_all_are_counted() -> None:
    found = text.Layout([text.size("size")]).parse(b"0.30000000000000004\n" * 50, 50)
    assert found.rounded_count == 50
    assert [value.line for value in found.rounded] == list(range(1, 21))


def test_a_value_rounded_in_a_row_that_is_bad_is_not_counted() -> None:
    layout = text.Layout([text.price("price"), text.size("size")])
    found = layout.parse(b"0.30000000000000004,x\n0.30000000000000004,1\n", 2)
    assert [value.line for value in found.rounded] == [2]
    assert found.rounded_count == 1


@pytest.mark.parametrize(
    "name",
    [b"bin\x00\x00\x00ce", b"\x7f", b"a\xff", b"\xc2\x85", b"\xed\xa0\x80", b"\xf8\x90\x80\x80", b"a\xe2\x80\x8b"],
)
def test_a_row_whose_name_is_damaged_is_malformed_and_no_other_instruments(name: bytes) -> None:
    found = ROW.parse(b"x,%b,1,bid,1,1\n" % name, 1)
    assert found.bad_count == 1
    shown = name.decode("latin-1").encode("unicode_escape").decode()
    assert found.bad[0].reason == f"symbol '{shown}' is damaged"


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8),
            st.integers(0, 10**15),
            st.decimals(0, 10**6, places=4),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_a_file_that_the_csv_module_wrote_reads_as_it_was_written(
    quoting: int, end: str, rows: list[tuple[str, int, Decimal]]
) -> None:
    layout = text.Layout([text.skip("note"), text.integer("time"), text.size("size")])
    written = io.StringIO()
    csv.writer(written, quoting=quoting, lineterminator=end).writerows(rows)  # type: ignore[arg-type]
    found = layout.parse(written.getvalue().encode("utf-8", "surrogatepass"), len(rows))
    assert found.bad_count == 0
    assert found.values[0].tolist() == [time for _, time, _ in rows]
    sizes = [Decimal(value).scaleb(-found.size_decimals) for value in found.values[1].tolist()]
    assert sizes == [size for _, _, size in rows]


SMALL_LINES = st.tuples(
    st.sampled_from(["", "x", '"a,b"']),
    st.sampled_from(["AB", '"AB"', "CD", "A\x00B"]),
    st.sampled_from(["1", "1754006400000.0", "1.5"]),
    st.sampled_from(["bid", "Ask"]),
    st.sampled_from(["1", "1.25", "", "nan", '"1,234.5"', "25000.100000000002", "0.00001"]),
    st.sampled_from(["1", "0.00005", "0.00015", "3 ", "x"]),
).map(lambda fields: ",".join(fields).encode())


@given(st.lists(st.one_of(SMALL_LINES, st.just(b"")), min_size=1, max_size=40), st.integers(1, 60))
def test_a_file_reads_the_same_in_blocks_of_whatever_length(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], block_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("blocks") / "a.csv"
    path.write_bytes(b"\n".join([b"header", *rows]))
    expected = reference.table(ROW, b"\n".join([b"", *rows, b""]))
    report = Report()
    found = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(files, "_PLAIN_READ_BYTES", block_bytes)
        patched.setattr(Report, "refuse_if_rotten", lambda *_: None)
        for part in TableReader(report).rows(SourceFile(path), ROW, time=None, header_lines=1):
            finer = (1, 1, 10 ** (12 - part.price_decimals), 10 ** (12 - part.size_decimals))
            assert part.lines.max(initial=0) <= part.last_line
            for line, values in zip(part.lines.tolist(), part.values.T.tolist(), strict=True):
                found[line] = _finer(values, finer)
    finer = (1, 1, 10 ** (12 - expected.scales[0]), 10 ** (12 - expected.scales[1]))
    assert found == {line: _finer(values, finer) for line, values in expected.good.items()}
    assert sum(file.rows for file in report.files.values()) == len(expected.good) + len(expected.bad)
    assert report.counts["malformed"] == len(expected.bad)
    assert report.counts["rounded"] == len(expected.rounded)


def _finer(values: list[int], factors: tuple[int, ...]) -> list[int]:
    return [value if value == ABSENT else value * factor for value, factor in zip(values, factors, strict=True)]


NUMBERS_IN_JSON = st.one_of(
    st.integers(0, 10**12).map(str),
    st.floats(0, 10**6).map(repr),
    FLOATS.filter(lambda one: one not in {"nan", "inf", "-inf"}),
    st.tuples(st.integers(0, 10**6), st.text("0123456789", max_size=8)).map(lambda parts: f'"{parts[0]}.{parts[1]}"'),
    CONTENTS.filter(lambda one: json.dumps(one) == f'"{one}"').map(json.dumps),
    st.sampled_from(["null", "true", "[]", "{}", '"["', "-1", "1e-05", "1E2"]),
)
MORE_IN_JSON = st.lists(
    st.sampled_from(["0", '"3"', "null", '"]"', '"\\"]"', "[1,[2]]", '{"a":[1,"]"]}', "1e5"]), max_size=3
)
WHITE = st.sampled_from(["", "", " ", "\n  ", "\t", "\r\n"])
LEVELS = st.tuples(st.lists(NUMBERS_IN_JSON, min_size=2, max_size=2), MORE_IN_JSON, WHITE).map(
    lambda parts: f"[{parts[2]}" + f"{parts[2]},{parts[2]}".join([*parts[0], *parts[1]]) + f"{parts[2]}]"
)
LISTS = st.one_of(
    st.tuples(st.lists(LEVELS, max_size=5), WHITE).map(
        lambda parts: f"[{parts[1]}" + f"{parts[1]},{parts[1]}".join(parts[0]) + f"{parts[1]}]"
    ),
    st.sampled_from(
        ["null", "{}", "[[]]", "[[1]]", "[1,2]", '"[[1,2]]"', '[["1","2"],3]', "[[[1,2]]]", '[{"a":[1,2]}]']
    ),
)


@given(st.lists(LISTS, max_size=6))
@example(['[["100.1","2.0","0","4"]]', "[[100.1,2.0,7,8]]", '[["0.30000000000000004",1]]'])
def test_levels_however_they_are_written_mean_what_the_reference_says(written: list[str]) -> None:
    found = read_levels([one.encode() for one in written], 0, 0)
    for number, one in enumerate(written):
        try:
            levels, rounded = reference.levels(one.encode())
        except reference.FaultyError:
            levels, rounded = [], 0
            assert found.reasons[number]
        where = slice(found.bounds[number], found.bounds[number + 1])
        if not found.reasons[number]:
            prices = [Decimal(value).scaleb(-found.price_decimals) for value in found.price_ticks[where].tolist()]
            sizes = [Decimal(value).scaleb(-found.size_decimals) for value in found.size_lots[where].tolist()]
            assert list(zip(prices, sizes, strict=True)) == levels
            assert found.rounded[number] == rounded
        else:
            largest = max((max(map(abs, level)) for level in levels), default=Decimal(0))
            assert not levels or largest * 10 ** max(found.price_decimals, found.size_decimals) > 2**63
            assert where.start == where.stop
            assert found.rounded[number] == 0
    assert len(found.roundings) == min(found.rounded.sum(), 20)


def test_levels_are_rounded_to_so_many_decimals_and_reported_at_their_line() -> None:
    lists = [b'[["100.126","2"]]', b"[]", b"[[100.125,0.30000000000000004]]", b'[["x","1"],["0.001","1"]]']
    found = read_levels(lists, 0, 0, rounded_to=(2, None))
    assert found.price_ticks.tolist() == [10013, 10012]
    assert found.size_lots.tolist() == [20, 3]
    report = Report()
    found.report_rounded(report, "a.txt", [7, 9])
    assert report.counts == {"rounded": 3}
    assert [(each.line, each.detail) for each in report.incidents] == [
        (7, "price '100.126' is read as 100.13"),
        (9, "price '100.125' is read as 100.12"),
        (9, "size '0.30000000000000004' is read as 0.3"),
    ]
