"""Runs jobs on a cluster: plans parts, submits them, gathers and merges what comes back."""
from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ._cluster import check_versions, connect, local_shape
from ._output import Folder, Outcome
from ._work import Job, Part, Probe, Settings, merge, probe, score_part

DEFAULT_CHUNK = 500
#: Tries of a task that ends with an exception nobody expects, such as a lack of memory.
RETRIES = 2


def split(info: Probe, chunk: int) -> list[tuple[int, int | None]]:
    """(start, stop) of the parts of a clip. The last goes to the end, wherever that is."""
    if not chunk or info.window is None or not info.frames or info.frames <= chunk:
        return [(0, None)]
    starts = list(range(0, info.frames, chunk))
    return [(a, b) for a, b in zip(starts, [*starts[1:], None])]


@dataclass
class _Clip:
    """A job on its way."""

    job: Job
    info: Probe = field(default_factory=Probe)
    waiting: int = 0
    parts: list[Part] = field(default_factory=list)


@dataclass
class State:
    """How far a run is. frames: pairs of clips that were looked at, as far as known."""

    jobs: int
    done: int = 0
    failed: int = 0
    frames: int = 0
    frames_done: int = 0


class _Run:
    def __init__(self, client: Any, settings: Settings, chunk: int, folder: Folder | None, again: bool,
                 on_done: Callable[[Outcome, State], Any] | None, on_progress: Callable[[State], Any] | None, keep: bool) -> None:
        self.client, self.settings, self.chunk = client, settings, chunk
        self.folder, self.again, self.keep = folder, again, keep
        self.on_done, self.on_progress = on_done, on_progress
        self.outcomes: dict[str, Outcome] = {}
        self.tasks: dict[Any, tuple[_Clip, tuple[int, int | None] | None]] = {}

    def all(self, jobs: list[Job]) -> list[Outcome]:
        from distributed import as_completed
        self.state = State(len(jobs))
        waiting = iter(jobs)
        self.completed = as_completed()
        # Enough clips to keep all workers busy; the scheduler need not know a hundred thousand tasks.
        for _ in range(max(16, 4 * sum(self.client.nthreads().values()))):
            self._next(waiting)
        for future in self.completed:
            clip, span = self.tasks.pop(future)
            before = self.state.done
            if span is None:
                self._probed(clip, self._answer(future, lambda e: Probe(error=e)))
            else:
                self._scored(clip, self._answer(future, lambda e: Part(*span, error=e)))
            for _ in range(self.state.done - before):
                self._next(waiting)
            if self.on_progress:
                self.on_progress(self.state)
        return [self.outcomes[job.name] for job in jobs]

    def _next(self, waiting: Iterator[Job]) -> None:
        job = next(waiting, None)
        if job:
            # Looking at a clip before scoring others keeps everybody busy.
            self._submit(_Clip(job), None, probe, job, self.settings, priority=1)

    def _submit(self, clip: _Clip, span: tuple[int, int | None] | None, *args: Any, priority: int = 0) -> None:
        future = self.client.submit(*args, pure=False, retries=RETRIES, priority=priority)
        self.tasks[future] = clip, span
        self.completed.add(future)

    def _answer(self, future: Any, failed: Callable[[str], Any]) -> Any:
        """A task's result. What killed its workers, or was raised again and again, is its clip's failure and nobody else's."""
        try:
            return future.result()
        except Exception as e:
            if type(e).__name__ == "KilledWorker":
                return failed("workers died again and again while they worked on this clip")
            return failed(f"{type(e).__name__}: {e}")

    def _probed(self, clip: _Clip, info: Probe) -> None:
        clip.info = info
        if info.error:
            self._finish(clip, Outcome(clip.job, error=info.error))
            return
        known = self.folder.done(clip.job, info.fingerprint) if self.folder and not self.again else None
        if known:
            self._finish(clip, Outcome(clip.job, known))
            return
        self.state.frames += info.frames or 0
        self._score(clip, True)

    def _score(self, clip: _Clip, seek: bool) -> None:
        spans = split(clip.info, self.chunk)
        clip.waiting, clip.parts = len(spans), []
        for span in spans:
            self._submit(clip, span, score_part, clip.job, self.settings, *span, seek)

    def _scored(self, clip: _Clip, part: Part) -> None:
        clip.parts.append(part)
        clip.waiting -= 1
        expected = (part.stop or clip.info.frames or len(part.index)) - part.start
        self.state.frames_done += max(expected, 0)
        if clip.waiting:
            return
        if any(p.unseekable for p in clip.parts):
            self.state.frames += clip.info.frames or 0
            self._score(clip, False)
        else:
            result, error = merge(clip.job, clip.parts)
            outcome = Outcome(clip.job, result, error, len(clip.parts))
            if self.folder:
                try:
                    self.folder.write(outcome, clip.info.fingerprint)
                except OSError as e:
                    outcome.error = outcome.error or f"cannot write the result: {e}"
            clip.parts = []
            self._finish(clip, outcome)

    def _finish(self, clip: _Clip, outcome: Outcome) -> None:
        self.state.done += 1
        self.state.failed += outcome.error is not None
        if self.on_done:
            self.on_done(outcome, self.state)
        if outcome.result and not self.keep:
            outcome.result.scores, outcome.result.index = {}, outcome.result.index[:0]
        self.outcomes[clip.job.name] = outcome


def run(jobs: Iterable[Job], settings: Settings | None = None, *, scheduler: str | None = None, client: Any = None,
        workers: int | None = None, chunk: int = DEFAULT_CHUNK, output: str | os.PathLike[str] | None = None, format: str = "json",
        again: bool = False, keep: bool = True, on_done: Callable[[Outcome, State], Any] | None = None,
        on_progress: Callable[[State], Any] | None = None) -> list[Outcome]:
    """Scores jobs on a cluster. The scores are those of vmaf.score on one machine, to the last digit.

    Args:
        jobs: with names of their own; see read_jobs and pair_jobs.
        settings: what to compute.
        scheduler: address of a Dask scheduler ("tcp://host:8786"); None: a local cluster of `workers` processes.
        client: a distributed.Client to use instead.
        chunk: clips of more frames than this are split into parts of as many; 0: never.
        output: folder for the results; None: none are written.
        format: "json" or "parquet".
        again: score what has a result of the same files and settings in the folder already.
        keep: False: drop columns once they are written, so that memory does not grow with the number of clips.
        on_done: called with each Outcome and the State, in this thread. on_progress: called with the State more often.

    Returns:
        An Outcome per job, in their order. A job that fails has an error; the others do not notice.

    Raises:
        ImportError without Dask; OSError if the scheduler does not answer; RuntimeError if workers cannot do the work.
    """
    todo = list(jobs)
    if len({job.name for job in todo}) < len(todo):
        raise ValueError("two jobs have the same name")
    folder = None if output is None else Folder(output, format)
    settings = settings or Settings()
    settings.scorer().close()  # an unknown model or option is nobody's clip's failure: raised here
    with contextlib.ExitStack() as stack:
        if client is None:
            client = stack.enter_context(connect(scheduler, local_shape(workers, settings.threads)[0]))
        check_versions(client)
        outcomes = _Run(client, settings, chunk, folder, again, on_done, on_progress, keep).all(todo)
    if folder:
        folder.write_summary(outcomes)
    return outcomes
