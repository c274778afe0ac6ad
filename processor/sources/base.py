"""What a replay asks of the place that its events come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from processor.core.detected.found import Kind
    from processor.core.engine import EngineState
    from processor.core.merge.chunk import Chunk, EventKind
    from processor.core.price_step import PriceStep
    from processor.core.report import Report
    from processor.settings import Activity, Aggregation, Moment
    from processor.sources.extent import Extent
    from processor.store.volumes import Volumes


class Source(Protocol):
    """One instrument of a dataset, in the order of one clock. `report` is what has been found in it so far."""

    report: Report
    instrument: str
    size_bytes: int

    @property
    def read_bytes(self) -> int | None:
        """How much of `size_bytes` has been read ahead of the replay; None where nothing is read ahead."""

    @property
    def time_range(self) -> tuple[int, int] | None:
        """Times in ns of the first and the last event, where they are known."""

    @property
    def whole(self) -> bool:
        """Whether the dataset's own files are not needed any more."""

    @property
    def cache(self) -> str:
        """What status.json says of the cache: off, filling, complete or abandoned."""

    def start(
        self,
        aggregation: Aggregation,
        at: Moment | None,
        *,
        keep: int | None,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> tuple[EngineState | None, Iterator[Chunk]]:
        """The state that an engine starts from, None for a new one, and the chunks that follow it, past `at`.

        From there the engine has the whole history, or as much as its last `keep` intervals need; with None, all of it.
        `while_waiting` is called a few times a second while there is nothing yet; what it raises is raised.

        Raises:
            DatasetError: the dataset is unusable.
        """

    def stop(self) -> None:
        """End the chunks of the last `start`, also where another thread waits for them."""

    def skips(self, from_ns: int, to_ns: int) -> bool:
        """Whether `start` at `to_ns` passes over events that have to be read on the way from `from_ns`."""

    def neighbour(
        self, at_ns: int, kind: EventKind, *, forward: bool, while_waiting: Callable[[], None] = lambda: None
    ) -> int | None:
        """Time of the first event of `kind` later than `at_ns`, or of the last one earlier; None where there is none.

        Raises:
            DatasetError: the dataset is unusable.
        """

    def session_start(
        self, at_ns: int, session_ns: int, *, forward: bool, while_waiting: Callable[[], None] = lambda: None
    ) -> int | None:
        """Time of the first start of a session later than `at_ns`, or of the last one earlier; None without any.

        Sessions start at `session_ns` of a day; see `processor.core.sessions`.

        Raises:
            DatasetError: the dataset is unusable.
        """

    def event_time(
        self,
        at_ns: int,
        kind: Kind,
        aggregation: Aggregation,
        *,
        forward: bool,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> int | None:
        """When the first event of a kind later than `at_ns` becomes known, or the last one earlier; None without any.

        Divergences are those of the bars of `aggregation`.

        Raises:
            DatasetError: the dataset is unusable.
        """

    def alert_time(
        self,
        at_ns: int,
        aggregation: Aggregation,
        *,
        forward: bool,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> int | None:
        """When the first alert of `aggregation` later than `at_ns` is raised, or the last one earlier; or None.

        Raises:
            DatasetError: the dataset is unusable.
        """

    def bar(
        self, activity: Activity, at_ns: int, while_waiting: Callable[[], None] = lambda: None
    ) -> tuple[int, int | None]:
        """Start of the bar of `activity` that holds `at_ns`, and of the one after it; None if nothing fills it.

        Raises:
            DatasetError: the dataset is unusable.
        """

    def volumes(self) -> Volumes | None:
        """The traded volume of what has been read, over its whole range; None where that is not known."""

    def extent(self, while_waiting: Callable[[], None] = lambda: None) -> Extent:
        """How long the dataset is and how many trades it has, about.

        Raises:
            DatasetError: the dataset is unusable.
        """

    def price_step(self) -> PriceStep:
        """The price step of what has been read ahead of the replay."""

    def refresh(self) -> None:
        """Bring `report` up to date. To be called by the thread that uses it.

        Raises:
            Disordered: what has been read so far lacks rows that came too late.
        """

    def close(self) -> None:
        """End what runs for this source."""
