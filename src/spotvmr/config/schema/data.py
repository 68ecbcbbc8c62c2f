"""Settings of folders, data sets and video decoding."""

from __future__ import annotations

from dataclasses import dataclass

from spotvmr.config.fields import (
    above_zero,
    at_least,
    even_from,
    file_name,
    one_of,
    one_of_or_own,
    setting,
    share_below_one,
)


@dataclass
class PathsConfig:
    """Folders; relative paths start at the working folder."""

    data: str = setting("data", "folder of the data sets")
    features: str = setting("features", "folder of the feature stores")
    runs: str = setting("runs", "folder of the runs")
    cache: str | None = setting(
        None, "folder of search's indexes and features of videos; null: $SPOTVMR_CACHE, or ~/.cache/spotvmr"
    )
    cache_gb: float = setting(
        4.0,
        "size of that folder; the videos that were not searched for longest are removed",
        unit="gigabytes",
        limit=above_zero(),
    )


@dataclass
class WorldConfig:
    """The generated world ``errands``; only generated data sets have one."""

    seed: int = setting(7, "seed of the whole world", limit=at_least(0))
    minutes: float = setting(8.0, "length of one video", unit="minutes", limit=above_zero())
    train_videos: int = setting(60, "training videos", limit=at_least(0))
    val_videos: int = setting(20, "validation videos", limit=at_least(0))
    test_videos: int = setting(40, "test videos", limit=at_least(0))
    pool_videos: int = setting(0, "videos of other seeds, for pre-training encoders alone", limit=at_least(0))
    queries_per_video: int = setting(
        16, "queries of a video, at most; each has exactly one true moment in its video", limit=at_least(1)
    )
    train_queries_per_video: int = setting(32, "queries of a training video, at most", limit=at_least(1))
    width: int = setting(160, "width of the videos", unit="pixels", limit=even_from(160))
    height: int = setting(90, "height of the videos", unit="pixels", limit=even_from(90))
    fps: int = setting(
        10, "frame rate; the fastest action repeats at 3 Hz", unit="frames per second", limit=at_least(8)
    )
    keyframe_s: float = setting(1.0, "time between key frames", unit="seconds", limit=above_zero())
    hot_pool: int = setting(
        14, "objects that the hand of an 8 min video handles; with fewer, an object says less", limit=at_least(2)
    )


@dataclass
class AboutConfig:
    """The owners of a data set; `spotvmr doctor` prints it."""

    site: str = setting("", "address where its owners give it out")
    licence: str = setting("", "its licence")
    size: str = setting("", "approximate size of annotations, videos and features")


@dataclass
class DatasetConfig:
    """Annotations, videos and the rules of scoring."""

    name: str = setting("demo", "name of the data set", limit=file_name())
    format: str = setting(
        "jsonl",
        "annotation format",
        limit=one_of_or_own(
            "spotvmr.formats", "jsonl", "qvhighlights", "ego4d-nlq", "charades", "tacos", "activitynet", "mad"
        ),
    )
    root: str = setting("${paths.data}/${dataset.name}", "folder of the data set")
    train: str | None = setting("train.jsonl", "training annotations, relative to root")
    val: str | None = setting("val.jsonl", "validation annotations, relative to root")
    test: str | None = setting("test.jsonl", "test annotations, relative to root")
    val_share: float = setting(
        0.0, "without a val file: share of the training videos that are validated instead", limit=share_below_one()
    )
    videos: str | None = setting("videos", "folder of the video files, relative to root")
    clip_s: float = setting(1.0, "length of a clip", unit="seconds", limit=above_zero())
    iou_rule: str = setting(
        ">=", "whether an IoU equal to the threshold is a hit (>=) or a miss (>)", limit=one_of(">=", ">")
    )
    world: WorldConfig | None = None
    about: AboutConfig | None = None


@dataclass
class VideoConfig:
    """Decoding of video files, in indexing, training and search alike."""

    # "auto" is PyAV: it reads every file, and in ``experiments/decode`` no other was faster by more than a tenth.
    backend: str = setting(
        "auto",
        "decoder of video files: auto is PyAV; all give the same frames, or refuse a file",
        limit=one_of("auto", "pyav", "decord", "torchcodec"),
    )
