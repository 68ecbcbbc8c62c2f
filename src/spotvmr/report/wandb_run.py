"""Scores, pictures and files that a finished training adds to its W&B run. All come from the run folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from spotvmr.report.axes import seconds_per_query
from spotvmr.report.page.scores import top_iou
from spotvmr.report.pictures.run_picture import picked_rows
from spotvmr.report.pictures.timeline import timeline_picture
from spotvmr.types import Moment
from spotvmr.types.predictions import Prediction
from spotvmr.types.record import RunRecord

if TYPE_CHECKING:
    from wandb import Run

_QUERIES = 8
_RECALL = "R1@0.3"

Thumbnail = Callable[[str, Moment], NDArray[Any] | None]
"""From a video id and a moment to the frame (H, W, 3) uint8 at its middle; None when there is no video."""


def log_scores(run: Run, teacher: RunRecord, student: RunRecord) -> None:
    """Add scores and costs on the test split to the summary of the run."""
    run.summary.update(
        {
            **{f"{student.split}/{name}": value for name, value in student.metrics.items()},
            **{f"teacher/{name}": value for name, value in teacher.metrics.items()},
            f"{student.split}/fraction_mean": student.selection.fraction_mean,
            f"{student.split}/gt_clip_recall": student.selection.gt_clip_recall,
            "cost/gflops_per_query": student.cost.gflops_per_query.get("q1"),
            "cost/ratio_to_dense": student.cost.ratio_to_dense.get("q1"),
            "cost/seconds_per_query": seconds_per_query(student),
        }
    )


def log_efficiency(run: Run, records: Sequence[RunRecord]) -> None:
    """Log a plot of recall against GFLOPs a query, with one point a budget.

    Args:
        run: The open run.
        records: Records of one system on one split, at different budgets.
    """
    import wandb

    table = wandb.Table(columns=["budget", "gflops_per_query", "ratio_to_dense", _RECALL, "gt_clip_recall"])
    for record in sorted(records, key=lambda record: record.budget):
        cost, clip_recall = record.cost, record.selection.gt_clip_recall
        costs = cost.gflops_per_query["q1"], cost.ratio_to_dense["q1"]
        table.add_data(record.budget, *costs, record.metrics[_RECALL], clip_recall)
    title = f"{_RECALL} on {records[0].split} against GFLOPs a query"
    run.log({"efficiency": wandb.plot.line(table, "gflops_per_query", _RECALL, title=title)})


def log_queries(run: Run, folder: Path, thumbnail: Thumbnail) -> None:
    """Log a table of queries: a time line of ground truth, selection and prediction, and a frame of the prediction."""
    import wandb

    table = wandb.Table(
        columns=["qid", "query", "video", "IoU", "clips", "ground truth", "prediction", "time line", "frame"]
    )
    with tempfile.TemporaryDirectory() as drawn:
        for number, (answer, row) in enumerate(picked_rows(folder, _QUERIES)):
            path = Path(drawn) / f"{number}.png"
            timeline_picture([row], path)
            table.add_data(*_facts(answer), wandb.Image(str(path)), _frame(answer, thumbnail))
        run.log({"queries": table})


def log_artifacts(run: Run, folder: Path, names: Sequence[str]) -> None:
    """Upload files of the run folder, such as record and weights, as one artifact."""
    import wandb

    artifact = wandb.Artifact(f"run-{run.id}", type="run")
    for name in names:
        artifact.add_file(str(folder / name))
    run.log_artifact(artifact)


def _facts(answer: Prediction) -> tuple[object, ...]:
    truth, best = (", ".join(map(_span, moments)) for moments in (answer.truth, answer.moments[:1]))
    return answer.qid, answer.text, answer.video_id, top_iou(answer), len(answer.selected_clips), truth, best


def _frame(answer: Prediction, thumbnail: Thumbnail) -> object:
    import wandb

    pixels = thumbnail(answer.video_id, answer.moments[0]) if answer.moments else None
    return None if pixels is None else wandb.Image(pixels)


def _span(moment: Moment) -> str:
    return f"{moment.start_s:.1f}-{moment.end_s:.1f} s"
