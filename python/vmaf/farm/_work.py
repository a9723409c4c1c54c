"""What workers do: look at a job's files, and score a part of a clip so that it fits to the others."""
from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .._format import VideoFormat
from .._library import VmafError, lib, text
from .._result import Column, Result, pool
from .._score import Pairs, check_formats, run
from .._scorer import Scorer
from .._settings import DEFAULT_MODEL, Feature, Model
from .._source import RawVideo, SeekError, Source, open_video


@dataclass(frozen=True)
class Job:
    """A pair of videos; paths must mean the same files on every worker. name: of its result file."""

    reference: str | RawVideo
    distorted: str | RawVideo
    name: str

    @property
    def paths(self) -> tuple[str, str]:
        return _path(self.reference), _path(self.distorted)


@dataclass(frozen=True)
class Settings:
    """What to compute, for all jobs.

    Attributes:
        models, features, subsample, ignore_frame_rate, cpumask: as for vmaf.score.
        threads: of each part that is being scored; 0: no threads beside the worker's own.
    """

    models: Sequence[Model] = (Model(DEFAULT_MODEL, name="vmaf"),)
    features: Sequence[Feature] = ()
    subsample: int = 1
    threads: int = 1
    ignore_frame_rate: bool = False
    cpumask: int = 0

    def scorer(self, fmt: VideoFormat | None = None) -> Scorer:
        return Scorer(model=self.models, features=self.features, format=fmt, threads=self.threads, subsample=self.subsample,
                      cpumask=self.cpumask)


@dataclass
class Probe:
    """What a worker found out about a job before scoring.

    Attributes:
        frames: pairs that there seem to be; None if that is not known.
        window: frames before and after a part that must be scored with it; None: the clip cannot be split.
        fingerprint: of the files and the settings; equal fingerprints have equal results.
    """

    frames: int | None = None
    window: tuple[int, int] | None = None
    fingerprint: str = ""
    error: str | None = None


@dataclass
class Part:
    """Scores of the frames start .. stop - 1 of a clip (stop None: to its end).

    Attributes:
        index, scores: as of a Result, with the clip's frame numbers.
        complete: columns without missing values.
        end: how many pairs the clip has, if this part saw its end.
        scored: pairs that were scored for this part, with those around it.
        unseekable: decoding from the middle did not give the frames expected; the clip's parts must be decoded from its beginning.
    """

    start: int
    stop: int | None
    index: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    scores: dict[str, Column] = field(default_factory=dict)
    complete: list[str] = field(default_factory=list)
    aggregate: dict[str, float] = field(default_factory=dict)
    models: list[str] = field(default_factory=list)
    format: VideoFormat | None = None
    end: int | None = None
    scored: int = 0
    warning: str | None = None
    unseekable: bool = False
    error: str | None = None
    library_version: str = ""
    worker: str = ""
    seconds: float = 0.0


def _path(video: str | RawVideo) -> str:
    return os.fspath(video.path) if isinstance(video, RawVideo) else video


def library_version() -> str:
    return text(lib.vmaf_turbo_version())


