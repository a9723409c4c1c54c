#!/usr/bin/env python3
"""Writes texts as C strings: embed.py OUTPUT.c NAME=FILE ..."""
import pathlib
import sys


def main(output, pairs):
    out = ['#include "page/page_private.h"', ""]
    for pair in pairs:
        name, path = pair.split("=", 1)
        data = pathlib.Path(path).read_bytes()
        if b"</" in data or b"<!--" in data:
            sys.exit(f"{path} would end the element that it is put into")
        out.append(f"const char {name}[] = {{{','.join(str(b) for b in data)},0}};")
    pathlib.Path(output).write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
