"""IoU of spans and its kin against torchvision's boxes and numbers worked out by hand."""

from __future__ import annotations

import pytest
import torch
from torchvision.ops import box_iou, generalized_box_iou

from spotvmr.losses import span_diou, span_giou, span_iou


def boxes(spans: torch.Tensor) -> torch.Tensor:
    low = torch.zeros(len(spans))
    return torch.stack([spans[:, 0], low, spans[:, 1], low + 1], -1)


def test_iou_and_giou_equal_those_of_boxes_of_height_one() -> None:
    spans = torch.rand(12, 2, generator=torch.Generator().manual_seed(0)).sort(-1).values * 9
    pairs = spans[:, None], spans[None]
    torch.testing.assert_close(span_iou(*pairs), box_iou(boxes(spans), boxes(spans)))
    torch.testing.assert_close(span_giou(*pairs), generalized_box_iou(boxes(spans), boxes(spans)))


@pytest.mark.parametrize(
    ("a", "b", "iou", "giou", "diou"),
    [
        ([2, 6], [2, 6], 1, 1, 1),
        ([0, 4], [2, 6], 1 / 3, 1 / 3, 1 / 3 - (2 / 6) ** 2),
        ([0, 2], [3, 5], 0, -1 / 5, -((3 / 5) ** 2)),
        ([0, 8], [3, 5], 1 / 4, 1 / 4, 1 / 4),
        ([3, 3], [3, 3], 0, 0, 0),
    ],
)
def test_by_hand(a: list[float], b: list[float], iou: float, giou: float, diou: float) -> None:
    left, right = torch.tensor(a, dtype=torch.float32), torch.tensor(b, dtype=torch.float32)
    got = [measure(left, right).item() for measure in (span_iou, span_giou, span_diou)]
    assert got == pytest.approx([iou, giou, diou], abs=1e-5)
