"""Files that libav reads: the samples are those that went in, differences are refused, damage is told."""
import json
import os
import subprocess
import time
from random import Random

import pytest

import synth
from frames import flat, read
from tool import DUMP, INPUT_ERROR, SETUP_ERROR, TOOL, USAGE_ERROR, VIF, fails, ok, report, run, scores

pytestmark = pytest.mark.skipif("built without" in run("--scale", "ref").stderr, reason="a tool without libav")

W, H, FRAMES = 96, 80, 7


def ffmpeg(*args):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, args)], check=True, timeout=120)


def colour(layout, bits):
    return f"{layout}jpeg" if bits == 8 and layout == 420 else f"{layout}p{bits}" if bits > 8 else str(layout)


class Clips:
    """Files of one reference and one distorted clip, made when they are asked for."""

    def __init__(self, folder):
        self.folder = folder

    def y4m(self, side, layout=420, bits=8, size=(W, H), frames=FRAMES, rate="25:1"):
        path = self.folder / f"{side}-{layout}-{bits}-{size[0]}x{size[1]}-{frames}-{rate.replace(':', '_')}.y4m"
        if not path.exists():
            pair = synth.clip(*size, layout, bits, frames)
            header = synth.y4m_header(*size, colour(layout, bits), f"F{rate} Ip A1:1")
            path.write_bytes(synth.y4m_bytes(pair[side == "dis"], header, bits))
        return path

    def made(self, source, suffix, *options, before=()):
        """A file that ffmpeg makes of another one."""
        name = "".join(c if c.isalnum() else "_" for c in " ".join(map(str, options)) + "".join(before))
        path = self.folder / f"{source.name}{name}.{suffix}"
        if not path.exists():
            ffmpeg(*before, "-i", source, *options, path)
        return path

    def mkv(self, side, *options, **kwargs):
        return self.made(self.y4m(side, **kwargs), "mkv", "-c:v", "ffv1", "-level", 3, "-g", 1, *options)

    def mp4(self, side, *options, **kwargs):
        return self.made(self.y4m(side, **kwargs), "mp4", "-c:v", "libx264", "-preset", "veryfast", "-bf", 3, "-qp", 0,
                         *options)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return Clips(tmp_path_factory.mktemp("clips"))


def full_report(tmp_path, ref, dis, *args):
    """All of a report but the rate, and what was printed."""
    out = tmp_path / "full.json"
    p = run("-r", ref, "-d", dis, "--json", "--precision", "max", "-o", out, *args)
    assert p.returncode == 0, p.stderr
    data = report(out)
    del data["fps"]
    return data, p.stderr


# --- samples ----------------------------------------------------------------------------------------------------

PLANAR = [(layout, bits) for layout in (420, 422, 444) for bits in (8, 9, 10, 12, 14, 16)]


@pytest.mark.parametrize("layout,bits", PLANAR)
def test_planar(clips, layout, bits):
    ref, _ = synth.clip(W, H, layout, bits, FRAMES)
    path = clips.mkv("ref", layout=layout, bits=bits)
    assert read(path, layout, W, H, bits) == flat(ref, W, H, layout)
    if bits < 16:
        assert read(path, layout, W, H, bits, 16) == flat(ref, W, H, layout, 16 - bits)


def test_every_pixel_format():
    """Frames that libavutil writes, in all formats that pictures can hold."""
    program = os.path.join(os.path.dirname(DUMP), "lav_frames")
    p = subprocess.run([program], capture_output=True, text=True, check=False)
    assert p.returncode == 0, p.stdout
    lines = p.stdout.splitlines()
    assert lines[-1].startswith("lav_frames: ") and lines[-1].endswith(" 0 failed")
    formats = {line.split()[0]: line.split()[1:] for line in lines[:-1]}
    assert {"nv12", "nv21", "nv16", "nv24", "p010le", "p010be", "p016le", "p210le", "yuyv422", "uyvy422", "y210le",
            "ayuv64le", "yuva420p", "yuvj422p", "gray10be", "ya8", "yuv444p14be"} <= formats.keys()
    assert not {"rgb24", "gbrp", "pal8", "yuv410p", "yuv411p", "yuv440p", "xyz12le", "monow", "bayer_bggr8", "vaapi",
                "grayf32le", "rgb555le"} & formats.keys()
    lent = {name for name, how in formats.items() if how[-1] == "lent"}
    assert {"yuv420p", "yuvj444p", "yuva420p", "yuv422p10le", "yuv444p16le"} <= lent
    assert not {"nv12", "p010le", "gray", "yuv420p10be", "yuyv422"} & lent


