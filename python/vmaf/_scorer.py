"""The streaming scorer."""
from __future__ import annotations

import ctypes
import os
import threading
import time
import weakref
from ctypes import byref, c_char_p, c_double, c_ubyte, c_uint, c_void_p
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ._format import VideoFormat
from ._library import (LOG_WARNING, POOL_METHODS, FrameCallback, Log, VmafConfiguration, VmafError, VmafModelCollectionScore, keys, lib,
                       on_line, text)
from ._planes import Loans, Planes, check_planes, guess_format
from ._result import Column, FrameScores, Pooled, Result
from ._settings import DEFAULT_MODEL, FeaturesLike, LoadedModel, ModelsLike, as_features, as_models, make_options

EAGAIN = 11
MAX_THREADS = 64
WHOLE_CLIP = 2**32 - 1


def default_threads() -> int:
    """One per CPU that this process may use, at most 64."""
    return min(len(os.sched_getaffinity(0)), MAX_THREADS)


class _FrameSink:
    """Passes frames on to the caller's function; knows which thread is inside it, and keeps its exception."""

    def __init__(self, function: Callable[[FrameScores], Any]) -> None:
        self.function = function
        self.key = next(keys)
        self.thread: int | None = None
        self.error: BaseException | None = None
        _sinks[self.key] = self

    def deliver(self, frame: Any) -> None:
        if self.error:
            return
        scores = {text(v.name): v.value for v in frame.value[:frame.n_values]}
        self.thread = threading.get_ident()
        try:
            self.function(FrameScores(frame.index, scores, -frame.error))
        except BaseException as e:  # raised where the caller can see it
            self.error = e
        finally:
            self.thread = None

    def check(self) -> None:
        if self.error:
            error, self.error = self.error, None
            raise error


_sinks: dict[int, _FrameSink] = {}
_on_frame = FrameCallback(lambda key, frame: _sinks[key].deliver(frame[0]))


def _close(context: c_void_p, models: list[LoadedModel], log: Log, sink: _FrameSink | None, process: int) -> None:
    if os.getpid() != process:
        return  # a forked child has the memory but not the threads
    lib.vmaf_close(context)
    for model in models:
        model.destroy()
    log.forget()
    if sink:
        _sinks.pop(sink.key, None)


