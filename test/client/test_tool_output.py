"""Reports, exit codes, what is printed where, presets, small pictures (spec: cli-and-output 1.5, 2, 4 to 10)."""
import json
import os
import pty
import re
import subprocess
import xml.etree.ElementTree

import pytest

import synth
from tool import (INPUT_ERROR, SETUP_ERROR, TOOL, USAGE_ERROR, VIF, column, fails, known_features, ok, report, run)

METHODS = ["min", "max", "mean", "harmonic_mean"]


def test_all_formats_say_the_same(y4m, tmp_path):
    for f in ("xml", "json", "csv", "sub"):
        ok(*y4m.args, "-o", tmp_path / f, f"--{f}")
    data = report(tmp_path / "json")
    names = list(data["pooled_metrics"])
    assert names[-1] == "vmaf" and len(data["frames"]) == 3 and data["version"] == "3.2.0" and data["fps"] > 0

    root = xml.etree.ElementTree.parse(tmp_path / "xml").getroot()
    assert root.tag == "VMAF" and root.attrib == {"version": "3.2.0"}
    assert root.find("params").attrib == {"qualityWidth": "64", "qualityHeight": "48"}
    assert re.fullmatch(r"\d+\.\d\d", root.find("fyi").attrib["fps"])
    for frame, want in zip(root.find("frames"), data["frames"]):
        got = dict(frame.attrib)
        assert int(got.pop("frameNum")) == want["frameNum"]
        assert {k: float(v) for k, v in got.items()} == want["metrics"] and list(got) == list(want["metrics"])
    for metric in root.find("pooled_metrics"):
        got = dict(metric.attrib)
        assert {m: float(got[m]) for m in METHODS} == data["pooled_metrics"][got["name"]]
    assert {k: float(v) for k, v in root.find("aggregate_metrics").attrib.items()} == data["aggregate_metrics"]

    lines = (tmp_path / "csv").read_text().split("\n")
    assert lines[0] == "Frame," + "".join(n + "," for n in names) and lines[-1] == ""
    for i, line in enumerate(lines[1:-1]):
        cells = line.split(",")
        assert cells[0] == str(i) and cells[-1] == ""
        assert [float(c) for c in cells[1:-1]] == [data["frames"][i]["metrics"][n] for n in names]

    for i, line in enumerate((tmp_path / "sub").read_text().splitlines()):
        head, *cells = line.split("|")
        assert head == f"{{{i}}}{{{i + 1}}}frame: {i}" and cells.pop() == ""
        got = {k: float(v) for k, v in (c.split(": ") for c in cells)}
        assert got == data["frames"][i]["metrics"]


def test_pooling(y4m, tmp_path):
    ok(*y4m.args, "-o", tmp_path / "o", "--json", "--precision", "max")
    data = report(tmp_path / "o")
    for name, pooled in data["pooled_metrics"].items():
        values = column(data, name)
        assert pooled["min"] == min(values) and pooled["max"] == max(values)
        assert pooled["mean"] == pytest.approx(sum(values) / 3, rel=1e-14)
        assert pooled["harmonic_mean"] == pytest.approx(3 / sum(1 / (v + 1) for v in values) - 1, rel=1e-12)


def test_precision(y4m, tmp_path):
    def texts(*args):
        ok(*y4m.args, *VIF, "--csv", "-o", tmp_path / "o", *args)
        return [c for line in (tmp_path / "o").read_text().splitlines()[1:] for c in line.split(",")[1:-1]]

    exact = [float(t) for t in texts("--precision", "max")]
    assert texts() == [f"{v:.6f}" for v in exact]
    for digits in (0, 3, 17):
        assert texts("--precision", digits) == [f"{v:.{digits}f}" for v in exact]
    assert texts("--precision", "max") == [repr(v).removesuffix(".0") for v in exact]


def test_threads_change_neither_scores_nor_order(pair, tmp_path):
    ref, dis = synth.clip(64, 48, frames=9)
    header = synth.y4m_header(64, 48)
    files = pair(synth.y4m_bytes(ref, header), synth.y4m_bytes(dis, header))
    frames = []
    for threads in (["--threads", 0], ["--threads", 1], ["--threads", 2], ["--threads", 5], []):
        ok(*files.args, "--feature", "vif=vif_enhn_gain_limit=1.0", *threads, "--json", "--precision", "max", "-o",
           tmp_path / "o")
        data = report(tmp_path / "o")
        del data["fps"]
        frames.append(json.dumps(data))
    assert len(set(frames)) == 1


