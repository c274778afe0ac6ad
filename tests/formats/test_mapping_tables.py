"""Tables of the shapes that people have, in the kinds of files they have them in."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.events import BUY, SELL, UNKNOWN
from processor.formats.lines import text
from tests.formats import one_market
from tests.formats.mapped_files import (
    START_MS,
    START_NS,
    TRADES,
    books_of,
    instruments_of,
    mapped,
    prices_of,
    refusal,
    said,
    times_of,
)
from tests.formats.playing import outcome
from tests.formats.reading import read, trades_of
from tests.formats.samples import lines, write, zipped

if TYPE_CHECKING:
    from pathlib import Path

ONE: Final = TRADES + 'time = "t"\ntime_unit = "ms"\n'
ROWS: Final = tuple(f"{START_MS + at},{100 + at}.5,{at + 1}" for at in range(4))
BOOK: Final = '[book]\nfiles = "*"\ninstrument = "X"\ntime = "t"\ntime_unit = "ms"\n'
ORDERS: Final = (
    '[orders]\nfiles = "*.csv"\ninstrument = "X"\ntime = "t"\ntime_unit = "ms"\nid = "id"\naction = "action"\n'
    'side = "side"\nprice = "p"\nsize = "q"\n'
)


# Lines


@pytest.mark.parametrize("before", [["made by somebody"], ["# one", "", "# two"], ["a,b", "c,d,e", ""]])
def test_lines_before_the_header_are_passed_over_and_lines_keep_their_numbers(
    tmp_path: Path, before: list[str]
) -> None:
    bad = [*ROWS[:2], f"{START_MS},x,1", *([ROWS[3]] * 150)]
    mapped(tmp_path, ONE, *before, "t,p,q", *bad)
    found = read(tmp_path)
    assert found.trades is not None
    assert len(found.trades) == 152
    (incident,) = (each for each in found.report.incidents if each.kind == "malformed")
    assert incident.line == len(before) + 4


def test_a_header_may_stand_behind_a_comment_sign_and_comments_before_rows_without_one(tmp_path: Path) -> None:
    mapped(tmp_path / "a", ONE, "# t,p,q", *ROWS)
    numbers = ONE.replace('"t"', "1").replace('"p"', "2").replace('"q"', "3") + "header = false\n"
    mapped(tmp_path / "b", numbers, "# made by somebody", "# t,p,q", *ROWS)
    for folder in ("a", "b"):
        assert prices_of(tmp_path / folder) == ["100.5", "101.5", "102.5", "103.5"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_seen_in_the_header_where_none_is_said(tmp_path: Path, delimiter: str) -> None:
    mapped(tmp_path, ONE, *(row.replace(",", delimiter) for row in ("t,p,q", *ROWS)))
    assert prices_of(tmp_path) == ["100.5", "101.5", "102.5", "103.5"]


def test_a_field_too_few_or_too_many_is_malformed_however_the_lines_are_read(tmp_path: Path) -> None:
    for number, delimiter in enumerate((",", ";")):
        rows = [*ROWS, *[f"{START_MS + 3},1,1"] * 400, f"{START_MS},1", f"{START_MS},1,1,1"]
        mapped(tmp_path / f"{number}", ONE, *(row.replace(",", delimiter) for row in ("t,p,q", *rows)))
        found = read(tmp_path / f"{number}")
        assert [each.line for each in found.report.incidents if each.kind == "malformed"] == [406, 407]


def test_rows_that_all_end_with_a_delimiter_that_the_header_has_not_are_read(tmp_path: Path) -> None:
    mapped(tmp_path, ONE, "t,p,q", *(f"{row}," for row in ROWS))
    assert prices_of(tmp_path) == ["100.5", "101.5", "102.5", "103.5"]


def test_a_missing_column_is_refused_with_those_there_are_and_the_one_that_may_be_meant(tmp_path: Path) -> None:
    mapped(tmp_path, ONE.replace('"p"', '"price"'), "t,Price,q", *ROWS)
    assert refusal(tmp_path) == (
        "a.csv has no column 'price' (mapping.toml: price of [trades]); it has t, Price, q; did you mean 'Price'?"
    )
    mapped(tmp_path, ONE.replace('"t"', "1").replace('"p"', "2").replace('"q"', "3"), "t,p,q", *ROWS)
    assert refusal(tmp_path).endswith("columns have numbers where header = false")


# Numbers


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [("100,5", "100.5"), ("1.234,5", "1234.5"), ("-1,25", "-1.25"), ("1.234.567,0", "1234567"), ("7", "7"),
     ("0,123", "0.123")],
)  # fmt: skip
def test_decimal_commas_are_read_where_they_are_said_or_seen(tmp_path: Path, shown: str, wanted: str) -> None:
    rows = ["t;p;q", f"{START_MS};{shown};1,5", f"{START_MS};1,5;2"]
    mapped(tmp_path / "said", ONE + 'decimal = ","\n', *rows)
    mapped(tmp_path / "seen", ONE, *rows)
    for folder in ("said", "seen"):
        assert prices_of(tmp_path / folder) == [wanted, "1.5"]
    below_zero = ["a price of -1.25: below 0 and 0 are taken as prices here"] * wanted.startswith("-")
    assert said(read(tmp_path / "said")) == below_zero
    assert said(read(tmp_path / "seen")) == [
        *below_zero,
        f"the comma in {shown if ',' in shown else '1,5'} is read as a decimal comma",
    ]


def test_a_comma_that_may_be_either_is_refused_with_what_to_write(tmp_path: Path) -> None:
    rows = ["t;p;q", f"{START_MS};1,234;1", f"{START_MS};2,345;2"]
    mapped(tmp_path, ONE, *rows)
    assert refusal(tmp_path).endswith('write decimal = "," in mapping.toml, or decimal = "."')
    mapped(tmp_path, ONE + 'decimal = ","\n', *rows)
    assert prices_of(tmp_path) == ["1.234", "2.345"]
    mapped(tmp_path, ONE + 'decimal = "."\n', *rows)
    assert prices_of(tmp_path) == ["1234", "2345"]


@pytest.mark.parametrize("shown", ["1.5", "1,2,3", "1.23,5", "12.3456,5", "1.2345"])
def test_points_that_are_not_between_thousands_are_malformed_where_commas_are_decimal(
    tmp_path: Path, shown: str
) -> None:
    rows = [f"{START_MS};1,5;1"] * 150
    mapped(tmp_path, ONE + 'decimal = ","\n', "t;p;q", *rows, f"{START_MS};{shown};1")
    found = read(tmp_path)
    (incident,) = (each for each in found.report.incidents if each.kind == "malformed")
    assert incident.line == 152


numbers = st.decimals(min_value="0.001", max_value="99999999", places=4)


@given(
    rows=st.lists(
        st.tuples(numbers, numbers, st.sampled_from(["buy", "sell"]), st.text('ab,;"\t |', max_size=5)), min_size=1
    ),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    decimal=st.sampled_from(".,"),
    thousands=st.booleans(),
)  # fmt: skip
def test_however_a_table_is_written_its_trades_are_those_of_the_plain_one(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[Decimal, Decimal, str, str]],
    delimiter: str,
    quoting: int,
    decimal: str,
    thousands: bool,  # noqa: FBT001 - Hypothesis draws it
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    text = io.StringIO()
    writer: Any = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerow(["note", "p", "t", "s", "q"])
    for number, (price, size, side, note) in enumerate(rows):
        shown = [f"{each:,}" if thousands else f"{each}" for each in (price, size)]
        if decimal == ",":
            shown = [each.translate(str.maketrans(",.", ".,")) for each in shown]
        writer.writerow([note, shown[0], START_MS + number, side, shown[1]])
    write(folder / "a.csv", text.getvalue())
    keys = f'side = "s"\ndecimal = "{decimal}"\ndelimiter = {json.dumps(delimiter)}\n'
    write(folder / "mapping.toml", ONE + keys)
    found = trades_of(read(folder).trades)
    assert [(trade.price, trade.size) for trade in found] == [(price, size) for price, size, _, _ in rows]
    assert [trade.aggressor for trade in found] == [BUY if side == "buy" else SELL for _, _, side, _ in rows]


# Kinds of files


TYPED: Final = pl.DataFrame(
    {
        "note": ["a,b", 'c"d', "e\nf", None],
        "t": [START_MS + at for at in range(4)],
        "p": pl.Series([100.1, 0.1, 0.0001, 1234567.0], dtype=pl.Float64),
        "q": pl.Series([0.1, 0.2, 100.1, 3.0], dtype=pl.Float32),
        "s": pl.Series(["buy", "sell", "buy", "sell"], dtype=pl.Categorical),
    }
)


@pytest.mark.parametrize("kind", ["parquet", "feather", "lz4", "zstd", "stream", "json", "jsonl", "lists"])
def test_the_same_rows_in_any_kind_of_file_are_the_same_trades(tmp_path: Path, kind: str) -> None:
    keys = ONE.replace("*.csv", "a.*") + 'side = "s"\n'
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        TYPED.write_parquet(path)
    elif kind in {"feather", "lz4", "zstd"}:
        TYPED.write_ipc(path, compression="lz4" if kind == "lz4" else "zstd" if kind == "zstd" else "uncompressed")
    elif kind == "stream":
        TYPED.write_ipc_stream(path)
    else:
        rows = TYPED.with_columns(pl.col("q").cast(pl.String).cast(pl.Float64)).to_dicts()
        listed = [list(row.values()) for row in rows]
        write(
            path,
            "\n".join(map(json.dumps, rows)) if kind == "jsonl" else json.dumps(listed if kind == "lists" else rows),
        )
        for number, name in enumerate(TYPED.columns, 1):
            keys = keys.replace(f' = "{name}"', f" = {number}") if kind == "lists" else keys
    write(tmp_path / "mapping.toml", keys)
    found = trades_of(read(tmp_path).trades)
    assert [str(trade.price.normalize()) for trade in found] == ["100.1", "0.1", "0.0001", "1234567"]
    assert [str(trade.size.normalize()) for trade in found] == ["0.1", "0.2", "100.1", "3"]
    assert [trade.time_ns for trade in found] == [START_NS + at * 10**6 for at in range(4)]
    assert [trade.aggressor for trade in found] == [BUY, SELL] * 2


def test_files_of_types_are_read_packed_and_in_archives_too(tmp_path: Path) -> None:
    keys = ONE.replace("*.csv", "*.feather*") + 'side = "s"\n'
    content = io.BytesIO()
    TYPED.write_ipc(content)
    write(tmp_path / "a/mapping.toml", keys)
    zipped(tmp_path / "a/all.zip", {"in/a.feather": content.getvalue()})
    write(tmp_path / "b/mapping.toml", keys)
    write(tmp_path / "b/a.feather.gz", content.getvalue())
    for folder in ("a", "b"):
        assert prices_of(tmp_path / folder)[:2] == ["100.1", "0.1"]


def test_feather_of_the_first_version_and_damaged_files_are_refused_by_name(tmp_path: Path) -> None:
    keys = ONE.replace("*.csv", "*")
    for content, reason in (
        (b"FEA1" + bytes(20), "a.bin: Feather of version 1 is not read; write version 2, or Parquet"),
        (b"ARROW1\0\0" + bytes(20), "a.bin: cannot be read"),
        (b"PAR1" + bytes(20), "a.bin: cannot be read"),
        (b"[[1, 2", "a.bin: is not a JSON list of rows"),
    ):
        write(tmp_path / "mapping.toml", keys)
        write(tmp_path / "a.bin", content)
        message = refusal(tmp_path)
        assert message.startswith(reason)
        assert message.isprintable()


def test_a_line_of_json_that_is_no_row_is_malformed(tmp_path: Path) -> None:
    rows = [json.dumps({"t": START_MS + at, "p": 1.5, "q": 1}) for at in range(200)]
    rows[4] = '{"t": 1754, "p"'
    write(tmp_path / "mapping.toml", ONE.replace("*.csv", "*"))
    write(tmp_path / "a.jsonl", lines(*rows))
    found = read(tmp_path)
    assert [each.line for each in found.report.incidents if each.kind == "malformed"] == [5]
    assert found.trades is not None
    assert len(found.trades) == 199


@given(
    st.lists(
        st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=0.0009765625, max_value=65536), min_size=1
    )
)
def test_floats_of_four_bytes_are_read_as_their_shortest_digits(
    tmp_path_factory: pytest.TempPathFactory, prices: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("floats")
    series = pl.Series(prices, dtype=pl.Float32)
    frame = pl.DataFrame({"t": [START_MS] * len(prices), "p": series, "q": [1] * len(prices)})
    write(folder / "mapping.toml", ONE.replace("*.csv", "*.parquet"))
    frame.write_parquet(folder / "a.parquet")
    assert [trade.price for trade in trades_of(read(folder).trades)] == [
        Decimal(text) for text in series.cast(pl.String).to_list()
    ]


# Shapes


def test_quotes_without_sizes_are_books_of_one_level_of_size_one_and_counted(tmp_path: Path) -> None:
    rows = ["t,bid,ask", f"{START_MS},1.5,1.75", f"{START_MS + 1},1.25,", f"{START_MS + 2},1.25,1.5"]
    mapped(tmp_path / "two", BOOK + 'levels = [["bid", "ask"]]', *rows)
    mapped(tmp_path / "four", BOOK + 'levels = [["bid", "bid_size", "ask", "ask_size"]]', *rows)
    for folder in ("two", "four"):
        found = read(tmp_path / folder)
        assert books_of(found) == [({"1.5": "1"}, {"1.75": "1"}), ({"1.25": "1"}, {}), ({"1.25": "1"}, {"1.5": "1"})]
        assert found.report.counts == Counter({"unknown_sizes": 3})


@pytest.mark.parametrize("levels", ['["bid", "ask"]', '["bid", "bs", "ask", "as"]'])
def test_a_quote_at_a_price_of_0_is_none_and_told_unless_prices_fall_below_0(tmp_path: Path, levels: str) -> None:
    rows = [f"{START_MS},1.5,1,1.75,1", f"{START_MS + 1},0,1,1.75,1", f"{START_MS + 2},0.0,1,0,1"]
    mapped(tmp_path / "none", BOOK + f"levels = [{levels}]", "t,bid,bs,ask,as", *rows)
    found = read(tmp_path / "none")
    assert books_of(found) == [({"1.5": "1"}, {"1.75": "1"}), ({}, {"1.75": "1"}), ({}, {})]
    assert [each.line for each in found.report.incidents if each.kind == "assumptions"] == [3, 4]
    mapped(tmp_path / "oil", BOOK + f"levels = [{levels}]", "t,bid,bs,ask,as", *rows, f"{START_MS + 3},-1,1,0,1")
    found = read(tmp_path / "oil")
    assert books_of(found)[1:] == [({"0": "1"}, {"1.75": "1"}), ({"0": "1"}, {"0": "1"}), ({"-1": "1"}, {"0": "1"})]
    assert not found.report.counts["assumptions"]


def test_quotes_without_sizes_are_of_size_one_whatever_decimals_the_trades_beside_them_have(tmp_path: Path) -> None:
    row = 'files = "*.csv"\ninstrument = "X"\ntime = "t"\ntime_unit = "ms"\n'
    told = f'[trades]\n{row}price = "p"\nsize = "q"\n[book]\n{row}levels = [["bid", "ask"]]'
    mapped(tmp_path, told, "t,bid,ask,p,q", f"{START_MS},1.5,1.75,1.5,0.025")
    assert books_of(read(tmp_path)) == [({"1.5": "1"}, {"1.75": "1"})]


def test_one_size_of_two_that_is_not_there_is_refused(tmp_path: Path) -> None:
    mapped(tmp_path, BOOK + 'levels = [["bid", "bs", "ask", "as"]]', "t,bid,bs,ask", f"{START_MS},1,1,2")
    assert refusal(tmp_path).startswith("a.csv has no column 'as'")


LISTS: Final = {
    "json": ("[[100.0,4.0],[99.5,1]]", "[[100.5,2.0,9,9]]"),
    "texts": ('[["100.0","4"],["99.5","1.0"]]', '[["100.5","2"]]'),
    "records": ('[{"price":100,"size":4},{"size":1,"price":99.5}]', '[{"px":"100.5","sz":"2"}]'),
    "map": ('{"100": 4, "99.5": "1"}', '{"100.5": 2.0}'),
    "python": ("[('100.0', '4'), (99.5, 1)]", "[['100.5', '2']]"),
    "exponents": ("[[1e2,4],[99.5,1e0]]", "[[1.005e+2,2]]"),
}


@pytest.mark.parametrize("kind", LISTS)
def test_levels_in_a_column_are_a_whole_book_a_row(tmp_path: Path, kind: str) -> None:
    bids, asks = LISTS[kind]
    text = io.StringIO()
    writer: Any = csv.writer(text, delimiter=",", lineterminator="\n")
    writer.writerows(
        [["t", "asks", "bids"], [START_MS, asks, bids], [START_MS + 1, "[]", bids], [START_MS + 2, asks, ""]]
    )
    write(tmp_path / "a.csv", text.getvalue())
    write(tmp_path / "mapping.toml", BOOK + 'bids = "bids"\nasks = "asks"\n')
    whole = {"100": "4", "99.5": "1"}
    assert books_of(read(tmp_path)) == [(whole, {"100.5": "2"}), (whole, {}), ({}, {"100.5": "2"})]


def test_with_a_flag_rows_of_lists_are_snapshots_and_updates(tmp_path: Path) -> None:
    rows = [
        f"{START_MS}\tfalse\t[[9,9]]\t[]",
        f"{START_MS + 1}\ttrue\t[[1,1],[2,2]]\t[[3,3]]",
        f"{START_MS + 2}\tfalse\t[[2,0],[1.5,7]]\t[]",
        f"{START_MS + 3}\ttrue\t[[1,1]]\t[]",
    ]
    mapped(tmp_path, BOOK + 'bids = "b"\nasks = "a"\nsnapshot = "whole"\n', "t\twhole\tb\ta", *rows)
    found = read(tmp_path)
    assert found.report.counts["before_snapshot"] == 1
    assert books_of(found) == [
        ({"1": "1", "2": "2"}, {"3": "3"}),
        ({"1": "1", "1.5": "7"}, {"3": "3"}),
        ({"1": "1"}, {}),
    ]


@pytest.mark.parametrize("spoilt", ["[[1,", "[[1]]", '[["x","1"]]', "17", "[[1,-1]]", '[{"price":1}]', "[[true,1]]"])
def test_a_list_that_is_none_is_a_malformed_row(tmp_path: Path, spoilt: str) -> None:
    rows = [f"{START_MS + at}\t[[1,1]]\t[[2,2]]" for at in range(200)]
    rows[5] = f"{START_MS + 5}\t[[1,1]]\t{spoilt}"
    mapped(tmp_path, BOOK + 'bids = "b"\nasks = "a"\n', "t\tb\ta", *rows)
    found = read(tmp_path)
    assert len(books_of(found)) == 199
    (incident,) = (each for each in found.report.incidents if each.kind == "malformed")
    assert (incident.line, incident.detail.partition(":")[0]) == (7, "asks")


@pytest.mark.parametrize("kind", ["pairs", "records", "flat", "maps"])
def test_nested_lists_of_parquet_are_levels(tmp_path: Path, kind: str) -> None:
    bids, asks = [[100.5, 1e-7], [99.0, 2.0]], [[101.0, 3.0]]
    keys = 'bids = "b"\nasks = "a"\n'
    columns: dict[str, Any] = {"b": [bids, []], "a": [asks, asks]}
    if kind == "records":
        columns = {name: [[{"price": p, "size": s} for p, s in row] for row in rows] for name, rows in columns.items()}
    elif kind == "maps":
        columns = {name: [[{"key": p, "value": s} for p, s in row] for row in rows] for name, rows in columns.items()}
    elif kind == "flat":
        columns = {
            f"{name}{at}": pl.Series([[level[at] for level in row] for row in rows], dtype=pl.List(pl.Float64))
            for name, rows in columns.items() for at in (0, 1)
        }  # fmt: skip
        keys = 'bids = ["b0", "b1"]\nasks = ["a0", "a1"]\n'
    write(tmp_path / "mapping.toml", BOOK + keys)
    pl.DataFrame({"t": [START_MS, START_MS + 1]} | columns).write_parquet(tmp_path / "a.parquet")
    assert books_of(read(tmp_path)) == [({"100.5": "0.0000001", "99": "2"}, {"101": "3"}), ({}, {"101": "3"})]


def test_a_row_may_be_a_trade_and_the_quotes_beside_it(tmp_path: Path) -> None:
    both = ONE.replace("*.csv", "*") + 'side = "s"\n' + BOOK + 'levels = [["bid", "bs", "ask", "as"]]\n'
    rows = [f"{START_MS},1.5,2,buy,1,5,2,6", f"{START_MS + 1},,,,1,5,2,7", f"{START_MS + 2},1.75,3,,1,5,2,8"]
    mapped(tmp_path, both, "t,p,q,s,bid,bs,ask,as", *rows)
    found = read(tmp_path)
    assert [(str(each.price), each.aggressor) for each in trades_of(found.trades)] == [("1.50", BUY), ("1.75", UNKNOWN)]
    assert [book[1] for book in books_of(found)] == [{"2": "6"}, {"2": "7"}, {"2": "8"}]
    assert found.report.files["a.csv"].rows == 3


def test_where_a_row_may_be_both_half_a_trade_is_malformed(tmp_path: Path) -> None:
    both = ONE.replace("*.csv", "*") + BOOK + 'levels = [["bid", "ask"]]\n'
    mapped(tmp_path, both, "t,p,q,bid,ask", *[f"{START_MS},1,1,1,2"] * 200, f"{START_MS},1,,1,2")
    found = read(tmp_path)
    assert [each.line for each in found.report.incidents if each.kind == "malformed"] == [202]


def test_of_a_pattern_for_both_kinds_each_file_is_of_the_kind_whose_columns_it_has(tmp_path: Path) -> None:
    both = ONE.replace("*.csv", "*") + BOOK + 'levels = [["bid", "ask"]]\n'
    mapped(tmp_path, both, "t,p,q", *ROWS, name="trades.csv")
    mapped(tmp_path, both, "t,bid,ask", f"{START_MS},1,2", name="quotes.csv")
    found = read(tmp_path)
    assert found.trades is not None
    assert len(found.trades) == 4
    assert books_of(found) == [({"1": "1"}, {"2": "1"})]
    assert sum("read only" in detail for detail in said(found)) == 2


def test_two_clocks_of_a_trade_and_a_quote_in_one_row_are_kept(tmp_path: Path) -> None:
    both = ONE.replace("*.csv", "*") + BOOK.replace('"t"', '"qt"') + 'levels = [["bid", "ask"]]\n'
    mapped(tmp_path, both, "t,p,q,qt,bid,ask", f"{START_MS + 5},1,1,{START_MS},1,2")
    found = read(tmp_path)
    assert times_of(tmp_path) == [START_NS + 5 * 10**6]
    assert found.book is not None
    assert set(found.book.time_ns.tolist()) == {START_NS}


def test_a_log_of_orders_is_the_book_of_what_is_left_of_them(tmp_path: Path) -> None:
    rows = [
        f"{START_MS},1,created,bid,10,200",
        f"{START_MS + 1},2,created,ask,10.5,100",
        f"{START_MS + 2},1,changed,bid,10,150",
        f"{START_MS + 3},3,created,bid,10,0.25",
        f"{START_MS + 4},2,deleted,ask,,",
        f"{START_MS + 5},1,changed,bid,9.75,150",
        f"{START_MS + 6},9,deleted,bid,1,1",
    ]
    mapped(tmp_path, ORDERS, "t,id,action,side,p,q", *rows)
    found = read(tmp_path)
    assert books_of(found) == [
        ({"10": "200"}, {}), ({"10": "200"}, {"10.5": "100"}), ({"10": "150"}, {"10.5": "100"}),
        ({"10": "150.25"}, {"10.5": "100"}), ({"10": "150.25"}, {}), ({"10": "0.25", "9.75": "150"}, {}),
    ]  # fmt: skip
    assert [(each.line, each.detail) for each in found.report.incidents] == [(8, "an order that was never created")]


def test_words_for_what_happens_to_an_order_may_be_any_and_several(tmp_path: Path) -> None:
    keys = ORDERS + 'created = ["new", "add"]\ndeleted = "cancel"\nfilled = "fill"\nbid = "B"\nask = "S"\n'
    rows = [
        f"{START_MS},a-1,new,B,10,5", f"{START_MS + 1},a-2,add,S,11,5", f"{START_MS + 2},a-1,fill,B,10,2",
        f"{START_MS + 3},a-2,fill,S,11,7", f"{START_MS + 4},a-1,cancel,B,10,3",
    ]  # fmt: skip
    mapped(tmp_path, keys, "t,id,action,side,p,q", *rows)
    found = read(tmp_path)
    assert books_of(found)[2:] == [({"10": "3"}, {"11": "5"}), ({"10": "3"}, {}), ({}, {})]
    assert [each.detail for each in found.report.incidents] == ["more of an order is filled than is resting"]


def test_orders_rest_on_in_the_next_file_and_two_files_of_one_time_are_refused(tmp_path: Path) -> None:
    header = "t,id,action,side,p,q"
    mapped(
        tmp_path, ORDERS, header, f"{START_MS + 5},1,deleted,bid,1,1", f"{START_MS + 6},2,created,ask,3,1", name="a.csv"
    )
    mapped(tmp_path, ORDERS, header, f"{START_MS},1,created,bid,1,1", name="b.csv")
    assert books_of(read(tmp_path)) == [({"1": "1"}, {}), ({}, {}), ({}, {"3": "1"})]
    mapped(tmp_path, ORDERS, header, f"{START_MS + 5},7,created,bid,1,1", name="c.csv")
    assert "both hold orders of the same time" in refusal(tmp_path)


orders_done = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from(["created", "changed", "deleted"]), st.sampled_from(["bid", "ask"]),
              st.integers(1, 4), st.decimals("0.01", "9", places=2)),
    min_size=1, max_size=40,
)  # fmt: skip


@given(orders_done)
def test_a_log_of_orders_comes_to_what_a_dictionary_of_orders_comes_to(
    tmp_path_factory: pytest.TempPathFactory, done: list[tuple[int, str, str, int, Decimal]]
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    orders: dict[int, tuple[str, int, Decimal]] = {}
    wanted = []
    for order, action, side, price, size in done:
        orders.pop(order, None)
        if action != "deleted":
            orders[order] = side, price, size
        sides: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        for each, at, left in orders.values():
            sides[each == "ask"][str(at)] += left  # type: ignore[assignment]
        wanted.append(tuple({at: format(left.normalize(), "f") for at, left in side.items()} for side in sides))  # type: ignore[attr-defined]
    rows = [f"{START_MS + at},{','.join(map(str, each))}" for at, each in enumerate(done)]
    mapped(folder, ORDERS, "t,id,action,side,p,q", *rows)
    found = read(folder)
    known = [book for book, (order, *_) in zip(wanted, done, strict=True)]
    assert books_of(found)[-1:] == ([known[-1]] if found.book is not None else [])


# Instruments


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ('instrument = "{stem}"', ["ETHUSD", "XBTUSD"]),
        ('instrument = "{name}"', ["ETHUSD.csv", "XBTUSD.csv"]),
        ('instrument = "kraken:{stem}"', ["kraken:ETHUSD", "kraken:XBTUSD"]),
        ("instrument_pattern = '([A-Z]{3})USD'", ["ETH", "XBT"]),
    ],
)
def test_the_instrument_is_taken_from_the_name_of_the_file(tmp_path: Path, key: str, wanted: list[str]) -> None:
    keys = ONE.replace('instrument = "X"', key)
    mapped(tmp_path, keys, "t,p,q", f"{START_MS},60000,1", name="XBTUSD.csv")
    mapped(tmp_path, keys, "t,p,q", f"{START_MS},3000,1", name="ETHUSD.csv")
    assert list(instruments_of(tmp_path)) == wanted
    assert [prices_of(tmp_path, name) for name in wanted] == [["3E+3"], ["6E+4"]]


def test_the_instrument_is_taken_from_folders_too(tmp_path: Path) -> None:
    folders = ONE.replace('instrument = "X"', 'instrument = "{folder}"')
    hive = ONE.replace('instrument = "X"', 'instrument_column = "symbol"')
    for folder, keys, names in (("a", folders, "{}"), ("b", hive, "symbol={}/date=2025-08-01")):
        for price, symbol in enumerate(("BTC%2FUSD", "ETH%2FUSD")):
            path = tmp_path / folder / names.format(symbol) / "part-0.csv"
            write(path, lines("t,p,q", *ROWS, f"{START_MS + 9},{price + 1},1"))
        write(tmp_path / folder / "mapping.toml", keys)
    assert list(instruments_of(tmp_path / "a")) == ["BTC%2FUSD", "ETH%2FUSD"]
    assert list(instruments_of(tmp_path / "b")) == ["BTC/USD", "ETH/USD"]


def test_columns_that_folders_name_are_filled_from_them(tmp_path: Path) -> None:
    keys = ONE.replace('time = "t"\ntime_unit = "ms"\n', 'time = ["date", "clock"]\n') + 'side = "side"\n'
    for side in ("buy", "sell"):
        folder = tmp_path / f"date=2025-08-01/side={side}"
        write(folder / "a.csv", lines("clock,p,q", f"00:00:0{len(side)},1,1"))
    write(tmp_path / "mapping.toml", keys)
    found = trades_of(read(tmp_path).trades)
    assert [(each.time_ns, each.aggressor) for each in found] == [
        (START_NS + 3 * 10**9, BUY),
        (START_NS + 4 * 10**9, SELL),
    ]


def test_an_exchange_beside_the_symbol_tells_markets_apart(tmp_path: Path) -> None:
    keys = ONE.replace('instrument = "X"', 'exchange_column = "e"\ninstrument_column = "s"')
    mapped(tmp_path, keys, "t,p,q,e,s", f"{START_MS},1,1,A,BTC", f"{START_MS},2,1,B,BTC")
    assert list(instruments_of(tmp_path)) == ["A:BTC", "B:BTC"]
    assert prices_of(tmp_path, "B:BTC") == ["2"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("XBTUSD", "ETHUSD"), ("btcusd", "ethusd"), ("aapl_trades", "msft_trades"), ("BTC/part-0", "ETH/part-0"),
     ("ESH4", "ESM4"), ("BTCUSDT-spot", "BTCUSDT-perp")],
)  # fmt: skip
def test_names_of_two_instruments_under_one_are_refused_with_both(tmp_path: Path, one: str, other: str) -> None:
    for name in (one, other):
        write(tmp_path / f"{name}.csv", lines("t,p,q", *ROWS, f"{START_MS + 9},1,{len(name)}{name == one:d}"))
    write(tmp_path / "mapping.toml", ONE)
    message = refusal(tmp_path)
    assert f"{one}.csv" in message
    assert f"{other}.csv" in message
    assert 'instrument = "{stem}"' in message


@pytest.mark.parametrize(
    ("one", "other"),
    [("buys", "sells"), ("trades-1", "trades-2"), ("fills_2025-08-01", "fills_2025-08-02"), ("a", "b"),
     ("first", "second"),
     ("part-00000-3f2a1c00-aaaa-bbbb-cccc-0123456789ab", "part-00001-3f2a1c00-aaaa-bbbb-cccc-0123456789ac"),
     ("BTCUSD_buy", "BTCUSD_sell"), ("BTCUSD", "BTCUSD (1)"), ("depthsnap", "depthupdate")],
)  # fmt: skip
def test_names_that_say_nothing_of_an_instrument_are_files_of_one(tmp_path: Path, one: str, other: str) -> None:
    for number, name in enumerate((one, other)):
        write(tmp_path / f"{name}.csv", lines("t,p,q", f"{START_MS + number},{number + 1},1"))
    write(tmp_path / "mapping.toml", ONE)
    assert prices_of(tmp_path) == ["1", "2"]


def test_files_of_one_instrument_with_names_of_two_are_told_by_tables_of_their_own(tmp_path: Path) -> None:
    one, other = (ONE.replace("[trades]", "[[trades]]").replace("*.csv", f"{name}.csv") for name in ("london", "tokyo"))
    for number, name in enumerate(("london", "tokyo")):
        write(tmp_path / f"{name}.csv", lines("t,p,q", f"{START_MS + number},{number + 1},1"))
    write(tmp_path / "mapping.toml", one + other)
    assert prices_of(tmp_path) == ["1", "2"]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ('instrument = "{symbol}"', "has no {symbol}; it has {stem} = 'a', {name} = 'a.csv', {folder} ="),
        ("instrument_pattern = '(b+)'", "matches nothing in a.csv"),
        ("instrument_pattern = 'a'", "needs one group"),
        ("instrument_pattern = '('", "is not a regular expression"),
        ('instrument = "X"\ninstrument_column = "t"', "give one of instrument"),
        ('instrument = "X"\nexchange_column = "t"', "exchange_column needs instrument_column"),
    ],
)
def test_an_instrument_that_is_not_there_is_refused_with_what_is(tmp_path: Path, key: str, reason: str) -> None:
    mapped(tmp_path, ONE.replace('instrument = "X"', key), "t,p,q", *ROWS)
    assert reason in refusal(tmp_path)


# Spoilt files


@given(
    writer=st.sampled_from(one_market.WHOLE_BOOK_REWRITTEN),
    file=st.integers(0, 2),
    touches=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=5), st.integers(0, 5)), min_size=1, max_size=4),
)
def test_a_spoilt_table_plays_or_is_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory,
    writer: Any,
    file: int,
    touches: list[tuple[float, bytes, int]],
) -> None:
    folder = writer(tmp_path_factory.mktemp("spoilt") / "data", one_market.market(60))
    paths = sorted(path for path in folder.iterdir() if path.name != "mapping.toml" and path.suffix != ".gz")
    path = paths[file % len(paths)]
    content = path.read_bytes()
    for place, more, less in touches:
        at = int(place * len(content))
        content = content[:at] + more + content[at + less :]
    path.write_bytes(content)
    outcome(folder)


# Snapshots and ids


def test_a_file_of_snapshots_goes_before_updates_of_the_same_time_whatever_their_names(tmp_path: Path) -> None:
    keys = BOOK + 'price = "p"\nsize = "q"\nside = "s"\nsnapshot = "k"\nsnapshot_word = "snap"\nupdate_word = "set"\n'
    snap = [f"{START_MS + 5},snap,bid,10,1", f"{START_MS + 5},snap,ask,11,1"]
    updates = [f"{START_MS},set,bid,9,9", f"{START_MS + 5},set,bid,10,2", f"{START_MS + 6},set,ask,12,3"]
    for snap_name, update_name in (("a_snap", "b_update"), ("b_snap", "a_update")):
        folder = tmp_path / snap_name
        mapped(folder, keys, "t,k,s,p,q", *snap, name=f"{snap_name}.csv")
        mapped(folder, keys, "t,k,s,p,q", *updates, name=f"{update_name}.csv")
        found = read(folder)
        assert books_of(found) == [({"10": "2"}, {"11": "1"}), ({"10": "2"}, {"11": "1", "12": "3"})]
        assert found.report.counts["before_snapshot"] == 1


@pytest.mark.parametrize("ids", [("1", "2", "3"), ("a-1", "a-2", "b-3"), ("x" * 40, "y" * 40, "z" * 40)])
def test_trades_with_ids_that_two_files_tell_are_taken_once(tmp_path: Path, ids: tuple[str, ...]) -> None:
    keys = ONE + 'id = "n"\n'
    rows = [f"{START_MS + at},{at + 1},1,{name}" for at, name in enumerate(ids)]
    mapped(tmp_path, keys, "t,p,q,n", *rows[:2], name="one.csv")
    mapped(tmp_path, keys, "t,p,q,n", *rows, name="two.csv")
    assert prices_of(tmp_path) == ["1", "2", "3"]


def test_trades_without_an_id_are_no_copies_of_each_other(tmp_path: Path) -> None:
    mapped(tmp_path, ONE + 'id = "n"\n', "t,p,q,n", f"{START_MS},1,1,", f"{START_MS},1,1,", name="one.csv")
    assert prices_of(tmp_path) == ["1", "1"]


def test_packed_json_is_read(tmp_path: Path) -> None:
    keys = ONE.replace("*.csv", "*").replace('"t"', "1").replace('"p"', "2").replace('"q"', "3")
    write(tmp_path / "mapping.toml", keys)
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(json.dumps([[START_MS, 1.5, "2"]]).encode()))
    assert prices_of(tmp_path) == ["1.5"]


def test_a_book_of_sizes_that_are_all_zero_is_told(tmp_path: Path) -> None:
    mapped(tmp_path, BOOK + 'levels = [["bid", "bs", "ask", "as"]]', "t,bid,bs,ask,as", f"{START_MS},1,0,2,0.00")
    found = read(tmp_path)
    assert books_of(found) == [({}, {})]
    assert said(found) == [
        "every size in the first rows is 0, so the book is empty: leave sizes out of levels if unknown"
    ]


def test_commas_in_quotes_between_commas_are_between_thousands_and_told_where_nothing_else_shows_it(
    tmp_path: Path,
) -> None:
    mapped(tmp_path, ONE, "t,p,q", f'{START_MS},"1,234",1', f'{START_MS},"12,345",1')
    assert prices_of(tmp_path) == ["1234", "12345"]
    assert said(read(tmp_path)) == ["the comma in 1,234 is read as a thousands separator"]
    mapped(tmp_path, ONE, "t,p,q", f'{START_MS},"1,234",1', f'{START_MS},"12,34",1')
    assert prices_of(tmp_path) == ["1.234", "12.34"]


def test_fields_may_be_separated_by_a_space(tmp_path: Path) -> None:
    mapped(tmp_path, ONE + 'delimiter = " "\n', "t p q", *(row.replace(",", " ") for row in ROWS))
    assert prices_of(tmp_path) == ["100.5", "101.5", "102.5", "103.5"]


def test_lines_before_rows_without_a_header_are_passed_over(tmp_path: Path) -> None:
    numbers = ONE.replace('"t"', "1").replace('"p"', "2").replace('"q"', "3") + "header = false\n"
    mapped(tmp_path, numbers, "https://example.org", *ROWS)
    assert prices_of(tmp_path) == ["100.5", "101.5", "102.5", "103.5"]


def test_a_trade_with_quotes_in_files_of_two_names_is_refused_too(tmp_path: Path) -> None:
    both = ONE.replace("*.csv", "*") + BOOK + 'levels = [["bid", "ask"]]\n'
    for number, name in enumerate(("XBTUSD", "ETHUSD")):
        mapped(tmp_path, both, "t,p,q,bid,ask", f"{START_MS + number},1,1,1,2", name=f"{name}.csv")
    assert "their names suggest two" in refusal(tmp_path)


@pytest.mark.skipif("decimals" not in {each.name for each in fields(text.Column)}, reason="numbers are not rounded yet")
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_numbers_with_more_decimals_than_a_mapping_says_are_rounded_and_told(tmp_path: Path, delimiter: str) -> None:
    keys = ONE + 'price_decimals = 2\nsize_decimals = 0\ndecimal = "."\n'
    rows = ["t,p,q", f"{START_MS},100.128,1.5", f"{START_MS},100.12,2"]
    mapped(tmp_path, keys, *(row.replace(",", delimiter) for row in rows))
    found = read(tmp_path)
    assert [(str(each.price), str(each.size)) for each in trades_of(found.trades)] == [("100.13", "2"), ("100.12", "2")]
    assert [(each.kind, each.line) for each in found.report.incidents if each.kind == "rounded"] == [("rounded", 2)] * 2
