"""Small clips in files, for all tests of the tool."""
import pytest

import synth

W, H, FRAMES = 64, 48, 3


class Pair:
    """A reference and a distorted file, and the arguments that name them."""

    def __init__(self, ref, dis):
        self.ref, self.dis = ref, dis
        self.args = ["-r", ref, "-d", dis]


def write_pair(folder, ref, dis, suffix):
    paths = folder / f"ref.{suffix}", folder / f"dis.{suffix}"
    for path, data in zip(paths, (ref, dis)):
        path.write_bytes(data)
    return Pair(*paths)


@pytest.fixture(scope="session")
def y4m(tmp_path_factory):
    """An 8-bit 4:2:0 pair of 64x48, 3 frames; not to be changed."""
    ref, dis = synth.clip(W, H, frames=FRAMES)
    header = synth.y4m_header(W, H)
    return write_pair(tmp_path_factory.mktemp("y4m"), synth.y4m_bytes(ref, header), synth.y4m_bytes(dis, header),
                      "y4m")


@pytest.fixture(scope="session")
def raw(tmp_path_factory):
    """The same as raw video; .format are the options that describe it."""
    ref, dis = synth.clip(W, H, frames=FRAMES)
    pair = write_pair(tmp_path_factory.mktemp("raw"), synth.raw_bytes(ref), synth.raw_bytes(dis), "yuv")
    pair.format = ["-w", W, "-h", H, "-p", "420", "-b", "8"]
    return pair


@pytest.fixture
def pair(tmp_path):
    """Makes a pair of files of one's own: pair(reference bytes, distorted bytes, suffix)."""
    return lambda ref, dis, suffix="y4m": write_pair(tmp_path, ref, dis, suffix)
