"""Runs a sweep of the W&B server: creates it there and starts an agent here."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from spotvmr.errors import UserError
from spotvmr.sweeps.command import with_overrides
from spotvmr.sweeps.file import Sweep
from spotvmr.system.wandb_login import logged_in


def run_on_server(sweep: Sweep, overrides: Sequence[str], project: str, entity: str | None, trials: int | None) -> str:
    """Create the sweep on the server and run its trials here, all or at most ``trials``.

    Args:
        sweep: The sweep file.
        overrides: Settings of all trials, before the values of a trial.
        project: W&B project, unless the file names one.
        entity: W&B user or team, unless the file names one; None: the default.
        trials: Maximum number of trials of this agent.

    Returns:
        Path of the sweep, ``[entity/]project/id``.

    Raises:
        UserError: Not logged in.
    """
    if not logged_in():
        raise UserError(
            "not logged in to W&B: run 'wandb login' or set WANDB_API_KEY; "
            "or run the sweep on this machine: local=true (make sweep LOCAL=1)"
        )
    import wandb

    plain = dict(sweep.plain)
    plain["command"] = with_overrides(plain["command"], overrides)
    entity, project = plain.get("entity") or entity, plain.get("project") or project
    sweep_id = wandb.sweep(plain, entity=entity, project=project)
    # The agent starts `spotvmr` by its name: PATH must lead to this environment.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    wandb.agent(sweep_id, entity=entity, project=project, count=trials)
    return "/".join(part for part in (entity, project, sweep_id) if part)
