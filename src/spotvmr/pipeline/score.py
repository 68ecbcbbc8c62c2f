"""Evaluation of a trained system on a split, with its record."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from spotvmr.assembly import BudgetedVmr, read_identity
from spotvmr.config import save
from spotvmr.errors import UserError
from spotvmr.evaluation.adaptive import adaptive_budget, plan_spending
from spotvmr.evaluation.evaluate import Evaluation, evaluate
from spotvmr.evaluation.inference import Inference, fixed_budget
from spotvmr.evaluation.records import make_record, write_run
from spotvmr.extraction.prepare import PreparedData
from spotvmr.pipeline.folders import RECORD, WEIGHTS, run_folder
from spotvmr.pipeline.provenance import of_record
from spotvmr.types.provenance import Provenance, digest_of, why_stale
from spotvmr.types.record import RunRecord, read_record

log = logging.getLogger(__name__)


def record_on_test(data: PreparedData, system: BudgetedVmr) -> RunRecord | None:
    """The record on the test split; from the run folder while it is valid. None on further processes."""
    if torch.distributed.is_initialized() and torch.distributed.get_rank() > 0:
        return None
    folder = run_folder(data.config)
    kept = valid_record(folder / RECORD, record_provenance(data, folder, "test", None))
    if kept is not None:
        return kept
    record, found = score(data, system, "test", None, "")
    if data.config.log.record:
        write_run(record, data.splits["test"], found, folder, data.config, data.videos)
    else:
        save(data.config, folder / "config.yaml")  # search and evaluate need it beside the weights
    return record


def valid_record(path: Path, wanted: Provenance) -> RunRecord | None:
    """The record at ``path`` if it is of this provenance; else None, with a line that says what differs."""
    if not path.is_file():
        return None
    try:
        record = read_record(path)
    except UserError as error:
        log.info("%s; evaluating again", error)
        return None
    stale = why_stale(record.provenance or {"version": 1}, wanted)
    if stale:
        log.info("%s: evaluating again, since %s", path, stale)
        return None
    return record


def record_provenance(data: PreparedData, folder: Path, split: str, control: str | None) -> Provenance:
    """What a record of the weights in a run folder is made from."""
    return of_record(data, digest_of(read_identity(folder / WEIGHTS)), split, control)


def score(
    data: PreparedData, system: BudgetedVmr, split: str, control: str | None, label: str, folder: Path | None = None
) -> tuple[RunRecord, Evaluation]:
    """Evaluate a trained system on a split.

    Args:
        data: The prepared data; their configuration says how the evaluation runs.
        system: The system, in eval mode.
        split: The split.
        control: None, or ``mask_only``.
        label: Appended to the name of the run.
        folder: Folder of the run that holds the weights; None is that of the configuration.
    """
    config, queries = data.config, data.splits[split]
    inference, spending = inference_of(data, system, control)
    found = evaluate(system, data, queries, inference, config.trainer.batch_size)
    if spending:
        rounds = list(found.rounds.values())
        spending["stopped_at"] = {f"{n}": rounds.count(n) for n in sorted(set(rounds))}
    record = make_record(data, system, queries, found, split, f"{config.name}{label}", control, spending)
    provenance = record_provenance(data, folder or run_folder(config), split, control)
    return replace(record, provenance=provenance.to_json()), found


def inference_of(data: PreparedData, system: BudgetedVmr, control: str | None) -> tuple[Inference, dict[str, Any]]:
    """How the system answers queries, and for adaptive spending how that was decided."""
    config = data.config
    if control is not None or not config.selector.adaptive:
        return fixed_budget(config.budget, mask_only=control is not None), {}
    plan, facts = plan_spending(system, data)
    return adaptive_budget(plan), {"levels": list(plan.levels), **facts}
