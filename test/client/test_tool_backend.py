"""--backend and --bench: on the CPU, and on the software CUDA device that the build made beside the tool."""
import os
import re

import pytest

import synth
from tool import SETUP_ERROR, TOOL, USAGE_ERROR, fails, ok, report, run

DEVICE = os.path.realpath(os.path.join(os.path.dirname(TOOL), "..", "..", "test", "cuda_device"))
GPU = {"LD_LIBRARY_PATH": DEVICE}
NO_GPU = {"LD_LIBRARY_PATH": ""}
needs_device = pytest.mark.skipif(not os.path.exists(os.path.join(DEVICE, "libcuda.so.1")),
                                  reason="built without the software CUDA device")
needs_no_gpu = pytest.mark.skipif(os.path.exists("/dev/nvidiactl"), reason="this machine has a GPU")


def frames(path):
    return [frame["metrics"] for frame in report(path)["frames"]]


def scored(folder, args, name, env, *options):
    out = folder / f"{name}.json"
    ok(*args, "--json", "--precision", "max", "-o", out, *options, env=env)
    return frames(out)


@needs_device
@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("options", [[], ["-m", "version=vmaf_v0.6.1neg", "--feature", "psnr"],
                                     ["-n", "--feature", "vif_cuda", "--feature", "motion_cuda=debug=true"],
                                     ["--subsample", "2"]])
def test_scores_of_the_gpu_are_those_of_the_cpu(pair, tmp_path, threads, options):
    ref, dis = synth.clip(64, 48, frames=11)
    header = synth.y4m_header(64, 48)
    args = pair(synth.y4m_bytes(ref, header), synth.y4m_bytes(dis, header)).args
    gpu = scored(tmp_path, args, "gpu", GPU, "--backend", "cuda", "--threads", threads, *options)
    # Without a state libvmaf's names of CUDA extractors do not exist.
    cpu = scored(tmp_path, args, "cpu", NO_GPU, "--backend", "cpu", *(o.replace("_cuda", "") for o in options))
    assert gpu == cpu and len(gpu) == (6 if "--subsample" in options else 11)


@needs_device
def test_several_distorted_videos_share_the_gpu(pair, tmp_path, y4m):
    ok("-r", y4m.ref, "-d", y4m.dis, "-d", y4m.ref, "--backend", "cuda", "--json", "--precision", "max",
       "-o", tmp_path / "a.json", "-o", tmp_path / "b.json", env=GPU)
    assert frames(tmp_path / "a.json") == scored(tmp_path, y4m.args, "one", NO_GPU)
    assert frames(tmp_path / "b.json") == scored(tmp_path, ["-r", y4m.ref, "-d", y4m.ref], "two", NO_GPU)


@needs_device
def test_a_mask_keeps_off_the_gpu(tmp_path, y4m):
    fails(SETUP_ERROR, *y4m.args, "-n", "--feature", "vif_cuda", "--gpumask", 1, env=GPU, says="vif_cuda")
    assert scored(tmp_path, y4m.args, "masked", GPU, "--gpumask", 1) == scored(tmp_path, y4m.args, "cpu", NO_GPU)


@needs_no_gpu
def test_without_a_gpu(tmp_path, y4m):
    fails(SETUP_ERROR, *y4m.args, "--backend", "cuda", env=NO_GPU, says="no GPU to score with")
    ok(*y4m.args, "--backend", "auto", "-o", tmp_path / "auto.xml", env=NO_GPU)  # and says nothing


def test_bad_backend(y4m):
    fails(USAGE_ERROR, *y4m.args, "--backend", "gpu", says="expected auto, cpu or cuda")


@pytest.mark.parametrize("env", [NO_GPU, pytest.param(GPU, marks=needs_device)])
def test_bench_prints_rates(y4m, env):
    p = run(*y4m.args, "--bench", 3, "--threads", 1, "--backend", "cuda" if env is GPU else "cpu", env=env)
    assert (p.returncode, p.stderr) == (0, "")
    lines = p.stdout.splitlines()
    assert len(lines) == (3 if env is GPU else 2)
    assert all(re.search(r" [\d.]+ frames/s +[\d.]+ ms a frame$", line) for line in lines)


def test_bad_bench(y4m, tmp_path):
    fails(USAGE_ERROR, *y4m.args, "--bench", 0, says="--bench")
    fails(USAGE_ERROR, *y4m.args, "--bench", 3, "-o", tmp_path / "x.xml", says="--bench")
    assert not (tmp_path / "x.xml").exists()
