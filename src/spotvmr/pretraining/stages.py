"""``spotvmr pretrain``: trains the demo's small encoders on the pool of the generated world."""

from __future__ import annotations

import copy
import json
import logging
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning
import torch
from torch.utils.data import DataLoader, IterableDataset

from spotvmr.config import Config
from spotvmr.encoders.errands.blocks import fold_batchnorm
from spotvmr.encoders.errands.expert import ErrandsExpert
from spotvmr.encoders.errands.index import PARTS, ErrandsIndex
from spotvmr.encoders.errands.text import ErrandsText
from spotvmr.encoders.state import save_encoder_weights
from spotvmr.errors import UserError
from spotvmr.pretraining.cache import PoolVideo, open_pool
from spotvmr.pretraining.captions import world_words
from spotvmr.pretraining.clips import ClipStage, EncodedVideo, PoolClips, WholeClips, encode_video
from spotvmr.pretraining.frames import EveryNth, FrameStage, PoolFrames
from spotvmr.pretraining.heads import Classes
from spotvmr.system.files import write_text_atomic
from spotvmr.training.callbacks import progress_bar
from spotvmr.worlds import ACTIONS, COLOURS, ROOMS, SHAPES, WorldSettings, generate

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PretrainPlan:
    """Size of the pool and length of training; the packaged weights were trained with the defaults.

    Attributes:
        pool_videos: Videos of the pool if the configuration sets none.
        pool_minutes: Length of a video. Many short videos are better than a few long ones: a video has one light, one
            hand and eight objects, and networks memorise its combinations of shape and appearance.
        held_out: Videos of the pool for validation.
        frame_epochs: Epochs of the first stage, on single frames.
        frame_batches: Batches of an epoch.
        frame_batch: Frames of a batch.
        clip_epochs: Epochs of the second stage, on clips.
        clip_batches: Batches of an epoch.
        clip_batch: Clips of a batch.
    """

    pool_videos: int = 768
    pool_minutes: float = 0.5
    held_out: int = 48
    frame_epochs: int = 9
    frame_batches: int = 250
    frame_batch: int = 128
    clip_epochs: int = 6
    clip_batches: int = 150
    clip_batch: int = 192


def pretrain(
    config: Config,
    show: Callable[[str], None] = log.info,
    out: Path | None = None,
    plan: PretrainPlan | None = None,
) -> dict[str, float]:
    """Train the index, expert and text encoder of the demo and write their weights.

    The pool is generated below ``paths.data``, its decoded frames are kept below ``paths.features``
    (10 GB with the default plan; they may be deleted afterwards).

    Args:
        config: Its generated data set sets appearance and frame rate of the pool; ``seed`` seeds the training.
        show: Called with the scores and the paths of the files as text.
        out: Folder for ``errands_{index,expert,text}.safetensors`` and ``report.json``; by default ``pretrain``
            in the run's folder. ``index.pretrained`` and ``expert.pretrained`` take this folder.
        plan: Size of the pool and length of training.

    Returns:
        Scores on held-out videos by name.

    Raises:
        UserError: The data set is not a generated one, or the pool cannot be made or read.
    """
    began, plan = time.perf_counter(), plan or PretrainPlan()
    out = out or Path(config.paths.runs) / config.name / "pretrain"
    lightning.seed_everything(config.seed, verbose=False)
    classes = Classes(len(ROOMS), len(SHAPES), len(COLOURS), len(ACTIONS))
    videos = open_pool(*_pool_of(config, plan), config.dataset.clip_s, classes, _log_progress("decoded"))
    index, expert = ErrandsIndex(), ErrandsExpert()
    text = ErrandsText(world_words(text for video in videos for text, _, _ in video.queries), sum(PARTS.values()))
    scores = _train_frames(index, expert, videos, classes, plan, config.seed)
    scores |= _train_clips(index, expert, text, videos, classes, plan, config.seed)
    _write(index, expert, text, out)
    report = {"scores": scores, "plan": asdict(plan), "seed": config.seed, "seconds": time.perf_counter() - began}
    write_text_atomic(out / "report.json", json.dumps(report, indent=1) + "\n")
    show("\n".join(f"{name:24s} {value:.3f}" for name, value in scores.items()))
    show(f"weights and report: {out}; use them with index.pretrained={out} expert.pretrained={out}")
    return scores


def _pool_of(config: Config, plan: PretrainPlan) -> tuple[Path, Path]:
    """Folder of the pool, generated when absent, and folder of its decoded frames."""
    world = config.dataset.world
    if world is None:
        raise UserError(f"data set {config.dataset.name} is not a generated one: pretrain needs dataset=demo")
    only = {"train_videos": 0, "val_videos": 0, "test_videos": 0, "minutes": plan.pool_minutes}
    only["pool_videos"] = world.pool_videos or plan.pool_videos
    name = f"{config.dataset.name}-pool"
    root = Path(config.paths.data) / name
    generate(WorldSettings(**{**asdict(world), **only}), root, progress=_log_progress("generated"))
    return root, Path(config.paths.features) / name


