"""Pieces of the small encoders against independent references."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from spotvmr.encoders.errands.blocks import ConvNormAct, attend, fold_batchnorm, heat_to_xy, resize, standardise


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (4, 2)])
def test_folding_keeps_the_output(kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    block = ConvNormAct(3, 8, kernel, stride)
    x = torch.randn(4, 3, 12, 16)
    for _ in range(3):
        block(x)  # gives the batch norm statistics of its own
    block.eval()
    before = block(x)
    fold_batchnorm(block)
    assert not isinstance(block.norm, torch.nn.BatchNorm2d)
    assert block.conv.bias is not None
    torch.testing.assert_close(block(x), before, atol=1e-5, rtol=1e-5)


def test_a_single_hot_cell_is_found_at_its_centre() -> None:
    heat = torch.full((1, 1, 4, 8), -50.0)
    heat[0, 0, 3, 2] = 50.0
    attention, xy = heat_to_xy(heat)
    # Column 2 of 8 has its centre at 2.5 / 8 of the width: 2 * 0.3125 - 1.
    torch.testing.assert_close(xy, torch.tensor([[[-0.375, 0.75]]]))
    assert attention.sum().item() == pytest.approx(1)


def test_places_agree_with_grid_sample() -> None:
    # Sampling the map of column numbers at the place found must give the column number back.
    heat = torch.full((1, 1, 6, 10), -50.0)
    heat[0, 0, 4, 7] = 50.0
    _, xy = heat_to_xy(heat)
    columns = torch.arange(10.0).expand(1, 1, 6, 10)
    assert F.grid_sample(columns, xy[:, None], align_corners=False).item() == pytest.approx(7, abs=1e-5)


def test_attention_pools_a_weighted_mean() -> None:
    features = torch.arange(12.0).view(1, 2, 2, 3)
    weights = torch.tensor([[[0.5, 0, 0], [0, 0, 0.5]]])
    assert attend(features, weights).tolist() == [[2.5, 8.5]]


def test_resize_of_8_bits_is_within_one_level_of_float() -> None:
    torch.manual_seed(0)
    frames = torch.randint(0, 256, (2, 3, 91, 161), dtype=torch.uint8)
    small = resize(frames, (54, 96))
    exact = F.interpolate(frames.float(), (54, 96), mode="bilinear", antialias=True)
    assert small.dtype == torch.uint8
    assert (small.float() - exact).abs().max() <= 1.0
    assert resize(small, (54, 96)).equal(small)


def test_standardise_gives_zero_mean_and_unit_variance() -> None:
    x = standardise(torch.randn(5, 32) * 7 + 3)
    torch.testing.assert_close(x.mean(1), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.var(1, unbiased=False), torch.ones(5), atol=1e-3, rtol=0)
