from __future__ import annotations

import itertools

from tests.conftest import ROOT
from visualizer.components import figures


def test_the_panels_share_one_time_axis_and_do_not_overlap() -> None:
    chart = figures.chart()
    assert {trace.get("xaxis", "x") for trace in chart["data"]} == {"x"}
    domains = sorted(chart["layout"][axis]["domain"] for axis, _ in figures.PANELS.values())
    assert all(lower[1] < upper[0] for lower, upper in itertools.pairwise(domains))
    assert domains[0][0] == 0
    assert domains[-1][1] == 1


def test_figures_start_empty_and_with_fixed_ranges() -> None:
    for figure in (figures.chart(), figures.depth()):
        assert all(trace["x"] == [] for trace in figure["data"])
        axes = [value for name, value in figure["layout"].items() if name[:5] in {"xaxis", "yaxis"}]
        assert axes
        assert not any(axis["autorange"] for axis in axes)


def test_candles_rise_and_fall_in_the_same_colours_everywhere() -> None:
    candles = [trace for trace in figures.chart()["data"] if trace["type"] == "candlestick"]
    assert len(candles) == 3
    assert {trace["increasing"]["fillcolor"] for trace in candles} == {figures.UP}
    assert {trace["decreasing"]["fillcolor"] for trace in candles} == {figures.DOWN}


def test_nothing_stands_in_the_chart_that_the_page_draws_itself() -> None:
    assert "layout.shapes = " not in (script := (ROOT / "visualizer/page/chart/chart.js").read_text())
    assert "update.shapes = [...rules, ...shapes]" in script
    assert "shapes" not in figures.chart()["layout"]
