"""Documentation that cannot rot: what users can set or read stands in docs/, and what docs/ links to is there."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args, get_type_hints

import msgspec
import pytest
import typer

import shared.views
from processor.cli.main import app
from processor.core.report import KINDS
from shared import ACTIONS, CHECKS, STATUS_FILE, VIEWS, View
from shared import contract as contracts
from shared.views import FILE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
PAGES: Final = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def page(name: str) -> str:
    return (ROOT / name).read_text()


def options() -> Iterator[tuple[str, str, str | None]]:
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        for parameter in command.params:
            if parameter.name != "help":
                yield name, max(parameter.opts, key=len), parameter.envvar


@pytest.mark.parametrize(("command", "option", "variable"), list(options()))
def test_every_option_of_every_command_is_documented(command: str, option: str, variable: str | None) -> None:
    commands = page("docs/commands.md")

    assert f"## processor {command}" in commands
    if option.startswith("--"):
        assert f"`{option}" in commands
    if variable:
        assert f"`{variable}`" in commands


def structs() -> list[type[msgspec.Struct]]:
    """The type of everything that lies in the files of the contract, and of whatever is in it."""
    found: list[type[msgspec.Struct]] = []
    waiting: list[object] = list(FILE_TYPES.values())
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in found:
            found.append(kind)
            waiting += get_type_hints(kind).values()
    return found


def samples(text: str) -> set[str]:
    """The words of what is printed as a sample of JSON: `{"bids": [[price, size], ...]}`."""
    return {word for sample in re.findall(r"`([\[{][^`]*)`", text) for word in re.findall(r"\w+", sample)}


def test_every_type_of_the_contract_is_looked_for_in_its_documentation() -> None:
    folder = pkgutil.iter_modules([str(Path(shared.views.__file__).parent)], "shared.views.")
    modules = [contracts, *(importlib.import_module(module.name) for module in folder)]
    defined = {
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
    }
    assert {*structs()} == defined


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_table_of_files_says_of_every_view_what_its_module_does(view: View[Any]) -> None:
    assert f"| `{view.file}` | {view.content} | {view.bound} |\n" in page("docs/contract.md")


@pytest.mark.parametrize("struct", structs())
def test_every_key_of_the_files_is_documented(struct: type[msgspec.Struct]) -> None:
    contract = page("docs/contract.md")
    shown = samples(contract)

    assert [name for name in struct.__struct_fields__ if f"`{name}`" not in contract and name not in shown] == []


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_and_its_arguments_are_documented(action: str) -> None:
    written = {action, *ACTIONS[action].__struct_fields__}

    assert [name for name in sorted(written) if f"`{name}`" not in page("docs/control.md")] == []
    assert f"`{action.replace('_', '-')}`" in page("docs/commands.md")


def test_every_file_check_and_kind_of_finding_is_documented() -> None:
    contract, definitions = page("docs/contract.md"), page("docs/definitions.md")

    assert [name for name in (STATUS_FILE, *CHECKS, *KINDS) if f"`{name}`" not in contract] == []
    assert [name for name in (*CHECKS, *KINDS) if f"`{name}`" not in definitions] == []


def test_every_column_of_the_table_is_documented() -> None:
    from processor.aggregate.table import COLUMNS

    assert [name for name in COLUMNS if f"`{name}`" not in page("docs/definitions.md")] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_every_page_of_docs_is_linked_from_somewhere() -> None:
    linked = {
        (path.parent / target).resolve()
        for path in PAGES
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text())
        if "://" not in target
    }

    assert [path for path in PAGES if path.parent != ROOT and path.resolve() not in linked] == []


def test_every_dependency_is_listed_with_its_reason() -> None:
    project = tomllib.loads(page("pyproject.toml"))["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in wanted} - {project["name"]}
    listed = page("README.md").partition("## Dependencies")[2]

    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", listed)] == []


def test_every_folder_at_the_top_is_on_the_map() -> None:
    ignored = {line.strip("/*") for line in page(".gitignore").splitlines() if not line.startswith("!")}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    ours = {name for name in folders - ignored if not name.endswith(".egg-info") and name != "__pycache__"}

    assert [name for name in sorted(ours) if f"`{name}/`" not in page("README.md")] == []
