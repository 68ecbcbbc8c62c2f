"""What an epoch leaves in the log."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from spotvmr.training.callbacks import EpochLine

MEASURED = {"train/loss": 1.5, "val/R1@0.3": 0.75, "val/R1@0.5": 0.5, "val/fraction_mean": 0.1, "val/gt_clip_recall": 1}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "epoch 3/8: loss 1.500, val R1@0.3 0.750, R1@0.5 0.500, clips 10.0 %, ground-truth clip recall 1.00"),
        ({"val/any_budget": 0.625}, "R1@0.3 0.750 (any budget 0.625), R1@0.5 0.500"),
    ],
)
def test_an_epoch_says_what_it_is_chosen_by(
    more: dict[str, float], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = {name: torch.tensor(value) for name, value in (MEASURED | more).items()}
    trainer: Any = SimpleNamespace(is_global_zero=True, current_epoch=2, max_epochs=8, callback_metrics=metrics)
    with caplog.at_level(logging.INFO, "spotvmr"):
        EpochLine().on_train_epoch_end(trainer, SimpleNamespace())  # type: ignore[arg-type]
    assert words in caplog.text
