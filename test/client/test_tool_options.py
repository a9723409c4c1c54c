"""The command line: options, model and feature strings (spec: cli-and-output 1)."""
import subprocess

import pytest

from tool import (INPUT_ERROR, SETUP_ERROR, TOOL, USAGE, USAGE_ERROR, VIF, column, fails, known_features, ok, report,
                  run)

BUILT_IN = "vmaf_v0.6.1"


def usage_error(*args, says=()):
    p = fails(USAGE_ERROR, *args, says=says)
    assert USAGE in p.stderr
    return p


def test_version_goes_to_stderr():
    for args in (["--version"], ["-v"], ["-v", "--no_such_option"], ["-nqv"]):
        p = run(*args)
        assert (p.returncode, p.stdout, p.stderr) == (0, "", "3.2.0\n")


def test_first_error_wins_over_later_version():
    usage_error("--threads", "x", "-v", says="--threads")


def test_help_goes_to_stdout():
    p = run("--help")
    assert p.returncode == 0 and p.stderr == "" and p.stdout.startswith(USAGE)
    for option in ("--reference", "--distorted", "--model", "--feature", "--precision", "--threads"):
        assert option in p.stdout


def test_lists():
    p = run("--list-models")
    assert p.returncode == 0 and p.stderr == "" and BUILT_IN in p.stdout.split()
    assert {"vif", "adm", "motion"} <= set(known_features())
    p = run("--list-features")
    assert "    vif_enhn_gain_limit (egl): double 1 to 100, default 100. " in p.stdout


