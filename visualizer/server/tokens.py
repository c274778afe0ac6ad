"""The rules for tokens: where they come from, what they look like, and where there must be one. Pure but for files."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared import read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visualizer.server.sessions import Right

_VARIABLES: Final[Mapping[Right, str]] = {"steer": "VISUALIZER_TOKEN", "watch": "VISUALIZER_WATCH_TOKEN"}
_FIELDS: Final = ("token", "watch_token")
_SHORTEST: Final = 16
_LONGEST: Final = 256
_MAKE_ONE: Final = "python3 -c 'import secrets; print(secrets.token_urlsafe())' makes one"


def with_files(given: dict[str, Any]) -> dict[str, Any]:
    """Settings with the tokens of the files that they name.

    Raises:
        ValueError: a file cannot be read, or the token itself is given, too.
    """
    found = dict(given)
    for field in _FIELDS:
        path = given.get(f"{field}_file")
        if not path:
            continue
        name = f"VISUALIZER_{field.upper()}"
        if given.get(field):
            msg = f"{name} and {name}_FILE are both given; one of them is enough"
            raise ValueError(msg)
        try:
            found[field] = read_regular(Path(path), 2 * _LONGEST).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{name}_FILE={str(path)!r} cannot be read: {getattr(error, 'strerror', None) or error}"
            raise ValueError(msg) from None
        if not found[field]:
            msg = f"{name}_FILE={str(path)!r} is empty; it must hold a token ({_MAKE_ONE})"
            raise ValueError(msg)
    return found


def check(tokens: Mapping[Right, str], address: str, *, login: str) -> None:
    """Refuse tokens that can be guessed, and an address that others reach without a token.

    Raises:
        ValueError: so it is; no token is in the message.
    """
    for right, token in tokens.items():
        if not (_SHORTEST <= len(token) <= _LONGEST and token.isascii() and token.isprintable() and " " not in token):
            wanted = f"{_SHORTEST} to {_LONGEST} printable ASCII characters without spaces"
            msg = f"{_VARIABLES[right]} will not do: expected {wanted} ({_MAKE_ONE})"
            raise ValueError(msg)
    if len(set(tokens.values())) < len(tokens):
        msg = "VISUALIZER_TOKEN and VISUALIZER_WATCH_TOKEN are the same; whoever may only watch needs another one"
        raise ValueError(msg)
    if tokens and login == "off":
        msg = "VISUALIZER_LOGIN=off contradicts the token that is given; unset one of them"
        raise ValueError(msg)
    if not tokens and login != "off" and not is_loopback(address):
        msg = (
            f"others can reach the page at {address} (VISUALIZER_HOST): set VISUALIZER_TOKEN ({_MAKE_ONE}), "
            "or VISUALIZER_LOGIN=off if all of them may watch and steer"
        )
        raise ValueError(msg)


def is_loopback(address: str) -> bool:
    """Whether only programs of this machine reach an address. Of names, that is known of `localhost` alone."""
    if address.lower() == "localhost":
        return True
    try:
        return ip_address(address.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
