"""Evaluation of a trained run: at another budget, on other data, or under a control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spotvmr.assembly import BudgetedVmr, build_student, check_encoders, load_weights
from spotvmr.config import Config, load
from spotvmr.config.schema import DatasetConfig
from spotvmr.errors import UserError
from spotvmr.evaluation.evaluate import evaluate
from spotvmr.evaluation.records import write_run
from spotvmr.extraction.prepare import PreparedData, prepare
from spotvmr.pipeline.folders import WEIGHTS
from spotvmr.pipeline.score import inference_of, score
from spotvmr.types.predictions import Prediction
from spotvmr.types.record import RunRecord

CONTROLS = ("mask_only",)


@dataclass(frozen=True)
class EvalRequest:
    """How a run is evaluated.

    Attributes:
        split: The split.
        budget: Another budget than it was trained for, or None.
        dataset: Another data set than it was trained on, or None.
        control: One of ``CONTROLS``, or None.
        adaptive: Whether the budget is a mean over queries.
    """

    split: str = "test"
    budget: float | None = None
    dataset: DatasetConfig | None = None
    control: str | None = None
    adaptive: bool = False

    def settings(self, config: Config) -> Config:
        """The configuration of a run for this evaluation."""
        selector = replace(config.selector, adaptive=config.selector.adaptive or self.adaptive)
        dataset = self.dataset or config.dataset
        return replace(config, budget=self.budget or config.budget, dataset=dataset, selector=selector)

    def label(self, config: Config) -> str:
        """Suffix of the name of the evaluation; empty if it equals the evaluation of the run itself."""
        adaptive = "-adaptive" if self.adaptive and not config.selector.adaptive else ""
        return adaptive + (f"-{self.control}" if self.control else "")

    def place(self, folder: Path, config: Config) -> Path:
        """Where the record lies: the run's folder, or for another request than its own a folder inside it."""
        elsewhere = f"{self.dataset.name}-" if self.dataset is not None and self.dataset != config.dataset else ""
        place = f"{elsewhere}{self.split}-{self.budget or config.budget:g}{self.label(config)}"
        return folder if place == f"test-{config.budget:g}" else folder / place


def evaluate_run(folder: Path, request: EvalRequest) -> tuple[RunRecord, Path]:
    """Evaluate a run that was trained before.

    Args:
        folder: Its folder.
        request: What to ask of it.

    Returns:
        The record, and where it was written.

    Raises:
        UserError: There is no such run, its weights are of another model, or the split holds no truth.
    """
    config = load(folder / "config.yaml")
    data, system = open_run(folder, config, request)
    if not data.splits[request.split]:
        name = data.config.dataset.name
        raise UserError(f"no {request.split} query of {name} has a moment to score; submission=FILE answers them")
    record, found = score(data, system, request.split, request.control, request.label(config), folder)
    where = request.place(folder, config)
    write_run(record, data.splits[request.split], found, where, data.config, data.videos)
    return record, where


def over_budgets(folder: Path, split: str, budgets: Sequence[float]) -> list[RunRecord]:
    """Records of a trained run at several budgets, its own among them; nothing is written.

    Args:
        folder: Its folder.
        split: The split to ask.
        budgets: The budgets.

    Raises:
        UserError: There is no such run.
    """
    data, system = open_run(folder, load(folder / "config.yaml"), EvalRequest(split))
    configs = [replace(data.config, budget=budget) for budget in sorted({*budgets, data.config.budget})]
    return [score(replace(data, config=config), system, split, None, "", folder)[0] for config in configs]


def answer_run(folder: Path, request: EvalRequest) -> tuple[list[Prediction], str]:
    """Let a run that was trained before answer every query of a split, also those whose truth is withheld.

    Args:
        folder: Its folder.
        request: What to ask of it.

    Returns:
        The answers in the order of the annotations, and the format of the data set.

    Raises:
        UserError: There is no such run or split, or its weights are of another model.
    """
    data, system = open_run(folder, load(folder / "config.yaml"), request)
    dataset, split = data.config.dataset, request.split
    queries = data.splits.by_name.get(split, [])
    if not queries:
        raise UserError(f"data set {dataset.name} has no {split} queries; set split= to another")
    inference, _ = inference_of(data, system, request.control)
    found = evaluate(system, data, queries, inference, data.config.trainer.batch_size)
    return found.predictions, dataset.format


def open_run(folder: Path, config: Config, request: EvalRequest) -> tuple[PreparedData, BudgetedVmr]:
    """The prepared data and the trained student of a run, in eval mode.

    Args:
        folder: Of the run.
        config: The run's own.
        request: How it is evaluated.

    Raises:
        UserError: There is no such run, or its weights are of another model or of other encoders.
    """
    data = prepare(request.settings(config))
    check_encoders(folder / WEIGHTS, data.index.key, data.expert.key, data.text.weights_hash)
    system = build_student(config, *data.dims)
    load_weights(system, folder / WEIGHTS)
    return data, system.eval()
