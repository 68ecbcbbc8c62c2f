"""What the READMEs of the experiments show is what the bench left in ``table.json`` beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spotvmr.report.wording import interval, percent

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"
MOST = 0.25
"""Budgets above this are in the records alone."""


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.glob("*/table.json")), ids=lambda path: path.parent.name)
def test_every_difference_from_the_spotter_is_shown(path: Path) -> None:
    shown = path.with_name("README.md").read_text(encoding="utf-8")
    leads = [lead for lead in json.loads(path.read_text())["leads"] if lead["budget"] <= MOST]
    told = [f"{100 * lead['mean']:+.1f} {interval((lead['low'], lead['high']))}" for lead in leads]
    assert leads
    assert [words for words in told if words not in shown] == []


@pytest.mark.parametrize("name", ["ablations", "efficiency_recall"])
def test_every_lead_in_area_is_shown(name: str) -> None:
    shown = (EXPERIMENTS / name / "README.md").read_text(encoding="utf-8")
    gains = [lead["gain"] for lead in json.loads((EXPERIMENTS / name / "table.json").read_text())["area_leads"]]
    told = [f"{gain['mean']:+.3f} [{gain['low']:.3f}, {gain['high']:.3f}]" for gain in gains]
    assert told
    assert [words for words in told if words not in shown] == []


def test_every_area_is_shown() -> None:
    folder = EXPERIMENTS / "efficiency_recall"
    shown = (folder / "README.md").read_text(encoding="utf-8")
    areas = json.loads((folder / "table.json").read_text())["areas"]
    assert areas
    assert [arm for arm, area in areas.items() if f"`{arm}` {area:.3f}" not in shown] == []


def test_every_arm_is_shown_at_every_budget() -> None:
    folder = EXPERIMENTS / "efficiency_recall"
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith(("| `", "| teacher |")) and line.count("|") == 8]
    shown = sorted((row[0].strip("| `"), *row[2:5]) for row in rows)
    told = json.loads((folder / "table.json").read_text())["rows"]
    assert shown == sorted(
        (
            row["arm"],
            f"{percent(row['score'])} {interval(row['ci95'])}",
            f"{row['of_teacher']:.3f}",
            percent(row["recall"]),
        )
        for row in told
    )
