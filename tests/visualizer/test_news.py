"""Pages that are told of publications: the handshake, and the worker that keeps them."""

from __future__ import annotations

import math
import os
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest
from pydantic import SecretStr

from shared import STATUS_FILE, atomic_write, can_watch
from tests.visualizer.workers import GET, Running, answer_of, rest_of, running_workers
from visualizer.server import news
from visualizer.server import worker as workers
from visualizer.server.login import watch_s
from visualizer.server.sessions import Sessions
from visualizer.server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="
ASKED: Final = {
    "Host": "localhost:8050",
    "Origin": "http://localhost:8050",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


def asking(start: str = "GET /news HTTP/1.1", **changed: str | None) -> bytes:
    headers = ASKED | {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join((start, *lines, "", "")).encode()


def anybody(_cookies: str) -> float:
    return math.inf


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    (tmp_path / "ipc").mkdir()
    monkeypatch.setenv("VISUALIZER_IPC_DIR", str(tmp_path / "ipc"))
    monkeypatch.setenv("VISUALIZER_FOLLOWERS", "2")
    yield from running_workers()


def test_a_page_is_greeted_as_the_standard_has_it() -> None:
    # RFC 6455, section 1.3.
    greeted = news.greeting(asking(), (), anybody)
    assert greeted is not None
    answer, for_s = greeted
    assert for_s == math.inf
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_page_behind_a_proxy_is_greeted_by_the_name_it_was_given() -> None:
    named = asking(Host="replay.example", Origin="https://replay.example")
    assert news.greeting(named, (), anybody) is None
    assert news.greeting(named, ("replay.example",), anybody) is not None


def test_who_has_not_signed_in_is_told_nothing_and_others_as_long_as_their_session_lasts() -> None:
    settings = Settings(watch_token=SecretStr("0123456789abcdef"), port=8050)
    session = Sessions(settings.tokens, 3600).opened("watch")
    admits = partial(watch_s, settings)
    assert news.greeting(asking(), (), admits) is None
    assert news.greeting(asking(Cookie="orderflow-8050=forged"), (), admits) is None
    greeted = news.greeting(asking(Cookie=f"other=1; orderflow-8050={session}"), (), admits)
    assert greeted is not None
    hours = settings.session_hours * 3600
    assert hours - 60 < greeted[1] <= hours
    assert news.greeting(asking(), (), partial(watch_s, Settings())) is not None


def test_a_page_is_told_no_more_when_its_session_has_ended(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "watch_s", lambda *_: 0.05)
    monkeypatch.setattr(workers, "_SWEEP_EVERY_S", 0.0)
    server = start()
    page = server.client(asking())
    assert rest_of(page).startswith(b"HTTP/1.1 101 ")
    server.until(lambda: not server.worker._followers)


@pytest.mark.parametrize(
    "request_bytes",
    [
        asking("GET / HTTP/1.1"),
        asking("POST /news HTTP/1.1"),
        asking(Origin=None),
        asking(Origin="http://elsewhere.example"),
        asking(Origin="http://localhost:8051"),
        asking(Host="elsewhere.example", Origin="http://elsewhere.example"),
        asking(Upgrade="h2c"),
        asking(Sec_WebSocket_Version="8"),
        asking(Sec_WebSocket_Key=None),
        asking(Sec_WebSocket_Key="c2hvcnQ="),
        asking(Sec_WebSocket_Key="ü"),
        asking().replace(b"\r\n\r\n", b"\r\nHost: localhost:8050\r\n\r\n"),
        b"GET /news HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_such_request_or_not_of_a_page_of_ours_is_not_greeted(request_bytes: bytes) -> None:
    assert news.greeting(request_bytes, (), anybody) is None


@pytest.mark.skipif(not can_watch(), reason="this system has no inotify")
def test_pages_are_told_of_each_publication_and_others_are_answered_meanwhile(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    server = start()
    pages = [server.client(asking()) for _ in range(2)]
    for page in pages:
        assert page.recv(4096).startswith(b"HTTP/1.1 101 ")
    for _ in range(3):
        publish_until_told(server, tmp_path)
        for page in pages:
            assert page.recv(len(news.NEWS)) == news.NEWS
        assert answer_of(server.client(GET)).startswith(b"HTTP/1.1 200")


def publish_until_told(server: Running, folder: Path) -> None:
    """The watch may begin only after the first publication."""
    told = server.worker.told
    while not told.wait(0.05):
        atomic_write(folder / "ipc" / STATUS_FILE, b"{}")
    told.clear()


def test_one_more_page_than_there_is_room_for_is_sent_away_until_later(start: Callable[..., Running]) -> None:
    server = start()
    pages = [server.client(asking()) for _ in range(2)]
    for page in pages:
        assert page.recv(4096).startswith(b"HTTP/1.1 101 ")
    late = server.client(asking())
    assert late.recv(4096).endswith(news.TRY_LATER)
    pages[0].close()
    server.until(lambda: len(server.worker._followers) == 1)
    assert not server.client(asking()).recv(4096).endswith(news.TRY_LATER)


def test_settings_that_are_spoilt_after_the_start_disturb_nobody(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    monkeypatch.setenv("VISUALIZER_TOKEN_FILE", "/nowhere")
    for _ in range(2):
        assert server.client(asking()).recv(4096).startswith(b"HTTP/1.1 101 ")


def test_a_page_that_says_anything_is_let_go(start: Callable[..., Running]) -> None:
    server = start()
    page = server.client(asking())
    page.recv(4096)
    page.sendall(b"\x88\x80\0\0\0\0")
    assert rest_of(page) == b""
    server.until(lambda: server.worker.nr_conns == 0)
    assert not server.worker._followers


def test_pages_that_wait_outlast_the_time_that_others_have_for_a_request(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_REQUEST_S", 0.05)
    monkeypatch.setattr(workers, "_SWEEP_EVERY_S", 0.0)
    server = start()
    page, silent = server.client(asking()), server.client()
    page.recv(4096)
    assert rest_of(silent) == b""
    server.worker.method_queue.defer(server.worker._tell)
    assert page.recv(len(news.NEWS)) == news.NEWS


def test_what_is_not_greeted_is_answered_like_any_other_request(start: Callable[..., Running]) -> None:
    assert answer_of(start().client(asking(Origin="http://elsewhere.example"))).startswith(b"HTTP/1.1 200")


def test_a_stopping_worker_lets_its_pages_go(start: Callable[..., Running]) -> None:
    server = start()
    page = server.client(asking())
    page.recv(4096)
    server.worker.handle_exit(0, None)
    assert rest_of(page) == b""


def test_where_nothing_can_be_watched_it_is_said_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tries: list[Path] = []

    class Gone(BaseException):
        """Ends the thread's loop."""

    def refuse(directory: Path) -> None:
        tries.append(directory)
        if len(tries) == 3:
            raise Gone
        raise OSError(38, os.strerror(38))

    monkeypatch.setattr(news, "DirectoryWatch", refuse)
    monkeypatch.setattr(news, "_RETRY_S", 0.0)
    with pytest.raises(Gone):
        news._run(tmp_path, lambda: None, lambda: True)
    assert capsys.readouterr().out.count("directory_not_watched") == 1
