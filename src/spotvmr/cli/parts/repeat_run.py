"""``spotvmr train from=RECORD``: a run once more, and whether it came out the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotvmr.config import Config, change
from spotvmr.types.record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Sequence


def settings_of(record: RunRecord, overrides: Sequence[str], where: str) -> Config:
    """The settings of a run with ``key=value`` tokens over them.

    Without ``name=`` the run gets a folder of its own, ``NAME-again``: the first one stays to be compared with.

    Args:
        record: Its record.
        overrides: The tokens.
        where: File of the record.

    Raises:
        UserError: A token is wrong, or the settings are of another version.
    """
    plain: dict[str, Any] = {**record.config, "name": f"{record.config.get('name', record.name)}-again"}
    return change(plain, overrides, where)


def differences(first: RunRecord, second: RunRecord) -> dict[str, tuple[Any, Any]]:
    """What two records tell differently: metrics, what was selected, and the versions behind them.

    Returns:
        Both values of each, by name; empty when the run was repeated to the digit.
    """
    return {
        name: (one.get(name), other.get(name))
        for one, other in (
            (first.metrics, second.metrics),
            (vars(first.selection), vars(second.selection)),
            (first.versions, second.versions),
        )
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    }


def in_words(found: dict[str, tuple[Any, Any]]) -> str:
    """One line for people."""
    if not found:
        return "repeated to the digit: metrics and selection are those of the record"
    return "not as in the record: " + ", ".join(f"{name} {old} → {new}" for name, (old, new) in found.items())
