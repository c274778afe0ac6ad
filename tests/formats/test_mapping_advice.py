"""The mapping that a refusal suggests, pasted unchanged, plays the file it was made for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.events import BUY, SELL, UNKNOWN
from processor.errors import DatasetError, UnknownFormat
from processor.formats import open_dataset
from processor.formats.disk.files import SourceFile
from processor.formats.mapped.advice import example
from tests.formats.mapped_files import START_MS, START_NS, books_of
from tests.formats.reading import read, trades_of
from tests.formats.samples import lines, write

if TYPE_CHECKING:
    from pathlib import Path

SIDES: Final = (BUY, SELL, BUY, BUY)


def pasted(folder: Path) -> str:
    """The mapping that the refusal of a folder suggests, which is written beside it."""
    with pytest.raises(UnknownFormat) as refused:
        open_dataset(folder)
    advice = str(refused.value).partition("like this beside it:\n")[2]
    assert advice
    write(folder / "mapping.toml", advice)
    return advice


def trades(folder: Path) -> list[tuple[int, str, str, int]]:
    return [
        (each.time_ns - START_NS, str(each.price.normalize()), str(each.size.normalize()), each.aggressor)
        for each in trades_of(read(folder).trades)
    ]


WANTED: Final = [(at * 10**9, f"10{at}.5", f"{at + 1}", side) for at, side in enumerate(SIDES)]


def table(*columns: str, delimiter: str = ",", words: tuple[str, str] = ("buy", "sell")) -> list[str]:
    """Four trades as rows of these columns."""
    rows = []
    for at, side in enumerate(SIDES):
        ms = START_MS + at * 1000
        moment = datetime.fromtimestamp(ms / 1000, UTC)
        known = {
            "s": ms // 1000, "ms": ms, "ns": f"{ms}000000", "iso": moment.isoformat(), "p": f"10{at}.5", "q": at + 1,
            "side": words[side == SELL], "id": f"{90_000_000 + at}", "name": "XBT", "note": "a note",
            "dots": moment.strftime("%d.%m.%Y %H:%M:%S.000"), "date": moment.strftime("%Y.%m.%d"),
            "clock": moment.strftime("%H:%M:%S.000"), "us": moment.strftime("%m/%d/%Y %I:%M:%S %p"),
        }  # fmt: skip
        rows.append(delimiter.join(str(known[column]) for column in columns))
    return rows


@pytest.mark.parametrize(
    ("header", "columns", "options"),
    [
        ("timestamp,price,amount,side", ("s", "p", "q", "side"), {}),
        ("Time,Px,Qty,Taker", ("ms", "p", "q", "side"), {}),
        ("id,ts,price,quantity,direction,symbol", ("id", "ns", "p", "q", "side", "name"), {}),
        ("time,price,size,side", ("iso", "p", "q", "side"), {"words": ("Buy", "Sell")}),
        ("time;price;volume;side", ("dots", "p", "q", "side"), {"delimiter": ";"}),
        ("Date\tTime\tLast\tVolume\tside", ("date", "clock", "p", "q", "side"), {"delimiter": "\t"}),
        ("t,p,q,s", ("ms", "p", "q", "side"), {"words": ("B", "S")}),
        ("price,qty,time,is_buyer_maker", ("p", "q", "ms", "side"), {"words": ("false", "true")}),
        ("trade_id,price,size,when,m,ts", ("id", "p", "q", "note", "side", "ms"), {"words": ("False", "True")}),
        ("made by somebody\ntime,price,size,side", ("ms", "p", "q", "side"), {}),
        ("# a comment\n# time,price,size,side", ("ms", "p", "q", "side"), {}),
        ("timestamp,price,size,side", ("ms", "p", "q", "side"), {"words": ("1", "-1")}),
        (None, ("s", "p", "q", "side"), {}),
        (None, ("id", "p", "q", "ms", "side"), {"words": ("buy", "sell")}),
        (None, ("ms", "p", "q", "side"), {"delimiter": "|"}),
    ],
)
def test_tables_of_trades_play_as_the_advice_says(
    tmp_path: Path, header: str | None, columns: tuple[str, ...], options: Any
) -> None:
    write(tmp_path / "fills.csv", lines(*([header] if header else []), *table(*columns, **options)))
    pasted(tmp_path)
    assert trades(tmp_path) == WANTED


@pytest.mark.parametrize("kind", ["parquet", "feather", "stream", "json", "jsonl", "lists"])
@pytest.mark.parametrize("typed", [True, False])
def test_files_of_types_and_json_play_as_the_advice_says(tmp_path: Path, kind: str, typed: bool) -> None:  # noqa: FBT001 - parametrized
    times = [START_MS + at * 1000 for at in range(4)]
    frame = pl.DataFrame(
        {
            "timestamp": pl.Series(times).cast(pl.Datetime("ms", "UTC")) if typed else times,
            "trade_id": [7, 8, 9, 10],
            "price": [100.5, 101.5, 102.5, 103.5],
            "quantity": [1.0, 2.0, 3.0, 4.0],
            "buyer_maker": ["False", "True", "False", "False"],
        }
    )
    path = tmp_path / f"fills.{kind}"
    if kind == "parquet":
        frame.write_parquet(path)
    elif kind == "feather":
        frame.write_ipc(path)
    elif kind == "stream":
        frame.write_ipc_stream(path)
    else:
        rows = frame.with_columns(pl.col("timestamp").cast(pl.Int64)).to_dicts()
        listed = [
            [row["trade_id"] * 10**6, *row.values()][:1] + list(row.values())[:1] + list(row.values())[2:]
            for row in rows
        ]
        content: Any = listed if kind == "lists" else rows
        write(path, "\n".join(map(json.dumps, rows)) if kind == "jsonl" else json.dumps(content))
    said = pasted(tmp_path)
    if kind == "lists":  # nothing names the last column
        assert [each[:3] for each in trades(tmp_path)] == [each[:3] for each in WANTED]
        return
    assert ('buy = "False"' in said, 'sell = "True"' in said) == (True, True)
    assert trades(tmp_path) == WANTED


def test_a_side_of_which_the_first_rows_show_one_word_has_the_other_too(tmp_path: Path) -> None:
    for number, (one, other) in enumerate((("buy", "sell"), ("S", "B"), ("Sell", "Buy"), ("BUY", "SELL"))):
        folder = tmp_path / f"{number}"
        write(folder / "fills.csv", lines("time,price,size,side", *[f"{START_MS},1,1,{one}"] * 3))
        pasted(folder)
        write(folder / "fills.csv", lines("time,price,size,side", f"{START_MS},1,1,{one}", f"{START_MS},1,1,{other}"))
        found = [each.aggressor for each in trades_of(read(folder).trades)]
        assert found == ([BUY, SELL] if one.lower().startswith("b") else [SELL, BUY])


BOOK: Final = [({"100": "5", "99": "1"}, {"101": "6"}), ({"100": "7"}, {"101": "6", "102": "2"})]


def book_rows(kind: str) -> list[str]:
    first, second = START_MS, START_MS + 1000
    if kind == "levels":
        return [
            "time,bid_px_0,bid_sz_0,ask_px_0,ask_sz_0,bid_px_1,bid_sz_1,ask_px_1,ask_sz_1",
            f"{first},100,5,101,6,99,1,,", f"{second},100,7,101,6,,,102,2",
        ]  # fmt: skip
    if kind == "short":
        return [
            "t,b0,bs0,a0,as0,b1,bs1,a1,as1", f"{first},100,5,101,6,99,1,,", f"{second},100,7,101,6,,,102,2",
        ]  # fmt: skip
    if kind == "lists":
        return [
            "timestamp\tasks\tbids", f"{first}\t[[101,6]]\t[[100,5],[99,1]]",
            f"{second}\t[[101,6],[102,2]]\t[[100,7]]",
        ]  # fmt: skip
    rows = [
        (first, "bid", 100, 5, "true"), (first, "bid", 99, 1, "true"), (first, "ask", 101, 6, "true"),
        (second, "bid", 100, 7, "false"), (second, "bid", 99, 0, "false"), (second, "ask", 102, 2, "false"),
    ]  # fmt: skip
    return ["timestamp,side,price,size,is_snapshot", *(",".join(map(str, row)) for row in rows)]


@pytest.mark.parametrize("kind", ["levels", "short", "lists", "updates"])
def test_books_play_as_the_advice_says(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "quotes.csv", lines(*book_rows(kind)))
    assert "[book]" in pasted(tmp_path)
    assert books_of(read(tmp_path)) == BOOK


def test_quotes_without_sizes_and_trades_with_quotes_play_as_the_advice_says(tmp_path: Path) -> None:
    write(tmp_path / "a/quotes.csv", lines("time,Bid,Ask", f"{START_MS},1,2"))
    assert '[["Bid", "Ask"]]' in pasted(tmp_path / "a")
    assert books_of(read(tmp_path / "a")) == [({"1": "1"}, {"2": "1"})]
    write(tmp_path / "b/all.csv", lines("time,last,volume,bid,bidsize,ask,asksize", f"{START_MS},1.5,3,1,5,2,6"))
    pasted(tmp_path / "b")
    assert books_of(read(tmp_path / "b")) == [({"1": "5"}, {"2": "6"})]
    assert trades(tmp_path / "b") == [(0, "1.5", "3", UNKNOWN)]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("id,timestamp,price,volume,action,direction", ("created", "changed", "deleted", "bid", "ask")),
        ("order_id,time,price,size,type,side", ("new", "update", "cancel", "buy", "sell")),
        ("oid,ts,px,qty,event,side", ("ADD", "MODIFY", "DELETE", "B", "S")),
    ],
)
def test_a_log_of_orders_plays_as_the_advice_says_and_not_as_trades(
    tmp_path: Path, header: str, words: tuple[str, ...]
) -> None:
    add, change, delete, bid, ask = words
    rows = [
        (1, 0, 100, 5, add, bid), (2, 1, 101, 6, add, ask), (1, 2, 100, 3, change, bid), (2, 3, 101, 6, delete, ask),
    ]  # fmt: skip
    shown = [f"{order},{START_MS + at},{price},{size},{action},{side}" for order, at, price, size, action, side in rows]
    write(tmp_path / "events.csv", lines(header, *shown))
    assert pasted(tmp_path).startswith("  [orders]")
    found = read(tmp_path)
    assert found.trades is None
    assert books_of(found)[-1] == ({"100": "3"}, {})


@pytest.mark.parametrize(
    ("name", "instrument"),
    [("XBTUSD.csv", "XBTUSD"), ("fills_ETHUSD_2025-08-01.csv", "ETHUSD"), ("XRP_ETH-trades.csv", "XRP_ETH")],
)
def test_the_instrument_is_the_one_in_the_name(tmp_path: Path, name: str, instrument: str) -> None:
    write(tmp_path / name, lines("timestamp,price,amount,side", *table("s", "p", "q", "side")))
    pasted(tmp_path)
    assert open_dataset(tmp_path).instruments == (instrument,)


def test_columns_without_names_that_are_near_the_price_are_a_bid_and_an_ask_and_no_size(tmp_path: Path) -> None:
    rows = ["20250801 000000 0010000;5800.25;5800;5800.25;2", "20250801 000001 0000000;5800.5;5800.25;5800.5;1"]
    write(tmp_path / "ES.Last.txt", lines(*rows))
    pasted(tmp_path)
    assert trades(tmp_path) == [(10**6, "5800.25", "2", UNKNOWN), (10**9, "5800.5", "1", UNKNOWN)]
    assert books_of(read(tmp_path)) == [({"5800": "1"}, {"5800.25": "1"}), ({"5800.25": "1"}, {"5800.5": "1"})]


def test_folders_that_name_a_symbol_are_in_the_advice(tmp_path: Path) -> None:
    for symbol in ("A", "B"):
        rows = table("s", "p", "q", "side")[: 3 + (symbol == "A")]
        write(tmp_path / f"symbol={symbol}/date=2025-08-01/part-0.csv", lines("timestamp,price,amount,side", *rows))
    pasted(tmp_path)
    assert open_dataset(tmp_path).instruments == ("A", "B")


def test_bars_are_called_bars(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", lines("time,open,high,low,close,volume", f"{START_MS},1,2,1,2,5"))
    assert pasted(tmp_path).strip().startswith("# If these rows are bars, each is read as one trade")


def test_an_ambiguous_date_is_left_for_the_user_to_say(tmp_path: Path) -> None:
    write(tmp_path / "fills.csv", lines("time,price,size", "01/08/2025 00:00:00,1,1"))
    assert "format" not in pasted(tmp_path)
    with pytest.raises(DatasetError, match="1 August 2025"):
        open_dataset(tmp_path)


@given(st.binary(max_size=300))
def test_any_bytes_at_all_get_an_advice_that_a_terminal_can_show(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write(tmp_path_factory.mktemp("bytes") / "a.csv", content)
    file = SourceFile(path)
    advice = example(file, file.head())
    assert all(line.isprintable() for line in advice.split("\n"))
