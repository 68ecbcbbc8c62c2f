"""The common format of ActivityNet Captions and TACoS: one object a video, with lists of sentences and times."""

from __future__ import annotations

from collections.abc import Iterator

from spotvmr.annotations.fields import Fields, listed, sentence, span
from spotvmr.annotations.policies import AnnotationRow
from spotvmr.errors import UserError


def caption_rows(video_id: str, content: Fields, duration_s: float, rate: float, where: str) -> Iterator[AnnotationRow]:
    """Rows of one video from its parallel lists ``"sentences"`` and ``"timestamps"``.

    Args:
        video_id: Name of the video; query ids are ``<video_id>_<number of the sentence, from 0>``.
        content: The video's object.
        duration_s: Length of the video in seconds.
        rate: Units of the timestamps in a second: 1 for seconds, the frame rate for frames.
        where: File and video, for messages.

    Raises:
        UserError: A list is absent, the lists differ in length, or an entry has the wrong type.
    """
    texts, times = listed(content, "sentences", where), listed(content, "timestamps", where)
    if len(texts) != len(times):
        raise UserError(f'{where} has {len(texts)} "sentences" and {len(times)} "timestamps"; each needs the other')
    unit = "in seconds" if rate == 1.0 else "in frames"
    for number, (text, time) in enumerate(zip(texts, times, strict=True)):
        place = f"{where}, sentence {number}"
        start, end = span(time, "timestamps", unit, place)
        yield AnnotationRow(
            qid=f"{video_id}_{number}",
            text=sentence(text, "sentences", place),
            video_id=video_id,
            duration_s=duration_s,
            windows_s=((start / rate, end / rate),),
            where=place,
        )
