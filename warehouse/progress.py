"""Progress of long work: a bar with rows per second on a terminal, plain log lines elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_LOG = logging.getLogger("glife")
_LOG_EVERY_SECONDS = 10.0


@contextmanager
def progress(label: str, unit: str = "rows") -> Iterator[Callable[[int], None]]:
    """Yield ``advance(n)``; shows ``label``, the count and the rate per second."""
    start = time.monotonic()
    done = 0
    if sys.stderr.isatty():
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=None, rate="")

            def advance(count: int) -> None:
                nonlocal done
                done += count
                rate = done / max(time.monotonic() - start, 1e-9)
                bar.update(task, completed=done, rate=f"{done:,} {unit} ({rate:,.0f}/s)")

            yield advance
        return
    last = start

    def advance_log(count: int) -> None:
        nonlocal done, last
        done += count
        if (moment := time.monotonic()) - last >= _LOG_EVERY_SECONDS:
            last = moment
            _LOG.info("%s: %s %s (%.0f/s)", label, f"{done:,}", unit, done / (moment - start))

    yield advance_log
