"""From configuration to imported features."""

from __future__ import annotations

from pathlib import Path

from spotvmr.annotations import read_ego4d_excerpts
from spotvmr.config.schema import DatasetConfig, EncoderConfig, ImportedConfig
from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError
from spotvmr.features.importers import LAYOUTS, FeatureTimes, ImportedFeatures
from spotvmr.types.excerpt import Excerpt


def build_imported(role: str, encoder: EncoderConfig, root: Path) -> ImportedFeatures:
    """The imported features of a configuration; no file is read yet.

    Args:
        role: ``index`` or ``expert``.
        encoder: Its settings, of the family ``imported``.
        root: Folder of the data set, from which the path is taken.

    Raises:
        UserError: The declaration is not whole.
    """
    declared = encoder.imported
    if declared is None:
        raise UserError(f"{role}.family=imported without {role}.imported: declare path, layout, parts, rate and gflops")
    _check(role, declared)
    rate = declared.rate if declared.rate is not None else 1 / (declared.stride_s or 1)
    return ImportedFeatures(
        name=encoder.name,
        role=role,
        layout=declared.layout,
        key=declared.key,
        paths={part: root / declared.path.replace("{part}", part) for part in declared.parts},
        parts=dict(declared.parts),
        times=FeatureTimes(rate, declared.feature_s or 1 / rate, declared.stretch),
        gflops=declared.gflops,
        recordings=declared.recordings,
    )


def find_excerpts(dataset: DatasetConfig) -> dict[str, Excerpt]:
    """Where each video of a data set lies in the recording it was cut from.

    Raises:
        UserError: The data set's format does not tell.
    """
    if dataset.format != "ego4d-nlq":
        raise UserError(
            f"imported.recordings=true: files of dataset.format={dataset.format} do not tell where a video lies in a "
            "recording, only ego4d-nlq does; import a file a video and set it to false"
        )
    files = dict.fromkeys(file for file in (dataset.train, dataset.val, dataset.test) if file)
    return {video: where for f in files for video, where in read_ego4d_excerpts(Path(dataset.root) / f).items()}


def _check(role: str, declared: ImportedConfig) -> None:
    """Refuse declarations that leave something open."""
    key = f"{role}.imported"
    if declared.layout not in LAYOUTS:
        raise UserError(f"unknown {key}.layout '{declared.layout}': {did_you_mean(declared.layout, LAYOUTS)}")
    if not declared.path:
        raise UserError(f"{key}.path is empty: name the file or folder of the features, below dataset.root")
    if not declared.parts or min(declared.parts.values()) < 1:
        raise UserError(f"{key}.parts={declared.parts} must name parts and their channels, such as {{clip: 512}}")
    if len(declared.parts) > 1 and "{part}" not in declared.path:
        raise UserError(f"{key}.path={declared.path} must hold {{part}}: several parts lie in several places")
    if (declared.rate is None) == (declared.stride_s is None):
        raise UserError(f"set one of {key}.rate (features a second) and {key}.stride_s (seconds between features)")
    if declared.recordings and declared.stretch:
        raise UserError(
            f"{key}.stretch needs the length of a recording, which nobody knows: set {key}.recordings=false"
        )
    for name in ("rate", "stride_s", "feature_s"):
        value = getattr(declared, name)
        if value is not None and not 0 < value < float("inf"):
            raise UserError(f"{key}.{name}={value} is out of its limits: must be above 0 and finite")
    if not 0 < declared.gflops < float("inf") or not declared.source.strip():
        raise UserError(f"{key} needs gflops, above 0, of one feature, and source, where that number comes from")
