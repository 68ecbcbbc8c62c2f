"""The complete score of QVHighlights, in the format of its scorer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spotvmr.metrics.official.highlights import highlight_scores
from spotvmr.metrics.official.moments import moment_scores
from spotvmr.metrics.official.spans import Spans


def qvhighlights_scores(
    predictions: Sequence[Spans],
    truths: Sequence[Spans],
    saliency: Sequence[Sequence[float]] | None = None,
    ratings: Sequence[Sequence[Sequence[float]]] | None = None,
) -> dict[str, Any]:
    """Score moments, and highlights if both sides have them.

    Args:
        predictions: Windows with scores of each of Q queries, at least one each.
        truths: True windows of each query, at least one each.
        saliency: Predicted score of each clip of each query.
        ratings: True ratings of each clip of each query, as ``highlight_scores`` takes them.

    Returns:
        ``brief``, the highlights' levels and the ranges of lengths, in the order and with the names of
        jayleicn/moment_detr, ``standalone_eval/eval.py``; percent with two digits.
    """
    moments = moment_scores(predictions, truths)
    highlights = {} if saliency is None or ratings is None else highlight_scores(saliency, ratings)
    full = moments["full"]
    brief = {f"MR-full-R1@{at}": full["MR-R1"][at] for at in ("0.5", "0.7")}
    brief |= {"MR-full-mAP": full["MR-mAP"]["average"]}
    brief |= {f"MR-full-mAP@{at}": full["MR-mAP"][at] for at in ("0.5", "0.75")}
    brief |= {f"MR-{name}-mAP": moments[name]["MR-mAP"]["average"] for name in ("long", "middle", "short")}
    for level, scores in highlights.items():
        brief |= {f"{level}-{name.removeprefix('HL-')}": value for name, value in scores.items()}
    return {"brief": brief, **highlights, **moments}
