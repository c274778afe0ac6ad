"""Whose request it is: the client's address, also where a proxy passes the request on. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_ONE_CUSTOMER: Final = 64
"""Whoever has one IPv6 address usually has all of its network of this prefix."""


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and networks as one writes them, with commas between.

    Raises:
        ValueError: one of them is neither.
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(ip_network(part, strict=False))
        except ValueError:
            msg = f"{part!r} is no address; expected addresses or networks like 172.16.0.0/12, with commas between"
            raise ValueError(msg) from None
    return tuple(found)


def client_key(peer: str | None, forwarded: str, proxies: Collection[IPv4Network | IPv6Network]) -> str:
    """The client's address, or its network where it has many.

    `peer` is who is connected. `forwarded` is X-Forwarded-For, to which each proxy has added who was connected to it:
    it is believed from the end on, as far as those who wrote it are `proxies`.
    """
    address = _address(peer or "")
    if address is None:
        return "unknown"
    for part in reversed(forwarded.split(",")):
        if not any(address in network for network in proxies):
            break
        before = _address(part.strip())
        if before is None:
            break
        address = before
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, _ONE_CUSTOMER), strict=False))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
