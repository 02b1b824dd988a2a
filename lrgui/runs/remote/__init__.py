"""Runs that are elsewhere, or that somebody else computes: followed by their logs, and started there."""
