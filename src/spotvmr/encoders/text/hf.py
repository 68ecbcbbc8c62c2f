"""Text encoders of Hugging Face transformers, from a folder or the hub; the only module that imports transformers.

Weights are read from safetensors files alone, and no code of a model's own is run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from spotvmr.encoders.errands.blocks import standardise
from spotvmr.encoders.state import hash_state, said_by
from spotvmr.errors import UserError
from spotvmr.types.batches import TextBatch

_LONGEST = 256
"""Maximum number of tokens of a sentence; the model may have a lower one."""
_UNUSED = ("pooler.",)
"""Weights that token features do not need; many published folders do not have them."""


def load_text(model: str) -> HfText:
    """Load a tokenizer and the text part of a model.

    Args:
        model: Folder with ``config.json``, tokenizer and ``*.safetensors``, or a name on the hub.

    Raises:
        UserError: transformers is not installed, there is no such folder or model, its weights are not
            safetensors or lack some keys, or it needs code of its own.
    """
    if not model:
        raise UserError("text.family=hf without a model: set text.model to a folder or a name on the hub")
    if model.startswith((".", "/", "~")) and not Path(model).is_dir():
        raise UserError(f"text.model={model} is no folder: give one with config.json, tokenizer and safetensors")
    try:
        import transformers
    except ImportError as error:
        raise UserError("text.family=hf needs transformers: pip install 'spotvmr[hf]'") from error
    with _quiet(transformers):
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(model, trust_remote_code=False)
            net, loading = transformers.AutoModel.from_pretrained(
                model, trust_remote_code=False, use_safetensors=True, dtype=torch.float32, output_loading_info=True
            )
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise UserError(f"transformers cannot give text.model={model}: {said_by(error)}") from error
    _require_whole(model, loading)
    return HfText(_text_part(net), tokenizer)


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Silence progress bars and warnings of transformers; errors are raised as one line."""
    logs = transformers.utils.logging
    before, bars = logs.get_verbosity(), logs.is_progress_bar_enabled()
    logs.set_verbosity(logs.CRITICAL)
    logs.disable_progress_bar()
    try:
        yield
    finally:
        logs.set_verbosity(before)
        if bars:
            logs.enable_progress_bar()


def _require_whole(model: str, loading: dict[str, Any]) -> None:
    """Refuse a model with missing weights; transformers only warns and keeps random ones."""
    absent = sorted(key for key in loading["missing_keys"] if not key.startswith(_UNUSED))
    absent += sorted(str(key[0]) for key in loading.get("mismatched_keys") or ())
    if absent:
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        raise UserError(f"weights of text.model={model} do not fit its config: no {', '.join(absent[:3])}{more}")


def _text_part(net: nn.Module) -> nn.Module:
    """The part that reads text: the encoder of a sequence-to-sequence model, the text tower of a two-tower one."""
    config: Any = net.config
    if getattr(config, "is_encoder_decoder", False):
        whole: Any = net
        return whole.get_encoder()
    return net.get_submodule("text_model") if hasattr(net, "text_model") else net


class HfText(nn.Module):
    """Standardised last hidden states as tokens; a sentence is their standardised mean, in a space of its own."""

    def __init__(self, net: nn.Module, tokenizer: Any) -> None:
        """Freeze the net.

        Args:
            net: Maps ``input_ids`` and ``attention_mask`` to ``last_hidden_state``.
            tokenizer: Of transformers.
        """
        super().__init__()
        self.net, self.tokenizer = net.eval().requires_grad_(False), tokenizer
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
        tokenizer.padding_side = "right"
        positions = getattr(net.config, "max_position_embeddings", None) or _LONGEST
        self.longest = int(min(tokenizer.model_max_length, positions, _LONGEST))
        vocabulary = hashlib.sha256(json.dumps(sorted(tokenizer.get_vocab().items())).encode()).hexdigest()[:8]
        self.weights_hash = f"{hash_state(net)}-{vocabulary}"
        self.dim = self.sentence_dim = int(self.encode(["a"]).tokens.shape[-1])

    @torch.no_grad()
    def encode(self, texts: list[str]) -> TextBatch:
        """Encode sentences: tokens (B, L, D_q), mask (B, L), sentence (B, D_q); without gradients."""
        numbers = self.tokenizer(texts, padding=True, truncation=True, max_length=self.longest, return_tensors="pt")
        device = next(self.net.parameters()).device
        ids, mask = numbers["input_ids"].to(device), numbers["attention_mask"].to(device)
        hidden: Tensor = self.net(input_ids=ids, attention_mask=mask).last_hidden_state
        valid = mask.bool()
        # A sentence without any token still needs one for attention to look at.
        valid[:, 0] = True
        tokens = standardise(hidden) * valid.unsqueeze(-1)
        return TextBatch(tokens, valid, standardise(tokens.sum(1) / valid.sum(1, keepdim=True)))
