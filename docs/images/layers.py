"""Draws layers.svg, the packages of spotvmr on their floors: ``python docs/images/layers.py``.

The floors come from pyproject.toml, where import-linter checks them.
"""

from __future__ import annotations

import ast
import re
from html import escape
from pathlib import Path

TARGET = Path(__file__).with_name("layers.svg")
PROJECT = Path(__file__).parents[2] / "pyproject.toml"
WIDTH, FLOOR, GAP, LEFT = 1130, 56, 10, 20
# What is in each package: one line of at most 28 characters, or of any length on a floor of its own.
CONTENT = {
    "cli": "commands, their words and help",
    "app": "web page of the search",
    "benchmarks": "recall curves, speed, memory",
    "pretraining": "encoders of the demo",
    "pipeline": "the command train from data set to record",
    "doctor": "checks of the installation",
    "evaluation": "inference, costs, records",
    "report": "tables, pictures, dashboard",
    "retrieval": "Retriever, Video, Answer",
    "sweeps": "W&B agent or Optuna",
    "training": "Lightning module, data, fit",
    "extraction": "decoding and encoding of videos into stores",
    "assembly": "builders: settings to data, encoders, networks, losses",
    "encoders": "index, expert and text",
    "features": "stores, imported files",
    "haystack": "clips stitched to videos",
    "models": "networks, one file each",
    "selection": "spotter, other selectors",
    "worlds": "generated demo data set",
    "annotations": "files of each data set",
    "cost": "FLOPs, ledger, amortisation",
    "losses": "functions of tensors",
    "metrics": "recall, IoU, official scores",
    "video": "time in, frames out",
    "config": "settings, defaults, checks",
    "types": "frozen dataclasses",
    "system": "files, locks, processes, cores",
    "errors": "UserError",
}
STYLE = """
text { font-family: Helvetica, Arial, sans-serif; fill: #1c2430; text-anchor: middle; }
.name { font-size: 15px; font-weight: bold; }
.content { font-size: 12.5px; }
.room { fill: #d9ecff; stroke: #45505f; stroke-width: 1.2; }
"""


def floors() -> list[list[str]]:
    """The packages of each floor, the highest floor first."""
    found = re.search(r"^layers = (\[.*?^\])", PROJECT.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert found
    lines = [line for line in ast.literal_eval(found.group(1)) if line != "(__main__)"]
    return [sorted(line.split(" | ")) for line in lines]


def room(name: str, x: float, y: float, width: float) -> str:
    """Return the box of one package."""
    middle = x + width / 2
    return (
        f'<rect class="room" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{FLOOR}" rx="6"/>\n'
        f'<text class="name" x="{middle:.1f}" y="{y + 24}">{name}</text>\n'
        f'<text class="content" x="{middle:.1f}" y="{y + 44}">{escape(CONTENT[name])}</text>'
    )


def picture() -> str:
    """Return the whole picture."""
    rows = floors()
    height = len(rows) * (FLOOR + GAP) + GAP
    parts = []
    for number, names in enumerate(rows):
        width = (WIDTH - 2 * LEFT - (len(names) - 1) * GAP) / len(names)
        y = GAP + number * (FLOOR + GAP)
        parts += [room(name, LEFT + place * (width + GAP), y, width) for place, name in enumerate(names)]
    label = "The packages of spotvmr. A package imports packages of lower floors only."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">\n'
        f'<style>{STYLE}</style>\n<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
