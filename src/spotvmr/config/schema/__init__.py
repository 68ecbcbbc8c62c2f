"""Every setting of the framework: name, type, default, meaning, unit and limit, each at its field.

The classes are OmegaConf structured configs. ``conf/`` fills them and the command line overrides them. ``--help``,
``config.checks``, the JSON schema and the documentation read what stands here. Checks of several keys at once stand
in ``config.checks``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from spotvmr.config.fields import at_least, file_name, setting, share_above_zero
from spotvmr.config.schema.data import AboutConfig, DatasetConfig, PathsConfig, VideoConfig, WorldConfig
from spotvmr.config.schema.encoders import EncoderConfig, ImportedConfig, TextConfig
from spotvmr.config.schema.losses import DistillConfig, LossConfig
from spotvmr.config.schema.models import ModelConfig, VslNetConfig
from spotvmr.config.schema.selection import SelectorConfig
from spotvmr.config.schema.training import LogConfig, TrainerConfig

__all__ = [
    "GROUPS",
    "AboutConfig",
    "Config",
    "DatasetConfig",
    "DistillConfig",
    "EncoderConfig",
    "ImportedConfig",
    "LogConfig",
    "LossConfig",
    "ModelConfig",
    "PathsConfig",
    "Plain",
    "SelectorConfig",
    "TextConfig",
    "TrainerConfig",
    "VideoConfig",
    "WorldConfig",
]


@dataclass
class Config:
    """The whole configuration of a command."""

    name: str = setting("${dataset.name}", "name of the run, a folder below paths.runs", limit=file_name())
    seed: int = setting(0, "seed of all random numbers but those with a seed of their own", limit=at_least(0))
    budget: float = setting(
        0.1, "share of a video's valid clips that may get expert features", limit=share_above_zero("budget=0.1")
    )
    device: str = setting("cpu", "device of the encoders: cpu, cuda, cuda:1, mps")
    paths: PathsConfig = field(default_factory=PathsConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    video: VideoConfig = field(default_factory=VideoConfig)
    index: EncoderConfig = field(default_factory=EncoderConfig)
    expert: EncoderConfig = field(default_factory=lambda: EncoderConfig(frames=8))
    text: TextConfig = field(default_factory=TextConfig)
    selector: SelectorConfig = field(default_factory=SelectorConfig)
    model: ModelConfig = field(default_factory=VslNetConfig)
    losses: dict[str, LossConfig] = setting({}, "additional losses by name")
    distill: DistillConfig = field(default_factory=DistillConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    log: LogConfig = field(default_factory=LogConfig)


GROUPS = ("dataset", "index", "expert", "text", "selector", "model", "distill", "trainer")
"""Groups with a folder of YAML files in ``conf/``, in the order they are merged."""

Plain = dict[str, Any]
"""A configuration resolved to plain Python."""
