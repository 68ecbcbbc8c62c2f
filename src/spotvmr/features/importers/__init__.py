"""Import of features that were computed elsewhere: h5, npz, npy and pt files to a store on the clip grid."""

from spotvmr.features.importers.declared import LAYOUTS, ImportedFeatures
from spotvmr.features.importers.packing import import_features
from spotvmr.features.importers.times import FeatureTimes, resample

__all__ = ["LAYOUTS", "FeatureTimes", "ImportedFeatures", "import_features", "resample"]
