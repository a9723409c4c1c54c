"""The report as a page: its text here, what a browser makes of it at the end."""
import html
import json
import os
import re

import pytest

import synth
from browser import CHROMIUM, Browser
from tool import INPUT_ERROR, SETUP_ERROR, USAGE_ERROR, VIF, column, fails, ok, report, run

W, H = 64, 48
if not run("--report", "x").stderr.startswith("vmaf: a reference"):
    pytest.skip("this tool was built without libpng", allow_module_level=True)


def clip_files(pair, frames=9, name="y4m"):
    ref, dis = synth.clip(W, H, frames=frames)
    header = synth.y4m_header(W, H)
    return pair(synth.y4m_bytes(ref, header), synth.y4m_bytes(dis, header), name)


def data_of(text):
    """What the charts are drawn from."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])


def rows_of(text, table):
    """The cells of a table, by the text of their row's head."""
    part = re.search(rf'<table class="{table}">(.*?)</table>', text, re.S)[1]
    rows = re.findall(r'<tr[^>]*><th scope="row">(.*?)</th>(.*?)</tr>', part, re.S)
    return {html.unescape(head): [html.unescape(re.sub("<[^>]*>", " ", c)).strip()
                                  for c in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.S)] for head, cells in rows}


def test_the_page_says_what_the_report_says(pair, tmp_path):
    files = clip_files(pair)
    ok(*files.args, "-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg:name=neg", "--feature",
       "psnr=enable_apsnr=true", "--statistics", "p5,p50,p95,stddev", "--json", "-o", tmp_path / "o.json", "--report",
       tmp_path / "o.html")
    want, text = report(tmp_path / "o.json"), (tmp_path / "o.html").read_text()
    data = data_of(text)
    assert (data["count"], data["step"], data["rate"]) == (9, 1, 25) and data["models"] == ["vmaf", "neg"]
    assert data["columns"][data["headline"]]["name"] == "vmaf"
    assert [c["name"] for c in data["columns"]] == list(want["pooled_metrics"])
    for c in data["columns"]:
        assert c["values"] == pytest.approx(column(want, c["name"]), rel=1e-5, abs=1e-6)
    rows = rows_of(text, "numbers")
    keys = ["mean", "harmonic_mean", "min", "p5", "p50", "p95", "max", "stddev"]
    for name, pooled in want["pooled_metrics"].items():
        for cell, key in zip(rows[name], keys):
            assert float(cell) == pytest.approx(pooled[key], abs=6e-5)
    for name, value in want["aggregate_metrics"].items():
        assert float(rows[name][0]) == pytest.approx(value, abs=6e-5)
    worst = sorted(range(9), key=column(want, "vmaf").__getitem__)[:6]
    assert data["worst"] == worst and text.count("data:image/png;base64,") == 18
    assert f'<p class="figure">{want["pooled_metrics"]["vmaf"]["mean"]:.2f}</p>' in text


def test_settings_are_shown(pair, tmp_path):
    files = clip_files(pair)
    ok(*files.args, "-m", "version=vmaf_v0.6.1:name=x:vif.vif_enhn_gain_limit=1.0:disable_clip", "--feature",
       "float_ssim=enable_db=true", "--subsample", 2, "--frame_skip_ref", 1, "--frame_skip_dist", 1, "--report",
       tmp_path / "o.html")
    text = (tmp_path / "o.html").read_text()
    rows = {k: v[0] for k, v in rows_of(text, "settings").items()}
    assert rows["Reference"].startswith(str(files.ref)) and "64 × 48, 4:2:0, 8 bit, 25 frames/s" in rows["Reference"]
    assert "first 1 frames skipped" in rows["Distorted"]
    assert rows["Frames"] == "4 of 8: those with an index that 2 divides"
    assert re.sub(" +", " ", rows["Model"]) == "vmaf_v0.6.1 as x , disable_clip, vif.vif_enhn_gain_limit=1.0"
    assert rows["Further features"] == "float_ssim=enable_db=true"
    assert "vmaf-turbo" in rows["Made"] and "3.2.0" in rows["Made"]
    data = data_of(text)
    assert data["count"] == 4 and data["step"] == 2 and sorted(data["worst"]) == [0, 2, 4, 6]


