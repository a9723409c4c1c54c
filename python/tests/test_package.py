"""The package as it is installed: the library inside, structures as in the headers, types, lists."""
import ctypes
import importlib.util
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, TOOL

import vmaf
from vmaf import _library

FOLDER = Path(vmaf.__file__).parent


def test_the_library_is_inside():
    assert ROOT not in FOLDER.parents or "build" in str(FOLDER.relative_to(ROOT)), "the installed package is tested, not the sources"
    library = FOLDER / "_lib" / "libvmaf-turbo.so"
    with open("/proc/self/maps", encoding="utf-8") as f:
        loaded = {line.split()[-1] for line in f if "libvmaf" in line}
    assert loaded == {str(library)}
    assert (FOLDER / "py.typed").exists()
    names = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    assert {line.split()[-1].split("_")[0] for line in names.splitlines()} == {"vmaf"}


def test_every_source_is_installed():
    sources = {str(p.relative_to(ROOT / "python" / "vmaf")) for p in (ROOT / "python" / "vmaf").rglob("*.py")}
    assert sources == {str(p.relative_to(FOLDER)) for p in FOLDER.rglob("*.py")}


def test_structures_are_those_of_the_headers(tmp_path):
    """Sizes and offsets as the C compiler has them."""
    structures = {"VmafConfiguration": {}, "VmafPicture": {}, "VmafModelConfig": {}, "VmafTurboOption": {"minimum": "min"},
                  "VmafTurboPlanes": {}, "VmafTurboValue": {}, "VmafTurboFrame": {},
                  "VmafModelCollectionScore": {"bagging_score": "bootstrap.bagging_score", "stddev": "bootstrap.stddev",
                                               "ci_p95_lo": "bootstrap.ci.p95.lo", "ci_p95_hi": "bootstrap.ci.p95.hi"}}
    expected, lines = [], []
    for name, renamed in structures.items():
        structure = getattr(_library, name)
        expected.append(ctypes.sizeof(structure))
        lines.append(f"sizeof({name})")
        for field, *_ in structure._fields_:
            expected.append(getattr(structure, field).offset)
            lines.append(f"offsetof({name}, {renamed.get(field, field)})")
    source = tmp_path / "a.c"
    source.write_text("#include <stddef.h>\n#include <stdio.h>\n#include <libvmaf/turbo.h>\nint main(void) {\n"
                      + "".join(f'printf("%zu\\n", (size_t){line});\n' for line in lines) + "}\n")
    subprocess.run(["cc", "-I", ROOT / "include", "-o", tmp_path / "a", source], check=True)
    out = subprocess.run([tmp_path / "a"], capture_output=True, text=True, check=True).stdout
    assert list(map(int, out.split())) == expected


def test_prototypes_are_those_of_the_headers():
    """As many arguments as the headers declare, and the constants' values."""
    text = "".join(re.sub(r"/\*.*?\*/", "", p.read_text(), flags=re.S) for p in (ROOT / "include" / "libvmaf").glob("*.h"))
    for name, (_, arguments) in _library._PROTOTYPES.items():
        match = re.search(rf"\b{name}\(((?:[^()]|\([^()]*\)|\((?:[^()]|\([^()]*\))*\))*)\);", text)
        assert match, name
        plain = re.sub(r"\([^()]*\)", "", match[1])
        assert (0 if plain == "void" else plain.count(",") + 1) == len(arguments), name
    for constant in ("DISABLE_CLIP = (1 << 0)", "ENABLE_TRANSFORM ="):
        assert f"VMAF_MODEL_FLAG_{constant}" in text
    order = re.search(r"enum VmafPoolingMethod \{(.*?)\}", text, re.S)[1].replace(" ", "").split()
    assert [m[len("VMAF_POOL_METHOD_"):].strip(",").lower() for m in order][1:5] == list(_library.POOL_METHODS)


def test_lists_are_the_tools():
    names = subprocess.run([TOOL, "--list-models"], capture_output=True, text=True, check=True).stdout.split("\n")
    assert {line.split()[0] for line in names if line.strip().startswith("vmaf_")} == set(vmaf.models())
    features = subprocess.run([TOOL, "--list-features"], capture_output=True, text=True, check=True).stdout
    for metric in vmaf.metrics():
        assert metric.name in features and metric.help in features
        for option in metric.options:
            assert option.name in features
    psnr = next(m for m in vmaf.metrics() if m.name == "psnr")
    assert [o.default for o in psnr.options if o.name == "enable_chroma"] == ["true"]


@pytest.mark.parametrize("spec, expected", [
    ("vmaf_v0.6.1", vmaf.Model("vmaf_v0.6.1")), ("a/b.json", vmaf.Model(path="a/b.json")), ("b.json", vmaf.Model(path="b.json")),
    ("version=x:name=n:disable_clip:vif.o=1", vmaf.Model("x", name="n", disable_clip=True, options={"vif": {"o": "1"}})),
    ("path=m.json:enable_transform=true", vmaf.Model(path="m.json", enable_transform=True)),
])
def test_model_strings(spec, expected):
    assert vmaf.Model.parse(spec) == expected


@pytest.mark.parametrize("spec", ["name=x", "version=a:b", "version=a:b=c"])
def test_bad_model_strings(spec):
    with pytest.raises(ValueError):
        vmaf.Model.parse(spec)
    with pytest.raises(ValueError):
        vmaf.Feature.parse("psnr=enable_chroma")


def test_warnings_go_to_logging(caplog):
    """Not to stderr: the root logger decides."""
    with caplog.at_level(logging.DEBUG, logger="vmaf"), pytest.raises(vmaf.VmafError):
        vmaf.Scorer(model="vmaf_v9")
    assert [r.levelname for r in caplog.records] == ["DEBUG"] and "vmaf_v9" in caplog.text


def test_a_missing_library_is_an_import_error():
    code = "import os; os.environ['VMAF_TURBO_LIBRARY'] = '/no/such.so'\nimport vmaf"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ImportError: cannot load vmaf-turbo's library /no/such.so" in out.stderr


@pytest.mark.skipif(not importlib.util.find_spec("mypy"), reason="no mypy")
def test_types(tmp_path):
    """mypy --strict passes over the package, and users see its types."""
    user = tmp_path / "user.py"
    user.write_text("import vmaf\nr: vmaf.Result = vmaf.score('a', 'b', features={'psnr': {'enable_chroma': False}})\n"
                    "x: float = r.score + r.pooled['psnr_y'].mean\nfor f in r.frames:\n    y: dict[str, float] = f.scores\n")
    run = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache")]
    out = subprocess.run([*run, "--config-file", ROOT / "pyproject.toml", ROOT / "python" / "vmaf"], capture_output=True, text=True,
                         check=False)
    assert out.returncode == 0, out.stdout
    out = subprocess.run([*run, "--strict", user], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert out.returncode == 0, out.stdout
