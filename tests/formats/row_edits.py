"""Values put into single cells of the files that are tables of rows or of records."""

from __future__ import annotations

import gzip
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from hypothesis import strategies as st

from processor.formats import itch_messages, sierra
from processor.formats.disk.files import SourceFile
from tests.formats import test_dbn, test_itch
from tests.formats.mangling import FRAGMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

VALUES: Final = (
    None, 0, 1, -1, 2, 3, 255, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 10**18, 0.0, -0.0, 1.5, float("nan"),
    float("inf"), -float("inf"), 1e308, 5e-324, 1e22, 0.1 + 0.2, 1e-12, 1e-13, 1723122001.5, b"\xff\x00", *FRAGMENTS,
)  # fmt: skip
"""What a cell of a table may turn out to hold."""


@dataclass(frozen=True)
class Edit:
    """A value put into a cell; `at` and `column` are taken modulo what there is, `value` is its place in VALUES."""

    at: int
    column: int
    value: int


edits: Final = st.lists(
    st.builds(Edit, at=st.integers(0, 2**16), column=st.integers(0, 100), value=st.integers(0, len(VALUES) - 1)),
    min_size=1,
    max_size=2,
)


def _row_text(cells: Iterable[Any]) -> bytes:
    return ",".join(repr(cell) if isinstance(cell, float) else str(cell) for cell in cells).encode("utf-8", "replace")


