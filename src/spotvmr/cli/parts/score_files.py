"""``spotvmr evaluate format=…``: a file of predictions, scored by the rules of a benchmark's own scorer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from rich.table import Table

from spotvmr.annotations.submissions import Matched, Truth, match, read_submission, read_truths
from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import flag
from spotvmr.config import Config
from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError
from spotvmr.metrics.official import (
    ANNOTATORS,
    CLIP_S,
    RECALL_RULES,
    RecallRule,
    qvhighlights_scores,
    recall_scores,
)
from spotvmr.metrics.rules import IouRule

FORMATS = ("ego4d-nlq", "qvhighlights", "charades", "tacos", "activitynet", "jsonl")
FILES = ("ground_truth", "predictions")
OPTIONS = ("format", *FILES, "allow_partial")
"""Options of ``evaluate`` that are about files, not about a run."""


def score(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Score ``predictions=`` against ``ground_truth=``.

    Returns:
        ``format``, ``n`` (queries scored), ``n_ground_truth``, ``coverage``, ``partial`` and ``official``; for Ego4D
        also ``n_hittable``, ``official_all`` and ``official_hittable``.

    Raises:
        UserError: An option is missing or unknown, a file is not of the format, or the submission is partial.
    """
    kind, files, partial = _given_files(arguments)
    truths = read_truths(files["ground_truth"], kind, CLIP_S, ANNOTATORS)
    found = match(read_submission(files["predictions"], kind), truths, partial)
    result: dict[str, Any] = {
        "format": kind,
        "n": len(found.truths),
        "n_ground_truth": found.total,
        "coverage": found.coverage,
        "partial": bool(found.unanswered),
        **_scores(kind, found, config),
    }
    if not arguments.json:
        from spotvmr.report import print_table

        print_table(_table(result))
    arguments.show(_last_line(result))
    return result


def _given_files(arguments: Arguments) -> tuple[str, dict[str, Path], bool]:
    """Format, files and whether a partial submission is welcome."""
    options = arguments.options
    others = [f"{name}=" for name in ("run", "split", "submission") if name in options]
    if others:
        raise UserError(f"{' and '.join(others)} are about a run, format= scores files; give one or the other")
    kind = options.get("format", "")
    if kind not in FORMATS:
        hint = did_you_mean(kind, FORMATS) if kind else "give one with ground_truth= and predictions="
        raise UserError(f"format={kind} is none of {', '.join(FORMATS)}; {hint}")
    missing = [f"{name}=FILE" for name in FILES if not options.get(name)]
    if missing:
        raise UserError(f"format={kind} needs {' and '.join(missing)}")
    files = {name: Path(options[name]) for name in FILES}
    for name, path in files.items():
        if not path.is_file():
            raise UserError(f"no file {name}={path}; give the path of an existing file")
    return kind, files, flag(options, "allow_partial")


def _scores(kind: str, found: Matched, config: Config) -> dict[str, Any]:
    """The scores of a format."""
    if kind == "qvhighlights":
        return {"official": _qvhighlights(found)}
    rule = RECALL_RULES[kind]
    if kind == "jsonl":
        rule = replace(rule, rule=cast(IouRule, config.dataset.iou_rule))
    predictions = [answer.spans for answer in found.predictions]
    official = recall_scores(predictions, [truth.spans for truth in found.truths], rule)
    further = _ego4d_further(predictions, found, rule) if kind == "ego4d-nlq" else {}
    return {"official": official, **further}


def _ego4d_further(predictions: Sequence[Sequence[list[float]]], found: Matched, rule: RecallRule) -> dict[str, Any]:
    """What Ego4D's scorer does not say: scores over all queries, the unanswered missed, and over those one can hit."""
    answers, truths = [*predictions, *([] for _ in found.unanswered)], [*found.truths, *found.unanswered]
    hittable = [at for at, truth in enumerate(truths) if _can_be_hit(truth)]
    return {
        "n_hittable": len(hittable),
        "official_all": recall_scores(answers, [truth.spans for truth in truths], rule),
        "official_hittable": recall_scores(
            [answers[at] for at in hittable], [truths[at].spans for at in hittable], rule
        ),
    }


def _can_be_hit(truth: Truth) -> bool:
    """Whether a moment has a length; IoU with a point is 0."""
    return any(start_s < end_s for start_s, end_s in truth.spans)


def _qvhighlights(found: Matched) -> dict[str, Any]:
    """The scorer's whole object, its brief scores at the top as well."""
    saliency = [answer.saliency for answer in found.predictions if answer.saliency is not None]
    ratings = [truth.ratings for truth in found.truths if truth.ratings is not None]
    if saliency and len(saliency) < len(found.predictions):
        lacking = len(found.predictions) - len(saliency)
        raise UserError(f'{lacking} predictions lack "pred_saliency_scores", others have it; give it to all or none')
    if saliency and len(ratings) < len(found.truths):
        raise UserError(
            'the ground truth lacks "saliency_scores", predictions have "pred_saliency_scores"; give the file with '
            "ratings, or leave these scores out"
        )
    windows, truths = [answer.spans for answer in found.predictions], [truth.spans for truth in found.truths]
    scores = qvhighlights_scores(windows, truths, saliency or None, ratings if saliency else None)
    return {**scores["brief"], **scores}


def _table(result: Mapping[str, Any]) -> Table:
    """Names and values as the scorer prints them."""
    columns = {"official": result["official"]}
    columns |= {name: result[f"official_{name}"] for name in ("all", "hittable") if f"official_{name}" in result}
    unit = "%" if result["format"] == "qvhighlights" else "share"
    table = Table("", *columns, title=f"{result['format']}, {unit}", title_justify="left")
    if unit == "%":
        table.caption = "every threshold and range of lengths: --json"
    digits = 2 if unit == "%" else 4
    for name, value in result["official"].items():
        if isinstance(value, float):
            table.add_row(name, *(f"{column[name]:.{digits}f}" for column in columns.values()))
    return table


def _last_line(result: Mapping[str, Any]) -> str:
    """N and coverage."""
    line = f"{result['format']}: {result['n']} of {result['n_ground_truth']} queries scored, coverage "
    line += f"{100 * result['coverage']:.1f} %"
    if "n_hittable" in result:
        line += f", {result['n_ground_truth'] - result['n_hittable']} of no length that nothing can hit"
    return f"{line}; PARTIAL, not comparable with published scores" if result["partial"] else line
