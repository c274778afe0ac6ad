"""What a file of an unsupported format is, and what the user can do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from processor.formats.disk.packing import BOM

if TYPE_CHECKING:
    from processor.formats.disk.files import SourceFile

_QUOTED_LETTERS: Final = 60

_BY_CONTENT: Final[tuple[tuple[bytes, str], ...]] = (
    (rb"PAR1", "Parquet"),
    (rb"ARROW1|\xff\xff\xff\xff.{3}\0", "Arrow or Feather"),
    (rb"FEA1", "Feather version 1: write it as version 2, or as Parquet"),
    (rb"\x89HDF\r\n\x1a\n", "HDF5 (pandas, PyTables): write its tables as Parquet or CSV"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it"),
    (rb"Rar!\x1a\x07", "a RAR archive: unpack it"),
    (rb"\x1f[\x9d\xa0]", "packed by compress (.Z): unpack it with gzip -d"),
    (rb"LZOP|\x89LZO\0", "packed by lzop: unpack it"),
    (rb"\xff\x06\0\0sNaPpY", "packed by Snappy: unpack it"),
    (rb"PK[\x03\x05\x07]", "a document of Office, as Excel's .xlsx is: save the sheet as CSV"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of older Office, as Excel's .xls is: save the sheet as CSV"),
    (rb"%PDF-", "a PDF document"),
    (rb"SQLite format 3\0", "an SQLite database without the expected tables (docs/formats/sqlite_tables.md)"),
    (rb".{8}DUCK", "a DuckDB database: write its tables as Parquet (COPY ... TO)"),
    (rb"version https://git-lfs", "a Git LFS pointer: git lfs pull fetches the file itself"),
    (rb"\s*(<!DOCTYPE|<html|<\?xml)", "a web page or XML: the download failed, or the address was that of a web page"),
    (rb"\s*\{?.{0,400}\"op\"\s*:\s*\"mcm\"", "a Betfair stream: betting odds are not read"),
    (rb"SCID.\0", "Sierra Chart intraday data (.scid) in a layout that is not supported"),
    (rb"SCDD.\0", "Sierra Chart market depth (.depth) in a layout that is not supported"),
    (rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\xa1\xb2\x3c\x4d", "packets (pcap) of no supported feed"),
    (rb"\x0a\x0d\x0d\x0a", "packets (pcapng) of no supported feed"),
    (rb"\0\x0cS.{8}\0*O", "NASDAQ ITCH of a version that is not supported: only 5.0 is"),
    (rb"\x80[\x02-\x05].*", "a Python pickle, which could run any code: write it as Parquet or CSV"),
    (rb"\x93NUMPY", "a NumPy array without hftbacktest events: write it as Parquet or CSV"),
    (rb"DB[NZ][\0-\x1f]", "Databento DBN of a kind that is not supported"),
    (rb"RIFF.{4}[A-Z]|\x89PNG|\xff\xd8\xff|GIF8", "a picture or sound"),
    (rb"\x7fELF|MZ[\x80-\xff]\0", "a program"),
    (rb"Obj\x01", "Avro: write it as Parquet or CSV"),
    (rb"ORC[\0-\x1f]", "ORC: write it as Parquet or CSV"),
)
_BY_NAME: Final = {
    "bi5": "a tick file of Dukascopy (.bi5): write its rows as CSV",
    "fxt": "a history of MetaTrader 4 (.fxt): export the ticks as CSV",
    "hst": "a history of MetaTrader 4 (.hst), which has bars: export the ticks as CSV",
    "tkc": "a tick cache of MetaTrader 5 (.tkc): export the ticks as CSV",
    "itch": "NASDAQ ITCH of a version that is not supported: only 5.0 is",
    "qvd": "QlikView's data (.qvd): write it as CSV",
    "rds": "an object of R (.rds): write it with write.csv",
    "rdata": "objects of R (.rdata): write them with write.csv",
    "mat": "a file of MATLAB (.mat): write it as CSV",
}
"""Descriptions by file extension, for binary files."""
_COMPILED: Final = tuple((re.compile(magic, re.DOTALL), what) for magic, what in _BY_CONTENT)
_CONTROL: Final = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_TABLES: Final = (b"PAR1", b"ARROW1", b"\xff\xff\xff\xff")


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file of no known format (None for something that is not a file): its start, and the reason if it is known."""

    name: str
    file: SourceFile | None
    start: bytes
    reason: str | None


def described(file: SourceFile, start: bytes) -> str:
    """What a file of no known format is, by the `start` of its content, and what to do if that helps."""
    if not start:
        return "empty"
    if what := next((what for magic, what in _COMPILED if magic.match(start)), None):
        return what
    if is_text(start):
        first = start.removeprefix(BOM).partition(b"\n")[0].rstrip(b"\r")[:_QUOTED_LETTERS]
        return f"text that starts with {first.decode('utf-8', 'backslashreplace')!r}"
    suffix = file.base_name.rpartition(".")[2].lower()
    return _BY_NAME.get(suffix, f"binary data that starts with {start[:8].hex(' ')}")


def is_text(start: bytes) -> bool:
    """Whether content that starts with `start` could be lines of text."""
    return _CONTROL.search(start) is None


def may_be_mapped(start: bytes) -> bool:
    """Whether a mapping could describe a file that starts with `start`: lines of text, JSON, Parquet or Arrow."""
    if start.startswith(_TABLES):
        return True
    may_have_rows = b"\n" in start or start[:1] in {b"[", b"{"}
    return may_have_rows and is_text(start) and not any(magic.match(start) for magic, _ in _COMPILED)
