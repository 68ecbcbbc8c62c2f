"""Checks for a W&B login without a prompt."""

from __future__ import annotations

import netrc
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

_SERVER = "https://api.wandb.ai"


def logged_in() -> bool:
    """Whether W&B is enabled and the environment or the file of ``wandb login`` has a key.

    ``wandb`` itself would prompt for a missing key.
    """
    enabled = os.environ.get("WANDB_MODE", "online") in ("online", "shared")
    return enabled and key_source(os.environ, Path.home()) is not None


def server(environment: Mapping[str, str]) -> str:
    """The W&B server that runs go to, such as ``api.wandb.ai``."""
    return urlsplit(environment.get("WANDB_BASE_URL", _SERVER)).netloc


def key_source(environment: Mapping[str, str], home: Path) -> str | None:
    """Where ``wandb`` finds a key for the server: a variable, or the name of a netrc file; None without a key.

    Nothing is sent, and the key itself is not returned.

    Args:
        environment: Environment variables.
        home: Home folder.
    """
    for variable in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE"):
        if environment.get(variable):
            return variable
    named = environment.get("NETRC")
    for path in [Path(named).expanduser()] if named else [home / ".netrc", home / "_netrc"]:
        if _has_key(path, server(environment)):
            return path.name
    return None


def _has_key(path: Path, machine: str) -> bool:
    """Whether a netrc file has an entry for a machine."""
    try:
        return netrc.netrc(str(path)).authenticators(machine) is not None
    except (OSError, UnicodeDecodeError, netrc.NetrcParseError):
        return False
