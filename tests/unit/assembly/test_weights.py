"""Weights files: whole, identified, and refused when they do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from spotvmr.assembly import load_weights, read_identity, save_weights
from spotvmr.errors import UserError


def test_round_trip_keeps_weights_and_identity(tmp_path: Path) -> None:
    first, second = nn.Linear(3, 2), nn.Linear(3, 2)
    path = tmp_path / "run" / "weights.safetensors"
    save_weights(first, path, {"seed": 1, "model": {"name": "vslnet"}})
    load_weights(second, path)
    torch.testing.assert_close(second.weight, first.weight, rtol=0, atol=0)
    assert read_identity(path) == {"seed": 1, "model": {"name": "vslnet"}}
    assert [child.name for child in path.parent.iterdir()] == [path.name]


def test_another_model_is_refused_with_the_differing_keys(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(nn.Linear(3, 2), path, {})
    with pytest.raises(UserError, match=r"weight is \(2, 3\) where \(2, 4\) is needed"):
        load_weights(nn.Linear(4, 2), path)
    with pytest.raises(UserError, match=r"lacks 0\.bias, has unknown bias"):
        load_weights(nn.Sequential(nn.Linear(3, 2)), path)


@pytest.mark.parametrize("content", [b"", b"not safetensors", b"\x80\x04cos\nsystem\n"])
def test_damaged_files_are_refused_and_have_no_identity(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    assert read_identity(path) is None
    with pytest.raises(UserError, match="no whole safetensors file"):
        load_weights(nn.Linear(3, 2), path)


def test_an_absent_file_says_to_train(tmp_path: Path) -> None:
    assert read_identity(tmp_path / "none.safetensors") is None
    with pytest.raises(UserError, match="train first"):
        load_weights(nn.Linear(3, 2), tmp_path / "none.safetensors")


def test_a_changed_number_is_found(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(nn.Linear(3, 2), path, {})
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"damaged \(checksum\)"):
        load_weights(nn.Linear(3, 2), path)
