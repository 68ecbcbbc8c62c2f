"""Settings of the index, expert and text encoders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spotvmr.config.fields import at_least, file_name, one_of, setting


@dataclass
class ImportedConfig:
    """Features that were computed elsewhere; encoders of the family ``imported`` have one."""

    path: str = setting("", "h5 file, or folder with a file for each video, below dataset.root; {part}: name of a part")
    layout: str = setting("npy", "layout of the files: h5 (one file), or npz, npy or pt (VIDEO.npz … in a folder)")
    key: str = setting("", "array inside a file, {video}: name of the video; empty: the video (h5) or the only array")
    parts: dict[str, int] = setting({}, "named parts and their channels, concatenated in this order")
    rate: float | None = setting(None, "features per second of video", unit="1/second")
    stride_s: float | None = setting(None, "time from one feature to the next; instead of rate", unit="seconds")
    feature_s: float | None = setting(
        None, "length of video that one feature covers; null: the time to the next", unit="seconds"
    )
    recordings: bool = setting(False, "true: files belong to the recordings that videos were cut from (ego4d-nlq)")
    stretch: bool = setting(False, "true: the rate differs between videos; the features of each cover it uniformly")
    gflops: float = setting(0.0, "cost of one feature, all parts together, 2 per multiply-add", unit="GFLOPs")
    source: str = setting("", "source of gflops")


@dataclass
class EncoderConfig:
    """An index or expert encoder."""

    name: str = setting("errands", "name of the encoder", limit=file_name())
    family: str = setting("errands", "errands (the demo's own), open_clip, timm, or imported (features from files)")
    model: str = setting("", "name of the model; for open_clip also the path of a JSON configuration")
    pretrained: str = setting("", "tag or weights file; open_clip: also local-dir:…, timm: also default")
    features: str = setting(
        "pooled",
        "output of timm models: pooled, or tokens (averaged over the quarters of the frame)",
        limit=one_of("pooled", "tokens"),
    )
    derive: str = setting(
        "",
        "of an index: makes rio's or bam's parts of the embeddings; empty: as they are",
        limit=one_of("", "rio", "bam"),
    )
    drop: list[str] = setting([], "of an index: named parts that are read as zeros, for ablations")
    frames: int = setting(1, "frames of a clip, at uniform distances", limit=at_least(1))
    batch_clips: int = setting(64, "clips that are encoded at once", limit=at_least(1))
    imported: ImportedConfig | None = None


@dataclass
class TextConfig:
    """The encoder of queries."""

    name: str = setting("index", "name of the encoder", limit=file_name())
    family: str = setting("index", "index (the index encoder's own text tower), open_clip, hf, or words (no weights)")
    model: str = setting("", "open_clip: model name or JSON configuration; hf: folder or name on the hub")
    pretrained: str = setting("", "open_clip: tag, weights file or local-dir:…")
    target: str = setting("", "class of an own encoder: path/to/file.py:ClassName")
    options: dict[str, Any] = setting({}, "settings of an own encoder, by the parameter names of its class")