def test_subsample(pair, tmp_path):
    ref, dis = synth.clip(64, 48, frames=9)
    header = synth.y4m_header(64, 48)
    files = pair(synth.y4m_bytes(ref, header), synth.y4m_bytes(dis, header))
    ok(*files.args, "--json", "--precision", "max", "-o", tmp_path / "all")
    every = report(tmp_path / "all")
    for n in (0, 1, 2, 4, 100):
        ok(*files.args, "--subsample", n, "--json", "--precision", "max", "-o", tmp_path / "some")
        data = report(tmp_path / "some")
        kept = [f for f in every["frames"] if f["frameNum"] % max(n, 1) == 0]
        assert data["frames"] == kept
        scores = [f["metrics"]["vmaf"] for f in kept]
        assert data["pooled_metrics"]["vmaf"]["min"] == min(scores)
        assert data["pooled_metrics"]["vmaf"]["mean"] == pytest.approx(sum(scores) / len(scores), rel=1e-14)


PSNR = ["psnr_y", "psnr_cb", "psnr_cr"]
HVS = ["psnr_hvs_y", "psnr_hvs_cb", "psnr_hvs_cr", "psnr_hvs"]
COLUMNS = {"psnr": PSNR, "ciede": ["ciede2000"], "float_ssim": ["float_ssim"], "float_ms_ssim": ["float_ms_ssim"],
           "psnr_hvs": HVS, "cambi": ["cambi"]}
AOM = ["psnr", "ciede", "float_ssim", "float_ms_ssim", "psnr_hvs"]


@pytest.mark.parametrize("preset,features", [
    (["--aom_ctc", "v1.0"], AOM), (["--aom_ctc", "v2.0"], AOM), (["--aom_ctc", "v3.0"], AOM + ["cambi"]),
    (["--aom_ctc", "v4.0"], AOM + ["cambi"]), (["--aom_ctc", "v5.0"], AOM + ["cambi"]),
    (["--aom_ctc", "v6.0"], AOM + ["cambi"]), (["--aom_ctc", "v7.0"], AOM + ["cambi"]),
    (["--nflx_ctc", "v1.0"], ["psnr", "float_ssim", "cambi"])])
def test_presets(pair, tmp_path, preset, features):
    """A build without one of the features names it and stops."""
    files = pair(*(synth.y4m_bytes(c, synth.y4m_header(256, 192)) for c in synth.clip(256, 192, frames=1)))
    args = [*files.args, *preset, "--json", "-o", tmp_path / "o"]
    unknown = [f for f in features if f not in known_features()]
    if unknown:
        fails(SETUP_ERROR, *args, says=f"feature {unknown[0]}:")
        return
    ok(*args)
    data = report(tmp_path / "o")
    names = list(data["pooled_metrics"])
    extra = [c for f in features for c in COLUMNS[f]]
    assert [n for n in names if n in extra] == extra and names[-2:] == ["vmaf", "vmaf_neg"]
    assert "integer_vif_scale0_egl_1" in names and "integer_adm2_egl_1" in names
    assert list(data["aggregate_metrics"]) == ["apsnr_y", "apsnr_cb", "apsnr_cr"]
    assert 0 < data["pooled_metrics"]["vmaf_neg"]["mean"] <= data["pooled_metrics"]["vmaf"]["mean"]


def test_depths_may_differ_under_aom_v6_and_v7_only(pair):
    """The check of the inputs comes before that of the features."""
    files = pair(synth.y4m_bytes(synth.clip(64, 48)[0], synth.y4m_header(64, 48)),
                 synth.y4m_bytes(synth.clip(64, 48, bits=10)[1], synth.y4m_header(64, 48, "420p10"), 10))
    for version in range(1, 6):
        fails(SETUP_ERROR, *files.args, "--aom_ctc", f"v{version}.0", says="depths")
    for version in (6, 7):
        assert "bit depths" not in run(*files.args, "--aom_ctc", f"v{version}.0").stderr