def edit_sqlite(path: Path, edit: Edit) -> tuple[bytes, bytes]:
    table, columns = (("trades", ("price", "size", "side", "timestamp")), ("book", ("bids", "asks", "timestamp")))[
        edit.column % 2
    ]
    value: Any = VALUES[edit.value]
    if isinstance(value, bytes) and edit.column % 3:
        value = value.decode("utf-8", "replace")
    texts = []
    with closing(sqlite3.connect(path)) as database, database:
        (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
        row = (edit.at % count + 1,)
        for step in range(2):
            if step:
                column = columns[edit.column // 2 % len(columns)]
                database.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (value, *row))  # noqa: S608
            texts.append(_row_text(database.execute(f"SELECT * FROM {table} WHERE id = ?", row).fetchone()))  # noqa: S608
    return texts[0], texts[1]


def _number(edit: Edit) -> float | int:
    value = VALUES[edit.value]
    return value if isinstance(value, float | int) else edit.at * edit.value


def edit_npz(path: Path, edit: Edit) -> tuple[bytes, bytes]:
    with np.load(path) as held:
        array = held["data"]
    row = edit.at % len(array)
    before = _row_text(array[row].tolist())
    number = _number(edit)
    if array.dtype.names is None:
        array[row, edit.column % array.shape[1]] = number
    else:
        name = array.dtype.names[edit.column % len(array.dtype.names)]
        whole = number if isinstance(number, int) else 7
        array[name][row] = number if array.dtype[name].kind == "f" else whole % (2**63)
    np.savez(path, data=array)
    return before, _row_text(array[row].tolist())


def edit_parquet(path: Path, edit: Edit) -> tuple[bytes, bytes]:
    frame, metadata = pl.read_parquet(path), pl.read_parquet_metadata(path)
    row, name = edit.at % frame.height, frame.columns[edit.column % len(frame.columns)]
    kind = frame.schema[name]
    value: Any = VALUES[edit.value]
    if kind.is_integer():
        value = None if value is None else int(min(max(_number(edit), -(2**63)), 2**63 - 1)) if _finite(edit) else None
        value = value if kind == pl.Int64 or value is None else value % 256 - 128
    elif kind.is_float():
        value = None if value is None else float(_number(edit))
    elif kind == pl.String:
        value = value.decode("utf-8", "replace") if isinstance(value, bytes) else None
    else:
        value = None
    kept = {key: text for key, text in metadata.items() if key.startswith("orderflow.")}
    numbers = pl.int_range(pl.len())
    edited = frame.with_columns(pl.when(numbers == row).then(pl.lit(value, kind)).otherwise(pl.col(name)).alias(name))
    edited.write_parquet(path, metadata=kept)
    return _parquet_text(frame, row, own_scale=bool(kept)), _parquet_text(edited, row, own_scale=bool(kept))


def _finite(edit: Edit) -> bool:
    return bool(np.isfinite(float(_number(edit))))


def _parquet_text(frame: pl.DataFrame, row: int, *, own_scale: bool) -> bytes:
    cells = frame.row(row, named=True)
    if own_scale:
        for name, decimals in (("price_ticks", 2), ("size_lots", 3)):
            cells[name] = None if cells[name] is None else f"{Decimal(cells[name]).scaleb(-decimals):f}"
    if isinstance(cells.get("time"), datetime):
        cells["time"] = round(cells["time"].replace(tzinfo=UTC).timestamp() * 1000)
    return _row_text(cells.values())


def edit_dbn(path: Path, edit: Edit) -> tuple[bytes, bytes]:
    content = bytearray(b"".join(block.data for block in SourceFile(path).blocks()))
    start = 8 + int.from_bytes(content[4:8], "little")
    record = test_dbn.RECORDS[path.name.split(".")[1]]
    at = start + edit.at % ((len(content) - start) // record.itemsize) * record.itemsize
    before = _record_text(record, content[at : at + record.itemsize])
    # The length comes first; a wrong one moves all that follows.
    place = 1 + edit.column % (record.itemsize - 1)
    value = VALUES[edit.value]
    new = value[:8] if isinstance(value, bytes) else np.float64(0 if value is None else value).tobytes()
    new = new[: record.itemsize - place]
    content[at + place : at + place + len(new)] = new
    path.write_bytes(content)
    return before, _record_text(record, content[at : at + record.itemsize])


def _record_text(record: np.dtype[Any], content: bytes | bytearray) -> bytes:
    row = np.frombuffer(bytes(content), record)[0]
    prices = [row["price"], *(level[name] for level in _levels(row) for name in ("bid_px", "ask_px"))]
    sizes = [row["size"], *(level[name] for level in _levels(row) for name in ("bid_sz", "ask_sz"))]
    cells = [f"{Decimal(int(price)).scaleb(-9):f}" for price in prices]
    return _row_text([int(row["ts_event"]), int(row["ts_recv"]), *cells, *map(int, sizes)])


def _levels(row: Any) -> Any:
    return row["levels"] if "levels" in row.dtype.names else []


def edit_itch(path: Path, edit: Edit) -> tuple[bytes, bytes]:
    content = bytearray(gzip.decompress(path.read_bytes()))
    places = itch_messages.places(np.frombuffer(bytes(content), np.uint8), bare=False)[0].tolist()
    # By the first three the format is known. The message above an execution adds its order, and says the price.
    number = 3 + edit.at % (len(places) - 3)
    above, at = places[number - 1 : number + 1]
    length = int(itch_messages.LENGTHS[content[at]])
    order = b"," + _itch_text(content[above : at - 2])
    before = _itch_text(content[at : at + length]) + order
    value = VALUES[edit.value]
    new = value[:8] if isinstance(value, bytes) else struct.pack(">d", 0 if value is None else value)
    place = at + edit.column % length
    new = new[: at + length - place]
    content[place : place + len(new)] = new
    path.write_bytes(gzip.compress(content))
    return before, _itch_text(content[at : at + length]) + order


def _itch_text(message: bytes | bytearray) -> bytes:
    """The message's time, and whatever may be a price or a size in it."""
    time_ns = test_itch.MIDNIGHT_NS + int.from_bytes(message[5:11], "big")
    numbers = [int.from_bytes(message[at : at + 4], "big") for at in range(11, len(message) - 3)]
    return _row_text([time_ns, *numbers, *(f"{Decimal(number).scaleb(-4):f}" for number in numbers)])


def edit_sierra(path: Path, edit: Edit) -> tuple[bytes, bytes]:
    content = bytearray(path.read_bytes())
    start = int.from_bytes(content[4:8], "little")
    record = sierra._TRADE if path.suffix == ".scid" else sierra._CHANGE
    at = start + edit.at % ((len(content) - start) // record.itemsize) * record.itemsize
    before = _sierra_text(record, content[at : at + record.itemsize])
    value = VALUES[edit.value]
    new = value[:8] if isinstance(value, bytes) else struct.pack("<d", 0 if value is None else value)
    place = edit.column % record.itemsize
    new = new[: record.itemsize - place]
    content[at + place : at + place + len(new)] = new
    path.write_bytes(content)
    return before, _sierra_text(record, content[at : at + record.itemsize])


def _sierra_text(record: np.dtype[Any], content: bytes | bytearray) -> bytes:
    row = np.frombuffer(bytes(content), record)[0]
    price = float(row["price"]) if np.isfinite(row["price"]) else 0.0
    digits = np.format_float_positional(row["price"]).removesuffix(".")
    return _row_text([int(row["time"]) - sierra._EPOCH_US, digits, f"{Decimal(price):f}", int(row["size"])])


def edit_iex(path: Path, edit: Edit) -> tuple[bytes, bytes]:
    content = bytearray(gzip.decompress(path.read_bytes()))
    at, places = 24, []
    while at < len(content):
        places.append(at)
        at += 16 + int.from_bytes(content[at + 8 : at + 12], "little")
    number = 1 + edit.at % (len(places) - 1)
    start, end = places[number] + 16, [*places, len(content)][number + 1]
    before = _iex_text(content[start:end])
    value = VALUES[edit.value]
    new = value[:8] if isinstance(value, bytes) else struct.pack("<d", 0 if value is None else value)
    # Of the packet, what IEX says in it.
    place = start + 42 + (edit.column * 7) % (end - start - 42)
    new = new[: end - place]
    content[place : place + len(new)] = new
    path.write_bytes(gzip.compress(content))
    return before, _iex_text(content[start:end])


def _iex_text(packet: bytes | bytearray) -> bytes:
    """Whatever may be a time, a price or a size in a packet."""
    fours = [int.from_bytes(packet[at : at + 4], "little") for at in range(82, len(packet) - 3)]
    eights = [int.from_bytes(packet[at : at + 8], "little", signed=True) for at in range(82, len(packet) - 7)]
    return _row_text([*fours, *eights, *(f"{Decimal(each).scaleb(-4):f}" for each in eights)])


TABLES: Final[dict[str, Callable[[Path, Edit], tuple[bytes, bytes]]]] = {
    "own": edit_parquet,
    "mapped_parquet": edit_parquet,
    "sqlite": edit_sqlite,
    "hftbacktest": edit_npz,
    "hftbacktest_old": edit_npz,
    "dbn_mbp10": edit_dbn,
    "dbn_mbp1": edit_dbn,
    "dbn_trades": edit_dbn,
    "dbn_mbo": edit_dbn,
    "itch": edit_itch,
    "sierra": edit_sierra,
    "dbn_bbo": edit_dbn,
    "iex_deep": edit_iex,
    "iex_tops": edit_iex,
}
