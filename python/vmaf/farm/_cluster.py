"""The engine: Dask distributed, with a cluster of its own or one that runs already."""
from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from .._scorer import default_threads
from ._work import library_version

#: How many workers may die under one part before the part is held to be what kills them.
ALLOWED_DEATHS = 4


def local_shape(workers: int | None, threads: int | None) -> tuple[int, int]:
    """Workers and threads of each on this machine: together its CPUs, unless told otherwise."""
    cpus = default_threads()
    if workers is None:
        workers = max(1, cpus // (threads or 2))
    return workers, max(1, cpus // workers) if threads is None else threads


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that begin in here never see the terminal's Ctrl-C, which is this process' to handle."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def connect(scheduler: str | None, workers: int) -> Iterator[Any]:
    """A client of the scheduler, or of a local cluster that ends with it.

    Raises ImportError without distributed, OSError if the scheduler does not answer.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise ImportError("the farm needs Dask: pip install 'vmaf-turbo[farm]'") from None
    if scheduler:
        with Client(scheduler, timeout=20) as client:
            yield client
        return
    # Mapped videos count as a worker's memory, and must not get it killed.
    options = {"distributed.scheduler.allowed-failures": ALLOWED_DEATHS, "distributed.worker.daemon": True}
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(options))
        with _without_interrupts():
            cluster = stack.enter_context(LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, memory_limit=0, dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL))
        yield stack.enter_context(Client(cluster))


def check_versions(client: Any) -> None:
    """Raises RuntimeError if workers miss the package or have another version."""
    found = client.run(library_version, on_error="return")
    for address, version in found.items():
        if isinstance(version, Exception):
            raise RuntimeError(f"worker {address} cannot use vmaf-turbo: {type(version).__name__}: {version}")
        if version != library_version():
            raise RuntimeError(f"worker {address} has vmaf-turbo {version}, here is {library_version()}")
