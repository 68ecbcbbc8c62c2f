"""Whether this machine can train as the settings ask, said before there is anything to train on."""

from __future__ import annotations

import logging
import os
import shutil

import lightning as L
from lightning.fabric.utilities.exceptions import MisconfigurationException

from spotvmr.config.schema import TrainerConfig
from spotvmr.errors import UserError
from spotvmr.system.locks import machines


def check_hardware(settings: TrainerConfig) -> None:
    """Refuse what this machine does not have.

    Raises:
        UserError: There is no such accelerator, or fewer than requested, the strategy needs another one, or there is no
            C++ compiler to compile with.
    """
    quieten_lightning()
    try:
        L.Trainer(
            accelerator=settings.accelerator,
            devices=settings.devices,
            num_nodes=machines(),
            strategy=settings.strategy,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
        )
    except (MisconfigurationException, ValueError) as error:
        raise UserError(
            f"this machine cannot train with trainer.accelerator={settings.accelerator}, "
            f"trainer.devices={settings.devices} and trainer.strategy={settings.strategy}: "
            f"{' '.join(str(error).split())}; "
            "'spotvmr doctor' shows what it has, trainer.accelerator=auto takes it"
        ) from error
    compiler = os.environ.get("CXX", "g++")  # where torch looks for it
    if settings.compile and shutil.which(compiler) is None:
        raise UserError(
            f"trainer.compile=true needs a C++ compiler, and '{compiler}' is not on the PATH: "
            "install one, name it in the variable CXX, or set trainer.compile=false"
        )


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch, in data-loading processes too."""
    L.seed_everything(seed, workers=True, verbose=False)


def quieten_lightning() -> None:
    """Leave out Lightning's tips and the notes that it repeats for every trainer; its warnings stay."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
