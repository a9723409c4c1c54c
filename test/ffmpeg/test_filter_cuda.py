"""libvmaf_cuda, fed by hwupload or hwupload_cuda, on the software CUDA device: the same figures, and nothing left behind."""
import re

import pytest

import ffmpeg
import synth
from ffmpeg import NULL, VERSION, compare, filter_text, log_of, report_of

pytestmark = pytest.mark.skipif(VERSION == "5.1", reason="FFmpeg 5.1 has no libvmaf_cuda")

DEVICE = ["-init_hw_device", "cuda=gpu:0", "-filter_hw_device", "gpu"]
UPLOAD = "[0:v]hwupload[d];[1:v]hwupload[r];[d][r]"
UPLOAD_CUDA = "[0:v]hwupload_cuda[d];[1:v]hwupload_cuda[r];[d][r]"  # each makes a context of its own


@pytest.fixture
def device(tmp_path):
    """An environment with the software device; afterwards everything must have been given back to it."""
    report = tmp_path / "device.txt"
    yield {"LD_LIBRARY_PATH": f"{ffmpeg.LIBRARY}:{ffmpeg.DEVICE}", "SOFTWARE_DEVICE_REPORT": str(report)}
    said = report.read_text()
    assert said.endswith("launches\n")
    assert all(line.startswith("software device: 0 left over or misused") for line in said.splitlines()), said


CASES = {
    "none named": ({}, []),
    "several": ({"model": [{"version": "vmaf_v0.6.1"}, {"version": "vmaf_v0.6.1neg", "name": "neg"}]},
                ["-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg:name=neg"]),
    "threads": ({"n_threads": 4}, []),
    "subsampling": ({"n_threads": 2, "n_subsample": 2}, ["--subsample", "2"]),
    "feature": ({"feature": [{"name": "float_ssim"}]}, ["-m", "version=vmaf_v0.6.1", "--feature", "float_ssim"]),
}


@pytest.mark.parametrize("options, args", CASES.values(), ids=CASES)
def test_cases(clip, tmp_path, device, options, args):
    log, p = log_of(tmp_path, [*DEVICE, *clip.inputs], {"log_fmt": "json", **options}, UPLOAD, "libvmaf_cuda",
                    env=device)
    compare("libvmaf_cuda", log, report_of(tmp_path, [*clip.args, *args]))
    assert "ERROR" not in p.stderr


def test_runs_on_the_device(clip, tmp_path, device):
    """The model's metrics run there, or the log says which do not (a library built without nvcc)."""
    _, p = log_of(tmp_path, [*DEVICE, *clip.inputs], {}, UPLOAD, "libvmaf_cuda", env=device)
    launches = [int(n) for n in re.findall(r"(\d+) launches", open(device["SOFTWARE_DEVICE_REPORT"]).read())]
    on_cpu = [name for name in ("vif", "adm", "motion") if f"{name} has no CUDA kernels" in p.stderr]
    assert len(on_cpu) in (0, 3)
    assert (max(launches) > 0) == (not on_cpu)


@pytest.mark.parametrize("log_fmt", ["xml", "csv", "sub"])
def test_log_formats(clip, tmp_path, device, log_fmt):
    log, _ = log_of(tmp_path, [*DEVICE, *clip.inputs], {"log_fmt": log_fmt}, UPLOAD, "libvmaf_cuda", env=device)
    compare("libvmaf_cuda", log, report_of(tmp_path, clip.args, log_fmt))


PRIMARY = ["-init_hw_device", "cuda=gpu:0,primary_ctx=1", "-filter_hw_device", "gpu"]
CONTEXTS = {"primary": (PRIMARY, UPLOAD), "one per input": ([], UPLOAD_CUDA)}


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("options, graph", CONTEXTS.values(), ids=CONTEXTS)
def test_contexts(clip, tmp_path, device, options, graph, threads):
    log, _ = log_of(tmp_path, [*options, *clip.inputs], {"log_fmt": "json", "n_threads": threads}, graph,
                    "libvmaf_cuda", env=device)
    compare("libvmaf_cuda", log, report_of(tmp_path, clip.args))


