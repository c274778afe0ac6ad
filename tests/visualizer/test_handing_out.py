"""Tables and still pictures, as the server hands them out."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl
import pytest

from shared import ASKED_FOLDER, DEPTH_FILE, REPORT
from shared.still import unpacked
from shared.views.footprint import FootprintCell, FootprintRow
from shared.views.heatmap import HeatmapRow
from shared.views.measures import MeasuresRow
from tests.browser.feeder import Feeder
from tests.visualizer.pictures import report
from visualizer.components.columns import COLUMNS
from visualizer.server.dashboard import create
from visualizer.server.settings import Settings
from visualizer.server.table_rows import table_of
from visualizer.server.tables import csv_of

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient


@pytest.fixture
def feeder(tmp_path: Path) -> Feeder:
    feeder = Feeder(tmp_path / "ipc", bars=20)
    feeder.publish()
    return feeder


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    settings = Settings(ipc_dir=tmp_path / "ipc", control_dir=tmp_path / "control", control="on")
    client: FlaskClient = create(settings, clock_s=lambda: 0.0).server.test_client()
    return client


def rows(name: str, value: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_of(table_of(name, value)))))


def test_a_table_is_what_is_published_to_the_last_digit(client: FlaskClient, feeder: Feeder) -> None:
    answer = client.get("/tables/ohlc.csv")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/csv")
    assert answer.headers["X-Event-Time-Ms"] == str(feeder.status().event_time_ms)
    header, *found = csv.reader(io.StringIO(answer.text))
    assert header == ["timestamp_ms", "open", "high", "low", "close", "volume"]
    assert [[float(cell) for cell in row] for row in found] == [
        [bar.timestamp_ms, bar.open, bar.high, bar.low, bar.close, bar.volume] for bar in feeder.ohlc
    ]
    depth = json.loads((feeder.directory / DEPTH_FILE).read_bytes())
    found = list(csv.reader(io.StringIO(client.get("/tables/depth.csv").text)))[1:]
    assert [[float(cell) for cell in row[1:]] for row in found] == [*depth["bids"], *depth["asks"]]


def test_a_table_that_is_not_published_is_asked_for_and_one_that_is_none_is_refused(
    client: FlaskClient, feeder: Feeder, tmp_path: Path
) -> None:
    answer = client.get("/tables/footprint.csv")
    assert (answer.status_code, "is not published now" in answer.text) == (404, True)
    assert [path.name for path in (tmp_path / "control" / ASKED_FOLDER).iterdir()] == ["footprint"]
    for name in ("none", "..", "status"):
        assert client.get(f"/tables/{name}.csv").status_code == 404
    assert "expected one of ohlc" in client.get("/tables/none.csv").text


def test_measures_with_parameters_of_the_replays_own_are_columns_of_their_names() -> None:
    values: dict[str, Any] = dict.fromkeys(MeasuresRow.__struct_fields__[1:], 0.5)
    values |= {"samples": 1, "trades": 2, "own": (0.25, None)}
    row = MeasuresRow(timestamp_ms=7, **values)
    header, found = csv.reader(io.StringIO(csv_of(table_of("measures", (row,), ("obi_50", "cost_buy_bp_2")))))
    assert header[-4:] == ["samples", "trades", "obi_50", "cost_buy_bp_2"]
    assert found[-4:] == ["1", "2", "0.25", ""]
    assert len(header) == len(found)


def test_numbers_have_no_exponents_and_nothing_is_empty() -> None:
    bars = (FootprintRow(7, 1e-7, (FootprintCell(3e-7, 1.5, 0.0, 1e22, 4), FootprintCell(4e-7, 2.0, 0.1, 0.0, 1))),)
    assert rows("footprint", bars) == [
        ["timestamp_ms", "row", "price", "buy_volume", "sell_volume", "unknown_volume", "trades"],
        ["7", "0.0000001", "0.0000003", "1.5", "0", "10000000000000000000000", "4"],
        ["7", "0.0000001", "0.0000004", "2", "0.1", "0", "1"],
    ]
    column = HeatmapRow(7, 0.1, 0.5, None, 0.3, (1.0, 0.0, 2.0), None, ())
    assert rows("heatmap", (column,))[1:] == [["7", "0.1", "bid", "0.3", "1"], ["7", "0.1", "bid", "0.5", "2"]]


def test_the_report_has_a_line_for_each_place() -> None:
    assert rows("report", report()) == [
        ["kind", "count", "file", "line", "time_ms", "until_ms", "detail"],
        ["gaps", "1", "trades.csv", "7", "60000", "", "9 follows 7"],
    ]
    assert REPORT.name == "report"


def test_a_parquet_file_is_the_same_table(client: FlaskClient, feeder: Feeder) -> None:
    answer = client.get("/tables/ohlc.parquet")
    assert answer.content_type == "application/vnd.apache.parquet"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="ohlc.parquet"'
    assert answer.headers["X-Event-Time-Ms"] == str(feeder.status().event_time_ms)
    frame = pl.read_parquet(io.BytesIO(answer.data))
    assert frame.rows() == [msgspec.structs.astuple(bar) for bar in feeder.ohlc]
    assert frame.columns == [*COLUMNS["ohlc"]]
    assert client.get("/tables/ohlc.parquet").data == answer.data


def test_rows_of_a_time_are_chosen_and_what_chooses_none_is_refused(client: FlaskClient, feeder: Feeder) -> None:
    times = [bar.timestamp_ms for bar in feeder.ohlc]
    for query, wanted in {
        f"from_ms={times[3]}&until_ms={times[5]}": times[3:5],
        f"from_ms={times[3] + 1}": times[4:],
        f"until_ms={times[2] + 1}": times[:3],
        "until_ms=-1": [],
    }.items():
        frame = pl.read_parquet(io.BytesIO(client.get(f"/tables/ohlc.parquet?{query}").data))
        assert frame["timestamp_ms"].to_list() == wanted
        _, *found = csv.reader(io.StringIO(client.get(f"/tables/ohlc.csv?{query}").text))
        assert [int(row[0]) for row in found] == wanted
    for path, reason in {
        "ohlc.parquet?from=5": "unknown parameter 'from': expected from_ms or until_ms",
        "ohlc.parquet?from_ms=noon": "invalid from_ms 'noon': expected ms since the Unix epoch",
        "ohlc.csv?until_ms=": "invalid until_ms '': expected ms since the Unix epoch",
        "ohlc.csv?from_ms=7&until_ms=7": "until_ms must be later than from_ms, and 7 is not later than 7",
        "depth.csv?from_ms=7": "rows of depth have no time: from_ms and until_ms choose those of ohlc",
    }.items():
        answer = client.get(f"/tables/{path}")
        assert answer.status_code == 400
        assert answer.get_json()["error"].startswith(reason)


def test_the_still_picture_is_what_is_published(client: FlaskClient, feeder: Feeder) -> None:
    answer = client.get("/still.zip")
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    assert (
        answer.headers["Content-Disposition"] == f'attachment; filename="BTCUSDT_{feeder.status().event_time_ms}.zip"'
    )
    still = unpacked(answer.data)
    assert still.files[DEPTH_FILE] == (feeder.directory / DEPTH_FILE).read_bytes()
    assert still.status.event_time_ms == feeder.status().event_time_ms
    assert client.get("/still.zip").data == answer.data


def test_strangers_get_nothing_and_to_watch_is_enough(feeder: Feeder, tmp_path: Path) -> None:
    token, watch = "steer-token-0123456789", "watch-token-0123456789"
    tokens: dict[str, Any] = {"token": token, "watch_token": watch}
    settings = Settings(ipc_dir=tmp_path / "ipc", control_dir=tmp_path / "control", **tokens)
    guarded = create(settings, clock_s=lambda: 0.0).server.test_client()
    assert feeder.generation
    for path in ("/still.zip", "/tables/ohlc.csv", "/tables/ohlc.parquet"):
        assert guarded.get(path).status_code == 401
        assert guarded.get(path, headers={"Authorization": f"Bearer {watch}"}).status_code == 200


def test_there_is_no_still_picture_of_nothing(client: FlaskClient) -> None:
    assert client.get("/still.zip").status_code == 404
