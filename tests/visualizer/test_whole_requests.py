from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer.server.whole_requests import MAX_BODY_BYTES, MAX_HEAD_BYTES, is_whole

GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /control HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\ncontent-LENGTH :  17 \r\n\r\n"
BODY = b'{"action":"play"}'
CHUNKED = b"POST /control HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = b'11\r\n{"action":"play"}\r\n0\r\n\r\n'


@pytest.mark.parametrize("request_bytes", [GET, POST + BODY, CHUNKED + CHUNKS])
def test_a_request_is_whole_with_its_last_byte_and_not_before(request_bytes: bytes) -> None:
    for end in range(len(request_bytes)):
        assert is_whole(request_bytes[:end]) is False
    assert is_whole(request_bytes) is True
    assert is_whole(bytearray(request_bytes + GET[:5])) is True


def test_what_is_too_long_is_refused_before_it_has_come() -> None:
    assert is_whole(b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD_BYTES) == 431
    assert is_whole(b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD_BYTES + b"\r\n\r\n") == 431
    for length in (MAX_BODY_BYTES + 1, 10**30):
        assert is_whole(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % length) == 413
    assert is_whole(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % MAX_BODY_BYTES) is False
    assert is_whole(CHUNKED + b"f" * (MAX_BODY_BYTES + 1)) == 413


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_what_the_parser_refuses_is_left_to_it(head: bytes) -> None:
    assert is_whole(head) is True


@given(st.binary(max_size=200))
def test_of_whatever_comes_it_can_be_said_how_much_is_there(received: bytes) -> None:
    assert is_whole(received) in {True, False, 413}
