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
    cache: str | None = None  # what search knows of videos; null: $SPOTVMR_CACHE, or ~/.cache/spotvmr
    cache_gb: float = 4.0  # its size in gigabytes; videos not searched for longest are forgotten


@dataclass
class WorldConfig:
    """The generated world ``errands``; only data sets that are made, not found, have one."""

    seed: int = 7  # everything follows from it
    minutes: float = 8.0  # length of one video
    train_videos: int = 60
    val_videos: int = 20
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
class AboutConfig:
    """Who gives a data set out; `spotvmr doctor` prints it."""

    site: str = ""  # where its owners give it out
    licence: str = ""
    size: str = ""  # approximate, of annotations, videos and features


@dataclass
class DatasetConfig:
    """Annotations, videos and the rules they are scored by."""

    name: str = "demo"
    format: str = "jsonl"  # annotation format
    root: str = "${paths.data}/${dataset.name}"
    train: str | None = "train.jsonl"  # annotation files, relative to root
    val: str | None = "val.jsonl"
    test: str | None = "test.jsonl"
    val_share: float = 0.0  # without a val file: share of the training videos that validate instead, from 0 to below 1
    videos: str | None = "videos"  # folder of video files, relative to root
    clip_s: float = 1.0  # seconds a clip
    iou_rule: str = ">="  # ">=" or ">": whether IoU equal to the threshold is a hit
    world: WorldConfig | None = None  # set: the data set is generated when absent
    about: AboutConfig | None = None


@dataclass
class ImportedConfig:
    """Features that were computed elsewhere; encoders of the family ``imported`` have one."""

    path: str = ""  # below dataset.root: an h5 file, or a folder with a file a video; {part} stands for a part's name
    layout: str = "npy"  # h5: one file; npz, npy or pt: VIDEO.npz … in a folder
    key: str = ""  # array inside the file, {video} stands for the video; empty: the video (h5) or the only array
    parts: dict[str, int] = field(default_factory=dict)  # named parts and their channels, joined in this order
    rate: float | None = None  # features a second of video
    stride_s: float | None = None  # or: seconds from one feature to the next
    feature_s: float | None = None  # seconds of video that one feature saw; null: the distance to the next
    recordings: bool = False  # files are of the recordings that the videos were cut from (ego4d-nlq)
    stretch: bool = False  # the true rate differs from video to video: features are spread evenly over each
    gflops: float = 0.0  # of one feature, 2 per multiply-add, all parts together
    source: str = ""  # where the gflops come from


@dataclass
class VideoConfig:
    """How video files are decoded, by indexing, training and search alike."""

    backend: str = "auto"  # auto, pyav, decord or torchcodec; all give the same frames, or refuse a file


@dataclass
class EncoderConfig:
    """An index or expert encoder."""

    name: str = "errands"
    family: str = "errands"  # "errands": the demo's own; "open_clip" or "timm": any of their models; "imported"
    model: str = ""  # name of the model, for open_clip also the path of a JSON configuration
    pretrained: str = ""  # tag or weights file; open_clip: also local-dir:, timm: also "default"
    features: str = "pooled"  # of timm models: "pooled", or "tokens": averaged over the quarters of the frame
    derive: str = ""  # of an index: "rio" or "bam" makes their parts of the embeddings; empty: as they are
    drop: list[str] = field(default_factory=list)  # of an index: named parts that are read as zeros, for ablations
    frames: int = 1  # frames a clip, evenly spread over it
    batch_clips: int = 64  # clips encoded at once
    imported: ImportedConfig | None = None  # of the family "imported" alone


@dataclass
class TextConfig:
    """The encoder of sentences."""

    name: str = "index"
    family: str = "index"  # "index": the index encoder's own text tower; "open_clip", "hf" or "words" (no weights)
    model: str = ""  # open_clip model name or JSON configuration; for hf a folder or a name on the hub
    pretrained: str = ""  # open_clip tag, weights file or local-dir:


@dataclass
class SelectorConfig:
    """The clip selector (an arm of the ablation)."""

    name: str = "spotter"
    steps: int = 6  # at test: selection steps of the spotter
    train_steps: int = 3  # in training: each one costs a preview; spotter_gumbel: at test, too
    encoder: str = "own"  # cross-modal encoder of the spotter's previews: "own" or "shared" with the VMR model
    spread: int = 2  # clips to either side where a better one makes a clip count less; 0: neighbours count alike
    noise: float = 0.3  # scale of the Gumbel noise on scores, training only
    temperature: float = 5.0  # spotter_gumbel: of the softmax at the start of the training; falls linearly
    seed: int = 0  # of the random arm, and of spotter_gumbel's noise at test
    budget_weight: float = 300.0  # spotter_gumbel: of the loss that pulls its soft budget towards the one asked for
    adaptive: bool = False  # at test: budget is the mean over queries; sure ones stop early, others get more
    rerank: float = 0.3  # at test: weight of the selector's scores in the ranking of moments; 0: the VMR model's alone
    cap: float = 4.0  # adaptive: most that one query may spend, in budgets


