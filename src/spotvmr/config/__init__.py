"""Settings: the schema, its composition from ``conf/`` and the command line, and checks. No torch."""

from spotvmr.config.compose import change, compose
from spotvmr.config.plain import as_plain, from_plain, load, save, to_yaml
from spotvmr.config.schema import (
    GROUPS,
    Config,
    DatasetConfig,
    DistillConfig,
    EncoderConfig,
    PathsConfig,
    Plain,
    SelectorConfig,
    TrainerConfig,
    WorldConfig,
)

__all__ = [
    "GROUPS",
    "Config",
    "DatasetConfig",
    "DistillConfig",
    "EncoderConfig",
    "ModelConfig",
    "PathsConfig",
    "Plain",
    "SelectorConfig",
    "TrainerConfig",
    "WorldConfig",
    "as_plain",
    "change",
    "compose",
    "from_plain",
    "load",
    "save",
    "to_yaml",
]
