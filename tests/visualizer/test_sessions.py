"""Tokens, and the cookies that stand for them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visualizer.server.sessions import Right, Sessions, Visitor

STEER = "steer-token-0123456789"
WATCH = "watch-token-0123456789"
TOKENS: dict[Right, str] = {"steer": STEER, "watch": WATCH}
LIFE_S = 3600


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


def test_each_token_permits_what_it_is_for() -> None:
    sessions = Sessions(TOKENS, LIFE_S)
    assert sessions.right_of(STEER) == "steer"
    assert sessions.right_of(WATCH) == "watch"


@given(st.text())
def test_any_other_text_permits_nothing(text: str) -> None:
    assert Sessions(TOKENS, LIFE_S).right_of(text) is None


def test_a_session_is_that_of_its_token_for_as_long_as_it_lasts() -> None:
    clock = Clock()
    sessions = Sessions(TOKENS, LIFE_S, clock)
    for right in TOKENS:
        cookie = sessions.opened(right)
        visitor = sessions.visitor(cookie)
        assert visitor.right == right
        assert visitor.session
        assert visitor.left_s == LIFE_S
        clock.now_s += LIFE_S
        assert sessions.visitor(cookie) == visitor._replace(left_s=0)
        clock.now_s += 1
        assert sessions.visitor(cookie) == Visitor(None)


def test_every_session_is_another_one() -> None:
    sessions = Sessions(TOKENS, LIFE_S)
    assert sessions.visitor(sessions.opened("steer")).session != sessions.visitor(sessions.opened("steer")).session


def test_another_worker_and_the_next_start_know_it_and_a_server_of_other_tokens_does_not() -> None:
    cookie = Sessions(TOKENS, LIFE_S).opened("watch")
    assert Sessions(TOKENS, LIFE_S).visitor(cookie).right == "watch"
    assert Sessions(TOKENS | {"steer": "another-token-012345"}, LIFE_S).visitor(cookie).right == "watch"
    assert Sessions(TOKENS | {"watch": "another-token-012345"}, LIFE_S).visitor(cookie).right is None


def test_who_may_watch_cannot_make_a_session_that_steers() -> None:
    # All that a watcher knows: their token, a cookie of theirs, and this program.
    forged = Sessions({"steer": WATCH}, LIFE_S).opened("steer")
    assert Sessions(TOKENS, LIFE_S).visitor(forged).right is None


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_changed_cookie_is_nobodys(at: int, put: str) -> None:
    sessions = Sessions(TOKENS, LIFE_S)
    cookie = sessions.opened("steer")
    at %= len(cookie) - 1  # the last letter of Base64 has bits that mean nothing
    changed = cookie[:at] + put + cookie[at + 1 :]
    assert sessions.visitor(changed).right == ("steer" if changed == cookie else None)


def test_a_cookie_in_the_other_alphabet_of_base64_is_nobodys() -> None:
    sessions = Sessions(TOKENS, LIFE_S)
    cookie = next(each for each in iter(lambda: sessions.opened("steer"), None) if {"-", "_"} & {*each[-43:-1]})
    assert sessions.visitor(cookie).right == "steer"
    changed = cookie[:-43] + cookie[-43:].replace("-", "+").replace("_", "/")
    assert sessions.visitor(changed) == Visitor(None)


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    assert Sessions(TOKENS, LIFE_S).visitor(text) == Visitor(None)
