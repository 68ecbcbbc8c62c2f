"""Classes and functions of the user: from a file, or from an installed package's entry points.

Every extension goes through here: models, selectors, losses, text encoders and annotation formats.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError

GUIDE = "docs/extend.md"
_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def find(kind: str, name: str, target: str, known: Mapping[str, Any]) -> Any:
    """The class or function behind a choice.

    Args:
        kind: The group of settings, such as ``model``; its entry points are those of ``spotvmr.<kind>s``.
        name: The chosen name.
        target: ``path/to/file.py:ClassName``, or empty.
        known: What the package has, by name.

    Raises:
        UserError: The name is unknown, or the file or the name in it is absent or does not load.
    """
    if target:
        return from_file(kind, target)
    if name in known:
        return known[name]
    offered = {point.name: point for point in entry_points(group=f"spotvmr.{kind}s")}
    if name not in offered:
        meant = did_you_mean(name, [*known, *offered])
        raise UserError(f"unknown {kind}.name '{name}': {meant} Your own is {kind}=path/to/file.py:ClassName ({GUIDE})")
    try:
        return offered[name].load()
    except Exception as error:
        raise UserError(f"{kind} '{name}' ({offered[name].value}) does not load: {error}") from error


def from_file(kind: str, target: str) -> Any:
    """Load ``path/to/file.py:ClassName``.

    Raises:
        UserError: There is no such file or name, or the file does not load.
    """
    path, name = _split(kind, target)
    spec = importlib.util.spec_from_file_location(f"spotvmr_own_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"{kind} file {path} does not load: {type(error).__name__}: {error}") from error
    if not callable(found := getattr(module, name, None)):
        names = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == spec.name]
        raise UserError(f"{kind} file {path} has no class '{name}': {did_you_mean(name, names)}")
    return found


def make(group: str, kind: Any, settings: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """Build an object from those settings that its constructor names.

    Args:
        group: The group of settings, for messages.
        kind: The class.
        settings: Values by name, more than any class needs.
        options: Further values, each of which the class must know.

    Raises:
        UserError: The class does not know an option, or needs what no setting gives.
    """
    wanted = inspect.signature(kind).parameters
    for key in options:
        if key not in wanted:
            raise UserError(f"{group}.options.{key} is no argument of {kind.__name__}: {did_you_mean(key, wanted)}")
    given = {key: value for key, value in {**settings, **options}.items() if key in wanted}
    for key, parameter in wanted.items():
        if key not in given and parameter.default is parameter.empty and parameter.kind not in _REST:
            raise UserError(f"{kind.__name__} needs '{key}': set {group}.options.{key}=VALUE")
    return kind(**given)


def require_members(built: Any, members: Iterable[str], protocol: str) -> None:
    """Refuse an object that lacks members of its protocol.

    Raises:
        UserError: Names what is missing.
    """
    if lacking := [name for name in members if not hasattr(built, name)]:
        raise UserError(f"{type(built).__name__} lacks {', '.join(lacking)} of {protocol} ({GUIDE})")


def digests(targets: Mapping[str, str]) -> dict[str, str]:
    """Hash of each file of a user's own code, by what it is for; weights depend on them.

    Args:
        targets: ``path/to/file.py:ClassName`` by what it is for; empty ones are left out.
    """
    return {
        kind: hashlib.sha256(_split(kind, target)[0].read_bytes()).hexdigest()[:16]
        for kind, target in targets.items()
        if target
    }


def _split(kind: str, target: str) -> tuple[Path, str]:
    """Path and name of a target."""
    file, _, name = target.rpartition(":")
    path = Path(file)
    if not file.endswith(".py") or not name.isidentifier():
        raise UserError(f"{kind}.target={target} is not understood: write path/to/file.py:ClassName")
    if not path.is_file():
        raise UserError(f"{kind} file {path} does not exist (looked from {Path.cwd()})")
    return path, name
