"""One reference against several distorted videos: reports equal those of single runs; what fails, fails alone."""
import os
import pty
import subprocess

import pytest

import synth
from tool import INPUT_ERROR, SETUP_ERROR, TOOL, USAGE_ERROR, VIF, fails, ok, report, run

W, H, FRAMES = 96, 80, 7
MODEL = ["--feature", "psnr", "--feature", "speed_temporal", "--json", "--precision", "max"]


def y4m_clip(frames, bits=8):
    return synth.y4m_bytes(frames, synth.y4m_header(W, H, "420jpeg" if bits == 8 else f"420p{bits}"), bits)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """A reference, three versions of it, and a shorter one."""
    folder = tmp_path_factory.mktemp("several")
    ref, dis = synth.clip(W, H, frames=FRAMES)
    flat = [[[[v // 2 + 32 for v in row] for row in plane] for plane in frame] for frame in dis]
    files = {"ref": ref, "soft": dis, "flat": flat, "same": ref, "short": dis[:3]}
    for name, frames in files.items():
        (folder / f"{name}.y4m").write_bytes(y4m_clip(frames))
    return {name: folder / f"{name}.y4m" for name in files}


def single(tmp_path, ref, dis, *args):
    out = tmp_path / "single.json"
    p = run("-r", ref, "-d", dis, *MODEL, "-o", out, *args)
    data = report(out) if out.exists() else None
    out.unlink(missing_ok=True)
    return p.returncode, without_rate(data)


def without_rate(data):
    return data and {key: value for key, value in data.items() if key != "fps"}


def distorted(videos, *names):
    return [a for n in names for a in ("-d", videos[n])]


@pytest.mark.parametrize("threads", [0, 1, 2, 4, 7])
def test_reports_equal_those_of_single_runs(videos, tmp_path, threads):
    names = ["soft", "flat", "same"]
    ok("-r", videos["ref"], *distorted(videos, *names), *MODEL, "-o", tmp_path / "{name}.json", "--threads", threads)
    for name in names:
        want = single(tmp_path, videos["ref"], videos[name])
        assert (0, without_rate(report(tmp_path / f"{name}.json"))) == want
        assert len(want[1]["frames"]) == FRAMES


@pytest.mark.parametrize("options", [["--subsample", 3], ["--frame_cnt", 4], ["--frame_skip_ref", 2],
                                     ["--frame_skip_dist", 1, "--frame_skip_ref", 1],
                                     ["-m", "version=vmaf_v0.6.1neg:name=neg", "-m", "version=vmaf_b_v0.6.3:name=b"],
                                     ["--feature", "motion=debug=true", "--feature", "vif=debug=true"]])
def test_options_hold_for_each(videos, tmp_path, options):
    names = ["flat", "soft"]
    p = run("-r", videos["ref"], *distorted(videos, *names), *MODEL, *options, "-o", tmp_path / "{name}.json")
    assert p.returncode == 0
    for name in names:
        assert (0, without_rate(report(tmp_path / f"{name}.json"))) == single(tmp_path, videos["ref"], videos[name],
                                                                              *options)


def test_names_of_reports(videos, tmp_path):
    both = ["-r", videos["ref"], *distorted(videos, "soft", "flat"), *VIF, "--csv"]
    ok(*both, "-o", tmp_path / "a.csv", "-o", tmp_path / "b.csv")
    ok(*both, "-o", tmp_path / "{number}-{name}-{name}.csv")
    ok(*both)
    assert sorted(os.listdir(tmp_path)) == ["1-soft-soft.csv", "2-flat-flat.csv", "a.csv", "b.csv"]
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "1-soft-soft.csv").read_bytes()
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "2-flat-flat.csv").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() != (tmp_path / "b.csv").read_bytes()


def test_names_without_extension(videos, tmp_path):
    for name in ("plain", ".hidden", "two.dots.y4m"):
        (tmp_path / name).write_bytes(videos["soft"].read_bytes())
        ok("-r", videos["ref"], "-d", tmp_path / name, *VIF, "-o", tmp_path / "o-{name}")
    assert {"o-plain", "o-.hidden", "o-two.dots"} <= set(os.listdir(tmp_path))


def test_one_video_the_last_output_wins(videos, tmp_path):
    ok("-r", videos["ref"], "-d", videos["soft"], *VIF, "-o", tmp_path / "a", "-o", tmp_path / "b")
    assert os.listdir(tmp_path) == ["b"]


def test_outputs_that_do_not_fit(videos, tmp_path):
    args = ["-r", videos["ref"], *distorted(videos, "soft", "flat", "same"), *VIF]
    for outputs in (["a"], ["a", "b"], ["{name}", "b"], ["a", "b", "c", "d"]):
        fails(USAGE_ERROR, *args, *[a for o in outputs for a in ("-o", tmp_path / o)], says=["--output", "{name}"])
    fails(USAGE_ERROR, "-r", videos["ref"], *distorted(videos, *["soft"] * 65), *VIF, says="64")
    assert not os.listdir(tmp_path)


def test_two_reports_in_one_file(videos, tmp_path):
    """The first keeps it; the second is not scored."""
    out = tmp_path / "o.json"
    fails(SETUP_ERROR, "-r", videos["ref"], *distorted(videos, "soft", "flat"), *MODEL, "-o", out, "-o", out,
          says=[str(out), str(videos["soft"]), str(videos["flat"]), "both"])
    assert (0, without_rate(report(out))) == single(tmp_path, videos["ref"], videos["soft"])


def test_no_report_over_an_input(videos, tmp_path):
    before = {name: path.read_bytes() for name, path in videos.items()}
    for victim in ("ref", "soft", "flat"):
        fails(SETUP_ERROR, "-r", videos["ref"], *distorted(videos, "soft", "flat"), *VIF, "-o", tmp_path / "o", "-o",
              videos[victim], says="one of the inputs")
    assert {name: path.read_bytes() for name, path in videos.items()} == before


# --- what fails, fails alone ------------------------------------------------------------------------------------


def test_shorter_video_ends_alone(videos, tmp_path):
    names = ["soft", "short", "flat"]
    p = run("-r", videos["ref"], *distorted(videos, *names), *MODEL, "-o", tmp_path / "{name}.json")
    assert p.returncode == 0
    assert p.stderr.splitlines() == [
        f"vmaf: {videos['short']} ended before {videos['ref']}: 3 pairs of frames were compared"]
    for name in names:
        assert (0, without_rate(report(tmp_path / f"{name}.json"))) == single(tmp_path, videos["ref"], videos[name])


def test_shorter_reference_ends_all(videos, tmp_path):
    p = run("-r", videos["short"], *distorted(videos, "soft", "flat"), *MODEL, "-o", tmp_path / "{name}.json")
    assert p.returncode == 0 and p.stderr.count(f"{videos['short']} ended before") == 2
    for name in ("soft", "flat"):
        assert len(report(tmp_path / f"{name}.json")["frames"]) == 3


def bad_video(folder, how):
    ref, dis = synth.clip(W, H, frames=FRAMES)
    data = y4m_clip(dis)
    frame = (len(data) - data.index(b"FRAME")) // FRAMES
    path = folder / "bad.y4m"
    if how != "missing":
        path.write_bytes({"broken": data[:-3 * frame + 100], "empty": b"", "no frames": data[:data.index(b"FRAME")],
                          "size": data.replace(b"W96", b"W64", 1), "framing": data[:-2 * frame] + b"X" * 2 * frame,
                          "first frame": data[:data.index(b"FRAME") + 100]}[how])
    return path


@pytest.mark.parametrize("threads", [0, 3])
@pytest.mark.parametrize("how,code,frames", [("broken", INPUT_ERROR, 4), ("framing", INPUT_ERROR, 5),
                                             ("first frame", INPUT_ERROR, 0), ("no frames", INPUT_ERROR, 0),
                                             ("empty", SETUP_ERROR, 0), ("size", SETUP_ERROR, 0),
                                             ("missing", SETUP_ERROR, 0)])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_bad_video_fails_alone(videos, tmp_path, how, code, frames, place, threads):
    bad = bad_video(tmp_path, how)
    paths = [videos["soft"], videos["flat"]]
    paths.insert(place, bad)
    p = fails(code, "-r", videos["ref"], *[a for path in paths for a in ("-d", path)], *MODEL, "-o",
              tmp_path / "{name}.json", "--threads", threads, says=str(bad))
    assert str(videos["soft"]) not in p.stderr and str(videos["flat"]) not in p.stderr.replace(
        f"{bad} ended before", "")
    for name in ("soft", "flat"):
        assert (0, without_rate(report(tmp_path / f"{name}.json"))) == single(tmp_path, videos["ref"], videos[name])
    assert (tmp_path / "bad.json").exists() == (frames > 0)
    if frames:
        assert len(report(tmp_path / "bad.json")["frames"]) == frames


def test_first_failure_decides_the_status(videos, tmp_path):
    broken = bad_video(tmp_path, "broken")
    for paths, code in (((broken, "/none"), INPUT_ERROR), (("/none", broken), SETUP_ERROR)):
        fails(code, "-r", videos["ref"], "-d", videos["soft"], *[a for p in paths for a in ("-d", p)], *VIF,
              says=["/none", str(broken)])


def test_all_fail(videos, tmp_path):
    fails(SETUP_ERROR, "-r", videos["ref"], "-d", "/none1", "-d", "/none2", "-o", tmp_path / "{number}",
          says=["/none1", "/none2"])
    assert not os.listdir(tmp_path)


def test_broken_reference_ends_all(videos, tmp_path):
    ref, _ = synth.clip(W, H, frames=FRAMES)
    bad = tmp_path / "bad.y4m"
    bad.write_bytes(y4m_clip(ref)[:-100])
    p = fails(INPUT_ERROR, "-r", bad, *distorted(videos, "soft", "flat"), *VIF, "--json", "-o",
              tmp_path / "{name}.json")
    assert p.stderr.count("frame 6 of") == 1
    for name in ("soft", "flat"):
        assert len(report(tmp_path / f"{name}.json")["frames"]) == FRAMES - 1


def test_report_that_cannot_be_written_fails_alone(videos, tmp_path):
    out = tmp_path / "o.json"
    for bad, says in (("/dev/full", "No space"), (tmp_path / "none" / "o", "No such file")):
        fails(SETUP_ERROR, "-r", videos["ref"], *distorted(videos, "soft", "flat"), *MODEL, "-o", bad, "-o", out,
              says=[str(bad), says])
        assert (0, without_rate(report(out))) == single(tmp_path, videos["ref"], videos["flat"])


def test_unknown_feature_is_said_once(videos, tmp_path):
    p = fails(SETUP_ERROR, "-r", videos["ref"], *distorted(videos, "soft", "flat"), "--feature", "no_such", "-o",
              tmp_path / "{name}")
    assert p.stderr.count("cannot use feature no_such") == 1 and not os.listdir(tmp_path)


def test_depths(videos, tmp_path):
    """Depths that may differ from the reference's must agree among the distorted videos."""
    _, deep = synth.clip(W, H, bits=10, frames=FRAMES)
    (tmp_path / "deep.y4m").write_bytes(y4m_clip(deep, 10))
    # Pictures of 96x80 are too small for float_ms_ssim: only that all are read alike is of interest.
    args = ["-r", videos["ref"], "--aom_ctc", "v6.0", "-o", tmp_path / "{name}.json"]
    p = run(*args, "-d", tmp_path / "deep.y4m", "-d", videos["soft"])
    assert p.returncode >= 200 and f"{videos['soft']} is not scored" in p.stderr and "depth" in p.stderr
    p = run(*args, "-d", tmp_path / "deep.y4m", "-d", tmp_path / "deep.y4m")
    assert "is not scored" not in p.stderr


def test_scores_on_a_terminal_name_the_video(videos):
    ours, theirs = pty.openpty()
    with subprocess.Popen([TOOL, "-r", videos["ref"], *distorted(videos, "soft", "short")], stderr=theirs) as p:
        os.close(theirs)
        text = b""
        while True:
            try:
                text += os.read(ours, 65536) or b""
            except OSError:
                break
    os.close(ours)
    assert p.returncode == 0
    lines = text.decode().split("\r\n")
    for name in ("soft", "short"):
        assert sum(line.startswith(f"{videos[name]}: vmaf_v0.6.1: ") for line in lines) == 1
