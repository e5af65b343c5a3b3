"""Seeded chance: one independent stream of random numbers per topic, and the few draws that all topics need."""

import zlib
from collections.abc import Sequence

import numpy as np
import polars as pl

EPOCH = np.datetime64("1970-01-01", "D")
NEVER = 10**6  # a day number that no delivery reaches


class Chance:
    """Random draws of one topic; adding draws to one topic leaves every other topic's values as they were."""

    def __init__(self, seed: int, topic: str) -> None:
        self.rng = np.random.Generator(np.random.PCG64([seed, zlib.crc32(topic.encode())]))

    def hit(self, share: float | np.ndarray, n: int) -> np.ndarray:
        """A boolean per row, true for about `share` of them."""
        return self.rng.random(n) < share

    def whole(self, low: int | np.ndarray, high: int | np.ndarray, n: int) -> np.ndarray:
        """Integers in [low, high]."""
        return self.rng.integers(low, np.asarray(high) + 1, n)

    def pick(self, words: Sequence[str | None], n: int, weights: Sequence[float] | np.ndarray | None = None) -> np.ndarray:
        """Words drawn with the given weights, as an array of objects."""
        return np.array(list(words), dtype=object)[self.index(len(words), n, weights)]

    def index(self, size: int, n: int, weights: Sequence[float] | np.ndarray | None = None) -> np.ndarray:
        """Row numbers of something of `size` rows, drawn with the given weights."""
        if weights is None:
            return self.rng.integers(0, size, n)
        cumulative = np.cumsum(np.asarray(weights, dtype=float))
        return np.searchsorted(cumulative / cumulative[-1], self.rng.random(n), side="right").clip(0, size - 1)

    def deal(self, words: Sequence[str], n: int, weights: Sequence[float] | None = None) -> np.ndarray:
        """Like `pick`, but the first rows hold every word once, so that a small sample has every code."""
        drawn = self.pick(words, n, weights)
        drawn[: len(words)] = np.array(list(words), dtype=object)[:n]
        return drawn

    def sample(self, n: int, k: int) -> np.ndarray:
        """k different row numbers below n, ascending."""
        return np.sort(self.rng.choice(n, size=min(k, n), replace=False))

    def letters(self, alphabet: str, length: int, n: int) -> pl.Series:
        """Random words of `length` letters of an ASCII alphabet."""
        codes = np.frombuffer(alphabet.encode(), dtype=np.uint8)[self.rng.integers(0, len(alphabet), (n, length))]
        return pl.Series(np.ascontiguousarray(codes).view(f"S{length}").ravel().astype(f"U{length}").tolist(), dtype=pl.String)


def day(iso: str) -> int:
    """Day number (since 1970-01-01) of an ISO date."""
    return int((np.datetime64(iso, "D") - EPOCH).astype(int))


def as_dates(days: np.ndarray) -> pl.Series:
    """Day numbers as a Date column; NEVER becomes null."""
    values = pl.Series(days.astype(np.int32))
    return pl.select(pl.when(values < NEVER).then(values)).to_series().cast(pl.Date)


def add_months(days: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Day numbers `months` later, on the month's last day where the day does not exist (31 Jan + 1 month = 28 Feb)."""
    dates = EPOCH + days.astype("timedelta64[D]")
    month = dates.astype("datetime64[M]")
    offset = (dates - month.astype("datetime64[D]")).astype(int)
    target = month + months.astype("timedelta64[M]")
    last = ((target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(int) - 1
    return (target.astype("datetime64[D]") - EPOCH).astype(int) + np.minimum(offset, last)
