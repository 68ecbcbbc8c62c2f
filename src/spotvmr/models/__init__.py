"""VMR models behind one protocol, one file each."""

from spotvmr.models.detr import Detr
from spotvmr.models.fusion import CrossModalEncoder
from spotvmr.models.moments import rerank, share
from spotvmr.models.protocol import VmrModel, VmrOutput
from spotvmr.models.snag import Snag
from spotvmr.models.tan2d import Tan2d
from spotvmr.models.vslnet import VslNet
from spotvmr.models.zero_shot import ZeroShot

__all__ = [
    "CrossModalEncoder",
    "Detr",
    "Snag",
    "Tan2d",
    "VmrModel",
    "VmrOutput",
    "VslNet",
    "ZeroShot",
    "rerank",
    "share",
]
