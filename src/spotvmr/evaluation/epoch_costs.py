"""GFLOPs of a query during training: counted once, then a function of the number of selected clips."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch

from spotvmr.assembly import BudgetedVmr
from spotvmr.evaluation.costs import clip_cost
from spotvmr.evaluation.evaluate import query_gflops
from spotvmr.extraction.prepare import PreparedData
from spotvmr.features.samples import Collator, GroundingDataset
from spotvmr.types import Query


@torch.inference_mode()
def gflops_by_clips(
    system: BudgetedVmr, data: PreparedData, queries: Sequence[Query], budget: float
) -> tuple[Callable[[float], float], float]:
    """Count a query on a video of about mean length; only the expert's part changes from epoch to epoch.

    Args:
        system: The system; the count runs a copy.
        data: Features and sentences.
        queries: Queries of the validation split.
        budget: Share of the valid clips.

    Returns:
        A function from the number of clips with expert features to GFLOPs of a query, index included; and the mean
        number of clips of a query's video.
    """
    lengths = {query.qid: data.index.n_clips(query.video_id) for query in queries}
    clips = sum(lengths.values()) / len(lengths)
    query = min(queries, key=lambda query: abs(lengths[query.qid] - clips))
    clip_s = data.config.dataset.clip_s
    batch = Collator(data.sentences)([GroundingDataset([query], data.index, data.expert, clip_s)[0]])
    fixed = sum(query_gflops(copy.deepcopy(system).cpu().eval(), data, batch, query.text, budget))
    fixed += clips * clip_cost(data.index_encoder, data.index.path, clip_s).gflops
    clip = clip_cost(data.expert_encoder, data.expert.path, clip_s).gflops
    return lambda chosen: fixed + chosen * clip, clips
