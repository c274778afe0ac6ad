"""Runs of equal neighbours in a column."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processor.core.runs import distinct, run_starts


@given(values=st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 2), max_size=20))
def test_runs_start_where_a_value_is_another_than_the_one_before(values: list[int]) -> None:
    starts = run_starts(np.array(values, np.int64)).tolist()
    assert [values[start] for start in starts] == [value for value, _ in groupby(values)]
    assert starts == [row for row, value in enumerate(values) if row == 0 or values[row - 1] != value]
    assert distinct(np.array(sorted(values), np.int64)).tolist() == sorted({*values})
