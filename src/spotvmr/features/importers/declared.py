"""Declared imported features, and reading those of one video."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.features.importers import h5, npy, npz, pt
from spotvmr.features.importers.arrays import matrix
from spotvmr.features.importers.times import FeatureTimes, resample
from spotvmr.features.key import StoreKey
from spotvmr.types import ClipGrid
from spotvmr.types.excerpt import Excerpt
from spotvmr.system.fingerprint import fingerprint

LAYOUTS: Mapping[str, Callable[[Path, str, str], NDArray[Any]]] = {
    "h5": h5.read,
    "npz": npz.read,
    "npy": npy.read,
    "pt": pt.read,
}
"""Layouts of feature files, each with the function that reads one video."""
_SAMPLE_BYTES = 4096


@dataclass(frozen=True)
class ImportedFeatures:
    """Features that were computed elsewhere; used in place of an encoder, without encoding.

    Attributes:
        name: Name of the preset.
        role: ``index`` or ``expert``, for messages.
        layout: A key of ``LAYOUTS``.
        key: Array inside a file; see the layout.
        paths: File or folder of each part, in the order of ``parts``.
        parts: Named parts and their channels.
        times: When the features were computed.
        gflops: GFLOPs of one feature, 2 per multiply-add, all parts together.
        recordings: The files are of whole recordings, from which the videos were cut.
    """

    name: str
    role: str
    layout: str
    key: str
    paths: Mapping[str, Path]
    parts: Mapping[str, int]
    times: FeatureTimes
    gflops: float
    recordings: bool = False

    def gflops_per_clip(self, clip_s: float) -> float:
        """GFLOPs of a clip: those of the features that the encoder computes for its duration."""
        return self.gflops * self.times.rate * clip_s

    @cached_property
    def source_hash(self) -> str:
        """Sixteen hexadecimal digits of the files' names, sizes and first and last bytes.

        Raises:
            UserError: There is no such file or folder.
        """
        digest = hashlib.sha256()
        for part, path in self.paths.items():
            for file in self._files(path):
                digest.update(f"{part}/{file.name}/{fingerprint(file, _SAMPLE_BYTES)}\n".encode())
        return digest.hexdigest()[:16]

    def _files(self, path: Path) -> list[Path]:
        """The files of a part, of which there is at least one."""
        files = [path] if self.layout == "h5" else sorted(path.glob(f"*.{self.layout}"))
        if not files or not path.exists():
            raise UserError(
                f"no {self.layout} features at {path}: set {self.role}.imported.path to where they lie below "
                "dataset.root"
            )
        return files

    def store_key(self, clip_s: float) -> StoreKey:
        """Key of the store of these features on a clip grid."""
        spread = "spread over the video" if self.times.stretch else f"{self.times.feature_s:g} s each"
        rate = f"{self.times.rate:.6g} features a second"
        how = f"{self.layout} {self.key}: {rate}, {spread}, mean of the centres in a clip"
        return StoreKey(f"imported/{self.name}", self.source_hash, how, clip_s, 1, dict(self.parts))

    def present(self, recording_ids: Iterable[str]) -> set[str]:
        """The recordings (or videos) with features in every part.

        Raises:
            UserError: There is no such file or folder, or an h5 file is broken.
        """
        found = set(recording_ids)
        for path in self.paths.values():
            files = self._files(path)
            found &= h5.present(path, self.key, found) if self.layout == "h5" else {file.stem for file in files}
        return found

    def read(self, video_id: str, grid: ClipGrid, excerpt: Excerpt | None = None) -> NDArray[np.float32]:
        """The features of one video on its clip grid (T, D), parts joined.

        Args:
            video_id: The video.
            grid: Its clips.
            excerpt: Where it lies in its recording, if the files are of recordings.

        Raises:
            UserError: No features, another number than the length of the video allows, other channels, NaN.
        """
        where = excerpt or Excerpt(video_id, 0.0)
        end_s = where.start_s + grid.duration_s
        rows = [self._part(part, where.recording_id, end_s, excerpt is not None) for part in self.parts]
        # Each count was checked against the duration: parts differ by a feature or two at the end.
        count = min(len(part) for part in rows)
        centres_s = self.times.centres_s(count, end_s) - where.start_s
        joined = np.concatenate([part[:count] for part in rows], axis=1)
        self._check_finite(joined, video_id)
        return resample(joined, centres_s, grid.n_clips, grid.clip_s)

    def _part(self, part: str, recording_id: str, end_s: float, longer: bool) -> NDArray[Any]:
        """One part of one recording (n, D_part), with the channels and the number of features it must have."""
        path, dim, key = self.paths[part], self.parts[part], f"{self.role}.imported"
        rows = matrix(LAYOUTS[self.layout](path, self.key, recording_id), path)
        what = f"video {recording_id} in {path}"
        if rows.shape[1] != dim:
            if rows.shape[0] == dim:
                raise UserError(
                    f"{what} is transposed: its shape is {rows.shape}, wanted (features, channels) with "
                    f"{key}.parts.{part}={dim} channels; write the array the other way round"
                )
            raise UserError(
                f"{what} has {rows.shape[1]} channels, {key}.parts.{part}={dim}; set it to what the files hold"
            )
        self.times.check_count(len(rows), end_s, what, key, longer)
        return rows

    def _check_finite(self, rows: NDArray[Any], video_id: str) -> None:
        """Refuse NaN and infinity."""
        broken = ~np.isfinite(rows).all(axis=1)
        if broken.any():
            raise UserError(
                f"video {video_id} in {', '.join(map(str, self.paths.values()))} has NaN or infinity in "
                f"{int(broken.sum())} of {len(rows)} features, first feature {int(broken.argmax())}; fetch or compute "
                "it again"
            )
