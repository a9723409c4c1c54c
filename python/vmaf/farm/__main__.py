"""The command line of the farm."""
from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from .._library import VmafError
from .._settings import DEFAULT_MODEL, as_features, as_models
from . import Job, Outcome, Settings, State, pair_jobs, read_jobs, run
from ._cluster import local_shape
from ._output import FORMATS
from ._run import DEFAULT_CHUNK

USAGE, FAILED = 2, 1


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m vmaf.farm", description="Score many clips, or long ones, on all cores of this machine or on a Dask cluster.",
        epilog="Exit status: 0 if every clip was scored, 1 if one failed, 2 if nothing could begin.")
    p.add_argument("pairs", nargs="*", metavar="VIDEO", help="reference and distorted video, in turn")
    p.add_argument("--jobs", metavar="FILE", help="list of jobs, CSV or JSON: reference, distorted, [name], [width, height, ...]")
    p.add_argument("-o", "--output", default="vmaf-results", metavar="DIR", help="folder for the results (default %(default)s)")
    p.add_argument("--format", choices=FORMATS, default="json", help="of the results (default %(default)s)")
    p.add_argument("-m", "--model", action="append", metavar="MODEL", help=f"name, path or the tool's form; again for more "
                   f"(default {DEFAULT_MODEL})")
    p.add_argument("-n", "--no-prediction", action="store_true", help="features only, no model")
    p.add_argument("--feature", action="append", default=[], metavar="FEATURE", help="name or name=option=value:...; again for more")
    p.add_argument("--subsample", type=int, default=1, metavar="N", help="score every n-th frame only")
    p.add_argument("--ignore-frame-rate", action="store_true", help="compare clips although their frame rates differ")
    p.add_argument("--chunk", type=int, default=DEFAULT_CHUNK, metavar="FRAMES",
                   help="split clips into parts of so many frames; 0: never (default %(default)s)")
    p.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, such as tcp://host:8786 (default: a cluster of this machine)")
    p.add_argument("--workers", type=int, metavar="N", help="local worker processes (default: half the CPUs)")
    p.add_argument("--threads", type=int, metavar="N",
                   help="threads per part being scored (default: the CPUs over the workers; with a scheduler 1)")
    p.add_argument("--again", action="store_true", help="score clips again that have a result in the folder")
    p.add_argument("-q", "--quiet", action="store_true", help="no progress")
    return p


class _Board:
    """Progress on stderr: a line that is rewritten on a terminal, a line per finished clip elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self.quiet, self.terminal = quiet, sys.stderr.isatty()
        self.start, self.shown = time.monotonic(), 0.0

    def done(self, outcome: Outcome, state: State) -> None:
        if not self.quiet and not self.terminal:
            print(f"{state.done}/{state.jobs} {outcome.job.name}: {_verdict(outcome)}", file=sys.stderr, flush=True)

    def progress(self, state: State) -> None:
        now = time.monotonic()
        if self.quiet or not self.terminal or (now - self.shown < 0.1 and state.done < state.jobs):
            return
        self.shown = now
        rate = state.frames_done / max(now - self.start, 1e-9)
        left = state.frames - state.frames_done
        ahead = f", {left / rate:.0f} s left" if rate and left and state.done < state.jobs else ""
        failed = f", {state.failed} failed" if state.failed else ""
        sys.stderr.write(f"\r{state.done}/{state.jobs} clips{failed}, {state.frames_done}/{state.frames} frames, {rate:.0f}/s{ahead}\x1b[K")
        sys.stderr.flush()

    def close(self) -> None:
        if not self.quiet and self.terminal:
            sys.stderr.write("\n")


def _verdict(outcome: Outcome) -> str:
    if outcome.error:
        return f"failed: {outcome.error}"
    assert outcome.result
    r = outcome.result
    names = r.models or list(r.pooled)[:1]
    again = "" if outcome.parts else " (done before)"
    return ", ".join(f"{n} {r.pooled[n].mean:.6f}" for n in names if n in r.pooled) + again


def table(outcomes: Sequence[Outcome]) -> str:
    """A line per clip: name, frames, the means of all models or else of all columns, and what failed."""
    results = [o.result for o in outcomes if o.result and not o.error]
    names = list(dict.fromkeys(n for r in results for n in (r.models or r.pooled)))
    lines = [["clip", "frames", *names, ""]]
    for o in outcomes:
        good = o.result if o.result and not o.error else None
        means = [f"{good.pooled[n].mean:.6f}" if good and n in good.pooled else "-" for n in names]
        note = f"FAILED: {o.error}" if o.error else "; ".join(good.warnings if good else [])
        lines.append([o.job.name, str(o.result.frame_count if o.result else 0), *means, note])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]) - 1)]
    return "\n".join("  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:-1], widths[1:])), line[-1]]).rstrip()
                     for line in lines)


def _jobs(options: argparse.Namespace) -> list[Job]:
    if bool(options.jobs) == bool(options.pairs):
        raise ValueError("give either pairs of videos or --jobs FILE")
    jobs = read_jobs(options.jobs) if options.jobs else pair_jobs(options.pairs)
    if not jobs:
        raise ValueError(f"{options.jobs}: no jobs")
    return jobs


def _settings(options: argparse.Namespace) -> Settings:
    threads = options.threads
    if threads is None:
        threads = 1 if options.scheduler else local_shape(options.workers, None)[1]
    models = as_models(None if options.no_prediction else options.model or DEFAULT_MODEL)
    return Settings(models, as_features(options.feature), options.subsample, threads, options.ignore_frame_rate)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    board = _Board(options.quiet)
    try:
        outcomes = run(_jobs(options), _settings(options), scheduler=options.scheduler, workers=options.workers, chunk=options.chunk,
                       output=options.output, format=options.format, again=options.again, keep=False, on_done=board.done,
                       on_progress=board.progress)
    except (ValueError, VmafError, ImportError, OSError, RuntimeError) as e:
        print(f"vmaf.farm: {e}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print(f"\nvmaf.farm: interrupted; finished clips are in {options.output}, the same command goes on from there", file=sys.stderr)
        return 130
    board.close()
    print(table(outcomes))
    failed = sum(o.error is not None for o in outcomes)
    print(f"{len(outcomes) - failed} clips scored, {failed} failed; results are in {options.output}")
    return FAILED if failed else 0


if __name__ == "__main__":
    sys.exit(main())
