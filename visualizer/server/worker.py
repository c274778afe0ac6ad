"""gunicorn's threads, without clients that keep them waiting.

The worker of gunicorn gives a thread to a connection that has sent nothing or half a request, and lingers with closed
ones in the loop that accepts new ones. Here both wait in the selector until the request is whole, each until a
deadline; what threads do, answering, is gunicorn's own. Pages that are told of publications wait there, too, and so
occupy no thread.
"""

from __future__ import annotations

import contextlib
import errno
import select
import selectors
import socket
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from gunicorn import http  # type: ignore[import-untyped] # gunicorn has no types
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped] # gunicorn has no types

from visualizer.server import hosts, news
from visualizer.server.login import watch_s
from visualizer.server.whole_requests import is_whole

if TYPE_CHECKING:
    from concurrent.futures import Future

    from visualizer.server.settings import Settings

_REQUEST_S: Final = 10.0
"""How long a request may take to come, from the connection or its first byte on."""
_READ_S: Final = 5.0
"""How long a thread waits for the rest of a body in chunks."""
_WRITE_S: Final = 10.0
"""How long a thread waits for a client that reads no more of its answer."""
_LINGER_S: Final = 2.0
_DEAD_MS: Final = 10_000
"""A client that is told something and does not confirm it for so long has gone."""
_SWEEP_EVERY_S: Final = 0.5
_READ_BYTES: Final = 65_536
_REASONS: Final = {408: b"Request Timeout", 413: b"Content Too Large", 431: b"Request Header Fields Too Large"}


class PatientWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Gathers requests in its main loop and gives whole ones to its threads.

    Where there are as many connections as there may be, the one that has waited longest makes room for a new one.
    `settings` are those that the server was started with, which gunicorn.conf.py hands on: a request must not read the
    files of tokens again.
    """

    settings: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - gunicorn's own
        super().__init__(*args, **kwargs)
        self._held: dict[TConn, _Held] = {}
        """Connections that no thread works for, in the order in which they began to wait."""
        self._followers: set[TConn] = set()
        """Those of them that are pages to be told of publications."""
        self._is_watching = self._is_told = False
        self._swept_s = 0.0
        # The other threads stay free for clients that read.
        self._may_wait = threading.Semaphore(max(1, self.cfg.threads - max(1, self.cfg.threads // 4)))

    def accept(self, listener: Any) -> None:  # noqa: ANN401 - a socket of gunicorn's
        """Accept a connection and wait for its request."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in {errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK}:
                raise
            return
        if self.nr_conns >= self.worker_connections - 1 and self._held:
            self._drop(next(iter(self._held)))
        self.nr_conns += 1
        self._hold(TConn(self.cfg, client, address, listener.getsockname()), _Held(_REQUEST_S))

    def finish_request(self, conn: TConn, fs: Future[bool]) -> None:
        """Wait for the next request of the connection, or for the client to close it."""
        is_kept = not fs.cancelled() and fs.exception() is None and bool(fs.result())
        if not is_kept:
            with contextlib.suppress(OSError):
                conn.sock.shutdown(socket.SHUT_WR)
            self._hold(conn, _Held(_LINGER_S, lingers=True))
            return
        # A client may send its next request before it has read the answer.
        early = conn.parser.unreader.take_buffered()
        self._hold(conn, _Held(_REQUEST_S if early else self.cfg.keepalive, bytearray(early)))
        if early:
            self._judge(conn)

    def murder_pending(self) -> None:
        """Close what has waited too long; gunicorn calls this at least once a second."""
        now_s = time.monotonic()
        if now_s - self._swept_s < _SWEEP_EVERY_S:
            return
        self._swept_s = now_s
        for conn, held in list(self._held.items()):
            if now_s >= held.until_s or (not self.alive and not held.received and now_s >= held.since_s + _LINGER_S):
                self._drop(conn, 408 if held.received else None)

    def handle_request(self, req: Any, conn: TConn) -> bool:  # noqa: ANN401 - gunicorn's own
        """Answer; a client that does not read the answer is one that has gone."""
        client = conn.sock
        client.settimeout(_READ_S)
        conn.sock = _Answer(client, self._may_wait)
        try:
            return bool(super().handle_request(req, conn))
        finally:
            conn.sock = client

    def _hold(self, conn: TConn, held: _Held) -> None:
        conn.sock.settimeout(0)
        self._held[conn] = held
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_readable, conn))

    def _release(self, conn: TConn) -> _Held:
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        return self._held.pop(conn)

    def _drop(self, conn: TConn, status: int | None = None) -> None:
        self._release(conn)
        self._followers.discard(conn)
        if status is not None:
            line = b"HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % (status, _REASONS[status])
            with contextlib.suppress(OSError):
                conn.sock.send(line)
        self.nr_conns -= 1
        conn.close()

    def _on_readable(self, conn: TConn, _client: object) -> None:
        try:
            found = conn.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            found = b""
        held = self._held[conn]
        # A page that is told of publications has nothing to say but that it goes.
        if not found or conn in self._followers:
            self._drop(conn)
        elif not held.lingers:
            if not held.received:
                held.until_s = time.monotonic() + _REQUEST_S
            held.received += found
            self._judge(conn)

    def _judge(self, conn: TConn) -> None:
        """Give the connection to a thread if its request is whole, and refuse one that is too long."""
        verdict = is_whole(self._held[conn].received)
        if verdict is False:
            return
        if verdict is not True:
            self._drop(conn, verdict)
            return
        if self._follows(conn, self._held[conn].received):
            return
        received = bytes(self._release(conn).received)
        if conn.parser is None:
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
        conn.initialized = conn.data_ready = True
        conn.parser.unreader.unread(received)
        self.enqueue_req(conn)

    def _follows(self, conn: TConn, request: bytearray) -> bool:
        """Whether the request is one to be told of publications; then it has been answered."""
        if not request.startswith(news.START):
            return False
        settings = self.settings
        greeted = news.greeting(request, hosts.listed(settings.names), partial(watch_s, settings))
        if greeted is None:
            return False
        answer, for_s = greeted
        has_room = len(self._followers) < settings.followers
        with contextlib.suppress(OSError):
            conn.sock.send(answer if has_room else answer + news.TRY_LATER)
        if not has_room:
            self._release(conn)
            self._hold(conn, _Held(_LINGER_S, lingers=True))
            return True
        conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_MS)
        self._followers.add(conn)
        # When its session ends, the page opens another one, or is told that nobody has signed in.
        self._held[conn] = _Held(for_s)
        if not self._is_watching:
            self._is_watching = True
            news.watch(settings.ipc_dir, self._on_publication, lambda: bool(self.alive))
        return True

    def _on_publication(self) -> None:
        """Called by another thread."""
        if not self._is_told:
            self._is_told = True
            self.method_queue.defer(self._tell)

    def _tell(self) -> None:
        self._is_told = False
        for conn in list(self._followers):
            try:
                conn.sock.send(news.NEWS)
            except OSError:
                self._drop(conn)


class _Answer:
    """The socket that an answer is written to, as gunicorn uses it."""

    def __init__(self, client: socket.socket, may_wait: threading.Semaphore) -> None:
        self._client = client
        self._may_wait = may_wait

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a socket has
        return getattr(self._client, name)

    def sendall(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            ConnectionResetError: the client does not read, or too many others do not either.
        """
        left = memoryview(data)
        self._client.settimeout(0)
        try:
            while left:
                try:
                    left = left[self._client.send(left) :]
                except BlockingIOError:
                    self._wait()
        finally:
            self._client.settimeout(_READ_S)

    def _wait(self) -> None:
        if self._may_wait.acquire(blocking=False):
            try:
                if _is_writable(self._client, _WRITE_S):
                    return
            finally:
                self._may_wait.release()
        raise ConnectionResetError(errno.ECONNRESET, "the client does not read its answer")


class _Held:
    """A connection that waits: until when, and what has come of its next request."""

    def __init__(self, patience_s: float, received: bytearray | None = None, *, lingers: bool = False) -> None:
        self.since_s = time.monotonic()
        self.until_s = self.since_s + patience_s
        self.received = bytearray() if received is None else received
        self.lingers = lingers


def _is_writable(client: socket.socket, patience_s: float) -> bool:
    # Unlike select(), it takes descriptors of any number.
    waiting = select.poll()
    waiting.register(client, select.POLLOUT)
    return bool(waiting.poll(patience_s * 1000))
