"""Kernels that only kernels call have no way in from Python: a call from there would end the process."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
TEXTS: Final = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text()
    for path in (ROOT / "processor").rglob("*.py")
}
COMPILED: Final = {
    name: ast.parse(text) for name, text in TEXTS.items() if "@njit" in text or "@kernel" in text or "@compiled" in text
}


def decorators(function: ast.FunctionDef) -> str:
    return " ".join(ast.unparse(decorator) for decorator in function.decorator_list)


def is_compiled(statement: ast.stmt) -> bool:
    words = ("njit", "compiled", "kernel", "overload", "intrinsic")
    return isinstance(statement, ast.FunctionDef) and any(word in decorators(statement) for word in words)


INNER: Final = {
    f"{name}.{function.name}"
    for name, module in COMPILED.items()
    for function in module.body
    if isinstance(function, ast.FunctionDef)
    and ("njit" in decorators(function) or decorators(function) == "kernel")
    and "cache" not in decorators(function)
}


def called_from_python(name: str, module: ast.Module) -> Iterator[str]:
    known = {each.rpartition(".")[2]: each for each in INNER if each.rpartition(".")[0] == name}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for statement in module.body:
        for node in () if is_compiled(statement) else ast.walk(statement):
            called = known.get(node.id) if isinstance(node, ast.Name) else None
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                called = f"{known.get(node.value.id)}.{node.attr}"
            if called in INNER:
                yield f"{name} calls {called}"


def test_what_only_kernels_call_is_not_called_from_python() -> None:
    homes = {kernel.rpartition(".")[0] for kernel in INNER}
    # Also `from package import module`.
    named = {f"from {home} " for home in homes} | {
        f"from {home.rpartition('.')[0]} import {home.rpartition('.')[2]}" for home in homes
    }
    callers = {name: ast.parse(text) for name, text in TEXTS.items() if any(each in text for each in named)}
    assert len(INNER) > 100
    assert [call for name, module in (COMPILED | callers).items() for call in called_from_python(name, module)] == []


def test_all_kernels_are_compiled_in_the_same_way() -> None:
    assert [name for name, text in TEXTS.items() if "from numba import njit" in text] == []
