"""From queries and feature stores to tensor batches."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from spotvmr.features import FeatureStore
from spotvmr.types import ClipGrid, Moment, Query
from spotvmr.types.batches import ClipBatch, GroundingBatch, TargetBatch, TextBatch
from spotvmr.types.grid import BORDER_SLACK


@dataclass(frozen=True)
class Sample:
    """One query on (a window of) its video; shapes as in ``GroundingBatch`` without B."""

    query: Query
    index: Tensor
    expert: Tensor
    offset: int
    span: Tensor
    inside: Tensor
    other_moments: Tensor
    clip_s: float


class GroundingDataset(Dataset[Sample]):
    """Queries with the features of their videos.

    Args:
        queries: The queries. The first moment of each is the target; with withheld ground truth it is a point at 0.
        index: Store of index features.
        expert: Store of expert features.
        clip_s: Length of a clip in seconds.
        window_clips: Clips of a window that contains the moment; longer videos are cut to it. 0 gives whole videos.
        epoch_seed: Seed of the places of the windows.
    """

    def __init__(
        self,
        queries: Sequence[Query],
        index: FeatureStore,
        expert: FeatureStore,
        clip_s: float,
        window_clips: int = 0,
        epoch_seed: int = 0,
    ) -> None:
        self.queries, self.index, self.expert = queries, index, expert
        self.clip_s, self.window_clips, self.epoch_seed = clip_s, window_clips, epoch_seed
        self._of_video: Mapping[str, list[Query]] = defaultdict(list)
        for query in queries:
            self._of_video[query.video_id].append(query)

    def __len__(self) -> int:
        """Number of queries."""
        return len(self.queries)

    def __getitem__(self, item: int) -> Sample:
        """Read one query's features and place its moment on the clip grid."""
        query = self.queries[item]
        n_clips = self.index.n_clips(query.video_id)
        moment = query.moments[0] if query.moments else Moment(0.0, 0.0)
        grid = ClipGrid(query.duration_s, self.clip_s)
        first, stop = self._window(query, n_clips, grid.clips_of(moment.start_s, moment.end_s))
        span = np.clip([moment.start_s / self.clip_s - first, moment.end_s / self.clip_s - first], 0, stop - first)
        return Sample(
            query,
            torch.from_numpy(self.index.read(query.video_id, first, stop).astype(np.float32)),
            torch.from_numpy(self.expert.read(query.video_id, first, stop).astype(np.float32)),
            first,
            torch.tensor(span, dtype=torch.float32),
            torch.from_numpy(share_inside(span, stop - first)),
            torch.from_numpy(self._other_moments(query, grid, first, stop)),
            self.clip_s,
        )

    def _window(self, query: Query, n_clips: int, moment: range) -> tuple[int, int]:
        """First clip and stop of the window; a moment longer than the window is cut at its end."""
        size = self.window_clips
        if not size or n_clips <= size:
            return 0, n_clips
        high = min(moment.start, n_clips - size)
        low = min(max(0, moment.stop - size), high)
        draw = zlib.crc32(f"{self.epoch_seed}/{query.qid}".encode())
        first = low + draw % (high - low + 1)
        return first, first + size

    def _other_moments(self, query: Query, grid: ClipGrid, first: int, stop: int) -> np.ndarray:
        """Clips of the window that lie in moments of the video's other queries."""
        marked = np.zeros(max(grid.n_clips, stop), dtype=bool)
        for other in self._of_video[query.video_id]:
            if other.qid != query.qid:
                for moment in other.moments:
                    clips = grid.clips_of(moment.start_s, moment.end_s)
                    marked[clips.start : clips.stop] = True
        return marked[first:stop]


def share_inside(span: np.ndarray, n_clips: int) -> np.ndarray:
    """Share of each clip (n_clips,) that lies in a span given in clips, float32.

    A share below ``BORDER_SLACK`` comes from a border on the clip grid that was rounded; it becomes 0. Of a span that
    is not longer than that, the clip with the larger share keeps it.
    """
    edges = np.arange(n_clips + 1)
    share = np.clip(np.minimum(edges[1:], span[1]) - np.maximum(edges[:-1], span[0]), 0, 1)
    least = min(BORDER_SLACK, (span[1] - span[0]) / 2)
    return np.where(share >= least, share, 0).astype(np.float32)


class Collator:
    """Pads samples to one batch and joins their encoded sentences.

    Args:
        sentences: Tokens (L, D_q) and sentence feature (D_s,) of every query text.
    """

    def __init__(self, sentences: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        self.sentences = sentences

    def __call__(self, samples: Sequence[Sample]) -> GroundingBatch:
        """Pad to the longest video and the longest sentence."""
        index, mask = _pad([s.index for s in samples])
        expert, _ = _pad([s.expert for s in samples])
        offset = torch.tensor([s.offset for s in samples])
        inside, other_moments = _pad([s.inside for s in samples])[0], _pad([s.other_moments for s in samples])[0]
        clip_s = samples[0].clip_s
        return GroundingBatch(
            tuple(s.query.qid for s in samples),
            ClipBatch(index, expert, mask, offset),
            self._text([s.query.text for s in samples]),
            TargetBatch(torch.stack([s.span for s in samples]), inside, other_moments),
            clip_s,
            torch.tensor([s.query.duration_s for s in samples]) - offset * clip_s,
        )

    def _text(self, texts: Sequence[str]) -> TextBatch:
        """Pad the tokens of encoded sentences."""
        tokens, mask = _pad([self.sentences[text][0] for text in texts])
        return TextBatch(tokens, mask, torch.stack([self.sentences[text][1] for text in texts]))


def _pad(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Stack (n_i, …) tensors to (B, max n, …) with zeros; and the mask of the real ones (B, max n)."""
    padded = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return padded, torch.arange(padded.shape[1])[None] < lengths[:, None]
