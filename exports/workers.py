"""Where data files are written: in processes side by side when a channel's lists are long, else in this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

_WORTH_A_PROCESS = 20_000  # lines; fewer are written before a process has started


class _Here(Executor):
    """Runs what is submitted at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def workers(lines: int, processes: int) -> Iterator[Executor]:
    """An executor for writing ``lines`` lines; when its caller fails, what has not begun is not begun any more."""
    if lines < _WORTH_A_PROCESS or processes < 2:
        yield _Here()
        return
    # Started anew rather than forked: DuckDB's threads do not survive a fork.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)
