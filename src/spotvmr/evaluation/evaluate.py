"""Evaluation of a trained system on a split: predictions, metrics, selected clips and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor
from torch.utils.data import DataLoader

from spotvmr.assembly import BudgetedVmr
from spotvmr.cost import Ledger, QueryCost, VideoCost, count_gflops
from spotvmr.evaluation.inference import Inference, QueryResult, request_of
from spotvmr.extraction.prepare import PreparedData
from spotvmr.features.samples import Collator, GroundingDataset
from spotvmr.metrics import GroundingMetrics, IouRule, SelectionMetrics
from spotvmr.types import Query
from spotvmr.types.batches import GroundingBatch
from spotvmr.types.predictions import Prediction


@dataclass(frozen=True)
class Evaluation:
    """The results of a split.

    Attributes:
        predictions: One prediction for each query, in the order of the queries.
        grounding: The metric with the IoUs of every query.
        selection: The metric of the selected clips.
        ledger: Seconds of selection and VMR model.
        scores: The selector's scores (T,) at each step, by query id; empty for selectors without scores.
        steps: The clips chosen at each step, by query id.
        rounds: Number of runs of selector and VMR model, by query id.
    """

    predictions: list[Prediction]
    grounding: GroundingMetrics
    selection: SelectionMetrics
    ledger: Ledger
    scores: dict[str, list[Tensor]]
    steps: dict[str, list[list[int]]]
    rounds: dict[str, int]


@torch.inference_mode()
def evaluate(
    system: BudgetedVmr, data: PreparedData, queries: Sequence[Query], inference: Inference, batch_size: int
) -> Evaluation:
    """Run every query on its whole video.

    Args:
        system: The trained system, in eval mode.
        data: Features and sentences.
        queries: The queries. A batch with a query of withheld ground truth gets predictions but no metrics.
        inference: How a batch of queries is run.
        batch_size: Queries of a batch.
    """
    dataset = GroundingDataset(queries, data.index, data.expert, data.config.dataset.clip_s)
    rule = cast(IouRule, data.config.dataset.iou_rule)
    found = Evaluation([], GroundingMetrics(rule=rule), SelectionMetrics(), Ledger(), {}, {}, {})
    for metric in (found.grounding, found.selection):
        # The first process of a distributed run evaluates alone: the metrics must not wait for the others.
        metric.distributed_available_fn = lambda: False
    of_qid = {query.qid: query for query in queries}
    batches = DataLoader(dataset, batch_size, collate_fn=Collator(data.sentences))
    console = Console(stderr=True)
    shown = data.config.log.progress and console.is_terminal  # elsewhere it would leave an empty line
    for batch in track(batches, "evaluating", console=console, transient=True, disable=not shown):
        _keep(batch, inference(system, batch, found.ledger), of_qid, found)
    return found


def _keep(
    batch: GroundingBatch, results: Sequence[QueryResult], of_qid: Mapping[str, Query], found: Evaluation
) -> None:
    """Score the results of one batch and keep them."""
    clips = batch.clips
    truths = [of_qid[qid].moments for qid in batch.qids]
    if all(truths):  # a split for a submission may hold queries with withheld ground truth
        found.grounding.update(batch.qids, [result.moments for result in results], truths)
        chosen = torch.stack([result.chosen for result in results])
        found.selection.update(batch.qids, chosen, batch.target.inside, clips.mask)
    for b, (qid, result) in enumerate(zip(batch.qids, results, strict=True)):
        query, valid = of_qid[qid], int(clips.mask[b].sum())
        clip_numbers = tuple(result.chosen.nonzero().flatten().tolist())
        found.predictions.append(
            Prediction(
                qid, query.video_id, query.text, tuple(result.moments), clip_numbers, query.moments, query.duration_s
            )
        )
        found.steps[qid] = [step.nonzero().flatten().tolist() for step in result.steps]
        found.scores[qid] = [score[:valid].clone() for score in result.scores]
        found.rounds[qid] = result.rounds


def query_costs(
    system: BudgetedVmr, data: PreparedData, queries: Sequence[Query], found: Evaluation, budget: float
) -> list[VideoCost]:
    """GFLOPs of each query for text, selection and model, grouped by video.

    Queries with equal numbers of clips and tokens cost the same: each pair of numbers is counted once by a run.
    """
    collate = Collator(data.sentences)
    dataset = GroundingDataset(queries, data.index, data.expert, data.config.dataset.clip_s)

    counted: dict[tuple[int, int], tuple[float, float, float]] = {}
    by_video: dict[str, list[QueryCost]] = {}
    for item, (query, prediction) in enumerate(zip(queries, found.predictions, strict=True)):
        lengths = (data.index.n_clips(query.video_id), len(data.sentences[query.text][0]))
        if lengths not in counted:
            batch = collate([dataset[item]])
            counted[lengths] = query_gflops(system, data, batch, query.text, budget)
        text, selection, model = counted[lengths]
        rounds = found.rounds[query.qid]  # the cost of a round does not depend on the clips chosen before it
        clips = frozenset(prediction.selected_clips)
        cost = QueryCost(text, rounds * selection, rounds * model, clips)
        by_video.setdefault(query.video_id, []).append(cost)
    return [VideoCost(data.index.n_clips(video_id), tuple(costs)) for video_id, costs in by_video.items()]


def query_gflops(
    system: BudgetedVmr, data: PreparedData, batch: GroundingBatch, text: str, budget: float
) -> tuple[float, float, float]:
    """GFLOPs of text encoder, selector and VMR model for a batch of one query, counted by running it."""
    return count_gflops(data.text.encode, [text]), *system.query_gflops(request_of(system, batch, budget))
