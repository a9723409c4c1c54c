"""Clips in files for the tests of the filters, and the table of what was compared."""
import os
import subprocess
import sys

import pytest

sys.path[:0] = [os.path.dirname(__file__), os.path.join(os.path.dirname(__file__), "..", "client")]

import ffmpeg  # noqa: E402
import synth  # noqa: E402


class Clip:
    """A pair in two files, as arguments of ffmpeg (the distorted one first) and of the tool."""

    def __init__(self, ref, dis, before=()):
        self.ref, self.dis = ref, dis
        self.inputs = [*before, "-i", dis, *before, "-i", ref]
        self.args = ["-r", ref, "-d", dis]


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory):
    """Makes a synthetic Y4M pair: make_clip(width, height, layout, bits, frames)."""
    def make(w, h, layout=420, bits=8, frames=3):
        folder = tmp_path_factory.mktemp("clip")
        tag = {420: "420jpeg", 422: "422", 444: "444"}[layout] if bits == 8 else f"{layout}p{bits}"
        paths = folder / "ref.y4m", folder / "dis.y4m"
        for path, frames_of in zip(paths, synth.clip(w, h, layout, bits, frames)):
            path.write_bytes(synth.y4m_bytes(frames_of, synth.y4m_header(w, h, tag), bits))
        return Clip(*paths)
    return make


@pytest.fixture(scope="session")
def clip(make_clip):
    return make_clip(192, 176, frames=6)


@pytest.fixture(scope="session")
def h264(tmp_path_factory):
    """A clip, and the same compressed by Debian's ffmpeg: [name of the suffix] is the path. 24 frames, 25 a second."""
    folder = tmp_path_factory.mktemp("h264")
    ref = folder / "ref.y4m"
    ref.write_bytes(synth.y4m_bytes(synth.clip(192, 176, frames=24)[0], synth.y4m_header(192, 176)))
    files = {"y4m": ref}
    for suffix in ("mp4", "mkv"):
        files[suffix] = folder / ("dis." + suffix)
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", ref, "-c:v", "libx264", "-crf", "34", "-bf", "3",
                        files[suffix]], check=True)
    return files


def pytest_terminal_summary(terminalreporter):
    """The table of the documentation."""
    for group, (figures, off) in ffmpeg.compared.items():
        terminalreporter.write_line(f"| {group} | {ffmpeg.VERSION} | {figures} | {off} |")
