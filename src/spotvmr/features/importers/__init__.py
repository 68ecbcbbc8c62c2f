"""Features that were computed elsewhere: h5, npz, npy and pt files onto the clip grid and into a store."""

from spotvmr.features.importers.declared import LAYOUTS, ImportedFeatures
from spotvmr.features.importers.packing import import_features
from spotvmr.features.importers.times import FeatureTimes, resample

__all__ = ["LAYOUTS", "FeatureTimes", "ImportedFeatures", "import_features", "resample"]
