"""The loss of each VMR model on its own outputs: against the true moments, and against a teacher.

What all models share (highlight, fused features, selection) is in ``assembly.criterion``. A class here reads the heads
of its model alone. An own model brings a class of its own, or takes one of these.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from spotvmr import losses
from spotvmr.config.schema.models import DetrConfig, SnagConfig, Tan2dConfig, VslNetConfig
from spotvmr.models.protocol import VmrOutput
from spotvmr.types.batches import TargetBatch


class ModelLoss(Protocol):
    """The loss of a model: an ``nn.Module`` whose constructor takes the settings of the model."""

    def supervised(self, out: VmrOutput, target: TargetBatch) -> dict[str, Tensor]:
        """Terms against the true moments, by name; scalars."""

    def distilled(self, out: VmrOutput, teacher: VmrOutput) -> Tensor:
        """The term that draws the heads to a teacher's, a scalar."""


class SpanLoss(nn.Module):
    """Start and end as distributions over clips (VSLNet)."""

    def __init__(self, settings: VslNetConfig) -> None:
        super().__init__()
        self.offset_weight = settings.offset_weight

    def supervised(self, out: VmrOutput, target: TargetBatch) -> dict[str, Tensor]:
        """Cross-entropy of the borders, and L1 of their places inside clips."""
        offsets = out.heads["start_offset"], out.heads["end_offset"]
        return {
            "span": losses.span_loss(out.heads["start"], out.heads["end"], out.mask, target.span),
            "offset": self.offset_weight * losses.offset_loss(*offsets, target.span),
        }

    def distilled(self, out: VmrOutput, teacher: VmrOutput) -> Tensor:
        """KL of the two distributions."""
        start, end = (losses.span_distillation(out.heads[k], teacher.heads[k], out.mask) for k in ("start", "end"))
        return start + end


class MapLoss(nn.Module):
    """Scores of proposals (2D-TAN)."""

    def __init__(self, settings: Tan2dConfig) -> None:
        super().__init__()
        self.limits = settings.iou_low, settings.iou_high

    def supervised(self, out: VmrOutput, target: TargetBatch) -> dict[str, Tensor]:
        """Cross-entropy to the scaled IoU."""
        score, spans, valid = out.heads["score"], out.heads["spans"], out.heads["valid"]
        return {"map": losses.map_loss(score, spans, valid, target.span, *self.limits)}

    def distilled(self, out: VmrOutput, teacher: VmrOutput) -> Tensor:
        """KL of the map."""
        return losses.map_distillation(out.heads["score"], teacher.heads["score"], out.heads["valid"])


class SetLoss(nn.Module):
    """Matched sets of moments (QD-DETR, Moment-DETR)."""

    def __init__(self, settings: DetrConfig) -> None:
        super().__init__()
        weights = settings.l1_weight, settings.giou_weight, settings.class_weight, settings.background_weight
        self.weights = losses.SetWeights(*weights, settings.span_scale)
        self.margin = settings.saliency_margin

    def supervised(self, out: VmrOutput, target: TargetBatch) -> dict[str, Tensor]:
        """The set at every decoder layer, the saliency hinge, and negative queries where there are any."""
        layers = zip(out.heads["label"].unbind(1), out.heads["spans"].unbind(1), strict=True)
        each = [losses.set_loss(label, spans, target.span, self.weights) for label, spans in layers]
        hinge = losses.saliency_hinge(out.highlight, target.inside, out.mask, self.margin)
        terms = {"set": torch.stack(each).sum(), "hinge": hinge}
        if "negative" in out.heads:
            terms["negative"] = losses.negative_loss(out.heads["negative"], out.mask)
        return terms

    def distilled(self, out: VmrOutput, teacher: VmrOutput) -> Tensor:
        """The last layer's set, matched with the teacher's."""
        student, known = ((side.heads["label"][:, -1], side.heads["spans"][:, -1]) for side in (out, teacher))
        return losses.set_distillation(*student, *known, self.weights)


class PointLoss(nn.Module):
    """Scores and borders of points (SnAG, ActionFormer)."""

    positives: Tensor

    def __init__(self, settings: SnagConfig) -> None:
        super().__init__()
        self.focal = settings.focal_alpha, settings.focal_gamma
        self.reach, self.momentum = (settings.centre_radius, settings.level_range), settings.momentum
        # A buffer, so that a resumed training goes on with the same number.
        self.register_buffer("positives", torch.zeros(()))

    def supervised(self, out: VmrOutput, target: TargetBatch) -> dict[str, Tensor]:
        """Focal and distance-IoU loss over a running mean of the number of positive points, of a mean process."""
        heads = out.heads
        positive = losses.positive_points(heads["points"], heads["valid"], target.span, *self.reach)
        count = losses.mean_over_processes(positive.sum().to(self.positives.dtype))
        if self.training:
            with torch.no_grad():
                self.positives.lerp_(count, 1.0 if self.positives == 0 else 1 - self.momentum)
        by = self.positives.clamp(min=1.0)
        return {
            "points": losses.point_focal_loss(heads["score"], positive, heads["valid"], *self.focal) / by,
            "borders": losses.point_border_loss(heads["spans"], positive, target.span) / by,
        }

    def distilled(self, out: VmrOutput, teacher: VmrOutput) -> Tensor:
        """KL of the scores, distance-IoU of the borders."""
        student, known = ((side.heads["score"], side.heads["spans"]) for side in (out, teacher))
        return losses.point_distillation(*student, *known, out.heads["valid"])
