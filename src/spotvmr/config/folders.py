"""Where YAML files lie: the groups of ``conf/`` and the experiments."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from spotvmr.config.suggest import did_you_mean, nearest_first
from spotvmr.errors import UserError

_PACKAGE = Path(__file__).resolve().parent.parent

CONF = _PACKAGE / "conf"
"""The folder of settings; it ships inside the package, and ``conf`` of a checkout is a link to it."""


def choices(group: str) -> list[str]:
    """Names of the YAML files of a group, those in sub-folders too, sorted."""
    return sorted(_files(group))


def _files(group: str) -> dict[str, Path]:
    """The YAML files of a group by name; a name occurs once, whatever the sub-folder."""
    return {path.stem: path for path in (CONF / group).rglob("*.yaml")}


def find_choice(group: str, choice: str) -> Path:
    """The file of a group's choice.

    Args:
        group: One of ``schema.GROUPS``.
        choice: A name in ``conf/<group>/``, or the path of a YAML file.

    Raises:
        UserError: There is no such choice or file.
    """
    if _is_path(choice):
        return _existing(Path(choice), group)
    known = _files(group)
    if choice not in known:
        listed = ", ".join(nearest_first(choice, known))
        hint = did_you_mean(choice, known)
        raise UserError(f"unknown {group} '{choice}': {hint} Choose from {listed}, or give the path of a YAML file")
    return known[choice]


OWN_GROUPS = ("model", "selector", "text")
"""Groups whose choice may be a class: ``path/to/file.py:ClassName``, or an entry point of ``spotvmr.<group>s``."""


def own_class(group: str, choice: str) -> dict[str, str] | None:
    """Settings of a group whose choice names no YAML file but a class; None for any other choice."""
    if group not in OWN_GROUPS:
        return None
    if ".py:" in choice:
        return {"name": choice.rpartition(":")[2], "target": choice}
    if _is_path(choice) or choice in choices(group):
        return None
    return {"name": choice} if choice in entry_points(group=f"spotvmr.{group}s").names else None


def find_experiment(name: str) -> Path:
    """The file of an experiment.

    Args:
        name: ``NAME`` of an ``experiments/*/NAME.yaml`` below the working folder or the checkout, or a path.

    Raises:
        UserError: There is none, or several have this name.
    """
    if _is_path(name):
        return _existing(Path(name), "experiment")
    files = _experiment_files()
    found = [path for path in files if path.stem == name]
    if len(found) > 1:
        raise UserError(f"experiment '{name}' is in {' and '.join(map(str, found))}: give the path of one")
    if not found:
        known = {path.stem for path in files}
        hint, listed = did_you_mean(name, known), ", ".join(nearest_first(name, known)) or "none here"
        raise UserError(f"unknown experiment '{name}': {hint} Known are {listed}; or give the path of a YAML file")
    return found[0]


def _experiment_files() -> list[Path]:
    """YAML files of experiments; those of the checkout only where the package lies in one (``src`` layout)."""
    roots = {Path("experiments").resolve(), _PACKAGE.parent.parent / "experiments"}
    return sorted(path for root in roots for path in root.glob("*/*.yaml"))


def _is_path(text: str) -> bool:
    return text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text


def _existing(path: Path, what: str) -> Path:
    if not path.is_file():
        raise UserError(f"{what} file {path} does not exist (looked from {Path.cwd()})")
    return path
