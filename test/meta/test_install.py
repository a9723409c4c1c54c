"""The installed library serves a C program through pkg-config, shared and static, without leaks."""
import os
import re
import subprocess
import sys
import tempfile

from report import check, finish

root, build = sys.argv[1:3]


def run(command, **kwargs):
    return subprocess.run(command, capture_output=True, text=True, **kwargs)


with tempfile.TemporaryDirectory() as top:
    p = run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", top])
    check(p.returncode == 0, "meson install: " + p.stderr[-300:])
    pc = next((os.path.join(w, f) for w, _, fs in os.walk(top) for f in fs if f == "libvmaf.pc"), None)
    check(pc is not None, "libvmaf.pc installed")
    env = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=top, PKG_CONFIG_PATH=os.path.dirname(pc),
               PKG_CONFIG_ALLOW_SYSTEM_LIBS="1", PKG_CONFIG_ALLOW_SYSTEM_CFLAGS="1")

    def pkg(*args):
        # The sysroot moves our own folders; those of other packages stay where they are.
        return [a for a in run(["pkg-config", *args, "libvmaf"], env=env).stdout.split()]

    check(run(["pkg-config", "--modversion", "libvmaf"], env=env).stdout.strip() == "3.2.0", "version 3.2.0")
    check(run(["pkg-config", "--atleast-version=2.0.0", "libvmaf"], env=env).returncode == 0, "FFmpeg's test")
    libdir = next(a[2:] for a in pkg("--libs") if a.startswith("-L"))
    check(os.path.exists(os.path.join(libdir, "libvmaf.so.3.2.0")), "libvmaf.so.3.2.0 installed")
    check(os.path.exists(os.path.join(libdir, "libvmaf.a")), "libvmaf.a installed")
    source = os.path.join(root, "test", "meta", "client.c")
    strict = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", source]
    scores = []
    for kind in ("shared", "static"):
        program = os.path.join(top, kind)
        libs = pkg("--libs") if kind == "shared" else pkg("--static", "--libs")
        link = libs if kind == "shared" else ["-static", *libs]
        p = run(strict + pkg("--cflags") + ["-o", program] + link)
        check(p.returncode == 0, f"{kind} link: {p.stderr[-500:]}")
        p = run([program], env=dict(os.environ, LD_LIBRARY_PATH=libdir))
        check(p.returncode == 0 and re.fullmatch(r"\d+\.\d{6}", p.stdout.strip()) is not None,
              f"{kind} program: {p.stdout}{p.stderr}")
        scores.append(p.stdout)
    check(scores[0] == scores[1] and 0 < float(scores[0] or 0) < 100, f"both score the same: {scores}")
    # Vector kernels read the unused ends of rows and drop what they made of them; that this never reaches a score is
    # tested with poisoned scratch memory (test/expect.c). Here valgrind looks for leaks and bad accesses.
    p = run(["valgrind", "-q", "--undef-value-errors=no", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible",
             "--errors-for-leak-kinds=definite,indirect,possible", "--error-exitcode=9", os.path.join(top, "shared")],
            env=dict(os.environ, LD_LIBRARY_PATH=libdir))
    check(p.returncode == 0, "valgrind over 10 cycles: " + p.stderr[-1500:])
    check(p.stdout == scores[0], f"the score under valgrind is the same: {p.stdout} {scores[0]}")
finish("install")
