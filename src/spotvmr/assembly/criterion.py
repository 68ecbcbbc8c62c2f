"""The loss of a training step, put together from the terms in ``losses``."""

from __future__ import annotations

from torch import Tensor

from spotvmr import losses
from spotvmr.assembly.system import SystemOutput
from spotvmr.config.schema import DistillConfig, ModelConfig
from spotvmr.models import VmrOutput
from spotvmr.types.batches import TargetBatch


class SpanCriterion:
    """Terms for models that predict start and end distributions; each weighed, 0 leaves it out.

    Args:
        model: Weights of the terms against the true moment.
        distill: Weights of the terms against a teacher.
    """

    def __init__(self, model: ModelConfig, distill: DistillConfig) -> None:
        self.model, self.distill = model, distill

    def __call__(self, student: SystemOutput, target: TargetBatch, teacher: VmrOutput | None) -> dict[str, Tensor]:
        """The weighed terms by name; their sum is the loss."""
        terms = self._supervised(student.vmr, target)
        if teacher is not None:
            terms |= self._distilled(student.vmr, teacher)
        if student.selection.scores and self.distill.selection:
            terms["selection"] = self.distill.selection * self._selection(student, target, teacher)
        return terms

    def _supervised(self, out: VmrOutput, target: TargetBatch) -> dict[str, Tensor]:
        """Terms against the true moment."""
        start, end = out.heads["start_offset"], out.heads["end_offset"]
        return {
            "span": losses.span_loss(out.heads["start"], out.heads["end"], out.mask, target.span),
            "highlight": self.model.highlight_weight * losses.highlight_loss(out.highlight, target.inside, out.mask),
            "offset": self.model.offset_weight * losses.offset_loss(start, end, target.span),
        }

    def _distilled(self, out: VmrOutput, teacher: VmrOutput) -> dict[str, Tensor]:
        """Terms against the teacher."""
        weight, terms = self.distill, {}
        if weight.span:
            pairs = [losses.span_distillation(out.heads[k], teacher.heads[k], out.mask) for k in ("start", "end")]
            terms["distill_span"] = weight.span * (pairs[0] + pairs[1])
        if weight.fused:
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
