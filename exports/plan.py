"""What goes into one recipient's package, decided before anything is written."""

from __future__ import annotations

from exports.formats.table import ListTable
from exports.guards import breaches
from exports.lists import Lists, Recipient

_CHANGES = ("NEW", "CHANGED", "SAME", "REMOVED")

# Columns that depend on what the recipient holds; all others are as the list's SQL made them.
_COMPUTED = {
    "reasons": "nullif(concat_ws('；', reasons, change_reason), '') as reasons",
    "add": "['G层级-' || tier_name] as add",
    "remove": "case when previous_tier <> tier then ['G层级-' || previous_tier_name] else [] end as remove",
}


class Plan:
    """Lines, totals, mode and reasons to hold of one recipient's next package."""

    def __init__(self, lists: Lists, recipient: Recipient, base: str | None, sequence: int) -> None:
        self.lists, self.recipient, self.base, self.sequence = lists, recipient, base, sequence
        # A recipient that holds nothing cannot apply a difference.
        self.mode = lists.audience.mode if base else "full"
        code = recipient.code.replace("'", "''")
        self.source = f"(select * from package_line where recipient = '{code}'"
        self.source += " and change <> 'SAME') as line" if self.mode == "delta" else ") as line"
        # A follower who left cannot be tagged any more; the platform took the tags off.
        self.written = "openid is not null" if lists.audience.list == "tag_sync" else "true"
        self.totals = self._totals()
        self.why = breaches(lists, recipient, lists.audience.guards)

    def _totals(self) -> dict[str, dict[str, int]]:
        rows = self.lists.rows(f"select tier, change, count(*) from {self.source} where {self.written} group by all order by all")
        by_tier = {str(tier): sum(n for each, _, n in rows if each == tier) for tier in range(1, 6)}
        by_change = {change: sum(n for _, each, n in rows if each == change) for change in _CHANGES}
        return {"tier": by_tier, "change": by_change}

    def table(self) -> ListTable:
        """The lines as the writers take them, in the declaration's columns."""
        lists = self.lists
        columns = ", ".join(_COMPUTED.get(column.name, f'"{column.name}"') for column in lists.audience.columns)
        legend = lists.rows(
            "select tier::varchar, strategy_name, contact_cadence_days || ' 天', replace(service_package, ';', '；'), "
            "replace(product_lines, '|', '、'), replace(required_grades, '|', '、') from strategy order by tier"
        )
        left = lists.rows(
            f"select split_part(change_reason, ' ', 1) as why, count(*) from {self.source} "
            "where change = 'REMOVED' group by why order by all"
        )
        return ListTable(
            connection=lists.connection,
            query=f"select {columns} from {self.source} where {self.written} order by tier nulls last, customer_ref",
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
