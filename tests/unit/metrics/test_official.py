"""The benchmarks' rules: hand-computed cases, and loops as an independent reference."""

from __future__ import annotations

import math
import random
import subprocess
import sys

import numpy as np
import pytest

from spotvmr.metrics.official import RECALL_RULES, qvhighlights_scores, recall_scores
from spotvmr.metrics.official.highlights import highlight_scores
from spotvmr.metrics.official.moments import LENGTHS_S, THRESHOLDS, moment_scores

Span = tuple[float, ...]


def iou(p: Span, t: Span) -> float:
    shared = max(0.0, min(p[1], t[1]) - max(p[0], t[0]))
    whole = (p[1] - p[0]) + (t[1] - t[0]) - shared
    return shared / whole if whole else 0.0


def spans(rng: random.Random, low: int, high: int) -> list[Span]:
    """Spans with scores on whole seconds, where thresholds are met exactly and scores tie."""
    starts = [rng.randint(0, 40) for _ in range(rng.randint(low, high))]
    return [(start, start + rng.choice([0, 1, 5, 10, 20, 30, 40]), rng.randint(0, 5) / 5) for start in starts]


@pytest.mark.parametrize(
    ("kind", "hit"), [("ego4d-nlq", 0.0), ("tacos", 0.0), ("charades", 1.0), ("activitynet", 1.0), ("jsonl", 1.0)]
)
def test_an_iou_of_exactly_the_threshold(kind: str, hit: float) -> None:
    scores = recall_scores([[(0, 5)]], [[(0, 10)]], RECALL_RULES[kind])
    assert scores["R1@0.5"] == scores["R5@0.5"] == hit
    assert scores["R1@0.3"] == 1.0
    assert scores["mIoU"] == 0.5


def test_names_in_the_order_of_each_print() -> None:
    names = {kind: list(recall_scores([[(0, 5)]], [[(0, 10)]], rule)) for kind, rule in RECALL_RULES.items()}
    assert names["ego4d-nlq"][:4] == ["R1@0.3", "R3@0.3", "R5@0.3", "R1@0.5"]
    assert names["charades"] == ["R1@0.3", "R5@0.3", "R1@0.5", "R5@0.5", "R1@0.7", "R5@0.7", "mIoU"]
    assert names["tacos"][:2] == ["R1@0.1", "R5@0.1"]
    assert names["jsonl"] == ["R1@0.3", "R1@0.5", "R1@0.7", "R5@0.3", "R5@0.5", "mIoU"]


def test_the_hull_and_the_union_differ_in_the_last_bit_alone() -> None:
    rng = random.Random(0)
    rows = [([(rng.random(), 1 + rng.random())], [(rng.random(), 1 + rng.random())]) for _ in range(1000)]
    hull, union = (
        recall_scores([p for p, _ in rows], [t for _, t in rows], RECALL_RULES[kind])["mIoU"]
        for kind in ("charades", "jsonl")
    )
    assert hull == pytest.approx(union, abs=1e-15)


@pytest.mark.parametrize("kind", RECALL_RULES)
def test_recalls_against_loops(kind: str) -> None:
    rng, rule = random.Random(1), RECALL_RULES[kind]
    predictions = [spans(rng, 0, 8) for _ in range(300)]
    truths = [spans(rng, 1, 2) for _ in range(300)]
    scores = recall_scores(predictions, truths, rule)
    best = [[max(iou(p, t) for t in ts) for p in ps] for ps, ts in zip(predictions, truths, strict=True)]
    for rank, at in rule.recalls:
        found = [any(v >= at if rule.rule == ">=" else v > at for v in row[:rank]) for row in best]
        assert scores[f"R{rank}@{at}"] == pytest.approx(sum(found) / 300, abs=1e-12)
    assert scores["mIoU"] == pytest.approx(sum(row[0] if row else 0 for row in best) / 300, abs=1e-12)


def test_a_point_cannot_be_hit_and_no_queries_have_no_score() -> None:
    rule = RECALL_RULES["ego4d-nlq"]
    assert set(recall_scores([[(3, 3), (0, 9)]], [[(3, 3)]], rule).values()) == {0.0}
    assert all(math.isnan(value) for value in recall_scores([], [], rule).values())


def average_precision(predictions: list[Span], truths: list[Span], threshold: float) -> float:
    """Area under the precision envelope, one query at a time."""
    ranked = sorted(predictions[:10], key=lambda p: -p[2])
    free, hits = set(range(len(truths))), []
    for prediction in ranked:
        near = [(iou(prediction, truths[at]), at) for at in free]
        value, at = max(near, default=(-1.0, -1))
        hits.append(value >= threshold)
        if hits[-1]:
            free.remove(at)
    precision = [sum(hits[: k + 1]) / (k + 1) for k in range(len(hits))]
    return sum(max(precision[k:]) for k, hit in enumerate(hits) if hit) / len(truths)


