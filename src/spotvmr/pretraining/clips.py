"""Second stage: on top of frozen eyes, the expert learns to read clips and the text encoder to name them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import lightning
import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as fn
from torch.utils.data import IterableDataset

from spotvmr.encoders.errands.blocks import standardise
from spotvmr.encoders.errands.expert import ErrandsExpert
from spotvmr.encoders.errands.index import ErrandsIndex
from spotvmr.encoders.errands.text import ErrandsText
from spotvmr.pretraining.cache import PER_CLIP, PoolVideo
from spotvmr.pretraining.captions import Captioner
from spotvmr.pretraining.frames import one_cycle
from spotvmr.pretraining.heads import Classes, ClipHeads, ClipTargets, contrast
from spotvmr.types.batches import TextBatch

BUSY_SHARE = 0.65
"""Share of the clips drawn around a moment with an object at the hand."""
_LOOK_AT_ONCE = 100  # frames; more falls out of the processor's cache


@dataclass(frozen=True)
class SeenVideo:
    """A pool video through the eyes of the first stage.

    Attributes:
        video: The video.
        index: Index features of every sample (N, 96).
        sight: What the expert sees in every sample (N, 118).
    """

    video: PoolVideo
    index: Tensor
    sight: Tensor


@dataclass(frozen=True)
class ClipBatch:
    """Clips with labels and sentences.

    Attributes:
        index: Index features of the middle of each clip (B, 96).
        sight: What the expert sees in each clip's frames (B, 8, 118).
        targets: Labels of the clips.
        labels: Action, shape, colour, room at the middle of each clip (B, 4).
        captions: One for each of the first N clips, which show an object at a hand.
        said: Action, shape, colour, room that each caption speaks of, -1 where it is silent (N, 4).
    """

    index: Tensor
    sight: Tensor
    targets: ClipTargets
    labels: Tensor
    captions: list[str]
    said: Tensor


@torch.inference_mode()
def look_at(video: PoolVideo, index: ErrandsIndex, expert: ErrandsExpert) -> SeenVideo:
    """Run frozen eyes over every sample of a video."""
    seen, sight = [], []
    for first in range(0, video.samples, _LOOK_AT_ONCE):
        part = slice(first, first + _LOOK_AT_ONCE)
        seen.append(index.look(_chw(video.index_frames[part])).features)
        sight.append(expert.see(_chw(video.expert_frames[part])).sight)
    return SeenVideo(video, torch.cat(seen).clone(), torch.cat(sight).clone())


def _chw(frames: NDArray[np.uint8]) -> Tensor:
    """(N, H, W, 3) on disk → (N, 3, H, W)."""
    return torch.from_numpy(np.array(frames)).permute(0, 3, 1, 2)


class PoolClips(IterableDataset[ClipBatch]):
    """A fixed number of random batches an epoch, clips starting at any sample, not at whole clips alone."""

    def __init__(self, videos: Sequence[SeenVideo], classes: Classes, batch: int, batches: int, seed: int) -> None:
        """Keep the videos, the world's classes, clips a batch, batches an epoch and the seed of the choice."""
        self.videos, self.classes, self.batch, self.batches = list(videos), classes, batch, batches
        self.rng = np.random.default_rng(seed)
        self.captioner = Captioner(self.rng)

    def __len__(self) -> int:
        """Batches an epoch."""
        return self.batches

    def __iter__(self) -> Iterator[ClipBatch]:
        """Draw the batches of one epoch."""
        for _ in range(self.batches):
            yield gather([self._pick() for _ in range(self.batch)], self.classes, self.captioner)

    def _pick(self) -> tuple[SeenVideo, int]:
        """A video and the sample at which a clip starts."""
        seen = self.videos[int(self.rng.integers(len(self.videos)))]
        last, busy = seen.video.samples - PER_CLIP, seen.video.busy_samples
        if self.rng.random() < BUSY_SHARE and len(busy):
            start = int(self.rng.choice(busy)) - int(self.rng.integers(PER_CLIP))
            return seen, min(max(start, 0), last)
        return seen, int(self.rng.integers(last + 1))


class WholeClips(IterableDataset[ClipBatch]):
    """Every whole clip of some videos, as the encoders will meet them, in batches of one video's clips."""

    def __init__(self, videos: Sequence[SeenVideo], classes: Classes, seed: int, batch: int = 240) -> None:
        """Keep the videos; a caption is ranked among the ``batch`` clips of its batch."""
        self.videos, self.classes, self.seed, self.batch = list(videos), classes, seed, batch

    def __iter__(self) -> Iterator[ClipBatch]:
        """Go through the videos; the captions are the same every time."""
        captioner = Captioner(np.random.default_rng(self.seed))
        for seen in self.videos:
            starts = range(0, seen.video.samples, PER_CLIP)
            for first in range(0, len(starts), self.batch):
                yield gather([(seen, s) for s in starts[first : first + self.batch]], self.classes, captioner)


