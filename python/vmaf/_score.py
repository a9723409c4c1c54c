"""Scoring files."""
from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ._format import VideoFormat
from ._library import InputError, MismatchError, VmafError
from ._planes import Plane
from ._progress import Progress, ProgressLike
from ._result import FrameScores, Result
from ._scorer import Scorer
from ._settings import DEFAULT_MODEL, FeaturesLike, ModelsLike
from ._source import Source, VideoLike, open_video

# 23.976 and 24 are different rates; what containers make of one rate is not.
RATE_TOLERANCE = Fraction(5, 10000)


def check_formats(ref: Source, dis: Source, ignore_frame_rate: bool = False) -> VideoFormat:
    """The common format of two videos. Raises MismatchError."""
    r, d = ref.format, dis.format
    names = f"{ref.path}, {dis.path}"
    if (r.width, r.height) != (d.width, d.height):
        raise MismatchError(f"{names}: sizes differ: {r.width}x{r.height} and {d.width}x{d.height}")
    if r.pixel_format != d.pixel_format:
        raise MismatchError(f"{names}: pixel formats differ: {r.pixel_format} and {d.pixel_format}")
    if r.bit_depth != d.bit_depth:
        raise MismatchError(f"{names}: bit depths differ: {r.bit_depth} and {d.bit_depth}")
    if r.frame_rate and d.frame_rate and not ignore_frame_rate \
            and abs(r.frame_rate - d.frame_rate) > RATE_TOLERANCE * r.frame_rate:
        raise MismatchError(f"{names}: frame rates differ: {r.frame_rate} and {d.frame_rate}; ignore_frame_rate=True pairs frames one "
                            "by one all the same")
    return r


class Pairs:
    """Frames first .. stop - 1 of two videos side by side, up to the end of the shorter one.

    Attributes:
        ended: the videos that had no frame when the others were asked for theirs.
        count: pairs given so far.
    """

    def __init__(self, ref: Source, dis: Source, first: int = 0, stop: int | None = None) -> None:
        self.sources, self.first, self.stop = (ref, dis), first, stop
        self.ended: list[Source] = []
        self.count = 0

    def __iter__(self) -> Iterator[tuple[tuple[Plane, ...], tuple[Plane, ...]]]:
        ref, dis = (s.frames(self.first) for s in self.sources)
        while self.stop is None or self.first + self.count < self.stop:
            r, d = next(ref, None), next(dis, None)
            if r is None or d is None:
                self.ended = [s for s, frame in zip(self.sources, (r, d)) if frame is None]
                return
            self.count += 1
            yield r, d

    def warning(self) -> str | None:
        """What to say about videos of different length."""
        if len(self.ended) != 1:
            return None
        longer = self.sources[self.sources[0] is self.ended[0]]
        return f"{self.ended[0].path} ended before {longer.path}: {self.count} pairs of frames were compared"


def total_frames(ref: Source, dis: Source, first: int, limit: int | None) -> int | None:
    """How many pairs there will be, as far as is known."""
    counts = [s.frame_count - first for s in (ref, dis) if s.frame_count is not None]
    counts += [] if limit is None else [limit]
    return max(min(counts), 0) if counts else None


def score(reference: VideoLike, distorted: VideoLike, *, model: ModelsLike = DEFAULT_MODEL, features: FeaturesLike = (),
          threads: int | None = None, subsample: int = 1, skip: int = 0, frames: int | None = None,
          progress: ProgressLike = False, ignore_frame_rate: bool = False, cpumask: int = 0,
          on_frame: Callable[[FrameScores], Any] | None = None) -> Result:
    """Scores a distorted video against its reference.

    Args:
        reference, distorted: paths of videos, RawVideo, or Source. Y4M and raw video need no other package; anything else needs PyAV.
        model: name ("vmaf_v0.6.1"), path ("my.json"), Model, or several of them; None for features only.
        features: more features: name ("psnr", "psnr=enable_chroma=false"), Feature, a mapping {"psnr": {"enable_chroma": False}}, or
            several.
        threads: worker threads; 0: none, all work in this thread; None: one per CPU. Scores do not depend on it.
        subsample: score only frames whose number is a multiple of this.
        skip: frames to leave out at the beginning of both videos; the next one is number 0.
        frames: compare at most this many pairs.
        progress: True for a bar on stderr (tqdm's if it is installed), or a function called with (pairs done, pairs or None).
        ignore_frame_rate: compare although the frame rates differ.
        cpumask: instruction sets not to use, as the tool's --cpumask.
        on_frame: called with the FrameScores of every frame in order, as soon as they are final; see Scorer.

    Returns:
        A Result. If one video is shorter, the scores of the pairs there are, with a warning.

    Raises:
        InputError: a video cannot be opened or breaks off (then with `result`, the scores of the frames before).
        MismatchError: the two cannot be compared.
        VmafError: an unknown model or feature, or a failure of the library.
        ValueError: arguments out of range.
    """
    if skip < 0 or (frames is not None and frames < 1):
        raise ValueError("skip must be 0 or more, and frames 1 or more")
    with ExitStack() as stack:
        ref, dis = (stack.enter_context(open_video(v)) for v in (reference, distorted))
        fmt = check_formats(ref, dis, ignore_frame_rate)
        scorer = stack.enter_context(Scorer(model=model, features=features, format=fmt, threads=threads, subsample=subsample,
                                            cpumask=cpumask, on_frame=on_frame))
        pairs = Pairs(ref, dis, skip, None if frames is None else skip + frames)
        result, failure = run(scorer, pairs, progress, total_frames(ref, dis, skip, frames))
        if failure:
            raise failure
        assert result
        note = pairs.warning()
        if note:
            result.warnings.append(note)
            warnings.warn(note, stacklevel=2)
        return result


def run(scorer: Scorer, pairs: Pairs, progress: ProgressLike = False,
        total: int | None = None) -> tuple[Result | None, VmafError | None]:
    """Pushes all pairs and finishes: the result, and what failed."""
    failure: VmafError | None = None
    bar = Progress(progress, total)
    try:
        for ref, dis in pairs:
            scorer.push(ref, dis)
            bar.update()
    except VmafError as e:
        failure = e
    finally:
        bar.close()
    ref_path, dis_path = (s.path for s in pairs.sources)
    result: Result | None = None
    if scorer.frame_count:
        try:
            result = scorer.finish()
        except VmafError as e:
            result, failure = e.result, failure or e
    elif not failure:
        failure = InputError(f"{ref_path}, {dis_path}: no frame to compare")
    if result:
        result.reference, result.distorted = ref_path, dis_path
    if failure:
        failure.result = result
    return result, failure
