"""Errors that people read: what happened, where, and what to do about it."""

from __future__ import annotations


class GlifeError(Exception):
    """A refusal that a user can act on; printed as one sentence, without a stack trace."""

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(what, where, remedy)

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence}; {self.remedy}" if self.remedy else sentence
