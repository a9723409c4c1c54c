"""Files: what is read, and what is refused with a message that names the file."""
import os
import subprocess
import warnings

import numpy as np
import pytest
from conftest import clip, run_tool, same, write_y4m

import vmaf


def fails(error, says, *args, **kwargs):
    with pytest.raises(error, match=says) as e:
        vmaf.score(*args, **kwargs)
    return e.value


@pytest.mark.parametrize("change, says", [
    ({"width": 98}, "sizes differ: 96x80 and 98x80"), ({"height": 82}, "sizes differ"),
    ({"layout": "444"}, "pixel formats differ: 420 and 444"), ({"bits": 10}, "bit depths differ: 8 and 10"),
])
def test_mismatches(make, change, says):
    ref, _ = make(96, 80, frames=2)
    other = {"width": 96, "height": 80, **change}
    _, dis = make(other.pop("width"), other.pop("height"), frames=2, name="other", **other)
    e = fails(vmaf.MismatchError, says, ref, dis)
    assert ref in str(e) and dis in str(e)


def test_frame_rates(tmp_path):
    ref, dis = clip(96, 80, frames=2)
    paths = {rate: write_y4m(tmp_path / f"{i}.y4m", dis, rate=rate)
             for i, rate in enumerate(("24:1", "24000:1001", "2397602:100000", "0:0"))}
    a = write_y4m(tmp_path / "ref.y4m", ref, rate="24:1")
    fails(vmaf.MismatchError, "frame rates differ: 24 and 24000/1001", a, paths["24000:1001"])
    expected = vmaf.score(a, paths["24:1"]).score
    assert vmaf.score(a, paths["24000:1001"], ignore_frame_rate=True).score == expected
    assert vmaf.score(a, paths["0:0"]).score == expected, "an unknown rate matches any"
    assert vmaf.score(paths["24000:1001"], paths["2397602:100000"]).score > 0, "rounded rates are one rate"


