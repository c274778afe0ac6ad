from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.errors import DatasetError
from processor.formats.disk.files import SourceFile
from processor.formats.disk.packing import BOM
from processor.formats.lines import chunks as chunking
from processor.formats.lines.chunks import Lines, chunks
from tests.formats.samples import write, zipped

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTENT = st.lists(st.sampled_from([b"a", b"bb,1", b"", b"\r", b"\n", b"\n\n"])).map(b"\n".join)


def all_of(file: SourceFile, read_bytes: int, header_lines: int = 0) -> list[Lines]:
    return list(chunks(file, header_lines=header_lines, read_bytes=read_bytes))


@given(
    content=CONTENT,
    mark=st.booleans(),
    pack=st.sampled_from([bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress]),
    read_bytes=st.integers(1, 30),
    header_lines=st.integers(0, 2),
)
def test_whatever_is_read_at_once_the_lines_and_their_numbers_are_the_files(
    tmp_path_factory: pytest.TempPathFactory,
    content: bytes,
    mark: bool,  # noqa: FBT001 - drawn
    pack: Callable[[bytes], bytes],
    read_bytes: int,
    header_lines: int,
) -> None:
    path = tmp_path_factory.getbasetemp() / "file"
    path.write_bytes(pack((BOM if mark else b"") + content))
    found = all_of(SourceFile(path), read_bytes, header_lines)
    ended = content if not content or content.endswith(b"\n") else content + b"\n"
    after_header = ended.split(b"\n", header_lines)[header_lines:]
    assert b"".join(chunk.text for chunk in found) == b"".join(after_header)
    line = header_lines + 1
    for chunk in found:
        assert (chunk.first_line, chunk.lines) == (line, chunk.text.count(b"\n"))
        assert chunk.text.endswith(b"\n")
        line = chunk.last_line + 1


def test_bytes_consumed_grow_to_the_size_of_the_file(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"rows.csv": "1,2,3\n" * 10_000})
    for file in (
        SourceFile(write(tmp_path / "rows.csv", "1,2,3\n" * 10_000)),
        SourceFile(write(tmp_path / "rows.csv.gz", "1,2,3\n" * 10_000)),
        SourceFile(archive, "rows.csv"),
    ):
        consumed = [chunk.consumed_bytes for chunk in all_of(file, 100)]
        assert consumed == sorted(consumed)
        assert consumed[-1] == file.size_bytes


def test_a_file_that_was_appended_to_in_packed_form_is_read_to_its_end(tmp_path: Path) -> None:
    file = SourceFile(write(tmp_path / "rows.gz", "a\nb\n"))
    with file.path.open("ab") as appended:
        appended.write(gzip.compress(b"c\nd\n"))
    assert b"".join(chunk.text for chunk in all_of(file, 7)) == b"a\nb\nc\nd\n"


def test_a_packed_file_that_is_cut_off_gives_its_whole_lines_and_says_so(tmp_path: Path) -> None:
    rows = "".join(f"{number * number},{number}\n" for number in range(10_000)).encode()
    packed = gzip.compress(rows)
    file = SourceFile(tmp_path / "rows.gz")
    file.path.write_bytes(packed[: len(packed) // 2])
    found = all_of(file, 1000)
    text = b"".join(chunk.text for chunk in found)
    assert len(rows) // 4 < len(text) < len(rows)
    assert rows.startswith(text)
    assert [chunk.cut_off for chunk in found] == [False] * (len(found) - 1) + [True]
    assert found[-1].first_line == text.count(b"\n") + 1


@pytest.mark.parametrize("row", ["{0}\n", "binance,BTCUSDT,1723161255{0},false,bid,61837.63000000,0.00000000\n"])
def test_a_packed_file_is_handed_on_in_pieces_of_much_the_same_size_however_well_it_packs(
    tmp_path: Path, row: str
) -> None:
    rows = "".join(row.format(number * number % 1_000_003) for number in range(400_000)).encode()[:2_700_000]
    file = SourceFile(tmp_path / "rows.gz")
    file.path.write_bytes(gzip.compress(rows, 1))
    _, _, *pieces, _ = (len(block.data) for block in file.blocks())
    assert pieces
    assert all(500_000 < piece < 1_000_000 for piece in pieces), pieces


def test_a_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(bytes(range(256)) * 1000))
    packed[60:80] = bytes(20)
    file = SourceFile(tmp_path / "rows.gz")
    file.path.write_bytes(packed)
    with pytest.raises(DatasetError, match=r"rows\.gz: cannot be read after byte"):
        all_of(file, 1000)


def test_a_line_that_does_not_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunking, "_MOST_LINE_BYTES", 1 << 20)
    file = SourceFile(write(tmp_path / "rows.gz", b"1,2\n" + bytes(8 << 20)))
    with pytest.raises(DatasetError, match=r"rows\.gz: line 2 is longer than 1 MiB"):
        all_of(file, 1000)


def test_the_head_of_a_packed_file_is_its_first_content(tmp_path: Path) -> None:
    content = b"0123456789" * 10_000
    assert SourceFile(write(tmp_path / "a.gz", content)).head() == content[:65_536]
    assert SourceFile(write(tmp_path / "empty", b"")).head() == b""
