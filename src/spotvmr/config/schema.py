"""Every setting of the framework: name, type, default and unit, one a line.

The classes are OmegaConf structured configs; ``conf/`` fills them, the command line
overrides them. Checks that need more than a type stand in ``config.checks``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class PathsConfig:
    """Where things lie; relative paths are taken from the working folder."""

    data: str = "data"  # data sets
    features: str = "features"  # feature stores
    runs: str = "runs"  # run folders


@dataclass
class WorldConfig:
    """The generated world ``errands``; only data sets that are made, not found, have one."""

    seed: int = 7  # everything follows from it
    minutes: float = 8.0  # length of one video
    train_videos: int = 60
    val_videos: int = 10
    test_videos: int = 40
    pool_videos: int = 0  # videos of other seeds, for pre-training encoders alone
    queries_per_video: int = 16  # at most; each has exactly one true moment in its video
    train_queries_per_video: int = 32  # at most, in the training split
    width: int = 160  # pixels
    height: int = 90  # pixels
    fps: int = 10  # frames a second, at least 8: the fastest action repeats at 3 Hz
    keyframe_s: float = 1.0  # seconds between key frames
    hot_pool: int = 14  # objects an 8 min video's hand turns to; fewer: finding the object tells less


@dataclass
class DatasetConfig:
    """Annotations, videos and the rules they are scored by."""

    name: str = "demo"
    format: str = "jsonl"  # annotation format
    root: str = "${paths.data}/${dataset.name}"
    train: str | None = "train.jsonl"  # annotation files, relative to root
    val: str | None = "val.jsonl"
    test: str | None = "test.jsonl"
    videos: str | None = "videos"  # folder of video files, relative to root
    clip_s: float = 1.0  # seconds a clip
    iou_rule: str = ">="  # ">=" or ">": whether IoU equal to the threshold is a hit
    world: WorldConfig | None = None  # set: the data set is generated when absent


@dataclass
class EncoderConfig:
    """An index or expert encoder."""

    name: str = "errands"
    family: str = "errands"  # "errands": the demo's own; "open_clip": any open_clip model
    model: str = ""  # open_clip model name or path of a JSON configuration
    pretrained: str = ""  # open_clip tag, weights file or local-dir:
    frames: int = 1  # frames a clip, evenly spread over it
    batch_clips: int = 64  # clips encoded at once


@dataclass
class SelectorConfig:
    """The clip selector (an arm of the ablation)."""

    name: str = "spotter"
    steps: int = 3  # selection steps of the spotter
    spread: int = 2  # clips to either side that a probe of the early steps stands for; 0: neighbours count alike
    noise: float = 1.0  # scale of the Gumbel noise on scores, training only
    temperature: float = 1.0  # softness of the straight-through gradient
    seed: int = 0  # of the random arm


@dataclass
class ModelConfig:
    """The VMR model behind the selector."""

    name: str = "vslnet"
    dim: int = 96  # channels of the model
    heads: int = 4  # attention heads; divides dim
    conv_layers: int = 4  # depthwise-separable convolutions of an encoder block
    kernel: int = 7  # their kernel, odd
    reach: int = 32  # clips a position sees to either side in attention
    dropout: float = 0.1
    highlight_weight: float = 5.0  # of the highlight loss beside the span loss
    offset_weight: float = 1.0  # of the loss on borders inside clips
    top_k: int = 5  # moments returned for a query
    nms_iou: float = 0.5  # a moment that overlaps a better one by more is dropped


@dataclass
class DistillConfig:
    """Weights of the terms a teacher adds to the student's loss; 0 switches one off."""

    span: float = 1.0  # KL of start and end distributions
    fused: float = 1.0  # L1 of fused features
    highlight: float = 5.0  # BCE to the teacher's highlight scores
    selection: float = 1.0  # cross-entropy of the spotter's scores to the teacher's highlight scores


@dataclass
class TrainerConfig:
    """Optimisation and hardware."""

    teacher_epochs: int = 8
    student_epochs: int = 8
    batch_size: int = 16  # queries
    lr: float = 1e-3
    weight_decay: float = 1e-2
    warmup: float = 0.1  # share of the steps
    clip_norm: float = 1.0  # gradient norm
    window_clips: int = 192  # longer videos are trained on windows of this many clips
    patience: int = 5  # epochs without a better val R1@0.3 before stopping
    accelerator: str = "auto"
    devices: int = 1
    strategy: str = "auto"
    precision: str = "32-true"
    workers: int = 0  # data-loading processes; features are memory-mapped, 0 is fast


@dataclass
class Config:
    """The whole configuration of a command."""

    name: str = "${dataset.name}"  # folder under paths.runs
    seed: int = 0
    budget: float = 0.1  # share of a video's valid clips that may get expert features
    device: str = "cpu"  # for encoders
    paths: PathsConfig = field(default_factory=PathsConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    index: EncoderConfig = field(default_factory=EncoderConfig)
    expert: EncoderConfig = field(default_factory=lambda: EncoderConfig(frames=8))
    selector: SelectorConfig = field(default_factory=SelectorConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)


GROUPS = ("dataset", "index", "expert", "selector", "model", "distill", "trainer")
"""Groups with a folder of YAML files in ``conf/``, in the order they are merged."""

Plain = dict[str, Any]
"""A configuration resolved to plain Python."""
