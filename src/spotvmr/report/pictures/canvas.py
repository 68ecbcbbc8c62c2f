"""Shared parts of the pictures: colours, and a canvas that changes no global state and writes atomically."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spotvmr.system.files import write_bytes_atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#24292f"
FAINT = "#8c959f"
GRID = "#d8dee4"
# Okabe and Ito's colours, which colour-blind readers can distinguish.
GREEN, ORANGE, BLUE, PURPLE, SKY, YELLOW, RED = (
    "#009e73", "#e69f00", "#0072b2", "#cc79a7", "#56b4e9", "#b59f00", "#d55e00",
)  # fmt: skip
SELECTOR_COLOURS = {
    "spotter": BLUE,
    "all": INK,
    "spotter_gumbel": SKY,
    "one_shot": GREEN,
    "similarity": ORANGE,
    "uniform": PURPLE,
    "random": RED,
    "none": FAINT,
    "oracle": YELLOW,
}
_WIDTH_PX = 1600
# At 200 dots an inch, 9 point type stays readable when a page shows the 1600 px at half their width.
_DPI = 200
WIDTH_IN = _WIDTH_PX / _DPI


@contextmanager
def canvas(height_in: float, path: Path) -> Iterator[Figure]:
    """Give a white figure 1600 px wide and write it as PNG when the block ends without an error.

    Args:
        height_in: Height in inches; a picture is 8 inches wide.
        path: The PNG file; written atomically.

    Raises:
        UserError: The file cannot be written.
    """
    # Slow to import, so only drawing imports it.
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcParams["font.size"] = 9
        mpl.rcParams["axes.edgecolor"] = FAINT
        mpl.rcParams["axes.spines.top"] = mpl.rcParams["axes.spines.right"] = False
        mpl.rcParams["axes.axisbelow"] = True
        mpl.rcParams["grid.color"], mpl.rcParams["grid.linewidth"] = GRID, 0.6
        for words in ("text.color", "axes.labelcolor", "xtick.color", "ytick.color"):
            mpl.rcParams[words] = INK
        # Characters that the font lacks are drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=(WIDTH_IN, height_in), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        yield figure
        buffer = io.BytesIO()
        # Without the version of the library, the same numbers give the same bytes.
        figure.savefig(buffer, format="png", metadata={"Software": None})
    write_bytes_atomic(path, buffer.getvalue())
