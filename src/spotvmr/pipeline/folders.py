"""Where runs lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from spotvmr.config import Config
from spotvmr.config.schema import SelectorConfig
from spotvmr.extraction.prepare import PreparedData
from spotvmr.pipeline.provenance import of_teacher

WEIGHTS = "weights.safetensors"
RECORD = "record.json"


def run_folder(config: Config) -> Path:
    """Folder of a run."""
    return Path(config.paths.runs) / config.name


def teacher_config(data: PreparedData) -> Config:
    """The configuration under which the teacher is a run of its own; its name tells what it is made from."""
    config = data.config
    name = f"{config.dataset.name}-teacher-{config.model.name}-{of_teacher(data).digest()}"
    trainer = replace(config.trainer, any_budget=False)
    return replace(config, name=name, budget=1.0, selector=SelectorConfig(name="all"), trainer=trainer)
