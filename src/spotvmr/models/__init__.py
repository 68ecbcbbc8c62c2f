"""VMR models behind one protocol, one file each."""

from spotvmr.models.protocol import VmrModel, VmrOutput
from spotvmr.models.vslnet import VslNet

__all__ = ["VmrModel", "VmrOutput", "VslNet"]
