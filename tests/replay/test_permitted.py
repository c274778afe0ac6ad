"""Which datasets a command may choose: those in the folders that are named, wherever a path seems to lead."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.errors import SettingError
from processor.replay.permitted import MOST_LISTED, check, folders_of, listed
from tests.core.markets import write
from tests.replay.steered import Steered
from tests.replay.test_switching import later

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders `mine` (with `one`, `two` and links) and `other` (with `secret`)."""
    for name in ("mine/one", "mine/two/part", "other/secret"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "mine/out").symlink_to(tmp_path / "other/secret")
    (tmp_path / "mine/up").symlink_to("../other")
    (tmp_path / "mine/within").symlink_to("two")
    (tmp_path / "mine/loop").symlink_to("loop")
    (tmp_path / "other/back").symlink_to(tmp_path / "mine/one")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "path", ["mine/one", "mine/two/part", "mine/within", "mine/none", "mine", "mine/../mine/one", "other/back"]
)
def test_what_is_beside_the_dataset_is_permitted_without_being_named(tree: Path, path: str) -> None:
    folders = folders_of(None, Path("mine/one"))
    check(tree / path, folders)
    check(Path(path), folders)


@pytest.mark.parametrize(
    "path",
    [
        *("other/secret", "mine/out", "mine/up/secret", "mine/one/../../other/secret", "mine/within/../../other", ""),
        *("/", "/etc", "/proc/self/root/etc", "/dev/shm/none", "/proc/self/cwd/other", "minex", "none"),
    ],
)
def test_what_leads_out_by_dots_links_or_into_another_mount_is_refused_with_the_setting(tree: Path, path: str) -> None:
    with pytest.raises(SettingError, match="PROCESSOR_DATASETS"):
        check(Path(path), folders_of(None, Path("mine/one")))


def test_a_link_to_itself_leads_nowhere(tree: Path) -> None:
    # Python 3.13 takes it as it stands, and what opens it refuses it.
    with suppress(SettingError):
        check(Path("mine/loop"), folders_of(None, Path("mine/one")))


def test_named_folders_take_the_place_of_the_usual_one_and_the_dataset_stays_permitted(tree: Path) -> None:
    folders = folders_of(f"other{os.pathsep}{tree}/mine/two", Path("mine/one"))
    for path in ("mine/one", "mine/two/part", "other/secret", "mine/out"):
        check(Path(path), folders)
    with pytest.raises(SettingError):
        check(Path("mine/none"), folders)


def test_a_dataset_at_the_root_of_all_files_permits_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = folders_of(None, Path("/dataset"))
    check(Path("/dataset/2024"), folders)
    with pytest.raises(SettingError, match="a dataset in /dataset; PROCESSOR_DATASETS names"):
        check(Path("/data"), folders)


def test_a_dataset_that_is_a_link_permits_what_it_leads_to_and_what_is_beside_the_link(tree: Path) -> None:
    (tree / "mine/link").symlink_to(tree / "other/secret")
    folders = folders_of(None, Path("mine/link"))
    check(Path("mine/link"), folders)
    check(Path("mine/one"), folders)
    with pytest.raises(SettingError):
        check(Path("other/none"), folders)


def test_a_folder_that_is_not_there_is_refused_at_the_start(tree: Path) -> None:
    with pytest.raises(SettingError, match=r"invalid datasets 'nowhere': expected a folder that is there"):
        folders_of(f"mine{os.pathsep}nowhere", Path("mine/one"))


def names(tree: Path, paths: tuple[str, ...]) -> list[str]:
    return [str(Path(path).relative_to(tree.resolve())) for path in paths]


def test_the_dataset_and_the_folders_beside_it_are_listed_without_links_that_lead_out(tree: Path) -> None:
    for name in (".hidden", "exchange"):
        (tree / "mine" / name).mkdir()
    (tree / "mine/exchange/status.json").touch()
    (tree / "mine/file.csv").touch()
    assert names(tree, listed(folders_of(None, Path("mine/one")))) == ["mine/one", "mine/two", "mine/within"]


