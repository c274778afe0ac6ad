"""Whatever a file is packed in, and wherever it lies, its content comes out, byte for byte."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import socket
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING, Final

import lz4.frame
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from processor.errors import DatasetError, UnknownFormat
from processor.formats import open_dataset
from processor.formats.disk import files
from processor.formats.disk.dataset_files import files_of, on_disk
from processor.formats.disk.files import SourceFile, nearest_content
from processor.formats.disk.packing import HEAD_BYTES
from tests.formats.reading import read
from tests.formats.samples import TARDIS_TRADES, lines, tardis, tardis_trade, tardis_trades, write, zipped

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Pack = Callable[[bytes], bytes]

PACKINGS: Final[dict[str, Pack]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, format=lzma.FORMAT_ALONE),
    "zst": zstd.compress,
    "lz4": lz4.frame.compress,
}
ARCHIVES: Final[dict[str, Pack]] = {
    "zip": lambda content: zip_of({"inner": content}),
    "stored.zip": lambda content: zip_of({"folder/inner": content}, zipfile.ZIP_STORED),
    "tar": lambda content: tar_of({"./inner": content}),
    "old.tar": lambda content: tar_of({"inner": content}, old=True),
    "pax.tar": lambda content: tar_of({"caf\u00e9" * 60: content}, layout=tarfile.PAX_FORMAT),
    "gnu.tar": lambda content: tar_of({"long" * 60: content}, layout=tarfile.GNU_FORMAT),
}


def zip_of(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def tar_of(members: Mapping[str, bytes], *, layout: int = tarfile.USTAR_FORMAT, old: bool = False) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=layout) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    whole = bytearray(made.getvalue())
    if old:
        # Version 7 of Unix knew no magic: the checksum alone says what it is.
        whole[257:265] = bytes(8)
        whole[148:156] = b"%06o\0 " % (sum(whole[:148]) + 8 * ord(" ") + sum(whole[156:512]))
    return bytes(whole)


def found(path: Path, told: list[tuple[str, str]] | None = None) -> list[SourceFile]:
    said = [] if told is None else told
    return list(files_of(path, lambda name, reason: said.append((name, reason))))


def content(file: SourceFile, read_bytes: int | None = None) -> bytes:
    return b"".join(block.data for block in file.blocks(read_bytes))


CONTENTS: Final = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from([b"1,2\n", b"\n", b'"a",b\n', b"\x1f\x8b", b"PK", b"BZh9"])).map(b"".join),
    st.integers(60_000, 140_000).map(lambda size: b"0123456789abcde\n" * (size // 16)),
).filter(lambda made: not made.startswith((b"\xff\xfe", b"\xfe\xff", b'"')))
STACKS: Final = st.lists(st.sampled_from([*PACKINGS, *ARCHIVES]), max_size=4).filter(
    lambda names: sum(name in ARCHIVES for name in names) <= 3
)


@given(wanted=CONTENTS, names=STACKS, read_bytes=st.sampled_from([None, 7, 1000]))
@example(wanted=b"a\n", names=["zip", "tar", "gz", "zip"], read_bytes=1)
@example(wanted=b"a\n", names=["tar", "gz", "tar", "zst"], read_bytes=None)
@example(wanted=b"a\n" * 100_000, names=["gz", "tar", "xz", "zip"], read_bytes=None)
@settings(max_examples=60)
def test_any_content_in_any_stack_of_wrappings_comes_out_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, wanted: bytes, names: list[str], read_bytes: int | None
) -> None:
    path = tmp_path_factory.mktemp("stack") / "file"
    packed = wanted
    for name in names:
        packed = (PACKINGS | ARCHIVES)[name](packed)
    path.write_bytes(packed)
    (file,) = found(path)
    assert content(file, read_bytes) == wanted
    assert file.head() == wanted[:HEAD_BYTES]
    assert file.name.startswith("file")
    *_, last = (block.consumed_bytes for block in file.blocks()) if wanted else (file.size_bytes,)
    assert abs(last - file.size_bytes) <= 1
    assert file.size_bytes <= len(packed)


def test_a_packing_that_asks_for_gigabytes_of_memory_is_refused_by_name(tmp_path: Path) -> None:
    greedy = lzma.compress(b"a,b\n1,2\n", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}])
    (tmp_path / "greedy.csv.xz").write_bytes(greedy)
    with pytest.raises(DatasetError, match=r"greedy\.csv\.xz: .* byte \d+: Memory usage limit exceeded"):
        SourceFile(tmp_path / "greedy.csv.xz").head()


def test_what_is_packed_within_itself_for_ever_is_refused(tmp_path: Path) -> None:
    packed = b"1,2\n"
    for _ in range(6):
        packed = gzip.compress(packed)
    with pytest.raises(DatasetError, match="packed more than"):
        content(SourceFile(write(tmp_path / "file", packed)))


def test_archives_lie_in_others_up_to_a_depth(tmp_path: Path) -> None:
    packed = b"1,2\n"
    for _ in range(4):
        packed = zip_of({"inner.zip": packed})
    with pytest.raises(DatasetError, match=r"^a/inner\.zip/inner\.zip/inner\.zip is nested in 3 archives"):
        found(write(tmp_path / "a", packed))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda made: {"trades.tar": tar_of(made)},
        lambda made: {"trades.tgz": gzip.compress(tar_of(made))},
        lambda made: {"trades.tar.zst": zstd.compress(tar_of(made, layout=tarfile.PAX_FORMAT))},
        lambda made: {"trades.zip": zip_of({f"day/{name}": content for name, content in made.items()})},
        lambda made: {"outer.zip": zip_of({"inner.zip": zip_of(made), "read.me": b"hello"})},
        lambda made: {"outer.tar.xz": lzma.compress(tar_of({"inner.zip": zip_of(made)}))},
        lambda made: {"outer.zip": zip_of({name: zip_of({name: content}) for name, content in made.items()})},
        lambda made: {
            "outer.zip": zip_of({f"{name}.tgz": gzip.compress(tar_of({name: table})) for name, table in made.items()})
        },
        lambda made: {f"{name}.lz4": lz4.frame.compress(content) for name, content in made.items()},
        lambda made: {name: content.decode().encode("utf-16") for name, content in made.items()},
        lambda made: {name: content.decode().encode("utf-16-le") for name, content in made.items()},
        lambda made: {name: content.decode().encode("utf-16-be") for name, content in made.items()},
        lambda made: {name: quoted(content) for name, content in made.items()},
        lambda made: {name: quoted(content).decode().encode("utf-16") for name, content in made.items()},
    ],
    ids=[
        "tar", "tar.gz", "tar.zst", "folder in zip", "zip in zip", "zip in tar.xz", "zips in zip", "tar.gz in zip",
        "lz4", "utf-16", "utf-16-le without a mark", "utf-16-be without a mark", "quoted", "quoted utf-16",
    ],
)  # fmt: skip
def test_a_dataset_plays_the_same_in_whatever_it_comes(
    tmp_path: Path, wrap: Callable[[Mapping[str, bytes]], Mapping[str, bytes]]
) -> None:
    plain = read(tardis(tmp_path / "plain"))
    made = {path.name.removesuffix(".gz"): content(SourceFile(path)) for path in (tmp_path / "plain").iterdir()}
    for name, wrapped in wrap(made).items():
        write(tmp_path / "wrapped" / f"{name}", wrapped)
    wrapped_too = read(tmp_path / "wrapped")
    assert plain.trades is not None
    assert wrapped_too.trades is not None
    assert wrapped_too.trades.price_ticks.tolist() == plain.trades.price_ticks.tolist()
    assert wrapped_too.trades.time_ns.tolist() == plain.trades.time_ns.tolist()
    assert wrapped_too.book is not None
    assert plain.book is not None
    assert wrapped_too.book.size_lots.tolist() == plain.book.size_lots.tolist()


def quoted(table: bytes) -> bytes:
    rows = (line.split(b",") for line in table.splitlines())
    return b"".join(b",".join(b'"%b"' % field for field in row) + b"\r\n" for row in rows)


QUOTED: Final = b'"time","price"\n"1","2"\n'


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (QUOTED, b"time,price\n1,2\n"),
        (b'"a";"b"\n"1";"2"\n', b"a;b\n1;2\n"),
        # As R writes it: words in quotes, numbers without.
        (b'"time","side"\n1,"buy"\n2,"sell"\n', b"time,side\n1,buy\n2,sell\n"),
        (QUOTED.removesuffix(b"\n"), b"time,price\n1,2"),
        (b"\xef\xbb\xbf" + QUOTED, b"\xef\xbb\xbftime,price\n1,2\n"),
        (b'"a"\n"1"\n', None),
        (b'"a","b"\n"1,000","2"\n', None),
        (b'"a","b"\n"1""","2"\n', None),
        (b'a,b\n"1","2"\n', None),
        (b'{"a":"b"}\n', None),
    ],
)
def test_quotes_go_where_they_tell_nothing(tmp_path: Path, written: bytes, wanted: bytes | None) -> None:
    file = SourceFile(write(tmp_path / "rows.csv", written))
    assert content(file) == content(file, 1) == file.head() == (written if wanted is None else wanted)


