"""Who may do what: rights by token, and sessions that are signed with the token they were opened with."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import secrets
import time
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from itsdangerous import BadSignature, TimestampSigner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Right = Literal["steer", "watch"]
"""`steer` includes `watch`."""

_ID_BYTES: Final = 12
_COOKIE: Final = re.compile(r"[A-Za-z0-9_.-]+")
"""What ours are written with: Base64 is read in its other alphabet, too, and without what is in neither."""


class Visitor(NamedTuple):
    """Who asks: what they may do, None for nothing; the session of their commands, and how long it lasts yet."""

    right: Right | None
    session: str = ""
    left_s: float = math.inf


class Sessions:
    """Tokens and the cookies that stand for them. Every worker, and the next start, reads the cookies of the others.

    A cookie is signed with a key that is derived from its own token (HMAC with SHA-256). So who may watch cannot forge
    a session that steers, and another token ends the sessions of the old one.
    """

    def __init__(self, tokens: Mapping[Right, str], life_s: int, now_s: Callable[[], float] = time.time) -> None:
        """`life_s` is how long a session lasts, `now_s` the time since the Unix epoch."""
        self.life_s: Final = life_s
        self._now_s = now_s
        self._digests = {right: _digest(token) for right, token in tokens.items()}
        self._signers = {right: _Signer(right, token, now_s) for right, token in tokens.items()}

    def right_of(self, token: str) -> Right | None:
        """What a token permits, found in a time that says nothing about the tokens."""
        given, found = _digest(token), None
        for right, digest in self._digests.items():
            if hmac.compare_digest(digest, given):
                found = right
        return found

    def opened(self, right: Right) -> str:
        """A new session, as the value of its cookie."""
        return self._signers[right].sign(secrets.token_urlsafe(_ID_BYTES)).decode()

    def visitor(self, cookie: str) -> Visitor:
        """Whose session a cookie is; nobody's where it is too old, or none of ours."""
        if not _COOKIE.fullmatch(cookie):
            return Visitor(None)
        for right, signer in self._signers.items():
            try:
                session, opened = signer.unsign(cookie, max_age=self.life_s, return_timestamp=True)
            except BadSignature:
                continue
            return Visitor(right, session.decode(), opened.timestamp() + self.life_s - self._now_s())
        return Visitor(None)


class _Signer(TimestampSigner):
    """A signer whose clock can be another one."""

    def __init__(self, right: Right, token: str, now_s: Callable[[], float]) -> None:
        super().__init__(
            token, salt=f"visualizer session to {right}", key_derivation="hmac", digest_method=hashlib.sha256
        )
        self._now_s = now_s

    def get_timestamp(self) -> int:
        return int(self._now_s())


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
