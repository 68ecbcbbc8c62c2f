"""Memory that runs out and checkpoints that rot are one line; nothing damaged is learnt from or resumed."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from spotvmr.config.schema import TrainerConfig
from spotvmr.errors import UserError
from spotvmr.extraction.indexing import open_stores
from spotvmr.features import StoreWriter
from spotvmr.features.importers import ImportedFeatures
from spotvmr.features.key import StoreKey
from spotvmr.training.fit import _resumable, read_checkpoint
from spotvmr.training.memory import memory_errors


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried to…"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8000000 bytes."),
    ],
)
def test_out_of_memory_names_the_setting_to_lower(error: Exception) -> None:
    with (
        pytest.raises(UserError, match=r"set trainer\.batch_size=6") as caught,
        memory_errors(TrainerConfig(batch_size=12)),
    ):
        raise error
    assert "trainer.window_clips=192" in str(caught.value)


def test_a_tensor_that_fits_nowhere_is_out_of_memory() -> None:
    with pytest.raises(UserError, match="out of memory"), memory_errors(TrainerConfig()):
        torch.empty(2**50)


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_errors(TrainerConfig()):
        raise RuntimeError("shapes do not fit")


def checkpoint(folder: Path) -> Path:
    """A checkpoint with the note of what it is of."""
    folder.mkdir()
    torch.save({"state_dict": {"w": torch.arange(4096.0)}, "epoch": 1}, folder / "last.ckpt")
    (folder / "identity.json").write_text(json.dumps({"seed": 0}))
    return folder / "last.ckpt"


def test_a_whole_checkpoint_is_resumed(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "checkpoints")
    assert _resumable(path.parent, {"seed": 0}) == path


@pytest.mark.parametrize("fault", ["cut", "changed byte", "pickle"])
def test_a_damaged_checkpoint_is_not_resumed_but_trained_again(fault: str, tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "checkpoints")
    content = bytearray(path.read_bytes())
    if fault == "changed byte":
        content[len(content) // 2] ^= 16
    path.write_bytes({"cut": content[: len(content) // 2], "pickle": pickle.dumps(print)}.get(fault, content))
    with pytest.raises(UserError, match=r"last\.ckpt is damaged"):
        read_checkpoint(path)
    assert _resumable(path.parent, {"seed": 0}) is None
    assert not path.exists()


def test_a_store_with_a_changed_byte_is_not_learnt_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = StoreKey("clip", "a1", "resize 224", 1.0, 1, {"image": 4})
    monkeypatch.setattr("spotvmr.extraction.indexing.store_key", lambda *_: key)
    source = ImportedFeatures.__new__(ImportedFeatures)
    with StoreWriter(tmp_path / "index", key) as writer:
        writer.add("v1", np.ones((3, 4)), 3.0)
        writer.finish(["v1"])
    assert len(open_stores([tmp_path / "index"], [source], 1.0)) == 1
    data = tmp_path / "index" / "features.bin"
    content = bytearray(data.read_bytes())
    content[5] ^= 1
    data.write_bytes(content)
    with pytest.raises(UserError, match=r"video v1 are damaged \(checksum\)"):
        open_stores([tmp_path / "index"], [source], 1.0)
