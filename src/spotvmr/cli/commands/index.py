"""``spotvmr index``: index features and expert features of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import whole_number
from spotvmr.config import Config
from spotvmr.errors import UserError

if TYPE_CHECKING:
    from spotvmr.extraction.encoding import Engine


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Bring the feature stores of a data set up to date.

    Returns:
        Folder, videos, clips and channels of both stores.

    Raises:
        UserError: Unknown engine, data missing or broken, or videos that cannot be read.
    """
    from spotvmr.extraction.prepare import prepare

    data = prepare(config, _engine(arguments))
    stores = {
        name: {
            "path": str(store.path),
            "videos": len(store.video_ids),
            "clips": sum(store.n_clips(video_id) for video_id in store.video_ids),
            "channels": store.dim,
        }
        for name, store in (("index", data.index), ("expert", data.expert))
    }
    for name, facts in stores.items():
        arguments.show(
            f"{name}: {facts['videos']} videos, {facts['clips']} clips, {facts['channels']} channels: {facts['path']}"
        )
    return stores


def _engine(arguments: Arguments) -> Engine:
    """Who encodes the videos."""
    options = arguments.options
    name = options.get("engine", "local")
    if name == "local":
        from spotvmr.extraction.encoding import on_this_machine

        return on_this_machine(whole_number(options, "workers", 1))
    if name == "ray":
        from spotvmr.extraction.ray_cluster import on_ray

        return on_ray(whole_number(options, "workers", 1) if "workers" in options else None)
    raise UserError(f"engine={name} is unknown: choose from local, ray")
