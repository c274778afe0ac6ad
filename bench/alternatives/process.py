"""A process of one side: `python -m bench.alternatives.process write|read WAY PLACE RECORDING [USER]`, told by lines.

Each line of the input is an Order, and each is answered by one line, an Answer. The clock of all of them is the
monotonic one of the machine.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import psutil

from bench.alternatives.base import Broken
from bench.alternatives.recording import loaded
from bench.alternatives.ways import WAYS
from shared import ContractError

if TYPE_CHECKING:
    from bench.alternatives.base import Publication, Reader, Way, Writer
    from bench.alternatives.recording import Recording

_NS: Final = 1_000_000_000
READY: Final = b"ready\n"
_LOOK_S: Final = 0.1
_REOPEN_S: Final = 0.02


class Order(msgspec.Struct, frozen=True):
    """What to do from `begins_ns` to `ends_ns`.

    A writer publishes generations from `first` on, one each `period_ns`, or without pause where that is 0. So many
    `readers` of a process read until `reads_until_ns`, each with a pause of `pause_s` after each picture.
    """

    begins_ns: int
    ends_ns: int
    first: int = 1
    period_ns: int = 0
    readers: int = 1
    reads_until_ns: int = 0
    pause_s: float = 0.0


class Answer(msgspec.Struct):
    """What came of it: of a writer its publications and how late they were; of readers what each took in, and when.

    `taken` is for each reader a list of generation and time in ns; processor time is from `begins_ns` to `ends_ns`,
    and `held_bytes` is how much more memory the process has then than at its start.
    """

    published: int = 0
    bytes: int = 0
    late_ms: list[float] = []
    error: str | None = None
    taken: list[list[tuple[int, int]]] = []
    broken: int = 0
    reopened: int = 0
    cpu_s: float = 0.0
    held_bytes: int = 0


def main() -> None:
    """Obey until the input ends."""
    side, name, place, path, *user = sys.argv[1:]
    way = WAYS[name]
    decoder = msgspec.json.Decoder(Order)
    recording = loaded(Path(path)) if side == "write" else None
    if user:
        _become(int(user[0]), way, Path(place))
    base = _held_bytes()
    writer: Writer | None = None
    # What is logged goes where errors go.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    answers.write(READY)
    for line in sys.stdin.buffer:
        order = decoder.decode(line)
        answer = Answer()
        if recording is None:
            answer = _read(way, Path(place), order)
        else:
            try:
                writer = writer or way.writer(Path(place))
                _publish(writer, recording, order, answer)
            except Exception as error:  # noqa: BLE001 - whatever a way raises is the finding
                answer.error = f"{type(error).__name__}: {error}"[:200]
        answer.held_bytes -= base
        answers.write(msgspec.json.encode(answer) + b"\n")
    answers.close()
    if writer is not None:
        writer.close()


def _become(user: int, way: Way, place: Path) -> None:
    """Go on as another user, who may not be able to read what this program still has to import: so it reads once."""
    with suppress(Exception):
        reader = way.reader(place)
        reader.next(_LOOK_S)
        reader.close()
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


def _publish(writer: Writer, recording: Recording, order: Order, answer: Answer) -> None:
    _sleep_until(order.begins_ns)
    cpu_s = time.process_time()
    generation = order.first
    due_ns = order.begins_ns
    while due_ns < order.ends_ns and time.monotonic_ns() < order.ends_ns:
        publication: Publication = recording.publication(generation)
        _sleep_until(due_ns)
        answer.bytes += writer.publish(publication)
        answer.late_ms.append((time.monotonic_ns() - due_ns) / 1e6)
        answer.published += 1
        answer.cpu_s = time.process_time() - cpu_s
        generation += 1
        due_ns = due_ns + order.period_ns if order.period_ns else time.monotonic_ns()
    _sleep_until(order.ends_ns)
    answer.cpu_s = time.process_time() - cpu_s
    answer.held_bytes = _held_bytes()


def _read(way: Way, place: Path, order: Order) -> Answer:
    """Read with so many threads."""
    answer = Answer(taken=[[] for _ in range(order.readers)])
    threads = [threading.Thread(target=_take, args=(way, place, order, answer, each)) for each in answer.taken]
    for thread in threads:
        thread.start()
    _sleep_until(order.begins_ns)
    cpu_s = time.process_time()
    _sleep_until(order.ends_ns)
    answer.cpu_s = time.process_time() - cpu_s
    answer.held_bytes = _held_bytes()
    for thread in threads:
        thread.join()
    return answer


def _take(way: Way, place: Path, order: Order, answer: Answer, taken: list[tuple[int, int]]) -> None:
    """Read until the end; where the way breaks, open it again, as a program that is to stay would."""
    reader: Reader | None = None
    until_ns = max(order.ends_ns, order.reads_until_ns)
    while (now_ns := time.monotonic_ns()) < until_ns:
        try:
            reader = reader or way.reader(place)
            picture = reader.next(min(_LOOK_S, (until_ns - now_ns) / _NS))
        except (Broken, ContractError):
            answer.broken += 1
            _close(reader)
            reader = None
        except Exception:  # noqa: BLE001 - each way has errors of its own
            answer.reopened += 1
            _close(reader)
            reader = None
            time.sleep(_REOPEN_S)
        else:
            if picture is not None:
                taken.append((picture.status.generation, time.monotonic_ns()))
                if order.pause_s:
                    time.sleep(order.pause_s)
    _close(reader)


def _close(reader: Reader | None) -> None:
    if reader is not None:
        with suppress(Exception):
            reader.close()


def _sleep_until(at_ns: int) -> None:
    time.sleep(max(0, at_ns - time.monotonic_ns()) / _NS)


def _held_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    main()
