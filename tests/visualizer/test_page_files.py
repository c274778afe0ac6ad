"""The page's modules and style sheets: how they are served, and what modules hand to each other."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import re
from graphlib import TopologicalSorter
from html.parser import HTMLParser
from pathlib import PurePosixPath
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
_SCRIPTS = {path.relative_to(_FOLDER).as_posix(): path.read_text() for path in sorted(_FOLDER.rglob("*.js"))}
_TESTS = {path.name: path.read_text() for path in sorted(ROOT.glob("tests/browser/*.py"))}
_MODULE_TESTS = {os.path.relpath(path, _FOLDER): path.read_text() for path in sorted(ROOT.glob("tests/page/*.test.js"))}
_DECLARED = re.compile(r"^export (?:async )?(?:function|const|let) (\w+)", re.MULTILINE)
_LISTED = re.compile(r"^export \{(.*?)\};$", re.MULTILINE)
_IMPORTED = re.compile(r"^import (?:\* as (\w+)|\{ (.*?) \}) from \"(\..*?)\";$", re.MULTILINE)


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


def imported(script: str, text: str) -> list[tuple[str, str, str]]:
    """What a module imports: the name it gives to a whole module, or names of it, and that module's path."""
    folder = (_FOLDER / script).parent
    return [(room, names, os.path.relpath(folder / source, _FOLDER)) for room, names, source in _IMPORTED.findall(text)]


def taken(importer: str, text: str) -> set[tuple[str, str]]:
    """Script and name of everything that a module takes from others, by itself or as `module.name`."""
    text = re.sub(r"\s*\n\s*\.", ".", text)
    return {
        (source, name)
        for room, names, source in imported(importer, text)
        for name in (re.findall(rf"\b{room}\.(\w+)", text) if room else names.split(", "))
    }


def test_the_page_runs_one_module_after_all_other_scripts(tags: _Tags) -> None:
    scripts = tags.of("script")
    assert [each.get("type") for each in scripts].count("module") == 1
    assert str(scripts[-1]["src"]).endswith("/main.js")
    assert not any("assets" in str(each.get("src")) for each in scripts)


def test_a_first_load_is_less_than_420_kb_and_is_kept_for_good(client: FlaskClient, tags: _Tags) -> None:
    scripts = [each["src"] for each in tags.of("script") if each.get("src")]
    links = [each["href"] for each in tags.of("link") if not str(each["href"]).startswith("data:")]
    addresses = [str(address) for address in {*scripts, *links}]
    assert len(addresses) > 100
    assert not [address for address in addresses if re.search("plotly|dash_table|/dcc/|polyfill", address)]
    suites = [address for address in addresses if address.startswith("/_dash-component-suites/")]
    assert all(address.startswith("/_dash-component-suites/dash/") for address in suites)
    headers = {"Accept-Encoding": "gzip"}
    answers = {address: client.get(address, headers=headers) for address in (*addresses, "/")}
    assert {answer.status_code for answer in answers.values()} == {200}
    kept = {address for address, answer in answers.items() if "immutable" in answer.headers.get("Cache-Control", "")}
    assert set(answers) - kept == {"/", "/_dash-layout", "/_dash-dependencies"}
    assert sum(len(answer.data) for answer in answers.values()) < 420_000


def test_every_module_is_served_as_it_lies_in_the_repository(client: FlaskClient, base: str) -> None:
    for name, text in _SCRIPTS.items():
        answer = client.get(base + name)
        assert answer.text == text
        assert answer.content_type == "text/javascript; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_all_style_sheets_are_one_file_in_which_each_is_once_as_it_lies_in_the_repository(
    client: FlaskClient, tags: _Tags, base: str
) -> None:
    linked = [str(each["href"]) for each in tags.of("link", rel="stylesheet") if str(each["href"]).startswith("/page/")]
    assert linked == [f"{base}styles.css"]
    answer = client.get(linked[0])
    texts = [path.read_text() for path in _FOLDER.glob("styles/*.css")]
    assert [answer.text.count(text) for text in texts] == [1] * len(texts)
    assert len(answer.text) == sum(map(len, texts)) + len(texts) - 1
    assert answer.content_type == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]


def test_page_files_are_packed_for_whoever_takes_them_so_and_carry_no_policy(client: FlaskClient, base: str) -> None:
    for encodings, packed in (("gzip, deflate, br, zstd", True), ("identity", False)):
        answer = client.get(base + "poll.js", headers={"Accept-Encoding": encodings})
        assert (answer.headers.get("Content-Encoding") == "gzip") is packed
        assert (gzip.decompress(answer.data) if packed else answer.data).decode() == _SCRIPTS["poll.js"]
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "Content-Security-Policy" not in answer.headers


def test_the_page_asks_for_all_modules_at_once(tags: _Tags, base: str) -> None:
    preloaded = {str(each["href"]) for each in tags.of("link", rel="modulepreload")}
    assert preloaded | {base + "main.js"} == {base + name for name in _SCRIPTS}


