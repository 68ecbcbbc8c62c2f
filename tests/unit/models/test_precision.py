"""Places stay exact under mixed precision, far from the beginning of a long video too."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch
from torch import Tensor

from spotvmr.assembly.builders import MODELS, build_model
from spotvmr.config.schema.models import model_config_class
from spotvmr.metrics.functional import iou
from spotvmr.models import VmrModel, VmrOutput
from spotvmr.types import Moment
from spotvmr.types.batches import ClipInputs, TextBatch

CLIPS = 900
LENGTH_S = 5.3
STARTS_S = [0.0, 100.4, 255.7, 260.3, 383.9, 475.6, 520.2, 640.9, 777.7, 890.1]


def model_of(name: str) -> VmrModel:
    kind = model_config_class(name)
    small = {"heads": 2, "conv_layers": 1, "query_dependent": name == "qd_detr", "queries": len(STARTS_S)}
    own = {key: value for key, value in small.items() if key in {field.name for field in fields(kind)}}
    torch.manual_seed(0)
    return build_model(kind(name=name, dim=16, dropout=0.0, **own), 6, 5, 4).eval()


def perfect(output: VmrOutput, span: Tensor) -> dict[str, Tensor]:
    """Heads that say one true moment, in the types that the model gives them."""
    heads = {name: head.clone() for name, head in output.heads.items()}
    first, last = int(span[0]), int(span[1])
    if "start" in heads:
        for name, place, clip in (("start", span[0], first), ("end", span[1], last)):
            heads[name].fill_(-20.0)
            heads[name][:, clip] = 20.0
            heads[f"{name}_offset"].fill_(place - clip)
    elif "label" in heads:
        heads["label"][:] = torch.tensor([-20.0, 20.0])
        heads["label"][:, :, 0] = torch.tensor([20.0, -20.0])
        heads["spans"][:] = span.to(heads["spans"].dtype)
    else:
        if "points" in heads:
            heads["spans"][:] = span.to(heads["spans"].dtype)
        overlap = iou(heads["spans"][0].double(), span.double()[None]).flatten() * heads["valid"][0]
        heads["score"].fill_(-20.0)
        heads["score"][:, int(overlap.argmax())] = 20.0
    return heads


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_perfect_head_is_a_perfect_answer_anywhere_in_the_video(name: str, dtype: torch.dtype) -> None:
    model = model_of(name)
    mask = torch.ones(1, CLIPS, dtype=torch.bool)
    clips = ClipInputs(torch.randn(1, CLIPS, 6), torch.randn(1, CLIPS, 5), torch.ones(1, CLIPS), mask)
    text = TextBatch(torch.randn(1, 3, 4), torch.ones(1, 3, dtype=torch.bool), torch.zeros(1, 6))
    found = []
    with torch.no_grad(), torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        output = model(clips, text)
        for start_s in STARTS_S:
            span = torch.tensor([start_s, start_s + LENGTH_S])
            said = replace(output, highlight=_inside(output.highlight, span), heads=perfect(output, span))
            best: Moment = model.decode(said, 1.0, torch.tensor([float(CLIPS)]))[0][0]
            both = torch.tensor([[best.start_s, best.end_s]]).double(), span.double()[None]
            found.append(float(iou(*both)))
    assert min(found) > 0.7, dict(zip(STARTS_S, found, strict=True))


def _inside(highlight: Tensor, span: Tensor) -> Tensor:
    edges = torch.arange(CLIPS + 1.0)
    return torch.where((edges[:-1] < span[1]) & (edges[1:] > span[0]), 20.0, -20.0)[None].to(highlight.dtype)


@pytest.mark.parametrize("name", ["snag", "tan2d"])
def test_without_a_candidate_there_is_no_moment(name: str) -> None:
    model = model_of(name)
    mask = torch.ones(1, 12, dtype=torch.bool)
    clips = ClipInputs(torch.randn(1, 12, 6), torch.randn(1, 12, 5), torch.ones(1, 12), mask)
    text = TextBatch(torch.randn(1, 3, 4), torch.ones(1, 3, dtype=torch.bool), torch.zeros(1, 6))
    with torch.no_grad():
        output = model(clips, text)
    nothing = replace(output, heads={**output.heads, "score": torch.full_like(output.heads["score"], -1e4)})
    assert model.decode(nothing, 1.0, torch.tensor([12.0])) == [[]]
