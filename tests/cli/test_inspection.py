from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from processor.cli.inspection import as_text, inspect

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = "exchange,symbol,timestamp,local_timestamp"
FIRST_US = 1_700_000_000_000_000


def a_dataset(folder: Path) -> Path:
    """A minute and a half without an event, a row that does not parse, and a book crossed for two seconds."""
    folder.mkdir()
    book = [
        (0, "true", "bid", "1.5", 2),
        (0, "true", "ask", "1.7", 2),
        (1, "false", "bid", "1.8", 2),
        (3, "false", "ask", "1.7", 0),
        (3, "false", "ask", "1.9", 2),
        (100, "false", "bid", "1.4", 2),
    ]
    rows = []
    for second, is_snapshot, side, price, amount in book:
        time_us = FIRST_US + second * 1_000_000
        rows.append(f"x,X,{time_us},{time_us},{is_snapshot},{side},{price},{amount}")
    (folder / "book.csv").write_text("\n".join([f"{COLUMNS},is_snapshot,side,price,amount", *rows]) + "\n")
    trades = [f"x,X,{FIRST_US + 100_000_000},{FIRST_US + 100_000_000},{i},buy,1.5,1" for i in range(200)]
    trades[3] = trades[3].replace("1.5", "1.5.5")
    (folder / "trades.csv").write_text("\n".join([f"{COLUMNS},id,side,price,amount", *trades]) + "\n")
    (folder / "notes.txt").write_text("hello")
    return folder


def test_every_incident_is_a_place_a_program_can_read(tmp_path: Path) -> None:
    found = json.loads(msgspec.json.encode(inspect(a_dataset(tmp_path / "d"), None, "exchange")))

    findings = {finding["kind"]: finding for finding in found["findings"]}
    assert list(findings) == ["malformed", "crossed", "silences"]
    (malformed,) = findings["malformed"]["incidents"]
    assert (malformed["file"], malformed["line"], malformed["time"], malformed["until"]) == (
        "trades.csv",
        5,
        None,
        None,
    )
    assert "1.5.5" in malformed["detail"]
    (crossed,) = findings["crossed"]["incidents"]
    assert crossed == {
        "file": None,
        "line": None,
        "time": "2023-11-14T22:13:21.000Z",
        "until": "2023-11-14T22:13:23.000Z",
        "detail": "for 2.000 s",
    }
    (silence,) = findings["silences"]["incidents"]
    assert (silence["time"], silence["until"]) == ("2023-11-14T22:13:23.000Z", "2023-11-14T22:15:00.000Z")
    assert found["ignored_files"] == ["notes.txt"]


def test_a_person_reads_the_same(tmp_path: Path) -> None:
    text = as_text(inspect(a_dataset(tmp_path / "d"), None, "exchange"))

    assert "  1 malformed: rows that do not parse and are skipped\n    trades.csv:5  " in text
    assert "    2023-11-14T22:13:21.000Z to 2023-11-14T22:13:23.000Z  for 2.000 s" in text
    assert "    2023-11-14T22:13:23.000Z to 2023-11-14T22:15:00.000Z  97 s without an event" in text
    assert "  trades.csv: 200 rows, 1 malformed, 2023-11-14T22:15:00.000Z to 2023-11-14T22:15:00.000Z" in text
    assert "  left out: notes.txt" in text
