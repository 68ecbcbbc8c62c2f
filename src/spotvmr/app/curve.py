"""The selector's score over the time line."""

from __future__ import annotations

from collections.abc import Sequence

_POINTS = 400
"""Maximum number of points; each is the maximum score of its interval."""


def curve(scores: Sequence[float]) -> str:
    """Draw scores as an area, scaled to the height of its box.

    Args:
        scores: One finite score a clip, at least one.

    Returns:
        An SVG.
    """
    bins = min(_POINTS, len(scores))
    edges = [part * len(scores) // bins for part in range(bins + 1)]
    highest = [max(scores[edges[part] : edges[part + 1]]) for part in range(bins)]
    low, high = min(highest), max(highest)
    scale = 96 / (high - low) if high > low else 0.0
    points = [f"{part},{98 - (score - low) * scale:.1f}" for part, score in enumerate(highest)]
    # Steps instead of slopes, so that each score is exactly above the marks of its clips.
    steps = " ".join(f"{point} {part + 1},{point.split(',')[1]}" for part, point in enumerate(points))
    return (
        f'<svg viewBox="0 0 {bins} 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<polygon points="0,100 {steps} {bins},100"/></svg>'
    )
