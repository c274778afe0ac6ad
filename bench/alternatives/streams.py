"""Streams from the writer to each reader: Unix sockets, named pipes, and server-sent events over HTTP."""

from __future__ import annotations

import itertools
import os
import selectors
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from bench.alternatives.base import Assembler, Broken, Publication, Way, message_of, unframed
from shared import STATUS_FILE, encode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared import Picture

_SIZE: Final = struct.Struct("<Q")
_READ_BYTES: Final = 1 << 20
_PIPE_BYTES: Final = 1 << 20
_SET_PIPE_BYTES: Final = 1031
"""F_SETPIPE_SZ of Linux."""
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n"
_numbers = itertools.count()


class Fanout:
    """Sends the newest message to many receivers in a thread of its own; each skips what it was too slow for."""

    def __init__(self, listener: socket.socket | None = None, greeting: bytes = b"") -> None:
        self._selector = selectors.DefaultSelector()
        self._poked, self._poke = os.pipe()
        os.set_blocking(self._poked, False)
        os.set_blocking(self._poke, False)
        self._selector.register(self._poked, selectors.EVENT_READ)
        if listener is not None:
            listener.settimeout(0)
            self._selector.register(listener, selectors.EVENT_READ)
        self._listener, self._greeting = listener, greeting
        self._newest: tuple[int, bytes] = (0, b"")
        self._receivers: dict[int, _Receiver] = {}
        self._new: list[_Receiver] = []
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def publish(self, message: bytes) -> None:
        """Make this the message that every receiver gets next."""
        self._newest = self._newest[0] + 1, message
        self._wake()

    def add(self, descriptor: int, owner: object = None) -> None:
        """Send to a descriptor that does not block, too."""
        self._new.append(_Receiver(descriptor, owner, memoryview(b"")))
        self._wake()

    def close(self) -> None:
        """End the thread and what it sends to."""
        self._ends = True
        self._wake()
        self._thread.join()
        for receiver in self._receivers.values():
            receiver.close()
        if self._listener is not None:
            self._listener.close()
        os.close(self._poked)
        os.close(self._poke)

    def _wake(self) -> None:
        with suppress(BlockingIOError):
            os.write(self._poke, b"\0")

    def _run(self) -> None:
        while not self._ends:
            for key, _ in self._selector.select():
                if key.fileobj == self._poked:
                    os.read(self._poked, 4096)
                elif key.fileobj is self._listener:
                    self._accept()
            while self._new:
                receiver = self._new.pop()
                self._receivers[receiver.descriptor] = receiver
            for receiver in list(self._receivers.values()):
                self._serve(receiver)

    def _accept(self) -> None:
        assert self._listener is not None  # noqa: S101 - it told of itself
        client, _ = self._listener.accept()
        if self._greeting:
            # A request for events is some hundred bytes, which come at once.
            client.settimeout(1)
            client.recv(4096)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.settimeout(0)
        receiver = _Receiver(client.fileno(), client, memoryview(self._greeting))
        self._receivers[receiver.descriptor] = receiver

    def _serve(self, receiver: _Receiver) -> None:
        try:
            while True:
                if not receiver.left:
                    number, message = self._newest
                    if receiver.number == number:
                        self._wait_for(receiver, writable=False)
                        return
                    receiver.number, receiver.left = number, memoryview(message)
                receiver.left = receiver.left[os.write(receiver.descriptor, receiver.left) :]
        except BlockingIOError:
            self._wait_for(receiver, writable=True)
        except OSError:
            self._wait_for(receiver, writable=False)
            del self._receivers[receiver.descriptor]
            receiver.close()

    def _wait_for(self, receiver: _Receiver, *, writable: bool) -> None:
        if writable and not receiver.waits:
            self._selector.register(receiver.descriptor, selectors.EVENT_WRITE)
        elif receiver.waits and not writable:
            self._selector.unregister(receiver.descriptor)
        receiver.waits = writable


class _Receiver:
    def __init__(self, descriptor: int, owner: Any, left: memoryview) -> None:  # noqa: ANN401 - a socket or nothing
        self.descriptor, self.left, self.number, self.waits = descriptor, left, 0, False
        self._owner = owner

    def close(self) -> None:
        if self._owner is None:
            os.close(self.descriptor)
        else:
            self._owner.close()


