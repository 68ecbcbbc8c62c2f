"""Second stage: train the expert's temporal layers and the text encoder on frozen frame layers."""

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
_FRAMES_AT_ONCE = 100  # more frames do not fit the cache of the processor


@dataclass(frozen=True)
class EncodedVideo:
    """A pool video encoded by the networks of the first stage.

    Attributes:
        video: The video.
        index: Index features of every sample (N, 96).
        sight: Frame features of the expert for every sample (N, 118).
    """

    video: PoolVideo
    index: Tensor
    sight: Tensor


@dataclass(frozen=True)
class PoolClipBatch:
    """Clips with labels and sentences.

    Attributes:
        index: Index features of the middle of each clip (B, 96).
        sight: Frame features of the expert for each clip (B, 8, 118).
        targets: Labels of the clips.
        labels: Action, shape, colour, room at the middle of each clip (B, 4).
        captions: Captions of the first N clips, which show an object at a hand.
        caption_labels: Action, shape, colour, room in each caption; -1 for one that it does not name (N, 4).
    """

    index: Tensor
    sight: Tensor
    targets: ClipTargets
    labels: Tensor
    captions: list[str]
    caption_labels: Tensor


@torch.inference_mode()
def encode_video(video: PoolVideo, index: ErrandsIndex, expert: ErrandsExpert) -> EncodedVideo:
    """Encode every sample of a video by frozen networks."""
    features, sight = [], []
    for first in range(0, video.samples, _FRAMES_AT_ONCE):
        part = slice(first, first + _FRAMES_AT_ONCE)
        features.append(index.view_frames(_chw(video.index_frames[part])).features)
        sight.append(expert.view_frames(_chw(video.expert_frames[part])).sight)
    return EncodedVideo(video, torch.cat(features).clone(), torch.cat(sight).clone())


def _chw(frames: NDArray[np.uint8]) -> Tensor:
    """(N, H, W, 3) on disk → (N, 3, H, W)."""
    return torch.from_numpy(np.array(frames)).permute(0, 3, 1, 2)


class PoolClips(IterableDataset[PoolClipBatch]):
    """A fixed number of random batches in each epoch. Clips start at any sample."""

    def __init__(self, videos: Sequence[EncodedVideo], classes: Classes, batch: int, batches: int, seed: int) -> None:
        """Keep the videos, the world's classes, the clips of a batch, the batches of an epoch and the seed."""
        self.videos, self.classes, self.batch, self.batches = list(videos), classes, batch, batches
        self.rng = np.random.default_rng(seed)
        self.captioner = Captioner(self.rng)

    def __len__(self) -> int:
        """Batches an epoch."""
        return self.batches

    def __iter__(self) -> Iterator[PoolClipBatch]:
        """Draw the batches of one epoch."""
        for _ in range(self.batches):
            yield gather_clips([self._pick() for _ in range(self.batch)], self.classes, self.captioner)

    def _pick(self) -> tuple[EncodedVideo, int]:
        """A video and the sample at which a clip starts."""
        seen = self.videos[int(self.rng.integers(len(self.videos)))]
        last, busy = seen.video.samples - PER_CLIP, seen.video.busy_samples
        if self.rng.random() < BUSY_SHARE and len(busy):
            start = int(self.rng.choice(busy)) - int(self.rng.integers(PER_CLIP))
            return seen, min(max(start, 0), last)
        return seen, int(self.rng.integers(last + 1))


class WholeClips(IterableDataset[PoolClipBatch]):
    """Every clip of the grid of some videos, in batches of one video's clips."""

    def __init__(self, videos: Sequence[EncodedVideo], classes: Classes, seed: int, batch: int = 240) -> None:
        """Keep the videos; a caption is ranked among the ``batch`` clips of its batch."""
        self.videos, self.classes, self.seed, self.batch = list(videos), classes, seed, batch

    def __iter__(self) -> Iterator[PoolClipBatch]:
        """Iterate over the videos; the captions are the same in each epoch."""
        captioner = Captioner(np.random.default_rng(self.seed))
        for seen in self.videos:
            starts = range(0, seen.video.samples, PER_CLIP)
            for first in range(0, len(starts), self.batch):
                yield gather_clips([(seen, s) for s in starts[first : first + self.batch]], self.classes, captioner)


