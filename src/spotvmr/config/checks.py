"""Checks of settings: each limit that a field declares, and rules about several keys."""

from __future__ import annotations

from typing import Any

from spotvmr.config.keys import Key, all_keys
from spotvmr.config.schema import Config
from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError


def check(config: Config) -> None:
    """Refuse settings out of their limits.

    Raises:
        UserError: Names the first such key, its value and the limit.
    """
    for key in all_keys().values():
        if key.limit is not None:
            _check_limit(key, _value(config, key.name))
    if config.expert.drop:
        raise _out_of_limits("expert.drop", config.expert.drop, "empty: only parts of an index are left out")
    if config.expert.derive:
        raise _out_of_limits("expert.derive", config.expert.derive, "empty: only an index is derived")
    heads = getattr(config.model, "heads", 1)
    if config.model.dim % heads:
        raise UserError(f"model.heads={heads} must divide model.dim={config.model.dim}")
    low, high = getattr(config.model, "iou_low", 0.0), getattr(config.model, "iou_high", 1.0)
    if low >= high:
        raise UserError(f"model.iou_low={low} must be below model.iou_high={high}")
    if config.selector.name in ("spotter", "one_shot") and not config.distill.selection:
        raise UserError(f"distill.selection=0 leaves selector={config.selector.name} without a loss: must be above 0")


def _value(config: Config, name: str) -> Any:
    """The value of a key; None where its group is switched off."""
    found: Any = config
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _check_limit(key: Key, value: Any) -> None:
    if key.limit is None or value is None or key.limit.holds(value):
        return
    hint = f"; {did_you_mean(str(value), key.limit.choices)}" if key.limit.choices and value else ""
    raise _out_of_limits(key.name, value, key.limit.words + hint)


def _out_of_limits(name: str, value: Any, limit: str) -> UserError:
    return UserError(f"{name}={value} is out of its limits: must be {limit}")