def test_list_that_cannot_be_written():
    with open("/dev/full", "w", encoding="ascii") as full:
        p = subprocess.run([TOOL, "--list-models"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert p.returncode == 1 and b"standard output" in p.stderr


def test_ways_to_write_an_option(y4m, tmp_path):
    out = tmp_path / "o.json"
    ok(f"--reference={y4m.ref}", f"-d{y4m.dis}", "-nq", "--feature=vif", f"-o{out}", "--json")
    first = report(out)
    ok("--out", out, "--jso", "--no_p", "--feat", "vif", "--ref", y4m.ref, "--dis", y4m.dis, "--thre", "1", "--")
    assert report(out)["frames"] == first["frames"]


def test_prefixes_that_the_added_options_would_hide(raw, tmp_path):
    out = tmp_path / "o.json"
    for height, pixel_format in (("--h", "--p"), ("--he", "--pi"), ("--hei", "--pixel")):
        ok(*raw.args, "-w", 64, height, 48, pixel_format, "420", "-b", 8, *VIF, "--json", "-o", out)
        assert len(report(out)["frames"]) == 3


@pytest.mark.parametrize("args", [["--no_such_option"], ["-x"], ["--s"], ["--frame_skip"], ["-o"], ["--model"],
                                  ["--xml=1"], ["stray"], ["--", "stray"]])
def test_scan_errors(y4m, args):
    usage_error(*y4m.args, "-n", *args)


def test_short_c_is_ignored_with_its_argument(y4m):
    ok(*y4m.args, "-n", "-c", "whatever", "-cmore")


@pytest.mark.parametrize("option", ["--width", "--height", "--bitdepth", "--threads", "--cpumask", "--gpumask",
                                    "--frame_cnt", "--frame_skip_ref", "--frame_skip_dist", "--subsample"])
@pytest.mark.parametrize("value", ["x", "", "1x", "1.5", "09", "0x"])
def test_bad_numbers(y4m, option, value):
    usage_error(*y4m.args, option, value, says=[f'"{value}"', option])


@pytest.mark.parametrize("option,value", [("--pixel_format", "4:2:0"), ("--pixel_format", "421"), ("-b", "7"),
                                          ("-b", "17"), ("--threads", "-1"), ("--threads", "1025"),
                                          ("--precision", "18"), ("--precision", "-1"), ("--precision", "maximum"),
                                          ("--precision", ""), ("--aom_ctc", "v8.0"), ("--aom_ctc", "v1"),
                                          ("--aom_ctc", "proposed"), ("--aom_ctc", "v0.0"), ("--nflx_ctc", "v2.0")])
def test_bad_values(y4m, option, value):
    usage_error(*y4m.args, option, value, says=value)


def test_number_forms(raw):
    ok(*raw.args, "-w", "0x40", "-h", "060", "-p", "420", "-b", "+8", *VIF, "--frame_cnt", "-1", "--cpumask",
       "0xffffffff", "--gpumask", "-1")


def test_required_options(y4m, raw):
    usage_error(says="reference")
    usage_error("-d", y4m.dis, says="reference")
    usage_error("-r", y4m.ref, says="distorted")
    for left_out in range(4):
        kept = [a for i in range(4) if i != left_out for a in raw.format[2 * i:2 * i + 2]]
        usage_error(*raw.args, *kept, says="raw video")
    usage_error(*raw.args, "-w", 0, "-h", 48, "-p", "420", "-b", 8, says="raw video")


def test_last_format_wins(y4m, tmp_path):
    out = tmp_path / "o"
    ok(*y4m.args, *VIF, "-o", out)
    assert out.read_text().startswith("<VMAF")
    ok(*y4m.args, *VIF, "-o", out, "--json", "--csv")
    assert out.read_text().startswith("Frame,")
    ok(*y4m.args, *VIF, "-o", out, "--csv", "--sub")
    assert out.read_text().startswith("{0}{1}frame: 0|")


@pytest.mark.parametrize("model", ["", "version", f"version={BUILT_IN}:", f"version={BUILT_IN}:x=1", "name=a",
                                   f"version={BUILT_IN}:name", "disable_clip", f"version={BUILT_IN}:vif.egl",
                                   f"version={BUILT_IN}:" + ":".join(f"vif.o{i}=1" for i in range(33))])
def test_model_string_errors(y4m, model):
    usage_error(*y4m.args, "-m", model)


@pytest.mark.parametrize("model,name", [
    (f"version={BUILT_IN}", "vmaf"), (f"version={BUILT_IN}=dropped", "vmaf"), (f"name=a:version={BUILT_IN}", "a"),
    (f"version={BUILT_IN}:path=/none.json", "vmaf"), (f"version={BUILT_IN}:disable_clip:enable_transform", "vmaf"),
    (f"version={BUILT_IN}:disable_clip=no:enable_transform=true", "vmaf"), (f"version={BUILT_IN}:name=", ""),
    (f"version={BUILT_IN}:.x=1:vif.=1", "vmaf")])
def test_model_strings(y4m, tmp_path, model, name):
    out = tmp_path / "o.json"
    ok(*y4m.args, "-m", model, "-o", out, "--json")
    data = report(out)
    assert list(data["frames"][0]["metrics"])[-1] == name
    assert list(data["pooled_metrics"])[-1] == name


def test_model_overload_changes_the_features(y4m, tmp_path):
    out = tmp_path / "o.json"
    ok(*y4m.args, "-m", f"version={BUILT_IN}:vif.vif_enhn_gain_limit=1.0:adm.adm_enhn_gain_limit.dropped=1", "-o",
       out, "--json")
    names = list(report(out)["frames"][0]["metrics"])
    assert "integer_vif_scale0_egl_1" in names and "integer_adm2_egl_1" in names


def test_neg_model_is_the_overloaded_one(y4m, tmp_path):
    out = tmp_path / "o.json"
    ok(*y4m.args, "-m", f"version={BUILT_IN}neg:name=a", "-m",
       f"version={BUILT_IN}:name=b:vif.vif_enhn_gain_limit=1.0:adm.adm_enhn_gain_limit=1.0", "-o", out, "--json",
       "--precision", "max")
    data = report(out)
    assert column(data, "a") == column(data, "b")


@pytest.mark.parametrize("args,says", [
    (["-m", "version=no_such"], "no_such"), (["-m", "path=no_such.json"], "no_such.json"),
    (["-m", "version="], "cannot load"), (["-m", f"version={BUILT_IN}:no_such.x=1"], "no_such"),
    (["-m", f"version={BUILT_IN}:vif.no_such=1"], "no_such"), (["-m", f"version={BUILT_IN}:vif.debug=maybe"], "maybe"),
    (["-m", f"version={BUILT_IN}:vif.vif_enhn_gain_limit=1000"], "1000"),
    (["--feature", "no_such"], "no_such"), (["--feature", ""], "feature"), (["--feature", "vif=no_such=1"], "no_such"),
    (["--feature", "vif=debug=1"], "debug"),
    (["--feature", "VMAF_integer_feature_vif_scale0_score"], "VMAF_")])
def test_unknown_models_features_options(y4m, tmp_path, args, says):
    out = tmp_path / "o.xml"
    fails(SETUP_ERROR, *y4m.args, "-o", out, *args, says=says)
    assert not out.exists()


@pytest.mark.parametrize("feature", ["vif=", "vif=debug", "vif=debug=true:", "vif=:debug=true"])
def test_feature_string_errors(y4m, feature):
    usage_error(*y4m.args, "--feature", feature, says="vif")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"model_dict": 1}', '{"model_dict": {}}', "\0\1\2",
                                  '{"0": {"model_dict": {}}}', '{"model_dict": {"model_type": "no_such"}}'])
