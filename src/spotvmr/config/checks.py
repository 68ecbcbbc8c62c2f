"""Limits of settings that a type cannot express."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from spotvmr.config.schema import Config
from spotvmr.errors import UserError


@dataclass(frozen=True)
class _Rule:
    """Keys that share a limit, the test, and the limit in words."""

    keys: tuple[str, ...]
    holds: Callable[[Any], bool]
    limit: str


def _at_least(low: float, *keys: str) -> _Rule:
    return _Rule(keys, lambda value: value >= low, f"at least {low}")


def _above_zero(*keys: str) -> _Rule:
    # NaN fails every comparison; infinity is caught by the upper bound.
    return _Rule(keys, lambda value: 0 < value < float("inf"), "above 0 and finite")


def _one_of(key: str, *allowed: str) -> _Rule:
    return _Rule((key,), lambda value: value in allowed, f"one of {', '.join(allowed)}")


def _is_file_name(value: str) -> bool:
    return bool(value.strip()) and not any(part in value for part in ("/", "\\", "..", "\0", "\n"))


def _is_project(value: str) -> bool:
    return 0 < len(value.strip()) <= 128 and not any(sign in value for sign in "/\\#?%:")


_NAMES = ("name", "dataset.name", "index.name", "expert.name", "text.name", "selector.name", "model.name")
_WEIGHTS = ("distill.heads", "distill.fused", "distill.highlight", "distill.selection")
_STRATEGIES = ("auto", "ddp", "ddp_spawn", "ddp_find_unused_parameters_true", "fsdp")
_PRECISIONS = ("32-true", "16-mixed", "bf16-mixed")  # Lightning's others cannot convert frozen batches

_RULES = (
    _Rule(("budget",), lambda value: 0 < value <= 1, "above 0 and at most 1; try budget=0.1"),
    _Rule(_NAMES, _is_file_name, "a file name: not empty, without '/', '\\' or '..'"),
    _Rule(("log.project",), _is_project, "a W&B project: not empty, at most 128 signs, none of / \\ # ? % :"),
    _above_zero("paths.cache_gb", "dataset.clip_s", "trainer.lr", "trainer.clip_norm", "selector.temperature"),
    _one_of("dataset.iou_rule", ">=", ">"),
    _one_of("video.backend", "auto", "pyav", "decord", "torchcodec"),
    _Rule(("dataset.val_share",), lambda value: 0 <= value < 1, "a share from 0 to below 1"),
    _at_least(1, "index.frames", "index.batch_clips", "expert.frames", "expert.batch_clips"),
    _at_least(1, "selector.steps", "selector.train_steps", "model.levels", "model.queries"),
    _at_least(1, "model.dim", "model.heads", "model.conv_layers", "model.reach", "model.top_k"),
    _at_least(1, "trainer.teacher_epochs", "trainer.student_epochs", "trainer.batch_size", "trainer.window_clips"),
    _at_least(1, "trainer.devices", "trainer.patience"),
    _at_least(
        0, "seed", "selector.seed", "selector.spread", "selector.noise", "trainer.weight_decay", "trainer.workers"
    ),
    _at_least(
        0, "selector.budget_weight", "selector.rerank", "model.highlight_weight", "model.offset_weight", *_WEIGHTS
    ),
    _Rule(("model.kernel",), lambda value: value >= 1 and value % 2 == 1, "odd and at least 1"),
    _Rule(("model.nms_iou",), lambda value: 0 < value <= 1, "above 0 and at most 1"),
    _one_of("selector.encoder", "own", "shared"),
    _one_of("distill.start", "teacher", "scratch"),
    *(_one_of(key, "pooled", "tokens") for key in ("index.features", "expert.features")),
    _Rule(("index.derive",), lambda value: value in ("", "rio", "bam"), "rio, bam or empty"),
    _Rule(("expert.drop",), lambda value: not value, "empty: only parts of an index are left out"),
    _Rule(("selector.cap",), lambda value: 1 <= value < float("inf"), "at least 1 budget and finite"),
    _Rule(("expert.derive",), lambda value: not value, "empty: only an index is derived"),
    _Rule(("trainer.ema",), lambda value: 0 <= value < 1, "at least 0 and below 1"),
    _Rule(("model.dropout",), lambda value: 0 <= value < 1, "at least 0 and below 1"),
    _Rule(("trainer.warmup",), lambda value: 0 <= value <= 1, "a share from 0 to 1"),
    _one_of("trainer.accelerator", "auto", "cpu", "gpu", "cuda", "mps"),
    _one_of("trainer.strategy", *_STRATEGIES),
    _one_of("trainer.precision", *_PRECISIONS),
)

_WORLD_RULES = (
    _above_zero("dataset.world.minutes", "dataset.world.keyframe_s"),
    _at_least(1, "dataset.world.queries_per_video", "dataset.world.train_queries_per_video"),
    _at_least(0, "dataset.world.seed", "dataset.world.train_videos", "dataset.world.val_videos"),
    _at_least(0, "dataset.world.test_videos", "dataset.world.pool_videos"),
    _at_least(2, "dataset.world.hot_pool"),
    _Rule(("dataset.world.width",), lambda value: value >= 160 and value % 2 == 0, "even and at least 160 pixels"),
    _Rule(("dataset.world.height",), lambda value: value >= 90 and value % 2 == 0, "even and at least 90 pixels"),
    _Rule(("dataset.world.fps",), lambda value: value >= 8, "at least 8: the fastest action repeats at 3 Hz"),
)


def check(config: Config) -> None:
    """Refuse settings out of their limits.

    Raises:
        UserError: Names the first such key, its value and the limit.
    """
    _apply(_RULES, config)
    if config.dataset.world is not None:
        _apply(_WORLD_RULES, config)
    if config.model.dim % config.model.heads:
        raise UserError(f"model.heads={config.model.heads} must divide model.dim={config.model.dim}")
    if config.selector.name in ("spotter", "one_shot") and not config.distill.selection:
        raise UserError(f"distill.selection=0 leaves selector={config.selector.name} untaught: must be above 0")


def _apply(rules: Iterable[_Rule], config: Config) -> None:
    for rule in rules:
        for key in rule.keys:
            value = reduce(getattr, key.split("."), config)
            if not rule.holds(value):
                raise UserError(f"{key}={value} is out of its limits: must be {rule.limit}")
