"""Lists of jobs: pairs on the command line, CSV and JSON files."""
from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from .._source import RawVideo
from ._work import Job

FIELDS = {"name", "reference", "distorted", "width", "height", "pixel_format", "bit_depth", "frame_rate"}


def read_jobs(path: str) -> list[Job]:
    """Jobs of a CSV file with a line of names, or of a JSON file with a list of objects.

    Names: reference, distorted, and if wanted name; for raw video width, height, pixel_format (420), bit_depth (8), frame_rate.
    Relative paths are relative to the list's folder. Raises ValueError, OSError.
    """
    with open(path, encoding="utf-8-sig", newline="") as f:
        rows: Any = json.load(f) if path.endswith(".json") else list(csv.DictReader(f))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{path}: expected a list of objects")
    folder = os.path.dirname(os.path.abspath(path))
    return name_jobs([_job(path, i, row, folder) for i, row in enumerate(rows, 1)])


def _job(path: str, number: int, row: Mapping[str, Any], folder: str) -> Job:
    row = {k: v for k, v in row.items() if v not in (None, "")}
    unknown = sorted(str(k) for k in set(row) - FIELDS)
    if unknown:
        raise ValueError(f"{path}, job {number}: unknown field {unknown[0]}; known are {', '.join(sorted(FIELDS))}")
    for needed in ("reference", "distorted"):
        if needed not in row:
            raise ValueError(f"{path}, job {number}: no {needed}")
    ref, dis = (os.path.join(folder, str(row[k])) for k in ("reference", "distorted"))
    name = str(row.get("name", ""))
    if not {"width", "height"} & set(row):
        return Job(ref, dis, name)
    try:
        raw = [RawVideo(p, int(row["width"]), int(row["height"]), str(row.get("pixel_format", "420")), int(row.get("bit_depth", 8)),
                        Fraction(str(row["frame_rate"])) if "frame_rate" in row else None) for p in (ref, dis)]
    except (KeyError, ValueError) as e:
        raise ValueError(f"{path}, job {number}: raw video needs width and height, all numbers: {e}") from None
    return Job(raw[0], raw[1], name)


def pair_jobs(paths: list[str]) -> list[Job]:
    """Jobs of paths in pairs: reference, distorted, reference, distorted, ..."""
    if len(paths) % 2:
        raise ValueError(f"{paths[-1]} has no partner: videos come in pairs, reference and distorted")
    return name_jobs([Job(os.path.abspath(r), os.path.abspath(d), "") for r, d in zip(paths[::2], paths[1::2])])


def name_jobs(jobs: Iterable[Job]) -> list[Job]:
    """Gives every job a name that can be a file's and is its own: by default that of the distorted video."""
    named: list[Job] = []
    used: set[str] = set()
    for job in jobs:
        base = job.name or os.path.splitext(os.path.basename(job.paths[1]))[0]
        base = re.sub(r"[^\w.+=@-]", "_", base).lstrip(".") or "clip"
        if job.name and base in used:
            raise ValueError(f"two jobs have the name {job.name}")
        name, i = base, 2
        while name in used or name == "summary":
            name, i = f"{base}-{i}", i + 1
        used.add(name)
        named.append(Job(job.reference, job.distorted, name))
    return named
