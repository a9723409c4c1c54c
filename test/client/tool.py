"""Runs the vmaf tool that is under test. The environment variable VMAF has its path, in a build folder."""
import json
import os
import subprocess

TOOL = os.environ["VMAF"]
DUMP = os.path.join(os.path.dirname(TOOL), "..", "..", "test", "client", "dump_frames")
VIF = ["-n", "--feature", "vif"]  # a quick feature that depends on both videos and on one frame at a time
USAGE = "usage: vmaf"

# Exit codes as the shell sees them.
USAGE_ERROR = 1
SETUP_ERROR = 255
INPUT_ERROR = 234


def run(*args, stdin=None, timeout=120, env=None):
    """Runs the tool to its end. Text output; never a crash, whatever is asked of it."""
    p = subprocess.run([TOOL, *map(str, args)], stdin=stdin or subprocess.DEVNULL, capture_output=True,
                       timeout=timeout, env={**os.environ, **(env or {})})
    p.stdout, p.stderr = p.stdout.decode(), p.stderr.decode()
    assert p.returncode >= 0, f"killed by signal {-p.returncode}: {p.stderr}"
    assert p.returncode < 128 or p.returncode > 165, f"looks like a crash: {p.returncode}: {p.stderr}"
    return p


def ok(*args, **kwargs):
    """Runs the tool, which must succeed in silence."""
    p = run(*args, **kwargs)
    assert (p.returncode, p.stdout, p.stderr) == (0, "", ""), p.stderr
    return p


def fails(code, *args, says=(), **kwargs):
    """Runs the tool, which must fail with this exit code and say each of the given texts on stderr."""
    p = run(*args, **kwargs)
    assert p.returncode == code, (p.returncode, p.stderr)
    assert p.stdout == ""
    for text in [says] if isinstance(says, str) else says:
        assert text in p.stderr, p.stderr
    return p


def report(path):
    """A JSON report, in which nothing but JSON is allowed (Python would take NaN too)."""
    def refuse(name):
        raise ValueError(name)
    with open(path, encoding="utf-8") as f:
        return json.load(f, parse_constant=refuse)


def column(data, name):
    return [frame["metrics"].get(name) for frame in data["frames"]]


def scores(folder, *args):
    """The per-frame values of VIF that the tool finds, all digits."""
    out = folder / "scores.json"
    ok(*args, *VIF, "--json", "--precision", "max", "-o", out)
    return [frame["metrics"] for frame in report(out)["frames"]]


def known_features():
    """Names of the features of this build."""
    p = run("--list-features")
    assert p.returncode == 0 and p.stderr == ""
    return [line.split(":")[0] for line in p.stdout.splitlines() if not line.startswith(" ")]
