"""The C library through ctypes: loading, structures, prototypes, log lines, errors.

ctypes gives the interpreter lock back while a function of the library runs, and takes it for the callbacks.
"""
from __future__ import annotations

import ctypes
import itertools
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, c_char_p, c_double, c_int, c_ssize_t, c_ubyte, c_uint, c_uint64, c_void_p
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._result import Result

__all__ = ["InputError", "MismatchError", "VmafError"]

logger = logging.getLogger("vmaf")


class VmafError(Exception):
    """The library refused or failed; the text is what it logged.

    Attributes:
        errno: the positive error number, or None where there is none.
        result: the scores of the frames before the failure, or None.
    """

    def __init__(self, message: str, errno: int | None = None, result: Result | None = None) -> None:
        super().__init__(message)
        self.errno = errno
        self.result = result

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.errno, self.result)


class InputError(VmafError):
    """A video cannot be opened, read or decoded. The text begins with its path."""


class MismatchError(InputError):
    """Two videos cannot be compared: size, pixel format, bit depth or frame rate differ."""


class VmafConfiguration(ctypes.Structure):
    _fields_ = [("log_level", c_int), ("n_threads", c_uint), ("n_subsample", c_uint), ("cpumask", c_uint64),
                ("gpumask", c_uint64)]


class VmafPicture(ctypes.Structure):
    _fields_ = [("pix_fmt", c_int), ("bpc", c_uint), ("w", c_uint * 3), ("h", c_uint * 3), ("stride", c_ssize_t * 3),
                ("data", c_void_p * 3), ("ref", c_void_p), ("priv", c_void_p)]


class VmafModelConfig(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("flags", c_uint64)]


class VmafModelCollectionScore(ctypes.Structure):
    _fields_ = [("type", c_int), ("bagging_score", c_double), ("stddev", c_double), ("ci_p95_lo", c_double),
                ("ci_p95_hi", c_double)]


class VmafTurboOption(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("alias", c_char_p), ("type", c_char_p), ("help", c_char_p),
                ("default_value", ctypes.c_char * 32), ("min", c_double), ("max", c_double)]


class VmafTurboValue(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("feature", c_char_p), ("value", c_double)]


class VmafTurboFrame(ctypes.Structure):
    _fields_ = [("index", c_uint), ("error", c_int), ("n_values", c_uint), ("value", POINTER(VmafTurboValue))]


FrameCallback = ctypes.CFUNCTYPE(None, c_void_p, POINTER(VmafTurboFrame))
Release = ctypes.CFUNCTYPE(None, c_void_p)
LogLine = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_char_p)


class VmafTurboPlanes(ctypes.Structure):
    _fields_ = [("memory", c_int), ("pix_fmt", c_int), ("bpc", c_uint), ("w", c_uint), ("h", c_uint), ("data", c_void_p * 3),
                ("stride", c_ssize_t * 3), ("cuda_event", c_void_p), ("release", Release), ("user", c_void_p)]


MODEL_DISABLE_CLIP = 1
MODEL_ENABLE_TRANSFORM = 2
POOL_METHODS = {"min": 1, "max": 2, "mean": 3, "harmonic_mean": 4}
LOG_ERROR, LOG_WARNING, LOG_INFO = 1, 2, 3
_LEVELS = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG}

