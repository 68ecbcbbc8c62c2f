"""Feature stores: packed fp16 memory maps with a manifest, written video by video."""

from spotvmr.features.key import StoreKey
from spotvmr.features.manifest import Manifest, VideoEntry
from spotvmr.features.parts import write_part
from spotvmr.features.store import FeatureStore
from spotvmr.features.writer import StoreWriter

__all__ = ["FeatureStore", "Manifest", "StoreKey", "StoreWriter", "VideoEntry", "write_part"]
