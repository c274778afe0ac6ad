"""From the bytes of a file to its value, and what is wrong with it: one judgement for readers and `shared.validate`."""

from __future__ import annotations

from itertools import pairwise
from operator import le, lt
from typing import TYPE_CHECKING, Any, Final

import msgspec

from shared.contract import CONTRACT_VERSION, MAX_INTEGER, STATUS_FILE
from shared.errors import MalformedFile
from shared.views import BY_FILE, FILE_TYPES
from shared.views.base import row_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.contract import Status

_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    name: msgspec.json.Decoder(file_type) for name, file_type in FILE_TYPES.items()
}
_A_FLOAT: Final = "got `float`"
_MOST_SHOWN: Final = 300


def decode(name: str, payload: bytes) -> Any:  # noqa: ANN401 - the file's own type
    """Decode file `name` of the contract.

    Raises:
        MalformedFile: the bytes are not JSON, not of the file's type, or something else is wrong with their value.
    """
    value = parsed(name, payload)
    for fault in value_faults(name, value):
        raise MalformedFile(name, fault)
    return value


def parsed(name: str, payload: bytes) -> Any:  # noqa: ANN401 - the file's own type
    """The value of file `name`, whatever else is wrong with it than its type.

    Raises:
        MalformedFile: the bytes are not JSON, or not of the file's type.
    """
    try:
        try:
            return _DECODERS[name].decode(payload)
        except msgspec.ValidationError as error:
            if _A_FLOAT not in str(error):
                raise
            return msgspec.convert(with_integers(msgspec.json.decode(payload)), FILE_TYPES[name])
    except msgspec.DecodeError as error:
        raise MalformedFile(name, f"is not what the contract says: {str(error)[:_MOST_SHOWN]}") from error
    except UnicodeDecodeError as error:
        raise MalformedFile(name, "is not UTF-8") from error
    except RecursionError:
        raise MalformedFile(name, "is nested too deeply") from None


def with_integers(value: Any) -> Any:  # noqa: ANN401 - whatever was written
    """The same value with the numbers that are integers to JSON, as 1.0 is, as such."""
    if isinstance(value, dict):
        return {key: with_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_integers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INTEGER else value


def value_faults(name: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - the file's own type
    """What is wrong with the decoded value of file `name`, a sentence each."""
    if name == STATUS_FILE:
        yield from _status_faults(value)
        return
    view = BY_FILE[name]
    is_out_of_order = lt if view.repeats else le
    if view.is_rows and any(is_out_of_order(later, earlier) for earlier, later in pairwise(map(row_key, value))):
        yield f"has rows whose {value[0].__struct_fields__[0]} does not increase"
    yield from view.faults(value)


def _status_faults(status: Status) -> Iterator[str]:
    major = CONTRACT_VERSION.split(".")[0]
    if status.contract.split(".")[0] != major:
        yield f"contract {status.contract[:_MOST_SHOWN]!r} is not a {major}.x version"
    if not status.session:
        yield "session is empty"
    if status.generation < 1:
        yield f"generation {status.generation} is not positive"
    if status.speed is not None and status.speed <= 0:
        yield f"speed {status.speed} is not positive"
    if status.state == "failed" and not status.error:
        yield "state is failed, and error does not say why"
    if status.instrument and status.instrument not in status.instruments:
        yield f"instrument {status.instrument[:_MOST_SHOWN]!r} is not among instruments"
    if status.start_ms is not None and status.end_ms is not None and status.start_ms > status.end_ms:
        yield f"start_ms {status.start_ms} is after end_ms {status.end_ms}"
    for name, entry in status.files.items():
        if entry.generation > status.generation:
            yield f"files: {name} is of generation {entry.generation}, after that of the status, {status.generation}"
