from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import (
    DEPTH_FILE,
    MAX_READ_BYTES,
    METRICS_FILE,
    OHLC_FILE,
    STATUS_FILE,
    DirectoryReader,
    DirectoryWriter,
    MalformedStill,
    Picture,
    Resume,
    Status,
    decode,
    encode,
)
from shared.still import packed, unpacked
from shared.views.tape import TAPE_FILE
from tests.shared.publishing import a_tape, publish, step, told_by

if TYPE_CHECKING:
    from pathlib import Path

_GENERATION: Final = 7


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """A picture of four files, with what only its writer is concerned with."""
    with DirectoryWriter(tmp_path / "ipc") as writer:
        writer.write(TAPE_FILE, encode(a_tape(_GENERATION)), _GENERATION)
        resume = Resume("wish", "/home/somebody/data", "marks", 5)
        publish(writer, _GENERATION, resume=resume, pid=4711, boot_id="b", heartbeat_monotonic_ms=3)
        found = DirectoryReader(tmp_path / "ipc").poll()
    assert found is not None
    return found


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, payload in files.items():
            archive.writestr(name, payload)
    return out.getvalue()


def files_of(payload: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_what_is_packed_is_read_again_as_the_same_picture(picture: Picture, tmp_path: Path) -> None:
    still = unpacked(packed(picture))
    with DirectoryWriter(tmp_path / "still") as writer:
        for name, payload in still.files.items():
            writer.write(name, payload, still.status.files[name].generation)
        writer.commit(encode(still.status))
    again = DirectoryReader(tmp_path / "still").poll()
    assert again is not None
    assert {name: held.value for name, held in again.held.items()} == {
        name: held.value for name, held in picture.held.items()
    }


def test_a_picture_always_gives_the_same_bytes(picture: Picture) -> None:
    assert packed(picture) == packed(msgspec.structs.replace(picture))


def test_a_still_picture_says_when_it_was_taken_and_nothing_of_its_writer(picture: Picture) -> None:
    payload = packed(picture)
    status = unpacked(payload).status
    assert (status.still_ms, status.heartbeat_ms, status.state) == (_GENERATION, _GENERATION, "paused")
    assert (status.resume, status.pid, status.boot_id, status.control.listening) == (None, None, None, False)
    assert b"somebody" not in files_of(payload)[STATUS_FILE]


@pytest.mark.parametrize(("state", "kept"), [("finished", "finished"), ("loading", "paused"), ("playing", "paused")])
def test_a_still_picture_has_the_state_of_a_replay_that_rests(picture: Picture, state: str, kept: str) -> None:
    status = msgspec.structs.replace(picture.status, state=state)
    assert unpacked(packed(msgspec.structs.replace(picture, status=status))).status.state == kept


def test_an_earlier_moment_is_another_session_so_that_a_reader_of_a_later_one_takes_it(tmp_path: Path) -> None:
    stills = []
    with DirectoryWriter(tmp_path / "ipc") as writer:
        reader = DirectoryReader(tmp_path / "ipc")
        for generation in (2, 3):
            step(writer, generation)
            picture = reader.poll()
            assert picture is not None
            assert told_by(picture) == generation
            stills.append(unpacked(packed(picture)))
    assert stills[0].status.session != stills[1].status.session


def test_the_files_of_a_live_replay_become_a_still_picture(picture: Picture, tmp_path: Path) -> None:
    names = (STATUS_FILE, OHLC_FILE, METRICS_FILE, DEPTH_FILE, TAPE_FILE)
    still = unpacked(zipped({name: (tmp_path / "ipc" / name).read_bytes() for name in names}))
    assert still.status.still_ms == picture.status.published_at_ms
    assert still.status.resume is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../status.json", "no file of the exchange"),
        ("/etc/passwd", "no file of the exchange"),
        ("folder/", "no file of the exchange"),
        (".writer.lock", "no file of the exchange"),
        ("ohlc_data.json/..", "no file of the exchange"),
    ],
)
def test_no_name_but_those_of_the_contract_is_taken(picture: Picture, name: str, reason: str) -> None:
    with pytest.raises(MalformedStill, match=reason):
        unpacked(zipped(files_of(packed(picture)) | {name: b"x"}))


def test_a_zip_without_a_status_or_with_files_that_do_not_fit_is_refused(picture: Picture) -> None:
    files = files_of(packed(picture))
    without = {name: payload for name, payload in files.items() if name != STATUS_FILE}
    with pytest.raises(MalformedStill, match=r"no status\.json"):
        unpacked(zipped(without))
    with pytest.raises(MalformedStill, match="which it does not hold"):
        unpacked(zipped({name: payload for name, payload in files.items() if name != OHLC_FILE}))
    with pytest.raises(MalformedStill, match="another publication"):
        unpacked(zipped(files | {OHLC_FILE: b"[]"}))
    with pytest.raises(MalformedStill, match=r"depth_data\.json: is not what the contract says"):
        unpacked(zipped(files | {DEPTH_FILE: b"[1]"}))
    status: Status = decode(STATUS_FILE, files[STATUS_FILE])
    fewer = {name: entry for name, entry in status.files.items() if name != TAPE_FILE}
    with pytest.raises(MalformedStill, match="does not name"):
        unpacked(zipped(files | {STATUS_FILE: encode(msgspec.structs.replace(status, files=fewer))}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_there_twice_is_refused(picture: Picture) -> None:
    out = io.BytesIO(packed(picture))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(STATUS_FILE, b"{}")
    with pytest.raises(MalformedStill, match="twice"):
        unpacked(out.getvalue())


def test_a_bomb_is_not_unpacked_whatever_its_entry_says(picture: Picture) -> None:
    payload = bytearray(zipped(files_of(packed(picture)) | {OHLC_FILE: b" " * (MAX_READ_BYTES + 1)}))
    assert len(payload) < MAX_READ_BYTES // 10
    with pytest.raises(MalformedStill, match="holds more than"):
        unpacked(bytes(payload))
    size = (MAX_READ_BYTES + 1).to_bytes(4, "little")
    lying = bytes(payload).replace(size, (10).to_bytes(4, "little"))
    with pytest.raises(MalformedStill):
        unpacked(lying)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused_by_name(picture: Picture, method: int) -> None:
    with pytest.raises(MalformedStill, match="other than deflate"):
        unpacked(zipped(files_of(packed(picture)), method))


def test_stored_files_are_as_good(picture: Picture) -> None:
    assert unpacked(zipped(files_of(packed(picture)), zipfile.ZIP_STORED)) == unpacked(packed(picture))


@given(st.data())
def test_a_spoilt_zip_is_refused_and_raises_nothing_else(data: st.DataObject) -> None:
    status = b'{"contract":"1.0"}'
    payload = bytearray(zipped({STATUS_FILE: status, OHLC_FILE: b"[]"}))
    for _ in range(data.draw(st.integers(1, 8))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(payload)))
    with pytest.raises(MalformedStill):
        unpacked(bytes(payload[:end]))


def test_a_checksum_that_does_not_fit_is_refused(picture: Picture) -> None:
    crc = zlib.crc32(files_of(packed(picture))[OHLC_FILE]).to_bytes(4, "little")
    with pytest.raises(MalformedStill, match="no zip that can be read"):
        unpacked(packed(picture).replace(crc, b"\0\0\0\0"))
