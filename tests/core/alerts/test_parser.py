"""What an expression means, and what is said of one that means nothing: the word, its place, and what is right."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.alerts.names import HAPPENINGS, NAMES
from processor.core.alerts.parser import all_parsed, parsed
from processor.core.alerts.tree import Both, Compare, Crosses, Either, Happens, Lasts
from processor.errors import ExpressionError, SettingError
from processor.units import NS_PER_SECOND

PRICE = Compare("price", ">", Fraction(1))
SPREAD = Compare("spread", "<", Fraction(2))
SWEEP = Happens("sweep")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("price > 1", PRICE),
        ("PRICE>1", PRICE),
        ("delta < -500", Compare("delta", "<", Fraction(-500))),
        ("price = 61,800.5", Compare("price", "=", Fraction("61800.5"))),
        ("price == .5", Compare("price", "=", Fraction(1, 2))),
        ("price ≥ 1", Compare("price", ">=", Fraction(1))),
        ("price crosses 61,800", Crosses("price", Fraction(61800), up=True, down=True)),
        ("mid crosses above 2", Crosses("mid", Fraction(2), up=True, down=False)),
        ("mid crosses below -2", Crosses("mid", Fraction(-2), up=False, down=True)),
        ("sweep", SWEEP),
        ("price > 1 and spread < 2 or sweep", Either((Both((PRICE, SPREAD)), SWEEP))),
        ("price > 1 and (spread < 2 or sweep)", Both((PRICE, Either((SPREAD, SWEEP))))),
        ("not price > 1", Compare("price", "<=", Fraction(1))),
        ("not (price > 1 and not sweep)", Either((Compare("price", "<=", Fraction(1)), SWEEP))),
        ("not not sweep", SWEEP),
        ("price > 1 for 5 s", Lasts(PRICE, 5 * NS_PER_SECOND)),
        ("price > 1 for 1.5m", Lasts(PRICE, 90 * NS_PER_SECOND)),
        ("price > 1 for 5 s and sweep", Both((Lasts(PRICE, 5 * NS_PER_SECOND), SWEEP))),
        ("(price > 1 and spread < 2) for 1h", Lasts(Both((PRICE, SPREAD)), 3600 * NS_PER_SECOND)),
        ("(not sweep) for 60 s", Lasts(Happens("sweep", negated=True), 60 * NS_PER_SECOND)),
        ("((price > 1) for 5 s) for 5 s", Lasts(Lasts(PRICE, 5 * NS_PER_SECOND), 5 * NS_PER_SECOND)),
    ],
)
def test_what_is_written_is_what_is_meant(text: str, tree: object) -> None:
    assert parsed(text).root == tree


@pytest.mark.parametrize(
    ("text", "what", "column"),
    [
        ("obi10 > 0.6", "unknown name 'obi10' at column 1: expected one of price,", 1),
        ("price > 1 and swep", "unknown name 'swep'", 15),
        ("price % 2", "unexpected '%'", 7),
        ("price > 61,80", "odd number '61,80' at column 9: expected thousands in groups of three, such as 61,800", 9),
        ("price > ", "it ends at column 8: expected a number", 8),
        ("price", "it ends at column 6: expected >, >=, <, <=, =, != or crosses after price", 6),
        ("price > spread", "unexpected 'spread' at column 9: expected a number", 9),
        ("price > 1 spread < 2", "unexpected 'spread' at column 11: expected and, or, for, or the end", 11),
        ("price > 1 and", "it ends at column 14: expected a name, not or (", 14),
        ("and price > 1", "unexpected 'and' at column 1", 1),
        ("(price > 1", "it ends at column 11: expected ) or and, or, for", 11),
        ("price > 1)", "unexpected ')' at column 10: expected the end: there is no ( for it", 10),
        ("sweep > 1", "unexpected '>' at column 7: expected and, or, for, or the end: sweep is an event", 7),
        ("sweep for 5 s", "'sweep' lasts no time at column 1", 1),
        ("price crosses 1 for 5 s", "'price' lasts no time at column 1", 1),
        ("(price > 1 and sweep) for 5 s", "'(' lasts no time at column 1", 1),
        ("price > 1 and spread < 2 for 5 s", "unexpected 'for' at column 26: expected parentheses", 26),
        ("not price > 1 for 5 s", "unexpected 'for' at column 15: expected parentheses", 15),
        ("price > 1 for", "it ends at column 14: expected a duration", 14),
        ("price > 1 for 5", "it ends at column 16: expected one of ms, s, m, h", 16),
        ("price > 1 for 5 d", "unexpected 'd' at column 17: expected one of ms, s, m, h", 17),
        ("price > 1 for 0 s", "no such duration 0 s at column 15", 15),
        ("price > 1 for 200 h", "no such duration 200 h at column 15", 15),
        ("price > 1 for 0.0000001 ms", "no such duration 0.0000001 ms at column 15", 15),
        ("", "it ends at column 1: expected a name, not or (", 1),
        ("price > 1" + " or price > 1" * 20, "it goes on at column 201: expected at most 200 characters", 201),
    ],
)
def test_an_error_points_at_the_word(text: str, what: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parsed(text)
    assert what in str(caught.value)
    assert str(caught.value).startswith("invalid alert ")
    assert caught.value.column == column


def test_a_name_that_is_nearly_one_is_named() -> None:
    with pytest.raises(ExpressionError, match=r"did you mean obi_10\?"):
        parsed("obi10 > 0.6")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_be_written(name: str) -> None:
    text = name if name in HAPPENINGS else f"{name} > 1"
    assert parsed(text).text == text


def test_each_expression_is_kept_once_with_single_spaces() -> None:
    assert all_parsed(["price  >  1", " price > 1", "sweep"]) == ("price > 1", "sweep")
    with pytest.raises(SettingError, match="at most 20"):
        all_parsed([f"price > {number}" for number in range(21)])


@given(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from([*NAMES[:8], "sweep", "and", "or", "not", "for", "(", ")", ">", "1", "s", "crosses", "-"]),
        max_size=12,
    ).map(" ".join)
)
def test_any_text_is_an_expression_or_a_sentence_about_a_place_in_it(text: str) -> None:
    whole = " ".join(text.split())
    column = 1
    try:
        assert parsed(text).text == whole
    except ExpressionError as error:
        column = error.column
    assert 1 <= column <= len(whole) + 1
