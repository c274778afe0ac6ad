"""Who gets which answer where one has to sign in; by the clock of the test."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import CONTROL_FILE
from visualizer.server import dashboard
from visualizer.server.login import COMMANDS, FAILURE_FORGOTTEN_S, FAILURES_BY_ALL, FAILURES_BY_CLIENT, Login
from visualizer.server.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

STEER: Final = "steer-token-0123456789"
WATCH: Final = "watch-token-0123456789"
PLAY: Final = {"action": "play"}
_NS: Final = 1_000_000_000


class Clock:
    """Both clocks of the login."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000

    def s(self) -> float:
        return self.now_s

    def ns(self) -> int:
        return self.now_s * _NS


class Site:
    """A server, its clock, and browsers that visit it."""

    def __init__(self, folder: Path, clock: Clock, **settings: Any) -> None:
        given: dict[str, Any] = {"token": STEER, "watch_token": WATCH, "workers": 1, "session_hours": 1} | settings
        self.settings = Settings(ipc_dir=folder / "ipc", control_dir=folder / "control", **given)
        self.clock = clock
        self.server = dashboard.create(self.settings).server

    def browser(self, right: str = "", **environment: str) -> FlaskClient:
        client: FlaskClient = self.server.test_client()
        client.environ_base |= environment
        if right:
            token = {"steer": STEER, "watch": WATCH}[right]
            assert client.post("/sign-in", data={"token": token}).status_code == 303
        return client


