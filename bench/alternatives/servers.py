"""What needs a library or a server: ZeroMQ, Redis, SQLite and HTTP."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import shutil
import sqlite3
import subprocess
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from bench.alternatives.base import Assembler, Polled, Publication, Way, message_of, unframed
from shared import STATUS_FILE, encode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared import Picture

_KEY: Final = "picture"
_START_S: Final = 10.0
_SQLITE_POLL_S: Final = 0.005
_HTTP_POLL_S: Final = 0.05


class _ZeroMqWriter:
    def __init__(self, place: Path) -> None:
        import zmq  # noqa: PLC0415 - only in the environment of the benchmark

        place.mkdir(parents=True, exist_ok=True)
        self._socket = zmq.Context.instance().socket(zmq.PUB)
        self._socket.setsockopt(zmq.CONFLATE, 1)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(f"ipc://{place}/zmq")
        (place / "zmq").chmod(0o666)

    def publish(self, publication: Publication) -> int:
        message = message_of(publication)
        self._socket.send(message)
        return len(message)

    def close(self) -> None:
        self._socket.close()


class _ZeroMqReader:
    def __init__(self, place: Path) -> None:
        import zmq  # noqa: PLC0415 - as above

        self._socket = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.CONFLATE, 1)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.connect(f"ipc://{place}/zmq")
        self._assembler = Assembler()

    def next(self, timeout_s: float) -> Picture | None:
        if not self._socket.poll(timeout_s * 1000):
            return None
        return self._assembler.picture(unframed(self._socket.recv()))

    def close(self) -> None:
        self._socket.close()


def _redis(place: Path) -> Any:  # noqa: ANN401 - of a library that is not everywhere
    import redis  # noqa: PLC0415 - only in the environment of the benchmark

    return redis.Redis(unix_socket_path=str(place / "redis.sock"))


class _RedisWriter:
    """Sends pictures themselves, or keeps the newest and tells of it."""

    def __init__(self, place: Path, *, is_kept: bool) -> None:
        self._redis, self._is_kept = _redis(place), is_kept
        self._redis.ping()

    def publish(self, publication: Publication) -> int:
        message = message_of(publication)
        if self._is_kept:
            both = self._redis.pipeline(transaction=False)
            both.set(_KEY, message)
            both.publish(_KEY, b"")
            both.execute()
        else:
            self._redis.publish(_KEY, message)
        return len(message)

    def close(self) -> None:
        self._redis.close()


class _RedisReader:
    def __init__(self, place: Path, *, is_kept: bool) -> None:
        self._redis, self._is_kept = _redis(place), is_kept
        self._told = self._redis.pubsub(ignore_subscribe_messages=True)
        self._told.subscribe(_KEY)
        self._assembler = Assembler()
        self._is_first = True

    def next(self, timeout_s: float) -> Picture | None:
        newest: Any = None
        if self._is_kept and self._is_first:
            newest = b""
        ends_s = time.monotonic() + timeout_s
        while newest is None and (left_s := ends_s - time.monotonic()) > 0:
            message = self._told.get_message(timeout=left_s)
            newest = None if message is None else message["data"]
        while (message := self._told.get_message(timeout=0)) is not None:
            newest = message["data"]
        if newest is not None and self._is_kept:
            newest = self._redis.get(_KEY)
        if newest is None:
            return None
        self._is_first = False
        return self._assembler.picture(unframed(newest))

    def close(self) -> None:
        self._told.close()
        self._redis.close()


@contextlib.contextmanager
def _redis_server(place: Path) -> Iterator[int]:
    place.mkdir(parents=True, exist_ok=True)
    path = place / "redis.sock"
    options = ("--port", "0", "--save", "", "--appendonly", "no", "--unixsocketperm", "777", "--dir", str(place))
    command = ("redis-server", "--unixsocket", str(path), *options)
    with (place / "redis.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        ends_s = time.monotonic() + _START_S
        while not path.exists() and server.poll() is None and time.monotonic() < ends_s:
            time.sleep(0.01)
        try:
            yield server.pid
        finally:
            server.terminate()


def _lacks_redis() -> str | None:
    if shutil.which("redis-server") is None:
        return "redis-server is not installed"
    return None if importlib.util.find_spec("redis") else "the client redis is not installed"


def _lacks_zeromq() -> str | None:
    return None if importlib.util.find_spec("zmq") else "pyzmq is not installed"


class _SqliteWriter:
    def __init__(self, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(place / "base", isolation_level=None, check_same_thread=False)
        self._base.execute("PRAGMA journal_mode=WAL")
        # As the files are, each picture is on the disk before the next one.
        self._base.execute("PRAGMA synchronous=FULL")
        self._base.execute("CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY, generation INTEGER, payload BLOB)")
        self._last: dict[str, bytes] = {}

    def publish(self, publication: Publication) -> int:
        generation = publication.status.generation
        changed = {name: each for name, each in publication.files.items() if self._last.get(name) != each}
        rows = changed | {STATUS_FILE: encode(publication.status)}
        self._base.execute("BEGIN IMMEDIATE")
        try:
            self._base.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?)",
                [(name, generation, payload) for name, payload in rows.items()],
            )
            self._base.execute("COMMIT")
        except sqlite3.Error:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            raise
        self._last.update(changed)
        return sum(map(len, rows.values()))

    def close(self) -> None:
        self._base.close()


class _SqliteReader:
    def __init__(self, place: Path) -> None:
        self._base = sqlite3.connect(f"file:{place / 'base'}?mode=ro", uri=True, isolation_level=None)
        self._version = self._taken = -1
        self._assembler = Assembler()
        self._picture: Picture | None = None
        self._polled = Polled(self._look, _SQLITE_POLL_S)

    def next(self, timeout_s: float) -> Picture | None:
        return self._polled.next(timeout_s)

    def close(self) -> None:
        self._base.close()

    def _look(self) -> Picture | None:
        (version,) = self._base.execute("PRAGMA data_version").fetchone()
        if version != self._version or self._picture is None:
            query = "SELECT name, generation, payload FROM files WHERE generation > ?"
            rows = self._base.execute(query, (self._taken,)).fetchall()
            self._version = version
            if rows:
                self._picture = self._assembler.picture({name: payload for name, _, payload in rows})
                self._taken = max(generation for _, generation, _ in rows)
        return self._picture


class _HttpWriter:
    def __init__(self, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        held: list[tuple[str, bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self) -> None:
                tag, message = held[-1] if held else ("", b"")
                is_known = not message or self.headers.get("If-None-Match") == tag
                self.send_response_only(304 if is_known else 200)
                self.send_header("ETag", tag)
                self.send_header("Content-Length", "0" if is_known else str(len(message)))
                self.end_headers()
                if not is_known:
                    self.wfile.write(message)

        self._held = held
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        (place / "port").write_text(str(self._server.server_port))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def publish(self, publication: Publication) -> int:
        message = message_of(publication)
        self._held[:] = [(f'"{publication.status.generation}"', message)]
        return len(message)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _HttpReader:
    def __init__(self, place: Path) -> None:
        self._client = http.client.HTTPConnection("127.0.0.1", int((place / "port").read_text()), timeout=5)
        self._tag = ""
        self._assembler = Assembler()
        self._picture: Picture | None = None
        self._polled = Polled(self._look, _HTTP_POLL_S)

    def next(self, timeout_s: float) -> Picture | None:
        return self._polled.next(timeout_s)

    def close(self) -> None:
        self._client.close()

    def _look(self) -> Picture | None:
        self._client.request("GET", "/", headers={"If-None-Match": self._tag})
        answer = self._client.getresponse()
        message = answer.read()
        if answer.status == 200:
            self._tag = answer.getheader("ETag") or ""
            self._picture = self._assembler.picture(unframed(message))
        return self._picture


_BASE: Final = "bench/alternatives/base.py:framed,unframed,message_of,Assembler"


def _sources(*names: str) -> tuple[str, ...]:
    return f"bench/alternatives/servers.py:{','.join(names)}", _BASE


WAYS: Final = (
    Way(
        "ZeroMQ PUB/SUB, conflated",
        _ZeroMqWriter,
        _ZeroMqReader,
        _sources("_ZeroMqWriter", "_ZeroMqReader"),
        missing=_lacks_zeromq,
        needs="libzmq",
        fills_disk=False,
    ),
    *(
        Way(
            f"Redis {name}",
            partial(_RedisWriter, is_kept=is_kept),
            partial(_RedisReader, is_kept=is_kept),
            _sources("_redis", "_RedisWriter", "_RedisReader"),
            missing=_lacks_redis,
            service=_redis_server,
            needs="redis-server and a client",
            fills_disk=False,
            cat="redis-cli" if is_kept else "no",
        )
        for name, is_kept in (("pub/sub", False), ("SET and a notice", True))
    ),
    Way(
        "SQLite WAL, poll of 5 ms",
        _SqliteWriter,
        _SqliteReader,
        _sources("_SqliteWriter", "_SqliteReader"),
        needs="SQLite",
        cat="sqlite3",
    ),
    Way(
        "HTTP with ETag, poll of 50 ms",
        _HttpWriter,
        _HttpReader,
        _sources("_HttpWriter", "_HttpReader"),
        fills_disk=False,
        cat="curl",
        language="any",
    ),
)