def gather(picks: Sequence[tuple[SeenVideo, int]], classes: Classes, captioner: Captioner) -> ClipBatch:
    """Join clips, given as video and first sample; those with an object at the hand move to the front."""
    middle = PER_CLIP // 2
    picks = sorted(picks, key=lambda pick: not pick[0].video.busy(pick[1] + middle))
    inside = torch.from_numpy(expert_samples())
    rows = np.stack([seen.video.labels[start : start + PER_CLIP] for seen, start in picks])
    wordings = [
        captioner.say(row[middle], seen.video.queries_at(start + middle))
        for row, (seen, start) in zip(rows, picks, strict=True)
        if seen.video.busy(start + middle)
    ]
    return ClipBatch(
        index=torch.stack([seen.index[start + middle] for seen, start in picks]),
        sight=torch.stack([seen.sight[start + inside] for seen, start in picks]),
        targets=clip_targets(rows, classes),
        labels=torch.from_numpy(np.stack([rows[:, middle][k] for k in _KINDS], axis=1).astype(np.int64)),
        captions=[text for text, _ in wordings],
        said=torch.tensor([said for _, said in wordings], dtype=torch.int64).view(-1, 4),
    )


_KINDS = ("action", "shape", "colour", "room")


def expert_samples() -> NDArray[np.int64]:
    """Which of a clip's samples are on display at the middles of the expert's equal parts of it."""
    k = ErrandsExpert.frames
    return ((np.arange(k) + 0.5) / k * PER_CLIP).astype(np.int64)


def clip_targets(rows: NDArray[np.void], classes: Classes) -> ClipTargets:
    """Labels of B clips, as shares of their time, from (B, samples) rows of a label table."""
    sizes = (classes.actions + 1, classes.shapes + 1, classes.colours + 1, classes.rooms)
    shares = [
        fn.one_hot(torch.from_numpy(rows[kind].astype(np.int64)), size).float().mean(1)
        for kind, size in zip(_KINDS, sizes, strict=True)
    ]
    return ClipTargets(*shares)


class ClipStage(lightning.LightningModule):
    """Trains the expert's ``follow`` with labels, and the text encoder by two contrasts.

    One contrast is with the index features, which cannot know the action; the other, through a projection
    that is dropped afterwards, is with the expert features and teaches the tokens about actions.
    """

    def __init__(self, expert: ErrandsExpert, text: ErrandsText, classes: Classes, lr: float = 2e-3) -> None:
        """Keep the encoders, make the heads."""
        super().__init__()
        self.expert, self.text, self.lr = expert, text, lr
        self.heads = ClipHeads(classes)
        self.to_expert = nn.Linear(text.dim, expert.parts["expert"])
        self.scales = nn.Parameter(torch.full((2,), 2.5))

    def training_step(self, batch: ClipBatch, _: int) -> Tensor:
        """Add up the losses of one batch."""
        noise = 1 + 0.02 * torch.randn(len(batch.sight), 1, batch.sight.shape[2])
        features = self.expert.follow(batch.sight * noise)
        losses = list(self.heads.loss(features, batch.targets).values())
        if batch.captions:
            text = self.text(self.text.vocabulary.encode(batch.captions, len(self.text.position)))
            pairs = ((text.sentence, batch.index, False), (self._for_expert(text), features, True))
            for scale, (rows, columns, with_action) in zip(self.scales, pairs, strict=True):
                losses.append(contrast(_unit(rows), _unit(columns), scale, same_meaning(batch, with_action)))
        total = torch.stack(losses).sum()
        self.log("loss", total.detach(), prog_bar=True, batch_size=len(batch.labels))
        return total

    def _for_expert(self, text: TextBatch) -> Tensor:
        """Sentences in the space of the expert features (N, 128)."""
        return standardise(self.to_expert(text.tokens.sum(1) / text.mask.sum(1, keepdim=True)))

    def validation_step(self, batch: ClipBatch, _: int) -> None:
        """Log accuracies over held-out clips whose label holds throughout, and how high the own clip ranks."""
        features = self.expert.follow(batch.sight)
        for name, logits in self.heads.read(features).items():
            share, label = getattr(batch.targets, name).max(1)
            hit, steady = logits.argmax(1) == label, share > 0.99
            none = label == logits.shape[1] - 1 if name != "room" else torch.zeros_like(steady)
            self._log(f"expert_{name}", hit[steady & ~none])
            self._log(f"expert_{name}_none", hit[steady & none])
        if batch.captions:
            text = self.text.encode(batch.captions)
            self._log("text_index_auc", ranks(text.sentence @ batch.index.T, same_meaning(batch, False)))
            scores = _unit(self._for_expert(text)) @ features.T
            self._log("text_expert_auc", ranks(scores, same_meaning(batch, True)))

    def _log(self, name: str, values: Tensor) -> None:
        """Log the mean of some values."""
        if values.numel():
            self.log(f"val/{name}", values.float().mean(), batch_size=values.numel())

    def transfer_batch_to_device(self, batch: ClipBatch, device: torch.device, _: int) -> ClipBatch:
        """Leave the batch where it is: this job runs on the CPU, where frozen dataclasses need no moving."""
        return batch

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW with one cycle over the whole stage."""
        return one_cycle(self, self.lr)


def ranks(scores: Tensor, excused: Tensor) -> Tensor:
    """For each sentence the share of the clips it does not fit that score below its own clip (N, B) → (N,)."""
    below = (scores < scores.diagonal().unsqueeze(1)) & ~excused
    return below.sum(1) / (~excused).sum(1).clamp_min(1)


def same_meaning(batch: ClipBatch, with_action: bool) -> Tensor:
    """Clips that fit a caption as well as its own does (N, B), bool; what a caption leaves open fits anything."""
    kept = [0, 1, 2, 3] if with_action else [1, 2, 3]
    said, shown = batch.said[:, None, kept], batch.labels[None, :, kept]
    return ((said == shown) | (said < 0)).all(2)


def _unit(x: Tensor) -> Tensor:
    """Scale vectors to length one."""
    return fn.normalize(x.float(), dim=1)
