"""Tier lists to the channels."""
