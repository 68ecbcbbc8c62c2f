"""The numbers in README and docs and in the READMEs of the experiments are those of the committed ``table.json``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from spotvmr.report.wording import interval, percent

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENTS = ROOT / "experiments"
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


SELECTORS = {
    "teacher (all clips)": "teacher",
    "student with all clips": "all",
    "spotter": "spotter",
    "spotter, adaptive budget": "spotter-adaptive",
    "similarity": "similarity",
    "one-shot saliency": "one_shot",
    "uniform": "uniform",
    "random": "random",
    "no expert features": "none",
}
"""Selectors as README and docs name them, and their key in ``table.json``."""


@pytest.mark.parametrize(("page", "at_least"), [("README.md", 15), ("docs/results/index.md", 24)])
def test_every_row_of_the_results_is_that_of_the_table(page: str, at_least: int) -> None:
    """Rows are selector, share of clips, score with interval, relative to the teacher, recall and cost."""
    lines = (ROOT / page).read_text(encoding="utf-8").replace("**", "").splitlines()
    shown = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ") and line.count("|") == 7]
    rows = [(SELECTORS[row[0]], *row[1:]) for row in shown if row[0] in SELECTORS]
    table = json.loads((EXPERIMENTS / "efficiency_recall" / "table.json").read_text())["rows"]
    expected = {
        (
            row["arm"],
            f"{100 * row['fractions'][0]:.1f}".removesuffix(".0") + (" (mean)" if "adaptive" in row["arm"] else ""),
            f"{percent(row['score'])} {interval(row['ci95'])}",
            f"{row['of_teacher']:.3f}",
            f"{100 * row['recall']:.0f}",
            f"{row['ratio']:.3f}",
        )
        for row in table
    }
    assert len(rows) >= at_least
    assert [row for row in rows if row not in expected] == []


@pytest.mark.parametrize("page", ["README.md", "docs/results/index.md"])
def test_every_interval_is_in_the_readme_of_an_experiment(page: str) -> None:
    shown = re.findall(r"\[-?[\d.]+, -?[\d.]+\]", (ROOT / page).read_text(encoding="utf-8"))
    kept = "".join(path.read_text(encoding="utf-8") for path in EXPERIMENTS.glob("*/README.md"))
    assert len(shown) >= 15
    assert [words for words in shown if words not in kept] == []
