"""The comparison as CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from spotvmr.report import csv_table, latex_table
from spotvmr.types.record import RunRecord

Make = Callable[..., RunRecord]


def test_csv_holds_numbers_as_recorded_and_the_group(make_record: Make) -> None:
    runs = [make_record('a, "b"\nc', score=1 / 3), make_record("d", split="val", metrics={"R1@0.3": None}, ci95={})]
    first, second = csv.DictReader(io.StringIO(csv_table(runs), newline=""))
    assert first["name"] == 'a, "b"\nc'
    assert float(first["R1@0.3"]) == 1 / 3
    assert float(first["R1@0.3 high"]) == 1 / 3 + 0.03
    assert float(first["gflops_per_query all"]) == 62.5
    assert float(first["seconds_per_query"]) == 0.5
    assert (second["R1@0.3"], second["R1@0.3 low"], second["R1@0.5"]) == ("", "", "")
    assert (first["comparable"], second["comparable"]) == ("1", "2")


def test_latex_has_a_table_a_group_and_survives_any_name(make_record: Make) -> None:
    text = latex_table([make_record(r"50%_\x{$&#~^}"), make_record("[b]", split="val")])
    assert text.count(r"\begin{table}") == text.count(r"\bottomrule") == 2
    assert r"{50\%\_\textbackslash{}x\{\$\&\#\textasciitilde{}\textasciicircum{}\}} & " in text
    assert "{[b]} & " in text
    assert r"IoU $\geq$ threshold" in text
    assert text.startswith("% Not compared with one another: runs that differ in split (test, val).\n")
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {line.count(" & ") for line in rows} == {11}
    assert "50.0 [46, 53]" in text


def test_one_group_needs_no_reason(make_record: Make) -> None:
    assert latex_table([make_record()]).startswith(r"\begin{table}")


@pytest.mark.parametrize("table", [csv_table, latex_table])
def test_the_level_is_that_of_the_costs(table: Callable[..., str], make_record: Make) -> None:
    assert "617" in table([make_record(gflops=1234.0)], level="q10")
