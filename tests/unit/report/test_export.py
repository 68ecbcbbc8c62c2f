"""The comparison as CSV and LaTeX."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from spotvmr.report import write_csv, write_latex
from spotvmr.types.record import RunRecord

Make = Callable[..., RunRecord]


def test_csv_holds_numbers_as_recorded_and_the_group(tmp_path: Path, make_record: Make) -> None:
    runs = [make_record('a, "b"\nc', score=1 / 3), make_record("d", split="val", metrics={"R1@0.3": None}, ci95={})]
    write_csv(runs, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert first["name"] == 'a, "b"\nc'
    assert float(first["R1@0.3"]) == 1 / 3
    assert float(first["R1@0.3 high"]) == 1 / 3 + 0.03
    assert float(first["gflops_per_query all"]) == 62.5
    assert float(first["seconds_per_query"]) == 0.5
    assert (second["R1@0.3"], second["R1@0.3 low"], second["R1@0.5"]) == ("", "", "")
    assert (first["comparable"], second["comparable"]) == ("1", "2")


def test_latex_has_a_table_a_group_and_survives_any_name(tmp_path: Path, make_record: Make) -> None:
    write_latex([make_record(r"50%_\x{$&#~^}"), make_record("[b]", split="val")], tmp_path / "t.tex")
    text = (tmp_path / "t.tex").read_text(encoding="utf-8")
    assert text.count(r"\begin{table}") == text.count(r"\bottomrule") == 2
    assert r"{50\%\_\textbackslash{}x\{\$\&\#\textasciitilde{}\textasciicircum{}\}} & " in text
    assert "{[b]} & " in text
    assert r"IoU $\geq$ threshold" in text
    assert text.startswith("% Not compared with one another: runs that differ in split (test, val).\n")
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {line.count(" & ") for line in rows} == {11}
    assert "50.0 [46, 53]" in text


def test_one_group_needs_no_reason(tmp_path: Path, make_record: Make) -> None:
    write_latex([make_record()], tmp_path / "t.tex")
    assert (tmp_path / "t.tex").read_text(encoding="utf-8").startswith(r"\begin{table}")


@pytest.mark.parametrize("write", [write_csv, write_latex])
def test_the_level_is_that_of_the_costs(write: Callable[..., None], tmp_path: Path, make_record: Make) -> None:
    record = make_record(gflops=1234.0)
    write([record], tmp_path / "t", level="q10")
    assert "617" in (tmp_path / "t").read_text(encoding="utf-8")
