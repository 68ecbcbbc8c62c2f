"""First stage: train the index encoder and the expert's frame layers on single labelled frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import lightning
import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from spotvmr.encoders.errands.expert import ErrandsExpert
from spotvmr.encoders.errands.index import ErrandsIndex
from spotvmr.pretraining.augment import FrameBatch, vary
from spotvmr.pretraining.cache import PoolVideo
from spotvmr.pretraining.heads import Classes, FrameTargets, IndexHeads, SightHeads

BUSY_SHARE = 0.7
"""Share of the frames with an object at the hand."""


class PoolFrames(IterableDataset[FrameBatch]):
    """A fixed number of random batches in each epoch; an epoch continues the random numbers of the last one."""

    def __init__(self, videos: Sequence[PoolVideo], batch: int, batches: int, seed: int) -> None:
        """Keep the videos, the frames of a batch, the batches of an epoch and the seed."""
        self.videos, self.batch, self.batches = list(videos), batch, batches
        self.rng = np.random.default_rng(seed)

    def __len__(self) -> int:
        """Batches an epoch."""
        return self.batches

    def __iter__(self) -> Iterator[FrameBatch]:
        """Draw the batches of one epoch."""
        for _ in range(self.batches):
            yield vary(gather_frames([self._pick() for _ in range(self.batch)]), self.rng)

    def _pick(self) -> tuple[PoolVideo, int]:
        video = self.videos[int(self.rng.integers(len(self.videos)))]
        if self.rng.random() < BUSY_SHARE and len(video.busy_samples):
            return video, int(self.rng.choice(video.busy_samples))
        return video, int(self.rng.integers(video.samples))


class EveryNth(IterableDataset[FrameBatch]):
    """Every nth sample of some videos, without augmentation."""

    def __init__(self, videos: Sequence[PoolVideo], nth: int, batch: int = 128) -> None:
        """Keep the videos, the stride and the frames a batch."""
        self.picks = [(video, sample) for video in videos for sample in range(nth // 2, video.samples, nth)]
        self.batch = batch

    def __iter__(self) -> Iterator[FrameBatch]:
        """Iterate over the samples."""
        for first in range(0, len(self.picks), self.batch):
            yield gather_frames(self.picks[first : first + self.batch])


def gather_frames(picks: Sequence[tuple[PoolVideo, int]]) -> FrameBatch:
    """Join frames, given as video and sample."""
    return FrameBatch(
        index_frames=_stack([video.index_frames[sample] for video, sample in picks]),
        expert_frames=_stack([video.expert_frames[sample] for video, sample in picks]),
        targets=frame_targets(np.stack([video.labels[sample] for video, sample in picks])),
    )


def frame_targets(rows: NDArray[np.void]) -> FrameTargets:
    """Labels of N frames from N rows of a label table."""
    room, shape, colour = (torch.from_numpy(rows[k].astype(np.int64)) for k in ("room", "shape", "colour"))
    spots, pose, things = (torch.from_numpy(rows[k].copy()) for k in ("spots", "pose", "things"))
    return FrameTargets(room, shape, colour, spots, pose, things)


def _stack(frames: list[NDArray[np.uint8]]) -> Tensor:
    """Join (H, W, 3) arrays to (B, 3, H, W), channels last."""
    return torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)


class FrameStage(lightning.LightningModule):
    """Trains the index encoder and the expert's ``view_frames`` with dense labels."""

    def __init__(self, index: ErrandsIndex, expert: ErrandsExpert, classes: Classes, lr: float = 4e-3) -> None:
        """Keep the encoders and make the heads."""
        super().__init__()
        self.index, self.expert, self.classes, self.lr = index, expert, classes, lr
        self.index_heads, self.sight_heads = IndexHeads(classes), SightHeads(classes)

    def training_step(self, batch: FrameBatch, _: int) -> Tensor:
        """Add up the losses of one batch."""
        index_view, expert_view = (
            self.index.view_frames(batch.index_frames),
            self.expert.view_frames(batch.expert_frames),
        )
        losses = [*self.index_heads.loss(index_view, batch.targets).values()]
        losses += self.sight_heads.loss(expert_view, batch.targets).values()
        total = torch.stack(losses).sum()
        self.log("loss", total.detach(), prog_bar=True, batch_size=len(batch.index_frames))
        return total

    def validation_step(self, batch: FrameBatch, _: int) -> None:
        """Log accuracies and distances (in hundredths of the frame) over held-out frames."""
        index_view, expert_view = (
            self.index.view_frames(batch.index_frames),
            self.expert.view_frames(batch.expert_frames),
        )
        target, busy = batch.targets, batch.targets.shape < self.classes.shapes
        reads = {"index": self.index_heads.read(index_view.features), "sight": self.sight_heads.read(expert_view)}
        for who, logits in reads.items():
            self._log(f"{who}_room", logits["room"].argmax(1) == target.room)
            self._log(f"{who}_busy", (logits["shape"].argmax(1) < self.classes.shapes) == busy)
            self._log(f"{who}_shape", (logits["shape"][:, :-1].argmax(1) == target.shape)[busy])
            self._log(f"{who}_colour", (logits["colour"][:, :-1].argmax(1) == target.colour)[busy])
        for who, xy in (("index", index_view.xy), ("sight", expert_view.xy)):
            off = 50 * (xy - target.spots[..., :2]).abs().sum(2)
            self._log(f"{who}_hand_off", off[:, 0][target.spots[:, 0, 2] > 0])
            self._log(f"{who}_object_off", off[:, 1][target.spots[:, 1, 2] > 0])
        self._log("sight_scale_off", (reads["sight"]["pose"] - target.pose)[busy][:, 0].abs())

    def _log(self, name: str, values: Tensor) -> None:
        """Log the mean of some values."""
        if values.numel():
            self.log(f"val/{name}", values.float().mean(), batch_size=values.numel())

    def transfer_batch_to_device(self, batch: FrameBatch, device: torch.device, _: int) -> FrameBatch:
        """Return the batch unchanged: pre-training runs on the CPU."""
        return batch

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW with one cycle over the whole stage."""
        return one_cycle(self, self.lr)


def one_cycle(module: lightning.LightningModule, lr: float) -> OptimizerLRScheduler:
    """AdamW over the trainable weights with a one-cycle learning rate (Smith and Topin, 2018)."""
    weights = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=lr, weight_decay=0.01, foreach=True)
    steps = int(module.trainer.estimated_stepping_batches)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps, pct_start=0.15)
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}
