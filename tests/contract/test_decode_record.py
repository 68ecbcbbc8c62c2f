"""The table of ``experiments/decode`` shows the committed record."""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "experiments" / "decode"


def test_the_table_shows_every_number_of_the_record() -> None:
    rows = json.loads((FOLDER / "decode.json").read_text(encoding="utf-8"))["rows"]
    medians = {row["what"]: f"{row['median']:.3g}" for row in rows}
    backends = ("pyav", "decord", "torchcodec", "decord over pyav", "torchcodec over pyav")
    kinds = [what.removesuffix(", pyav") for what in medians if what.endswith(", pyav")]
    wanted = [f"| {kind} | " + " | ".join(medians[f"{kind}, {name}"] for name in backends) + " |" for kind in kinds]
    table = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(kinds) == 6
    assert [row for row in wanted if row not in table] == []
