"""Measure a bonus for clips of opened groups of pictures: ``decode_aware.py RUN PATHS_FEATURES [GROUP_CLIPS]``.

Asks a trained run (the spotter) the validation split of its data set from stored features, as if a key frame stood at
every ``GROUP_CLIPS``-th clip (4): each clip reads the index of the nearest one, those around the chosen clips their
own, as in retrieval. From the second step on, clips of opened groups get a bonus on their score; the first line is
without. Prints a JSON object a line: recall, and the frames to decode, counted to the last chosen clip of each group
(the mended index apart). Reads no video.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spotvmr.assembly import BudgetedVmr, build_student, build_text, load_splits, load_weights
from spotvmr.config import load
from spotvmr.features import FeatureStore
from spotvmr.metrics import GroundingMetrics
from spotvmr.retrieval.keyframes import clips_to_reindex, nearest_frames
from spotvmr.selection import SelectionRequest
from spotvmr.types import ClipGrid, Moment
from spotvmr.types.batches import TextBatch

BONUSES = (0.0, 0.5, 1.5, 4.0)
FRAMES_A_CLIP = 10


class OpenedGroups:
    """Stored expert features of one video; a fetch opens groups of pictures and computes new index features there."""

    def __init__(self, index: Tensor, expert: Tensor, group_clips: int) -> None:
        clips = index.shape[1]
        self._times_s, self._grid = np.arange(0.0, clips, group_clips), ClipGrid(float(clips), 1.0)
        nearest, _ = nearest_frames(self._times_s, self._grid)
        self._own, self._expert, self.group = index, expert, torch.arange(clips) // group_clips
        self.index = index[:, torch.from_numpy(nearest * group_clips)]
        self.opened = torch.zeros(clips, dtype=torch.bool)

    def fetch(self, clips: Tensor) -> Tensor:
        """Expert features (1, T, D_f) times the weight (1, T) of their clips."""
        self.opened |= torch.isin(self.group, self.group[clips[0] != 0])
        chosen = clips[0].nonzero().flatten().numpy()
        if len(chosen):
            mended = torch.from_numpy(clips_to_reindex(chosen, self._times_s, self._grid))
            self.index[:, mended] = self._own[:, mended]
        return self._expert * clips[..., None]

    def frames(self, chosen: Tensor) -> int:
        """Frames to decode for the chosen clips (T,)."""
        clips = chosen.nonzero().flatten()
        last = {int(self.group[clip]): int(clip) for clip in clips}
        first = {int(self.group[clip]): int((self.group == self.group[clip]).nonzero()[0]) for clip in clips}
        return FRAMES_A_CLIP * sum(last[group] - first[group] + 1 for group in last)


@torch.inference_mode()
def ask(
    system: BudgetedVmr, source: OpenedGroups, text: TextBatch, budget: float, bonus: float
) -> tuple[list[Moment], int]:
    """Moments of one query, and the number of decoded frames."""
    mask = torch.ones(source.index.shape[:2], dtype=torch.bool)
    share = torch.tensor([budget], dtype=torch.float64)
    system.selector.preview = lambda *given: (
        type(system.selector).preview(system.selector, *given) + bonus * source.opened
    )
    request = SelectionRequest(source.index, mask, text, share, source, system.model, ("",))
    selection = system.selector(request)
    output = system.localise(source.index, mask, text, selection)
    moments = system.model.decode(output, 1.0, torch.tensor([float(mask.shape[1])]))[0]
    return moments, source.frames(selection.chosen[0])


def main(run: Path, features: Path, group_clips: int) -> None:
    """Search every query with every bonus."""
    config = load(run / "config.yaml")
    index, expert = (
        FeatureStore.open(features / config.dataset.name / f"{role}-errands") for role in ("index", "expert")
    )
    text = build_text(config)
    system = build_student(config, index.dim, expert.dim, text.dim).eval()
    load_weights(system, run / "weights.safetensors")
    queries = load_splits(config.dataset)["val"]
    stored = {
        video: [torch.from_numpy(store.read(video).astype(np.float32))[None] for store in (index, expert)]
        for video in {query.video_id for query in queries}
    }
    for bonus in BONUSES:
        metric, frames = GroundingMetrics(), defaultdict(int)
        for query in queries:
            source = OpenedGroups(*stored[query.video_id], group_clips)
            moments, frames[query.qid] = ask(system, source, text.encode([query.text]), config.budget, bonus)
            metric.update([query.qid], [moments], [query.moments])
        mean = sum(frames.values()) / len(frames)
        print(
            json.dumps({"bonus": bonus, "frames": round(mean), "queries": len(queries), **metric.compute()}), flush=True
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 4)
