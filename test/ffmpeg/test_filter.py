"""What the filter libvmaf logs is what the tool reports, to the last digit."""
import pytest

import ffmpeg
import synth
import tool
from ffmpeg import NULL, VERSION, compare, filter_text, log_of, report_of

CLASSIC = ["psnr", "float_ssim", "float_ms_ssim", "ciede", "psnr_hvs", "float_vif", "float_adm", "float_motion"]

# [models of the filter, the tool's]
MODELS = {
    "none named": (None, []),
    "neg": ([{"version": "vmaf_v0.6.1neg"}], ["-m", "version=vmaf_v0.6.1neg"]),
    "4k": ([{"version": "vmaf_4k_v0.6.1"}], ["-m", "version=vmaf_4k_v0.6.1"]),
    "float": ([{"version": "vmaf_float_v0.6.1"}], ["-m", "version=vmaf_float_v0.6.1"]),
    "transform": ([{"version": "vmaf_v0.6.1", "name": "phone", "enable_transform": "true"}],
                  ["-m", "version=vmaf_v0.6.1:name=phone:enable_transform"]),
    "transform not wanted": ([{"version": "vmaf_v0.6.1", "enable_transform": "false"}], []),
    "no clip": ([{"version": "vmaf_v0.6.1", "disable_clip": "true"}], ["-m", "version=vmaf_v0.6.1:disable_clip"]),
    "options": ([{"version": "vmaf_v0.6.1", "adm.adm_enhn_gain_limit": "1.0", "vif.vif_enhn_gain_limit": "1.0"}],
                ["-m", "version=vmaf_v0.6.1:adm.adm_enhn_gain_limit=1.0:vif.vif_enhn_gain_limit=1.0"]),
    "several": ([{"version": "vmaf_v0.6.1", "name": "hd"}, {"version": "vmaf_v0.6.1neg", "name": "neg"},
                 {"version": "vmaf_float_v0.6.1", "name": "float"}],
                ["-m", "version=vmaf_v0.6.1:name=hd", "-m", "version=vmaf_v0.6.1neg:name=neg",
                 "-m", "version=vmaf_float_v0.6.1:name=float"]),
}


@pytest.mark.parametrize("models, args", MODELS.values(), ids=MODELS)
def test_models(clip, tmp_path, models, args):
    log, _ = log_of(tmp_path, clip.inputs, {"log_fmt": "json", **({"model": models} if models else {})})
    compare("models", log, report_of(tmp_path, [*clip.args, *args]))


def test_model_v1(make_clip, tmp_path):
    clip = make_clip(320, 180)
    log, _ = log_of(tmp_path, clip.inputs, {"log_fmt": "json", "model": [{"version": "vmaf_v1.0.16_3d0h"}]})
    compare("models", log, report_of(tmp_path, [*clip.args, "-m", "version=vmaf_v1.0.16_3d0h"]))


@pytest.mark.parametrize("folder", ["plain", "with space", "it's, [b]; c"])
def test_model_of_a_file(clip, tmp_path, folder):
    path = tmp_path / folder / "mine.json"
    path.parent.mkdir()
    path.write_bytes((ffmpeg.MODELS / "vmaf_v0.6.1.json").read_bytes())
    log, _ = log_of(tmp_path, clip.inputs, {"log_fmt": "json", "model": [{"path": path}]})
    compare("models", log, report_of(tmp_path, clip.args))


# [features of the filter, the tool's]
FEATURES = {
    **{name: ([{"name": name}], ["--feature", name]) for name in CLASSIC},
    "options": ([{"name": "psnr", "enable_chroma": "false", "enable_mse": "true"}],
                ["--feature", "psnr=enable_chroma=false:enable_mse=true"]),
    "several": ([{"name": n} for n in CLASSIC], [a for n in CLASSIC for a in ("--feature", n)]),
}


@pytest.mark.parametrize("features, args", FEATURES.values(), ids=FEATURES)
def test_features(clip, tmp_path, features, args):
    log, _ = log_of(tmp_path, clip.inputs, {"log_fmt": "json", "feature": features})
    compare("features", log, report_of(tmp_path, [*clip.args, *args, "-m", "version=vmaf_v0.6.1"]))


