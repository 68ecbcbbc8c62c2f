"""A contact sheet of a story, to look at: a row an event, frames at the expert's rate."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spotvmr.worlds.drawing.render import Renderer
from spotvmr.worlds.settings import WorldSettings, rng_of
from spotvmr.worlds.story import tell
from spotvmr.worlds.track import trace


def contact_sheet(
    settings: WorldSettings, split: str, number: int, rows: int = 8, columns: int = 10, hovers: bool = False
) -> NDArray[np.uint8]:
    """Consecutive frames from the beginnings of the first stays of a story.

    Args:
        settings: Of the world.
        split: Of the video.
        number: Of the video within its split.
        rows: Stays shown, from the start of the video.
        columns: Consecutive frames of each.
        hovers: Show hovering hands too, not events alone.

    Returns:
        The sheet (rows * H, columns * W, 3).
    """
    story, look = tell(settings, split, number), rng_of(settings, split, number, 1)
    track = trace(story, settings, look)
    stays = [stay for stay in story.stays if hovers or stay.action >= 0][:rows]
    starts = [round(stay.start_s * settings.fps) for stay in stays]
    frames = list(islice(Renderer(story, track, settings, look).frames(), max(starts) + columns))
    return np.concatenate([np.concatenate(frames[start : start + columns], axis=1) for start in starts])


def save_sheet(sheet: NDArray[np.uint8], path: Path) -> None:
    """Write a sheet as an image; the suffix names the format."""
    from matplotlib.image import imsave  # slow to import, and only those who look need it

    imsave(path, sheet)