@pytest.mark.parametrize("layout,bits,pix_fmt", [
    (420, 8, "nv12"), (420, 8, "nv21"), (422, 8, "yuyv422"), (422, 8, "uyvy422"), (422, 8, "yvyu422"),
    (420, 10, "yuv420p10be"), (444, 12, "yuv444p12be"), (420, 8, "yuva420p"), (444, 10, "yuva444p10le")])
def test_other_orders_of_the_same_samples(clips, layout, bits, pix_fmt):
    ref, _ = synth.clip(W, H, layout, bits, FRAMES)
    path = clips.made(clips.y4m("ref", layout=layout, bits=bits), "nut", "-pix_fmt", pix_fmt, "-c:v", "rawvideo")
    got = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=pix_fmt", "-of", "csv=p=0", path],
                         capture_output=True, text=True, check=True).stdout.strip()
    assert got == pix_fmt
    assert read(path, layout, W, H, bits) == flat(ref, W, H, layout)
    if bits == 8:
        assert read(path, layout, W, H, bits, 10) == flat(ref, W, H, layout, 2)


@pytest.mark.parametrize("layout", [420, 422, 444])
def test_full_range_of_mjpeg(clips, tmp_path, layout):
    """yuvj formats, which are lossy: against ffmpeg's decoder."""
    jpeg = clips.made(clips.y4m("ref", layout=layout), "mkv", "-pix_fmt", f"yuvj{layout}p", "-c:v", "mjpeg", "-q:v", 2)
    decoded = clips.made(jpeg, "yuv", "-f", "rawvideo")
    p = subprocess.run([DUMP, decoded, "0", str(W), str(H), str(layout), "8"], capture_output=True, check=True)
    q = subprocess.run([DUMP, jpeg, "0"], capture_output=True, check=True)
    assert p.stdout == q.stdout
    p = run("-r", clips.mkv("ref", "-color_range", "tv", layout=layout), "-d", jpeg, *VIF)
    assert p.returncode == 0 and "sample ranges differ (reference limited, distorted full)" in p.stderr


