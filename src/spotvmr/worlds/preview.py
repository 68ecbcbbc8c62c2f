"""A contact sheet of a story: one row an event, with consecutive frames."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spotvmr.worlds.drawing.render import Renderer
from spotvmr.worlds.make_story import make_story
from spotvmr.worlds.settings import WorldSettings, rng_of
from spotvmr.worlds.track import trace


def story_sheet(
    settings: WorldSettings, split: str, number: int, rows: int = 8, columns: int = 10, hovers: bool = False
) -> NDArray[np.uint8]:
    """Consecutive frames from the start of the first stays of a story.

    Args:
        settings: Settings of the world.
        split: Split of the video.
        number: Number of the video within its split.
        rows: Number of stays, from the start of the video.
        columns: Consecutive frames of each stay.
        hovers: Whether to show hovering hands too.

    Returns:
        The sheet (rows * H, columns * W, 3).
    """
    story, style_rng = make_story(settings, split, number), rng_of(settings, split, number, 1)
    track = trace(story, settings, style_rng)
    stays = [stay for stay in story.stays if hovers or stay.action >= 0][:rows]
    starts = [round(stay.start_s * settings.fps) for stay in stays]
    frames = list(islice(Renderer(story, track, settings, style_rng).frames(), max(starts) + columns))
    return np.concatenate([np.concatenate(frames[start : start + columns], axis=1) for start in starts])


def save_sheet(sheet: NDArray[np.uint8], path: Path) -> None:
    """Write a sheet as an image; the suffix names the format."""
    from matplotlib.image import imsave  # slow to import

    imsave(path, sheet)