# --- the output file --------------------------------------------------------------------------------------------


def test_report_to_standard_output(y4m):
    with subprocess.Popen([TOOL, *y4m.args, *VIF, "--csv", "-o", "/dev/stdout"], stdout=subprocess.PIPE,
                          text=True) as p:
        text = p.stdout.read()
    assert p.returncode == 0 and len(text.splitlines()) == 4


def test_report_over_a_longer_file(y4m, tmp_path):
    out = tmp_path / "o.csv"
    out.write_text("x" * 100000)
    ok(*y4m.args, *VIF, "--csv", "-o", out)
    assert out.read_text().startswith("Frame,integer_vif_scale0,") and "x" not in out.read_text()


def test_output_through_a_link_to_nothing_yet(y4m, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    ok(*y4m.args, *VIF, "--csv", "-o", tmp_path / "link")
    assert (tmp_path / "target").read_text().startswith("Frame,")


@pytest.mark.parametrize("where", ["no_such_folder/o.xml", ".", "file/o.xml", ""])
def test_output_that_cannot_be_created(y4m, tmp_path, where):
    (tmp_path / "file").write_text("not a folder")
    before = sorted(os.listdir(tmp_path))
    path = f"{tmp_path}/{where}" if where else ""
    p = fails(SETUP_ERROR, *y4m.args, "-o", path, says=["output", path])
    assert len(p.stderr.splitlines()) == 1
    assert sorted(os.listdir(tmp_path)) == before


def test_output_that_fills_the_disk(y4m):
    for f in ("--xml", "--json", "--csv", "--sub"):
        fails(SETUP_ERROR, *y4m.args, *VIF, f, "-o", "/dev/full", says=["/dev/full", "No space left"])


def test_output_whose_reader_has_gone(y4m):
    read_end, write_end = os.pipe()
    os.close(read_end)
    p = subprocess.run([TOOL, *y4m.args, *VIF, "-o", f"/dev/fd/{write_end}"], pass_fds=[write_end],
                       stderr=subprocess.PIPE, check=False)
    os.close(write_end)
    assert p.returncode == SETUP_ERROR and b"Broken pipe" in p.stderr


def test_failed_runs_leave_an_older_report_alone(y4m, tmp_path):
    out = tmp_path / "o.xml"
    out.write_text("older")
    fails(SETUP_ERROR, *y4m.args, "-m", "version=no_such", "-o", out)
    fails(SETUP_ERROR, *y4m.args, "--feature", "no_such", "-o", out)
    fails(INPUT_ERROR, *y4m.args, "--frame_skip_ref", 9, "-o", out)
    fails(USAGE_ERROR, *y4m.args, "--threads", "x", "-o", out)
    assert out.read_text() == "older"


def test_input_is_not_overwritten(pair, tmp_path):
    ref, dis = (synth.y4m_bytes(c, synth.y4m_header(34, 17)) for c in synth.clip(34, 17))
    files = pair(ref, dis)
    (tmp_path / "link").symlink_to(files.ref)
    for out in (files.ref, files.dis, tmp_path / "link"):
        fails(SETUP_ERROR, *files.args, *VIF, "-o", out, says="one of the inputs")
    assert files.ref.read_bytes() == ref and files.dis.read_bytes() == dis


# --- small pictures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("w,h", [(1, 1), (2, 2), (7, 5), (16, 16), (15, 40), (40, 15)])
def test_small_pictures_score_or_say_why_not(pair, tmp_path, w, h, threads):
    ref, dis = synth.clip(w, h)
    header = synth.y4m_header(w, h)
    files = pair(synth.y4m_bytes(ref, header), synth.y4m_bytes(dis, header))
    for args in ([], VIF, ["-n", "--feature", "motion"],
                 ["-n", "--feature", "adm"]):
        out = tmp_path / "o.json"
        p = run(*files.args, "--threads", threads, *args, "--json", "-o", out)
        if p.returncode == 0:
            assert p.stderr == "" and len(report(out)["frames"]) == 3
            out.unlink()
        else:
            assert p.returncode == INPUT_ERROR and f"{w}x{h}" in p.stderr and not out.exists(), p.stderr


# --- the terminal -----------------------------------------------------------------------------------------------


def on_terminal(*args):
    """Runs the tool with stderr on a pseudo-terminal; (exit code, stderr, stdout)."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([TOOL, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=theirs) as p:
        os.close(theirs)
        text = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            text += piece
        os.close(ours)
        stdout = p.stdout.read()
    return p.returncode, text.decode(), stdout.decode()


PROGRESS = re.compile(r"\r(\d+) frame(s| ) \S \d+\.\d\d FPS(, (\d+:)?\d+:\d\d left)?\x1b\[K")


def test_progress_and_summary(y4m, tmp_path):
    out = tmp_path / "o.json"
    code, text, stdout = on_terminal(*y4m.args, "-o", out, "--json")
    assert code == 0 and stdout == ""
    assert text.startswith("VMAF version 3.2.0")
    drawn = [int(m[1]) for m in PROGRESS.finditer(text)]
    assert drawn[0] == 1 and drawn[-1] == 3 and sorted(drawn) == drawn
    score = f"{report(out)['pooled_metrics']['vmaf']['mean']:.6f}"
    assert text.endswith(f"\x1b[K\r\nvmaf_v0.6.1: {score}\r\n")


def test_summary_labels(y4m, tmp_path):
    _, text, _ = on_terminal(*y4m.args, "-m", "version=vmaf_v0.6.1:name=other")
    assert re.search(r"\r\nvmaf_v0\.6\.1: \d+\.\d{6}\r\n$", text)


def test_summary_of_a_collection(y4m):
    _, text, _ = on_terminal(*y4m.args, "-m", "version=vmaf_b_v0.6.3")
    number = r"-?\d+\.\d{6}"
    assert re.search(rf"\r\nvmaf_b_v0\.6\.3: {number}\r\n"
                     rf"vmaf_b_v0\.6\.3: {number}, ci\.p95: \[{number}, {number}\], stddev: {number}\r\n$", text)


def test_quiet_on_a_terminal(y4m, tmp_path):
    assert on_terminal(*y4m.args, "-q", "-o", tmp_path / "o") == (0, "", "")
    code, text, _ = on_terminal(*y4m.args, "-q")
    assert code == 0 and re.fullmatch(r"vmaf_v0\.6\.1: \d+\.\d{6}\r\n", text)


def test_no_scores_on_a_terminal_without_prediction(y4m):
    code, text, _ = on_terminal(*y4m.args, *VIF)
    assert code == 0 and text.endswith("\x1b[K\r\n")


def test_errors_on_a_terminal_stand_on_their_own_line(pair):
    ref, dis = (synth.y4m_bytes(c, synth.y4m_header(34, 17)) for c in synth.clip(34, 17))
    files = pair(ref, dis[:-1])
    code, text, _ = on_terminal(*files.args, *VIF)
    assert code == INPUT_ERROR
    lines = text.split("\r\n")
    assert any(line.startswith("vmaf: ") and f"frame 2 of {files.dis}" in line for line in lines)
    assert lines[-1] == ""


def test_nothing_is_printed_without_a_terminal(y4m, tmp_path):
    ok(*y4m.args)
    ok(*y4m.args, "-q")
    ok(*y4m.args, "-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg:name=neg", "-o", tmp_path / "o")


def test_statistics_are_added_to_pooled_values(y4m, tmp_path):
    plain, more = tmp_path / "plain.json", tmp_path / "more.json"
    ok(*y4m.args, *VIF, "--json", "-o", plain)
    ok(*y4m.args, *VIF, "--json", "-o", more, "--statistics", "p0,p50,p100,stddev", "--precision", "max")
    pooled = report(more)["pooled_metrics"]["integer_vif_scale0"]
    assert list(pooled) == ["min", "max", "mean", "harmonic_mean", "p0", "p50", "p100", "stddev"]
    assert pooled["p0"] == pooled["min"] and pooled["p100"] == pooled["max"]
    assert list(report(plain)["pooled_metrics"]["integer_vif_scale0"]) == ["min", "max", "mean", "harmonic_mean"]
    fails(USAGE_ERROR, *y4m.args, *VIF, "--statistics", "p5,p500", says="p5,p500")
