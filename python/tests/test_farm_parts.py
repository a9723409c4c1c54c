"""A clip scored in parts gives exactly what it gives in one piece. No cluster here: this is what workers do."""
import itertools

import pytest
from conftest import clip, write_y4m

import vmaf
from vmaf.farm import Job, Settings
from vmaf.farm._run import split
from vmaf.farm._work import Probe, merge, probe, score_part

SETTINGS = {
    "default": ("vmaf_v0.6.1", ()),
    "neg": ("vmaf_v0.6.1neg", ()),
    "v1": ("vmaf_v1.0.16_3d0h", ()),
    "v1 hfr": ("vmaf_v1.0.16_hfr_3d0h", ()),  # five-frame window and moving average
    "float": ("vmaf_float_v0.6.1", ()),
    "bootstrap": ("vmaf_b_v0.6.3", ()),
    "temporal": (None, ["speed_temporal", "speed_temporal=speed_use_ref_diff=true", "motion=debug=true",
                        "motion=motion_five_frame_window=true", "motion=motion_moving_average=true",
                        "motion=motion_five_frame_window=true:motion_moving_average=true:motion_blend_factor=0.5:motion_blend_offset=2",
                        "float_motion=motion_add_uv=true", "float_motion=motion_force_zero=true", "psnr"]),
}


def make_settings(model, features, **kwargs):
    return Settings(vmaf._settings.as_models(model), vmaf._settings.as_features(features), threads=0, **kwargs)


def in_parts(job, settings, chunk, frames):
    window = probe(job, settings).window
    spans = split(Probe(frames, window), chunk)
    parts = [score_part(job, settings, *span) for span in spans]
    return merge(job, parts[::-1]), parts


def equal(one, other):
    a, b = one.to_dict(), other.to_dict()
    for key in ("seconds",):
        del a[key], b[key]
    assert repr(a) == repr(b)


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    paths = [write_y4m(folder / n, f) for n, f in zip(("r.y4m", "d.y4m"), clip(320, 256, frames=13))]
    return Job(*paths, "clip")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Jobs of 1 to 9 frames."""
    folder = tmp_path_factory.mktemp("small")
    ref, dis = clip(96, 96, frames=9)
    return [Job(write_y4m(folder / f"r{n}.y4m", ref[:n]), write_y4m(folder / f"d{n}.y4m", dis[:n]), f"clip{n}") for n in range(1, 10)]


@pytest.mark.parametrize("chunk", [1, 2, 5, 12])
@pytest.mark.parametrize("name", SETTINGS)
def test_models(job, name, chunk):
    model, features = SETTINGS[name]
    (result, error), parts = in_parts(job, make_settings(model, features), chunk, 13)
    assert error is None and len(parts) == -(-13 // chunk)
    equal(result, vmaf.score(*job.paths, model=model, features=features))
    window = probe(job, make_settings(model, features)).window
    assert all(p.scored <= (p.stop or 13) - p.start + sum(window) for p in parts), "no more than the overlap is scored twice"


@pytest.mark.parametrize("name", ["default", "temporal", "float"])
def test_short_clips(small, name):
    """Beginnings and ends of clips, where temporal metrics are special, at every place of a part."""
    model, features = SETTINGS[name]
    settings = make_settings(model, features)
    for n, job in enumerate(small, 1):
        single = vmaf.score(*job.paths, model=model, features=features)
        for chunk in range(1, n):
            (result, error), _ = in_parts(job, settings, chunk, n)
            assert error is None
            equal(result, single)


@pytest.mark.parametrize("subsample, chunk", list(itertools.product([2, 3, 5], [1, 3, 4])))
def test_subsampling(small, subsample, chunk):
    job, features = small[-1], SETTINGS["temporal"][1]
    (result, error), _ = in_parts(job, make_settings("vmaf_v0.6.1", features, subsample=subsample), chunk, 9)
    assert error is None
    equal(result, vmaf.score(*job.paths, features=features, subsample=subsample))


def test_aggregates_are_not_split(job):
    settings = make_settings(None, ["psnr=enable_apsnr=true"])
    info = probe(job, settings)
    assert info.window is None and info.frames == 13
    (result, _), parts = in_parts(job, settings, 3, 13)
    assert len(parts) == 1
    equal(result, vmaf.score(*job.paths, model=None, features="psnr=enable_apsnr=true"))


@pytest.mark.parametrize("believed", [7, 10, 30])
def test_a_wrong_number_of_frames(small, believed):
    """What a container says about its length decides how a clip is split, not what is scored."""
    (result, error), _ = in_parts(small[-1], make_settings("vmaf_v0.6.1", ()), 3, believed)
    assert error is None
    equal(result, vmaf.score(*small[-1].paths))


@pytest.mark.parametrize("chunk", [2, 4])
def test_videos_of_different_length(small, chunk):
    job = Job(small[8].paths[0], small[5].paths[1], "clip")
    (result, error), _ = in_parts(job, make_settings("vmaf_v0.6.1", ()), chunk, 6)
    with pytest.warns(UserWarning):
        single = vmaf.score(*job.paths)
    assert error is None and result.warnings
    equal(result, single)


@pytest.mark.parametrize("chunk", [2, 3, 100])
def test_a_file_that_breaks_off(tmp_path, chunk):
    """The rows before the break are those of a single run."""
    ref, dis = clip(96, 96, frames=8)
    job = Job(write_y4m(tmp_path / "r.y4m", ref), write_y4m(tmp_path / "d.y4m", dis), "clip")
    with open(job.paths[1], "r+b") as f:
        f.truncate(f.seek(0, 2) - 1)
    with pytest.raises(vmaf.InputError) as e:
        vmaf.score(*job.paths)
    (result, error), _ = in_parts(job, make_settings("vmaf_v0.6.1", ()), chunk, 8)
    assert error == str(e.value) and "inside frame 7" in error
    equal(result, e.value.result)


@pytest.mark.parametrize("frames, chunk, window, expected", [
    (10, 4, (1, 1), [(0, 4), (4, 8), (8, None)]), (10, 10, (1, 1), [(0, None)]), (11, 10, (1, 1), [(0, 10), (10, None)]),
    (10, 0, (1, 1), [(0, None)]), (10, 4, None, [(0, None)]), (None, 4, (1, 1), [(0, None)]), (0, 4, (1, 1), [(0, None)]),
])
def test_split(frames, chunk, window, expected):
    assert split(Probe(frames, window), chunk) == expected


def test_fingerprints(small):
    """Same files and settings, same fingerprint, whatever the number of threads."""
    a = make_settings("vmaf_v0.6.1", ())
    prints = [probe(small[0], a), probe(small[0], Settings(a.models, a.features, threads=3)), probe(small[1], a),
              probe(small[0], make_settings("vmaf_v0.6.1neg", ())), probe(small[0], make_settings("vmaf_v0.6.1", ["psnr"])),
              probe(small[0], make_settings("vmaf_v0.6.1", (), subsample=2))]
    assert prints[0].fingerprint == prints[1].fingerprint
    assert len({p.fingerprint for p in prints[1:]}) == 5


def test_a_probe_says_what_is_wrong(small):
    settings = make_settings("vmaf_v0.6.1", ())
    assert "No such file" in probe(Job("/none.y4m", small[0].paths[1], "x"), settings).error
    raw = vmaf.RawVideo(small[0].paths[0], 0, 96)
    assert "0x96" in probe(Job(raw, raw, "x"), settings).error