@dataclass
class ModelConfig:
    """The VMR model behind the selector."""

    name: str = "vslnet"
    target: str = ""  # an own model: path/to/file.py:ClassName
    options: dict[str, Any] = field(default_factory=dict)  # settings of an own model, by the names its class gives them
    dim: int = 96  # channels of the model
    heads: int = 4  # attention heads; divides dim
    conv_layers: int = 4  # depthwise-separable convolutions of an encoder block
    kernel: int = 7  # their kernel, odd
    reach: int = 32  # clips a position sees to either side in attention
    dropout: float = 0.1
    levels: int = 6  # SnAG: levels of the pyramid, each half as fine
    queries: int = 10  # QD-DETR and Moment-DETR: moments in a predicted set
    indicator: bool = True  # the model is told which clips have expert features; false: it sees zeros there
    query_dependent: bool = True  # QD-DETR: the query steers the video's features; false: Moment-DETR
    highlight_weight: float = 5.0  # of the highlight loss beside the family's own
    offset_weight: float = 1.0  # VSLNet: of the loss on borders inside clips
    top_k: int = 5  # moments returned for a query
    nms_iou: float = 0.5  # VSLNet and 2D-TAN: a moment that overlaps a better one by more is dropped


@dataclass
class DistillConfig:
    """Weights of the terms a teacher adds to the student's loss, 0 switches one off; and where the student starts."""

    start: str = "teacher"  # of the student's weights: as the teacher's, or random ("scratch")
    heads: float = 1.0  # the family's own outputs: borders, proposal map, matched set, or point scores and borders
    fused: float = 1.0  # L1 of fused features
    highlight: float = 5.0  # BCE to the teacher's highlight scores
    selection: float = 1.0  # cross-entropy of the spotter's scores to the true clips and the teacher's highlight


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
    any_budget: bool = True  # every second training query draws a budget from 1 % to 100 %; false: all take budget
    ema: float = 0.99  # decay a step of the averaged weights that are validated and kept; 0: no averaging
    window_clips: int = 192  # longer videos are trained on windows of this many clips
    patience: int = 5  # epochs without a better score on validation before stopping
    accelerator: str = "auto"
    devices: int = 1
    strategy: str = "auto"
    precision: str = "32-true"
    compile: bool = False  # torch.compile; the first epoch waits for it, and again where lengths change
    workers: int = 0  # data-loading processes; features are memory-mapped, 0 is fast


@dataclass
class LogConfig:
    """What a training shows, to whom, and what it leaves besides its weights."""

    record: bool = True  # record, predictions, curves, picture, dashboard
    wandb: bool = False  # log students to Weights & Biases; offline without a key or with WANDB_MODE=offline
    project: str = "spotvmr"  # W&B project
    entity: str | None = None  # W&B user or team; null: the default one
    progress: bool = True  # progress bar
    epochs: bool = True  # a line after each epoch
    efficiency: bool = True  # W&B: recall against GFLOPs over budgets, on validation
    queries: bool = True  # W&B: table of queries with time lines and thumbnails; from the record's files
    artifacts: bool = True  # W&B: record and weights; from the record's files


@dataclass
class Config:
    """The whole configuration of a command."""

    name: str = "${dataset.name}"  # folder under paths.runs
    seed: int = 0
    budget: float = 0.1  # share of a video's valid clips that may get expert features
    device: str = "cpu"  # for encoders
    paths: PathsConfig = field(default_factory=PathsConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    video: VideoConfig = field(default_factory=VideoConfig)
    index: EncoderConfig = field(default_factory=EncoderConfig)
    expert: EncoderConfig = field(default_factory=lambda: EncoderConfig(frames=8))
    text: TextConfig = field(default_factory=TextConfig)
    selector: SelectorConfig = field(default_factory=SelectorConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    log: LogConfig = field(default_factory=LogConfig)


GROUPS = ("dataset", "index", "expert", "text", "selector", "model", "distill", "trainer")
"""Groups with a folder of YAML files in ``conf/``, in the order they are merged."""

Plain = dict[str, Any]
"""A configuration resolved to plain Python."""
