"""Pictures as JPEG files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from spotvmr.video import encode_jpeg


@pytest.mark.parametrize("shape", [(90, 160), (91, 161), (1, 1)])
def test_a_picture_survives(shape: tuple[int, int]) -> None:
    rows, columns = np.linspace(0, 255, shape[0])[:, None], np.linspace(255, 0, shape[1])[None]
    pixels = np.stack(np.broadcast_arrays(rows, columns, np.full((1, 1), 60.0)), -1).astype(np.uint8)
    content = encode_jpeg(pixels)
    assert content.startswith(b"\xff\xd8\xff")
    back = np.asarray(Image.open(io.BytesIO(content)))
    assert back.shape == pixels.shape
    assert np.abs(back.astype(int) - pixels).mean() < 4
