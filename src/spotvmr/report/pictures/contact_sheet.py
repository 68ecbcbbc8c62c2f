"""A contact sheet: a row of frames for each predicted moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spotvmr.report.pictures.canvas import WIDTH_IN, canvas


@dataclass(frozen=True)
class SheetRow:
    """One moment.

    Attributes:
        title: Line above the frames.
        pixels: Frames (n, H, W, 3), uint8, the same n, H and W in all rows.
        captions: Line below each frame.
    """

    title: str
    pixels: NDArray[np.uint8]
    captions: Sequence[str]


def contact_sheet(rows: Sequence[SheetRow], path: Path) -> None:
    """Draw the rows one below another.

    Args:
        rows: The moments, at least one.
        path: The PNG file.

    Raises:
        UserError: The file cannot be written.
    """
    columns, height, width = rows[0].pixels.shape[:3]
    frame_in = WIDTH_IN / columns * height / width
    with canvas(len(rows) * (frame_in + 0.55), path) as figure:
        axes = figure.subplots(len(rows), columns, squeeze=False)
        figure.subplots_adjust(
            left=0.01, right=0.99, top=1 - 0.3 / (len(rows) * (frame_in + 0.55)), bottom=0.01, wspace=0.03, hspace=0.35
        )
        for row, line in zip(rows, axes, strict=True):
            # The title of an axes is cut at its border; a text is not.
            line[0].text(0.0, 1.03, row.title, transform=line[0].transAxes, fontsize=8, fontweight="bold", va="bottom")
            for axis, pixels, caption in zip(line, row.pixels, row.captions, strict=True):
                axis.imshow(pixels, aspect="equal")
                axis.text(
                    0.02, 0.04, caption, transform=axis.transAxes, fontsize=7, color="white", backgroundcolor="#0008"
                )
                axis.set_axis_off()