def test_a_browser_keeps_a_module_for_good_and_another_version_is_not_here(client: FlaskClient, base: str) -> None:
    assert client.get(base + "main.js").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    digest = base.split("/")[2]
    assert re.fullmatch(r"[0-9a-f]{16}", digest)
    for path in (
        base.replace(digest, digest[::-1]) + "main.js",
        *(base + name for name in ("none.js", "types.d.ts", "chart")),
    ):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "immutable" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    "path", ["../guard.js", "..%2fguard.js", "%2e%2e/guard.js", "chart/../../guard.js", "/etc/hosts"]
)
def test_no_file_outside_of_the_folder_is_served(client: FlaskClient, base: str, path: str) -> None:
    answer = client.get(base + path, follow_redirects=True)
    assert answer.content_type != "text/javascript; charset=utf-8"
    assert "immutable" not in answer.headers.get("Cache-Control", "")
    assert "sessionStorage.setItem(TRIES" not in answer.text.split("<body>")[-1]
    assert "localhost" not in answer.text


def test_no_module_imports_in_a_circle_and_only_the_entry_is_imported_by_none() -> None:
    graph = {script: {source for *_, source in imported(script, text)} for script, text in _SCRIPTS.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(_SCRIPTS)
    assert set(_SCRIPTS) - set(itertools.chain.from_iterable(graph.values())) == {"main.js"}


def test_rooms_do_not_import_in_a_circle() -> None:
    rooms: dict[str, set[str]] = {}
    for script, text in _SCRIPTS.items():
        room = str(PurePosixPath(script).parent)
        if room != ".":
            sources = {str(PurePosixPath(source).parent) for *_, source in imported(script, text)}
            rooms.setdefault(room, set()).update(sources - {room, "."})
    assert set(rooms) == {"chart", "chart/drawings", "draw", "exports", "header", "panels", "playback"}
    assert len(list(TopologicalSorter(rooms).static_order())) == len(rooms)


def test_the_names_that_modules_export_are_found() -> None:
    assert {
        ("chart/chart.js", "view"),
        ("chart/chart.js", "timeline"),
        ("playback/replay.js", "reason"),
        ("playback/address.js", "follow"),
    } <= {*exported()}


def test_every_name_that_a_module_exports_is_taken_by_another_one_or_by_a_test() -> None:
    of_modules = set[tuple[str, str]]().union(*(taken(*each) for each in (_SCRIPTS | _MODULE_TESTS).items()))
    in_browser = "".join(_TESTS.values())

    def is_taken_in_browser(script: str, name: str) -> bool:
        room = PurePosixPath(script).stem
        taking = rf"\b{room}\s*\.{name}\b|\{{[^{{}}]*\b{name}\b[^{{}}]*\}} = orderflow\.{room}\b"
        return re.search(taking, in_browser) is not None

    assert not [each for each in exported() if each not in of_modules and not is_taken_in_browser(*each)]


def test_one_module_alone_touches_what_the_canvases_of_charts_are_drawn_with() -> None:
    drawing = {script for script, text in _SCRIPTS.items() if re.search(r"getContext|\bfill(Rect|Style|Text)\b", text)}
    assert drawing - {"playback/overview.js"} == {"draw/surface.js"}


def test_a_panel_of_the_chart_is_named_by_its_own_file_and_the_registry_alone() -> None:
    listed = re.search(r"FROM_THE_TOP = \[(.*)\]", _SCRIPTS["panels/registry.js"])
    assert listed
    panels = listed[1].split(", ")
    assert len(panels) >= 4
    for panel in panels:
        importers = {script for script, text in _SCRIPTS.items() if f'/{panel}.js"' in text}
        assert importers == {"panels/registry.js"}, panel
        # One may be called as the view that it shows.
        quoted = "" if panel in {view.name for view in VIEWS} else rf"|[\"']{panel}[\"']"
        named = re.compile(rf"read-{panel}\b{quoted}")
        parts = {f"panels/{other}.js" for other in panels}  # one may be a part of another
        choices = {"options.js", "panels/option-list.js"}  # of what is shown
        others = {script for script in _SCRIPTS if script not in parts | choices}
        assert not {script for script in others if named.search(re.sub(r"token\(.*?\)", "", _SCRIPTS[script]))}, panel
        assert f"read-{panel}" not in "".join(path.read_text() for path in ROOT.glob("visualizer/**/*.py")), panel


def test_colours_stand_in_the_style_sheet_of_tokens_alone() -> None:
    colour = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3,4})\b|\brgba?\(\s*\d")
    texts = _SCRIPTS | {path.name: path.read_text() for path in sorted(ROOT.glob("visualizer/**/*.py"))}
    texts |= {path.name: path.read_text() for path in sorted(_FOLDER.glob("styles/*.css"))}
    assert {name for name, text in texts.items() if colour.search(text)} == {"tokens.css"}


def test_every_token_that_is_used_is_set_and_every_token_that_is_set_is_used() -> None:
    styles = "".join(path.read_text() for path in sorted(_FOLDER.glob("styles/*.css")))
    scripts = "".join(_SCRIPTS.values())
    tokens = set(re.findall(r"^  --([\w-]+): ", (_FOLDER / "styles/tokens.css").read_text(), re.MULTILINE))
    local = {
        "tone",
        "value",
        "line",
        "colour",
        "side",
        "columns",
        "volume-width",
        "book-width",
        "shades",
        "ladder-width",
    }
    in_styles = set(re.findall(r"var\(--([\w-]+)", styles)) - local
    in_scripts = set(re.findall(r"(?:token|pixels)\(\"([\w-]+)\"\)", scripts))
    in_scripts |= set(re.findall(r"\"([\w-]+)\"", "".join(re.findall(r"token\([^\"()]*\?.*?\)", scripts))))
    assert in_styles | in_scripts <= tokens
    found = {name for name in tokens if name.startswith("finding-")}
    assert tokens - in_styles - in_scripts == found - {"finding-other"}


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
