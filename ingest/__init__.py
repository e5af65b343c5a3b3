"""Deliveries in, lake out: discovery, verification, parsing, checking, writing."""
