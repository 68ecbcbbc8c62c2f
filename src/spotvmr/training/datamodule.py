"""Feature windows for training, whole videos for validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import lightning as L
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from spotvmr.features import FeatureStore
from spotvmr.features.samples import Collator, GroundingDataset, Sample
from spotvmr.types import Query


class GroundingDataModule(L.LightningDataModule):
    """Batches of queries with stored features.

    Args:
        train: Training queries.
        val: Validation queries.
        index: Store of index features.
        expert: Store of expert features.
        sentences: Tokens (L, D_q) and sentence feature (D_s,) of every query text.
        clip_s: Length of a clip in seconds.
        window_clips: Longest training window in clips.
        batch_size: Queries a batch and process.
        seed: Order of the queries and place of the windows, together with the epoch.
        workers: Loading processes.
    """

    def __init__(
        self,
        train: Sequence[Query],
        val: Sequence[Query],
        index: FeatureStore,
        expert: FeatureStore,
        sentences: Mapping[str, tuple[Tensor, Tensor]],
        clip_s: float,
        window_clips: int,
        batch_size: int,
        seed: int,
        workers: int,
    ) -> None:
        super().__init__()
        self.train_queries, self.val_queries = train, val
        self.index, self.expert, self.clip_s = index, expert, clip_s
        self.window_clips, self.batch_size = window_clips, batch_size
        self.seed, self.workers = seed, workers
        self.collate = Collator(sentences)

    def train_dataloader(self) -> DataLoader[Sample]:
        """The epoch's order and windows; a function of seed and epoch alone, so that a resumed run repeats it.

        The trainer asks anew each epoch (``reload_dataloaders_every_n_epochs=1``).
        """
        epoch = self.trainer.current_epoch if self.trainer else 0
        epoch_seed = 100_003 * self.seed + epoch
        order = torch.randperm(len(self.train_queries), generator=torch.Generator().manual_seed(epoch_seed))
        # Shuffled here and read in sequence: a sampler's order would depend on how often it was iterated.
        queries = [self.train_queries[i] for i in order.tolist()]
        windows = GroundingDataset(queries, self.index, self.expert, self.clip_s, self.window_clips, epoch_seed)
        return self._loader(windows)

    def val_dataloader(self) -> DataLoader[Sample]:
        """Whole videos in their order."""
        return self._loader(GroundingDataset(self.val_queries, self.index, self.expert, self.clip_s))

    def _loader(self, dataset: GroundingDataset) -> DataLoader[Sample]:
        """A loader of padded batches."""
        return DataLoader(dataset, self.batch_size, num_workers=self.workers, collate_fn=self.collate)
