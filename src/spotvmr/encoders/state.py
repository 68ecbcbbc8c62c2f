"""Weights in safetensors files: written whole or not at all, never unpickled."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from spotvmr.errors import UserError
from spotvmr.system.files import write_bytes_atomic

_RANDOM = re.compile(r"random(?::(\d+))?")


def shipped(name: str) -> Path:
    """Path of a weights file that comes with the package, such as ``errands_index``."""
    return Path(str(files("spotvmr.encoders") / "weights" / f"{name}.safetensors"))


def errands_weights(kind: str, folder: str) -> Path:
    """Weights of the demo's ``index``, ``expert`` or ``text`` encoder: in a folder, or shipped when that is empty."""
    name = f"errands_{kind}"
    return Path(folder) / f"{name}.safetensors" if folder else shipped(name)


def save_encoder_weights(state: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str]) -> None:
    """Write floating-point tensors as float16 and the rest as they are."""
    halves = {k: (v.half() if v.is_floating_point() else v).cpu().contiguous() for k, v in state.items()}
    write_bytes_atomic(path, save(halves, metadata=dict(metadata)))


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors (floats as float32) and metadata.

    Raises:
        UserError: The file is absent or not a safetensors file.
    """
    if not path.is_file():
        raise UserError(f"weights file {path} is absent: check the path, or make it with `spotvmr pretrain`")
    try:
        with safe_open(path, framework="pt") as file:
            state = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
            metadata = dict(file.metadata() or {})
    except SafetensorError as error:
        raise UserError(
            f"weights file {path} is not a whole safetensors file ({error}): make or fetch it again"
        ) from error
    return {k: v.float() if v.is_floating_point() else v for k, v in state.items()}, metadata


def fill(model: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Load a state into a model, every key and shape of it.

    Raises:
        UserError: Keys or shapes differ; the message names the first of them.
    """
    wanted = {k: tuple(v.shape) for k, v in model.state_dict().items()}
    found = {k: tuple(v.shape) for k, v in state.items()}
    complaints = [f"{k} is missing" for k in wanted if k not in found]
    complaints += [f"{k} is unknown" for k in found if k not in wanted]
    complaints += [f"{k} is {found[k]}, not {wanted[k]}" for k in wanted if k in found and found[k] != wanted[k]]
    if complaints:
        raise UserError(f"weights {source} do not fit {type(model).__name__}: {_first(complaints)}")
    model.load_state_dict(dict(state))


@contextmanager
def random_weights(pretrained: str) -> Iterator[bool]:
    """Draw what is drawn inside from the seed of ``random`` or ``random:SEED``; the global state stays as it was.

    Args:
        pretrained: A setting; anything else leaves seed 0, for the layers that weights are then loaded into.

    Yields:
        Whether the name stands for random weights.
    """
    lottery = _RANDOM.fullmatch(pretrained)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(lottery[1] or 0) if lottery else 0)
        yield lottery is not None


def said_by(error: Exception) -> str:
    """What an error says, in one line; of torch's list of keys that do not fit the first three.

    >>> try:
    ...     nn.Linear(2, 3).load_state_dict({"weight": torch.zeros(3, 4), "extra": torch.zeros(1)})
    ... except RuntimeError as error:
    ...     print(said_by(error))
    bias is missing; extra is unknown; weight is (3, 4), not (3, 2)
    """
    text = str(error)
    complaints = [
        f"{key} {fault}"
        for head, fault in (("Missing", "is missing"), ("Unexpected", "is unknown"))
        for row in re.findall(rf"{head} key\(s\) in state_dict: (.*)", text)
        for key in re.findall(r'"([^"]+)"', row)
    ]
    sizes = r"size mismatch for (\S+): .*?torch\.Size\(\[(.*?)\]\).*?torch\.Size\(\[(.*?)\]\)"
    complaints += [f"{key} is ({found}), not ({wanted})" for key, found, wanted in re.findall(sizes, text)]
    return _first(complaints) if complaints else (text.strip() or type(error).__name__).splitlines()[0]


def _first(complaints: list[str]) -> str:
    """The first three of a list, and how many more there are."""
    more = f" and {len(complaints) - 3} more" if len(complaints) > 3 else ""
    return "; ".join(complaints[:3]) + more


def hash_state(model: nn.Module) -> str:
    """First 16 hexadecimal digits of the SHA-256 over names, shapes and bytes of a model's state."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]