def test_16_bit(make_clip, tmp_path, device):
    clip = make_clip(176, 144, 444, 16)
    log, _ = log_of(tmp_path, [*DEVICE, *clip.inputs], {"log_fmt": "json"}, UPLOAD, "libvmaf_cuda", env=device)
    compare("libvmaf_cuda", log, report_of(tmp_path, clip.args))


def test_odd_size(make_clip, tmp_path, device):
    clip = make_clip(257, 193)
    log, _ = log_of(tmp_path, [*DEVICE, *clip.inputs], {"log_fmt": "json"}, UPLOAD, "libvmaf_cuda", env=device)
    compare("libvmaf_cuda", log, report_of(tmp_path, clip.args))


def test_h264(h264, tmp_path, device):
    log, _ = log_of(tmp_path, [*DEVICE, "-i", h264["mkv"], "-i", h264["y4m"]], {"log_fmt": "json", "n_threads": 2},
                    UPLOAD, "libvmaf_cuda", env=device)
    decoded = tmp_path / "decoded.y4m"
    ffmpeg.ok("-i", h264["mkv"], "-f", "yuv4mpegpipe", decoded)
    compare("libvmaf_cuda", log, report_of(tmp_path, ["-r", h264["y4m"], "-d", decoded]))


def test_luma_only(clip, tmp_path, device):
    """The filter copies one plane. The library makes the others grey, so that chroma has the same score every time."""
    args = []
    for option, frames in zip(("-r", "-d"), synth.clip(192, 176, frames=6)):
        grey = [[f[0], *[[[128] * len(row) for row in p] for p in f[1:]]] for f in frames]
        path = tmp_path / f"grey{option}.y4m"
        path.write_bytes(synth.y4m_bytes(grey, synth.y4m_header(192, 176)))
        args += [option, path]
    features = [{"name": "psnr"}, {"name": "ciede"}]
    log, _ = log_of(tmp_path, [*DEVICE, *clip.inputs], {"log_fmt": "json", "feature": features}, UPLOAD,
                    "libvmaf_cuda", env=device)
    compare("libvmaf_cuda, chroma", log,
            report_of(tmp_path, [*args, "-m", "version=vmaf_v0.6.1", "--feature", "psnr", "--feature", "ciede"]))


# [options, what stderr says]
REFUSED = {
    "unknown model": ({"model": "version=nosuch"}, "no model nosuch"),
    "unknown feature": ({"feature": "name=nosuch"}, "no feature extractor 'nosuch'"),
}


@pytest.mark.parametrize("options, says", REFUSED.values(), ids=REFUSED)
def test_refused(clip, device, options, says):
    p = ffmpeg.run(*DEVICE, *clip.inputs, "-lavfi", UPLOAD + filter_text("libvmaf_cuda", options), *NULL, env=device)
    assert p.returncode != 0
    assert says in p.stderr


def test_context_gone_first(clip, tmp_path):
    """On a failure hwupload_cuda's context ends before libvmaf_cuda does: an error all the same, not a crash."""
    env = {"LD_LIBRARY_PATH": f"{ffmpeg.LIBRARY}:{ffmpeg.DEVICE}"}
    p = ffmpeg.run(*clip.inputs, "-lavfi", UPLOAD_CUDA + "libvmaf_cuda=model=version=nosuch", *NULL, env=env)
    assert p.returncode != 0
    assert "no model nosuch" in p.stderr


def test_format_refused(clip, device):
    """Of what can be uploaded, the filter takes yuv420p and yuv444p16."""
    graph = "[0:v]format=yuv444p,hwupload[d];[1:v]format=yuv444p,hwupload[r];[d][r]libvmaf_cuda"
    p = ffmpeg.run(*DEVICE, *clip.inputs, "-lavfi", graph, *NULL, env=device)
    assert p.returncode != 0
    assert "Unsupported input format" in p.stderr


def test_log_that_cannot_be_written(clip, device):
    p = ffmpeg.run(*DEVICE, *clip.inputs, "-lavfi", UPLOAD + filter_text("libvmaf_cuda", {"log_path": "/nosuch/x"}),
                   *NULL, env=device)
    assert "libvmaf ERROR report /nosuch/x: cannot write" in p.stderr