def test_one_video_is_shorter(make):
    ref, dis = make(96, 80, frames=5)
    _, short = make(96, 80, frames=3, name="short")
    with pytest.warns(UserWarning, match="short.y4m ended before .*ref.y4m: 3 pairs") as caught:
        result = vmaf.score(ref, short)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert result.frame_count == 3 and result.warnings == [str(caught[0].message)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vmaf.score(ref, short, frames=3)


@pytest.mark.parametrize("side", [0, 1])
def test_a_file_that_breaks_off(make, side):
    """The frames before the break are scored, and come with the exception."""
    paths = make(96, 80, frames=5)
    whole = vmaf.score(*paths)
    with open(paths[side], "r+b") as f:
        f.truncate(os.path.getsize(paths[side]) - 100)
    e = fails(vmaf.InputError, f"{paths[side]}: the file ends inside frame 4", *paths)
    assert e.result.frame_count == 4
    assert e.result["integer_adm2"].tolist() == whole["integer_adm2"][:4].tolist()


@pytest.mark.parametrize("content, says", [
    (b"", "not a Y4M"), (b"YUV4MPEG2 W96", "does not end"), (b"YUV4MPEG2 W96 H80\n", "no F tag"),
    (b"YUV4MPEG2 W0 H80 F25:1\n", "0x80"), (b"YUV4MPEG2 W99999 H80 F25:1\n", "99999x80"), (b"YUV4MPEG2 Wx H80 F25:1\n", "invalid"),
    (b"YUV4MPEG2 W96 H80 F25\n", "malformed Y4M tag F25"), (b"YUV4MPEG2 W96 H80 F25:1 It\n", "interlaced"),
    (b"YUV4MPEG2 W96 H80 F25:1 C420paldv\n", "420paldv"), (b"YUV4MPEG2 W96 H80 F25:1 C420jpegp10\n", "420jpegp10"),
    (b"YUV4MPEG2 W96 H80 F25:1 C42010\n", "42010"), (b"YUV4MPEG2 W16 H16 F25:1\nFRAME\n", "inside frame 0"),
    (b"YUV4MPEG2 W16 H16 F25:1\nFRUME\n" + bytes(384), "frame 0: lost framing"), (b"YUV4MPEG2 W16 H16 F25:1\n", "no frame"),
])
def test_broken_y4m(tmp_path, content, says):
    path = tmp_path / "bad.y4m"
    path.write_bytes(content)
    e = fails(vmaf.InputError, says, path, path)
    assert "bad.y4m" in str(e) and e.result is None


def test_files_that_cannot_be_opened(tmp_path, make):
    ref, dis = make(96, 80, frames=1)
    fails(vmaf.InputError, "missing.y4m: No such file", ref, tmp_path / "missing.y4m")
    fails(vmaf.InputError, "not a file", tmp_path, dis)
    os.mkfifo(tmp_path / "pipe.y4m")
    fails(vmaf.InputError, "pipes and devices", ref, tmp_path / "pipe.y4m")
    (tmp_path / "a.yuv").write_bytes(bytes(100))
    fails(vmaf.InputError, "RawVideo", ref, tmp_path / "a.yuv")
    raw = vmaf.RawVideo(tmp_path / "a.yuv", 8, 8)
    fails(vmaf.InputError, "ends inside frame 1", raw, raw, model=None, features="psnr")
    fails(ValueError, "pixel format '421'", vmaf.RawVideo(tmp_path / "a.yuv", 8, 8, "421"), ref)
    fails(ValueError, "skip must be", ref, dis, skip=-1)


@pytest.mark.parametrize("header", [b"FRAME Ip\n", b"FRAME Xcomment=of any length\n"])
@pytest.mark.parametrize("bits", [8, 10])
def test_frame_parameters_and_random_access(tmp_path, header, bits):
    """Planes at odd places of the file, and frames that do not lie evenly."""
    ref, dis = clip(97, 81, bits=bits, frames=4)
    paths = [write_y4m(tmp_path / n, f, bits=bits, frame_header=header, comment=c)
             for n, f, c in (("r.y4m", ref, ""), ("d.y4m", dis, " Xodd"))]
    same(vmaf.score(*paths), run_tool(*paths))
    plain = [write_y4m(tmp_path / n, f, bits=bits) for n, f in (("rp.y4m", ref), ("dp.y4m", dis))]
    for start in range(5):
        for path in (*paths, *plain):
            with vmaf.open_video(path) as video:
                frames = [tuple(p.copy() for p in f) for f in video.frames(start)]
            expected = (ref if os.path.basename(path)[0] == "r" else dis)[start:]
            assert len(frames) == len(expected)
            assert all(np.array_equal(a, b) for f, e in zip(frames, expected) for a, b in zip(f, e))


def test_y4m_planes_are_views_of_the_file(make):
    ref, _ = make(96, 80, frames=2)
    with vmaf.open_video(ref) as video:
        planes = next(video.frames())
    assert not any(p.flags.owndata or p.flags.writeable for p in planes)


def test_video_without_pyav(make, monkeypatch):
    ref, _ = make(96, 80, frames=1)
    other = ref.replace(".y4m", ".mp4")
    with open(other, "wb") as f:
        f.write(bytes(range(256)))
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    fails(vmaf.InputError, r"pip install 'vmaf-turbo\[video\]'", ref, other)


class TestPyav:
    @pytest.fixture(autouse=True)
    def needed(self):
        pytest.importorskip("av")

    def encode(self, source, path, *options):
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", source, *options, path], check=True)
        return str(path)

    def test_not_a_video(self, make, tmp_path):
        ref, _ = make(96, 80, frames=1)
        (tmp_path / "bad.mp4").write_bytes(bytes(range(256)) * 20)
        fails(vmaf.InputError, "bad.mp4: Invalid data", ref, tmp_path / "bad.mp4")

    def test_no_video_stream(self, make, tmp_path):
        ref, _ = make(96, 80, frames=1)
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=duration=0.1", tmp_path / "a.wav"], check=True)
        fails(vmaf.InputError, "no video stream", ref, tmp_path / "a.wav")

    def test_rgb(self, make, tmp_path):
        ref, _ = make(96, 80, frames=1)
        other = self.encode(ref, tmp_path / "rgb.mkv", "-c:v", "ffv1", "-pix_fmt", "bgr0")
        fails(vmaf.InputError, "pixel format bgr0 cannot be scored", ref, other)

    def test_lossless_copy_against_y4m(self, make, tmp_path):
        ref, dis = make(90, 74, bits=10, frames=3)
        copy = self.encode(dis, tmp_path / "dis.mkv", "-c:v", "ffv1")
        assert vmaf.score(ref, copy).scores["vmaf"].tolist() == vmaf.score(ref, dis).scores["vmaf"].tolist()

    def test_a_file_that_breaks_off(self, make, tmp_path):
        _, dis = make(96, 80, frames=20)
        copy = self.encode(dis, tmp_path / "dis.mkv", "-c:v", "ffv1")
        with open(copy, "r+b") as f:
            f.truncate(os.path.getsize(copy) // 2)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = vmaf.score(dis, copy)
        assert 5 < result.frame_count < 15 and "ended before" in str(caught[0].message)
