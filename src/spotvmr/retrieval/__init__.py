"""The public API of search: index a video file, select few clips for the expert, return moments."""

from spotvmr.retrieval.answer import Answer, DenseCost, QueryFlops
from spotvmr.retrieval.cache.video_cache import VideoCache, default_folder
from spotvmr.retrieval.export import cut_moments, moment_times, thumbnails
from spotvmr.retrieval.retriever import Retriever, build_retriever
from spotvmr.retrieval.video import Video

__all__ = [
    "Answer",
    "DenseCost",
    "QueryFlops",
    "Retriever",
    "Video",
    "VideoCache",
    "build_retriever",
    "cut_moments",
    "default_folder",
    "moment_times",
    "thumbnails",
]
