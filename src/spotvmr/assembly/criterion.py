"""The loss of a training step, put together from the terms in ``losses``."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from spotvmr import losses
from spotvmr.assembly.own_code import from_file, make
from spotvmr.assembly.system import SystemOutput
from spotvmr.config.schema import Config, DistillConfig, LossConfig
from spotvmr.errors import UserError
from spotvmr.models import VmrModel, VmrOutput
from spotvmr.models.losses import ModelLoss
from spotvmr.types.batches import TargetBatch


class Criterion(nn.Module):
    """The weighted terms of a training; a weight of 0 leaves its term out.

    Args:
        model_loss: The loss of the VMR model on its own outputs.
        highlight: Of the highlight loss, and of clips inside the moment in it.
        distill: Weights of the terms against a teacher.
        budget_weight: Of the budget loss of selectors whose budget is soft.
        added: Additional losses by name; each takes the system's output, the target and the teacher's output or None.
        added_weights: Their weights.
    """

    def __init__(
        self,
        model_loss: ModelLoss,
        highlight: tuple[float, float],
        distill: DistillConfig,
        budget_weight: float,
        added: nn.ModuleDict,
        added_weights: Mapping[str, float],
    ) -> None:
        super().__init__()
        self.terms, self.distill = model_loss, distill
        self.highlight_weight, self.highlight_positive = highlight
        self.budget_weight, self.added, self.added_weights = budget_weight, added, dict(added_weights)

    def forward(self, student: SystemOutput, target: TargetBatch, teacher: VmrOutput | None) -> dict[str, Tensor]:
        """The weighted terms by name; their sum is the loss."""
        out = student.vmr
        terms = self.terms.supervised(out, target)
        highlight = losses.highlight_loss(out.highlight, target.inside, out.mask, self.highlight_positive)
        terms["highlight"] = self.highlight_weight * highlight
        if teacher is not None:
            terms |= self._distilled(out, teacher)
        if student.selection.soft is not None:  # a soft selector learns from its budget and through the VMR model alone
            terms["budget"] = self.budget_weight * _budget(student)
        elif student.selection.scores and self.distill.selection:
            terms["selection"] = self.distill.selection * self._selection(student, target, teacher)
        for name, loss in self.added.items():
            if name in terms:
                raise UserError(f"losses.{name}: the training has a loss of that name; give yours another")
            terms[name] = self.added_weights[name] * loss(student, target, teacher)
        return terms

    def _distilled(self, out: VmrOutput, teacher: VmrOutput) -> dict[str, Tensor]:
        """Terms against the teacher."""
        weight, terms = self.distill, {}
        if weight.heads:
            terms["distill_heads"] = weight.heads * self.terms.distilled(out, teacher)
        if weight.fused and out.fused.shape == teacher.fused.shape:
            terms["distill_fused"] = weight.fused * losses.fused_distillation(out.fused, teacher.fused, out.mask)
        if weight.highlight:
            soft = teacher.highlight.sigmoid()
            highlight = losses.highlight_loss(out.highlight, soft, out.mask, self.highlight_positive)
            terms["distill_highlight"] = weight.highlight * highlight
        return terms

    def _selection(self, student: SystemOutput, target: TargetBatch, teacher: VmrOutput | None) -> Tensor:
        """Each step's scores should rank the true clips first, and those that the teacher finds relevant."""
        relevance = target.inside
        if teacher is not None:
            soft = teacher.highlight.sigmoid()
            # The small scores of hundreds of other clips would outweigh the few relevant ones that are left
            # in later steps.
            relevance = relevance + soft * (soft > 0.5)
        mask, total, taken = student.vmr.mask, target.inside.new_zeros(()), None
        for score, pick in zip(student.selection.scores, student.selection.steps, strict=True):
            pool = mask if taken is None else mask & ~taken
            total = total + losses.ranking_loss(score, relevance, pool)
            taken = pick if taken is None else taken | pick
        return total / len(student.selection.scores)


def _budget(student: SystemOutput) -> Tensor:
    """How far a soft selector is from its budget."""
    selection, soft = student.selection, student.selection.soft
    assert soft is not None
    return losses.budget_loss(soft.draws, selection.weight, soft.budget, student.vmr.mask)


def build_criterion(config: Config, model: VmrModel) -> Criterion:
    """The criterion of a training: the loss that the model names, what all models share, and additional losses.

    Args:
        config: The settings.
        model: The VMR model.

    Raises:
        UserError: An additional loss does not load.
    """
    added = {name: _added(name, loss) for name, loss in config.losses.items()}
    weights = {name: loss.weight for name, loss in config.losses.items()}
    own: ModelLoss = model.loss(config.model)
    highlight, budget = (config.model.highlight_weight, config.model.highlight_positive), config.selector.budget_weight
    return Criterion(own, highlight, config.distill, budget, nn.ModuleDict(added), weights)


def _added(name: str, loss: LossConfig) -> nn.Module:
    """An additional loss from a file."""
    group = f"losses.{name}"
    built = make(group, from_file(group, loss.target), {}, loss.options)
    if not isinstance(built, nn.Module):
        raise UserError(f"{group}.target={loss.target} is no torch.nn.Module: make its class one")
    return built
