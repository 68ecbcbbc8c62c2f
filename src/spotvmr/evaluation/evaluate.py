"""Running a trained system over a split: predictions, scores, what was selected and what it cost."""

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
from spotvmr.evaluation.inference import Ask, Asked, request_of
from spotvmr.extraction.prepare import PreparedData
from spotvmr.features.samples import Collator, GroundingDataset
from spotvmr.metrics import GroundingMetrics, IouRule, SelectionMetrics
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
        rounds: How often selector and VMR model ran for each query.
    """

    predictions: list[Prediction]
    grounding: GroundingMetrics
    selection: SelectionMetrics
    ledger: Ledger
    scores: dict[str, list[Tensor]]
    steps: dict[str, list[list[int]]]
    rounds: dict[str, int]


@torch.inference_mode()
def evaluate(system: BudgetedVmr, data: PreparedData, queries: Sequence[Query], ask: Ask, batch: int) -> Evaluation:
    """Ask every query of its whole video.

    Args:
        system: The trained system, in eval mode.
        data: Features and sentences.
        queries: Queries; batches in which the truth of one is withheld are answered, not scored.
        ask: How.
        batch: Queries at once.
    """
    dataset = GroundingDataset(queries, data.index, data.expert, data.config.dataset.clip_s)
    rule = cast(IouRule, data.config.dataset.iou_rule)
    found = Evaluation([], GroundingMetrics(rule=rule), SelectionMetrics(), Ledger(), {}, {}, {})
    for metric in (found.grounding, found.selection):
        # The first process of a distributed run evaluates alone; the others are not there to be asked.
        metric.distributed_available_fn = lambda: False
    of_qid = {query.qid: query for query in queries}
    batches = DataLoader(dataset, batch, collate_fn=Collator(data.sentences))
    console = Console(stderr=True)
    shown = data.config.log.progress and console.is_terminal  # elsewhere it would leave an empty line
    for rows in track(batches, "asking", console=console, transient=True, disable=not shown):
        _keep(rows, ask(system, rows, found.ledger), of_qid, found)
    return found


def _keep(rows: GroundingBatch, answers: Sequence[Asked], of_qid: Mapping[str, Query], found: Evaluation) -> None:
    """Score the answers to one batch and keep them."""
    clips = rows.clips
    truths = [of_qid[qid].moments for qid in rows.qids]
    if all(truths):  # a split that is answered for a submission may hold queries whose truth is withheld
        found.grounding.update(rows.qids, [answer.moments for answer in answers], truths)
        chosen = torch.stack([answer.chosen for answer in answers])
        found.selection.update(rows.qids, chosen, rows.target.inside, clips.mask)
    for b, (qid, asked) in enumerate(zip(rows.qids, answers, strict=True)):
        query, valid = of_qid[qid], int(clips.mask[b].sum())
        clip_numbers = tuple(asked.chosen.nonzero().flatten().tolist())
        found.predictions.append(
            Prediction(
                qid, query.video_id, query.text, tuple(asked.moments), clip_numbers, query.moments, query.duration_s
            )
        )
        found.steps[qid] = [step.nonzero().flatten().tolist() for step in asked.steps]
        found.scores[qid] = [score[:valid].clone() for score in asked.scores]
        found.rounds[qid] = asked.rounds


def query_costs(
    system: BudgetedVmr, data: PreparedData, queries: Sequence[Query], found: Evaluation, budget: float
) -> list[VideoCost]:
    """GFLOPs of each query, counted by running it: text, selection and model; grouped by video.

    Equal lengths of video and sentence give equal counts, so that each pair of lengths is run once.
    """
    collate = Collator(data.sentences)
    dataset = GroundingDataset(queries, data.index, data.expert, data.config.dataset.clip_s)

    counted: dict[tuple[int, int], tuple[float, float, float]] = {}
    by_video: dict[str, list[QueryCost]] = {}
    for item, (query, prediction) in enumerate(zip(queries, found.predictions, strict=True)):
        lengths = (data.index.n_clips(query.video_id), len(data.sentences[query.text][0]))
        if lengths not in counted:
            counted[lengths] = count_query(system, data, collate([dataset[item]]), query.text, budget)
        said, selecting, localising = counted[lengths]
        rounds = found.rounds[query.qid]  # a round costs the same whatever was chosen before it
        clips = frozenset(prediction.selected_clips)
        cost = QueryCost(said, rounds * selecting, rounds * localising, clips)
        by_video.setdefault(query.video_id, []).append(cost)
    return [VideoCost(data.index.n_clips(video_id), tuple(rows)) for video_id, rows in by_video.items()]


def count_query(
    system: BudgetedVmr, data: PreparedData, rows: GroundingBatch, text: str, budget: float
) -> tuple[float, float, float]:
    """GFLOPs of text, selection and model for one query, by running it."""
    clips, request = rows.clips, request_of(system, rows, budget)
    selection = system.selector(request)
    return (
        count_gflops(data.text.encode, [text]),
        count_gflops(system.selector, request),
        count_gflops(system.localise, clips.index, clips.mask, rows.text, selection),
    )