class _Writer:
    """Sends each picture as one message, made by `encoded`, over a fan-out."""

    def __init__(
        self,
        place: Path,
        listener: socket.socket | None,
        encoded: Callable[[Publication], bytes],
        greeting: bytes = b"",
    ) -> None:
        self._place, self._encoded = place, encoded
        self._fanout = Fanout(listener, greeting)
        self._pipes: set[str] = set()

    def publish(self, publication: Publication) -> int:
        message = self._encoded(publication)
        for path in self._place.glob("*.pipe"):
            if path.name not in self._pipes:
                # Without a reader it cannot be opened.
                with suppress(OSError):
                    self._fanout.add(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
                    self._pipes.add(path.name)
        self._fanout.publish(message)
        return len(message)

    def close(self) -> None:
        self._fanout.close()


class _Reader:
    """Takes messages from a descriptor; `cut` takes the first whole one off what has come."""

    def __init__(
        self,
        descriptor: int,
        owner: Any,  # noqa: ANN401 - a socket, or the path of a pipe
        cut: Callable[[bytearray], dict[str, Any] | None],
    ) -> None:
        self._descriptor, self._owner, self._cut = descriptor, owner, cut
        os.set_blocking(descriptor, False)
        self._received = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(descriptor, selectors.EVENT_READ)
        self._assembler = Assembler()

    def next(self, timeout_s: float) -> Picture | None:
        ends_s = time.monotonic() + timeout_s
        newest: dict[str, Any] | None = None
        while newest is None and (left_s := ends_s - time.monotonic()) > 0:
            if not self._selector.select(left_s):
                break
            self._take()
            while (found := self._cut(self._received)) is not None:
                newest = found
        return None if newest is None else self._assembler.picture(newest)

    def _take(self) -> None:
        """Take in all that is there."""
        try:
            while True:
                found = os.read(self._descriptor, _READ_BYTES)
                if not found:
                    raise ConnectionResetError
                self._received += found
        except BlockingIOError:
            pass

    def close(self) -> None:
        self._selector.close()
        if isinstance(self._owner, socket.socket):
            self._owner.close()
        else:
            os.close(self._descriptor)
            self._owner.unlink(missing_ok=True)


def _sized(publication: Publication) -> bytes:
    message = message_of(publication)
    return _SIZE.pack(len(message)) + message


def _cut_sized(received: bytearray) -> dict[str, Any] | None:
    if len(received) < _SIZE.size:
        return None
    (size,) = _SIZE.unpack_from(received)
    if len(received) < _SIZE.size + size:
        return None
    message = bytes(received[_SIZE.size : _SIZE.size + size])
    del received[: _SIZE.size + size]
    return dict(unframed(message))


def _as_event(publication: Publication) -> bytes:
    files = {STATUS_FILE: encode(publication.status), **publication.files}
    return b"".join(b"data: %s %s\n" % (name.encode(), payload) for name, payload in files.items()) + b"\n"


def _cut_event(received: bytearray) -> dict[str, Any] | None:
    if received.startswith(b"HTTP/"):
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return None
        del received[: end + 4]
    end = received.find(b"\n\n")
    if end < 0:
        return None
    lines = bytes(received[:end]).split(b"\n")
    del received[: end + 2]
    files = {}
    for line in lines:
        name, _, payload = line.removeprefix(b"data: ").partition(b" ")
        files[name.decode()] = payload
    if STATUS_FILE not in files:
        raise Broken
    return files


def _write_unix(place: Path) -> _Writer:
    place.mkdir(parents=True, exist_ok=True)
    path = place / "socket"
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o666)
    listener.listen(128)
    return _Writer(place, listener, _sized)


def _read_unix(place: Path) -> _Reader:
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(place / "socket"))
    return _Reader(client.fileno(), client, _cut_sized)


def _write_pipes(place: Path) -> _Writer:
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o777)
    return _Writer(place, None, _sized)


def _read_pipe(place: Path) -> _Reader:
    import fcntl  # noqa: PLC0415 - not everywhere

    path = place / f"{os.getpid()}-{next(_numbers)}.pipe"
    os.mkfifo(path, 0o666)
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    with suppress(OSError):
        fcntl.fcntl(descriptor, _SET_PIPE_BYTES, _PIPE_BYTES)
    return _Reader(descriptor, path, _cut_sized)


def _write_events(place: Path) -> _Writer:
    place.mkdir(parents=True, exist_ok=True)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    (place / "port").write_text(str(listener.getsockname()[1]))
    return _Writer(place, listener, _as_event, _HEAD)


def _read_events(place: Path) -> _Reader:
    client = socket.create_connection(("127.0.0.1", int((place / "port").read_text())), 5)
    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
    return _Reader(client.fileno(), client, _cut_event)


_BASE: Final = "bench/alternatives/base.py:framed,unframed,message_of,Assembler"


def _sources(*names: str) -> tuple[str, ...]:
    common = ("Fanout", "_Receiver", "_Writer", "_Reader")
    return f"bench/alternatives/streams.py:{','.join((*common, *names))}", _BASE


WAYS: Final = (
    Way(
        "Unix socket",
        _write_unix,
        _read_unix,
        _sources("_sized", "_cut_sized", "_write_unix", "_read_unix"),
        fills_disk=False,
        language="own code for the frames",
    ),
    Way(
        "named pipe a reader",
        _write_pipes,
        _read_pipe,
        _sources("_sized", "_cut_sized", "_write_pipes", "_read_pipe"),
        fills_disk=False,
        language="own code for the frames",
    ),
    Way(
        "server-sent events",
        _write_events,
        _read_events,
        _sources("_as_event", "_cut_event", "_write_events", "_read_events"),
        fills_disk=False,
        cat="curl",
        language="any",
    ),
)
