"""Files of every layout: read alike, and refused with one line when they are not what was declared."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from spotvmr.errors import UserError
from spotvmr.features.importers import FeatureTimes, ImportedFeatures
from spotvmr.types import ClipGrid

ROWS = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)
GRID = ClipGrid(10.0, 0.5)
Declare = Callable[..., ImportedFeatures]


def complaint(source: ImportedFeatures, video: str = "v") -> str:
    """The one line that reading a video deserves."""
    with pytest.raises(UserError) as caught:
        source.read(video, GRID)
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("kind", [np.float32, np.float16, np.float64])
def test_every_layout_gives_the_same_numbers(
    layout: str, kind: type, write: dict[str, Any], declare: Declare, tmp_path: Path
) -> None:
    write[layout](tmp_path / "source", "v", ROWS.astype(kind))
    found = declare(layout).read("v", GRID)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, ROWS.astype(kind).astype(np.float32))


def test_missing_files_and_videos_are_named(
    layout: str, write: dict[str, Any], declare: Declare, tmp_path: Path
) -> None:
    assert str(tmp_path / "source") in complaint(declare(layout))
    write[layout](tmp_path / "source", "other", ROWS)
    line = complaint(declare(layout))
    assert "video v" in line
    assert str(tmp_path / "source") in line


def test_wrong_channels(layout: str, write: dict[str, Any], declare: Declare, tmp_path: Path) -> None:
    write[layout](tmp_path / "source", "v", ROWS[:, :3])
    assert "has 3 channels, index.imported.parts.one=4" in complaint(declare(layout))


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_nan_is_refused_with_its_place(
    layout: str, broken: float, write: dict[str, Any], declare: Declare, tmp_path: Path
) -> None:
    rows = ROWS.copy()
    rows[7, 1] = rows[9, 2] = broken
    write[layout](tmp_path / "source", "v", rows)
    assert "NaN or infinity in 2 of 20 features, first feature 7" in complaint(declare(layout))


def test_wrong_lengths(layout: str, write: dict[str, Any], declare: Declare, tmp_path: Path) -> None:
    for video, rows in (("off", ROWS[:19]), ("half", ROWS[:10]), ("ten", np.tile(ROWS, (10, 1)))):
        write[layout](tmp_path / "source", video, rows)
    assert declare(layout).read("off", GRID).shape == (20, 4)
    assert "true rate is about 1 a second" in complaint(declare(layout), "half")
    assert "true rate is about 20 a second" in complaint(declare(layout), "ten")


@pytest.mark.parametrize("content", [b"", b"no features at all" * 40])
def test_broken_files(layout: str, content: bytes, declare: Declare, tmp_path: Path) -> None:
    path = tmp_path / "source"
    if layout != "h5":
        path.mkdir()
        path = path / f"v.{layout}"
    path.write_bytes(content)
    assert str(path) in complaint(declare(layout))


@pytest.mark.parametrize("rows", [np.zeros(4), np.zeros((2, 3, 4)), np.zeros((0, 4)), np.array([["a"] * 4] * 20)])
def test_wrong_shapes(rows: np.ndarray, write: dict[str, Any], declare: Declare, tmp_path: Path) -> None:
    write["npy"](tmp_path / "source", "v", rows)
    assert "wanted numbers (features, channels)" in complaint(declare())


def test_axes_of_length_one_are_dropped(write: dict[str, Any], declare: Declare, tmp_path: Path) -> None:
    write["npy"](tmp_path / "source", "v", ROWS[None, :, :, None])
    np.testing.assert_array_equal(declare().read("v", GRID), ROWS)


def test_a_key_chooses_the_array(declare: Declare, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    np.savez(folder / "v.npz", pooler_output=ROWS, last_hidden_state=-ROWS)
    torch.save({"a": torch.from_numpy(ROWS), "b": torch.from_numpy(-ROWS)}, folder / "v.pt")
    np.testing.assert_array_equal(declare("npz", key="last_hidden_state").read("v", GRID), -ROWS)
    np.testing.assert_array_equal(declare("pt", key="b").read("v", GRID), -ROWS)
    assert "several arrays: it has last_hidden_state, pooler_output; set imported.key" in complaint(declare("npz"))
    assert "no array 'c': it has a, b" in complaint(declare("pt", key="c"))


def test_h5_keys_lead_into_groups(declare: Declare, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "source", "w") as file:
        file["v/c3d_features"] = ROWS
    np.testing.assert_array_equal(declare("h5", key="{video}/c3d_features").read("v", GRID), ROWS)
    assert "no array 'w/c3d_features'" in complaint(declare("h5", key="{video}/c3d_features"), "w")
    assert "no array 'v'" in complaint(declare("h5"))


def test_half_precision_of_torch_is_read(declare: Declare, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    torch.save(torch.from_numpy(ROWS).bfloat16(), tmp_path / "source" / "v.pt")
    np.testing.assert_allclose(declare("pt").read("v", GRID), ROWS, rtol=1e-2)


@pytest.mark.parametrize("video", ["../v", "a/b", ""])
def test_ids_that_leave_the_folder_are_refused(video: str, declare: Declare) -> None:
    for layout in ("npz", "npy", "pt"):
        assert "video id" in complaint(declare(layout), video)


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("layout", ["pt", "npy", "npz"])
@pytest.mark.parametrize("plain", [True, False])
def test_a_pickle_bomb_is_not_executed(layout: str, plain: bool, declare: Declare, tmp_path: Path) -> None:
    trace, folder = tmp_path / "exploded", tmp_path / "source"
    folder.mkdir()
    path, bomb = folder / f"v.{layout}", Bomb(trace)
    if plain:
        path.write_bytes(pickle.dumps(bomb, protocol=2))
    elif layout == "pt":
        torch.save({"features": torch.zeros(20, 4), "more": bomb}, path)
    elif layout == "npy":
        np.save(path, np.array([bomb], dtype=object), allow_pickle=True)
    else:
        np.savez(path, features=np.array([bomb], dtype=object))
    assert str(path) in complaint(declare(layout))
    assert not trace.exists()
    # The bomb is live: what may unpickle it explodes.
    pickle.loads(pickle.dumps(bomb))
    assert trace.exists()


def test_parts_are_joined_in_order(write: dict[str, Any], declare: Declare, tmp_path: Path) -> None:
    write["npz"](tmp_path / "slow", "v", ROWS)
    write["npz"](tmp_path / "clip", "v", -ROWS[:19, :2])
    paths = {"slow": tmp_path / "slow", "clip": tmp_path / "clip"}
    source = declare("npz", paths=paths, parts={"slow": 4, "clip": 2})
    found = source.read("v", GRID)
    # One part is a feature shorter: the last clip repeats what both have.
    np.testing.assert_array_equal(found[:19], np.concatenate([ROWS[:19], -ROWS[:19, :2]], axis=1))
    np.testing.assert_array_equal(found[19], found[18])
    assert source.store_key(0.5).parts == {"slow": 4, "clip": 2}


def test_a_clip_costs_as_many_features_as_its_time_holds(declare: Declare) -> None:
    assert declare(times=FeatureTimes(1.875, 32 / 30), gflops=24.0).gflops_per_clip(16 / 30) == pytest.approx(24.0)
    assert declare(gflops=3.0).gflops_per_clip(2.0) == 12.0


@pytest.mark.parametrize(
    "store",
    [
        lambda rows: rows.clone().requires_grad_(),
        lambda rows: torch.nn.Parameter(rows.clone()),
        lambda rows: rows.to_sparse(),
        lambda rows: {"features": rows.to_sparse_csr()},
    ],
    ids=["requires_grad", "parameter", "sparse", "sparse_csr"],
)
def test_every_kind_of_tensor_is_read(store: Callable[[torch.Tensor], Any], declare: Declare, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    torch.save(store(torch.from_numpy(ROWS)), tmp_path / "source" / "v.pt")
    np.testing.assert_array_equal(declare("pt").read("v", GRID), ROWS)


def test_quantised_tensors_are_read(declare: Declare, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    torch.save(torch.quantize_per_tensor(torch.from_numpy(ROWS), 0.1, 0, torch.qint8), tmp_path / "source" / "v.pt")
    np.testing.assert_allclose(declare("pt").read("v", GRID), ROWS, atol=0.05 + 1e-6)


def test_an_npy_file_under_the_name_of_an_npz_file_is_named(declare: Declare, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with (tmp_path / "source" / "v.npz").open("wb") as file:
        np.save(file, ROWS)
    assert "v.npz is an npy file under the name of an npz file" in complaint(declare("npz"))


def test_a_video_of_one_feature_keeps_its_row(declare: Declare, write: dict[str, Any], tmp_path: Path) -> None:
    write["npy"](tmp_path / "source", "v", ROWS[None, :1])
    np.testing.assert_array_equal(declare("npy").read("v", ClipGrid(0.5, 0.5)), ROWS[:1])


def test_transposed_features_are_called_so(layout: str, write: dict[str, Any], declare: Declare, tmp_path: Path) -> None:
    write[layout](tmp_path / "source", "v", ROWS.T)
    assert "v in " in complaint(declare(layout))
    assert "is transposed: its shape is (4, 20)" in complaint(declare(layout))


def test_an_h5_file_that_another_process_writes_is_in_use(declare: Declare, tmp_path: Path) -> None:
    path = declare("h5").paths["one"]
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["v"] = ROWS
    writer = "import sys, h5py; f = h5py.File(sys.argv[1], 'r+'); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", writer, path], stdin=-1, stdout=-1) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert "is in use: another process writes it" in complaint(declare("h5"))


def test_what_is_present_is_known_before_anything_is_read(
    layout: str, write: dict[str, Any], declare: Declare, tmp_path: Path
) -> None:
    write[layout](tmp_path / "source", "v", ROWS)
    assert declare(layout).present(["v", "w"]) == {"v"}
