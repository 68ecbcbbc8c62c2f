"""Rules of the metrics, without torch: files are scored without importing it."""

from __future__ import annotations

from typing import Literal

IouRule = Literal[">=", ">"]
"""Whether an IoU equal to the threshold is a hit: ">=" (VSLNet, SnAG, QVHighlights), ">" (Ego4D, 2D-TAN, MAD)."""

Union = Literal["union", "hull"]
"""What the intersection is divided by: the true union, or the hull of both spans (Ego4D, 2D-TAN, VSLNet)."""

RECALLS = ((1, 0.3), (1, 0.5), (1, 0.7), (5, 0.3), (5, 0.5))
"""Rank and IoU threshold of each recall in a run record."""
