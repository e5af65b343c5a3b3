"""What goes into one recipient's package, decided before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from exports.formats.table import ListTable, quoted
from exports.guards import breaches
from exports.lists import Lists, Recipient
from exports.package import Package

_CHANGES = ("NEW", "CHANGED", "SAME", "REMOVED")

# Columns that depend on what the recipient holds; all others are as the list's SQL made them.
_COMPUTED = {
    "reasons": "nullif(concat_ws('；', reasons, change_reason), '') as reasons",
    "add": "['G层级-' || tier_name] as add",
    "remove": "case when previous_tier <> tier then ['G层级-' || previous_tier_name] else [] end as remove",
}


class Plan:
    """Lines, totals, mode and reasons to hold of one recipient's next package."""

    def __init__(self, lists: Lists, recipient: Recipient, base: Package | None, earlier: Sequence[Package]) -> None:
        """``base`` is the package that the recipient accepted last, ``earlier`` those made from other generations."""
        self.lists, self.recipient = lists, recipient
        self.base = base.package_id if base else None
        self.sequence = max((each.manifest["sequence"] for each in earlier), default=0) + 1
        # A recipient that holds nothing cannot apply a difference.
        self.mode = lists.audience.mode if base else "full"
        code = recipient.code.replace("'", "''")
        self.source = f"(select * from package_line where recipient = '{code}'"
        self.source += " and change <> 'SAME') as line" if self.mode == "delta" else ") as line"
        # A follower who left cannot be tagged any more; the platform took the tags off.
        self.written = "openid is not null" if lists.audience.list == "tag_sync" else "true"
        self.totals = self._totals()
        sent = sorted((each for each in earlier if each.is_ready), key=lambda each: each.manifest["sequence"])
        self.why = breaches(lists, recipient, base, sent)
        ((self.customers,),) = lists.rows(
            "select count(*) from package_line where recipient = ? and change <> 'REMOVED'", recipient.code
        )

    @property
    def lines(self) -> int:
        return sum(self.totals["change"].values())

    def _totals(self) -> dict[str, dict[str, int]]:
        rows = self.lists.rows(f"select tier, change, count(*) from {self.source} where {self.written} group by all order by all")
        by_tier = {str(tier): sum(n for each, _, n in rows if each == tier) for tier in range(1, 6)}
        by_change = {change: sum(n for _, each, n in rows if each == change) for change in _CHANGES}
        return {"tier": by_tier, "change": by_change}

    def table(self, rows: Path) -> ListTable:
        """The lines as the writers take them, in the declaration's columns, kept as Parquet in ``rows``."""
        lists = self.lists
        columns = ", ".join(
            f'null::varchar as "{name}"' if name in lists.withheld else _COMPUTED.get(name, f'"{name}"')
            for name in (column.name for column in lists.audience.columns)
        )
        lists.connection.execute(
            f"copy (select {columns} from {self.source} where {self.written} order by line.tier nulls last, line.customer_ref) "
            f"to '{quoted(rows)}' (format parquet)"
        )
        legend = lists.rows(
            "select tier::varchar, strategy_name, contact_cadence_days || ' 天', replace(service_package, ';', '；'), "
            "replace(product_lines, '|', '、'), replace(required_grades, '|', '、') from strategy order by tier"
        )
        left = lists.rows(
            f"select split_part(change_reason, ' ', 1) as why, count(*) from {self.source} "
            "where change = 'REMOVED' group by why order by all"
        )
        return ListTable(
            rows=rows,
            columns=lists.audience.columns,
            as_of=lists.as_of,
            title=lists.audience.title,
            recipient_name=f"{self.recipient.name} ({self.recipient.code})",
            totals=self.totals,
            legend=tuple(tuple(cell or "" for cell in line) for line in legend),
            compared_with=self.base or "",
            left_because=tuple((reason, count) for reason, count in left),
        )

    def lines_query(self) -> str:
        """What the ledger keeps of the lines."""
        columns = "customer_ref, anchor, tier, tier_name, fingerprint, change"
        return f"select {columns} from {self.source} order by customer_ref"
