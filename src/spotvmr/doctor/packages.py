"""Which packages are installed: those the framework needs, and its extras."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import metadata

from spotvmr.doctor.findings import Finding
from spotvmr.types.environment import versions

PART = "packages"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")
_NOT_LISTED = ("all", "dev", "docs", "notebooks")  # all repeats the others; the rest are for developers
# All three install the module `decord`, and the last one installed wins.
_CONFLICTING = ("decord2", "eva-decord")


def check_packages(requirements: Sequence[str] | None = None) -> list[Finding]:
    """Read what the installed package says it requires.

    Args:
        requirements: Requirement lines; those of the installed spotvmr by default.
    """
    lines = (metadata.requires("spotvmr") or []) if requirements is None else requirements
    extras: dict[str, list[str]] = {}
    for line in lines:
        if name := _NAME.match(line):
            extra = _EXTRA.search(line)
            extras.setdefault(extra.group(1) if extra else "", []).append(name.group())
    for name_of_extra in _NOT_LISTED:
        extras.pop(name_of_extra, None)
    found = [_core(name) for name in sorted(extras.pop("", []))]
    return [*found, *(_extra(name, extras[name]) for name in sorted(extras)), *_conflicting()]


def _core(name: str) -> Finding:
    version = versions([name]).get(name)
    if version:
        return Finding(PART, name, "ok", version)
    if name == "decord":
        return Finding(PART, name, "note", "not installed (x86-64 only); PyAV reads everything in its place")
    return Finding(PART, name, "missing", f"pip install {name}")


def _extra(extra: str, names: Iterable[str]) -> Finding:
    found = {name: versions([name]).get(name) for name in sorted(names)}
    if all(found.values()):
        return Finding(PART, f"extra {extra}", "ok", ", ".join(f"{name} {version}" for name, version in found.items()))
    lacking = ", ".join(name for name, version in found.items() if not version)
    return Finding(PART, f"extra {extra}", "note", f"{lacking} not installed: pip install 'spotvmr[{extra}]'")


def _conflicting() -> list[Finding]:
    both = versions(_CONFLICTING)
    detail = "installs the module decord too: pip uninstall {0}, then pip install --force-reinstall decord"
    return [Finding(PART, name, "note", detail.format(name)) for name in both]
