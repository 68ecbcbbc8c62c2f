"""``spotvmr demo``: make the generated data set; ``spotvmr demo check``: measure how hard it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import number, whole_number
from spotvmr.config import Config, WorldConfig
from spotvmr.config.schema import DatasetConfig
from spotvmr.errors import UserError


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Make the world of a data set, or with ``check`` measure its difficulty.

    With ``minutes=`` or ``videos=`` it makes test videos alone, of that length and number, in a
    folder of their own.

    Returns:
        The folder and its number of videos; with ``check`` the gates and what was measured.

    Raises:
        UserError: The data set is no generated world, an option is no number above 0 or stands beside
            ``check``, the disk is full, or ``check`` missed a gate.
    """
    if "check" in arguments.words:
        if arguments.options:
            raise UserError(f"demo check measures a whole data set: leave out {'= and '.join(arguments.options)}=")
        from spotvmr.benchmarks.difficulty import check_difficulty
        from spotvmr.report import print_table

        return check_difficulty(config, (lambda _: None) if arguments.json else print_table)
    world = config.dataset.world
    if world is None:
        raise UserError(f"data set {config.dataset.name} is not a generated world; nothing to make, see dataset=demo")
    if arguments.options:
        config = replace(config, dataset=on_request(config, world, arguments.options))
    from spotvmr.assembly import make_world

    make_world(config)
    root = Path(config.dataset.root)
    arguments.show(f"videos, annotations and labels: {root}")
    return {"root": str(root), "videos": len(list((root / "videos").glob("*.mp4")))}


def on_request(config: Config, world: WorldConfig, options: Mapping[str, str]) -> DatasetConfig:
    """The same world with test videos alone, of another length or number, in its own folder."""
    minutes, videos = number(options, "minutes", world.minutes), whole_number(options, "videos", 1)
    name = f"{config.dataset.name}-{minutes:g}min"
    made = replace(world, minutes=minutes, train_videos=0, val_videos=0, test_videos=videos, pool_videos=0)
    return replace(config.dataset, name=name, root=str(Path(config.paths.data) / name), world=made)
