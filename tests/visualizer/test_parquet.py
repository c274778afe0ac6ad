"""Tables as Parquet: the CSV's values, typed by the contract."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl
import pytest

from shared import VIEWS
from shared.views import BY_NAME
from visualizer.server.parquet import parquet_of
from visualizer.server.table_rows import Column, Table, table_of
from visualizer.server.tables import csv_of

if TYPE_CHECKING:
    from collections.abc import Callable

TYPES = {"int": pl.Int64, "float": pl.Float64, "bool": pl.Boolean, "str": pl.String}
OWN = ("obi_50", "cost_buy_bp_2")
ROWS = 20
inspect = msgspec.inspect


PLAIN: dict[type[inspect.Type], Callable[[int], Any]] = {
    inspect.BoolType: lambda number: number % 2 == 0,
    inspect.IntType: lambda number: number - 5,
    inspect.FloatType: lambda number: 1 / (number - 4.5) if number % 4 else -1e-300,
    inspect.StrType: lambda number: f'a "{number}", é\n' if number % 5 else "",
}


def made(described: inspect.Type, number: int) -> Any:
    """Some value of a type of the contract; one of three that may be missing is."""
    match described:
        case inspect.LiteralType(values=values):
            return values[number % len(values)]
        case inspect.UnionType(types=types):
            return None if number % 3 == 0 else made(types[0], number)
        case inspect.VarTupleType(item_type=item):
            return tuple(made(item, number + i) for i in range(number % 4))
        case inspect.StructType(cls=cls, fields=fields):
            return cls(**{field.name: made(field.type, number + i) for i, field in enumerate(fields)})
    return PLAIN[type(described)](number)


def some_of(name: str) -> Any:
    """A value of a view, with rows."""
    described = inspect.type_info(BY_NAME[name].type)
    if isinstance(described, inspect.VarTupleType):
        return tuple(made(described.item_type, number) for number in range(ROWS))
    return made(described, 7)


def none_of(name: str) -> Any:
    """A value of the same view without rows."""
    described = inspect.type_info(BY_NAME[name].type)
    return () if isinstance(described, inspect.VarTupleType) else _without_rows(made(described, 7))


def _without_rows(value: Any) -> Any:
    lists = {field: () for field in value.__struct_fields__ if isinstance(getattr(value, field), tuple)}
    return msgspec.structs.replace(value, **lists)


@pytest.mark.parametrize("name", [view.name for view in VIEWS])
def test_it_holds_the_values_of_the_csv_in_the_types_of_the_contract(name: str) -> None:
    table = table_of(name, some_of(name), OWN if name == "measures" else ())
    payload = parquet_of(table)
    frame = pl.read_parquet(io.BytesIO(payload))
    assert frame.height > 0
    assert csv_of(Table(table.columns, frame.rows())) == csv_of(table)
    assert frame.rows() == [tuple(row) for row in table.rows]
    assert frame.schema == {column.name: TYPES[column.kind] for column in table.columns}
    assert parquet_of(table_of(name, some_of(name), OWN if name == "measures" else ())) == payload
    empty = pl.read_parquet(io.BytesIO(parquet_of(table_of(name, none_of(name), OWN if name == "measures" else ()))))
    assert (empty.height, empty.schema) == (0, frame.schema)


def test_what_may_be_missing_is_null_and_the_rest_is_required() -> None:
    columns = {column.name: column for column in table_of("statistics", ()).columns}
    assert columns["poc"] == Column("poc", "float", nullable=True)
    assert columns["trades"] == Column("trades", "int")
    assert columns["unfinished_high"] == Column("unfinished_high", "bool")
    found = {column.name: column.nullable for column in table_of("report", none_of("report")).columns}
    assert found == {"kind": False, "count": False} | dict.fromkeys(
        ("file", "line", "time_ms", "until_ms", "detail"), True
    )


@pytest.mark.parametrize("count", [1, 7, 8, 9, 3000])
def test_any_number_of_rows_reads_back(count: int) -> None:
    columns = (Column("a", "int", nullable=True), Column("b", "bool"), Column("c", "str", nullable=True))
    rows = [(None if i % 3 else i * 2**40, i % 7 == 0, None if i == count - 1 else "x" * (i % 5)) for i in range(count)]
    assert pl.read_parquet(io.BytesIO(parquet_of(Table(columns, list(rows))))).rows() == rows
    missing = [(None, True, None)] * count
    assert pl.read_parquet(io.BytesIO(parquet_of(Table(columns, list(missing))))).rows() == missing


def test_measures_of_another_writer_have_the_columns_of_its_status_whatever_rows_hold() -> None:
    for own in ((), (0.5,), (0.5, None, 1.5)):
        row = msgspec.structs.replace(made(inspect.type_info(BY_NAME["measures"].type).item_type, 1), own=own)  # type: ignore[attr-defined]
        table = table_of("measures", (row,), OWN)
        assert table.rows[0][-2:] == (*own, None, None)[:2]
        assert len(table.rows[0]) == len(table.columns)
