"""What an artefact was made from, and whether another one made today may take its place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

VERSION = 2
"""Of the form; version 1 knew neither the content of features nor the evaluated split."""
_SHOWN = 3
"""Differences that a line names."""


@dataclass(frozen=True)
class Provenance:
    """Everything that decides the content of weights or of a record.

    Two artefacts with equal provenance may stand for one another. All values are plain JSON.

    Attributes:
        settings: The settings that matter, by group.
        features: Key of the store (encoder, weights, preprocessing) behind ``index`` and ``expert``; hash of the text
            encoder behind ``text``.
        content: Digest of the features of the videos of each split, by store: ``{"train": {"index": ...}}``.
        annotations: Digest of the queries of each split.
        code: Digest of each file of a user's own code.
        weights: Digest of the provenance of the weights that this artefact was made with; empty without any.
    """

    settings: Mapping[str, Any]
    features: Mapping[str, Any]
    content: Mapping[str, Mapping[str, str]]
    annotations: Mapping[str, str]
    code: Mapping[str, str] = field(default_factory=dict)
    weights: str = ""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON; ``from_json`` is the way back."""
        plain: dict[str, Any] = json.loads(json.dumps({"version": VERSION, **asdict(self)}))
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any] | None) -> Provenance | None:
        """Read what ``to_json`` gave; None for nothing, and for the form of an earlier version."""
        if not plain or plain.get("version") != VERSION:
            return None
        return cls(**{name: value for name, value in plain.items() if name != "version"})

    def digest(self) -> str:
        """Eight hexadecimal digits that differ between different provenances."""
        return digest_of(self.to_json())


def digest_of(plain: Mapping[str, Any] | None) -> str:
    """Eight hexadecimal digits of a saved provenance, of any version."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:8]


def why_stale(kept: Mapping[str, Any] | None, wanted: Provenance) -> str:
    """Why an artefact cannot be used for what is wanted; empty if it can.

    Args:
        kept: The provenance saved with the artefact, as plain JSON; None where nothing was saved.
        wanted: The provenance of what is to be made.

    Example:
        >>> one = Provenance({"trainer": {"lr": 0.001}}, {}, {}, {})
        >>> two = Provenance({"trainer": {"lr": 0.01}}, {}, {}, {})
        >>> why_stale(one.to_json(), two)
        'settings.trainer.lr is 0.01, was 0.001'
        >>> why_stale(two.to_json(), two)
        ''
    """
    before = Provenance.from_json(kept)
    if before is None:
        return "it was made by a version that did not save what it is made from" if kept else "there is none"
    old, new = dict(_leaves(before.to_json())), dict(_leaves(wanted.to_json()))
    differing = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    said = [f"{key} is {_short(new.get(key))}, was {_short(old.get(key))}" for key in differing[:_SHOWN]]
    more = [f"{len(differing) - _SHOWN} more"] if len(differing) > _SHOWN else []
    return "; ".join([*said, *more])


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of every leaf; an empty mapping is a leaf."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _leaves(item, f"{key}.{name}" if key else name)
    else:
        yield key, value


def _short(value: Any) -> str:
    text = "absent" if value is None else str(value)
    return " ".join(text.split())[:60]
