"""Indexing on a Ray cluster: actors that hold the encoders, a part file a video, retries by Ray.

The cluster is the one that ``RAY_ADDRESS`` names or that runs on this machine; without one, Ray starts on this
machine alone. All nodes must see videos and stores under the same paths.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotvmr.errors import UserError
from spotvmr.extraction.decoding import Failure, watched
from spotvmr.extraction.encoding import Engine, Indexed, Recipe, encoded, noted
from spotvmr.features import StoreKey, StoreWriter
from spotvmr.features.parts import parts_folder, write_part

if TYPE_CHECKING:
    import ray.data

_SHARE = 0.5
"""Of a core, or a GPU, that an actor asks for, while there is one actor for each whole one: those of a lost node must
find room on the others, since Ray Data waits for them and lets the rest stand idle."""


def on_ray(workers: int | None = None) -> Engine:
    """An engine of at most so many actors, each with a decoding process; None: as many as the cluster has room for.

    Raises:
        UserError: Ray is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        raise UserError("engine=ray needs the extra 'cluster': pip install 'spotvmr[cluster]', or leave engine= out")
    return partial(_on_ray, workers)


def _on_ray(
    workers: int | None, videos: Mapping[str, Path], recipe: Recipe, writers: Mapping[Path, StoreWriter]
) -> Iterator[Indexed | Failure]:
    """Send every video to an actor; what comes back is that its features are kept, not the features."""
    keys = {path: writer.key for path, writer in writers.items()}
    for row in _dataset(workers, videos, recipe, keys).iter_rows():
        outcome = row["outcome"]
        if isinstance(outcome, UserError):
            raise outcome
        if isinstance(outcome, Indexed):
            for writer in writers.values():
                writer.expect(outcome.video_id)
        yield outcome


def _dataset(
    workers: int | None, videos: Mapping[str, Path], recipe: Recipe, keys: Mapping[Path, StoreKey]
) -> ray.data.Dataset:
    """The work as a Ray Data set: a row a video, mapped by a pool of actors to what became of it."""
    ray = _started()
    gpu = recipe.device.startswith("cuda")
    room = int(ray.cluster_resources().get("GPU" if gpu else "CPU", 1))
    size = max(1, min(workers or room, len(videos)))
    rows = [{"video_id": video_id, "path": str(path.resolve())} for video_id, path in videos.items()]
    return ray.data.from_items(rows, override_num_blocks=len(rows)).map(
        VideoIndexer,
        fn_constructor_args=(recipe, keys),
        compute=ray.data.ActorPoolStrategy(
            min_size=1, max_size=size, initial_size=size, max_tasks_in_flight_per_actor=1
        ),
        num_cpus=_SHARE,
        num_gpus=_SHARE if gpu else 0,
    )


def _started() -> Any:
    """The ray module, connected to a cluster."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else Ray reports to its makers
    import ray
    import ray.data

    if not ray.is_initialized():
        ray.init(log_to_driver=False, include_dashboard=False)
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # it warns of the settings chosen here
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False  # `index` shows its own
    return ray


class VideoIndexer:
    """What an actor does: decodes a video under a watchdog, encodes it, writes a part for each store.

    Args:
        recipe: How; store folders are absolute.
        keys: What the features of each store are made with.
    """

    def __init__(self, recipe: Recipe, keys: Mapping[Path, StoreKey]) -> None:
        self._recipe, self._keys = recipe, keys

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Index the video of a row; ``outcome`` is an ``Indexed``, a ``Failure``, or a ``UserError`` that ends the job.

        Done again after a lost node it writes the same part again, which does no harm.
        """
        try:
            return {"outcome": self._index(row["video_id"], Path(row["path"]))}
        except UserError as error:  # as data: a raised one would be retried, and arrive with a remote traceback
            return {"outcome": error}

    def _index(self, video_id: str, path: Path) -> Indexed | Failure:
        recipe = self._recipe
        chunks = watched({video_id: path}, recipe.clip_s, recipe.frames, recipe.chunk_clips, recipe.backend)
        video = next(encoded(chunks, recipe))
        if isinstance(video, Failure):
            return video
        for store, features in video.features.items():
            write_part(parts_folder(store), self._keys[store], video_id, features, video.duration_s)
        return noted(video)
