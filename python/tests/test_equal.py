"""Scores are those of the vmaf tool, to the last digit."""
import subprocess

import pytest
from conftest import clip, run_tool, same, write_y4m

import vmaf

SETTINGS = {
    "default": ([], {}),
    "neg": (["-m", "version=vmaf_v0.6.1neg"], {"model": "vmaf_v0.6.1neg"}),
    "v1": (["-m", "version=vmaf_v1.0.16_3d0h"], {"model": "vmaf_v1.0.16_3d0h"}),
    "hfr": (["-m", "version=vmaf_v1.0.16_hfr_3d0h"], {"model": "vmaf_v1.0.16_hfr_3d0h"}),
    "float": (["-m", "version=vmaf_float_v0.6.1"], {"model": "vmaf_float_v0.6.1"}),
    "bootstrap": (["-m", "version=vmaf_b_v0.6.3"], {"model": "vmaf_b_v0.6.3"}),
    "two models": (["-m", "version=vmaf_v0.6.1:name=a", "-m", "version=vmaf_v0.6.1neg:name=b:disable_clip:enable_transform"],
                   {"model": [vmaf.Model("vmaf_v0.6.1", name="a"),
                              vmaf.Model("vmaf_v0.6.1neg", name="b", disable_clip=True, enable_transform=True)]}),
    "overload": (["-m", "version=vmaf_v0.6.1:vif.vif_enhn_gain_limit=1.1:adm.adm_enhn_gain_limit=1.25"],
                 {"model": vmaf.Model("vmaf_v0.6.1", options={"vif": {"vif_enhn_gain_limit": 1.1},
                                                              "adm": {"adm_enhn_gain_limit": 1.25}})}),
    "features": (["-n", "--feature", "psnr=enable_apsnr=true:enable_mse=true", "--feature", "float_ssim=enable_db=true",
                  "--feature", "motion=motion_blend_factor=0.3:motion_five_frame_window=true", "--feature", "ciede",
                  "--feature", "speed_temporal"],
                 {"model": None, "features": [vmaf.Feature("psnr", {"enable_apsnr": True, "enable_mse": True}),
                                              "float_ssim=enable_db=true",
                                              vmaf.Feature("motion", {"motion_blend_factor": 0.3,
                                                                      "motion_five_frame_window": True}),
                                              "ciede", "speed_temporal"]}),
}
CLIPS = {"8 bit": {}, "10 bit": {"bits": 10}}


@pytest.mark.parametrize("clip_name", CLIPS)
@pytest.mark.parametrize("settings", SETTINGS)
def test_models_and_features(make, settings, clip_name):
    ref, dis = make(320, 256, **CLIPS[clip_name])
    options, arguments = SETTINGS[settings]
    assert same(vmaf.score(ref, dis, **arguments), run_tool(ref, dis, *options)) > 30


@pytest.mark.parametrize("layout, bits", [("400", 8), ("422", 8), ("444", 12), ("420", 16), ("400", 10)])
def test_layouts_and_odd_sizes(make, layout, bits):
    ref, dis = make(177, 145, layout=layout, bits=bits, frames=3)
    same(vmaf.score(ref, dis, features="psnr"), run_tool(ref, dis, "--feature", "psnr"))


@pytest.mark.parametrize("threads", [0, 1, 3])
@pytest.mark.parametrize("subsample", [1, 3])
def test_threads_and_subsampling(make, threads, subsample):
    ref, dis = make(96, 80, frames=8)
    result = vmaf.score(ref, dis, features="float_ssim", threads=threads, subsample=subsample)
    assert result.index.tolist() == list(range(0, 8, subsample))
    same(result, run_tool(ref, dis, "--feature", "float_ssim", "--subsample", str(subsample)))


def test_skip_and_limit(make):
    ref, dis = make(96, 80, frames=8)
    same(vmaf.score(ref, dis, skip=2, frames=4),
         run_tool(ref, dis, "--frame_skip_ref", "2", "--frame_skip_dist", "2", "--frame_cnt", "4"))


@pytest.mark.parametrize("bits", [8, 10])
def test_raw(tmp_path, bits):
    paths = []
    for name, frames in zip(("ref", "dis"), clip(99, 77, bits=bits, frames=3)):
        paths.append(str(tmp_path / f"{name}.yuv"))
        with open(paths[-1], "wb") as f:
            f.write(b"".join(p.tobytes() for planes in frames for p in planes))
    videos = [vmaf.RawVideo(p, 99, 77, "420", bits) for p in paths]
    same(vmaf.score(*videos, features="psnr"),
         run_tool(*paths, "-w", "99", "-h", "77", "-p", "420", "-b", str(bits), "--feature", "psnr"))


@pytest.mark.parametrize("codec, pixels", [("libx264", "yuv420p"), ("ffv1", "yuv422p10le"), ("ffv1", "gray")])
def test_compressed_video(make, tmp_path, codec, pixels):
    """PyAV decodes what the ffmpeg program decodes; frames are lent as they are decoded."""
    pytest.importorskip("av")
    paths, decoded = [], []
    for i, source in enumerate(make(144, 100, frames=12)):
        paths.append(str(tmp_path / f"{i}.mkv"))
        decoded.append(str(tmp_path / f"{i}.y4m"))
        quality = ["-qp", str(20 + 15 * i)] if codec == "libx264" else []
        run = ["ffmpeg", "-v", "error", "-y", "-i"]
        subprocess.run([*run, source, "-pix_fmt", pixels, "-c:v", codec, *quality, paths[-1]], check=True)
        subprocess.run([*run, paths[-1], "-strict", "-1", "-f", "yuv4mpegpipe", decoded[-1]], check=True)
    result = vmaf.score(*paths, features="psnr")
    assert result.frame_count == 12
    same(result, run_tool(*decoded, "--feature", "psnr"))


def test_infinite_scores(tmp_path):
    """What JSON cannot hold, Python can."""
    ref, _ = clip(64, 64, frames=2)
    path = write_y4m(tmp_path / "a.y4m", ref)
    result = vmaf.score(path, path, model=None, features="float_ansnr")
    assert same(result, run_tool(path, path, "-n", "--feature", "float_ansnr"))
    assert all(isinstance(v, float) for frame in result.frames for v in frame.scores.values())
