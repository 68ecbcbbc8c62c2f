"""``spotvmr report``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spotvmr.cli.commands.report import run
from spotvmr.cli.main import main
from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.config import Config
from spotvmr.errors import UserError
from spotvmr.types.record import RunRecord, write_record

Make = Callable[..., RunRecord]


def test_prints_the_table_and_draws_the_picture(
    tmp_path: Path, make_record: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    write_record(make_record("first"), tmp_path / "runs" / "first" / "record.json")
    picture = tmp_path / "p.png"
    options = {"runs": str(tmp_path / "runs"), "picture": str(picture)}
    result = run(Config(), Arguments("report", options=options))
    out = capsys.readouterr().out
    assert "first" in out
    assert str(picture) in out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert [record["name"] for record in result["records"]] == ["first"]


def test_json_keeps_stdout_clean_and_the_default_folder_is_the_runs(
    tmp_path: Path, make_record: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    write_record(make_record("first"), tmp_path / "first" / "record.json")
    config = Config()
    config.paths.runs = str(tmp_path)
    result = run(config, Arguments("report", json=True))
    assert capsys.readouterr().out == ""
    assert result["picture"] is None
    assert len(result["records"]) == 1


def test_writes_every_requested_file(tmp_path: Path, make_record: Make, capsys: pytest.CaptureFixture[str]) -> None:
    for name, split in (("first", "test"), ("second", "val")):
        write_record(make_record(name, split=split), tmp_path / "runs" / name / "record.json")
    files = {kind: str(tmp_path / f"out/a.{kind}") for kind in ("html", "picture")}
    result = run(Config(), Arguments("report", options={"runs": str(tmp_path / "runs"), **files}))
    out = capsys.readouterr().out
    assert all(f"{kind}: {path}\n" in out for kind, path in files.items())
    assert {kind: result[kind] for kind in files} == files
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.html", "a.picture"]
    assert [group["runs"] for group in result["comparable"]] == [["first"], ["second"]]
    assert result["comparable"][0]["terms"]["split"] == "test"
    assert "split (test, val)" in result["why_apart"]


@pytest.mark.parametrize(("flag", "first"), [("--csv", "comparable,name,"), ("--latex", r"\begin{table}")])
def test_a_table_for_machines_or_papers_has_stdout_for_itself(
    flag: str, first: str, tmp_path: Path, make_record: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    write_record(make_record("first"), tmp_path / "first" / "record.json")
    assert main(["report", flag, f"runs={tmp_path}", f"html={tmp_path}/page.html"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(first)
    assert "first" in out
    assert "page.html" not in out
    assert (tmp_path / "page.html").is_file()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["report", "--csv", "--json"], "--json and --csv both want standard output"),
        (["report", "table=html"], "table=html is unknown: choose from csv, latex"),
        (["train", "--latex"], "--latex means nothing to 'spotvmr train'"),
    ],
)
def test_a_table_that_cannot_be_printed(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert line in err


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run record below"):
        run(Config(), Arguments("report", options={"runs": str(tmp_path)}))
    with pytest.raises(UserError, match="no folder of run records"):
        run(Config(), Arguments("report", options={"runs": str(tmp_path / "no")}))
    with pytest.raises(UserError, match="share=q3 is unknown: choose from q1, q10, all"):
        run(Config(), Arguments("report", options={"runs": str(tmp_path), "share": "q3"}))


def test_reports_need_no_torch_and_draw_lazily() -> None:
    heavy = ("torch", "lightning", "matplotlib", "plotly")
    code = f"import sys, spotvmr.report; print(sorted(set({heavy}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
