"""Checks for a W&B login without a prompt."""

from __future__ import annotations

import netrc
import os
from pathlib import Path
from urllib.parse import urlsplit

_HOST = "https://api.wandb.ai"


def logged_in() -> bool:
    """Whether W&B is enabled and the environment or the file of ``wandb login`` has a key.

    ``wandb`` itself would prompt for a missing key.
    """
    if os.environ.get("WANDB_MODE", "online") not in ("online", "shared"):
        return False
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL", _HOST)).hostname or ""
    path = Path(os.environ.get("NETRC", "~/.netrc")).expanduser()
    try:
        return netrc.netrc(str(path)).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False