def _fingerprint(job: Job, settings: Settings) -> str:
    files = [(path, os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in job.paths]
    models = [(m.path, os.stat(m.path).st_mtime_ns) for m in settings.models if m.path and not m.version]
    raw = [asdict(v) for v in (job.reference, job.distorted) if isinstance(v, RawVideo)]
    wanted = {k: v for k, v in asdict(settings).items() if k not in ("threads", "cpumask")}
    return hashlib.sha256(json.dumps([library_version(), files, models, raw, wanted], default=str).encode()).hexdigest()[:32]


def probe(job: Job, settings: Settings) -> Probe:
    """Opens the files and compares them. What is wrong with them is an answer, not an exception: it is wrong on every machine."""
    try:
        with open_video(job.reference) as ref, open_video(job.distorted) as dis, settings.scorer() as scorer:
            check_formats(ref, dis, settings.ignore_frame_rate)
            counts = [n for n in (ref.count_frames(), dis.count_frames()) if n is not None]
            return Probe(min(counts, default=None), scorer.temporal_window, _fingerprint(job, settings))
    except (VmafError, ValueError, TypeError, OSError) as e:
        return Probe(error=str(e))


def _scored(job: Job, settings: Settings, ref: Source, dis: Source, part: Part) -> None:
    """Scores the part with the frames around it that its temporal metrics need, and keeps its own rows."""
    part.format = check_formats(ref, dis, settings.ignore_frame_rate)
    with settings.scorer(part.format) as scorer:
        before, after = scorer.temporal_window or (part.start, 0)
        first = max(part.start - before, 0)
        first -= first % settings.subsample  # so that multiples stay multiples
        pairs = Pairs(ref, dis, first, None if part.stop is None else part.stop + after)
        result, failure = run(scorer, pairs)
    part.scored = pairs.count
    if pairs.ended:
        part.end = first + pairs.count
        part.warning = pairs.warning()
    if pairs.ended and first and not pairs.count:
        return  # the clip is shorter than its file said
    if isinstance(failure, SeekError):
        raise failure
    part.error = str(failure) if failure else None
    if result:
        own = (result.index + first >= part.start) & (part.stop is None or result.index + first < (part.stop or 0))
        part.index = result.index[own] + first
        part.scores = {name: column[own] for name, column in result.scores.items()}
        part.complete, part.aggregate, part.models = list(result.pooled), result.aggregate, result.models


def score_part(job: Job, settings: Settings, start: int, stop: int | None, seek: bool = True) -> Part:
    """Scores frames start .. stop - 1; seek: decode from near the start instead of the beginning. Failures are in the part's error, with the rows before them."""
    part = Part(start, stop, library_version=library_version(), worker=f"{socket.gethostname()}:{os.getpid()}")
    began = time.monotonic()
    try:
        with open_video(job.reference) as ref, open_video(job.distorted) as dis:
            ref.seekable = dis.seekable = seek and (start, stop) != (0, None)
            _scored(job, settings, ref, dis, part)
    except SeekError as e:
        part.error, part.unseekable = str(e), True
    except (VmafError, ValueError, TypeError, OSError) as e:
        part.error = str(e)
    part.seconds = time.monotonic() - began
    return part


def merge(job: Job, parts: Sequence[Part]) -> tuple[Result | None, str | None]:
    """One result of all parts of a clip, or of those before the first that failed; and what failed."""
    ordered = sorted(parts, key=lambda p: p.start)
    error = next((p.error for p in ordered if p.error), None)
    good = ordered[:next((i + 1 for i, p in enumerate(ordered) if p.error), len(ordered))]
    rows = [p for p in good if len(p.index)]
    if not rows or rows[0].format is None:
        return None, error or f"{job.paths[0]}, {job.paths[1]}: no frame to compare"
    if len({p.library_version for p in rows}) > 1:
        return None, "workers have different versions of vmaf-turbo: " + ", ".join(sorted({p.library_version for p in rows}))
    if any(list(p.scores) != list(rows[0].scores) for p in rows) and not error:
        return None, "parts of this clip have different columns"
    scores = {n: np.concatenate([p.scores[n] if n in p.scores else np.full(len(p.index), np.nan) for p in rows])
              for n in rows[0].scores}
    pooled = {n: pool(c) for n, c in scores.items() if all(n in p.complete for p in rows)}
    ends = [p.end for p in good if p.end is not None]
    warning = next((p.warning for p in good if p.warning), None)
    if warning and len(ordered) > 1:
        warning = warning.split(":")[0] + f": {ends[0]} pairs of frames were compared"
    last = int(rows[-1].index[-1])
    return Result(
        scores=scores, index=np.concatenate([p.index for p in rows]), pooled={n: p for n, p in pooled.items() if p},
        aggregate=rows[0].aggregate if len(good) == 1 else {}, models=rows[0].models, format=rows[0].format,
        frame_count=ends[0] if ends else last + 1, reference=job.paths[0], distorted=job.paths[1],
        warnings=[warning] if warning else [], library_version=rows[0].library_version,
        seconds=sum(p.seconds for p in good)), error


def job_dict(job: Job) -> dict[str, Any]:
    """What JSON can hold of a job."""
    def video(v: str | RawVideo) -> Any:
        if not isinstance(v, RawVideo):
            return v
        return {**asdict(v), "path": os.fspath(v.path), "frame_rate": str(v.frame_rate) if v.frame_rate else None}
    return {"name": job.name, "reference": video(job.reference), "distorted": video(job.distorted)}


