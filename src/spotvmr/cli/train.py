"""``spotvmr train``: the main job."""

from __future__ import annotations

from typing import Any

from spotvmr.cli.arguments import Arguments
from spotvmr.config import Config


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Train teacher and student, evaluate both, print them side by side.

    Returns:
        The student's record and its folder.
    """
    from spotvmr.engine.pipeline import train
    from spotvmr.report import print_table, run_picture, train_summary

    done = train(config)
    if done is None:
        return {}
    if not arguments.json:
        print_table(train_summary(done.teacher, done.student))
    picture = run_picture(done.folder)
    arguments.show(f"time line of some queries: {picture}")
    arguments.show(f"record, predictions, weights and curves: {done.folder}")
    return {"folder": str(done.folder), "record": done.student.to_json()}
