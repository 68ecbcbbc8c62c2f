"""Settings of training and of what it logs."""

from __future__ import annotations

from dataclasses import dataclass

from spotvmr.config.fields import above_zero, at_least, one_of, setting, share, share_below_one, wandb_project

_STRATEGIES = ("auto", "ddp", "ddp_spawn", "ddp_find_unused_parameters_true")
_PRECISIONS = ("32-true", "16-mixed", "bf16-mixed")  # Lightning's others cannot convert frozen batches


@dataclass
class TrainerConfig:
    """Optimisation and hardware."""

    teacher_epochs: int = setting(8, "epochs of the teacher", limit=at_least(1))
    student_epochs: int = setting(8, "epochs of the student", limit=at_least(1))
    batch_size: int = setting(16, "queries of a batch", unit="queries", limit=at_least(1))
    lr: float = setting(1e-3, "learning rate after the warm-up, of AdamW", limit=above_zero())
    weight_decay: float = setting(1e-2, "weight decay of AdamW", limit=at_least(0))
    warmup: float = setting(0.1, "share of the steps in which the learning rate rises", limit=share())
    clip_norm: float = setting(1.0, "largest norm of the gradient", limit=above_zero())
    any_budget: bool = setting(
        True, "true: every second training query draws a budget from 1 % to 100 %; false: all use budget"
    )
    ema: float = setting(
        0.99, "decay per step of the averaged weights, which are validated and kept; 0: none", limit=share_below_one()
    )
    window_clips: int = setting(
        192, "longer videos are trained on windows of this length", unit="clips", limit=at_least(1)
    )
    patience: int = setting(
        5, "training stops after so many epochs without a better validation score", unit="epochs", limit=at_least(1)
    )
    accelerator: str = setting("auto", "device of the training", limit=one_of("auto", "cpu", "gpu", "cuda", "mps"))
    devices: int = setting(1, "devices of the training", limit=at_least(1))
    strategy: str = setting("auto", "Lightning's strategy; ddp for more than one device", limit=one_of(*_STRATEGIES))
    precision: str = setting("32-true", "numerical precision of the training", limit=one_of(*_PRECISIONS))
    compile: bool = setting(False, "true: torch.compile; the first epoch takes longer, and each new length")
    workers: int = setting(0, "processes that load data; features are memory-mapped, so 0 is fast", limit=at_least(0))


@dataclass
class LogConfig:
    """What a training shows and logs, and what it writes besides its weights."""

    record: bool = setting(True, "record, predictions, curves, picture and dashboard")
    wandb: bool = setting(False, "log students to W&B; offline without a key or with WANDB_MODE=offline")
    project: str = setting("spotvmr", "W&B project", limit=wandb_project())
    entity: str | None = setting(None, "W&B user or team; null: the default one")
    progress: bool = setting(True, "progress bar")
    epochs: bool = setting(True, "a line after each epoch")
    efficiency: bool = setting(True, "W&B: recall against GFLOPs over budgets, on validation")
    queries: bool = setting(True, "W&B: table of queries with time lines and thumbnails; needs record")
    artifacts: bool = setting(True, "W&B: record and weights; needs record")
