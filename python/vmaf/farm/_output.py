"""Results in files: one per clip, and a summary; JSON, or Parquet where pyarrow is there."""
from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .._result import Result, finite
from ._work import Job, job_dict

FORMATS = ("json", "parquet")


@dataclass
class Outcome:
    """What became of a job.

    Attributes:
        result: the scores; of the frames before the failure if there was one; None if there are none.
        error: what failed, or None.
        parts: in how many parts it was scored; 0: it was done before, and its result was read from its file.
    """

    job: Job
    result: Result | None = None
    error: str | None = None
    parts: int = 0


class Folder:
    """The folder with the results. Files appear complete or not at all."""

    def __init__(self, path: str | os.PathLike[str], fmt: str = "json") -> None:
        if fmt not in FORMATS:
            raise ValueError(f"format {fmt!r}; known are {', '.join(FORMATS)}")
        if fmt == "parquet":
            try:
                import pyarrow.parquet  # noqa: F401
            except ImportError:
                raise ImportError("Parquet needs pyarrow: pip install 'vmaf-turbo[parquet]'") from None
        self.path, self.format = Path(path), fmt
        self.path.mkdir(parents=True, exist_ok=True)

    def file(self, name: str) -> Path:
        return self.path / f"{name}.{self.format}"

    def done(self, job: Job, fingerprint: str) -> Result | None:
        """A complete result of the same files and settings that is there already."""
        try:
            data = self._read(self.file(job.name))
            return Result.from_dict(data) if data["fingerprint"] == fingerprint and not data["error"] else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, outcome: Outcome, fingerprint: str) -> None:
        if outcome.result:
            self._write(outcome.job.name, {**outcome.result.to_dict(), "job": job_dict(outcome.job), "fingerprint": fingerprint,
                                           "error": outcome.error})

    def write_summary(self, outcomes: Sequence[Outcome]) -> Path:
        """A row per clip: its name, paths, error, frames, and the pooled values of every column."""
        rows: list[dict[str, Any]] = []
        for o in outcomes:
            pooled = o.result.pooled if o.result else {}
            rows.append({"name": o.job.name, "reference": o.job.paths[0], "distorted": o.job.paths[1], "error": o.error,
                         "frame_count": o.result.frame_count if o.result else 0,
                         "pooled": {n: {k: finite(v) for k, v in asdict(p).items()} for n, p in pooled.items()}})
        if self.format == "json":
            return self._replace("summary", lambda p: _write_text(p, json.dumps(rows, indent=1) + "\n"))
        flat = [{**{k: v for k, v in r.items() if k != "pooled"},
                 **{f"{n}.{k}": v for n, figures in r["pooled"].items() for k, v in figures.items()}} for r in rows]
        names = list(dict.fromkeys(k for row in flat for k in row))
        return self._replace("summary", lambda p: _write_parquet(p, {n: [row.get(n) for row in flat] for n in names}, {}))

    def _write(self, name: str, data: dict[str, Any]) -> None:
        if self.format == "json":
            self._replace(name, lambda p: _write_text(p, json.dumps(data, indent=1, allow_nan=False) + "\n"))
        else:
            columns = {"frame": data.pop("index"), **data.pop("scores")}
            self._replace(name, lambda p: _write_parquet(p, columns, data))

    def _read(self, path: Path) -> dict[str, Any]:
        if self.format == "json":
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return data
        return read_parquet(path)

    def _replace(self, name: str, write: Any) -> Path:
        path = self.file(name)
        part = path.with_name(f".{path.name}.part")
        write(part)
        os.replace(part, path)
        return path


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _write_parquet(path: Path, columns: dict[str, list[Any]], rest: dict[str, Any]) -> None:
    import pyarrow
    import pyarrow.parquet
    table = pyarrow.table(columns).replace_schema_metadata({"vmaf": json.dumps(rest, allow_nan=False)})
    pyarrow.parquet.write_table(table, path)


def read_parquet(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a Parquet result holds, as Result.from_dict takes it."""
    import pyarrow.parquet
    table = pyarrow.parquet.read_table(path)
    data: dict[str, Any] = json.loads(table.schema.metadata[b"vmaf"])
    columns = table.to_pydict()
    return {**data, "index": columns.pop("frame"), "scores": columns}
