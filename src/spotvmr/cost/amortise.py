"""Cost of a query when 1, 10 or all queries of a video share its index and its cache of expert features.

The index costs once a video, for any number of queries. Expert features are cached, so Q queries cost the union of
their clips. Each query costs text encoder, selection and VMR model.

For a group G of queries on a video of T clips, in GFLOPs (2 FLOPs per multiply-add):

    cost(G)  = index · T + expert · |union of clips of G| + sum over G of (text + selection + model)
    dense(G) =             expert · T                     + sum over G of (text + model)

The dense baseline is a VMR model on expert features alone. It has neither index nor selector and does not pay for
them. Each query has an equal share, cost(G) / |G|. The number of a level is the mean of the shares over its queries:

    q1   every query is a group of its own;
    q10  the first ten queries of each video, or fewer if it has fewer, are its only group; the others do not count;
    all  all queries of a video are its only group.

The mean is over queries, not over videos: a video with more queries has more weight. Videos without queries cost
nothing. The ratio is the quotient of the two means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SHARED = 10


@dataclass(frozen=True, slots=True)
class QueryCost:
    """Cost of one query.

    Attributes:
        text_gflops: Encoding the sentence.
        selection_gflops: All steps of the selector.
        model_gflops: The VMR model.
        clips: The clips with expert features.
    """

    text_gflops: float
    selection_gflops: float
    model_gflops: float
    clips: frozenset[int]


@dataclass(frozen=True, slots=True)
class VideoCost:
    """Cost of one video with its queries in their order of time.

    Attributes:
        n_clips: Valid clips T.
        queries: The queries.
    """

    n_clips: int
    queries: tuple[QueryCost, ...]

    def __post_init__(self) -> None:
        """Refuse clips outside the video."""
        for query in self.queries:
            if query.clips and not 0 <= min(query.clips) <= max(query.clips) < self.n_clips:
                raise ValueError(f"clips {min(query.clips)}..{max(query.clips)} of a video of {self.n_clips} clips")


@dataclass(frozen=True)
class AmortisedCost:
    """GFLOPs of a query, of the dense baseline, and their ratio; keys ``q1``, ``q10``, ``all``."""

    gflops_per_query: dict[str, float]
    dense_gflops_per_query: dict[str, float]
    ratio_to_dense: dict[str, float]


def amortise(videos: Sequence[VideoCost], index_gflops_per_clip: float, expert_gflops_per_clip: float) -> AmortisedCost:
    """Compute the cost of a query by the formulas at the head of this module.

    Args:
        videos: Videos and their queries; at least one query in all.
        index_gflops_per_clip: GFLOPs of a clip by the index encoder; 0 for a selector without index.
        expert_gflops_per_clip: GFLOPs of a clip by the expert encoder; above 0.

    Returns:
        Means over queries.

    Raises:
        ValueError: No query at all, or a unit cost that is negative, infinite or, for the expert, zero.
    """
    if not (0 <= index_gflops_per_clip < math.inf and 0 < expert_gflops_per_clip < math.inf):
        raise ValueError(f"unit costs must be finite: index {index_gflops_per_clip}, expert {expert_gflops_per_clip}")

    def own(group: VideoCost) -> float:
        return spotted_gflops(group, index_gflops_per_clip, expert_gflops_per_clip)

    def baseline(group: VideoCost) -> float:
        return dense_gflops(group, expert_gflops_per_clip)

    levels = {
        "q1": [VideoCost(video.n_clips, (query,)) for video in videos for query in video.queries],
        "q10": [VideoCost(video.n_clips, video.queries[:_SHARED]) for video in videos],
        "all": list(videos),
    }
    spotted = {level: _mean_share(groups, own) for level, groups in levels.items()}
    dense = {level: _mean_share(groups, baseline) for level, groups in levels.items()}
    return AmortisedCost(spotted, dense, {level: spotted[level] / dense[level] for level in levels})


def spotted_gflops(group: VideoCost, index_gflops_per_clip: float, expert_gflops_per_clip: float) -> float:
    """GFLOPs of all queries of ``group`` with one index pass and a shared cache of expert features."""
    union = frozenset().union(*(query.clips for query in group.queries))
    per_query = sum(query.text_gflops + query.selection_gflops + query.model_gflops for query in group.queries)
    return index_gflops_per_clip * group.n_clips + expert_gflops_per_clip * len(union) + per_query


def dense_gflops(group: VideoCost, expert_gflops_per_clip: float) -> float:
    """GFLOPs of all queries of ``group`` by the dense baseline."""
    per_query = sum(query.text_gflops + query.model_gflops for query in group.queries)
    return expert_gflops_per_clip * group.n_clips + per_query


def _mean_share(groups: Sequence[VideoCost], cost: Callable[[VideoCost], float]) -> float:
    with_queries = [group for group in groups if group.queries]
    if not with_queries:
        raise ValueError("there is no query: the cost of a query is undefined")
    # The mean of equal shares over a group's queries, summed, is the group's cost.
    return sum(cost(group) for group in with_queries) / sum(len(group.queries) for group in with_queries)
