"""The banks of prompts that ship with the package: places, interactions, objects; a line a prompt."""

from __future__ import annotations

import hashlib
from importlib.resources import files

BANKS = {
    "room": ("places", "a photo of a place: {}"),
    "interaction": ("interactions", "a photo of a person {}"),
    "object": ("objects", "a photo of a {}"),
}
"""File and sentence of the bank behind each part."""


def prompts(part: str) -> list[str]:
    """The prompts of one part, as sentences.

    >>> prompts("room")[0]
    'a photo of a place: kitchen'
    """
    name, sentence = BANKS[part]
    lines = (files("spotvmr.encoders") / "banks" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [sentence.format(line) for line in lines]


def banks_digest() -> str:
    """First 8 hexadecimal digits of the SHA-256 of all prompts."""
    return hashlib.sha256("\n".join(prompt for part in BANKS for prompt in prompts(part)).encode()).hexdigest()[:8]
