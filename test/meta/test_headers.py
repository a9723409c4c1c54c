"""Each public header compiles alone, in C and in C++, and struct layouts are those of the ABI."""
import glob
import os
import subprocess
import sys
import tempfile

from report import check, finish

root = sys.argv[1]

# Offsets and sizes on 64-bit machines (spec: public API 2.2).
LAYOUT = {
    "VmafConfiguration": (32, {"log_level": 0, "n_threads": 4, "n_subsample": 8, "cpumask": 16, "gpumask": 24}),
    "VmafPicture": (96, {"pix_fmt": 0, "bpc": 4, "w": 8, "h": 20, "stride": 32, "data": 56, "ref": 80, "priv": 88}),
    "VmafPictureConfiguration": (20, {"pic_params.w": 0, "pic_params.h": 4, "pic_params.bpc": 8,
                                      "pic_params.pix_fmt": 12, "pic_cnt": 16}),
    "VmafCudaConfiguration": (8, {"cu_ctx": 0}),
    "VmafCudaPictureConfiguration": (20, {"pic_params.w": 0, "pic_params.h": 4, "pic_params.bpc": 8,
                                          "pic_params.pix_fmt": 12, "pic_prealloc_method": 16}),
    "VmafModelConfig": (16, {"name": 0, "flags": 8}),
    "VmafModelCollectionScore": (40, {"type": 0, "bootstrap.bagging_score": 8, "bootstrap.stddev": 16,
                                      "bootstrap.ci.p95.lo": 24, "bootstrap.ci.p95.hi": 32}),
}


def compiles(compiler, std, text, suffix):
    """Whether a text compiles without a warning."""
    with tempfile.NamedTemporaryFile("w", suffix=suffix) as f:
        f.write(text)
        f.flush()
        p = subprocess.run([compiler, "-std=" + std, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                            "-I", os.path.join(root, "include"), "-I", os.path.join(root, "include", "libvmaf"),
                            f.name], capture_output=True, text=True)
        return p.returncode == 0, p.stderr


headers = sorted(glob.glob(os.path.join(root, "include", "libvmaf", "*.h")))
check(len(headers) >= 6, "public headers found")
for header in headers:
    name = os.path.basename(header)
    for compiler, std, suffix in (("gcc", "c11", ".c"), ("clang", "c99", ".c"), ("g++", "c++11", ".cpp"),
                                  ("clang++", "c++17", ".cpp")):
        for include in (f"<libvmaf/{name}>", f"<{name}>"):
            ok, error = compiles(compiler, std, f"#include {include}\nint main(void) {{ return 0; }}\n", suffix)
            check(ok, f"{include} alone with {compiler} -std={std}: {error[:300]}")

text = "#include <stddef.h>\n#include <libvmaf/libvmaf.h>\n#include <libvmaf/libvmaf_cuda.h>\n"
for name, (size, fields) in LAYOUT.items():
    text += f'_Static_assert(sizeof({name}) == {size}, "{name}");\n'
    text += "".join(f'_Static_assert(offsetof({name}, {f}) == {o}, "{name}.{f}");\n' for f, o in fields.items())
ok, error = compiles("gcc", "c11", text + "int main(void) { return 0; }\n", ".c")
check(ok, "ABI layout: " + error[:600])
finish("headers")
