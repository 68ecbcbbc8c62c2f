"""``spotvmr index``: index features and expert features of a data set."""

from __future__ import annotations

from typing import Any

from spotvmr.cli.arguments import Arguments
from spotvmr.config import Config


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Bring the feature stores of a data set up to date.

    Returns:
        Folder, videos, clips and channels of both stores.
    """
    from spotvmr.engine.workbench import prepare

    bench = prepare(config)
    stores = {
        name: {
            "path": str(store.path),
            "videos": len(store.video_ids),
            "clips": sum(store.n_clips(video_id) for video_id in store.video_ids),
            "channels": store.dim,
        }
        for name, store in (("index", bench.index), ("expert", bench.expert))
    }
    for name, facts in stores.items():
        arguments.show(
            f"{name}: {facts['videos']} videos, {facts['clips']} clips, {facts['channels']} channels: {facts['path']}"
        )
    return stores