def test_broken_model_files(y4m, tmp_path, text):
    model = tmp_path / "broken.json"
    model.write_text(text)
    out = tmp_path / "o.xml"
    p = run(*y4m.args, "-m", f"path={model}", "-o", out)
    # A model without features and without a score is a valid file that cannot score.
    assert p.returncode in (SETUP_ERROR, INPUT_ERROR) and str(model) in p.stderr


def test_two_models_need_two_names(y4m, tmp_path):
    usage_error(*y4m.args, "-m", f"version={BUILT_IN}", "-m", f"version={BUILT_IN}neg", says="vmaf")
    usage_error(*y4m.args, "--aom_ctc", "v1.0", "--aom_ctc", "v1.0", says="vmaf")
    out = tmp_path / "o.csv"
    ok(*y4m.args, "-m", f"version={BUILT_IN}", "-m", f"version={BUILT_IN}neg:name=neg", "-o", out, "--csv")
    assert out.read_text().splitlines()[0].endswith(",vmaf,neg,")


COLLECTION = "vmaf_b_v0.6.3"


def test_collections(y4m, tmp_path):
    out = tmp_path / "o.json"
    ok(*y4m.args, "-m", f"version={COLLECTION}", "-m", f"version={BUILT_IN}:name=single", "-o", out, "--json")
    names = list(report(out)["frames"][0]["metrics"])
    members = [f"vmaf_{i:04d}" for i in range(1, 21)]
    assert names[-26:] == ["vmaf", "single", *members, "vmaf_bagging", "vmaf_stddev", "vmaf_ci_p95_lo",
                           "vmaf_ci_p95_hi"]
    ok(*y4m.args, "-m", f"version={COLLECTION}:name=b:vif.vif_enhn_gain_limit=1.0", "-o", out, "--json")
    names = list(report(out)["frames"][0]["metrics"])
    assert "integer_vif_scale0_egl_1" in names and "integer_vif_scale0" not in names and names[-1] == "b_ci_p95_hi"


def test_list_limits(y4m):
    models = [a for i in range(33) for a in ("-m", f"version={BUILT_IN}:name=m{i}")]
    usage_error(*y4m.args, *models, says="32")
    features = [a for _ in range(33) for a in ("--feature", "vif")]
    usage_error(*y4m.args, *features, says="32")
    ok(*y4m.args, "-n", *features[:64])


def test_default_model_and_no_prediction(y4m, tmp_path):
    out = tmp_path / "o.json"
    ok(*y4m.args, "-o", out, "--json")
    assert list(report(out)["frames"][0]["metrics"]) == [
        "integer_adm2", "integer_aim", "integer_adm3", "integer_adm_scale0", "integer_adm_scale1",
        "integer_adm_scale2", "integer_adm_scale3", "VMAF_integer_feature_motion_sad_score", "integer_vif_scale0",
        "integer_vif_scale1", "integer_vif_scale2", "integer_vif_scale3", "integer_motion2", "integer_motion3", "vmaf"]
    ok(*y4m.args, "-o", out, "--json", "-n")
    assert report(out)["pooled_metrics"] == {}
    ok(*y4m.args, "-o", out, "--json", "-n", "-m", f"version={BUILT_IN}")
    assert "integer_vif_scale0" in report(out)["pooled_metrics"] and "vmaf" not in report(out)["pooled_metrics"]


def test_same_feature_twice_the_first_wins(y4m, tmp_path):
    out = tmp_path / "o.json"
    ok(*y4m.args, "-n", "--feature", "motion", "--feature", "motion=debug=true", "-o", out, "--json")
    assert list(report(out)["pooled_metrics"]) == ["VMAF_integer_feature_motion_sad_score", "integer_motion2",
                                                   "integer_motion3"]


def test_instruction_sets_do_not_change_scores(y4m, tmp_path):
    reports = []
    for mask in (0, 8, 16, 63, 0xFFFFFFFF):
        out = tmp_path / f"{mask}.json"
        ok(*y4m.args, "--cpumask", mask, "-o", out, "--json", "--precision", "max")
        reports.append(report(out)["frames"])
    assert all(r == reports[0] for r in reports)
