"""Results while running: --ndjson, and reports on standard output."""
import json
import os
import subprocess

import pytest

import synth
from tool import INPUT_ERROR, SETUP_ERROR, TOOL, USAGE_ERROR, VIF, fails, ok, report, run

W, H = 64, 48


def clip_files(pair, frames=9):
    ref, dis = synth.clip(W, H, frames=frames)
    header = synth.y4m_header(W, H)
    return pair(synth.y4m_bytes(ref, header), synth.y4m_bytes(dis, header))


def lines_of(text):
    """The frames and the last line."""
    lines = [json.loads(line) for line in text.splitlines()]
    assert text.endswith("}\n") and "pooled_metrics" in lines[-1]
    return lines[:-1], lines[-1]


def spawn(*args, **kwargs):
    return subprocess.Popen([TOOL, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs)


@pytest.mark.parametrize("args", [
    [], VIF, ["--feature", "psnr=enable_apsnr=true", "--statistics", "p50"], ["--subsample", 4], ["--threads", 0],
    ["--threads", 8, "--precision", "max"], ["-m", "version=vmaf_b_v0.6.3", "--frame_cnt", 4],
    ["-m", "version=vmaf_v0.6.1", "-m", 'version=vmaf_v0.6.1neg:name=a"b\\'],
])
def test_lines_say_what_the_report_says(pair, tmp_path, args):
    files = clip_files(pair)
    ok(*files.args, *args, "--json", "-o", tmp_path / "o.json")
    ok(*files.args, *args, "--ndjson", "-o", tmp_path / "o.ndjson")
    text = (tmp_path / "o.ndjson").read_text()
    frames, last = lines_of(text)
    want = report(tmp_path / "o.json")
    assert frames == want["frames"]
    for key in ("version", "pooled_metrics", "aggregate_metrics"):
        assert last[key] == want[key]
    assert last["fps"] > 0 and list(last["pooled_metrics"]) == list(want["pooled_metrics"])
    # The numbers are the same text, too.
    numbers = {t.split(":")[-1].strip(" ,\n") for t in (tmp_path / "o.json").read_text().splitlines()}
    for line in text.splitlines()[:-1]:
        for cell in line[line.index('"metrics":{') + 11:].rstrip("}").split(","):
            assert cell.split(":")[-1] in numbers


def test_lines_do_not_change_a_report(pair, tmp_path):
    """Two videos, one with lines and one without: the callback has no influence on columns or values."""
    files = clip_files(pair)
    ok(*files.args, "--csv", "-o", tmp_path / "a.csv")
    frames, _ = lines_of(run(*files.args, "--ndjson", "-o", "-").stdout)
    header = (tmp_path / "a.csv").read_text().splitlines()[0]
    assert header == "Frame," + "".join(n + "," for n in frames[0]["metrics"])


def test_the_last_format_wins(pair):
    files = clip_files(pair, 2)
    assert run(*files.args, *VIF, "--ndjson", "--csv", "-o", "-").stdout.startswith("Frame,")
    assert run(*files.args, *VIF, "--csv", "--ndjson", "-o", "-").stdout.startswith('{"frameNum":0,"metrics":{')


def test_a_line_comes_when_its_frame_is_final(pair, tmp_path):
    """The default model looks one frame ahead: with k frames read, k - 1 lines can be read."""
    files = clip_files(pair)
    data, header = files.dis.read_bytes(), synth.y4m_header(W, H)
    size = (len(data) - len(header)) // 9
    with spawn("-r", files.ref, "-d", "/dev/stdin", "--threads", 0, "--ndjson", "-o", "-", stdin=subprocess.PIPE) as p:
        p.stdin.write(header)
        for i in range(9):
            p.stdin.write(data[len(header) + i * size:][:size])
            p.stdin.flush()
            if i:
                line = json.loads(p.stdout.readline())  # would wait for ever if lines came at the end
                assert line["frameNum"] == i - 1 and "vmaf" in line["metrics"]
        p.stdin.close()
        frames, last = lines_of(p.stdout.read().decode())
        assert [f["frameNum"] for f in frames] == [8] and last["pooled_metrics"]["vmaf"]["mean"] > 0
        assert p.wait() == 0 and p.stderr.read() == b""


def test_a_reader_that_goes_ends_the_run(pair, tmp_path):
    """The reference goes on for ever; that the program ends shows that it stopped."""
    files = clip_files(pair)
    header = synth.y4m_header(W, H)
    frame = files.ref.read_bytes()[len(header):][:W * H * 3 // 2 + 6]
    with spawn("-r", "/dev/stdin", "-d", files.dis, *VIF, "--threads", 2, "--ndjson", "-o", "-",
               stdin=subprocess.PIPE) as p:
        p.stdin.write(header + frame)
        p.stdin.flush()
        p.stdout.readline()
        p.stdout.close()
        try:
            for _ in range(8):
                p.stdin.write(frame)
                p.stdin.flush()
        except BrokenPipeError:
            pass
        try:
            p.stdin.close()
        except BrokenPipeError:
            pass
        p.stdin = None
        assert p.wait(60) == SETUP_ERROR
        text = p.stderr.read().decode()
        assert "cannot write output standard output: Broken pipe" in text


def test_a_lost_output_loses_nothing_else(pair, tmp_path):
    files = clip_files(pair)
    p = fails(SETUP_ERROR, "-r", files.ref, "-d", files.dis, "-d", files.dis, *VIF, "--ndjson", "-o", "/dev/full", "-o",
              tmp_path / "b", says="cannot write output /dev/full: No space left")
    assert len(p.stderr.splitlines()) == 1
    frames, _ = lines_of((tmp_path / "b").read_text())
    assert len(frames) == 9


def test_input_that_breaks_off(pair, tmp_path):
    files = clip_files(pair)
    files.dis.write_bytes(files.dis.read_bytes()[:-1])
    fails(INPUT_ERROR, *files.args, "--ndjson", "-o", tmp_path / "o", says="frame 8 of")
    frames, last = lines_of((tmp_path / "o").read_text())
    assert [f["frameNum"] for f in frames] == list(range(8)) and last["pooled_metrics"]["vmaf"]["mean"] > 0


def test_nothing_scored_leaves_an_older_file_alone(pair, tmp_path):
    files = clip_files(pair)
    out = tmp_path / "o"
    out.write_text("older")
    fails(INPUT_ERROR, *files.args, "--frame_skip_ref", 20, "--ndjson", "-o", out)
    assert out.read_text() == "older"


@pytest.mark.parametrize("form", ["xml", "json", "csv", "sub"])
def test_a_minus_is_standard_output(pair, tmp_path, form):
    files = clip_files(pair)
    ok(*files.args, *VIF, f"--{form}", "-o", tmp_path / "o")
    p = run(*files.args, *VIF, f"--{form}", "-o", "-")
    assert p.returncode == 0 and p.stderr == "" and not os.path.exists("-")
    def without_fps(text):
        return [line for line in text.splitlines() if "fps" not in line]
    assert without_fps(p.stdout) == without_fps((tmp_path / "o").read_text())


def test_standard_output_is_appended_to(pair, tmp_path):
    files = clip_files(pair)
    out = tmp_path / "o"
    out.write_text("before\n")
    with open(out, "a") as f:
        subprocess.run([TOOL, *map(str, files.args), *VIF, "--csv", "-o", "-"], stdout=f, check=True)
        subprocess.run([TOOL, *map(str, files.args), *VIF, "--ndjson", "-o", "-"], stdout=f, check=True)
    lines = out.read_text().splitlines()
    assert lines[0] == "before" and lines[1].startswith("Frame,") and lines[11].startswith('{"frameNum":0')


def test_standard_output_that_is_full_or_closed(pair):
    files = clip_files(pair)
    for form in ("--csv", "--ndjson"):
        for to, code in ((open("/dev/full", "w"), SETUP_ERROR), (None, SETUP_ERROR)):
            p = subprocess.run([TOOL, *map(str, files.args), *VIF, form, "-o", "-"], stdout=to, stderr=subprocess.PIPE,
                               preexec_fn=None if to else lambda: os.close(1), check=False)
            assert p.returncode == code and b"cannot write output standard output" in p.stderr
            if to:
                to.close()


def test_two_reports_on_standard_output_are_refused(pair):
    files = clip_files(pair)
    p = run("-r", files.ref, "-d", files.dis, "-d", files.ref, *VIF, "-o", "-", "-o", "-")
    assert p.returncode == SETUP_ERROR and "would both be standard output" in p.stderr


def test_no_value_after_ndjson(pair):
    files = clip_files(pair)
    fails(USAGE_ERROR, *files.args, "--ndjson=x")
