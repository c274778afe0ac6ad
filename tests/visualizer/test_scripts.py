"""The page's ES modules: how they are served, and what they hand to each other."""

from __future__ import annotations

import itertools
import json
import re
from graphlib import TopologicalSorter
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from shared import VIEWS
from tests.conftest import ROOT
from visualizer.server.dashboard import create
from visualizer.server.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

_FOLDER = ROOT / "visualizer/page"
_SCRIPTS = {path.name: path.read_text() for path in sorted(_FOLDER.glob("*.js"))}
_TESTS = {path.name: path.read_text() for path in sorted(ROOT.glob("tests/browser/*.py"))}
_MODULE_TESTS = [path.read_text() for path in sorted(ROOT.glob("tests/page/*.test.js"))]
_DECLARED = re.compile(r"^export (?:async )?(?:function|const|let) (\w+)", re.MULTILINE)
_LISTED = re.compile(r"^export \{(.*?)\};$", re.MULTILINE)
_IMPORTED = re.compile(
    r"^import (?:\* as (\w+)|\{ (.*?) \}) from \"(?:\./|\.\./\.\./visualizer/page/)(.*?)\";$", re.MULTILINE
)


class _Tags(HTMLParser):
    """Every tag of a page with its attributes, in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [given for name, given in self.found if name == tag and wanted.items() <= given.items()]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder: Path = tmp_path_factory.mktemp("page")
    client: FlaskClient = create(Settings(ipc_dir=folder)).server.test_client()
    return client


@pytest.fixture(scope="module")
def tags(client: FlaskClient) -> _Tags:
    return _Tags(client.get("/").text)


@pytest.fixture(scope="module")
def base(tags: _Tags) -> str:
    """The folder that the page names."""
    (entry,) = tags.of("script", type="module")
    return str(entry["src"]).removesuffix("main.js")


def exported() -> list[tuple[str, str]]:
    """Script and name of everything that a script hands out."""
    found = []
    for script, text in _SCRIPTS.items():
        listed = [part.split(" as ")[-1].strip() for part in ",".join(_LISTED.findall(text)).split(",") if part.strip()]
        found += [(script, name) for name in _DECLARED.findall(text) + listed]
    return found


def takes(text: str, script: str, name: str) -> bool:
    """Whether a module imports a name of another, by itself or as `module.name`."""
    text = re.sub(r"\s*\n\s*\.", ".", text)
    for room, names, source in _IMPORTED.findall(text):
        if source == script and (re.search(rf"\b{room}\.{name}\b", text) if room else name in names.split(", ")):
            return True
    return False


def test_the_page_runs_one_module_after_all_other_scripts(tags: _Tags) -> None:
    scripts = tags.of("script")
    assert [each.get("type") for each in scripts].count("module") == 1
    assert str(scripts[-1]["src"]).endswith("/main.js")
    assert not any("assets" in str(each.get("src")) for each in scripts)


def test_every_module_is_served_as_it_lies_in_the_repository(client: FlaskClient, base: str) -> None:
    for name, text in _SCRIPTS.items():
        answer = client.get(base + name)
        assert answer.text == text
        assert answer.content_type == "text/javascript; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_asks_for_all_modules_at_once(tags: _Tags, base: str) -> None:
    preloaded = {str(each["href"]) for each in tags.of("link", rel="modulepreload")}
    assert preloaded | {base + "main.js"} == {base + name for name in _SCRIPTS}


def test_a_browser_keeps_a_module_for_good_and_another_version_is_not_here(client: FlaskClient, base: str) -> None:
    assert client.get(base + "main.js").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    digest = base.split("/")[2]
    assert re.fullmatch(r"[0-9a-f]{16}", digest)
    for path in (base.replace(digest, digest[::-1]) + "main.js", base + "none.js"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_no_module_imports_in_a_circle_and_only_the_entry_is_imported_by_none() -> None:
    graph = {script: {source for *_, source in _IMPORTED.findall(text)} for script, text in _SCRIPTS.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(_SCRIPTS)
    assert set(_SCRIPTS) - set(itertools.chain.from_iterable(graph.values())) == {"main.js"}


def test_the_names_that_modules_export_are_found() -> None:
    assert {("chart.js", "AXES"), ("chart.js", "timeline"), ("steer.js", "reason"), ("address.js", "follow")} <= {
        *exported()
    }


@pytest.mark.parametrize(("script", "name"), exported())
def test_every_name_that_a_module_exports_is_taken_by_another_one_or_by_a_test(script: str, name: str) -> None:
    room = script.removesuffix(".js")
    in_browser = re.compile(rf"\b{room}\s*\.{name}\b|\{{[^{{}}]*\b{name}\b[^{{}}]*\}} = orderflow\.{room}\b")
    assert any(takes(text, script, name) for text in (*_SCRIPTS.values(), *_MODULE_TESTS)) or any(
        in_browser.search(text) for text in _TESTS.values()
    )


def test_nothing_is_global_but_what_dash_and_the_tests_take() -> None:
    named = {script: re.findall(r"\bwindow\.(\w+(?:\.\w+)?) = ", text) for script, text in _SCRIPTS.items()}
    assert {script: names for script, names in named.items() if names} == {
        "main.js": ["dash_clientside.orderflow", "orderflow"]
    }


def test_the_tools_that_check_the_modules_are_pinned_without_an_address_and_have_a_reason() -> None:
    tools = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    reasons = (ROOT / "README.md").read_text()
    for name, version in tools.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert lock[f"node_modules/{name}"]["version"] == version
        assert re.search(rf"^\|.*(?<![\w/]){name}(?![\w/]).*\|.*\|$", reasons, re.MULTILINE), name
    pinned = [each for path, each in lock.items() if path]
    assert all("integrity" in each and "resolved" not in each for each in pinned)


def test_the_page_knows_every_view_of_the_contract_and_its_presence() -> None:
    script = _SCRIPTS["views.js"]
    table = re.search(r"Object.freeze\(\{\n(.*?)^\}\)", script, re.MULTILINE | re.DOTALL)
    assert table is not None
    assert sorted(re.findall(r"^  (\w+):", table[1], re.MULTILINE)) == sorted(view.name for view in VIEWS)
    listed = {
        name: set(re.findall(r'"(\w+)"', names)) for name, names in re.findall(r"const (\w+) = \[(.*)\];", script)
    }
    assert listed == {
        "DATA": {view.name for view in VIEWS if view.presence == "data"},
        "ON_REQUEST": {view.name for view in VIEWS if view.presence == "asked"},
    }
    assert {view.file for view in VIEWS} == {f"{view.name}_data.json" for view in VIEWS}
