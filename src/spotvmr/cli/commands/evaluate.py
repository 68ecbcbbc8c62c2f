"""``spotvmr evaluate``: score a trained run again, on any split and at any budget, or a file of predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import flag
from spotvmr.cli.parts.run_folder import run_folder
from spotvmr.config import Config
from spotvmr.errors import UserError

if TYPE_CHECKING:
    from spotvmr.pipeline.evaluate_run import EvalRequest

SPLITS = ("train", "val", "test")


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Evaluate the run in ``run=FOLDER``, by default that of this configuration's name; with ``format=`` score files.

    A run is as it was trained, but for ``budget=``, ``dataset=``, ``control=`` and ``adaptive=`` when they are given.
    ``submission=FILE`` writes its answers as the official file of the data set, those to queries whose truth is
    withheld too, and scores nothing.

    Returns:
        The record and its folder; for a submission its path, format and number of queries; for files what
        ``cli.parts.score_files`` returns.
    """
    from spotvmr.cli.parts.score_files import OPTIONS, score

    if any(name in arguments.options for name in OPTIONS):
        return score(config, arguments)
    split = arguments.options.get("split", "test")
    if split not in SPLITS:
        raise UserError(f"split={split} is unknown: choose from {', '.join(SPLITS)}")
    folder = run_folder(config, arguments)
    request = _eval_request(config, arguments, split)
    if "submission" in arguments.options:
        return _submit(arguments, folder, request)
    return _score(arguments, folder, request)


def _eval_request(config: Config, arguments: Arguments, split: str) -> EvalRequest:
    """How the run is evaluated: a setting that is not given stays as in training."""
    from spotvmr.pipeline.evaluate_run import CONTROLS, EvalRequest

    given = any(override.startswith("budget=") for override in arguments.overrides)
    elsewhere = any(override.partition("=")[0].partition(".")[0] == "dataset" for override in arguments.overrides)
    control, adaptive = arguments.options.get("control"), flag(arguments.options, "adaptive")
    if control is not None and control not in CONTROLS:
        raise UserError(f"control={control} is unknown: choose from {', '.join(CONTROLS)}")
    if control and adaptive:
        raise UserError("control= and adaptive=true do not go together: leave out one")
    dataset = config.dataset if elsewhere else None
    return EvalRequest(split, config.budget if given else None, dataset, control, adaptive)


def _score(arguments: Arguments, folder: Path, request: EvalRequest) -> dict[str, Any]:
    """Evaluate a run."""
    from spotvmr.pipeline.evaluate_run import evaluate_run
    from spotvmr.report import comparison_table, print_table

    record, where = evaluate_run(folder, request)
    if not arguments.json:
        print_table(comparison_table([record]))
    if record.spending:
        spent, most = record.selection.fraction_p95 or 0.0, record.selection.fraction_max or 0.0
        mean = record.selection.fraction_mean or 0.0
        arguments.show(f"adaptive: mean {mean:.2%}, p95 {spent:.2%}, most {most:.2%} of the clips")
    arguments.show(f"record and predictions: {where}")
    return {"folder": str(where), "record": record.to_json()}


def _submit(arguments: Arguments, folder: Path, request: EvalRequest) -> dict[str, Any]:
    """Answer every query of a split in the official file of its data set."""
    from spotvmr.annotations.submissions import check_writable, write_submission
    from spotvmr.config import load
    from spotvmr.pipeline.evaluate_run import answer_run

    check_writable((request.dataset or load(folder / "config.yaml").dataset).format)
    predictions, kind = answer_run(folder, request)
    path = Path(arguments.options["submission"])
    write_submission(predictions, kind, path)
    arguments.show(f"{kind} submission, {len(predictions)} {request.split} queries: {path}")
    return {"submission": str(path), "format": kind, "n": len(predictions)}