def test_of_named_folders_those_in_them_are_listed_and_each_is_one_that_a_command_may_choose(tree: Path) -> None:
    folders = folders_of(f"other{os.pathsep}mine", Path("mine/one"))
    found = listed(folders)
    assert names(tree, found) == [
        *("mine/one", "other/back", "other/secret"),
        *("mine/out", "mine/two", "mine/up", "mine/within"),
    ]
    for path in found:
        check(Path(path), folders)


def test_what_is_listed_is_bounded_and_can_be_published(tree: Path) -> None:
    for number in range(MOST_LISTED + 50):
        (tree / f"other/n{number:03}").mkdir()
    (tree / "other" / os.fsdecode(b"caf\xe9")).mkdir()
    found = listed(folders_of("other", Path("mine/one")))
    # As many as are listed at most, or as there is room for.
    assert len(found) == MOST_LISTED or 8_000 - max(map(len, found)) < sum(map(len, found)) <= 8_000
    assert all(path.isprintable() for path in found)
    for number in range(40):
        (tree / "mine" / f"{number:02}{'x' * 240}").mkdir()
    assert sum(map(len, listed(folders_of("mine", Path("mine/one"))))) <= 8_000


def test_a_folder_that_cannot_be_looked_into_lists_nothing(tree: Path) -> None:
    folders = folders_of("other", Path("mine/one"))
    for link in ("mine/out", "mine/up"):
        (tree / link).unlink()
    (tree / "other/secret").rmdir()
    (tree / "other/back").unlink()
    (tree / "other").rmdir()
    assert names(tree, listed(folders)) == ["mine/one"]


@pytest.fixture(scope="module")
def maze() -> Iterator[Path]:
    """Folders in and out of `in`, with links between all of them."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        places = [root / name for name in ("in", "in/a", "in/a/b", "out", "out/a")]
        for place in places:
            place.mkdir()
        for place in places:
            for number, target in enumerate(places):
                (place / f"l{number}").symlink_to(os.path.relpath(target, place) if number % 2 else target)
        yield root


@given(st.lists(st.sampled_from(["a", "b", "..", ".", "l0", "l1", "l2", "l3", "l4", "x"]), max_size=8))
def test_a_path_is_permitted_if_walking_along_it_ends_in_a_permitted_folder(maze: Path, parts: list[str]) -> None:
    # What the kernel says of where one stands, step by step; what is not there is where its folder is.
    here = maze / "in"
    for part in parts:
        following = here / part
        here = Path(os.path.realpath(following)) if following.exists() else following
        if not following.exists():
            break
    else:
        inside = here == maze / "in" or str(here).startswith(f"{maze}/in/")
        path = maze.joinpath("in", *parts)
        if inside:
            check(path, [maze / "in"])
        else:
            with pytest.raises(SettingError):
                check(path, [maze / "in"])


def test_a_command_for_a_dataset_elsewhere_is_refused_and_the_replay_goes_on(tmp_path: Path) -> None:
    mine = write(tmp_path / "mine" / "one", *later(0))
    beside = write(tmp_path / "mine" / "two", *later(1))
    other = write(tmp_path / "other" / "three", *later(2))
    with Steered(mine, tmp_path, datasets=None) as steered:
        before = steered.do("seek", by="+1m")
        answer = steered.do("dataset", dataset=str(other))
        assert answer.control.ok is False
        assert "PROCESSOR_DATASETS" in (answer.control.error or "")
        assert (answer.session, answer.event_time_ms) == (before.session, before.event_time_ms)
        assert str(beside) in before.datasets
        assert str(other) not in before.datasets
        assert steered.do("dataset", dataset=str(beside)).control.ok is True
        assert steered.do("dataset", dataset=str(mine)).control.ok is True


def test_a_replay_is_not_resumed_in_a_dataset_that_a_command_might_not_choose_now(tmp_path: Path) -> None:
    mine = write(tmp_path / "mine" / "one", *later(0))
    other = write(tmp_path / "other" / "two", *later(1))
    with Steered(mine, tmp_path, datasets="/") as steered:
        assert steered.do("dataset", dataset=str(other)).dataset == "two"
    with Steered(mine, tmp_path, datasets=None) as steered:
        status = steered.until(lambda status: status.state == "paused" and status.dataset == "one")
        assert "PROCESSOR_DATASETS" in (status.notice or "")
