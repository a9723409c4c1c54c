"""The shared library exports the public functions and nothing else; neither library needs a C++ runtime."""
import glob
import os
import re
import subprocess
import sys

from report import check, finish

root, build = sys.argv[1:3]
declared = set()
for header in glob.glob(os.path.join(root, "include", "libvmaf", "*.h")):
    text = re.sub(r"/\*.*?\*/", "", open(header).read(), flags=re.S)
    declared |= set(re.findall(r"\b(vmaf_\w+)\s*\(", text))

library = os.path.join(build, "core", "libvmaf.so.3")
out = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
exported = {line.split()[-1] for line in out.splitlines()}
check(len(declared) >= 29, f"the headers declare {len(declared)} functions")
for name in sorted(declared | exported):
    check(name in exported, f"{name} is declared but not exported")
    check(name in declared, f"{name} is exported but not declared")

out = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
needed = re.findall(r"\(NEEDED\).*\[(.*)\]", out)
check("libvmaf.so.3" in re.findall(r"\(SONAME\).*\[(.*)\]", out), "soname is libvmaf.so.3")
check(needed and not any("stdc++" in n or "c++" in n for n in needed), f"no C++ runtime among {needed}")

# In the static library every global name of ours carries our prefix, so that it cannot clash.
out = subprocess.run(["nm", "-g", "--defined-only", os.path.join(build, "core", "libvmaf.a")], capture_output=True,
                     text=True, check=True).stdout
names = [line.split()[-1] for line in out.splitlines() if len(line.split()) == 3]
check(len(names) > 50, "static library read")
for name in names:
    check(name.startswith(("vmaf_", "vt_")), f"static library defines {name} without our prefix")
finish("symbols")