def test_equal_runs_give_equal_pages(pair, tmp_path):
    files, pages = clip_files(pair), []
    for threads in (0, 1, 5):
        ok(*files.args, "--threads", threads, "--report", tmp_path / "o", env={"SOURCE_DATE_EPOCH": "86400"})
        pages.append((tmp_path / "o").read_bytes())
    assert pages[0] == pages[1] == pages[2] and b"1970-01-02 00:00:00 UTC" in pages[0]


def test_text_from_outside_is_escaped_and_nothing_is_loaded(pair, tmp_path):
    files = clip_files(pair)
    evil = tmp_path / "<img src=x onerror=alert(1)>&\"'\udcff.y4m"
    os.rename(files.dis, evil)
    name = 'n</script><b>"\\'
    run("-r", files.ref, "-d", evil, "-m", f"version=vmaf_v0.6.1:name={name}".replace("=alert", "alert"), "--report",
        tmp_path / "o")
    text = (tmp_path / "o").read_text()  # valid UTF-8, too
    assert "<img src=x" not in text and "</script><b>" not in text
    assert "&#60;img src=x onerror=alert(1)&#62;&#38;&#34;&#39;\ufffd.y4m" in text
    assert data_of(text)["columns"][-1]["name"] == name
    without_pictures = re.sub(r"data:image/png;base64,[\w+/=]*", "data:", text)
    assert not re.search(r'(src|href)="(?!data:)', without_pictures) and "url(" not in text.split("</style>")[0]
    assert re.findall(r"https?://[^\"']*", without_pictures) == ["http://www.w3.org/2000/svg"]
    assert "default-src 'none'" in text and text.count("<script") == text.count("</script>") == 2


def test_without_a_model_the_first_feature_counts(pair, tmp_path):
    ref, dis = synth.clip(216, 40, frames=4)
    header = synth.y4m_header(216, 40)
    files = pair(synth.y4m_bytes(ref, header), synth.y4m_bytes(dis, header))
    for feature, name, key in (("psnr", "psnr_y", min), ("cambi", "cambi", max)):
        ok(*files.args, "-n", "--feature", feature, "--report", tmp_path / "o")
        data = data_of((tmp_path / "o").read_text())
        values = data["columns"][data["headline"]]["values"]
        assert data["columns"][data["headline"]]["name"] == name and data["models"] == []
        assert values[data["worst"][0]] == key(values)


def test_other_reports_are_not_changed(pair, tmp_path):
    files = clip_files(pair)
    ok(*files.args, "--csv", "-o", tmp_path / "a")
    ok(*files.args, "--csv", "-o", tmp_path / "b", "--report", tmp_path / "o")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_page_for_each_video(pair, tmp_path):
    files = clip_files(pair)
    both = ["-r", files.ref, "-d", files.dis, "-d", files.ref, *VIF]
    ok(*both, "--report", tmp_path / "{name}.html")
    assert "<h1>dis.y4m</h1>" in (tmp_path / "dis.html").read_text()
    assert "<h1>ref.y4m</h1>" in (tmp_path / "ref.html").read_text()
    fails(USAGE_ERROR, *both, "--report", tmp_path / "one.html", says="as many --report")
    fails(SETUP_ERROR, *both, "--report", tmp_path / "x", "--report", tmp_path / "x", says="would both be")
    p = run(*both, "-o", tmp_path / "{number}", "--report", tmp_path / "1", "--report", tmp_path / "2")
    assert p.returncode == SETUP_ERROR and "both reports of" in p.stderr


