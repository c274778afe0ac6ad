"""Signing in: nothing is answered to strangers but whether the server lives, and a form to sign in with a token.

A token comes once, in a form or in a link; from then on a cookie stands for it (`sessions`). Programs send it with each
request (`Authorization: Bearer TOKEN`).
"""

from __future__ import annotations

import html
import math
import threading
import time
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
import structlog
from flask import Response, g, request
from werkzeug.http import parse_cookie

from visualizer.server import page_files
from visualizer.server.clients import client_key
from visualizer.server.origins import is_own
from visualizer.server.rates import Rates
from visualizer.server.sessions import Sessions, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from visualizer.server.sessions import Right
    from visualizer.server.settings import Settings

SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
FAILURES_BY_CLIENT: Final = 10
FAILURES_BY_ALL: Final = 100
FAILURE_FORGOTTEN_S: Final = 30
COMMANDS: Final = 100
"""Commands of one session at once, and further ones at a tenth of that a second."""
REQUESTS: Final = 3000
"""The same of all its requests: thirty tabs that are told of each publication."""

_REFILL_S: Final = 10
_MOST_KEYS: Final = 4096
_ALL: Final = ""
_HOUR_S: Final = 3600
_NS: Final = 1_000_000_000
_BEARER: Final = "Bearer "
_OPEN: Final = frozenset({"/health", SIGN_IN})
_PAGE: Final = Template(Path(__file__).with_name("sign_in.html").read_text())
_WRONG: Final = "This token is none of this server's."
_LOCAL_USER: Final = Visitor("steer")

_log = structlog.get_logger()


def visitor() -> Visitor:
    """Who sends the request that is being answered; who may do everything, where nobody has to sign in."""
    found: Visitor = g.get("visitor", _LOCAL_USER)
    return found


def watch_s(settings: Settings, cookies: str) -> float:
    """How many seconds who sends these cookies, a header, may watch; for good where nobody has to sign in."""
    if not settings.tokens:
        return math.inf
    sessions = Sessions(settings.tokens, settings.session_hours * _HOUR_S)
    found = sessions.visitor(parse_cookie(cookies).get(_cookie_name(settings), ""))
    return 0.0 if found.right is None else found.left_s


