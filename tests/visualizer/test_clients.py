"""Whose request it is, where proxies pass it on."""

from __future__ import annotations

import pytest

from visualizer.server.clients import client_key, networks

PROXIES = networks("127.0.0.1, ::1,172.16.0.0/12")


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.1, 172.20.0.3", "198.51.100.1"),
        ("127.0.0.1", "172.20.0.3", "172.20.0.3"),
        ("127.0.0.1", "nonsense, 172.20.0.3", "172.20.0.3"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "", "192.0.2.7"),
        (None, "198.51.100.1", "unknown"),
        ("", "198.51.100.1", "unknown"),
    ],
)
def test_a_client_is_whom_the_last_trusted_proxy_was_connected_to(
    peer: str | None, forwarded: str, expected: str
) -> None:
    assert client_key(peer, forwarded, PROXIES) == expected


@pytest.mark.parametrize("text", ["*", "proxy.example", "10.0.0.0/40", "10.0.0.1 10.0.0.2"])
def test_what_is_no_address_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no address; expected addresses or networks like 172\.16\.0\.0/12"):
        networks(text)
