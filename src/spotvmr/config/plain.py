"""Settings to and from plain Python and YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from spotvmr.config.checks import check
from spotvmr.config.layers import Layer, merge_layers, read_tree
from spotvmr.config.schema import Config, Plain
from spotvmr.errors import UserError
from spotvmr.system.files import write_text_atomic


def finish(merged: DictConfig, where: str) -> Config:
    """Resolve interpolations, build the dataclasses and check the values.

    Raises:
        UserError: An interpolation leads nowhere, or a value is out of its limits.
    """
    try:
        config = cast(Config, OmegaConf.to_object(merged))
    except OmegaConfBaseException as error:
        key = f"{error.full_key}: " if error.full_key else ""
        raise UserError(f"{key}{str(error).splitlines()[0]} ({where})") from error
    except RecursionError as error:
        raise UserError(f"interpolations ${{…}} refer to one another in a circle ({where})") from error
    check(config)
    return config


def as_plain(config: Config) -> Plain:
    """The settings as nested dictionaries of plain values, fit for JSON and checkpoints."""
    return asdict(config)


def from_plain(plain: Mapping[str, Any], where: str = "plain settings") -> Config:
    """The inverse of ``as_plain``; keys that are absent take the schema's defaults.

    Args:
        plain: Nested keys and values.
        where: Their origin, for error messages.

    Raises:
        UserError: A key, type or value is wrong.
    """
    return finish(merge_layers([Layer(where, dict(plain), saved=True)]), where)


def to_yaml(config: Config) -> str:
    """The settings as YAML, in the order of the schema."""
    return OmegaConf.to_yaml(OmegaConf.create(as_plain(config)))


def save(config: Config, path: Path) -> None:
    """Write the settings as YAML, whole or not at all.

    Raises:
        UserError: The folder cannot be written or the disk is full.
    """
    write_text_atomic(path, to_yaml(config))


def load(path: Path) -> Config:
    """Read settings that ``save`` wrote.

    Raises:
        UserError: The file is absent, not YAML, or a key, type or value in it is wrong.
    """
    return from_plain(read_tree(path), str(path))
