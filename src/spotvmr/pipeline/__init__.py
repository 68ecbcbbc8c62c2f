"""The main job from a data set to records, and the evaluation of runs that were trained before."""