def test_moments_against_loops() -> None:
    rng = random.Random(2)
    predictions, truths = [spans(rng, 1, 12) for _ in range(200)], [spans(rng, 1, 5) for _ in range(200)]
    scores = moment_scores(predictions, truths)
    for name, (low, high) in LENGTHS_S.items():
        kept = [[t for t in ts if low < t[1] - t[0] <= high] for ts in truths]
        rows = [(p, t) for p, t in zip(predictions, kept, strict=True) if t]
        averages = []
        for at in THRESHOLDS:
            mean = np.mean([average_precision(p, t, at) for p, t in rows])
            first = np.mean([max(iou(p[0], one) for one in t) >= at for p, t in rows])
            assert scores[name]["MR-mAP"][str(at)] == pytest.approx(100 * mean, abs=0.00501)
            assert scores[name]["MR-R1"][str(at)] == pytest.approx(100 * first, abs=0.00501)
            averages.append(mean)
        assert scores[name]["MR-mAP"]["average"] == pytest.approx(100 * np.mean(averages), abs=0.00501)


def test_average_precision_by_hand() -> None:
    # Hit, miss, hit: precisions 1 and 2/3 over two truths. The eleventh window would be a further hit.
    truths = [[(0, 10), (20, 30), (50, 60)]]
    windows = [[(0, 10, 0.9), (80, 90, 0.8), (20, 30, 0.7), *[(90, 99, 0.1)] * 7, (50, 60, 1.0)]]
    assert moment_scores(windows, truths)["full"]["MR-mAP"]["0.5"] == 55.56  # (1 + 2/3) / 3


def test_windows_are_ranked_by_score_but_recall_takes_the_first() -> None:
    scores = moment_scores([[(50, 60, 0.1), (0, 10, 0.9)]], [[(0, 10)]])["full"]
    assert (scores["MR-mAP"]["0.5"], scores["MR-R1"]["0.5"]) == (100.0, 0.0)


def test_lengths_belong_to_the_range_they_close() -> None:
    scores = moment_scores([[(0, 10, 1)], [(0, 30, 1)], [(0, 31, 1)]], [[(0, 10)], [(0, 30)], [(0, 31)]])
    assert [scores[name]["MR-mAP"]["average"] for name in LENGTHS_S] == [100.0] * 4
    only_short = moment_scores([[(0, 10, 1)]], [[(0, 10)]])
    assert math.isnan(only_short["middle"]["MR-mAP"]["average"])
    assert math.isnan(only_short["long"]["MR-R1"]["0.5"])


def highlight_precision(scores: list[float], labels: list[bool]) -> float:
    """Mean of the best precision at this or a lower threshold, over thresholds where highlights enter."""
    thresholds = sorted(set(scores))
    taken = [[label for score, label in zip(scores, labels, strict=True) if score >= at] for at in thresholds]
    precision = [sum(row) / len(row) for row in taken]
    counts = [sum(row) for row in taken] + [0]
    steps = [max(precision[: k + 1]) for k in range(len(taken)) if counts[k] > counts[k + 1]]
    return sum(steps) / len(steps) if steps else 0.0


def test_highlights_against_loops() -> None:
    rng = random.Random(3)
    ratings = [[[rng.choice([0, 0, 2, 3, 4]) for _ in range(3)] for _ in range(rng.randint(4, 12))] for _ in range(150)]
    ratings[0] = [[4, 4, 4]] * 5
    ratings[1] = [[0, 0, 0]] * 5
    saliency = [[rng.randint(-3, 6) / 4 for _ in range(len(rows) + rng.randint(-2, 2))] for rows in ratings]
    found = highlight_scores(saliency, ratings)
    for level, least in (("Fair", 2), ("Good", 3), ("VeryGood", 4)):
        precisions, hits = [], []
        for scores, rows in zip(saliency, ratings, strict=True):
            fitted = (scores + [0.0] * len(rows))[: len(rows)]
            precisions += [highlight_precision(fitted, [row[a] >= least for row in rows]) for a in range(3)]
            top = scores.index(max(scores))
            hits.append(top < len(rows) and max(rows[top]) >= least)
        assert found[f"HL-min-{level}"]["HL-mAP"] == pytest.approx(100 * np.mean(precisions), abs=0.00501)
        assert found[f"HL-min-{level}"]["HL-Hit1"] == pytest.approx(100 * np.mean(hits), abs=0.00501)


def test_highlights_are_left_out_where_there_are_none() -> None:
    scores = qvhighlights_scores([[(0, 10, 1)]], [[(0, 10)]])
    assert list(scores) == ["brief", "full", "long", "middle", "short"]
    assert not [name for name in scores["brief"] if name.startswith("HL")]


def test_scoring_needs_no_torch() -> None:
    code = "import sys, spotvmr.cli.parts.score_files, spotvmr.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
