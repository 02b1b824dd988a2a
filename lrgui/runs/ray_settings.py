"""Which Ray computes, and what a run gets of it."""

from __future__ import annotations

from dataclasses import dataclass

from lrgui.core.settings import setting

#: The Ray that runs on this machine, else one that is started; the one that must run; what an address begins with.
RAY, AUTO, ADDRESS = "ray", "auto", "ray://"


def is_ray(place: str) -> bool:
    """True for the words that mean a Ray cluster."""
    return place in (RAY, AUTO) or place.startswith(ADDRESS)


@dataclass(frozen=True)
class RayResources:
    """What Ray reserves for each run."""

    cpus: float = setting(
        1.0,
        label="CPUs",
        tip="CPUs that Ray reserves for each run; a fraction lets several runs share one",
        unit="cores",
        minimum=0,
        maximum=10_000,
    )
    gpus: float = setting(
        0.0,
        label="GPUs",
        tip="GPUs that Ray reserves for each run; a fraction (0.25) lets several runs share one",
        unit="devices",
        minimum=0,
        maximum=10_000,
    )
