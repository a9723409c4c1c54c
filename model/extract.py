#!/usr/bin/env python3
"""Takes the model files out of the PyPI wheels that carry them, byte for byte.

    pip download --no-deps ffmpeg-quality-metrics==3.13.0 imageio-ffmpeg==0.8.1
    model/extract.py *.whl            # writes NAME.json beside this script
    model/extract.py --check *.whl    # writes nothing; fails if a file here is not what the wheels hold

provenance.json names, for each wheel, its SHA-256 and the files wanted from it with theirs. A file is either a
member of the wheel, or a JSON text that lies as it is in the data of a program in the wheel (an ffmpeg with its
models built in); such texts have no names there and are known by their SHA-256.
"""
import argparse
import hashlib
import json
import pathlib
import re
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
TEXT = re.compile(rb"[\t\n\r\x20-\x7e]{2000,}")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def texts_of(program):
    """The JSON texts in a program's data that are models, by their SHA-256."""
    found = {}
    decoder = json.JSONDecoder()
    for run in TEXT.finditer(program):
        text = run.group().decode("ascii")
        if '"model_dict"' not in text:
            continue
        start = text.index("{")
        _, end = decoder.raw_decode(text, start)
        found[sha256(text[start:end].encode())] = text[start:end].encode()
    return found


def read_wheel(path, record):
    """Returns {file name: bytes} of the wanted files of one wheel."""
    if sha256(path.read_bytes()) != record["wheel_sha256"]:
        sys.exit(f"{path} is not the wheel that provenance.json names")
    files = {}
    with zipfile.ZipFile(path) as wheel:
        texts = {member: texts_of(wheel.read(member)) for member in
                 {f["inside"] for f in record["files"].values() if "inside" in f}}
        for name, f in record["files"].items():
            data = wheel.read(f["member"]) if "member" in f else texts[f["inside"]].get(f["sha256"])
            if data is None or sha256(data) != f["sha256"]:
                sys.exit(f"{path.name} has no {name} with SHA-256 {f['sha256']}")
            files[name] = data
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=pathlib.Path, nargs="+")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()
    records = {r["wheel"]: r for r in json.loads((HERE / "provenance.json").read_text())}
    different = []
    for path in args.wheel:
        if path.name not in records:
            sys.exit(f"provenance.json does not name {path.name}")
        for name, data in read_wheel(path, records[path.name]).items():
            target = HERE / name
            if not args.check:
                target.write_bytes(data)
            elif not target.is_file() or target.read_bytes() != data:
                different.append(name)
    if different:
        sys.exit("differs from the wheel: " + ", ".join(different))


if __name__ == "__main__":
    main()