def test_cambi(make_clip, tmp_path):
    clip = make_clip(320, 180)
    log, _ = log_of(tmp_path, clip.inputs, {"log_fmt": "json", "feature": [{"name": "cambi"}]})
    compare("features", log, report_of(tmp_path, [*clip.args, "--feature", "cambi", "-m", "version=vmaf_v0.6.1"]))


def test_features_alone(clip, tmp_path):
    """An empty model is no model."""
    log, p = log_of(tmp_path, clip.inputs, {"log_fmt": "json", "model": "", "feature": [{"name": "psnr"}]})
    compare("features", log, report_of(tmp_path, [*clip.args, "-n", "--feature", "psnr"]))
    assert not ffmpeg.scores(p)


@pytest.mark.parametrize("threads", [0, 1, 2, 7])
def test_threads(clip, tmp_path, threads):
    log, _ = log_of(tmp_path, clip.inputs, {"log_fmt": "json", "n_threads": threads, "feature": [{"name": "ciede"}]})
    compare("threads", log, report_of(tmp_path, [*clip.args, "--feature", "ciede", "-m", "version=vmaf_v0.6.1"]))


@pytest.mark.parametrize("threads", [0, 3])
@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_subsample(clip, tmp_path, step, threads):
    log, p = log_of(tmp_path, clip.inputs, {"log_fmt": "json", "n_subsample": step, "n_threads": threads})
    compare("subsampling", log, report_of(tmp_path, [*clip.args, "--subsample", step]))
    assert len(ffmpeg.scores(p)) == 1


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("log_fmt", ["xml", "json", "csv", "sub"])
def test_log_formats(clip, tmp_path, log_fmt, step):
    options = {"log_fmt": log_fmt, "n_subsample": step, "feature": [{"name": "psnr"}]}
    args = [*clip.args, "--subsample", step, "--feature", "psnr", "-m", "version=vmaf_v0.6.1"]
    log, _ = log_of(tmp_path, clip.inputs, options)
    compare("log formats", log, report_of(tmp_path, args, log_fmt))


def test_log_format_unknown_is_xml(clip, tmp_path):
    log, _ = log_of(tmp_path, clip.inputs, {"log_fmt": "nosuch"})
    compare("log formats", log, report_of(tmp_path, clip.args, "xml"))


# 5.1 looks for the words in this order, so it takes harmonic_mean for mean.
POOLING = {"min": "min", "mean": "mean", "nosuch": "mean",
           "harmonic_mean": "mean" if VERSION == "5.1" else "harmonic_mean"}


@pytest.mark.parametrize("pool, means", POOLING.items())
def test_pooling(clip, tmp_path, pool, means):
    models = [{"version": "vmaf_v0.6.1", "name": "a"}, {"version": "vmaf_v0.6.1neg", "name": "b"}]
    log, p = log_of(tmp_path, clip.inputs, {"log_fmt": "json", "pool": pool, "model": models})
    tool.ok(*clip.args, "-m", "version=vmaf_v0.6.1:name=a", "-m", "version=vmaf_v0.6.1neg:name=b", "--json", "-o",
            tmp_path / "report.json")
    pooled = tool.report(tmp_path / "report.json")["pooled_metrics"]
    compare("pooling", "\n".join(ffmpeg.scores(p)), "\n".join(f"{pooled[name][means]:.6f}" for name in "ab"))
    compare("pooling", log, (tmp_path / "report.json").read_text())


# ------------------------------------------------------------------------------------------ inputs

LAYOUTS = [(420, 8), (422, 8), (444, 8)] + [(p, b) for b in (10, 12, 16) for p in (420, 422, 444)] * (VERSION != "5.1")
ALL_PLANES = [{"name": "psnr"}]


