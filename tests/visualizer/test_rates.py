from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from visualizer.server.rates import Rates

EVERY_NS = 7


class Buckets:
    """Levels of all keys ever charged, as one would describe them: a permission flows in every so often."""

    def __init__(self, burst: int) -> None:
        self.burst = burst
        self.levels: dict[str, tuple[Fraction, int]] = {}

    def level(self, key: str, now_ns: int) -> Fraction:
        level, at_ns = self.levels.get(key, (Fraction(self.burst), now_ns))
        return min(Fraction(self.burst), level + Fraction(now_ns - at_ns, EVERY_NS))

    def wait_ns(self, key: str, now_ns: int) -> Fraction:
        return max(Fraction(0), (1 - self.level(key, now_ns)) * EVERY_NS)

    def charge(self, key: str, now_ns: int) -> None:
        self.levels[key] = self.level(key, now_ns) - 1, now_ns


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 20)), max_size=15),
)
def test_the_wait_is_that_of_a_bucket_that_refills_steadily(burst: int, steps: list[tuple[str, int]]) -> None:
    rates, buckets, now_ns = Rates(burst, EVERY_NS, 100), Buckets(burst), 10
    for key, later_ns in steps:
        now_ns += later_ns
        assert rates.wait_ns(key, now_ns) == buckets.wait_ns(key, now_ns)
        if rates.wait_ns(key, now_ns) == 0:
            rates.charge(key, now_ns)
            buckets.charge(key, now_ns)


@given(st.lists(st.sampled_from("abcdef"), max_size=12))
def test_no_more_keys_are_held_than_there_may_be_and_the_oldest_charge_is_forgotten_first(keys: list[str]) -> None:
    rates = Rates(1, EVERY_NS, 3)
    for key in keys:
        rates.charge(key, 0)
        assert len(rates) <= 3
    newest = list(dict.fromkeys(reversed(keys)))[:3]
    for key in "abcdef":
        assert (rates.wait_ns(key, 0) > 0) is (key in newest)
