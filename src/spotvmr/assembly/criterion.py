"""The loss of a training step, put together from the terms in ``losses``."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from spotvmr import losses
from spotvmr.assembly.system import SystemOutput
from spotvmr.assembly.terms import FAMILIES, Terms
from spotvmr.config.schema import DistillConfig, ModelConfig
from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError
from spotvmr.models import VmrOutput
from spotvmr.types.batches import TargetBatch


class Criterion(nn.Module):
    """Terms of every VMR model and those of its family; each weighed, 0 leaves it out.

    Args:
        model: Weights of the terms against the true moment.
        distill: Weights of the terms against a teacher.
        terms: The family's own.
        budget_weight: Of the budget loss of selectors whose budget is soft.
    """

    def __init__(self, model: ModelConfig, distill: DistillConfig, terms: Terms, budget_weight: float) -> None:
        super().__init__()
        self.model, self.distill, self.terms, self.budget_weight = model, distill, terms, budget_weight

    def forward(self, student: SystemOutput, target: TargetBatch, teacher: VmrOutput | None) -> dict[str, Tensor]:
        """The weighed terms by name; their sum is the loss."""
        out = student.vmr
        terms = self.terms.truth(out, target)
        terms["highlight"] = self.model.highlight_weight * losses.highlight_loss(out.highlight, target.inside, out.mask)
        if teacher is not None:
            terms |= self._distilled(out, teacher)
        if student.selection.soft is not None:  # a soft selector learns from its budget and through the VMR model alone
            terms["budget"] = self.budget_weight * _budget(student)
        elif student.selection.scores and self.distill.selection:
            terms["selection"] = self.distill.selection * self._selection(student, target, teacher)
        return terms

    def _distilled(self, out: VmrOutput, teacher: VmrOutput) -> dict[str, Tensor]:
        """Terms against the teacher."""
        weight, terms = self.distill, {}
        if weight.heads:
            terms["distill_heads"] = weight.heads * self.terms.taught(out, teacher)
        if weight.fused and out.fused.shape == teacher.fused.shape:
            terms["distill_fused"] = weight.fused * losses.fused_distillation(out.fused, teacher.fused, out.mask)
        if weight.highlight:
            soft = teacher.highlight.sigmoid()
            terms["distill_highlight"] = weight.highlight * losses.highlight_loss(out.highlight, soft, out.mask)
        return terms

    def _selection(self, student: SystemOutput, target: TargetBatch, teacher: VmrOutput | None) -> Tensor:
        """Each step's scores should rank what the teacher finds worth a look, else the true clips."""
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


def build_criterion(model: ModelConfig, distill: DistillConfig, family: Any, budget_weight: float = 0.0) -> Criterion:
    """The criterion of a model family: a name in ``FAMILIES``, or a class of terms.

    Raises:
        UserError: There is no such family.
    """
    if isinstance(family, str) and family not in FAMILIES:
        raise UserError(f"unknown family '{family}' of model {model.name}: {did_you_mean(family, FAMILIES)}")
    terms: Any = FAMILIES[family] if isinstance(family, str) else family
    return Criterion(model, distill, terms(model), budget_weight)
