"""Weights files: round trip, whole or absent, never unpickled, refused when they do not fit."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from spotvmr.encoders.state import fill, hash_state, read_weights, save_encoder_weights
from spotvmr.errors import UserError


def test_round_trip_keeps_values_to_half_precision_and_metadata(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    save_encoder_weights(net.state_dict(), tmp_path / "sub" / "a.safetensors", {"words": "x"})
    state, metadata = read_weights(tmp_path / "sub" / "a.safetensors")
    assert metadata == {"words": "x"}
    assert state["0.weight"].dtype == torch.float32
    assert state["1.num_batches_tracked"].dtype == torch.int64
    torch.testing.assert_close(state["0.weight"], net[0].weight.detach().half().float(), atol=0, rtol=0)
    assert [p.name for p in (tmp_path / "sub").iterdir()] == ["a.safetensors"]


def test_fill_names_the_first_differing_keys(tmp_path: Path) -> None:
    state = nn.Linear(3, 4).state_dict()
    with pytest.raises(UserError, match=r"weights F do not fit Linear: weight is \(4, 3\), not \(4, 5\)"):
        fill(nn.Linear(5, 4), state, "F")
    with pytest.raises(UserError, match="bias is missing; extra is unknown"):
        fill(nn.Linear(3, 4), {"weight": state["weight"], "extra": state["bias"]}, "F")
    many = {f"k{i}": state["bias"] for i in range(5)}
    with pytest.raises(UserError, match=r"weight is missing; bias is missing; k0 is unknown and 4 more"):
        fill(nn.Linear(3, 4), many, "F")


def test_absent_truncated_and_pickled_files_are_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="absent"):
        read_weights(tmp_path / "none.safetensors")
    whole = tmp_path / "whole.safetensors"
    save_encoder_weights(nn.Linear(30, 40).state_dict(), whole, {})
    (tmp_path / "cut.safetensors").write_bytes(whole.read_bytes()[:-100])
    (tmp_path / "pickle.safetensors").write_bytes(pickle.dumps({"weight": 1}))
    for name in ("cut", "pickle"):
        with pytest.raises(UserError, match="not a whole safetensors file"):
            read_weights(tmp_path / f"{name}.safetensors")


def test_the_hash_follows_values_names_and_shapes() -> None:
    torch.manual_seed(0)
    net = nn.Linear(3, 4)
    first = hash_state(net)
    assert first == hash_state(net)
    assert len(first) == 16
    with torch.no_grad():
        net.bias[0] += 1e-6
    assert hash_state(net) != first