@pytest.mark.parametrize("pix_fmt,bits", [("gray", 8), ("gray10le", 10), ("gray16be", 16), ("ya8", 8)])
def test_luma_only(clips, pix_fmt, bits):
    ref, _ = synth.clip(W, H, synth.LUMA_ONLY, bits, FRAMES)
    source = clips.folder / f"mono{bits}.y4m"
    source.write_bytes(synth.y4m_bytes(ref, synth.y4m_header(W, H, "mono" if bits == 8 else f"mono{bits}"), bits))
    grey = [[f[0]] + [[[1 << bits - 1] * (W // 2)] * (H // 2)] * 2 for f in ref]
    path = clips.made(source, "nut", "-pix_fmt", pix_fmt, "-c:v", "rawvideo", before=("-strict", "-1"))
    assert read(path, 420, W, H, bits) == flat(grey, W, H, 420)
    assert read(path, 420, W, H, bits, 16) == flat(grey, W, H, 420, 16 - bits)


@pytest.mark.parametrize("size", [(35, 37), (34, 17), (17, 18), (129, 35)])
@pytest.mark.parametrize("layout", [420, 422, 444])
def test_odd_sizes(clips, tmp_path, layout, size):
    ref, _ = synth.clip(*size, layout, 8, FRAMES)
    assert read(clips.mkv("ref", layout=layout, size=size), layout, *size, 8) == flat(ref, *size, layout)
    if min(size) > 16:
        want = full_report(tmp_path, *(clips.y4m(s, layout=layout, size=size) for s in ("ref", "dis")), *VIF)
        assert full_report(tmp_path, *(clips.mkv(s, layout=layout, size=size) for s in ("ref", "dis")), *VIF) == want


# --- scores -----------------------------------------------------------------------------------------------------

ALL = ["--feature", "psnr", "--feature", "speed_temporal"]


@pytest.mark.parametrize("layout", [420, 422, 444])
@pytest.mark.parametrize("bits", [8, 10])
def test_scores_equal_those_of_y4m(clips, tmp_path, layout, bits):
    want = full_report(tmp_path, *(clips.y4m(s, layout=layout, bits=bits) for s in ("ref", "dis")), *ALL)
    for ref, dis in ((clips.mkv, clips.mkv), (clips.mp4, clips.mp4), (clips.y4m, clips.mp4), (clips.mkv, clips.y4m)):
        assert full_report(tmp_path, ref("ref", layout=layout, bits=bits), dis("dis", layout=layout, bits=bits),
                           *ALL) == want


@pytest.mark.parametrize("layout,bits,pix_fmt", [(420, 8, "nv12"), (422, 8, "uyvy422"), (420, 10, "yuv420p10be")])
def test_other_orders_score_alike(clips, tmp_path, layout, bits, pix_fmt):
    want = full_report(tmp_path, *(clips.y4m(s, layout=layout, bits=bits) for s in ("ref", "dis")), *ALL)
    got = full_report(tmp_path, *(clips.made(clips.y4m(s, layout=layout, bits=bits), "nut", "-pix_fmt", pix_fmt, "-c:v",
                                             "rawvideo") for s in ("ref", "dis")), *ALL)
    assert got == want


@pytest.mark.parametrize("threads", [0, 3])
@pytest.mark.parametrize("decode_threads", [None, 0, 1, 5])
def test_threads_do_not_matter(clips, tmp_path, threads, decode_threads):
    files = [clips.mp4(s, frames=30) for s in ("ref", "dis")]
    extra = [] if decode_threads is None else ["--decode-threads", decode_threads]
    want = full_report(tmp_path, *(clips.y4m(s, frames=30) for s in ("ref", "dis")), *VIF, "--feature", "motion")
    assert len(want[0]["frames"]) == 30
    assert full_report(tmp_path, *files, *VIF, "--feature", "motion", "--threads", threads, *extra) == want


@pytest.mark.parametrize("options", [["--frame_cnt", 3], ["--frame_skip_ref", 2, "--frame_skip_dist", 2],
                                     ["--subsample", 2], ["--frame_skip_dist", 1, "--frame_cnt", 2]])
def test_count_skip_and_subsample(clips, tmp_path, options):
    want = full_report(tmp_path, *(clips.y4m(s) for s in ("ref", "dis")), *VIF, *options)
    assert full_report(tmp_path, *(clips.mp4(s) for s in ("ref", "dis")), *VIF, *options) == want


def test_depths_that_may_differ(clips, tmp_path):
    """The shallower one's samples are shifted, as those of Y4M."""
    args = ["--aom_ctc", "v6.0", "--subsample", 2]
    kwargs = ({"size": (256, 192), "frames": 2}, {"size": (256, 192), "frames": 2, "bits": 10})
    want = full_report(tmp_path, *(clips.y4m(s, **k) for s, k in zip(("ref", "dis"), kwargs)), *args)
    assert full_report(tmp_path, *(clips.mkv(s, **k) for s, k in zip(("ref", "dis"), kwargs)), *args) == want


def test_several_distorted_videos(clips, tmp_path):
    soft = clips.mp4("dis")
    same = clips.mp4("ref")
    deep = clips.mkv("dis", bits=10)
    nv12 = clips.made(clips.y4m("dis"), "nut", "-pix_fmt", "nv12", "-c:v", "rawvideo")
    p = run("-r", clips.mkv("ref"), *[a for v in (soft, deep, nv12, same) for a in ("-d", v)], "--json", "--precision",
            "max", "-o", tmp_path / "{number}.json")
    assert p.returncode == SETUP_ERROR and f"{deep} is not scored" in p.stderr and "depth" in p.stderr
    for number, path in ((1, soft), (3, nv12), (4, same)):
        data = report(tmp_path / f"{number}.json")
        del data["fps"]
        assert data == full_report(tmp_path, clips.mkv("ref"), path)[0]
    assert not (tmp_path / "2.json").exists()


DEVICE = os.path.realpath(os.path.join(os.path.dirname(TOOL), "..", "..", "test", "cuda_device"))


@pytest.mark.skipif(not os.path.exists(os.path.join(DEVICE, "libcuda.so.1")),
                    reason="built without the software CUDA device")
def test_decoded_frames_on_the_gpu(clips, tmp_path):
    """Lent planes and copies are uploaded like others; here to the software device."""
    nv12 = clips.made(clips.y4m("dis"), "nut", "-pix_fmt", "nv12", "-c:v", "rawvideo")
    for ref, dis in ((clips.mkv("ref"), clips.mp4("dis")), (clips.mp4("ref"), nv12)):
        p = run("-r", ref, "-d", dis, "-d", dis, "--backend", "cuda", "--json", "--precision", "max", "-o",
                tmp_path / "{number}.json", env={"LD_LIBRARY_PATH": DEVICE})
        assert (p.returncode, p.stderr) == (0, "")
        want = full_report(tmp_path, clips.y4m("ref"), clips.y4m("dis"))[0]
        for number in (1, 2):
            assert report(tmp_path / f"{number}.json")["frames"] == want["frames"]


# --- pipes ------------------------------------------------------------------------------------------------------


def piped(source, *args):
    with subprocess.Popen(["cat", source], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as cat:
        return run(*args, stdin=cat.stdout)


def test_pipes(clips, tmp_path):
    want = scores(tmp_path, "-r", clips.y4m("ref"), "-d", clips.y4m("dis"))
    out = tmp_path / "o.json"
    front = clips.mp4("dis", "-movflags", "faststart")
    for path in (clips.mkv("dis"), front):
        p = piped(path, "-r", clips.mkv("ref"), "-d", "/dev/stdin", *VIF, "--json", "--precision", "max", "-o", out)
        assert (p.returncode, p.stderr) == (0, "")
        assert [f["metrics"] for f in report(out)["frames"]] == want


# --- what is refused --------------------------------------------------------------------------------------------


def test_rgb_is_refused_unless_converted(clips, tmp_path):
    rgb = [clips.made(clips.y4m(s, layout=444), "mkv", "-c:v", "ffv1", "-pix_fmt", "gbrp") for s in ("ref", "dis")]
    out = tmp_path / "o.xml"
    y4m = clips.y4m("ref", layout=444)
    fails(SETUP_ERROR, "-r", rgb[0], "-d", rgb[1], "-o", out, says=[str(rgb[0]), "gbrp", "--convert"])
    fails(SETUP_ERROR, "-r", y4m, "-d", rgb[1], "-o", out, says=[str(rgb[1]), "gbrp", "--convert"])
    fails(SETUP_ERROR, "-r", rgb[0], "-d", y4m, "-o", out, "--convert", "ref", says="gbrp")
    assert not out.exists()
    for args in ([rgb[0], rgb[1], "--convert", "444"], [rgb[0], rgb[1], "--convert", "420p10"],
                 [y4m, rgb[1], "--convert", "ref"], [rgb[0], y4m, "--convert", "dis"]):
        full_report(tmp_path, *args)


def test_colours_of_rgb(clips, tmp_path):
    """BT.709, limited range: (0, 255, 0) is 173, 42, 26."""
    green = tmp_path / "green.mkv"
    ffmpeg("-f", "lavfi", "-i", "color=c=0x00FF00:s=64x48:r=25:d=0.08,format=gbrp", "-c:v", "ffv1", green)
    flat_yuv = [[[[v] * 64] * 48 for v in (173, 42, 26)] for _ in range(2)]
    want = tmp_path / "want.y4m"
    want.write_bytes(synth.y4m_bytes(flat_yuv, synth.y4m_header(64, 48, "444")))
    data, _ = full_report(tmp_path, want, green, "-n", "--feature", "psnr", "--convert", "ref")
    assert data["frames"][0]["metrics"] == {"psnr_y": 60, "psnr_cb": 60, "psnr_cr": 60}


def test_differences_are_refused(clips, tmp_path):
    out = tmp_path / "o.xml"
    base = clips.mkv("ref")
    for other, says in ((clips.mkv("dis", size=(64, 48)), ["96x80", "64x48", "--scale"]),
                        (clips.mkv("dis", bits=10), ["depths", "--convert"]),
                        (clips.mkv("dis", layout=422), ["4:2:0", "4:2:2", "--convert"]),
                        (clips.mkv("dis", rate="30:1"), ["25:1", "30:1", "--ignore-fps"])):
        for ref, dis in ((base, other), (other, base)):
            fails(SETUP_ERROR, "-r", ref, "-d", dis, "-o", out, says=[*says, "1 problem"])
    fails(SETUP_ERROR, "-r", clips.y4m("ref"), "-d", clips.mkv("dis", rate="30:1"), says=["25:1", "30:1"])
    fails(SETUP_ERROR, "-r", base, "-d", clips.mkv("dis", size=(64, 48), bits=10, rate="30:1"), says="3 problems")
    assert not out.exists()


def test_frame_rates(clips, tmp_path):
    slow, fast = clips.mkv("ref"), clips.mp4("dis", rate="30:1")
    p = run("-r", slow, "-d", fast, *VIF, "--ignore-fps")
    assert p.returncode == 0 and len(p.stderr.splitlines()) == 1 and "warning: frame rates differ" in p.stderr
    # One rate, rounded differently by two containers.
    ok("-r", clips.mkv("ref", rate="24000:1001"), "-d", clips.mp4("dis", rate="24000:1001"), *VIF)
    fails(SETUP_ERROR, "-r", clips.mkv("ref", rate="24000:1001"), "-d", clips.mp4("dis", rate="24:1"), says="24:1")


def test_not_videos(clips, tmp_path):
    audio, text, empty, png = (tmp_path / n for n in ("a.wav", "a.mp4", "b.mkv", "c.mkv"))
    ffmpeg("-f", "lavfi", "-i", "sine=duration=0.2", audio)
    text.write_text("hello\n" * 1000)
    empty.write_bytes(b"")
    png.write_bytes(b"\x1aE\xdf\xa3" + bytes(200))
    for path, says in ((audio, "no video"), (text, "not a Y4M file"), (empty, "ends inside"), (png, "not a Y4M file"),
                       (tmp_path, "directory")):
        fails(SETUP_ERROR, "-r", path, "-d", clips.mkv("dis"), says=[str(path), says])
        fails(SETUP_ERROR, "-r", clips.mkv("ref"), "-d", path, says=[str(path), says])


def test_only_the_named_file_is_opened(clips, tmp_path):
    """A playlist or a list of files would open others."""
    segment = clips.made(clips.y4m("dis"), "ts", "-c:v", "mpeg2video")
    hls, concat = tmp_path / "a.m3u8", tmp_path / "a.ffconcat"
    hls.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.28,\n{segment}\n#EXT-X-ENDLIST\n")
    concat.write_text(f"ffconcat version 1.0\nfile {segment}\n")
    for path in (hls, concat):
        fails(SETUP_ERROR, "-r", clips.mkv("ref"), "-d", path, says=str(path))


def test_options_that_make_no_sense(clips):
    files = ["-r", clips.mkv("ref"), "-d", clips.mkv("dis")]
    for option, values in (("--scale", ["", "64", "x48", "64x", "0x48", "64x48x2", "64x65537", "ref:", "ref:cubic",
                                        "other", "64x48:", "-64x48", "99999999999x4"]),
                           ("--convert", ["", "421", "420p", "420p7", "420p17", "420x", "rgb", "refs", "444p10le"]),
                           ("--decode-threads", ["x", "-1", "65", ""])):
        for value in values:
            fails(USAGE_ERROR, *files, option, value, says=[f'"{value}"', option])
    for option in ("--scale", "--convert"):
        fails(USAGE_ERROR, *files, "-d", clips.mkv("ref"), option, "dis", says="exactly one")
    fails(SETUP_ERROR, *files, "--convert", "420p11", says="11 bits")


# --- what is warned of ------------------------------------------------------------------------------------------


def warned(ref, dis, *args):
    p = run("-r", ref, "-d", dis, *VIF, *args)
    assert p.returncode == 0, p.stderr
    return p.stderr.splitlines()


def test_properties_that_differ(clips):
    ref = clips.mkv("ref", "-colorspace", "bt709", "-color_trc", "bt709", "-color_range", "tv")
    assert warned(ref, clips.mkv("dis")) == []
    for options, says in ((["-color_range", "pc", "-colorspace", "bt709"], "sample ranges"),
                          (["-colorspace", "smpte170m"], "colour matrices"),
                          (["-color_trc", "smpte2084"], "transfer functions"),
                          (["-vf", "setsar=2/1"], "sample aspect ratios")):
        # The samples stay as they are: only the container says otherwise.
        dis = clips.mkv("dis", *options)
        lines = warned(ref, dis)
        assert len(lines) == 1 and f"warning: {says} differ" in lines[0], (options, lines)


def test_rotation(clips):
    ref = clips.mp4("ref")
    turned = clips.made(clips.mp4("dis"), "mp4", "-c", "copy", "-metadata:s:v", "rotate=90")
    lines = warned(ref, turned)
    assert len(lines) == 1 and "rotations differ" in lines[0]


def test_interlacing(clips):
    coded = ["-c:v", "mpeg2video", "-q:v", 2]
    ref = clips.made(clips.y4m("ref"), "mpg", *coded)
    dis = clips.made(clips.y4m("dis"), "mpg", *coded, "-flags", "+ildct+ilme", "-vf", "setfield=tff", "-top", 1)
    lines = warned(ref, dis)
    assert len(lines) == 1 and "the distorted video is interlaced" in lines[0]


def test_start_times(clips):
    late = clips.made(clips.mkv("dis"), "mkv", "-c", "copy", before=("-itsoffset", "0.5"))
    lines = warned(clips.mkv("ref"), late)
    assert len(lines) == 1 and "start times differ (reference 0.000 s, distorted 0.500 s)" in lines[0]


def test_shorter_video(clips):
    lines = warned(clips.mkv("ref"), clips.mkv("dis", frames=4))
    assert len(lines) == 1 and "4 pairs of frames were compared" in lines[0]


def test_variable_frame_rate(clips, tmp_path):
    """Frames are paired one by one, and a lost one is told of."""
    whole = clips.mkv("dis", frames=30)
    lossy = clips.made(whole, "mkv", "-vf", "select=not(eq(n\\,12))", "-vsync", "vfr", "-c:v", "ffv1")
    lines = warned(clips.mkv("ref", frames=30), lossy)
    assert len(lines) == 2 and "at frame 12 of" in lines[0] and "0.040 s" in lines[0]
    assert "29 pairs" in lines[1]
    ref, dis = synth.clip(W, H, frames=30)
    kept = tmp_path / "kept.y4m"
    kept.write_bytes(synth.y4m_bytes(dis[:12] + dis[13:], synth.y4m_header(W, H)))
    assert full_report(tmp_path, clips.mkv("ref", frames=30), lossy, *VIF)[0] == full_report(
        tmp_path, clips.y4m("ref", frames=30), kept, *VIF)[0]
    # Both with the same uneven times: nothing to say.
    assert warned(clips.made(clips.mkv("ref", frames=30), "mkv", "-vf", "select=not(eq(n\\,12))", "-vsync", "vfr",
                             "-c:v", "ffv1"), lossy) == []


# --- conversion -------------------------------------------------------------------------------------------------

PSNR = ["-n", "--feature", "psnr"]
FLAGS = "accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"


def scaled_by_ffmpeg(clips, source, w, h, filter_name):
    """By ffmpeg, told where chroma is: between luma samples for C420jpeg, else at them."""
    name = {"": "bicubic", "point": "neighbor"}.get(filter_name, filter_name)
    across = 128 if "-420-8-" in source.name else 0
    return clips.made(source, "y4m", "-vf", f"scale={w}:{h}:flags={name}+{FLAGS}:in_h_chr_pos={across}:"
                      f"out_h_chr_pos={across}", "-strict", "-1")


@pytest.mark.parametrize("filter_name", ["", "bicubic", "bilinear", "lanczos", "spline", "area", "point"])
@pytest.mark.parametrize("layout,bits", [(420, 8), (420, 10), (422, 8)])
def test_scale_the_distorted_video(clips, tmp_path, filter_name, layout, bits):
    small, large = {"size": (48, 40), "layout": layout, "bits": bits}, {"layout": layout, "bits": bits}
    ref = clips.y4m("ref", **large)
    want = full_report(tmp_path, ref, scaled_by_ffmpeg(clips, clips.y4m("dis", **small), W, H, filter_name), *PSNR)
    for dis in (clips.y4m("dis", **small), clips.mkv("dis", **small)):
        for r, to in ((ref, "ref"), (clips.mkv("ref", **large), f"{W}x{H}")):
            got = full_report(tmp_path, r, dis, *PSNR, "--scale", to + (f":{filter_name}" if filter_name else ""))
            assert got == want


def test_scale_the_reference_or_both(clips, tmp_path):
    small = {"size": (48, 40)}
    ref, dis = clips.mkv("ref"), clips.mkv("dis", **small)
    want = full_report(tmp_path, scaled_by_ffmpeg(clips, clips.y4m("ref"), 48, 40, "bicubic"), clips.y4m("dis", **small),
                       *PSNR)
    assert full_report(tmp_path, ref, dis, *PSNR, "--scale", "dis") == want
    both = [scaled_by_ffmpeg(clips, p, 64, 50, "lanczos") for p in (clips.y4m("ref"), clips.y4m("dis", **small))]
    assert full_report(tmp_path, ref, dis, *PSNR, "--scale", "64x50:lanczos") == full_report(tmp_path, *both, *PSNR)


def test_scale_to_and_from_odd_sizes(clips, tmp_path):
    """Chroma is scaled as the file has it, and rounds down only in the end."""
    ref, dis = clips.y4m("ref", size=(35, 37)), clips.y4m("dis")
    want = full_report(tmp_path, ref, scaled_by_ffmpeg(clips, dis, 35, 37, "bicubic"), *PSNR)
    for d in (dis, clips.mkv("dis")):
        assert full_report(tmp_path, ref, d, *PSNR, "--scale", "ref") == want
    full_report(tmp_path, clips.y4m("dis"), clips.y4m("ref", size=(35, 37)), *PSNR, "--scale", "ref")


def test_same_size_and_format_are_left_alone(clips, tmp_path):
    want = full_report(tmp_path, clips.mkv("ref"), clips.mkv("dis"), *PSNR)
    for args in (["--scale", f"{W}x{H}:point"], ["--scale", "ref"], ["--convert", "420"], ["--convert", "dis"]):
        assert full_report(tmp_path, clips.mkv("ref"), clips.mkv("dis"), *PSNR, *args) == want


def test_deeper_samples_are_shifted(clips, tmp_path):
    ref, dis = synth.clip(W, H, frames=FRAMES)
    shifted = tmp_path / "shifted.y4m"
    up = [[[[v << 2 for v in row] for row in p] for p in f] for f in dis]
    shifted.write_bytes(synth.y4m_bytes(up, synth.y4m_header(W, H, "420p10"), 10))
    want = full_report(tmp_path, clips.y4m("ref", bits=10), shifted, *ALL)
    for dis_path in (clips.y4m("dis"), clips.mkv("dis")):
        for args in (["--convert", "ref"], ["--convert", "420p10"]):
            assert full_report(tmp_path, clips.mkv("ref", bits=10), dis_path, *ALL, *args) == want


def test_convert_the_reference_to_the_distorted(clips, tmp_path):
    a = full_report(tmp_path, clips.mkv("ref", bits=10), clips.mkv("dis"), *PSNR, "--convert", "dis")
    b = full_report(tmp_path, clips.y4m("ref", bits=10), clips.y4m("dis"), *PSNR, "--convert", "420")
    assert a == b


def test_scale_several(clips, tmp_path):
    dis = [clips.mkv("dis", size=s) for s in ((48, 40), (64, 48), (W, H))]
    ok("-r", clips.mkv("ref"), *[a for d in dis for a in ("-d", d)], *PSNR, "--scale", "ref", "--json", "--precision",
       "max", "-o", tmp_path / "{number}.json")
    for i, d in enumerate(dis):
        data = report(tmp_path / f"{i + 1}.json")
        del data["fps"]
        assert data == full_report(tmp_path, clips.mkv("ref"), d, *PSNR, "--scale", "ref")[0]


# --- damage -----------------------------------------------------------------------------------------------------


def test_size_that_changes_in_the_middle(clips, tmp_path):
    """Two sequences in one H.264 stream."""
    parts = [clips.made(clips.y4m("dis", size=s), "h264", "-c:v", "libx264", "-qp", 0, "-bf", 0)
             for s in ((W, H), (48, 48))]
    both, out = tmp_path / "both.h264", tmp_path / "o.json"
    both.write_bytes(b"".join(p.read_bytes() for p in parts))
    ref = clips.made(clips.y4m("ref", frames=14), "h264", "-c:v", "libx264", "-qp", 0)
    fails(INPUT_ERROR, "-r", ref, "-d", both, *VIF, "--json", "-o", out,
          says=["size changes from 96x80 to 48x48", "frame 7 of", "--scale"])
    assert len(report(out)["frames"]) == 7
    ok("-r", ref, "-d", both, *VIF, "--json", "-o", out, "--scale", "128x128")
    assert len(report(out)["frames"]) == 14


@pytest.mark.parametrize("threads", [[], ["--threads", 0], ["--decode-threads", 4]])
@pytest.mark.parametrize("suffix,codec", [("mkv", "ffv1"), ("mp4", "mjpeg"), ("avi", "ffv1"), ("flv", "flv1"),
                                          ("mp4", "libx264"), ("mkv", "libx264")])
def test_file_that_breaks_off(clips, tmp_path, suffix, codec, threads):
    options = ["-c:v", codec, "-q:v", 3] + (["-movflags", "faststart"] if suffix == "mp4" else [])
    ref, dis = (clips.made(clips.y4m(s, frames=20), suffix, *options) for s in ("ref", "dis"))
    cut, out = tmp_path / f"cut.{suffix}", tmp_path / "o.json"
    data = dis.read_bytes()
    cut.write_bytes(data[:len(data) * 6 // 10])
    p = fails(INPUT_ERROR, "-r", ref, "-d", cut, "--json", "--precision", "max", "-o", out, *threads,
              says=[str(cut), "cannot read frame"])
    frames = report(out)["frames"]
    assert f"frame {len(frames)} of {cut}" in p.stderr
    assert (4 if codec == "libx264" else 9) <= len(frames) < 20
    whole, _ = full_report(tmp_path, ref, dis, *VIF, "--frame_cnt", len(frames))
    got, names = report(out), [n for n in whole["frames"][0]["metrics"] if "vif" in n]
    assert names and all(g["metrics"][n] == w["metrics"][n]
                         for g, w in zip(got["frames"], whole["frames"]) for n in names)


@pytest.mark.parametrize("decode_threads", [0, 1, 4])
@pytest.mark.parametrize("side", ["ref", "dis"])
def test_damage_that_the_decoder_conceals(clips, tmp_path, side, decode_threads):
    """A slice with a wrong checksum: FFV1's decoder takes the last frame's, and says so."""
    files = {s: clips.mkv(s, "-slicecrc", 1, frames=20) for s in ("ref", "dis")}
    data = bytearray(files[side].read_bytes())
    packets = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "packet=pos,size", "-of", "csv=p=0",
                              files[side]], capture_output=True, text=True, check=True).stdout.split()
    size, pos = map(int, packets[11].split(","))
    for i in range(6):
        data[pos + size // 2 + i] ^= 0x55
    bad, out = tmp_path / "bad.mkv", tmp_path / "o.json"
    bad.write_bytes(data)
    want, _ = full_report(tmp_path, files["ref"], files["dis"], *VIF)
    files[side] = bad
    p = fails(INPUT_ERROR, "-r", files["ref"], "-d", files["dis"], *VIF, "--json", "--precision", "max", "-o", out,
              "--decode-threads", decode_threads, says=[f"{bad}: damaged near frame", "CRC"])
    assert len(p.stderr.splitlines()) == 1
    got = report(out)["frames"]
    assert len(got) == 20
    assert [i for i in range(20) if got[i] != want["frames"][i]] == [11]


def test_damage_that_is_concealed_fails_alone(clips, tmp_path):
    good = clips.mkv("dis", "-slicecrc", 1, frames=20)
    data = bytearray(good.read_bytes())
    data[len(data) // 2] ^= 0x10
    bad = tmp_path / "bad.mkv"
    bad.write_bytes(data)
    fails(INPUT_ERROR, "-r", clips.mkv("ref", frames=20), "-d", good, "-d", bad, *VIF, "--json", "-o",
          tmp_path / "{number}.json", says=str(bad))
    a, b = (report(tmp_path / f"{i}.json")["frames"] for i in (1, 2))
    assert len(a) == len(b) == 20 and a != b


def test_damaged_reference_ends_all(clips, tmp_path):
    whole = clips.mkv("ref", frames=20)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[:-whole.stat().st_size // 3])
    p = fails(INPUT_ERROR, "-r", cut, "-d", clips.mkv("dis", frames=20), "-d", clips.mkv("ref", frames=20), *VIF,
              "--json", "-o", tmp_path / "{number}.json", says=str(cut))
    assert p.stderr.count("cannot read frame") == 1
    assert len(report(tmp_path / "1.json")["frames"]) == len(report(tmp_path / "2.json")["frames"]) > 5


@pytest.mark.parametrize("kind", ["mkv", "mp4"])
def test_damage_never_crashes(clips, tmp_path, kind):
    """Bytes changed, removed and added at random places: an error or a score, nothing else."""
    random = Random(11)
    good = getattr(clips, kind)("dis").read_bytes()
    bad = tmp_path / f"bad.{kind}"
    codes = set()
    for i in range(25):
        data = bytearray(good)
        for _ in range(random.randint(1, 5)):
            at = random.randrange(1000) if random.random() < 0.4 else random.randrange(len(data))
            how = random.randrange(3)
            data[at:at + (how != 1)] = random.randbytes(how != 2)
        bad.write_bytes(data)
        p = run("-r", clips.mkv("ref"), "-d", bad, *VIF, "-o", tmp_path / "o", "--threads", i % 3)
        assert p.returncode == 0 or p.stderr.startswith("vmaf:") or "libvmaf" in p.stderr
        assert all(line.startswith(("vmaf: ", "libvmaf ")) for line in p.stderr.splitlines()), p.stderr
        codes.add(p.returncode)
    assert codes <= {0, INPUT_ERROR, SETUP_ERROR} and INPUT_ERROR in codes


def test_nothing_is_left_behind(clips, tmp_path):
    """Under valgrind: no leak and no error of ours; not for a build that has its own sanitizer."""
    needed = subprocess.run(["readelf", "-Ws", TOOL], capture_output=True, text=True, check=True).stdout
    if "__asan" in needed:
        pytest.skip("sanitized")
    bad = tmp_path / "cut.mkv"
    bad.write_bytes(clips.mkv("dis").read_bytes()[:20000])
    for dis, code, args in ((clips.mp4("dis"), 0, []), (bad, INPUT_ERROR, ["--decode-threads", "0"]),
                            (clips.mkv("dis", size=(64, 48)), 0, ["--scale", "ref"])):
        p = subprocess.run(["valgrind", "-q", "--error-exitcode=77", "--leak-check=full",
                            "--errors-for-leak-kinds=definite", TOOL, "-r", clips.mkv("ref"), "-d", dis, "-n",
                            "--feature", "psnr", "--threads", "1", *args],
                           capture_output=True, text=True, timeout=300, check=False)
        assert p.returncode == code, p.stderr
