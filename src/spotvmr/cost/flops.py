"""Counting the floating-point operations of any callable.

Unit everywhere: 2 FLOPs per multiply-add, GFLOPs = 1e9 of them. Products of matrices, convolutions,
attention and recurrent layers are counted; element-wise work, normalisation and softmax are not, as is
the custom of the field (they are below 2 % in the encoders used here).

``torch.utils.flop_counter.FlopCounterMode`` alone is not enough: on a CPU it sees nothing of fused
attention, of ``MultiheadAttention`` in eval mode, of LSTMs and of matrix-vector products, so ViT-B-32
reads 5.89 for 8.82 GFLOPs, and its module hooks fail on some models with trainable parameters. This
counter takes its table of formulas, adds those that are missing, and hooks no modules.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from spotvmr.errors import UserError

_GFLOP = 1e9
_PROBE_HW = (90, 160)
"""Frame size for counting an encoder; encoders scale every frame to their own size first."""
_ONE_COUNT = threading.RLock()
"""Lock of a count: it changes switches of torch that belong to the whole process."""


def count_gflops(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> float:
    """Run ``fn(*args, **kwargs)`` once, without gradients, and count its work.

    The result of ``fn`` is what it would be without counting, up to rounding: only the fused encoder
    layers of ``torch.nn`` are switched off meanwhile, and switched on again afterwards.

    Args:
        fn: A module or any callable over tensors. A module is counted in the mode it is in.
        *args: Its positional arguments.
        **kwargs: Its named arguments.

    Returns:
        GFLOPs, 2 FLOPs per multiply-add.

    Raises:
        UserError: ``fn`` calls a kernel that multiplies and has no formula here.

    Example:
        >>> count_gflops(torch.nn.Linear(1000, 500), torch.zeros(1000, 1000))
        1.0
    """
    counter = _Counter()
    with _ONE_COUNT, torch.no_grad(), _nothing_compiled(), _no_fused_layers(), counter:
        fn(*args, **kwargs)
    return counter.flops / _GFLOP


def encoder_gflops(encoder: Callable[[Tensor], Any], frames: int) -> float:
    """Count a clip encoder on one clip of zeros, on the device of the encoder.

    Args:
        encoder: Maps uint8 frames (1, K, 3, H, W) to features. The device is that of its weights, or of the weights
            of its attribute ``raw`` if it computes features from another encoder; without weights it is the CPU.
        frames: Frames of a clip, K.

    Returns:
        GFLOPs of a clip, 2 FLOPs per multiply-add.

    Raises:
        UserError: As for ``count_gflops``.
    """
    net = encoder if isinstance(encoder, torch.nn.Module) else getattr(encoder, "raw", None)
    weights = net.parameters() if isinstance(net, torch.nn.Module) else iter(())
    device = next((weight.device for weight in weights), torch.device("cpu"))
    return count_gflops(encoder, torch.zeros(1, frames, 3, *_PROBE_HW, dtype=torch.uint8, device=device))


def _nothing_compiled() -> AbstractContextManager[Any]:
    # Compiled code calls its kernels past the counter. Nothing is compiled before torch._dynamo, slow to import, is.
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


@contextmanager
def _no_fused_layers() -> Iterator[None]:
    # In eval mode TransformerEncoderLayer and MultiheadAttention run as one opaque kernel.
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


class _Counter(TorchDispatchMode):
    """Adds up the formulas of the kernels that run under it."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0
        self._formulas = _formulas()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Torch would import its compiler to keep it away from the next method; nothing is compiled under this mode.
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        formula = self._formulas.get(str(func.overloadpacket))
        if formula is None:
            # Inside inference_mode composite operations arrive whole.
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
            _refuse_hidden_work(func)
        result = func(*args, **kwargs)
        if formula is not None:
            self.flops += int(formula(args, kwargs, result))
        return result


def _refuse_hidden_work(func: Any) -> None:
    # Counting nothing would be a silent lie about the cost.
    name = func.name()
    hidden = ("rnn", "lstm", "scaled_dot_product", "_attention", "transformer_encoder", "_mm")
    if func.namespace == "quantized" or any(part in name for part in hidden):
        raise UserError(
            f"no FLOP formula for the kernel {name}: write that layer with plain products, or add "
            "the kernel's formula to spotvmr/cost/flops.py"
        )


def _attention(q: Tensor, k: Tensor, v: Tensor) -> int:
    # (B, H, L_q, D) · (B, H, L_k, D) then (B, H, L_q, L_k) · (B, H, L_k, D_v); masks save nothing.
    return 2 * prod(q.shape[:-1]) * k.shape[-2] * (q.shape[-1] + v.shape[-1])


def _lstm_layer(x: Tensor, w_input: Tensor, w_hidden: Tensor) -> int:
    # One direction of one layer: x (L, B, I), weights (4H, I) and (4H, H).
    return 2 * x.shape[0] * x.shape[1] * (w_input.numel() + w_hidden.numel())


def _bilinear(left: Tensor, weight: Tensor) -> int:
    # (N, I) · (O, I, J) · (N, J): two multiply-adds for each of N·O·I·J.
    return 4 * left.shape[0] * weight.numel()


_Formula = Callable[[Sequence[Any], Mapping[str, Any], Any], int]


def _of_torch(formula: Callable[..., int]) -> _Formula:
    return lambda args, kwargs, result: formula(*args, **kwargs, out_val=result)


def _of_args(formula: Callable[..., int], count: int) -> _Formula:
    return lambda args, _kwargs, _result: formula(*args[:count])


@cache
def _formulas() -> dict[str, _Formula]:
    """Formulas by kernel; attention on CUDA has the same formula under torch's own name for it."""
    from torch.utils.flop_counter import flop_registry  # imports triton

    return {
        **{str(kernel): _of_torch(formula) for kernel, formula in flop_registry.items()},
        "aten._scaled_dot_product_flash_attention_for_cpu": _of_args(_attention, 3),
        "aten.mkldnn_rnn_layer": _of_args(_lstm_layer, 3),
        "aten.mv": _of_args(lambda matrix: 2 * matrix.numel(), 1),
        "aten.dot": _of_args(lambda vector: 2 * vector.numel(), 1),
        "aten.addmv": _of_args(lambda _, matrix: 2 * matrix.numel(), 2),
        "aten.addbmm": _of_args(lambda _, left, right: 2 * left.numel() * right.shape[-1], 3),
        "aten._trilinear": _of_args(_bilinear, 2),
    }