class Scorer:
    """Scores pictures as they come.

        with vmaf.Scorer(features="psnr") as scorer:
            for ref, dis in pairs:              # each (y, u, v), arrays of uint8
                scorer.push(ref, dis)
            result = scorer.finish()

    Planes are read where they lie, without a copy, on the library's own threads, while push has returned: **do not write to them
    until they are released**. The scorer keeps references until then (`lent` counts them), so that dropping
    yours is safe. Buffers that are used again, such as a capture card's, need `push(..., copy=True)`.

    Args:
        model: name, path, Model, or several of them; None for features only.
        features: name ("psnr", "psnr=enable_chroma=false"), Feature, a mapping {"psnr": {"enable_chroma": False}}, or several.
        format: of the video; None: that of the first picture.
        bit_depth, pixel_format: the parts of the format that the first picture cannot tell, instead of format.
        threads: worker threads; 0 does all work inside push; None: one per CPU. Scores do not depend on it.
        subsample: score only frames whose number is a multiple of this.
        cpumask: instruction sets not to use, as the tool's --cpumask.
        on_frame: called with the FrameScores of every scored frame, in order, as soon as they are final: most features at once, motion2 and
            the models that use it one frame later. It runs on a thread of the library's, one call at a time, and must not use this
            scorer. What it raises is raised again by the next push or by finish.

    Raises:
        VmafError: an unknown model or feature or a bad option, with the library's message.

    Methods may be called from any thread, one at a time; others wait.
    """

    def __init__(self, *, model: ModelsLike = DEFAULT_MODEL, features: FeaturesLike = (), format: VideoFormat | None = None,
                 bit_depth: int | None = None, pixel_format: str | None = None, threads: int | None = None, subsample: int = 1,
                 cpumask: int = 0, on_frame: Callable[[FrameScores], Any] | None = None) -> None:
        if subsample < 1:
            raise ValueError("subsample must be 1 or more")
        if threads is not None and not 0 <= threads <= 1024:
            raise ValueError("threads must be 0 to 1024")
        wanted_models, wanted_features = as_models(model), as_features(features)
        if not wanted_models and not wanted_features:
            raise ValueError("nothing to compute: neither a model nor a feature")
        self.format = format
        self._bit_depth, self._pixel_format = bit_depth, pixel_format
        self._subsample = subsample
        self._lock = threading.Lock()
        self._sink: _FrameSink | None = None
        self._loans = Loans()
        self._log = Log()
        self._context = c_void_p()
        self._models: list[LoadedModel] = []
        self._count = 0
        self._started: float | None = None
        config = VmafConfiguration(LOG_WARNING, default_threads() if threads is None else threads, subsample, cpumask, 1)
        try:
            self._log.check(lib.vmaf_init(byref(self._context), config), "cannot make a context")
            lib.vmaf_turbo_set_log_callback(self._context, on_line, self._log.key)
            for m in wanted_models:
                self._models.append(LoadedModel(m))
            for loaded in self._models:
                self._use_model(loaded)
            for f in wanted_features:
                options = make_options(f.options)
                err = lib.vmaf_use_feature(self._context, f.name.encode(), options)
                if err:
                    lib.vmaf_feature_dictionary_free(byref(options))
                self._log.check(err, f"feature {f.name}")
            if on_frame:
                self._deliver(_FrameSink(on_frame))
        except BaseException:
            if self._context:
                lib.vmaf_close(self._context)
            for loaded in self._models:
                loaded.destroy()
            self._log.forget()
            if self._sink:
                _sinks.pop(self._sink.key, None)
            raise
        self._finalizer = weakref.finalize(self, _close, self._context, self._models, self._log, self._sink,
                                           os.getpid())

    def _deliver(self, sink: _FrameSink) -> None:
        self._sink = sink
        err = lib.vmaf_turbo_set_frame_callback(self._context, _on_frame, sink.key)
        for m in self._models:
            err = err or lib.vmaf_turbo_add_frame_model(self._context, m.model, m.collection)
        self._log.check(err, "cannot deliver frames")

    def _use_model(self, m: LoadedModel) -> None:
        if m.collection:
            err = lib.vmaf_use_features_from_model_collection(self._context, m.collection)
        else:
            err = lib.vmaf_use_features_from_model(self._context, m.model)
        self._log.check(err, f"model {m.label}")

    def __enter__(self) -> Scorer:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def frame_count(self) -> int:
        """Pairs pushed so far."""
        return self._count

    @property
    def lent(self) -> int:
        """Pictures that the library still reads: their planes must not be written."""
        return len(self._loans.planes)

    @property
    def temporal_window(self) -> tuple[int, int] | None:
        """How many frames before and after a frame decide its scores; None: all, so that clips cannot be split."""
        before, after = c_uint(), c_uint()
        with self._locked():
            self._open()
            lib.vmaf_turbo_temporal_window(self._context, byref(before), byref(after))
        return None if WHOLE_CLIP in (before.value, after.value) else (before.value, after.value)

    def _locked(self) -> threading.Lock:
        """The lock; on_frame, for which a holder of the lock may wait, must not ask for it."""
        if self._sink and self._sink.thread == threading.get_ident():
            raise VmafError("on_frame must not use its scorer")
        return self._lock

    def _open(self) -> None:
        if not self._finalizer.alive:
            raise VmafError("this scorer is closed")

    def push(self, reference: Planes, distorted: Planes, *, copy: bool = False) -> int:
        """Hands over a pair of pictures; waits only while as many frames are in flight as the threads can use.

        Args:
            reference, distorted: (y, u, v), or (y,) for luma only. A plane is an array (or a buffer) of shape (rows, columns); uint8
                for 8 bits, uint16 holding 0 .. 2**bit_depth - 1 above. Rows may lie any distance apart (slices of larger
                arrays are fine); the samples of a row must lie side by side.
            copy: copy the planes first, so that they may be written to at once and may have any strides.

        Returns:
            The frame's number, from 0.

        Raises:
            TypeError, ValueError: planes that do not fit; nothing was scored.
            VmafError: the library refused the pair, or an earlier frame failed.
        """
        with self._locked():
            self._open()
            if self._sink:
                self._sink.check()
            if self.format is None:
                self.format = guess_format(reference, self._bit_depth, self._pixel_format)
            ref = check_planes(reference, self.format, "reference", copy)
            dis = check_planes(distorted, self.format, "distorted", copy)
            if self._started is None:
                self._started = time.monotonic()
            r = self._loans.lend(self._context, self.format, ref, self._log)
            try:
                d = self._loans.lend(self._context, self.format, dis, self._log)
            except BaseException:
                lib.vmaf_picture_unref(byref(r))
                raise
            err = lib.vmaf_read_pictures(self._context, byref(r), byref(d), self._count)
            if err:
                lib.vmaf_picture_unref(byref(r))
                lib.vmaf_picture_unref(byref(d))
            self._log.check(err, f"frame {self._count}")
            self._count += 1
            return self._count - 1

    def score_at(self, index: int, name: str | None = None) -> float | None:
        """A score while frames are still coming: of a column by its name, or of the first model.

        Returns None if it does not exist yet. What looks ahead in time, such as motion2 and the models that use it, exists after
        the flush only.
        """
        value = c_double()
        with self._locked():
            self._open()
            if name is None or name in [m.name for m in self._models]:
                model = next(m for m in self._models if name in (None, m.name)) if self._models else None
                if model is None:
                    raise ValueError("no model was asked for; give the name of a column")
                err = lib.vmaf_score_at_index(self._context, model.model, byref(value), index)
            else:
                stored = next((s for n, s in self._columns() if n == name), name.encode())
                err = lib.vmaf_feature_score_at_index(self._context, stored, byref(value), index)
            if err == -EAGAIN:
                self._log.take()
                return None
            self._log.check(err, f"no score {name or ''} of frame {index}")
            return value.value

    def finish(self) -> Result:
        """Waits for all frames, computes what needs the whole clip, and closes the scorer.

        Raises:
            VmafError: no frame was pushed, or a frame or a model could not be scored; its `result` has the scores there are.
        """
        with self._locked():
            self._open()
            if not self._count:
                raise VmafError("no frame was pushed")
            failure: VmafError | None = None
            try:
                self._log.check(lib.vmaf_read_pictures(self._context, None, None, 0), "cannot score all frames")
            except VmafError as e:
                failure = e
            try:
                self._predict()
            except VmafError as e:
                failure = failure or e
            result = self._collect()
            self._finalizer()
        if self._sink:
            self._sink.check()
        if failure:
            failure.result = result
            raise failure
        return result

    def close(self) -> None:
        """Waits for the frames in flight and gives everything back; results that were not asked for are lost."""
        with self._locked():
            self._finalizer()

    def _predict(self) -> None:
        """Asks for the models' scores, which is what makes their columns; lead models first, as reports have them."""
        value, collected = c_double(), VmafModelCollectionScore()
        last, mean = self._count - 1, POOL_METHODS["mean"]
        for m in self._models:
            err = lib.vmaf_score_pooled(self._context, m.model, mean, byref(value), 0, last)
            self._log.check(err, f"model {m.label} cannot score")
        for m in self._models:
            if m.collection:
                err = lib.vmaf_score_pooled_model_collection(self._context, m.collection, mean, byref(collected), 0, last)
                self._log.check(err, f"model {m.label} cannot score")

    def _columns(self) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        name, stored = c_char_p(), c_char_p()
        while not lib.vmaf_turbo_column(self._context, len(found), byref(name), byref(stored)):
            found.append((text(name.value), stored.value or b""))
        return found

    def _values(self, i: int) -> tuple[Column, npt.NDArray[np.bool_]]:
        values = np.full(self._count, np.nan)
        present = np.zeros(self._count, dtype=np.uint8)
        lib.vmaf_turbo_column_values(self._context, i, 0, self._count - 1, values.ctypes.data_as(ctypes.POINTER(c_double)),
                                     present.ctypes.data_as(ctypes.POINTER(c_ubyte)))
        return values, present.astype(np.bool_)

    def _pooled(self, stored: bytes) -> Pooled | None:
        value, figures = c_double(), {}
        for method, number in POOL_METHODS.items():
            if lib.vmaf_feature_score_pooled(self._context, stored, number, byref(value), 0, self._count - 1):
                self._log.take()
                return None
            figures[method] = value.value
        return Pooled(**figures)

    def _collect(self) -> Result:
        assert self.format
        rows = np.arange(0, self._count, self._subsample, dtype=np.int64)
        scores: dict[str, Column] = {}
        pooled: dict[str, Pooled] = {}
        any_value = np.zeros(len(rows), dtype=np.bool_)
        for i, (name, stored) in enumerate(self._columns()):
            values, present = self._values(i)
            scores[name] = values[rows]
            any_value |= present[rows]
            figures = self._pooled(stored)
            if figures:
                pooled[name] = figures
        aggregate: dict[str, float] = {}
        key, value = c_char_p(), c_double()
        while not lib.vmaf_turbo_aggregate(self._context, len(aggregate), byref(key), byref(value)):
            aggregate[text(key.value)] = value.value
        if not any_value.all():
            scores = {n: c[any_value] for n, c in scores.items()}
        return Result(scores=scores, index=rows[any_value], pooled=pooled, aggregate=aggregate,
                      models=[m.name for m in self._models if m.name in scores], format=self.format, frame_count=self._count,
                      library_version=text(lib.vmaf_turbo_version()),
                      seconds=time.monotonic() - (self._started or time.monotonic()))
