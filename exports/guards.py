"""Limits on how far a list may move from what its recipient holds; beyond them it is HELD until someone releases it."""

from __future__ import annotations

from exports.audience import Guards
from exports.lists import Lists, Recipient


def breaches(lists: Lists, recipient: Recipient, guards: Guards) -> list[str]:
    """Why the list must be held, each with its main causes; empty when it may go. A first list has nothing to break."""
    ((held, listed, moved, removed, came),) = lists.rows(
        "select count(*) filter (where change <> 'NEW'), count(*) filter (where change <> 'REMOVED'), "
        "count(*) filter (where previous_tier <> tier), count(*) filter (where change = 'REMOVED'), "
        "count(*) filter (where change = 'NEW') from package_line where recipient = ?",
        recipient.code,
    )
    if held == 0:
        return []
    if listed == 0:
        return [f"EMPTY: nobody is left of {held} customers; {_causes(lists, recipient, _LEFT)}"]
    found = []
    if held >= guards.smallest_list:
        for name, count, limit, causes in (
            ("MOVED", moved, guards.moved_share, _MOVED),
            ("REMOVED", removed, guards.removed_share, _LEFT),
            ("GROWN", came, guards.grown_share, _CAME),
        ):
            if count > limit * held:
                share = f"{count} of {held} lines ({count / held:.1%}, limit {limit:.0%})"
                found.append(f"{name}: {share}; {_causes(lists, recipient, causes)}")
    return found


# Each names the causes of one kind of movement; the most frequent are told first.
_MOVED = (
    "select previous_tier_name || ' → ' || tier_name || ' by ' || split_part(reasons, ' ', 1) "
    "from package_line where recipient = ? and previous_tier <> tier"
)
_LEFT = "select split_part(change_reason, ' ', 1) from package_line where recipient = ? and change = 'REMOVED'"
_CAME = "select 'into ' || tier_name from package_line where recipient = ? and change = 'NEW'"


def _causes(lists: Lists, recipient: Recipient, query: str) -> str:
    rows = lists.rows(
        f"select cause, count(*) as n from ({query}) as causes (cause) group by cause order by n desc, cause limit 5",
        recipient.code,
    )
    return "causes: " + ", ".join(f"{cause} {count}" for cause, count in rows)
