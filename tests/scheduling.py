"""Which tests run first, and which process runs them where several share the tests.

Many tests wait: for a container, for a browser, for a process that was killed. So there is one process more than cores
(scripts/test.sh), and what takes longest starts first, so that single small tests fill the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    import pytest

_CONTAINERS: Final = "tests/containers"
_BROWSER: Final = "tests/browser"
_TOGETHER: Final = (
    _CONTAINERS,
    # A fixture that is expensive, of the module or of the session.
    "tests/formats/test_expected.py",
    "tests/aggregate/test_fanout.py",
    "tests/aggregate/test_view_tables.py",
    "tests/aggregate/test_heatmap_table.py",
    "tests/browser/test_replayed.py",
    # Real processes that have deadlines of their own: one after the other.
    "tests/test_durability.py",
    "tests/test_run.py",
    "tests/test_control_docs.py",
    "tests/test_bench.py",
)
"""Files and folders that one process runs as a whole."""
_FIRST: Final = (
    _CONTAINERS,
    # They compile what processes need that tests start, which do not take turns at it (tests/compiling.py).
    "tests/formats/test_expected.py",
    "tests/core",
    "tests/replay",
    "tests/test_durability.py",
    "tests/aggregate",
    "tests/test_run.py",
    "tests/test_control_docs.py",
    "tests/browser/test_replayed.py",
    _BROWSER,
    "tests/test_bench.py",
)
"""What starts first, in this order."""


def in_order(items: list[pytest.Item]) -> None:
    """Sort the tests: what takes longest first, and each file's tests together, whatever their parameters.

    Those that share a browser's page come before the others of a browser, so that it is open once.
    """
    files: dict[str, int] = {}
    for item in items:
        files.setdefault(_file(item.nodeid), len(files))
    items.sort(key=lambda item: (_rank(item.nodeid), not _shares_page(item), files[_file(item.nodeid)]))


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out the tests in their order, but no browser's test to a second process while containers come and go.

    Networks that come up make Chromium drop what it is loading.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((group for group in _TOGETHER if nodeid.startswith(group)), nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        allowed = (scope for scope in self.workqueue if self._may_start(scope, node))
        if (scope := next(allowed, None)) is not None:
            self.workqueue.move_to_end(scope, last=False)
            super()._assign_work_unit(node)

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        super().mark_test_complete(node, item_index, duration)
        if self.registered_collections[node][item_index].startswith(_CONTAINERS) and not self._has_containers():
            # Those that had to wait: a process runs a test as soon as it knows the next.
            for waiting in [*self.nodes, *self.nodes]:
                self._reschedule(waiting)

    def _may_start(self, scope: str, node: Any) -> bool:
        # What runs the containers will have ended them before.
        return not scope.startswith(_BROWSER) or self._has_containers(node) or not self._has_containers()

    def _has_containers(self, node: Any = None) -> bool:
        """Whether tests of containers have not ended: of one process, or of all and of none yet."""
        assigned = self.assigned_work.values() if node is None else [self.assigned_work[node]]
        pending = any(not all(work.get(_CONTAINERS, {}).values()) for work in assigned)
        return pending or (node is None and _CONTAINERS in self.workqueue)


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _shares_page(item: pytest.Item) -> bool:
    return "shared_page" in getattr(item, "fixturenames", ())


def _rank(nodeid: str) -> int:
    ranks = (rank for rank, start in enumerate(_FIRST) if nodeid.startswith(start))
    return next(ranks, len(_FIRST))
