"""Runs the ffmpeg that scripts/test-ffmpeg built, and compares what its filters log with the tool's reports."""
import os
import pathlib
import re
import subprocess

import tool

PROGRAM = os.environ["FFMPEG"]
VERSION = os.environ["FFMPEG_VERSION"]
LIBRARY = os.environ["VMAF_LIBRARY_DIR"]
DEVICE = os.environ["VMAF_TEST_DEVICE"]  # has the software CUDA device
MODELS = pathlib.Path(__file__).parents[2] / "model"
NULL = ["-f", "null", "-"]

# Group of cases: [figures, figures that differ], for the table at the end.
compared = {}


class Fields(dict):
    """One model or feature; several are separated by |."""

    def __str__(self):
        return ":".join(f"{k}={escape(v, '=:')}" for k, v in self.items())


def escape(text, special):
    return re.sub(rf"([\\'{re.escape(special)}])", r"\\\1", str(text))


def filter_text(name, options):
    """A filter with its options as a filter graph has it: escaped for the filter, then for the graph."""
    parts = []
    for key, value in options.items():
        if isinstance(value, list):
            value = "|".join(str(Fields(v)) for v in value)
        parts.append(f"{key}={escape(escape(value, ':'), '[],;')}")
    return name + ("=" + ":".join(parts) if parts else "")


def run(*args, stdin=None, env=None, verbosity="info"):
    """Runs ffmpeg to its end; never a crash."""
    command = [PROGRAM, "-hide_banner", "-y", "-v", verbosity, *([] if stdin else ["-nostdin"]), *map(str, args)]
    p = subprocess.run(command, stdin=stdin or subprocess.DEVNULL, capture_output=True, timeout=120,
                       env={**os.environ, "LD_LIBRARY_PATH": LIBRARY, **(env or {})})
    p.stdout, p.stderr = p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")
    assert p.returncode >= 0, f"killed by signal {-p.returncode}: {p.stderr}"
    assert not 128 < p.returncode < 166, f"looks like a crash: {p.returncode}: {p.stderr}"
    return p


def ok(*args, **kwargs):
    p = run(*args, **kwargs)
    assert p.returncode == 0, p.stderr
    return p


def scores(p):
    """The pooled scores that the filter prints, in the order of its models."""
    return re.findall(r"VMAF score: (\S+)", p.stderr)


def log_of(folder, inputs, options, graph="[0:v][1:v]", name="libvmaf", **kwargs):
    """Scores through a filter; its log and the finished process. `inputs` has the distorted video first."""
    path = folder / "filter.log"
    path.unlink(missing_ok=True)
    p = ok(*inputs, "-lavfi", graph + filter_text(name, {**options, "log_path": path}), *NULL, **kwargs)
    return path.read_text(encoding="utf-8"), p


def report_of(folder, args, log_fmt="json"):
    """The tool's report."""
    path = folder / "tool.log"
    tool.ok(*args, "--" + log_fmt, "-o", path)
    return path.read_text(encoding="utf-8")


def without_rate(text):
    """A report without the one figure that is a time."""
    return re.sub(r'(fps"?(?:: |="))[\d.]+', r"\1-", text)


def compare(group, log, report):
    """Two reports are equal to the last digit; counts their figures."""
    log, report = without_rate(log), without_rate(report)
    number = re.compile(r"-?\d+\.\d+")
    ours, theirs = number.findall(log), number.findall(report)
    assert theirs, "no figures in the tool's report"
    off = sum(a != b for a, b in zip(ours, theirs)) + abs(len(ours) - len(theirs))
    known = compared.setdefault(group, [0, 0])
    known[0] += len(theirs)
    known[1] += off
    assert log == report