class Login:
    """Lets those in who have a token, and counts failures and commands."""

    def __init__(
        self,
        settings: Settings,
        now_s: Callable[[], float] = time.time,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """`settings` have a token. `now_s` is the time since the Unix epoch, by which sessions end."""
        self._sessions = Sessions(settings.tokens, settings.session_hours * _HOUR_S, now_s)
        self._monotonic_ns = monotonic_ns
        self._proxies = settings.trusted_proxies
        self._cookie = _cookie_name(settings)
        self._lock = threading.Lock()
        # Every worker counts for itself.
        share = settings.workers
        refill_ns = FAILURE_FORGOTTEN_S * _NS
        self._failures = Rates(max(1, FAILURES_BY_CLIENT // share), refill_ns * share, _MOST_KEYS)
        self._all_failures = Rates(
            max(1, FAILURES_BY_ALL // share), refill_ns * share * FAILURES_BY_CLIENT // FAILURES_BY_ALL, 1
        )
        self._commands = _of_a_session(COMMANDS // share)
        self._requests = _of_a_session(REQUESTS // share)

    def add(self, server: Flask) -> None:
        """Ask everybody who they are, before anything else but by which name they ask."""
        server.before_request(self._ask)
        server.add_url_rule(SIGN_IN, "sign_in", self._sign_in, methods=["GET", "POST"])
        server.add_url_rule(SIGN_OUT, "sign_out", self._sign_out, methods=["POST"])

    def command_wait_s(self) -> int:
        """How long until the session of this request may send a command, which is counted; 0 if it may now."""
        return self._wait_s(self._commands)

    def _wait_s(self, rates: Rates) -> int:
        session = visitor().session
        with self._lock:
            now_ns = self._monotonic_ns()
            wait_ns = rates.wait_ns(session, now_ns)
            if not wait_ns:
                rates.charge(session, now_ns)
        return _whole_s(wait_ns)

    def _ask(self) -> Response | None:
        given = request.headers.get("Authorization", "")
        if given.startswith(_BEARER):
            right, wait_s = self._admitted(given.removeprefix(_BEARER).strip())
            if wait_s:
                return _refusal(429, "too many wrong tokens; try again later", {"Retry-After": str(wait_s)})
            g.visitor = Visitor(right, f"every bearer of the token to {right}")
        else:
            g.visitor = self._sessions.visitor(request.cookies.get(self._cookie, ""))
        is_page = request.path == "/" and request.method in {"GET", "HEAD"}
        if is_page and "token" in request.args:
            return self._follow_link()
        if visitor().right is not None:
            wait_s = self._wait_s(self._requests)
            return _refusal(429, "too many requests at once", {"Retry-After": str(wait_s)}) if wait_s else None
        if request.path in _OPEN:
            return None
        if is_page:
            return _form(401, query=request.query_string.decode("ascii", "replace"))
        reason = _WRONG if given.startswith(_BEARER) else "sign in at / first, or send Authorization: Bearer TOKEN"
        return _refusal(401, reason, {"WWW-Authenticate": 'Bearer realm="orderflow replay"'})

    def _follow_link(self) -> Response:
        """The token of a link leaves the address; all else in it stays."""
        return self._let_in(request.args["token"].strip(), urlencode(list(request.args.items(multi=True))))

    def _sign_in(self) -> Response:
        if request.method == "GET":
            return _form(200)
        if not is_own(request.headers):
            return _refusal(403, "a page of another site may sign nobody in")
        return self._let_in(request.form.get("token", "").strip(), request.form.get("query", ""))

    def _sign_out(self) -> Response:
        if not is_own(request.headers):
            return _refusal(403, "a page of another site may sign nobody out")
        answer = _redirection("")
        answer.delete_cookie(self._cookie, httponly=True, secure=request.is_secure, samesite="Lax")
        return answer

    def _let_in(self, token: str, query: str) -> Response:
        right, wait_s = self._admitted(token)
        if wait_s:
            answer = _form(429, f"Too many wrong tokens. Try again in {wait_s} s.", query)
            answer.headers["Retry-After"] = str(wait_s)
            return answer
        if right is None:
            return _form(403, _WRONG, query)
        _log.info("signed_in", right=right, client=self._client(), encrypted=request.is_secure)
        answer = _redirection(query)
        answer.set_cookie(
            self._cookie,
            self._sessions.opened(right),
            max_age=self._sessions.life_s,
            httponly=True,
            secure=request.is_secure,
            # Strict would show the form to everybody who follows a link from a mail or a chat. No GET changes anything,
            # and whatever does looks where it comes from (`is_own`).
            samesite="Lax",
        )
        return answer

    def _admitted(self, token: str) -> tuple[Right | None, int]:
        """What a token permits, and for how many seconds none is looked at, because too many were wrong."""
        client = self._client()
        with self._lock:
            now_ns = self._monotonic_ns()
            wait_ns = max(self._failures.wait_ns(client, now_ns), self._all_failures.wait_ns(_ALL, now_ns))
            if wait_ns:
                return None, _whole_s(wait_ns)
            right = self._sessions.right_of(token)
            if right is None:
                self._failures.charge(client, now_ns)
                self._all_failures.charge(_ALL, now_ns)
        if right is None:
            _log.warning("sign_in_refused", client=client, path=request.path[:20])
        return right, 0

    def _client(self) -> str:
        return client_key(request.remote_addr, request.headers.get("X-Forwarded-For", ""), self._proxies)


def _cookie_name(settings: Settings) -> str:
    # Cookies do not tell ports apart, and several servers may run on a machine.
    return f"orderflow-{settings.port}"


def _of_a_session(burst: int) -> Rates:
    burst = max(1, burst)
    return Rates(burst, _REFILL_S * _NS // burst, _MOST_KEYS)


def _form(status: int, notice: str = "", query: str = "") -> Response:
    shown = f'<p role="alert">{html.escape(notice)}</p>' if notice else ""
    looks = {"first_look": page_files.FIRST_LOOK, "tokens": page_files.TOKENS}
    page = _PAGE.substitute(looks, notice=shown, query=html.escape(query))
    answer = Response(page, status, content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"})
    if status == 401:  # noqa: PLR2004 - the one that demands it
        answer.headers["WWW-Authenticate"] = 'Bearer realm="orderflow replay"'
    return answer


def _redirection(query: str) -> Response:
    # It comes from outside and goes into a header, so it is taken apart and put together.
    again = urlencode([each for each in parse_qsl(query, keep_blank_values=True) if each[0] != "token"])
    return Response(status=303, headers={"Location": f"/?{again}" if again else "/", "Cache-Control": "no-store"})


def _refusal(status: int, reason: str, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode({"error": reason}), status, headers, content_type="application/json")


def _whole_s(wait_ns: int) -> int:
    return -(-wait_ns // _NS)
