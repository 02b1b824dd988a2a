"""Sweeps, trainings and races: generators of events."""
