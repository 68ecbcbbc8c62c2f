"""The optional packages: which extra of spotvmr installs a module."""

from __future__ import annotations

EXTRAS = {
    "lightning": "train",
    "scipy": "train",
    "torchmetrics": "train",
    "wandb": "train",
    "matplotlib": "report",
    "plotly": "report",
    "h5py": "features",
    "timm": "timm",
    "transformers": "hf",
    "gradio": "app",
    "fastapi": "app",
    "starlette": "app",
    "uvicorn": "app",
    "optuna": "sweep",
    "ray": "cluster",
    "wandb_workspaces": "wandb",
    "selenium": "browser",
}
"""The smallest extra that installs a module, as pyproject.toml declares it."""


def what_is_missing(user: str, error: ModuleNotFoundError) -> str | None:
    """One line for a module of an extra that is not installed; None for any other module.

    Args:
        user: What needs the module, such as ``train``.
        error: Raised by the import.
    """
    module = (error.name or "").partition(".")[0]
    if module not in EXTRAS:
        return None
    return f"{user} needs {module}: pip install 'spotvmr[{EXTRAS[module]}]'"
