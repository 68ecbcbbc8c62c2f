"""Parameters of a sweep file: the values of a setting and their distribution.

https://docs.wandb.ai/guides/sweeps/sweep-config-keys lists the distributions of W&B. Local sweeps support those that
Optuna has as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spotvmr.errors import UserError

_RANGES = ("int_uniform", "uniform", "q_uniform", "log_uniform_values")
_LISTS = ("constant", "categorical")


@dataclass(frozen=True)
class Parameter:
    """One setting of a sweep.

    Attributes:
        values: Possible values; empty for a range.
        low: Lower end of the range.
        high: Upper end of the range, included.
        step: Distance between values of the range; None for a continuous range.
        whole: Whether the values of the range are whole numbers.
        log: Whether the logarithm is uniform.
    """

    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    whole: bool = False
    log: bool = False

    @property
    def examples(self) -> tuple[Any, ...]:
        """Example values: all of a list, or both ends of a range."""
        return self.values or (self.low, self.high)


def read_parameter(key: str, given: Mapping[str, Any], where: str) -> Parameter:
    """Read one entry under ``parameters:``.

    Args:
        key: Dotted name of the setting.
        given: The entry.
        where: The file, for messages.

    Raises:
        UserError: The entry is no parameter, or its distribution is not supported in local sweeps.
    """
    kind = given.get("distribution") or _implied(given)
    if kind not in (*_RANGES, *_LISTS) or "probabilities" in given:
        raise UserError(
            f"parameter {key} in {where} has the distribution {kind or 'unknown'}{_more(given)}, which only W&B runs: "
            f"choose from {', '.join((*_LISTS, *_RANGES))}"
        )
    return _listed(key, given, where) if kind in _LISTS else _ranged(key, kind, given, where)


def _implied(given: Mapping[str, Any]) -> str:
    """The default distribution of W&B."""
    if "value" in given:
        return "constant"
    if "values" in given:
        return "categorical"
    ends = [given.get("min"), given.get("max")]
    if None in ends:
        return ""
    return "int_uniform" if all(isinstance(end, int) for end in ends) else "uniform"


def _more(given: Mapping[str, Any]) -> str:
    return " with probabilities" if "probabilities" in given else ""


def _listed(key: str, given: Mapping[str, Any], where: str) -> Parameter:
    values = [given["value"]] if "value" in given else given.get("values")
    if not isinstance(values, list) or not values:
        raise UserError(f"parameter {key} in {where} has no values: write 'values: [a, b]' or 'value: a'")
    for value in values:
        if not isinstance(value, (str, int, float, bool, type(None))):
            raise UserError(
                f"parameter {key} in {where} has the value {value!r}: use texts, numbers, true, false, null"
            )
    return Parameter(tuple(values))


def _ranged(key: str, kind: str, given: Mapping[str, Any], where: str) -> Parameter:
    low, high = given.get("min"), given.get("max")
    step = given.get("q", 1.0) if kind == "q_uniform" else None
    log, whole = kind == "log_uniform_values", kind == "int_uniform"
    try:
        low, high = (int(low), int(high)) if whole else (float(low), float(high))  # type: ignore[arg-type]
        step = None if step is None else float(step)
    except (TypeError, ValueError) as error:
        raise UserError(f"parameter {key} in {where} needs numbers for min, max and q: {error}") from error
    if not low <= high or (log and low <= 0) or (step is not None and step <= 0):
        limit = "0 < min <= max" if log else "min <= max and q above 0"
        raise UserError(f"parameter {key} in {where} has min={low}, max={high}: needs {limit}")
    return Parameter((), low, high, step, whole, log)
