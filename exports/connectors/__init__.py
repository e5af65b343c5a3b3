"""Ways out of the outbox: from a marked package to where its recipient fetches it."""