def test_a_comma_in_quotes_beyond_the_head_makes_a_malformed_row(tmp_path: Path) -> None:
    rows = [tardis_trade(100 * number, "buy", "100", "1") for number in range(2000)]
    table = quoted(lines(TARDIS_TRADES, *rows).encode())
    write(tmp_path / "trades.csv", table[:-8] + b',"1,0"\r\n')
    found_in = read(tmp_path)
    assert found_in.report.counts["malformed"] == 1


def test_a_character_of_utf_16_that_is_cut_in_two_comes_out_whole(tmp_path: Path) -> None:
    text = "price \u20ac \U0001f4b6\n" * 50
    for encoding in ("utf-16", "utf-16-le"):
        file = SourceFile(write(tmp_path / encoding, ("plain ascii before it, and more\n" * 3 + text).encode(encoding)))
        for read_bytes in (1, 3, None):
            assert content(file, read_bytes).decode() == "plain ascii before it, and more\n" * 3 + text


def test_bytes_that_unpack_to_gigabytes_come_in_pieces(tmp_path: Path) -> None:
    packed = write(tmp_path / "zeros", bz2.compress(bytes(64 << 20)))
    sizes = [len(block.data) for block in SourceFile(packed).blocks()]
    assert sum(sizes) == 64 << 20
    assert max(sizes) <= 8 << 20