def test_paths_are_checked_before_scoring(pair, tmp_path):
    files = clip_files(pair)
    fails(SETUP_ERROR, *files.args, *VIF, "--report", files.ref, says="one of the inputs")
    fails(SETUP_ERROR, *files.args, *VIF, "--report", tmp_path / "none" / "x", says="cannot write output")
    fails(SETUP_ERROR, *files.args, *VIF, "--report", "-", "-o", "-", says="would be standard output")
    fails(SETUP_ERROR, *files.args, *VIF, "--report", "/dev/full", says="No space left")
    p = run(*files.args, *VIF, "--report", "-")
    assert p.returncode == 0 and p.stdout.startswith("<!DOCTYPE html>") and p.stdout.endswith("</html>\n")


def test_what_was_scored_is_shown_after_a_failure(pair, tmp_path):
    files = clip_files(pair)
    files.dis.write_bytes(files.dis.read_bytes()[:-1])
    fails(INPUT_ERROR, *files.args, "--report", tmp_path / "a")
    assert data_of((tmp_path / "a").read_text())["count"] == 8
    fails(SETUP_ERROR, *files.args, "--ndjson", "-o", "/dev/full", "--report", tmp_path / "b", says="/dev/full")
    assert 1 <= data_of((tmp_path / "b").read_text())["count"] <= 8
    fails(INPUT_ERROR, *files.args, "--frame_skip_ref", 20, "--report", tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_long_forms_of_reference_still_work(pair):
    files = clip_files(pair)
    for form in ("--r", "--re", "--ref"):
        ok(form, files.ref, "-d", files.dis, *VIF)


@pytest.mark.parametrize("w,h,fmt,bits", [(1, 1, 420, 8), (5, 3, 420, 10), (33, 17, 444, 16), (16, 900, 422, 8)])
def test_pictures_of_any_shape(pair, tmp_path, w, h, fmt, bits):
    ref, dis = synth.clip(w, h, fmt, bits, 2)
    files = pair(synth.raw_bytes(ref, bits), synth.raw_bytes(dis, bits), "yuv")
    ok(*files.args, "-w", w, "-h", h, "-p", fmt, "-b", bits, "-n", "--feature", "psnr", "--report", tmp_path / "o")
    text = (tmp_path / "o").read_text()
    assert text.count("data:image/png;base64,") == 6
    assert f"{w} &times; {h}" in text


# --- in a browser -----------------------------------------------------------------------------------------------


needs_browser = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium")


@pytest.fixture(scope="module")
def browser():
    b = Browser()
    yield b
    b.close()


@pytest.fixture
def page(pair, tmp_path, browser):
    """A page of a clip of 30 frames with two models, opened."""
    files = clip_files(pair, 30)
    ok(*files.args, "-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg:name=neg", "--report",
       tmp_path / "o.html")
    browser.open(tmp_path / "o.html")
    browser.path = tmp_path / "o.html"
    return browser


@needs_browser
def test_charts_tables_and_pictures_are_there(page):
    data = data_of(page.path.read_text())
    assert page.complaints() == [] and page.requests() == ["file://" + str(page.path)]
    assert page.run("document.querySelectorAll('.plot > svg').length") == len(data["columns"]) + 1
    assert page.run("[...document.querySelectorAll('.plot.line')].every(p => p.dataset.points == 30 && p.dataset.drawn"
                    " == 30 && p.querySelector('.curve').getTotalLength() > 50)")
    assert page.run("document.getElementById('histogram').dataset.frames") == "30"
    pictures = page.run("[...document.images].map(i => [i.complete, i.naturalWidth, i.naturalHeight, i.alt])")
    assert len(pictures) == 18 and all(p[:3] == [True, W, H] for p in pictures)
    assert pictures[2][3] == f"Difference, frame {data['worst'][0]}"
    assert page.run("document.querySelectorAll('#main .worst circle').length") == 6
    assert page.run("document.querySelectorAll('table.numbers tbody tr').length") == len(data["columns"])
    assert page.run("document.title") == "dis.y4m \u2013 video quality"


@needs_browser
def test_keys_and_mouse_move_through_the_frames(page):
    data = data_of(page.path.read_text())
    values = data["columns"][data["headline"]]["values"]
    readout = "document.getElementById('readout').textContent"
    page.run("document.getElementById('main').focus()")
    page.key("ArrowRight")
    page.key("ArrowRight")
    assert page.run(readout) == f"frame 1 · 0:00:00.040 · {values[1]:.2f}"
    page.key("End")
    assert page.run(readout).startswith("frame 29 ")
    page.key("Home")
    for index in sorted(i for i in data["worst"] if i):
        page.key("PageDown")
        assert page.run(readout).startswith(f"frame {index} ")
    page.key("+")
    assert int(page.run("document.getElementById('main').dataset.drawn")) < 30
    page.key("0")
    assert page.run("document.getElementById('main').dataset.drawn") == "30"
    page.run("document.querySelectorAll('button[data-frame]')[1].click()")
    assert page.run(readout).startswith(f"frame {data['worst'][1]} ")
    box = page.run("(() => { const b = document.getElementById('main').getBoundingClientRect();"
                   " return [b.left, b.top, b.width, b.height]; })()")
    x, y = box[0] + box[2] * 0.3, box[1] + box[3] / 2
    page.mouse("mouseMoved", x, y)
    page.mouse("mousePressed", x, y, button="left", clickCount=1)
    page.mouse("mouseMoved", x + box[2] * 0.6, y, button="left")
    page.mouse("mouseReleased", x + box[2] * 0.6, y, button="left", clickCount=1)
    page.settle()
    assert int(page.run("document.getElementById('main').dataset.drawn")) < 25
    page.run("document.getElementById('zoom-reset').click()")
    page.settle()
    assert page.run("document.getElementById('main').dataset.drawn") == "30" and page.complaints() == []


@needs_browser
def test_dark_light_and_narrow(page):
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.run(colour)
    page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    dark = page.run(colour)
    assert light != dark
    page.run("document.getElementById('theme').click()")
    assert page.run(colour) == light
    page.send("Emulation.setEmulatedMedia", features=[])
    page.send("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=False)
    page.settle()
    assert page.run("document.documentElement.scrollWidth") <= 390
    page.send("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)


@needs_browser
def test_a_hundred_thousand_frames(tmp_path, browser):
    """Every frame is in the page; what is drawn is bounded by the width, and no peak is lost."""
    frames, dip = 100000, 61803
    plane = bytes(range(0, 256, 4))
    for name, noise in (("ref", 0), ("dis", 1)):
        with open(tmp_path / name, "wb") as f:
            f.write(b"".join(bytes(b ^ (noise * (100 if i == dip else 1 + i % 3)) for b in plane) + bytes(32)
                             for i in range(frames)))
    ok("-r", tmp_path / "ref", "-d", tmp_path / "dis", "-w", 8, "-h", 8, "-p", 420, "-b", 8, "-n", "--feature", "psnr",
       "--report", tmp_path / "o.html")
    browser.open(tmp_path / "o.html")
    assert browser.complaints() == []
    points, drawn = browser.run("(() => { const d = document.getElementById('main').dataset;"
                                " return [Number(d.points), Number(d.drawn)]; })()")
    assert points == frames and 500 < drawn < 2600
    lowest = ("(() => { const p = document.querySelector('#main .curve').getAttribute('d').split(/[ML]/).slice(1)"
              ".map(t => t.split(' ').map(Number)); return p.reduce((a, b) => b[1] > a[1] ? b : a)[0] })()")
    box = browser.run("document.getElementById('main').clientWidth")
    assert abs(browser.run(lowest) - (48 + (box - 62) * dip / frames)) < 2
    assert browser.run("(() => { const t = performance.now(); dispatchEvent(new Event('resize'));"
                       " document.getElementById('zoom-in').click(); return performance.now() - t; })()") < 1000
    browser.settle()
    assert browser.run("document.getElementById('histogram').dataset.frames") == str(frames)
