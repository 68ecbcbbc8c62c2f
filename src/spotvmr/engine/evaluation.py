"""Running a trained system over a split: predictions, scores, what was selected and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from spotvmr.assembly import BudgetedVmr
from spotvmr.cost import Ledger, QueryCost, VideoCost, count_gflops
from spotvmr.engine.samples import Collator, GroundingDataset
from spotvmr.engine.workbench import Workbench
from spotvmr.metrics import GroundingMetrics, IouRule, SelectionMetrics
from spotvmr.selection import SelectionRequest, StoredExpert
from spotvmr.types import Query
from spotvmr.types.batches import GroundingBatch
from spotvmr.types.predictions import Prediction


@dataclass(frozen=True)
class Evaluation:
    """What a split gave.

    Attributes:
        predictions: One a query, in the order of the queries.
        grounding: The metric with every query's IoUs.
        selection: What was selected.
        ledger: Seconds of selection and VMR model.
        scores: The selector's scores (T,) at each step of each query; empty for arms without.
        steps: The clips chosen at each step of each query.
    """

    predictions: list[Prediction]
    grounding: GroundingMetrics
    selection: SelectionMetrics
    ledger: Ledger
    scores: dict[str, list[Tensor]]
    steps: dict[str, list[list[int]]]


@torch.inference_mode()
def evaluate(system: BudgetedVmr, bench: Workbench, queries: Sequence[Query], budget: float, batch: int) -> Evaluation:
    """Ask every query of its whole video.

    Args:
        system: The trained system, in eval mode.
        bench: Features and sentences.
        queries: Queries with their true moments.
        budget: Share of the valid clips.
        batch: Queries at once.
    """
    dataset = GroundingDataset(queries, bench.index, bench.expert, bench.config.dataset.clip_s)
    rule = cast(IouRule, bench.config.dataset.iou_rule)
    found = Evaluation([], GroundingMetrics(rule=rule), SelectionMetrics(), Ledger(), {}, {})
    for metric in (found.grounding, found.selection):
        # The first process of a distributed run evaluates alone; the others are not there to be asked.
        metric.distributed_available_fn = lambda: False
    of_qid = {query.qid: query for query in queries}
    for rows in DataLoader(dataset, batch, collate_fn=Collator(bench.sentences)):
        _evaluate_batch(system, rows, of_qid, budget, found)
    return found


def _evaluate_batch(
    system: BudgetedVmr, rows: GroundingBatch, of_qid: Mapping[str, Query], budget: float, found: Evaluation
) -> None:
    """Select, localise, score one batch."""
    clips = rows.clips
    share = torch.full((len(rows.qids),), budget, dtype=torch.float64)
    source = StoredExpert(clips.expert)
    request = SelectionRequest(clips.index, clips.mask, rows.text, share, source, system.model, rows.qids, rows.target)
    with found.ledger.stage("selection"):
        selection = system.selector(request)
    with found.ledger.stage("model"):
        output = system.localise(clips.index, clips.mask, rows.text, selection)
        moments = system.model.decode(output, rows.clip_s, rows.duration_s)
    truths = [of_qid[qid].moments for qid in rows.qids]
    found.grounding.update(rows.qids, moments, truths)
    found.selection.update(rows.qids, selection.chosen, rows.target.inside, clips.mask)
    for b, qid in enumerate(rows.qids):
        query, valid = of_qid[qid], int(clips.mask[b].sum())
        chosen = tuple(selection.chosen[b].nonzero().flatten().tolist())
        answer = Prediction(qid, query.video_id, query.text, tuple(moments[b]), chosen, query.moments)
        found.predictions.append(answer)
        found.steps[qid] = [step[b].nonzero().flatten().tolist() for step in selection.steps]
        found.scores[qid] = [score[b, :valid].clone() for score in selection.scores]


def query_costs(
    system: BudgetedVmr, bench: Workbench, queries: Sequence[Query], found: Evaluation, budget: float
) -> list[VideoCost]:
    """GFLOPs of each query, counted by running it: text, selection and model; grouped by video.

    Equal lengths of video and sentence give equal counts, so that each pair of lengths is run once.
    """
    collate = Collator(bench.sentences)
    dataset = GroundingDataset(queries, bench.index, bench.expert, bench.config.dataset.clip_s)

    counted: dict[tuple[int, int], tuple[float, float, float]] = {}
    by_video: dict[str, list[QueryCost]] = {}
    for item, (query, prediction) in enumerate(zip(queries, found.predictions, strict=True)):
        lengths = (bench.index.n_clips(query.video_id), len(bench.sentences[query.text][0]))
        if lengths not in counted:
            counted[lengths] = _count(system, bench, collate([dataset[item]]), query.text, budget)
        cost = QueryCost(*counted[lengths], frozenset(prediction.selected_clips))
        by_video.setdefault(query.video_id, []).append(cost)
    return [VideoCost(bench.index.n_clips(video_id), tuple(rows)) for video_id, rows in by_video.items()]


def _count(
    system: BudgetedVmr, bench: Workbench, rows: GroundingBatch, text: str, budget: float
) -> tuple[float, float, float]:
    """GFLOPs of text, selection and model for one query."""
    clips, share = rows.clips, torch.tensor([budget], dtype=torch.float64)
    source = StoredExpert(clips.expert)
    request = SelectionRequest(clips.index, clips.mask, rows.text, share, source, system.model, rows.qids, rows.target)
    selection = system.selector(request)
    return (
        count_gflops(bench.text.encode, [text]),
        count_gflops(system.selector, request),
        count_gflops(system.localise, clips.index, clips.mask, rows.text, selection),
    )
