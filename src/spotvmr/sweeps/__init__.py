"""Sweeps in the file format of ``wandb sweep``, run by a W&B agent or on this machine with Optuna. No torch."""

from spotvmr.sweeps.command import CommandLine, read_command
from spotvmr.sweeps.file import Hyperband, Sweep, read_sweep
from spotvmr.sweeps.local import run_local
from spotvmr.sweeps.parameters import Parameter
from spotvmr.sweeps.process import TrialProcess, start_trial
from spotvmr.sweeps.server import run_on_server
from spotvmr.sweeps.study import Study, TrialRow

__all__ = [
    "CommandLine",
    "Hyperband",
    "Parameter",
    "Study",
    "Sweep",
    "TrialProcess",
    "TrialRow",
    "read_command",
    "read_sweep",
    "run_local",
    "run_on_server",
    "start_trial",
]
