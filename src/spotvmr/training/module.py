"""The LightningModule of teacher and student alike: a student is a system with a teacher."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import lightning as L
import torch
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor

from spotvmr.assembly import BudgetedVmr, Criterion, SystemOutput
from spotvmr.config.schema import TrainerConfig
from spotvmr.metrics import GroundingMetrics, IouRule, SelectionMetrics
from spotvmr.models import VmrOutput
from spotvmr.selection import StoredExpert, selection_entropy
from spotvmr.types import Query
from spotvmr.types.batches import GroundingBatch

LOWEST_BUDGET = 0.01
"""Training for any budget draws from here to 1."""
_SMALL = 0.25
"""Share of the budget at which a system for any budget is validated once more. At the budget itself recall may stand
still while the selector still learns: epochs chosen by it alone were early ones, weak at small budgets."""


class GroundingModule(L.LightningModule):
    """Trains a system on its own losses and, with a teacher, by distillation.

    Args:
        system: The network to train.
        criterion: The loss.
        budget: Share of a video's clips that may be chosen.
        seed: Of dropout and selection noise.
        trainer_config: Learning rate, weight decay and warm-up.
        iou_rule: ``>=`` or ``>``.
        val_queries: Validation queries, for their true moments.
        teacher: A trained system on all clips; frozen, and no part of the checkpoint.
    """

    def __init__(
        self,
        system: BudgetedVmr,
        criterion: Criterion,
        budget: float,
        seed: int,
        trainer_config: TrainerConfig,
        iou_rule: str,
        val_queries: Sequence[Query],
        teacher: BudgetedVmr | None = None,
    ) -> None:
        super().__init__()
        self.system = system
        self.criterion = criterion
        self.budget, self.seed, self.trainer_config = budget, seed, trainer_config
        self.truths = {query.qid: query.moments for query in val_queries}
        self.grounding = GroundingMetrics(rule=cast(IouRule, iou_rule))
        self.small = GroundingMetrics(rule=cast(IouRule, iou_rule))
        self.selection = SelectionMetrics()
        self.two_budgets = trainer_config.any_budget and system.selector.budget_kind == "exact"
        self.supervisor = Supervisor(teacher)

    @property
    def monitor(self) -> str | None:
        """What the best epoch is chosen by, higher is better; None: it is the last one."""
        # While its temperature falls, SpotEM's spotter selects far more clips than the budget, and recall is higher.
        if self.system.selector.budget_kind == "soft":
            return None
        return "val/any_budget" if self.two_budgets else "val/R1@0.3"

    def on_fit_start(self) -> None:
        """Bring the teacher to the student's device."""
        self.supervisor.to(self.device)

    def on_train_batch_start(self, batch: GroundingBatch, batch_idx: int) -> None:
        """Draw dropout and selection noise from seed and step, so that a resumed run repeats them.

        By step and not by epoch: a data loader draws a number when its iterator is made, which is
        at another point of the epoch in a resumed run.
        """
        torch.manual_seed(1_000_003 * self.seed + 1_009 * self.global_step + self.global_rank)
        self.system.selector.on_progress(self.global_step / max(1, int(self.trainer.estimated_stepping_batches)))

    def forward(self, batch: GroundingBatch) -> SystemOutput:
        """Select and localise under the budget."""
        return run_system(self.system, batch, self._budgets(batch))

    def training_step(self, batch: GroundingBatch, batch_idx: int) -> Tensor:
        """Sum of the loss terms."""
        output = self(batch)
        terms = self.criterion(output, batch.target, self.supervisor(batch))
        loss = torch.stack(list(terms.values())).sum()
        size = len(batch.qids)
        self.log(
            "train/loss", loss.detach(), prog_bar=True, on_step=False, on_epoch=True, batch_size=size, sync_dist=True
        )
        parts = {f"train/{name}": value.detach() for name, value in terms.items()}
        self.log_dict(parts, on_step=False, on_epoch=True, batch_size=size, sync_dist=True)
        return loss

    def validation_step(self, batch: GroundingBatch, batch_idx: int) -> None:
        """Collect predictions and selections; the metrics count each query once."""
        output = self(batch)
        self._score(self.grounding, batch, output)
        if self.two_budgets:
            self._score(self.small, batch, run_system(self.system, batch, _SMALL * self._budgets(batch)))
        self.selection.update(batch.qids, output.selection.chosen, batch.target.inside, batch.clips.mask)
        for scores in output.selection.scores[:1]:  # of the first preview: later ones leave chosen clips out
            entropy = selection_entropy(scores, batch.clips.mask).mean()
            self.log("val/selection_entropy", entropy, batch_size=len(batch.qids), sync_dist=True)

    def on_validation_epoch_end(self) -> None:
        """Log recall and what the selection spent."""
        values = {**self.grounding.compute(), **self.selection.compute()}
        self.log_dict({f"val/{name}": value for name, value in values.items()}, rank_zero_only=False)
        self.log("R1@0.3", values["R1@0.3"], prog_bar=True, logger=False)
        if self.two_budgets:
            both = (values["R1@0.3"] + self.small.compute()["R1@0.3"]) / 2
            self.log("val/any_budget", both, rank_zero_only=False)
        for metric in (self.grounding, self.small, self.selection):
            metric.reset()

    def _score(self, metric: GroundingMetrics, batch: GroundingBatch, output: SystemOutput) -> None:
        """Hold the moments of a batch against the true ones."""
        found = self.system.model.decode(output.vmr, batch.clip_s, batch.duration_s)
        metric.update(batch.qids, found, [self.truths[qid] for qid in batch.qids])

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW; learning rate up linearly, then down along a cosine."""
        settings = self.trainer_config
        optimiser = torch.optim.AdamW(self.parameters(), settings.lr, weight_decay=settings.weight_decay)
        steps = max(1, int(self.trainer.estimated_stepping_batches))
        warmup = max(1, int(steps * settings.warmup))

        # In closed form: chained schedulers did not resume to the same rates.
        def share(step: int) -> float:
            decay = 0.5 + 0.5 * math.cos(math.pi * max(0, step - warmup) / max(1, steps - warmup))
            return min((step + 1) / warmup, decay)

        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, share)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _budgets(self, batch: GroundingBatch) -> Tensor:
        """The budget of each query (B,): training for any budget draws every second one, even in its logarithm."""
        own = torch.full((len(batch.qids),), self.budget, dtype=torch.float64)
        if not (self.training and self.trainer_config.any_budget):
            return own
        drawn = LOWEST_BUDGET ** torch.rand_like(own)
        return torch.where(torch.rand_like(own) < 0.5, own, drawn)


class Supervisor:
    """A frozen teacher; no module, so that neither Lightning nor a checkpoint sees its weights.

    Args:
        teacher: The trained teacher, or None.
    """

    def __init__(self, teacher: BudgetedVmr | None) -> None:
        self.teacher = None if teacher is None else teacher.eval().requires_grad_(False)

    def to(self, device: torch.device) -> None:
        """Move the teacher to a device."""
        if self.teacher is not None:
            self.teacher.to(device)

    @torch.no_grad()
    def __call__(self, batch: GroundingBatch) -> VmrOutput | None:
        """The teacher's output on all clips of a batch; None without a teacher."""
        if self.teacher is None:
            return None
        return run_system(self.teacher, batch, torch.ones(len(batch.qids))).vmr


def run_system(system: BudgetedVmr, batch: GroundingBatch, budget: Tensor) -> SystemOutput:
    """Run a system on stored features, each query with its budget (B,)."""
    clips = batch.clips
    source = StoredExpert(clips.expert)
    share = budget.to(clips.mask.device)
    return system(clips.index, clips.mask, batch.text, share, source, batch.qids, batch.target)
