"""Loads a trained run and opens videos for search."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from spotvmr.assembly import (
    BudgetedVmr,
    build_encoders,
    build_student,
    build_text,
    build_zero_shot,
    check_encoders,
    load_weights,
    spec_key,
)
from spotvmr.config import Config, compose, load
from spotvmr.encoders import ClipEncoder, FrozenEncoder, TextEncoder
from spotvmr.errors import UserError
from spotvmr.retrieval.cache.video_cache import VideoCache, default_folder
from spotvmr.retrieval.context import RetrievalContext
from spotvmr.retrieval.video import Video

log = logging.getLogger(__name__)

WEIGHTS = "weights.safetensors"
_MOMENTS = 50
"""Maximum number of moments that a model returns; ``top`` selects the first ones."""


class Retriever:
    """Finds moments in video files with expert features of few clips.

    Args:
        config: Settings of the run.
        system: Selector and VMR model with their weights.
        index: Index encoder.
        expert: Expert encoder.
        text: Text encoder.
        cache: Cache of indexes and expert features.

    Example:
        ``Retriever.from_run("runs/demo").open("long.mp4").ask("when did I open the fridge", budget=0.1)``
    """

    def __init__(
        self,
        config: Config,
        system: BudgetedVmr,
        index: ClipEncoder,
        expert: ClipEncoder,
        text: TextEncoder,
        cache: VideoCache,
    ) -> None:
        self.config, self.cache = config, cache
        self.context = RetrievalContext(
            system.eval(),
            index,
            expert,
            text,
            cache,
            config.device,
            config.dataset.clip_s,
            config.budget,
            config.index.batch_clips,
            config.expert.batch_clips,
            config.video.backend,
        )

    @classmethod
    def from_run(
        cls,
        run: str | Path,
        cache: str | Path | None = None,
        cache_gb: float = 4.0,
        device: str | None = None,
        video_backend: str = "auto",
    ) -> Retriever:
        """Load a trained run.

        Args:
            run: Its folder, such as ``runs/demo``.
            cache: Folder for indexes and expert features; None takes ``$SPOTVMR_CACHE`` or ``~/.cache/spotvmr``.
            cache_gb: Maximum size of the cache in gigabytes; the least recently used videos are deleted.
            device: Device of the encoders, such as "cpu" or "cuda"; None uses the device of the run's settings.
            video_backend: Library that decodes videos on this machine: auto, pyav, decord or torchcodec.

        Raises:
            UserError: The run is absent, its weights do not fit, or its encoders are not available.
        """
        folder = Path(run)
        if not (folder / WEIGHTS).is_file() or not (folder / "config.yaml").is_file():
            raise UserError(f"no trained run at {folder}: train one with 'make train', or name another with run=FOLDER")
        config = load(folder / "config.yaml")
        config = replace(
            config,
            model=replace(config.model, top_k=max(_MOMENTS, config.model.top_k)),
            device=device or config.device,
            video=replace(config.video, backend=video_backend),
        )
        retriever = build_retriever(config, _cache(cache, cache_gb))
        context = retriever.context
        index, expert = (spec_key(encoder.spec, context.clip_s) for encoder in (context.index, context.expert))
        check_encoders(folder / WEIGHTS, index, expert, context.text.weights_hash)
        load_weights(retriever.context.system, folder / WEIGHTS)
        return retriever

    @classmethod
    def zero_shot(
        cls,
        *settings: str,
        index: str = "mobileclip2-s0",
        expert: str = "vit-l-14",
        cache: str | Path | None = None,
        cache_gb: float = 4.0,
    ) -> Retriever:
        """Search without a trained run, with the image-text similarities of two open_clip models.

        Args:
            *settings: Further settings as on the command line, such as ``index.pretrained=local-dir:FOLDER``.
            index: Choice of ``conf/index/`` or a YAML file.
            expert: Choice of ``conf/expert/`` or a YAML file; two frames a clip by default, because
                the order of frames is not used.
            cache: As in ``from_run``.
            cache_gb: As in ``from_run``.

        Raises:
            UserError: An encoder is no open_clip model, or its weights cannot be loaded or downloaded.
        """
        config = compose([f"index={index}", f"expert={expert}", "expert.frames=2", *settings])
        config = replace(config, model=replace(config.model, top_k=max(_MOMENTS, config.model.top_k)))
        system, *encoders, text = build_zero_shot(config)
        return cls(config, system, encoders[0], encoders[1], text, _cache(cache, cache_gb))

    def open(self, path: str | Path, every_s: float | None = None, progress: bool = True) -> Video:
        """Open a video: index it, or load its index from the cache.

        Args:
            path: The file.
            every_s: Seconds between index frames, from a decode of the whole video. None is faster: it reads key frames
                only. Set it when key frames are rarer than events.
            progress: Whether stderr shows the progress of the index pass.

        Raises:
            UserError: The file is absent, a folder, no video, or holds no readable frame.
        """
        if every_s is not None and not 0 < every_s < float("inf"):
            raise UserError(f"every_s={every_s} is out of its limits: must be above 0; try every_s=1")
        return Video(Path(path), self.context, every_s, progress)


def build_retriever(config: Config, cache: VideoCache) -> Retriever:
    """Build a retriever with random weights.

    Raises:
        UserError: The features were imported or derived, or an encoder is unknown or has no weights.
    """
    index, expert = build_encoders(config)
    if not isinstance(index, FrozenEncoder) or not isinstance(expert, FrozenEncoder):
        raise UserError(
            "the features of the run were imported or derived: a new video cannot get such features; train a run with "
            "encoders, such as index=mobileclip2-s0 expert=vit-l-14"
        )
    if config.index.drop:
        raise UserError(
            f"the run drops parts of the index ({', '.join(config.index.drop)}): search with a run that keeps all"
        )
    text = build_text(config)
    system = build_student(config, index.spec.dim, expert.spec.dim, text.dim)
    return Retriever(config, system, index, expert, text, cache)


def _cache(folder: str | Path | None, size_gb: float) -> VideoCache:
    """The cache in a folder, by default the default folder."""
    return VideoCache(Path(folder).expanduser() if folder else default_folder(), int(size_gb * 1e9))
