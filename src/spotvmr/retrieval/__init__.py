"""The public way to search a video file: index it cheaply, look closely at few clips, answer with moments."""

from spotvmr.retrieval.answer import Answer, DenseCost
from spotvmr.retrieval.cache.video_cache import VideoCache, default_folder
from spotvmr.retrieval.export import cut_moments, moment_times, thumbnails
from spotvmr.retrieval.retriever import Retriever, build_retriever
from spotvmr.retrieval.video import Video

__all__ = [
    "Answer",
    "DenseCost",
    "Retriever",
    "Video",
    "VideoCache",
    "build_retriever",
    "cut_moments",
    "default_folder",
    "moment_times",
    "thumbnails",
]
