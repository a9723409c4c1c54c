"""Synthetic clips as arrays and files, and the vmaf tool to compare with. VMAF has the tool's path."""
import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import vmaf

ROOT = Path(__file__).resolve().parents[2]
TOOL = os.environ["VMAF"]


def clip(width, height, layout="420", bits=8, frames=5, seed=1, shake=3):
    """(reference frames, distorted frames), each a list of (y, u, v): a moving texture, and a coarser noisy copy of it."""
    random = np.random.default_rng(seed)
    fmt = vmaf.VideoFormat(width, height, layout, bits)
    top = (1 << bits) - 1
    ref, dis = [], []
    for t in range(frames):
        pair = [], []
        for p, (rows, columns) in enumerate(fmt.file_shapes):
            y, x = np.mgrid[:rows, :columns]
            wave = 0.5 + 0.2 * np.sin((x + shake * t + 7 * p) / 5.0) + 0.15 * np.sin((y - t * (1 + t % 3)) / 7.0 + p)
            flat = wave + random.normal(0, 0.03, (rows, columns))
            coarse = np.round(flat * 24) / 24 + random.normal(0, 0.01, (rows, columns))
            for planes, values in zip(pair, (flat, coarse)):
                planes.append(np.clip(np.round(values * top), 0, top).astype(fmt.dtype))
        ref.append(tuple(pair[0]))
        dis.append(tuple(pair[1]))
    return ref, dis


def y4m_tag(layout, bits):
    names = {"400": "mono", "420": "420jpeg" if bits == 8 else "420p"}
    name = names.get(layout, layout if bits == 8 else layout + "p")
    return name + ("" if bits == 8 else str(bits))


def write_y4m(path, frames, layout="420", bits=8, rate="25:1", frame_header=b"FRAME\n", comment=""):
    height, width = frames[0][0].shape
    with open(path, "wb") as f:
        f.write(f"YUV4MPEG2 W{width} H{height} F{rate} Ip A1:1 C{y4m_tag(layout, bits)}{comment}\n".encode())
        for planes in frames:
            f.write(frame_header)
            for plane in planes:
                f.write(plane.tobytes())
    return str(path)


@pytest.fixture
def make(tmp_path):
    """Writes a pair of Y4M files: make(width, height, ...) as clip's arguments; a name tells pairs apart."""
    def write(*args, name="", **kwargs):
        ref, dis = clip(*args, **kwargs)
        layout, bits = kwargs.get("layout", "420"), kwargs.get("bits", 8)
        return (write_y4m(tmp_path / f"ref{name}.y4m", ref, layout, bits),
                write_y4m(tmp_path / f"dis{name}.y4m", dis, layout, bits))
    return write


@dataclass
class Report:
    scores: dict = field(default_factory=dict)
    pooled: dict = field(default_factory=dict)
    aggregate: dict = field(default_factory=dict)


def run_tool(ref, dis, *options):
    """Everything in the tool's report, with all digits. Infinities and NaN are None."""
    out = str(dis) + ".report.json"
    subprocess.run([TOOL, "-q", "-r", ref, "-d", dis, "--json", "-o", out, "--precision", "max", *options], check=True,
                   capture_output=True, timeout=120)
    with open(out, encoding="utf-8") as f:
        data = json.load(f)
    names = list(data["pooled_metrics"])
    return Report({n: [frame["metrics"].get(n) for frame in data["frames"]] for n in names}, data["pooled_metrics"],
                  data["aggregate_metrics"])


def same(result, report):
    """The figures of a result are those of a report, to the last digit. Returns how many were compared."""
    data = result.to_dict()
    assert list(data["scores"]) == list(report.scores)
    for name, column in report.scores.items():
        assert list(map(repr, data["scores"][name])) == list(map(repr, floats(column))), name
    assert {n: {k: repr(v) for k, v in p.items()} for n, p in data["pooled"].items()} == \
        {n: {k: repr(number(v)) for k, v in p.items()} for n, p in report.pooled.items()}
    assert {n: repr(v) for n, v in data["aggregate"].items()} == {n: repr(number(v)) for n, v in report.aggregate.items()}
    return sum(map(len, report.scores.values())) + 4 * len(report.pooled) + len(report.aggregate)


def number(value):
    return None if value is None else float(value)  # JSON has 0 and 0.0


def floats(column):
    return [number(v) for v in column]
