"""Bad usage of the filters: a line that says what is wrong, and an end with an error where the filter lets it."""
import pytest

import ffmpeg
import synth
from ffmpeg import NULL, filter_text, log_of

# [options, what stderr says]
REFUSED = {
    "unknown model": ({"model": "version=nosuch"}, "no model nosuch"),
    "model file missing": ({"model": "path=/nosuch/m.json"}, "/nosuch/m.json: No such file"),
    "model file broken": ({"model": "path=/dev/null"}, "/dev/null"),
    "unknown option of a model's feature": ({"model": [{"version": "vmaf_v0.6.1", "motion.nosuch": 1}]},
                                            "motion has no option 'nosuch'"),
    "unknown feature": ({"feature": "name=nosuch"}, "no feature extractor 'nosuch'"),
    "feature without name": ({"feature": "psnr"}, "could not parse feature config"),
    "unknown option of a feature": ({"feature": [{"name": "psnr", "nosuch": 1}]}, "psnr has no option 'nosuch'"),
    "bad value of a feature's option": ({"feature": [{"name": "psnr", "min_sse": "x"}]}, "min_sse"),
    "no subsampling step": ({"n_subsample": 0}, "n_subsample"),
    "threads below 0": ({"n_threads": -1}, "n_threads"),
}


@pytest.mark.parametrize("options, says", REFUSED.values(), ids=REFUSED)
def test_refused(clip, options, says):
    p = ffmpeg.run(*clip.inputs, "-lavfi", "[0:v][1:v]" + filter_text("libvmaf", options), *NULL)
    assert p.returncode != 0
    assert says in p.stderr


@pytest.mark.parametrize("path", ["/nosuch/folder/log.xml", "/dev/full"])
def test_log_that_cannot_be_written(clip, path):
    """The filter does not look at the library's result, so ffmpeg ends with 0: the line is all there is."""
    p = ffmpeg.run(*clip.inputs, "-lavfi", "[0:v][1:v]" + filter_text("libvmaf", {"log_path": path}), *NULL)
    assert f"libvmaf ERROR report {path}: cannot write" in p.stderr
    assert len(ffmpeg.scores(p)) == 1


def test_model_without_version_and_path(clip, tmp_path):
    """The filter goes on without a model, asks for its score, and prints what it has; no log is written."""
    log = tmp_path / "log.xml"
    p = ffmpeg.run(*clip.inputs, "-lavfi", "[0:v][1:v]" + filter_text("libvmaf", {"model": "name=x", "log_path": log}),
                   *NULL)
    assert "could not load libvmaf model with config" in p.stderr
    assert "problem getting pooled vmaf score" in p.stderr
    assert not log.exists()


def test_two_models_of_one_name(clip, tmp_path):
    """As with libvmaf, scores are found by name: the first model's are printed twice. The tool refuses this."""
    models = [{"version": "vmaf_v0.6.1"}, {"version": "vmaf_v0.6.1neg"}]
    alone = ffmpeg.scores(log_of(tmp_path, clip.inputs, {})[1])
    log, p = log_of(tmp_path, clip.inputs, {"log_fmt": "json", "model": models})
    repeats = p.stderr.count("Last message repeated 1 times")
    assert ffmpeg.scores(p) + ffmpeg.scores(p) * repeats == alone * 2
    assert log.count('"vmaf"') == 7  # 6 frames and the pooled values


def test_two_sizes(make_clip):
    p = ffmpeg.run("-i", make_clip(64, 48).dis, "-i", make_clip(96, 88).ref, "-lavfi", "[0:v][1:v]libvmaf", *NULL)
    assert p.returncode != 0
    assert "must match" in p.stderr


def test_video_that_breaks_off(clip, tmp_path):
    """What came before is scored and logged."""
    cut = tmp_path / "cut.y4m"
    cut.write_bytes(clip.dis.read_bytes()[:-3000])
    log = tmp_path / "log.json"
    p = ffmpeg.run("-i", cut, "-i", clip.ref, "-lavfi", "[0:v][1:v]" + filter_text("libvmaf", {
        "shortest": 1, "log_fmt": "json", "log_path": log}), *NULL)
    assert len(ffmpeg.scores(p)) == 1
    assert log.read_text().count('"frameNum"') == 5


def test_no_frame(clip, tmp_path):
    log, empty = tmp_path / "log.xml", tmp_path / "empty.y4m"
    empty.write_bytes(synth.y4m_header(192, 176))
    ffmpeg.run("-i", empty, "-i", empty, "-lavfi", "[0:v][1:v]" + filter_text("libvmaf", {"log_path": log}), *NULL)
    assert not log.exists()


def test_quiet(clip):
    p = ffmpeg.run(*clip.inputs, "-lavfi", "[0:v][1:v]" + filter_text("libvmaf", {"log_path": "/nosuch/log"}), *NULL,
                   verbosity="quiet")
    assert p.stderr == ""
