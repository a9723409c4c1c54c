"""Includes follow the data's way: a folder includes only what stands before it."""
import os
import re
import sys

from report import check, finish

root = sys.argv[1]

# What each folder of core/ may include, besides itself and the public headers.
MAY = {
    "base": set(),
    "cpu": set(),
    "picture": {"base"},
    "metric": {"base", "cpu", "picture"},
    "engine": {"base", "cpu", "picture", "metric"},
    "model": {"base", "metric", "engine"},
    "output": {"base", "metric", "engine"},
    "cuda": {"base", "picture", "metric"},
    "api": {"base", "picture", "metric", "engine", "model", "output", "cuda", "cpu"},
}
# Of the engine, models and writers see the score table only.
ENGINE_FOR_OTHERS = {"engine/score_store.h", "engine/pooling.h", "engine/statistics.h"}

core = os.path.join(root, "core")
for folder, _, files in os.walk(core):
    for f in files:
        if not f.endswith((".c", ".h", ".cu")):
            continue
        path = os.path.join(folder, f)
        rel = os.path.relpath(path, core)
        room = rel.split(os.sep)[0]
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', open(path).read(), flags=re.M):
            if name.startswith("libvmaf/") or "/" not in name:
                check(not name.startswith("libvmaf/") or os.path.exists(os.path.join(root, "include", name)),
                      f"{rel} includes {name}, which does not exist")
                continue
            target = name.split("/")[0]
            ok = target == room or target in MAY.get(room, set())
            check(ok, f"{rel} includes {name}: {room} must not know {target}")
            if room in ("model", "output") and target == "engine":
                check(name in ENGINE_FOR_OTHERS, f"{rel} includes {name}: only the score table is for {room}")

for folder in ("tools", "python"):
    for where, _, files in os.walk(os.path.join(root, folder)):
        for f in files:
            if f.endswith((".c", ".h")):
                text = open(os.path.join(where, f)).read()
                for name in re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', text, flags=re.M):
                    bad = name.split("/")[0] in MAY
                    check(not bad, f"{folder}/{f} includes {name}: tools use public headers only")
finish("includes")