def gather_clips(picks: Sequence[tuple[EncodedVideo, int]], classes: Classes, captioner: Captioner) -> PoolClipBatch:
    """Join clips, given as video and first sample; clips with an object at the hand come first."""
    middle = PER_CLIP // 2
    picks = sorted(picks, key=lambda pick: not pick[0].video.busy(pick[1] + middle))
    inside = torch.from_numpy(expert_samples())
    rows = np.stack([seen.video.labels[start : start + PER_CLIP] for seen, start in picks])
    captions = [
        captioner.caption(row[middle], seen.video.queries_at(start + middle))
        for row, (seen, start) in zip(rows, picks, strict=True)
        if seen.video.busy(start + middle)
    ]
    return PoolClipBatch(
        index=torch.stack([seen.index[start + middle] for seen, start in picks]),
        sight=torch.stack([seen.sight[start + inside] for seen, start in picks]),
        targets=clip_targets(rows, classes),
        labels=torch.from_numpy(np.stack([rows[:, middle][k] for k in _KINDS], axis=1).astype(np.int64)),
        captions=[text for text, _ in captions],
        caption_labels=torch.tensor([labels for _, labels in captions], dtype=torch.int64).view(-1, 4),
    )


_KINDS = ("action", "shape", "colour", "room")


def expert_samples() -> NDArray[np.int64]:
    """Samples of a clip at the middles of the expert's equal parts."""
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
    """Trains the expert's ``encode_views`` with labels, and the text encoder with two contrastive losses.

    One loss is against the index features, which do not contain the action. The other is against the expert features,
    through a projection that is dropped afterwards; it supervises the tokens with the action.
    """

    def __init__(self, expert: ErrandsExpert, text: ErrandsText, classes: Classes, lr: float = 2e-3) -> None:
        """Keep the encoders and make the heads."""
        super().__init__()
        self.expert, self.text, self.lr = expert, text, lr
        self.heads = ClipHeads(classes)
        self.to_expert = nn.Linear(text.dim, expert.parts["expert"])
        self.scales = nn.Parameter(torch.full((2,), 2.5))

    def training_step(self, batch: PoolClipBatch, _: int) -> Tensor:
        """Add up the losses of one batch."""
        noise = 1 + 0.02 * torch.randn(len(batch.sight), 1, batch.sight.shape[2])
        features = self.expert.encode_views(batch.sight * noise)
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

    def validation_step(self, batch: PoolClipBatch, _: int) -> None:
        """Log accuracies on held-out clips with one label throughout, and the rank of a caption's own clip."""
        features = self.expert.encode_views(batch.sight)
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

    def transfer_batch_to_device(self, batch: PoolClipBatch, device: torch.device, _: int) -> PoolClipBatch:
        """Return the batch unchanged: pre-training runs on the CPU."""
        return batch

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW with one cycle over the whole stage."""
        return one_cycle(self, self.lr)


def ranks(scores: Tensor, matching: Tensor) -> Tensor:
    """For each sentence, the share of the non-matching clips with a lower score than its own clip: (N, B) → (N,)."""
    below = (scores < scores.diagonal().unsqueeze(1)) & ~matching
    return below.sum(1) / (~matching).sum(1).clamp_min(1)


def same_meaning(batch: PoolClipBatch, with_action: bool) -> Tensor:
    """Clips that match a caption like its own clip (N, B), bool; a label that the caption does not name matches all."""
    kept = [0, 1, 2, 3] if with_action else [1, 2, 3]
    named, shown = batch.caption_labels[:, None, kept], batch.labels[None, :, kept]
    return ((named == shown) | (named < 0)).all(2)


def _unit(x: Tensor) -> Tensor:
    """Scale vectors to length one."""
    return fn.normalize(x.float(), dim=1)
