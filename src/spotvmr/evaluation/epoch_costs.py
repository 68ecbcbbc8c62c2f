"""What a query costs while a system is trained: counted once, then a function of the clips that were chosen."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch

from spotvmr.assembly import BudgetedVmr
from spotvmr.evaluation.costs import rates
from spotvmr.evaluation.evaluate import count_query
from spotvmr.extraction.prepare import PreparedData
from spotvmr.features.samples import Collator, GroundingDataset
from spotvmr.types import Query


@torch.inference_mode()
def query_gflops(
    system: BudgetedVmr, data: PreparedData, queries: Sequence[Query], budget: float
) -> tuple[Callable[[float], float], float]:
    """Count a query of middling length; only the expert's part changes from epoch to epoch.

    Args:
        system: The system; a copy is run.
        data: Features and sentences.
        queries: Of the validation split.
        budget: Share of the valid clips.

    Returns:
        GFLOPs of a query, index included, from the number of clips with expert features; and the mean number of
        clips of a query's video.
    """
    lengths = {query.qid: data.index.n_clips(query.video_id) for query in queries}
    clips = sum(lengths.values()) / len(lengths)
    query = min(queries, key=lambda query: abs(lengths[query.qid] - clips))
    clip_s = data.config.dataset.clip_s
    rows = Collator(data.sentences)([GroundingDataset([query], data.index, data.expert, clip_s)[0]])
    fixed = sum(count_query(copy.deepcopy(system).cpu().eval(), data, rows, query.text, budget))
    fixed += clips * rates(data.index_encoder, data.index.path, clip_s).gflops
    clip = rates(data.expert_encoder, data.expert.path, clip_s).gflops
    return lambda chosen: fixed + chosen * clip, clips
