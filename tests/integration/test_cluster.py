"""Indexing on a Ray cluster of two nodes on this machine, one of which dies in the middle."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spotvmr.assembly import build_encoders
from spotvmr.config import compose
from spotvmr.errors import UserError
from spotvmr.extraction.encoding import Recipe, on_this_machine
from spotvmr.extraction.indexing import extract
from spotvmr.features import FeatureStore
from spotvmr.video import VideoWriter

pytest.importorskip("ray", reason="extra 'cluster' is not installed")

_SWIFT = {
    "worker_niceness": 0,
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 2000,
    "health_check_failure_threshold": 4,
}
"""So that the death of a node is noticed within seconds, not within a minute, and actors do not wait for other tests
(Ray starts them at niceness 15)."""


@pytest.fixture
def videos(tmp_path: Path) -> dict[str, Path]:
    """Six videos of 4 s, and one that is none."""
    paths = {f"v{number}": tmp_path / f"v{number}.mp4" for number in range(6)}
    for number, path in enumerate(paths.values()):
        with VideoWriter(path, 160, 90, 10) as writer:
            for frame in range(40):
                writer.write(np.full((90, 160, 3), 30 * number + frame, np.uint8))
    paths["broken"] = tmp_path / "broken.mp4"
    paths["broken"].write_bytes(paths["v0"].read_bytes()[:300])
    return paths


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head and a second node, with room for one video each at a time."""
    import ray
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    head = {"num_cpus": 1, "include_dashboard": False, "_system_config": _SWIFT}
    made = Cluster(initialize_head=True, head_node_args=head)
    monkeypatch.setenv("RAY_ADDRESS", made.address)
    yield made
    ray.shutdown()
    made.shutdown()


def telling(encoder: Any, marks: Path) -> Any:
    """The encoder, which leaves a file named after the node it runs on, and takes a second."""

    class Telling(torch.nn.Module):  # inside a function, so that it travels to the nodes as code and not as a name
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.spec = encoder, encoder.spec

        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            import ray

            (marks / ray.get_runtime_context().get_node_id()).touch()
            time.sleep(1)
            return self.encoder(frames)

    return Telling()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_node_that_dies_costs_time_and_nothing_else(cluster: Any, videos: dict[str, Path], tmp_path: Path) -> None:
    from spotvmr.extraction.ray_cluster import on_ray

    index, marks = build_encoders(compose())[0], tmp_path / "marks"
    marks.mkdir()
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    killed = threading.Event()

    def kill_at_work() -> None:
        while not (marks / second.node_id).exists():
            time.sleep(0.02)
        cluster.remove_node(second, allow_graceful=False)
        killed.set()

    threading.Thread(target=kill_at_work, daemon=True).start()
    recipe = Recipe({tmp_path / "far": telling(index, marks)}, 1.0, 64, "cpu")
    with pytest.raises(UserError, match=r"broken\.mp4.*6 of 7 videos are kept") as caught:
        extract(videos, recipe, on_ray())
    assert killed.is_set()
    assert caught.value.result is not None
    assert list(caught.value.result["skipped"]) == ["broken"]

    del videos["broken"]
    extract(videos, recipe, on_ray())
    extract(videos, Recipe({tmp_path / "near": index}, 1.0, 64, "cpu"), on_this_machine())
    assert FeatureStore.open(tmp_path / "far").video_ids == tuple(videos)
    assert (tmp_path / "far" / "features.bin").read_bytes() == (tmp_path / "near" / "features.bin").read_bytes()
