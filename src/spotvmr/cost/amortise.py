"""What a query costs when 1, 10 or all queries of a video share one pass over it.

The index is paid once a video, whatever is asked. Expert features are cached, so Q queries pay for the
union of their clips. Text, selection and VMR model are paid by each query.

For a group G of queries on a video of T clips, in GFLOPs (2 FLOPs per multiply-add):

    cost(G)  = index · T + expert · |union of clips of G| + sum over G of (text + selection + model)
    dense(G) =             expert · T                     + sum over G of (text + model)

The dense rival is a VMR model on expert features alone: it has no index and no selector, so neither is
charged to it. Each query bears an equal share, cost(G) / |G|, and a level's number is the mean of these
shares over its queries:

    q1   every query is a group of its own;
    q10  the first ten queries of each video are its one group, fewer where it has fewer; the others do not count;
    all  all queries of a video are its one group.

The mean is over queries, not over videos: a video that is asked more weighs more. Videos that nobody
asks cost nothing. The ratio is the quotient of the two means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SHARED = 10


@dataclass(frozen=True, slots=True)
class QueryCost:
    """One query.

    Attributes:
        text_gflops: Encoding the sentence.
        selection_gflops: All steps of the selector.
        model_gflops: The VMR model on the selected clips' features.
        clips: The clips that got expert features.
    """

    text_gflops: float
    selection_gflops: float
    model_gflops: float
    clips: frozenset[int]


@dataclass(frozen=True, slots=True)
class VideoCost:
    """One video with the queries asked of it, in the order they were asked.

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
class Amortised:
    """GFLOPs a query, its dense rival's, and the ratio; keys ``q1``, ``q10``, ``all``."""

    gflops_per_query: dict[str, float]
    dense_gflops_per_query: dict[str, float]
    ratio_to_dense: dict[str, float]


def amortise(videos: Sequence[VideoCost], index_gflops_per_clip: float, expert_gflops_per_clip: float) -> Amortised:
    """Compute the cost of a query by the formulas at the head of this module.

    Args:
        videos: Videos and their queries; at least one query in all.
        index_gflops_per_clip: Cheap encoder, one clip; 0 for an arm that needs no index.
        expert_gflops_per_clip: Expensive encoder, one clip; above 0.

    Returns:
        Means over queries.

    Raises:
        ValueError: No query at all, or a unit cost that is negative, infinite or, for the expert, zero.
    """
    if not (0 <= index_gflops_per_clip < math.inf and 0 < expert_gflops_per_clip < math.inf):
        raise ValueError(f"unit costs must be finite: index {index_gflops_per_clip}, expert {expert_gflops_per_clip}")

    def own(group: VideoCost) -> float:
        return spotted_gflops(group, index_gflops_per_clip, expert_gflops_per_clip)

    def rival(group: VideoCost) -> float:
        return dense_gflops(group, expert_gflops_per_clip)

    levels = {
        "q1": [VideoCost(video.n_clips, (query,)) for video in videos for query in video.queries],
        "q10": [VideoCost(video.n_clips, video.queries[:_SHARED]) for video in videos],
        "all": list(videos),
    }
    spotted = {level: _mean_share(groups, own) for level, groups in levels.items()}
    dense = {level: _mean_share(groups, rival) for level, groups in levels.items()}
    return Amortised(spotted, dense, {level: spotted[level] / dense[level] for level in levels})


def spotted_gflops(group: VideoCost, index_gflops_per_clip: float, expert_gflops_per_clip: float) -> float:
    """Cost of answering all queries of ``group`` with one index pass and a shared expert cache."""
    union = frozenset().union(*(query.clips for query in group.queries))
    per_query = sum(query.text_gflops + query.selection_gflops + query.model_gflops for query in group.queries)
    return index_gflops_per_clip * group.n_clips + expert_gflops_per_clip * len(union) + per_query


def dense_gflops(group: VideoCost, expert_gflops_per_clip: float) -> float:
    """Cost of answering all queries of ``group`` with expert features of every clip and nothing else."""
    per_query = sum(query.text_gflops + query.model_gflops for query in group.queries)
    return expert_gflops_per_clip * group.n_clips + per_query


def _mean_share(groups: Sequence[VideoCost], cost: Callable[[VideoCost], float]) -> float:
    asked = [group for group in groups if group.queries]
    if not asked:
        raise ValueError("no query was asked: there is no cost per query")
    # The mean of equal shares over a group's queries, summed, is the group's cost.
    return sum(cost(group) for group in asked) / sum(len(group.queries) for group in asked)