_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "vmaf_init": (c_int, [POINTER(c_void_p), VmafConfiguration]),
    "vmaf_close": (c_int, [c_void_p]),
    "vmaf_use_feature": (c_int, [c_void_p, c_char_p, c_void_p]),
    "vmaf_use_features_from_model": (c_int, [c_void_p, c_void_p]),
    "vmaf_use_features_from_model_collection": (c_int, [c_void_p, c_void_p]),
    "vmaf_read_pictures": (c_int, [c_void_p, POINTER(VmafPicture), POINTER(VmafPicture), c_uint]),
    "vmaf_score_at_index": (c_int, [c_void_p, c_void_p, POINTER(c_double), c_uint]),
    "vmaf_feature_score_at_index": (c_int, [c_void_p, c_char_p, POINTER(c_double), c_uint]),
    "vmaf_score_pooled": (c_int, [c_void_p, c_void_p, c_int, POINTER(c_double), c_uint, c_uint]),
    "vmaf_score_pooled_model_collection": (c_int, [c_void_p, c_void_p, c_int, POINTER(VmafModelCollectionScore), c_uint,
                                                   c_uint]),
    "vmaf_feature_score_pooled": (c_int, [c_void_p, c_char_p, c_int, POINTER(c_double), c_uint, c_uint]),
    "vmaf_version": (c_char_p, []),
    "vmaf_picture_unref": (c_int, [POINTER(VmafPicture)]),
    "vmaf_model_destroy": (None, [c_void_p]),
    "vmaf_model_collection_destroy": (None, [c_void_p]),
    "vmaf_model_feature_overload": (c_int, [c_void_p, c_char_p, c_void_p]),
    "vmaf_model_collection_feature_overload": (c_int, [c_void_p, POINTER(c_void_p), c_char_p, c_void_p]),
    "vmaf_feature_dictionary_set": (c_int, [POINTER(c_void_p), c_char_p, c_char_p]),
    "vmaf_feature_dictionary_free": (c_int, [POINTER(c_void_p)]),
    "vmaf_turbo_version": (c_char_p, []),
    "vmaf_turbo_builtin_model": (c_char_p, [c_uint]),
    "vmaf_turbo_model_load": (c_int, [POINTER(c_void_p), POINTER(c_void_p), POINTER(VmafModelConfig), c_char_p]),
    "vmaf_turbo_model_load_from_path": (c_int, [POINTER(c_void_p), POINTER(c_void_p), POINTER(VmafModelConfig), c_char_p]),
    "vmaf_turbo_metric": (c_int, [c_uint, POINTER(c_char_p), POINTER(c_char_p)]),
    "vmaf_turbo_metric_option": (c_int, [c_char_p, c_uint, POINTER(VmafTurboOption)]),
    "vmaf_turbo_set_log_callback": (c_int, [c_void_p, LogLine, c_void_p]),
    "vmaf_turbo_set_thread_log_callback": (None, [LogLine, c_void_p]),
    "vmaf_turbo_set_frame_callback": (c_int, [c_void_p, FrameCallback, c_void_p]),
    "vmaf_turbo_add_frame_model": (c_int, [c_void_p, c_void_p, c_void_p]),
    "vmaf_turbo_column": (c_int, [c_void_p, c_uint, POINTER(c_char_p), POINTER(c_char_p)]),
    "vmaf_turbo_column_values": (c_int, [c_void_p, c_uint, c_uint, c_uint, POINTER(c_double), POINTER(c_ubyte)]),
    "vmaf_turbo_aggregate": (c_int, [c_void_p, c_uint, POINTER(c_char_p), POINTER(c_double)]),
    "vmaf_turbo_temporal_window": (c_int, [c_void_p, POINTER(c_uint), POINTER(c_uint)]),
    "vmaf_turbo_lend_planes": (c_int, [c_void_p, POINTER(VmafTurboPlanes), POINTER(VmafPicture)]),
}


def _load() -> ctypes.CDLL:
    """The library inside the package, or the one that VMAF_TURBO_LIBRARY names (for development)."""
    path = os.environ.get("VMAF_TURBO_LIBRARY") or str(Path(__file__).parent / "_lib" / "libvmaf-turbo.so")
    try:
        library = ctypes.CDLL(path)
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as e:
        raise ImportError(f"cannot load vmaf-turbo's library {path}: {e}") from e
    return library


lib = _load()
keys = itertools.count(1)
_logs: dict[int, Log] = {}


class Log:
    """Receives log lines; keeps errors for the next exception and passes all on to logging's "vmaf"."""

    def __init__(self) -> None:
        self.key = next(keys)
        self._errors: list[str] = []
        self._lock = threading.Lock()
        _logs[self.key] = self

    def forget(self) -> None:
        _logs.pop(self.key, None)

    def add(self, level: int, line: str) -> None:
        if level == LOG_ERROR:
            with self._lock:
                self._errors.append(line)
            level = 4  # the exception says it
        logger.log(_LEVELS.get(level, logging.DEBUG), "%s", line)

    def take(self) -> list[str]:
        with self._lock:
            errors, self._errors = self._errors, []
        return errors

    def check(self, err: int, what: str, kind: type[VmafError] = VmafError) -> None:
        """Raises if err is a negative errno, with the lines logged since the last check."""
        lines = self.take()
        if err:
            raise kind(f"{what}: {'; '.join(dict.fromkeys(lines)) or os.strerror(-err)}", -err)


def _on_line(key: int | None, level: int, line: bytes) -> None:
    log = _logs.get(key or 0)
    if log:
        log.add(level, line.decode("utf-8", "replace"))


on_line = LogLine(_on_line)
_no_line = LogLine()
_thread = threading.local()


@contextmanager
def thread_log() -> Iterator[Log]:
    """Collects the lines of this thread's calls without a context."""
    outer: Log | None = getattr(_thread, "log", None)
    log = _thread.log = Log()
    lib.vmaf_turbo_set_thread_log_callback(on_line, log.key)
    try:
        yield log
    finally:
        _thread.log = outer
        if outer:
            lib.vmaf_turbo_set_thread_log_callback(on_line, outer.key)
        else:
            lib.vmaf_turbo_set_thread_log_callback(_no_line, None)
        log.forget()


def text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")