def test_a_packed_tar_is_unpacked_once_to_recognise_it_and_once_to_read_its_members_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = {
        f"{number:03d}.csv": lines(TARDIS_TRADES, tardis_trade(number, "buy", "1", "1", symbol=f"S{number}")).encode()
        for number in range(50)
    }
    path = write(tmp_path / "all.tar", gzip.compress(tar_of(members), mtime=0))
    opened = 0
    original = files._packed

    def counted(*arguments: object) -> object:
        nonlocal opened
        opened += arguments[1] is None
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "_packed", counted)
    dataset = open_dataset(path)
    assert len(dataset.files) == 50
    # Once to see what it is.
    assert opened == 2
    assert [content(file) for file in dataset.files] == list(members.values())
    assert opened == 3


def test_members_of_one_name_are_read_as_they_would_be_unpacked(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for text in (b"old,1\n", b"new,22\n"):
            info = tarfile.TarInfo("rows.csv")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
    for name, whole in (("a.tar", made.getvalue()), ("b.tar.gz", gzip.compress(made.getvalue()))):
        (file,) = found(write(tmp_path / name, whole), told)
        assert (content(file), file.head()) == (b"new,22\n", b"new,22\n")
    assert told[0] == ("a.tar/rows.csv", "occurs twice in the archive: the later one is read")


def test_links_and_what_is_no_file_in_a_tar_are_passed_over_with_a_word(tmp_path: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, kind, target in (
            ("a.csv", tarfile.REGTYPE, ""),
            ("b.csv", tarfile.LNKTYPE, "a.csv"),
            ("c.csv", tarfile.SYMTYPE, "a.csv"),
            ("pipe", tarfile.FIFOTYPE, ""),
            (".hidden", tarfile.REGTYPE, ""),
            ("folder", tarfile.DIRTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    told: list[tuple[str, str]] = []
    assert [file.name for file in found(write(tmp_path / "a.tar", made.getvalue()), told)] == ["a.tar/a.csv"]
    assert told == [
        ("a.tar/b.csv", "the same file as a.csv"),
        ("a.tar/c.csv", "a link to a.csv"),
        ("a.tar/pipe", "not a regular file"),
    ]


def test_a_tar_that_is_cut_off_is_read_as_far_as_it_goes_and_said_to_be(tmp_path: Path) -> None:
    rows = [tardis_trade(100 * number, "buy", "100", "1") for number in range(2000)]
    whole = tar_of(
        {"a.csv": lines(TARDIS_TRADES, *rows[:1000]).encode(), "b.csv": lines(TARDIS_TRADES, *rows[1000:]).encode()}
    )
    for name, cut in (("a.tar", whole[: len(whole) // 2 + 9000]), ("a.tar.gz", gzip.compress(whole)[:-900])):
        (tmp_path / name).mkdir()
        write(tmp_path / name / name.removesuffix(".gz"), cut)
        dataset = open_dataset(tmp_path / name)
        assert "has no end marker" in dataset.ignored[0]
        found_in = read(tmp_path / name, "BTCUSDT")
        assert found_in.trades is not None
        assert 1000 < len(found_in.trades) < 2000
        assert found_in.report.counts["incomplete"] == 1


def test_a_tar_that_is_damaged_is_refused_by_name(tmp_path: Path) -> None:
    whole = bytearray(tar_of({"a.csv": b"1,2\n", "b.csv": b"3,4\n"}))
    whole[1024:1030] = b"broken"
    for packed in (bytes(whole), bz2.compress(whole)):
        with pytest.raises(DatasetError, match=r"a\.tar: the tar archive is damaged: bad checksum at byte 1024"):
            found(write(tmp_path / "a.tar", packed))


def test_an_encrypted_archive_is_refused_with_what_to_do(tmp_path: Path) -> None:
    whole = bytearray(zip_of({"rows.csv": b"1,2\n"}))
    for at in (whole.index(b"PK\x03\x04") + 6, whole.index(b"PK\x01\x02") + 8):
        whole[at] |= 1
    with pytest.raises(DatasetError, match=r"a\.zip: its member rows\.csv is encrypted: unpack it with its password"):
        found(write(tmp_path / "a.zip", bytes(whole)))


def test_a_document_of_office_is_one_file_and_no_archive(tmp_path: Path) -> None:
    write(tmp_path / "book.xlsx", zip_of({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}))
    with pytest.raises(UnknownFormat, match=r"book\.xlsx: a document of Office, as Excel's \.xlsx is"):
        open_dataset(tmp_path)


def test_folders_that_links_lead_to_belong_to_the_dataset_and_nothing_counts_twice(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere / "trades.csv", tardis_trades())
    dataset = tmp_path / "dataset"
    (dataset / "real").mkdir(parents=True)
    (dataset / "linked").symlink_to(elsewhere)
    (dataset / "real/again").symlink_to(elsewhere)
    (dataset / "real/loop").symlink_to(dataset)
    (dataset / "a.csv").symlink_to(elsewhere / "trades.csv")
    (dataset / "nowhere").symlink_to(tmp_path / "gone")
    (elsewhere / "linked.csv").hardlink_to(elsewhere / "trades.csv")
    opened = open_dataset(dataset)
    assert [file.name for file in opened.files] == ["linked/linked.csv"]
    assert opened.ignored == (
        "a.csv (the same file as linked/linked.csv)",
        "linked/trades.csv (the same file as linked/linked.csv)",
        "nowhere (a broken link)",
        "real/again (the same folder as linked)",
        "real/loop (the same folder as .)",
    )
    assert list(opened.marks()) == [dataset / "linked/linked.csv"]
    assert len(read(dataset).trades or ()) == 3


def test_nothing_but_files_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "trades.csv", tardis_trades())
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        # Its whole path would be too long.
        monkeypatch.chdir(tmp_path)
        bound.bind("socket")
        opened = open_dataset(tmp_path)
    assert opened.ignored == ("pipe (a named pipe)", "socket (a socket)")
    assert list(on_disk(tmp_path)) == [tmp_path / "trades.csv"]
    with pytest.raises(UnknownFormat, match="pipe: a named pipe"):
        open_dataset(tmp_path / "pipe")


def test_a_name_that_is_no_unicode_is_shown_with_its_bytes(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\x1b[31m.csv")
    write(tmp_path / name, tardis_trades())
    write(
        tmp_path / "a.tar", tar_of({os.fsdecode(b"\xff/trades.csv"): tardis_trades().encode().replace(b"BTC", b"ETH")})
    )
    opened = open_dataset(tmp_path)
    assert [file.name for file in opened.files] == ["a.tar/\\xff/trades.csv", "caf\\xe9\\x1b[31m.csv"]
    assert len(read(tmp_path, "BTCUSDT").trades or ()) == 3
    assert list(read(tmp_path, "ETHUSDT").report.files) == ["a.tar/\\xff/trades.csv"]


def test_the_nearest_file_of_a_name_is_found_in_the_archives_and_above_them(tmp_path: Path) -> None:
    inner = zip_of({"day/rows.csv": b"1\n", "other/rows.csv": b"2\n", "other/note": "inner\n".encode("utf-16")})
    write(tmp_path / "deep/outer.zip", zip_of({"folder/inner.zip": inner, "folder/note": b"outer", "rows.csv": b"3\n"}))
    write(tmp_path / "deep/plain.csv", b"4\n")
    write(tmp_path / "note", b"disk")
    by_name = {file.name: file for file in found(tmp_path)}
    assert {name: nearest_content(file, "note") for name, file in by_name.items() if name.endswith(".csv")} == {
        "deep/outer.zip/folder/inner.zip/day/rows.csv": b"outer",
        "deep/outer.zip/folder/inner.zip/other/rows.csv": b"inner\n",
        "deep/outer.zip/rows.csv": b"disk",
        "deep/plain.csv": b"disk",
    }
    assert nearest_content(by_name["deep/plain.csv"], "nothing") is None


def test_a_mapping_in_an_archive_explains_its_tables(tmp_path: Path) -> None:
    mapping = b"""
[trades]
files = "*.csv"
instrument = "X"
time = "t"
time_unit = "ms"
price = "p"
size = "q"
"""
    table = b"t,p,q\n1754006400000,1.5,2\n"
    for whole in (
        zip_of({"mapping.toml": mapping, "rows.csv": table}),
        tar_of({"rows.csv": table, "mapping.toml": mapping}),
    ):
        assert len(read(write(tmp_path / "a", whole)).trades or ()) == 1


def test_a_member_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"rows.csv": "1\n"})
    assert content(SourceFile(archive, "rows.csv")) == b"1\n"
    with pytest.raises(DatasetError, match=r"a\.zip/other\.csv: the archive has no such member"):
        content(SourceFile(archive, "other.csv"))


@pytest.mark.parametrize(
    ("name", "start", "said"),
    [
        ("a.feather", b"ARROW1\0\0", "Arrow or Feather"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0", "a 7z archive: unpack it"),
        ("a.rar", b"Rar!\x1a\x07\x01\0", "a RAR archive: unpack it"),
        ("a.h5", b"\x89HDF\r\n\x1a\n\0", "HDF5"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "a document of older Office"),
        ("a.pdf", b"%PDF-1.7\n", "a PDF document"),
        ("a.csv", b"<!DOCTYPE html>\n<html>\n", "a web page or XML: the download failed"),
        ("a.csv", b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        ("a.pkl", b"\x80\x04\x95\0", "a Python pickle"),
        ("a.Z", b"\x1f\x9d\x90\0", "packed by compress"),
        ("a.pcap", b"\xd4\xc3\xb2\xa1\x02\0", "packets (pcap)"),
        ("a.pcapng", b"\x0a\x0d\x0d\x0a\0", "a capture of packets (pcap) without those of IEX"),
        ("a", b'{"op":"mcm","id":1,"clk":"x"}\n', "a Betfair stream"),
        ("a.bin", b"\0\1\2\3", "binary data that starts with 00 01 02 03"),
    ],
)
def test_what_is_refused_is_called_by_its_name(tmp_path: Path, name: str, start: bytes, said: str) -> None:
    write(tmp_path / name, start)
    with pytest.raises(UnknownFormat) as refusal:
        open_dataset(tmp_path)
    assert f"{name}: {said}" in str(refusal.value)
    assert ("mapping.toml like this" in str(refusal.value)) == (name == "a.feather")
    assert all(line.isprintable() for line in str(refusal.value).split("\n"))
