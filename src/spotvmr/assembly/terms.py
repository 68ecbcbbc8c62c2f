"""The loss terms of each family of VMR models: against the true moment, and against a teacher.

What all families share (highlight, fused features, selection) is in ``criterion``. A class here reads the heads of
its family alone; an own model may bring a class of its own.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from spotvmr import losses
from spotvmr.config.schema import ModelConfig
from spotvmr.models import VmrOutput
from spotvmr.types.batches import TargetBatch

_MOMENTUM = 0.9
"""Of the running number of positive points (ActionFormer)."""


class Terms(Protocol):
    """The loss terms of a family: an ``nn.Module`` built from ``ModelConfig``."""

    def truth(self, out: VmrOutput, target: TargetBatch) -> dict[str, Tensor]:
        """Terms against the true moments, by name."""

    def taught(self, out: VmrOutput, teacher: VmrOutput) -> Tensor:
        """The term that draws the heads to a teacher's."""


class SpanTerms(nn.Module):
    """Start and end as distributions over clips (VSLNet)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.offset_weight = config.offset_weight

    def truth(self, out: VmrOutput, target: TargetBatch) -> dict[str, Tensor]:
        """Cross-entropy of the borders, and L1 of their places inside clips."""
        offsets = out.heads["start_offset"], out.heads["end_offset"]
        return {
            "span": losses.span_loss(out.heads["start"], out.heads["end"], out.mask, target.span),
            "offset": self.offset_weight * losses.offset_loss(*offsets, target.span),
        }

    def taught(self, out: VmrOutput, teacher: VmrOutput) -> Tensor:
        """KL of the two distributions."""
        start, end = (losses.span_distillation(out.heads[k], teacher.heads[k], out.mask) for k in ("start", "end"))
        return start + end


class MapTerms(nn.Module):
    """Scores of proposals (2D-TAN)."""

    def __init__(self, _: ModelConfig) -> None:
        super().__init__()

    def truth(self, out: VmrOutput, target: TargetBatch) -> dict[str, Tensor]:
        """Cross-entropy to the scaled IoU."""
        return {"map": losses.map_loss(out.heads["score"], out.heads["spans"], out.heads["valid"], target.span)}

    def taught(self, out: VmrOutput, teacher: VmrOutput) -> Tensor:
        """KL of the map."""
        return losses.map_distillation(out.heads["score"], teacher.heads["score"], out.heads["valid"])


class SetTerms(nn.Module):
    """Matched sets of moments (QD-DETR, Moment-DETR)."""

    def __init__(self, _: ModelConfig) -> None:
        super().__init__()

    def truth(self, out: VmrOutput, target: TargetBatch) -> dict[str, Tensor]:
        """The set at every decoder layer, the saliency hinge, and negative queries where there are any."""
        layers = zip(out.heads["label"].unbind(1), out.heads["spans"].unbind(1), strict=True)
        terms = {
            "set": torch.stack([losses.set_loss(label, spans, target.span) for label, spans in layers]).sum(),
            "hinge": losses.saliency_hinge(out.highlight, target.inside, out.mask),
        }
        if "negative" in out.heads:
            terms["negative"] = losses.negative_loss(out.heads["negative"], out.mask)
        return terms

    def taught(self, out: VmrOutput, teacher: VmrOutput) -> Tensor:
        """The last layer's set, matched with the teacher's."""
        student, known = ((side.heads["label"][:, -1], side.heads["spans"][:, -1]) for side in (out, teacher))
        return losses.set_distillation(*student, *known)


class PointTerms(nn.Module):
    """Scores and borders of points (SnAG, ActionFormer)."""

    positives: Tensor

    def __init__(self, _: ModelConfig) -> None:
        super().__init__()
        # A buffer, so that a resumed training goes on with the same number.
        self.register_buffer("positives", torch.zeros(()))

    def truth(self, out: VmrOutput, target: TargetBatch) -> dict[str, Tensor]:
        """Focal and distance-IoU loss over a running mean of the number of positive points, of a mean process."""
        heads = out.heads
        positive = losses.positive_points(heads["points"], heads["valid"], target.span)
        count = losses.mean_over_processes(positive.sum().to(self.positives.dtype))
        if self.training:
            with torch.no_grad():
                self.positives.lerp_(count, 1.0 if self.positives == 0 else 1 - _MOMENTUM)
        by = self.positives.clamp(min=1.0)
        return {
            "points": losses.point_focal_loss(heads["score"], positive, heads["valid"]) / by,
            "borders": losses.point_border_loss(heads["spans"], positive, target.span) / by,
        }

    def taught(self, out: VmrOutput, teacher: VmrOutput) -> Tensor:
        """KL of the scores, distance-IoU of the borders."""
        student, known = ((side.heads["score"], side.heads["spans"]) for side in (out, teacher))
        return losses.point_distillation(*student, *known, out.heads["valid"])


FAMILIES: dict[str, type[nn.Module]] = {"span": SpanTerms, "map": MapTerms, "set": SetTerms, "points": PointTerms}
"""Terms by the name that a model's ``family`` gives."""
