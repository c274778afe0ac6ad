"""Reads a dataset in a thread and writes it as a store, while other threads read what is there already."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Final

from processor.core.report import Report
from processor.errors import DatasetError
from processor.prefetch import prefetched
from processor.sources.key import key_when_sorted, source_key
from processor.store.cache import CacheUnusable
from processor.store.digests import digest_of
from processor.store.manifest import STORE_VERSION, Manifest
from processor.store.writer import StoreWriter
from shared import WriteFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.formats import Dataset

_CHUNKS_AHEAD: Final = 2


def new_manifest(
    dataset: Dataset, instrument: str, clock: str, content: Callable[[Path], bytes] = digest_of
) -> Manifest:
    """The manifest of a store of `instrument` that has no segment yet; `content` gives the digest of a file.

    Raises:
        OSError: a file of the dataset cannot be read.
    """
    files = dataset.files_of(instrument)
    key = source_key(dataset.format, instrument, clock, files, dataset.unused_of(instrument), content)
    return Manifest(
        version=STORE_VERSION,
        key=key_when_sorted(key) if dataset.sort else key,
        format=dataset.format,
        instrument=instrument,
        clock=clock,
        source_bytes=sum(file.size_bytes for file in files),
    )


class Conversion:
    """Writes a dataset into the store at `folder`.

    Other threads may read `manifest`, `report` and `consumed_bytes`: each is replaced as a whole, never changed. When
    `ended` is set, `failure` says why the dataset cannot be read, `unusable` why the store cannot be written. If both
    are None, the store is complete or `stop` was called.
    """

    def __init__(
        self,
        dataset: Dataset,
        folder: Path,
        manifest: Manifest,
        *,
        check: Callable[[], None] = lambda: None,
        on_complete: Callable[[], None] = lambda: None,
    ) -> None:
        """Nothing runs before `start` or `run`.

        `check` is called after each segment; it may raise CacheUnusable to end the conversion. `on_complete` is called
        once the store is complete.
        """
        self.manifest = manifest
        self.report = Report()
        self.consumed_bytes = 0
        self.failure: BaseException | None = None
        self.unusable: str | None = None
        self.ended = False
        self._dataset = dataset
        self._folder = folder
        self._check = check
        self._on_complete = on_complete
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="conversion", daemon=True)

    def start(self) -> None:
        """Run in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread soon. What is written stays, and the next conversion continues it."""
        self._stopped = True
        if self._thread.is_alive():
            self._thread.join()

    def wait(self, segments: int, timeout_s: float) -> bool:
        """Wait until there are more than `segments`, or the conversion has ended; return False after `timeout_s`."""

        def is_over() -> bool:
            return self.ended or len(self.manifest.segments) > segments

        with self._changed:
            return self._changed.wait_for(is_over, timeout_s)

    def run(self, on_progress: Callable[[int], None] = lambda _: None) -> None:
        """Convert in this thread; `on_progress` is called with the bytes read so far.

        Raises:
            DatasetError: the dataset is unusable, or changed while it was read.
            CacheUnusable: `check` said so.
            OSError, WriteFailed: the operating system refused.
        """
        report = Report()
        opened = self._dataset.open(self.manifest.instrument, self.manifest.clock, report)
        before = self._dataset.marks()
        writer = StoreWriter(self._folder, self.manifest)
        with closing(prefetched(opened.chunks(report), _CHUNKS_AHEAD)) as chunks:
            for chunk in chunks:
                if self._stopped:
                    return
                more = writer.add(chunk)
                if more:
                    self._check()
                self.consumed_bytes = chunk.consumed_bytes
                self.report = report.copy()
                on_progress(chunk.consumed_bytes)
                if more:
                    self._announce(writer.manifest)
        if self._dataset.marks() != before:
            msg = f"{self._dataset.path} changed while it was read; start again to replay what is there now"
            raise DatasetError(msg)
        writer.close(report)
        self._on_complete()
        self.report = report.copy()
        self._announce(writer.manifest)

    def _run(self) -> None:
        try:
            self.run()
        except CacheUnusable as reason:
            self.unusable = str(reason)
        except (OSError, WriteFailed) as error:
            self.unusable = f"{self._folder} cannot be written: {error}"
        except BaseException as error:  # noqa: BLE001 - raised again where the events are read
            self.failure = error
        finally:
            with self._changed:
                self.ended = True
                self._changed.notify_all()

    def _announce(self, manifest: Manifest) -> None:
        with self._changed:
            self.manifest = manifest
            self._changed.notify_all()
