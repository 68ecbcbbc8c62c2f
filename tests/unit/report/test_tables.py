"""What the tables say, and that they survive any name."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.table import Table

from spotvmr.report import comparison_table, print_table, train_summary
from spotvmr.types.record import Hardware, RunRecord, SelectionSummary

Make = Callable[..., RunRecord]


def printed(table: Table) -> str:
    file = io.StringIO()
    print_table(table, file)
    return file.getvalue()


def row_of(text: str, label: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.strip().startswith(label)]
    return line.split(label, 1)[1].split()


def test_a_row_holds_scores_in_per_cent_and_costs_of_the_level(make_record: Make) -> None:
    text = printed(comparison_table([make_record("demo")]))
    # 300 s over 600 queries.
    assert row_of(text, "demo  ") == (
        ["vslnet", "spotter", "10.0", "50.0", "[46,", "53]", "45.0", "60.0", "40.0", "10.0", "250", "0.125", "0.500"]
    )
    assert row_of(printed(comparison_table([make_record("demo")], level="all")), "demo  ")[-3] == "62.5"
    assert "2 per multiply-add" in text


def test_runs_that_cannot_be_compared_get_tables_of_their_own(make_record: Make) -> None:
    base = make_record("a")
    others = [
        make_record("b", dataset="tacos"),
        make_record("c", split="val"),
        make_record("d", n_queries=599),
        make_record("e", iou_rule=">"),
        make_record("f", source="modelled"),
    ]
    assert comparison_table([base, make_record("g", seed=5, selector="random")]).row_count == 1
    for other in others:
        # A table each, and a line that says why.
        assert comparison_table([base, other]).row_count == 3
    grid = comparison_table([base, *others])
    assert grid.row_count == 7
    assert "Not compared with one another: runs that differ in data set (demo, tacos), split" in printed(grid)
    assert "demo, test, 600 queries, IoU > threshold, costs measured" in printed(grid)


def test_seconds_of_several_machines_are_marked(make_record: Make) -> None:
    pair = [make_record("a"), make_record("b", hardware=Hardware("Other CPU", 8))]
    text = " ".join(printed(comparison_table(pair)).split())
    assert "Seconds are those of several machines (Some CPU, 2 cores; Other CPU, 8 cores): do not compare them." in text
    assert "several machines" not in printed(comparison_table(pair[:1]))


def test_the_variant_names_a_run_of_an_experiment(make_record: Make) -> None:
    text = printed(comparison_table([make_record("long-name", experiment="main", arm="no distillation")]))
    assert "no distillation" in text
    assert "long-name" not in text


def test_missing_numbers_are_dashes(make_record: Make) -> None:
    record = make_record("demo")
    record = replace(
        record,
        metrics={"R1@0.3": None},
        ci95={},
        selection=SelectionSummary(None, None, None, None),
        cost=replace(record.cost, gflops_per_query={}, ratio_to_dense={"q1": None}, stages={}),
    )
    assert row_of(printed(comparison_table([record])), "demo  ")[3:] == ["–"] * 8
    assert "–" in printed(train_summary(record, record))


@pytest.mark.parametrize("name", ["[red]boo[/red]", "[/]", "$x$", "a\nb\x1b[31m", "☕" * 40, ""])
def test_any_name_is_shown_as_it_is(name: str, make_record: Make) -> None:
    text = printed(comparison_table([make_record(name), make_record("[bold]", arm=name)]))
    assert "\x1b" not in text
    if name in ("[red]boo[/red]", "[/]", "$x$"):
        assert name in text


def test_a_pipe_gets_whole_rows_whatever_the_terminal(make_record: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = printed(comparison_table([make_record("a-student-with-a-name")]))
    assert len(row_of(text, "a-student-with-a-name")) == 14 - 1


def test_summary_sets_student_beside_teacher(make_record: Make) -> None:
    teacher = make_record("t", "all", 1.0, score=0.8, gflops=2080.0, groups={"unseen_pair": {"n": 120, "R1@0.3": 0.5}})
    student = make_record("s", score=0.76, gflops=260.0, groups={"unseen_pair": {"n": 120, "R1@0.3": 0.4}})
    text = printed(train_summary(teacher, student))
    assert row_of(text, "R1@0.3, %") == ["80.0", "[76.0,", "83.0]", "76.0", "[72.0,", "79.0]", "0.950"]
    assert row_of(text, "R1@0.3, unseen_pair (120), %") == ["50.0", "40.0", "0.800"]
    assert row_of(text, "expert clips, mean %") == ["100.0", "10.0"]
    assert row_of(text, "ground-truth clip recall, %") == ["75.0", "75.0"]
    assert row_of(text, "GFLOPs a query, one a video") == ["2080", "260", "0.125"]
    assert row_of(text, "ratio to dense, one query a video") == ["1.04", "0.130"]
    assert row_of(text, "seconds a query, decoding included") == ["0.500", "0.500", "1.000"]
    assert "demo, test: 600 queries on 40 videos, 5.3 h; IoU ≥ threshold" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 100 + len(" Some CPU, 2 cores.")


def test_summary_divides_no_measured_cost_by_a_modelled_one(make_record: Make) -> None:
    text = printed(train_summary(make_record(source="modelled"), make_record()))
    assert row_of(text, "GFLOPs a query, one a video") == ["250", "250"]
    assert re.search("costs modelled and\\s+measured", text)


def test_summary_refuses_another_split(make_record: Make) -> None:
    with pytest.raises(ValueError, match="differ in split, n_queries"):
        train_summary(make_record(split="val", n_queries=7), make_record())
