"""A worker that answers, in this process, and what its clients get."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from tests.patience import PATIENCE_S
from visualizer.server.settings import load
from visualizer.server.worker import PatientWorker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THREADS: Final = 2
HOSTILE: Final = 40
LARGE: Final = 12_000_000
GET: Final = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST: Final = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    body = environ["wsgi.input"].read()
    answer = b"x" * LARGE if environ["PATH_INFO"] == "/large" else b"%d bytes" % len(body)
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


class Telling(PatientWorker):
    """Sets `told` each time that it has told its followers of a publication."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.told = threading.Event()

    def _tell(self) -> None:
        super()._tell()
        self.told.set()


class Running:
    """A worker whose loop runs in a thread, on a port of its own."""

    def __init__(self, **settings: Any) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        config = Config()
        for name, value in ({"threads": THREADS, "keepalive": 60, "sendfile": False} | settings).items():
            config.set(name, value)
        self.worker = Telling(1, os.getppid(), [self.listener], None, 30, config, Logger(config))
        self.worker.settings = load()
        self.worker.wsgi = application
        self.worker.tpool = self.worker.get_thread_pool()
        self.worker.poller = selectors.DefaultSelector()
        self.worker.method_queue.init()
        self._thread = threading.Thread(target=self.worker.run)
        self._thread.start()
        self._clients: list[socket.socket] = []

    def client(self, sent: bytes = b"") -> socket.socket:
        made = socket.create_connection(self.listener.getsockname(), PATIENCE_S)
        self._clients.append(made)
        made.sendall(sent)
        return made

    def until(self, done: Callable[[], bool]) -> None:
        ends_s = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < ends_s
            time.sleep(0.005)

    def end(self) -> None:
        for client in self._clients:
            client.close()
        self.worker.alive = False
        self.worker.method_queue.defer(lambda: None)
        self._thread.join()
        self.worker.tmp.close()


def running_workers() -> Iterator[Callable[..., Running]]:
    """Start workers; all end when the generator does."""
    started: list[Running] = []

    def begin(**settings: Any) -> Running:
        started.append(Running(**settings))
        return started[-1]

    logging.getLogger("gunicorn.error").setLevel(logging.CRITICAL)
    yield begin
    for each in started:
        each.end()


def answer_of(client: socket.socket) -> bytes:
    """One answer with its body."""
    received = bytearray()
    while b"\r\n\r\n" not in received:
        found = client.recv(65_536)
        if not found:
            return bytes(received)
        received += found
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += client.recv(1 << 20)
    return bytes(head.split(b"\r\n")[0] + b" | " + body)


def rest_of(client: socket.socket) -> bytes:
    """All that comes until the server closes."""
    received = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while found := client.recv(1 << 20):
            received += found
    return bytes(received)
