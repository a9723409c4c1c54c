"""A progress bar: tqdm's where it is installed, else a line of text, or a function of the caller's."""
from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Union

ProgressLike = Union[bool, Callable[[int, Union[int, None]], Any]]


class Progress:
    """Shown on stderr. total may be None (unknown)."""

    def __init__(self, show: ProgressLike, total: int | None, label: str = "vmaf", unit: str = "frame") -> None:
        self.total, self.done = total, 0
        self._call = show if callable(show) else None
        self._bar: Any = None
        if show is True:
            try:
                from tqdm.auto import tqdm
                self._bar = tqdm(total=total, desc=label, unit=unit)
            except ImportError:
                self._bar = _Line(total, label, unit)

    def update(self, n: int = 1) -> None:
        self.done += n
        if self._call:
            self._call(self.done, self.total)
        elif self._bar is not None:
            self._bar.update(n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class _Line:
    """One line on a terminal, rewritten ten times a second; nothing where stderr is a file."""

    def __init__(self, total: int | None, label: str, unit: str) -> None:
        self.total, self.label, self.unit, self.done = total, label, unit, 0
        self.start = time.monotonic()
        self.shown = 0.0
        self.terminal = sys.stderr.isatty()

    def update(self, n: int) -> None:
        self.done += n
        now = time.monotonic()
        if self.terminal and now - self.shown >= 0.1:
            self.shown = now
            self._show(now)

    def _show(self, now: float) -> None:
        rate = self.done / max(now - self.start, 1e-9)
        part = f"{self.done}/{self.total}" if self.total else str(self.done)
        left = f", {(self.total - self.done) / rate:.0f} s left" if self.total and rate else ""
        sys.stderr.write(f"\r{self.label}: {part} {self.unit}s, {rate:.1f}/s{left}\x1b[K")
        sys.stderr.flush()

    def close(self) -> None:
        if self.terminal:
            self._show(time.monotonic())
            sys.stderr.write("\n")
