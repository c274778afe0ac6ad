from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shared import STATUS_FILE, DirectoryWatch, atomic_write, can_watch
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not can_watch(), reason="this system has no inotify")
AT_ONCE_S = 0.001


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "ipc"
    made.mkdir()
    return made


@pytest.fixture
def watch(directory: Path) -> Iterator[DirectoryWatch]:
    made = DirectoryWatch(directory)
    yield made
    made.close()


def publish(directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    atomic_write(directory / STATUS_FILE, b"{}")


def test_a_publication_is_told_once_even_if_nobody_waited_when_it_came(directory: Path, watch: DirectoryWatch) -> None:
    publish(directory)
    publish(directory)
    assert watch.wait(PATIENCE_S)
    assert not watch.wait(AT_ONCE_S)


def test_other_files_and_files_that_are_only_written_tell_nothing(directory: Path, watch: DirectoryWatch) -> None:
    atomic_write(directory / "ohlc_data.json", b"[]")
    (directory / STATUS_FILE).write_bytes(b"half of it")
    (directory / f"{STATUS_FILE}.old").write_bytes(b"")
    assert not watch.wait(AT_ONCE_S)


def test_more_events_than_the_system_keeps_are_news(
    directory: Path, watch: DirectoryWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    overflow = (-1).to_bytes(4, "little", signed=True) + (0x4000).to_bytes(4, "little") + bytes(8)
    monkeypatch.setattr("shared.watch._read", lambda _descriptor: overflow)
    atomic_write(directory / "ohlc_data.json", b"[]")
    assert watch.wait(PATIENCE_S)


def test_a_directory_that_is_made_later_is_news_and_watched_from_then_on(tmp_path: Path) -> None:
    watch = DirectoryWatch(tmp_path / "later")
    assert not watch.wait(AT_ONCE_S)
    publish(tmp_path / "later")
    assert watch.wait(AT_ONCE_S)
    publish(tmp_path / "later")
    assert watch.wait(PATIENCE_S)
    watch.close()


def test_a_directory_that_is_removed_and_made_again_is_watched_again(directory: Path, watch: DirectoryWatch) -> None:
    shutil.rmtree(directory)
    assert not watch.wait(AT_ONCE_S)
    publish(directory)
    assert watch.wait(AT_ONCE_S)
    publish(directory)
    assert watch.wait(PATIENCE_S)


def test_a_link_that_leads_elsewhere_is_followed_and_what_it_led_to_tells_nothing_more(tmp_path: Path) -> None:
    for name in ("one", "two"):
        publish(tmp_path / name)
    link = tmp_path / "link"
    link.symlink_to("one")
    watch = DirectoryWatch(link)
    (tmp_path / "new").symlink_to("two")
    (tmp_path / "new").replace(link)
    assert watch.wait(AT_ONCE_S)
    publish(tmp_path / "one")
    assert not watch.wait(AT_ONCE_S)
    publish(tmp_path / "two")
    assert watch.wait(PATIENCE_S)
    watch.close()


def test_what_is_not_there_for_another_reason_than_that_it_is_missing_says_why(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        DirectoryWatch(tmp_path / "loop")


def test_a_watch_that_could_not_be_made_leaves_no_descriptor_open(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    before = len([*Path("/proc/self/fd").iterdir()])
    with pytest.raises(OSError, match="symbolic links"):
        DirectoryWatch(tmp_path / "loop")
    assert len([*Path("/proc/self/fd").iterdir()]) == before
