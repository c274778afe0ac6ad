"""How often something may be done, by key: a bucket of permissions that refills steadily. Pure."""

from __future__ import annotations

from typing import Final


class Rates:
    """At most `burst` times at once by each key, and then once in `every_ns`.

    Of each key only the time is held at which its bucket will be full again (the generic cell rate algorithm, ITU-T
    I.371), of at most `most_keys` keys; of further ones, the key that was charged longest ago is forgotten. Times are
    in ns of a clock that does not jump. Threads must not share it without a lock.
    """

    def __init__(self, burst: int, every_ns: int, most_keys: int) -> None:
        self._every_ns: Final = every_ns
        self._capacity_ns: Final = burst * every_ns
        self._most_keys: Final = most_keys
        self._full_at_ns: dict[str, int] = {}

    def __len__(self) -> int:
        """Number of keys held."""
        return len(self._full_at_ns)

    def wait_ns(self, key: str, now_ns: int) -> int:
        """How long until the key has a permission; 0 where it has one."""
        full_at_ns = max(self._full_at_ns.get(key, now_ns), now_ns)
        return max(0, full_at_ns + self._every_ns - now_ns - self._capacity_ns)

    def charge(self, key: str, now_ns: int) -> None:
        """Use up a permission of the key."""
        # The newest goes to the end of the dict.
        full_at_ns = max(self._full_at_ns.pop(key, now_ns), now_ns)
        while len(self._full_at_ns) >= self._most_keys:
            del self._full_at_ns[next(iter(self._full_at_ns))]
        self._full_at_ns[key] = full_at_ns + self._every_ns
