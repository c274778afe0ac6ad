"""By which names this server may be asked for: a name that anybody can register may lead here without being ours.

A page of such a name, which its owner points to this machine (DNS rebinding), would be of the same origin as ours to
the browser that shows it, and could read and steer whatever we serve.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Final

import structlog
from flask import Flask, Response, request

if TYPE_CHECKING:
    from collections.abc import Collection

_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+?)\.?(:[0-9]*)?", re.IGNORECASE)
_NAME: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.IGNORECASE)
_MOST_SHOWN: Final = 100

_log = structlog.get_logger()


def add(server: Flask, given: str) -> None:
    """Refuse every request whose Host is neither ours whatever it is nor among the `given` names."""
    names = listed(given)

    @server.before_request
    def refuse_others() -> Response | None:
        host = request.headers.get("Host", "")
        if is_ours(host, names):
            return None
        shown = ascii(host[:_MOST_SHOWN])
        _log.warning("host_refused", host=shown)
        reason = f"This server does not answer to the name {shown}; if it is meant to, list it in VISUALIZER_NAMES.\n"
        return Response(reason, 403, content_type="text/plain; charset=utf-8")


def listed(text: str) -> frozenset[str]:
    """Names as one writes them, with commas between.

    Raises:
        ValueError: one of them is no name.
    """
    names = [name.strip().removesuffix(".").lower() for name in text.split(",") if name.strip()]
    for name in names:
        if not _NAME.fullmatch(name):
            msg = f"{name!r} is no name; expected names like replay.example, without port, with commas between"
            raise ValueError(msg)
    return frozenset(names)


def is_ours(host: str, names: Collection[str]) -> bool:
    """Whether a Host header names this server.

    Nobody can register an address, localhost, or a name without a dot, as machines of a local network and services of
    Compose have; any other must be among `names`.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = found[1].lower()
    if name.startswith("["):
        return _is_address(IPv6Address, name[1:-1])
    if not _NAME.fullmatch(name):
        return False
    local = "." not in name or name.endswith(".localhost")
    return local or name in names or _is_address(IPv4Address, name)


def _is_address(kind: type[IPv4Address | IPv6Address], text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True
