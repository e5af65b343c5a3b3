"""A delivered table over time: every version of every key with the day from which it holds."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample.chance import Chance
from sample.people import LAST_DAY


@dataclass(frozen=True)
class Table:
    """`versions`: the delivered columns, `_from` (day number) and, where keys can end, `_gone`; one row a version."""

    key: tuple[str, ...]
    versions: pl.DataFrame

    def changed(self, since: int, until: int) -> pl.DataFrame:
        """The newest version of each key among those that began in (since, until]; ended keys have `_gone`."""
        window = self.versions.filter((pl.col("_from") > since) & (pl.col("_from") <= until))
        return window.unique(self.key, keep="last", maintain_order=True)

    def state(self, until: int) -> pl.DataFrame:
        """The keys that exist at the close of that day."""
        rows = self.changed(-(10**6), until)
        return rows.filter(~pl.col("_gone")) if "_gone" in rows.columns else rows


def table(key: tuple[str, ...], *versions: pl.DataFrame) -> Table:
    """A table from its versions in any order; of one key's versions of one day the last given wins."""
    rows = pl.concat([v.with_columns(pl.col("_from").cast(pl.Int64)) for v in versions], how="diagonal_relaxed")
    return Table(key, rows.filter(pl.col("_from") <= LAST_DAY).sort("_from", maintain_order=True))


def clock(chance: Chance, n: int) -> pl.Series:
    """Times of an office day, HH:MM:SS."""
    seconds = pl.Series(chance.whole(8 * 3600, 21 * 3600, n))
    return (seconds.cast(pl.Int64) * 1_000_000_000).cast(pl.Time).dt.strftime("%H:%M:%S")


def iso(days: str | pl.Expr) -> pl.Expr:
    """Day numbers as ISO dates; days that never come are null."""
    column = pl.col(days) if isinstance(days, str) else days
    return pl.when(column < 10**6).then(column).cast(pl.Int32).cast(pl.Date).dt.strftime("%Y-%m-%d")


def yuan(fen: str | pl.Expr) -> pl.Expr:
    """An amount in fen as yuan with two decimals."""
    column = pl.col(fen) if isinstance(fen, str) else fen
    return pl.format("{}.{}", column // 100, (column % 100).cast(pl.String).str.zfill(2))


def gather(values: pl.Series | np.ndarray, rows: np.ndarray) -> pl.Series:
    """values[rows], null where the row is negative."""
    series = pl.Series(values) if not isinstance(values, pl.Series) else values
    return series.gather(pl.select(pl.when(pl.Series(rows) >= 0).then(pl.Series(rows))).to_series())