@pytest.mark.parametrize("layout, bits", LAYOUTS)
def test_pixel_formats(make_clip, tmp_path, layout, bits):
    clip = make_clip(176, 144, layout, bits)
    log, _ = log_of(tmp_path, clip.inputs, {"log_fmt": "json", "feature": ALL_PLANES})
    compare("pixel formats", log, report_of(tmp_path, [*clip.args, "--feature", "psnr", "-m", "version=vmaf_v0.6.1"]))


@pytest.mark.skipif(VERSION != "5.1", reason="put right in later versions")
@pytest.mark.parametrize("layout", [420, 422, 444])
def test_half_rows(tmp_path, layout):
    """5.1 copies as many bytes of a row as it has samples. Over 8 bits that is the left half; the other is black,
    the same every time, since the library's pictures start as zeros."""
    w, h, bits = 176, 144, 10
    whole, half = [], []
    for frames in synth.clip(w, h, layout, bits):
        whole.append(synth.y4m_bytes(frames, synth.y4m_header(w, h, f"{layout}p10"), bits))
        left = [[[row[:len(row) // 2] + [0] * (len(row) - len(row) // 2) for row in p] for p in f] for f in frames]
        half.append(synth.y4m_bytes(left, synth.y4m_header(w, h, f"{layout}p10"), bits))
    names = ["ref", "dis", "half-ref", "half-dis"]
    for name, data in zip(names, whole + half):
        (tmp_path / (name + ".y4m")).write_bytes(data)
    log, _ = log_of(tmp_path, ["-i", tmp_path / "dis.y4m", "-i", tmp_path / "ref.y4m"],
                    {"log_fmt": "json", "feature": ALL_PLANES, "n_threads": 2})
    args = ["-r", tmp_path / "half-ref.y4m", "-d", tmp_path / "half-dis.y4m"]
    compare("10 bit: left half", log,
            report_of(tmp_path, [*args, "--feature", "psnr", "-m", "version=vmaf_v0.6.1"]))


@pytest.mark.parametrize("w, h", [(257, 193), (176, 145), (33, 47)])
def test_sizes(make_clip, tmp_path, w, h):
    clip = make_clip(w, h)
    log, _ = log_of(tmp_path, clip.inputs, {"log_fmt": "json", "feature": ALL_PLANES})
    compare("odd sizes", log, report_of(tmp_path, [*clip.args, "--feature", "psnr", "-m", "version=vmaf_v0.6.1"]))


def test_raw_video(tmp_path):
    ref, dis = synth.clip(192, 176, frames=6)
    paths = tmp_path / "ref.yuv", tmp_path / "dis.yuv"
    for path, frames in zip(paths, (ref, dis)):
        path.write_bytes(synth.raw_bytes(frames))
    how = ["-f", "rawvideo", "-video_size", "192x176", "-pix_fmt", "yuv420p"]
    log, _ = log_of(tmp_path, [*how, "-i", paths[1], *how, "-i", paths[0]], {"log_fmt": "json"})
    compare("raw video, pipe", log, report_of(tmp_path, ["-r", paths[0], "-d", paths[1], "-w", 192, "-h", 176, "-p",
                                                         420, "-b", 8]))


def test_pipe(clip, tmp_path):
    with open(clip.dis, "rb") as f:
        log, _ = log_of(tmp_path, ["-f", "yuv4mpegpipe", "-i", "-", "-i", clip.ref], {"log_fmt": "json"}, stdin=f)
    compare("raw video, pipe", log, report_of(tmp_path, clip.args))


def decoded(folder, path, *filters):
    """A file as Y4M, by the ffmpeg under test."""
    out = folder / "decoded.y4m"
    ffmpeg.ok("-i", path, *filters, "-f", "yuv4mpegpipe", out)
    return out


@pytest.mark.parametrize("threads", [0, 4])
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_h264(h264, tmp_path, suffix, threads):
    log, _ = log_of(tmp_path, ["-i", h264[suffix], "-i", h264["y4m"]], {"log_fmt": "json", "n_threads": threads})
    compare("H.264", log, report_of(tmp_path, ["-r", h264["y4m"], "-d", decoded(tmp_path, h264[suffix])]))


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_h264_read_by_both(h264, tmp_path, suffix):
    """The same file in FFmpeg and in the tool, where it was built with libav."""
    log, _ = log_of(tmp_path, ["-i", h264[suffix], "-i", h264["y4m"]], {"log_fmt": "json"})
    p = tool.run("-r", h264["y4m"], "-d", h264[suffix], "--json", "-o", tmp_path / "tool.log")
    if p.returncode and "libav" in p.stderr:
        pytest.skip(p.stderr.splitlines()[0])
    assert p.returncode == 0, p.stderr
    compare("H.264", log, (tmp_path / "tool.log").read_text())


def test_scaled(h264, make_clip, tmp_path):
    small = make_clip(96, 88, frames=24)
    scale = "scale=192:176:flags=bicubic"
    log, _ = log_of(tmp_path, ["-i", small.dis, "-i", h264["y4m"]], {"log_fmt": "json"},
                    graph=f"[0:v]{scale}[d];[d][1:v]")
    big = decoded(tmp_path, small.dis, "-vf", scale)
    compare("scaled", log, report_of(tmp_path, ["-r", h264["y4m"], "-d", big]))


def test_converted(make_clip, tmp_path):
    """Reference and distorted video of two formats: one is converted first."""
    ref, dis = make_clip(192, 176, 444).ref, make_clip(192, 176, 420).dis
    log, _ = log_of(tmp_path, ["-i", dis, "-i", ref], {"log_fmt": "json"},
                    graph="[1:v]format=yuv420p[r];[0:v][r]")
    same = decoded(tmp_path, ref, "-vf", "format=yuv420p")
    compare("scaled", log, report_of(tmp_path, ["-r", same, "-d", dis]))


# ------------------------------------------------------------------------------------------ pairing


@pytest.mark.parametrize("main_first", [True, False])
def test_shortest(make_clip, tmp_path, main_first):
    """The filter repeats the last frame of the shorter video unless told otherwise."""
    long, short = make_clip(192, 176, frames=6), make_clip(192, 176, frames=4)
    ref, dis = (long.ref, short.dis) if main_first else (short.ref, long.dis)
    log, _ = log_of(tmp_path, ["-i", dis, "-i", ref], {"log_fmt": "json", "shortest": 1})
    p = tool.run("-r", ref, "-d", dis, "--json", "-o", tmp_path / "tool.log")
    assert p.returncode == 0
    compare("pairing", log, (tmp_path / "tool.log").read_text())
    assert log.count('"frameNum"') == 4


def test_numbered_frames(h264, tmp_path):
    """Pairs are made by time. Counting frames makes them independent of rounded times and of the rate."""
    graph = "[0:v]setpts=N/25/TB[d];[1:v]setpts=N/25/TB[r];[d][r]"
    log, _ = log_of(tmp_path, ["-i", h264["mkv"], "-r", "30000/1001", "-i", h264["y4m"]], {"log_fmt": "json"},
                    graph=graph)
    compare("pairing", log, report_of(tmp_path, ["-r", h264["y4m"], "-d", decoded(tmp_path, h264["mkv"])]))


def test_two_filters_in_a_graph(clip, tmp_path):
    logs = [tmp_path / "a.json", tmp_path / "b.json"]
    filters = [filter_text("libvmaf", {"log_fmt": "json", "log_path": path, "n_threads": 2, "model": [
        {"version": name}]}) for path, name in zip(logs, ("vmaf_v0.6.1", "vmaf_v0.6.1neg"))]
    ffmpeg.ok(*clip.inputs, "-lavfi", f"[0:v]split[d1][d2];[1:v]split[r1][r2];[d1][r1]{filters[0]}[x];"
              f"[d2][r2]{filters[1]}[y]", "-map", "[x]", *NULL, "-map", "[y]", *NULL)
    for path, name in zip(logs, ("vmaf_v0.6.1", "vmaf_v0.6.1neg")):
        compare("two filters", path.read_text(), report_of(tmp_path, [*clip.args, "-m", "version=" + name]))