def guarded(folder: Path) -> Site:
    """A site of its own."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dashboard, "Login", lambda settings: Login(settings, clock.s, clock.ns))
        return Site(folder, clock)


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return guarded(tmp_path_factory.mktemp("guarded"))


@pytest.fixture
def site(shared_site: Site) -> Site:
    """The site a day after the test before: what was counted is forgotten, and sessions have ended."""
    shared_site.clock.now_s += 86_400
    (shared_site.settings.control_dir / CONTROL_FILE).unlink(missing_ok=True)
    return shared_site


def is_form(answer: TestResponse) -> bool:
    return answer.content_type.startswith("text/html") and 'name="token"' in answer.text


@pytest.mark.parametrize(
    "path", ["/metrics", "/report.json", "/_dash-layout", "/_dash-dependencies", "/none", "/page/x/main.js"]
)
def test_a_stranger_is_told_nothing(site: Site, path: str) -> None:
    answer = site.browser().get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert set(json.loads(answer.data)) == {"error"}


def test_a_stranger_at_the_page_gets_the_form(site: Site) -> None:
    answer = site.browser().get("/?t=2024-08-09T00:01&x=%22%3E%3Cscript%3E")
    assert answer.status_code == 401
    assert is_form(answer)
    assert answer.text.count("<script") == 1, "that which puts on the looks"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_stranger_polls_and_steers_nothing(site: Site) -> None:
    stranger = site.browser()
    assert stranger.post("/poll", json={}).status_code == 401
    assert "sign in" in stranger.post("/control", json=PLAY).json["error"]  # type: ignore[index]
    assert not (site.settings.control_dir / CONTROL_FILE).exists()


@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]),
    path=st.one_of(
        st.text(), st.sampled_from(["sign-in/", "SIGN-IN", "/", "health/", "health/../metrics", "sign-out"])
    ),
    query=st.dictionaries(st.sampled_from(["token", "query", "t"]), st.text(), max_size=2),
    authorization=st.one_of(
        st.just(""), st.text(st.characters(codec="ascii", exclude_categories=["C"])).map("Bearer {}".format)
    ),
    cookie=st.text(st.characters(codec="ascii", exclude_categories=["C"])),
    body=st.one_of(st.binary(max_size=50), st.just(b"token=wrong"), st.just(b'{"action": "play"}')),
    kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "multipart/form-data", ""]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_stranger_sends_they_get_a_form_a_refusal_or_that_the_server_lives(
    site: Site,
    method: str,
    path: str,
    query: dict[str, str],
    authorization: str,
    cookie: str,
    body: bytes,
    kind: str,
) -> None:
    site.clock.now_s += 3600
    headers = {"Authorization": authorization, "Cookie": f"orderflow-8050={cookie}", "Content-Type": kind}
    answer = site.browser().open(f"/{quote(path)}", method=method, query_string=query, data=body, headers=headers)
    assert "Set-Cookie" not in answer.headers
    if answer.status_code == 200:
        assert answer.json == {"status": "ok"} if answer.is_json else is_form(answer) or not answer.data
    else:
        # Werkzeug itself sends double slashes to single ones.
        assert answer.status_code in {308, 401, 403, 405, 429}
        assert "Traceback" not in answer.text
    assert not (site.settings.control_dir / CONTROL_FILE).exists()


def test_who_may_only_watch_may_ask_for_views(site: Site) -> None:
    held = {"views": {"tape": {"crc32": None}}}
    assert site.browser("watch").post("/poll", json=held).status_code == 200
    assert (site.settings.control_dir / "views" / "tape").exists()


def test_a_stranger_learns_of_the_health_that_the_server_lives_and_no_more(site: Site) -> None:
    assert site.browser().get("/health").json == {"status": "ok"}
    assert set(site.browser("watch").get("/health").json) == {  # type: ignore[arg-type]
        "status",
        "state",
        "data_age_ms",
        "problem",
    }


@pytest.mark.parametrize("right", ["steer", "watch"])
@pytest.mark.parametrize("path", ["/", "/metrics", "/_dash-layout", "/health"])
def test_whoever_signed_in_sees_everything(site: Site, right: str, path: str) -> None:
    assert site.browser(right).get(path).status_code == 200


def test_the_token_to_watch_steers_nothing_and_the_answer_says_why(site: Site) -> None:
    answer = site.browser("watch").post("/control", json=PLAY)
    assert answer.status_code == 403
    assert "may only watch" in answer.json["error"]  # type: ignore[index]
    assert not (site.settings.control_dir / CONTROL_FILE).exists()


def test_the_other_token_steers(site: Site) -> None:
    assert site.browser("steer").post("/control", json=PLAY).status_code == 202


@pytest.mark.parametrize(("right", "control"), [("steer", "on"), ("watch", "watch")])
def test_each_poll_says_whether_its_session_may_steer(site: Site, right: str, control: str) -> None:
    answer = site.browser(right).post("/poll", json={})
    assert answer.json["control"] == control  # type: ignore[index]


def test_the_cookie_is_for_this_server_alone_and_for_an_hour_and_never_for_scripts(site: Site) -> None:
    cookie = site.browser().post("/sign-in", data={"token": STEER}).headers["Set-Cookie"]
    assert re.match(r"orderflow-8050=[\w.-]+; ", cookie)
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=3600"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "Secure" not in cookie
    assert STEER not in cookie


def test_behind_tls_the_cookie_never_travels_in_the_clear(site: Site) -> None:
    answer = site.browser().post("/sign-in", data={"token": STEER}, base_url="https://localhost")
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")


def test_a_link_signs_in_and_its_token_leaves_the_address(site: Site) -> None:
    browser = site.browser()
    answer = browser.get(f"/?t=2024-08-09T00:01&token={STEER}&view=depth")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/?t=2024-08-09T00%3A01&view=depth"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert browser.get("/metrics").status_code == 200


def test_a_link_to_steer_counts_for_whoever_watches(site: Site) -> None:
    browser = site.browser("watch")
    assert browser.get(f"/?token={STEER}").status_code == 303
    assert browser.post("/control", json=PLAY).status_code == 202


def test_after_the_form_the_address_is_the_one_that_was_asked_for(site: Site) -> None:
    data = {"token": STEER, "query": "t=1&token=old&name=a%0D%0Ab"}
    assert site.browser().post("/sign-in", data=data).headers["Location"] == "/?t=1&name=a%0D%0Ab"


@pytest.mark.parametrize("query", ["//evil.example", "https://evil.example/", "\r\nSet-Cookie: a=b", "\\evil.example"])
def test_no_query_leads_to_another_site(site: Site, query: str) -> None:
    location = site.browser().post("/sign-in", data={"token": STEER, "query": query}).headers["Location"]
    assert location == "/" or location.startswith("/?")
    assert location.isprintable()


@pytest.mark.parametrize("token", ["", "wrong", STEER[:-1], STEER + "x", WATCH.upper(), "é" * 30])
def test_a_wrong_token_opens_nothing(site: Site, token: str) -> None:
    browser = site.browser()
    answer = browser.post("/sign-in", data={"token": token})
    assert answer.status_code == 403
    assert is_form(answer)
    assert "none of this server" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert browser.get("/?token=" + token).status_code == 403
    assert browser.get("/metrics").status_code == 401


def test_a_session_ends_after_its_hours(site: Site) -> None:
    browser = site.browser("steer")
    site.clock.now_s += 3600
    assert browser.get("/metrics").status_code == 200
    site.clock.now_s += 1
    assert browser.get("/metrics").status_code == 401


def test_signing_out_forgets_the_session_in_this_browser(site: Site) -> None:
    browser = site.browser("steer")
    answer = browser.post("/sign-out")
    assert answer.status_code == 303
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert browser.get("/metrics").status_code == 401


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_another_site_signs_nobody_in_or_out(site: Site, path: str) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        answer = site.browser("steer").post(path, data={"token": STEER}, headers=headers)
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers


def test_a_program_sends_its_token_with_each_request(site: Site) -> None:
    program = site.browser()
    for token, expected in ((STEER, 202), (WATCH, 403), ("wrong", 401)):
        headers = {"Authorization": f"Bearer {token}"}
        assert program.post("/control", json=PLAY, headers=headers).status_code == expected
        assert program.get("/metrics", headers=headers).status_code == (401 if token == "wrong" else 200)  # noqa: S105


def fail(browser: FlaskClient, times: int) -> TestResponse:
    for _ in range(times):
        answer = browser.post("/sign-in", data={"token": "wrong"})
    return answer


def test_after_too_many_wrong_tokens_an_address_has_to_wait_even_with_the_right_one(site: Site) -> None:
    browser, other = site.browser(), site.browser(REMOTE_ADDR="192.0.2.7")
    assert fail(browser, FAILURES_BY_CLIENT).status_code == 403
    for answer in (
        browser.post("/sign-in", data={"token": STEER}),
        browser.get(f"/?token={STEER}"),
        browser.get("/metrics", headers={"Authorization": f"Bearer {STEER}"}),
    ):
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == str(FAILURE_FORGOTTEN_S)
        assert "Set-Cookie" not in answer.headers
    assert other.post("/sign-in", data={"token": STEER}).status_code == 303

    site.clock.now_s += FAILURE_FORGOTTEN_S - 1
    assert browser.post("/sign-in", data={"token": STEER}).headers["Retry-After"] == "1"
    site.clock.now_s += 1
    assert browser.post("/sign-in", data={"token": STEER}).status_code == 303


def test_a_session_lives_on_while_its_address_may_not_sign_in(site: Site) -> None:
    browser = site.browser("steer")
    fail(site.browser(), FAILURES_BY_CLIENT)
    assert browser.post("/control", json=PLAY).status_code == 202


def test_right_tokens_never_count(site: Site) -> None:
    program = site.browser()
    for _ in range(2 * FAILURES_BY_CLIENT):
        assert program.get("/health", headers={"Authorization": f"Bearer {WATCH}"}).status_code == 200
        assert program.get(f"/?token={STEER}").status_code == 303


def test_many_addresses_together_have_to_wait_too(site: Site) -> None:
    for number in range(FAILURES_BY_ALL):
        assert fail(site.browser(REMOTE_ADDR=f"192.0.2.{number}"), 1).status_code == 403
    answer = site.browser(REMOTE_ADDR="198.51.100.1").post("/sign-in", data={"token": STEER})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= FAILURE_FORGOTTEN_S


def test_only_a_proxy_can_say_for_whom_it_asks(site: Site) -> None:
    through = {"X-Forwarded-For": "198.51.100.1"}
    for _ in range(FAILURES_BY_CLIENT):
        site.browser().post("/sign-in", data={"token": "wrong"}, headers=through)
    right = {"token": STEER}
    assert site.browser().post("/sign-in", data=right, headers=through).status_code == 429
    assert site.browser().post("/sign-in", data=right).status_code == 303
    claimed = site.browser(REMOTE_ADDR="192.0.2.7").post("/sign-in", data=right, headers=through)
    assert claimed.status_code == 303


def test_a_session_sends_so_many_commands_and_then_has_to_wait(site: Site) -> None:
    browser, other = site.browser("steer"), site.browser("steer")
    for _ in range(COMMANDS):
        assert browser.post("/control", json={}).status_code == 400
    answer = browser.post("/control", json=PLAY)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert "too many commands" in answer.json["error"]  # type: ignore[index]
    assert other.post("/control", json=PLAY).status_code == 202
    site.clock.now_s += 1
    assert browser.post("/control", json=PLAY).status_code == 202


def test_a_session_sends_so_many_requests_and_then_has_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visualizer.server.login.REQUESTS", 20)
    site = guarded(tmp_path)
    browser, other = site.browser("watch"), site.browser("watch")
    for _ in range(20):
        assert browser.get("/health").status_code == 200
    answer = browser.get("/metrics")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert other.get("/metrics").status_code == 200
    site.clock.now_s += 1
    assert browser.get("/metrics").status_code == 200


def test_where_there_is_no_token_nobody_signs_in(tmp_path: Path) -> None:
    client = dashboard.create(Settings(ipc_dir=tmp_path, control_dir=tmp_path / "control")).server.test_client()
    assert client.get("/?token=x").status_code == 200
    assert client.get("/metrics").status_code == 200
    assert client.post("/control", json=PLAY).status_code == 202
    assert "sign-out" not in client.get("/_dash-layout").text


def test_the_page_of_a_server_with_tokens_can_sign_out(site: Site) -> None:
    text = site.browser("watch").get("/_dash-layout").text
    assert re.search(r'"action":"[^"]*sign-out"', text)
    assert '"data-login":"on"' in text


def test_no_token_is_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    site.browser("steer")
    site.browser().get(f"/?token={STEER}x")
    said = caplog.text + "".join(capsys.readouterr())
    assert "sign_in_refused" in said
    assert STEER not in said


def test_a_form_that_is_too_long_is_refused(site: Site) -> None:
    assert site.browser().post("/sign-in", data={"token": "x" * 100_000}).status_code == 413
