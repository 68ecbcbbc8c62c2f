"""``spotvmr evaluate``: score a trained run again, on any split and at any budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotvmr.cli.arguments import Arguments
from spotvmr.config import Config
from spotvmr.errors import UserError

SPLITS = ("train", "val", "test")


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Evaluate the run in ``run=FOLDER``, by default that of this configuration's name.

    Everything is as it was trained, but for ``budget=`` when it is given.

    Returns:
        The record and its folder.
    """
    split = arguments.options.get("split", "test")
    if split not in SPLITS:
        raise UserError(f"split={split} is unknown: choose from {', '.join(SPLITS)}")
    from spotvmr.engine.pipeline import evaluate_run
    from spotvmr.report import comparison_table, print_table

    folder = Path(arguments.options.get("run", f"{config.paths.runs}/{config.name}"))
    given = any(override.startswith("budget=") for override in arguments.overrides)
    record, where = evaluate_run(folder, split, config.budget if given else None)
    if not arguments.json:
        print_table(comparison_table([record]))
    arguments.show(f"record and predictions: {where}")
    return {"folder": str(where), "record": record.to_json()}
