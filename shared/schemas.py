"""JSON Schemas of the files, generated from the types; `python -m shared.schemas` rewrites the committed ones."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.commands import ACTIONS, Command
from shared.contract import CONTRACT_VERSION
from shared.control_file import CONTROL_FILE
from shared.views import FILE_TYPES

FOLDER: Final = Path(__file__).parent / "schemas"
TYPES: Final[dict[str, object]] = FILE_TYPES | {CONTROL_FILE: Command}
"""Per file with a schema what it holds."""
_RULES: Final = {kind.__name__: kind.SCHEMA_RULE for kind in ACTIONS.values()}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of file `name`."""
    generated = _dedented(msgspec.json.schema(TYPES[name]))
    for title, definition in generated.get("$defs", {}).items():
        definition.update(_RULES.get(title, {}))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{name}, contract {CONTRACT_VERSION}",
        **generated,
    }


def _dedented(value: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """The same schema with descriptions as Python 3.13 has them: later compilers strip a docstring's indentation."""
    if isinstance(value, dict):
        return {
            key: inspect.cleandoc(item) if key == "description" and isinstance(item, str) else _dedented(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_dedented(item) for item in value]
    return value


def committed_as(name: str) -> tuple[Path, bytes]:
    """Where the schema of file `name` is committed, and the bytes it should hold."""
    path = FOLDER / name.replace(".json", ".schema.json")
    return path, msgspec.json.format(msgspec.json.encode(schema(name)), indent=2) + b"\n"


def main() -> None:
    """Rewrite the committed schemas."""
    FOLDER.mkdir(exist_ok=True)
    for name in TYPES:
        path, payload = committed_as(name)
        path.write_bytes(payload)


if __name__ == "__main__":
    main()