def _train_frames(
    index: ErrandsIndex,
    expert: ErrandsExpert,
    videos: Sequence[PoolVideo],
    classes: Classes,
    plan: PretrainPlan,
    seed: int,
) -> dict[str, float]:
    """First stage: train the index encoder and the frame layers of the expert, in place."""
    train, held_out = _divide(videos, plan)
    stage = FrameStage(index, expert, classes)
    batches = PoolFrames(train, plan.frame_batch, plan.frame_batches, seed)
    return _fit(
        stage, batches, EveryNth(held_out, 25), plan.frame_epochs, "bf16-mixed" if has_fast_bf16() else "32-true"
    )


def _train_clips(
    index: ErrandsIndex,
    expert: ErrandsExpert,
    text: ErrandsText,
    videos: Sequence[PoolVideo],
    classes: Classes,
    plan: PretrainPlan,
    seed: int,
) -> dict[str, float]:
    """Second stage: encode all frames by frozen layers, then train temporal layers and text encoder, in place."""
    train, held_out = (_encode_all(index, expert, part) for part in _divide(videos, plan))
    expert.freeze_frame_layers()
    stage = ClipStage(expert, text, classes)
    batches = PoolClips(train, classes, plan.clip_batch, plan.clip_batches, seed)
    return _fit(stage, batches, WholeClips(held_out, classes, seed), plan.clip_epochs, "32-true")


def _divide(videos: Sequence[PoolVideo], plan: PretrainPlan) -> tuple[Sequence[PoolVideo], Sequence[PoolVideo]]:
    """Training videos and validation videos."""
    return videos[plan.held_out :], videos[: plan.held_out]


def _encode_all(index: ErrandsIndex, expert: ErrandsExpert, videos: Sequence[PoolVideo]) -> list[EncodedVideo]:
    """Encode every sample of the videos by frozen copies of both networks."""
    frozen = copy.deepcopy(index).eval(), copy.deepcopy(expert).eval()
    for net in frozen:
        fold_batchnorm(net)
    progress, encoded = _log_progress("encoded"), []
    for video in videos:
        encoded.append(encode_video(video, *frozen))
        progress(len(encoded), len(videos))
    return encoded


def _fit(
    stage: FrameStage | ClipStage, train: IterableDataset[Any], val: IterableDataset[Any], epochs: int, precision: Any
) -> dict[str, float]:
    """Train a stage and return its last validation scores."""
    warnings.filterwarnings(
        "ignore", message=".*(LeafSpec|`__len__` defined|does not have many workers|eval mode at the start).*"
    )
    trainer = lightning.Trainer(
        accelerator="cpu",
        precision=precision,
        max_epochs=epochs,
        gradient_clip_val=5.0,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[progress_bar(), _Scores()],
    )
    # Gathering from memory maps is too cheap for worker processes.
    trainer.fit(stage, DataLoader(train, batch_size=None), DataLoader(val, batch_size=None))
    return _scores(trainer)


def _scores(trainer: lightning.Trainer) -> dict[str, float]:
    """The last validation scores by name."""
    return {k.removeprefix("val/"): float(v) for k, v in trainer.callback_metrics.items() if k.startswith("val/")}


class _Scores(lightning.Callback):
    """Logs the validation scores after each epoch."""

    def on_validation_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Log them in one line."""
        log.info("epoch %d: %s", trainer.current_epoch, " ".join(f"{k}={v:.3f}" for k, v in _scores(trainer).items()))


def _log_progress(done: str) -> Callable[[int, int], None]:
    """A callback that logs every 64th video and the last."""

    def log_count(count: int, total: int) -> None:
        if count % 64 == 0 or count == total:
            log.info("%s %d of %d pool videos", done, count, total)

    return log_count


def has_fast_bf16() -> bool:
    """Whether this CPU has bfloat16 matrix units (AMX); elsewhere bfloat16 is slower than float32."""
    return bool(torch.cpu.get_capabilities().get("amx_bf16")) if hasattr(torch.cpu, "get_capabilities") else False


def _write(index: ErrandsIndex, expert: ErrandsExpert, text: ErrandsText, out: Path) -> None:
    """Write the three weights files; the text encoder's metadata hold the vocabulary."""
    save_encoder_weights(index.state_dict(), out / "errands_index.safetensors", {})
    save_encoder_weights(expert.state_dict(), out / "errands_expert.safetensors", {})
    words = json.dumps(text.vocabulary.words)
    save_encoder_weights(text.state_dict(), out / "errands_text.safetensors", {"words": words})
