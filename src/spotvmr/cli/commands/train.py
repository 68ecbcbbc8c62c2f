"""``spotvmr train``: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parts.repeat_run import differences, in_words, settings_of
from spotvmr.config import Config
from spotvmr.types.record import read_record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotvmr.pipeline.train import Trained
    from spotvmr.types import Moment

_BUDGETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_ARTIFACTS = ("record.json", "config.yaml", "predictions.jsonl", "weights.safetensors")
_THUMBNAIL_PX = 120


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Train teacher and student, evaluate both, print them side by side; with ``from=RECORD`` repeat a run.

    Returns:
        The student's record and its folder; of a repeated run also what is ``different`` from the first.
    """
    from spotvmr.pipeline.train import train

    if "from" not in arguments.options:
        return _shown(config, train(config), arguments)
    path = Path(arguments.options["from"])
    first = read_record(path)
    config = settings_of(first, arguments.overrides, str(path))
    done = train(config)
    result = _shown(config, done, arguments)
    if done is not None:
        result["different"] = differences(first, done.student)
        arguments.show(in_words(result["different"]))
    return result


def _shown(config: Config, done: Trained | None, arguments: Arguments) -> dict[str, Any]:
    """Print what a training left, draw its pages, and tell W&B; each as far as the settings ask for it."""
    from spotvmr.report import print_table, train_summary

    if done is None:
        return {}
    if not arguments.json:
        print_table(train_summary(done.teacher, done.student))
    if config.log.record:
        _draw(done.folder, arguments)
    if config.log.wandb:
        _tell_wandb(config, done)
    left = "record, predictions, weights and curves" if config.log.record else "weights"
    arguments.show(f"{left}: {done.folder}")
    return {"folder": str(done.folder), "record": done.student.to_json()}


def _draw(folder: Path, arguments: Arguments) -> None:
    """The pages that are made from the files of a run."""
    from spotvmr.report import run_picture, write_page

    arguments.show(f"time line of some queries: {run_picture(folder)}")
    page = folder.parent / "dashboard.html"
    write_page(folder.parent, page)
    arguments.show(f"dashboard of all runs there: {page}")


def _tell_wandb(config: Config, done: Trained) -> None:
    """Add scores, charts, queries and files to the run that the training opened, and close it."""
    import wandb

    from spotvmr.pipeline.evaluate_run import over_budgets
    from spotvmr.report.wandb_run import log_artifacts, log_efficiency, log_queries, log_scores

    if wandb.run is None:  # the weights were there, nothing was trained
        return
    log_scores(wandb.run, done.teacher, done.student)
    if config.log.efficiency:
        budgets = _BUDGETS if config.trainer.any_budget else ()
        log_efficiency(wandb.run, over_budgets(done.folder, "val", budgets))
    if config.log.queries and config.log.record:
        log_queries(wandb.run, done.folder, lambda video_id, moment: _frame(done, video_id, moment))
    if config.log.artifacts and config.log.record:
        log_artifacts(wandb.run, done.folder, _ARTIFACTS)
    wandb.finish()


def _frame(done: Trained, video_id: str, moment: Moment) -> NDArray[Any] | None:
    """A small frame from the middle of a moment; None where features were imported."""
    from spotvmr.video import open_reader, probe

    if video_id not in done.videos:
        return None
    info = probe(done.videos[video_id])
    reader = open_reader(info.path, size=info.size_within(_THUMBNAIL_PX), info=info)
    pixels: NDArray[Any] = reader.read([(moment.start_s + moment.end_s) / 2]).pixels[0]
    return pixels
