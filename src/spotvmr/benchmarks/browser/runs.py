"""Synthetic runs: records, predictions and traces of realistic size."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spotvmr.types.moment import Moment
from spotvmr.types.predictions import Prediction, write_predictions
from spotvmr.types.record import Cost, Hardware, RunRecord, SelectionSummary, write_record
from spotvmr.types.traces import Trace, write_traces

_SELECTORS = ("spotter", "similarity", "uniform", "random", "one_shot")
_STAGES = ("index", "text", "selection", "expert", "model")
_BUDGETS = (0.05, 0.1, 0.2, 0.3)
_CLIPS = 480  # of a video, a second each
_TRACED = 40  # one query in so many


def made_up_record(number: int) -> RunRecord:
    """A record on 1,000 queries; its number seeds scores and costs."""
    rng = np.random.default_rng(number)
    budget = _BUDGETS[number // len(_SELECTORS) % len(_BUDGETS)]
    score = float(np.clip(0.3 + budget + 0.3 * rng.random(), 0, 1))
    return RunRecord(
        name=f"run-{number}",
        created=f"2026-01-02T03:04:{number % 60:02d}+00:00",
        git="",
        command=f"spotvmr train name=run-{number}",
        seed=number % 3,
        dataset="demo",
        split="test",
        n_queries=1000,
        n_videos=50,
        hours=6.7,
        iou_rule=">=",
        model=("vslnet", "qd_detr")[number % 2],
        selector=_SELECTORS[number % len(_SELECTORS)],
        budget=budget,
        metrics={"R1@0.3": score, "R1@0.5": score - 0.05, "R5@0.3": min(1.0, score + 0.2), "mIoU": score - 0.1},
        ci95=dict.fromkeys(("R1@0.3", "mIoU"), (score - 0.04, score + 0.03)),
        selection=SelectionSummary(budget, budget, budget, 0.75),
        cost=_cost(rng, budget),
        hardware=Hardware("Some CPU", 2),
        versions={},
        config={"dataset": {"clip_s": 1.0}},
        annotations_digest="0123abcd",
    )


def _cost(rng: np.random.Generator, budget: float) -> Cost:
    stages = {stage: {"gflops": 1e4 * float(rng.random()), "seconds": 900 * float(rng.random())} for stage in _STAGES}
    gflops = 118 * budget + 5.0 + float(rng.random())
    return Cost(
        20.0,
        {"decode": {"seconds": 500.0, "frames": 9}, **stages},
        {"q1": gflops, "q10": gflops / 2, "all": 3.0},
        {"q1": 118.0, "q10": 12.0, "all": 8.0},
        {"q1": gflops / 118, "q10": 0.2, "all": 0.3},
        "measured",
    )


def write_made_up_run(folder: Path, record: RunRecord, queries: int, text: str) -> None:
    """Write a run with its predictions and some traces.

    Args:
        folder: Folder of the run.
        record: Its record.
        queries: Number of queries.
        text: Sentence of each query, followed by its number.

    Raises:
        UserError: A file cannot be written.
    """
    rng = np.random.default_rng(record.seed)
    answers = [_answer(rng, number, text) for number in range(queries)]
    traces = [_trace(rng, answer) for answer in answers[::_TRACED]]
    write_predictions(answers, folder / "predictions.jsonl")
    write_traces(traces, folder / "traces.jsonl")
    write_record(record, folder / "record.json")


def _answer(rng: np.random.Generator, number: int, text: str) -> Prediction:
    """A prediction of one approximate and four random moments, with a tenth of the clips."""
    start_s = float(rng.integers(0, _CLIPS - 10)) + 0.25
    first_s = round(start_s + float(rng.uniform(0, 5)), 2)
    starts_s = (first_s, *rng.uniform(0, _CLIPS - 10, 4).round(2).tolist())
    clips = tuple(sorted(rng.choice(_CLIPS, _CLIPS // 10, replace=False).tolist()))
    return Prediction(
        str(number),
        f"video_{number % 50}",
        f"{text}, {number}",
        tuple(Moment(s, s + 4.2, 0.9) for s in starts_s),
        clips,
        (Moment(start_s, start_s + 5.0),),
        float(_CLIPS),
    )


def _trace(rng: np.random.Generator, answer: Prediction) -> Trace:
    """A trace of three steps with a third of the clips each."""
    clips = answer.selected_clips
    third = len(clips) // 3
    scores = tuple(tuple(rng.normal(0, 3, _CLIPS).round(3).tolist()) for _ in range(3))
    steps = (clips[:third], clips[third : 2 * third], clips[2 * third :])
    return Trace(answer.qid, float(_CLIPS), 1.0, steps, scores)
