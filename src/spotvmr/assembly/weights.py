"""Weights of trained systems as safetensors, with the identity of what they were trained for."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from spotvmr.errors import UserError
from spotvmr.features import StoreKey
from spotvmr.system.files import whole_file


def save_weights(module: nn.Module, path: Path, identity: Mapping[str, Any]) -> None:
    """Write a module's weights and identity; the file appears when it is whole.

    Args:
        module: The trained module.
        path: A ``.safetensors`` file.
        identity: What the weights are for, as plain JSON values.

    Raises:
        UserError: The file cannot be written.
    """
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}
    said = {"identity": json.dumps(identity, sort_keys=True), "checksum": _checksum(weights)}
    with whole_file(path) as temporary:
        save_file(weights, temporary, said)


def read_identity(path: Path) -> dict[str, Any] | None:
    """The identity a weights file was saved with; None when there is no readable file."""
    try:
        with safe_open(path, "pt") as file:
            identity: dict[str, Any] = json.loads((file.metadata() or {}).get("identity", "null"))
            return identity
    except (OSError, SafetensorError, ValueError):
        return None


def check_encoders(path: Path, index: StoreKey, expert: StoreKey, text_hash: str) -> None:
    """Refuse encoders other than those that the weights were trained with: the answers would be noise.

    Imported features have a hash of their files in place of that of weights, which differs from data set to data set;
    what made them is compared then.

    Args:
        path: The weights file.
        index: Key of the index features now.
        expert: Key of the expert features now.
        text_hash: Hash of the text encoder now.

    Raises:
        UserError: An encoder differs.
    """
    saved = read_identity(path) or {}
    features = saved.get("features") or {"index": saved.get("index_key"), "expert": saved.get("expert_key")}
    for role, key in (("index", index), ("expert", expert)):
        trained, now = features.get(role) or {}, key.to_json()
        names = ("encoder", "preprocessing") if key.encoder.startswith("imported/") else ("encoder", "weights_hash")
        for name in names if trained else ():
            if trained[name] != now[name]:
                raise UserError(
                    f"{path} was trained on other {role} features: their {name} was {trained[name]!r} and is "
                    f"{now[name]!r}; set {role} as it was trained, or train again"
                )
    trained_text = features.get("text") or saved.get("text")
    if trained_text is not None and trained_text != text_hash:
        raise UserError(
            f"{path} was trained with another text encoder: its hash was {trained_text!r} and is {text_hash!r}; "
            "set text as it was trained, or train again"
        )


def load_weights(module: nn.Module, path: Path) -> None:
    """Fill a module with saved weights.

    Raises:
        UserError: The file is absent, damaged, or holds another model (the first differing keys are named).
    """
    try:
        with safe_open(path, "pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            checksum = (file.metadata() or {}).get("checksum")
    except FileNotFoundError:
        raise UserError(f"no weights at {path}; train first: spotvmr train") from None
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} is no whole safetensors file ({error}); train again") from error
    if checksum is not None and checksum != _checksum(weights):
        raise UserError(f"{path} is damaged (checksum); delete it and train again")
    if differing := _differences(module.state_dict(), weights):
        raise UserError(
            f"{path} holds the weights of another model: {differing}; set model and selector as it was trained"
        )
    module.load_state_dict(weights)


def _checksum(weights: Mapping[str, Tensor]) -> str:
    """CRC-32 over all tensors in the order of their names."""
    total = 0
    for name in sorted(weights):
        total = zlib.crc32(weights[name].contiguous().reshape(-1).view(torch.uint8).numpy().data, total)
    return f"{total:08x}"


def _differences(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    """Name the first keys that are missing, unknown or of another shape; empty when all fit."""
    missing = sorted(wanted.keys() - given.keys())
    unknown = sorted(given.keys() - wanted.keys())
    shapes = [k for k in wanted.keys() & given.keys() if wanted[k].shape != given[k].shape]
    said = [f"{what} {keys[0]}" for what, keys in (("lacks", missing), ("has unknown", unknown)) if keys]
    if shapes:
        key = min(shapes)
        said.append(f"{key} is {tuple(given[key].shape)} where {tuple(wanted[key].shape)} is needed")
    return ", ".join(said)
