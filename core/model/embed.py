#!/usr/bin/env python3
"""Writes the C file that holds the built-in models, each ending in a NUL: embed.py OUTPUT.c MODEL.json ..."""
import pathlib
import sys


def c_array(data):
    lines = [",".join(str(b) for b in data[i:i + 32]) for i in range(0, len(data), 32)]
    return ",\n".join(lines)


def main(output, files):
    texts = [(pathlib.Path(f).name.removesuffix(".json"), pathlib.Path(f).read_bytes()) for f in files]
    out = ['#include "model/model.h"', ""]
    for i, (_, data) in enumerate(texts):
        out.append(f"static const char text_{i}[] = {{\n{c_array(data)},0}};")
    out.append("const VtBuiltinModel vt_builtin_models[] = {")
    out += [f'{{"{name}", text_{i}, sizeof(text_{i}) - 1}},' for i, (name, _) in enumerate(texts)]
    out += ["};", f"const unsigned vt_builtin_models_count = {len(texts)};", ""]
    pathlib.Path(output).write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
