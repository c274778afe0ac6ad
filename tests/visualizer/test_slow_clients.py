"""The worker that answers, in this process, with clients that are slow, silent or deaf."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.visualizer.workers import GET, HOSTILE, LARGE, POST, THREADS, Running, answer_of, rest_of, running_workers
from visualizer.server import worker as workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    yield from running_workers()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: loc", POST, POST + b"abc"])
def test_clients_that_send_nothing_or_half_a_request_cost_nobody_a_thread(
    start: Callable[..., Running], sent: bytes
) -> None:
    server = start()
    slow = [server.client(sent) for _ in range(HOSTILE)]
    for _ in range(5):
        assert answer_of(server.client(GET)) == b"HTTP/1.1 200 OK | 0 bytes"
    # Each of them is answered when it goes on.
    rest = (POST + b"abcde")[len(sent) :] if not sent.startswith(b"GET") else b"alhost\r\n\r\n"
    slow[7].sendall(rest)
    assert answer_of(slow[7]).startswith(b"HTTP/1.1 200 OK")


def test_a_request_that_comes_byte_by_byte_and_requests_that_come_together_are_answered_in_order(
    start: Callable[..., Running],
) -> None:
    client = start().client()
    for byte in POST + b"abcde":
        client.sendall(bytes([byte]))
    assert answer_of(client) == b"HTTP/1.1 200 OK | 5 bytes"
    client.sendall(GET + POST + b"abcde" + GET[:9])
    received = b""
    while received.count(b" bytes") < 2:
        received += client.recv(65_536)
    assert received.index(b"0 bytes") < received.index(b"5 bytes")
    client.sendall(GET[9:])
    assert answer_of(client) == b"HTTP/1.1 200 OK | 0 bytes"


@pytest.mark.parametrize(
    "chunks", [b"5\r\nabcde\r\n0\r\n\r\n", b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", b"5\r\n0\r\n\r\n\r\n0\r\n\r\n"]
)
def test_a_body_in_chunks_is_read_however_it_is_cut(start: Callable[..., Running], chunks: bytes) -> None:
    server = start()
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    for cut in range(0, len(chunks), 3):
        client = server.client(head + chunks[:cut])
        client.sendall(chunks[cut:])
        assert answer_of(client) == b"HTTP/1.1 200 OK | 5 bytes"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, b"HTTP/1.1 431 "),
        (b"POST / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n", b"HTTP/1.1 413 "),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400 "),
    ],
)
def test_what_is_too_long_or_nonsense_is_refused_at_once(
    start: Callable[..., Running], sent: bytes, said: bytes
) -> None:
    assert rest_of(start().client(sent)).startswith(said)


def test_half_a_request_is_given_up_with_408_and_a_silent_client_without_a_word(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_REQUEST_S", 0.2)
    monkeypatch.setattr(workers, "_SWEEP_EVERY_S", 0.0)
    server = start(keepalive=1)
    half, silent, kept = server.client(GET[:20]), server.client(), server.client(GET)
    assert answer_of(kept).startswith(b"HTTP/1.1 200")
    assert rest_of(half).startswith(b"HTTP/1.1 408 Request Timeout\r\nConnection: close")
    assert rest_of(silent) == b""
    assert rest_of(kept) == b"", "what sends no further request is closed after the keep-alive time"
    assert answer_of(server.client(GET)).startswith(b"HTTP/1.1 200")
    assert server.worker.nr_conns <= 1


def test_whoever_has_waited_longest_makes_room_for_a_new_client(start: Callable[..., Running]) -> None:
    server = start(worker_connections=5)
    slow = [server.client(GET[:20]) for _ in range(3)]
    for _ in range(6):
        assert answer_of(server.client(GET)).startswith(b"HTTP/1.1 200")
    assert rest_of(slow[0]) == b""


def test_clients_that_close_nothing_after_their_last_request_keep_nobody_waiting(
    start: Callable[..., Running],
) -> None:
    server = start()
    closing = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    clients = [server.client(closing) for _ in range(HOSTILE)]
    for client in clients:
        assert answer_of(client).startswith(b"HTTP/1.1 200")
    assert all(rest_of(client) == b"" for client in clients)


def test_clients_that_do_not_read_their_answer_leave_threads_to_those_who_do(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_WRITE_S", 0.3)
    server = start()
    large = GET.replace(b"/ ", b"/large ").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    deaf = [server.client(large) for _ in range(6)]
    for _ in range(5):
        assert answer_of(server.client(GET)).startswith(b"HTTP/1.1 200")
    # More than one at a time are not waited for.
    assert sum(len(rest_of(client)) < LARGE for client in deaf) >= len(deaf) - THREADS
    assert len(rest_of(server.client(large))) > LARGE
