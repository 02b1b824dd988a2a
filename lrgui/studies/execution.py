"""How a study is computed: where, how many runs at once, and with what each."""

from __future__ import annotations

from dataclasses import dataclass

from lrgui.core.options import Problem
from lrgui.core.settings import problems_of, setting

#: Where a study can be computed; an address of a Ray cluster begins with the third.
LOCAL, RAY, ADDRESS = "local", "ray", "ray://"


@dataclass(frozen=True)
class ExecutionSettings:
    """Where the runs of a study are computed. Nothing of it changes what they measure."""

    on: str = setting(
        LOCAL,
        label="Where",
        tip="local: processes of this machine; ray: the running Ray cluster, or one that is started on this machine; "
        "ray://HOST:PORT: the cluster at that address",
        unit="place",
    )
    workers: int | None = setting(
        None,
        label="Workers",
        tip="Most runs at once; the CPU threads are divided among them. Automatic is one for every two cores on this "
        "machine, and on Ray as many as the cluster has room for",
        kind="whole",
        unit="runs",
        minimum=1,
        maximum=10_000,
    )
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
    retries: int = setting(
        2,
        label="Retries",
        tip="How often a run whose worker was lost (a node that died) is started again",
        unit="times",
        minimum=0,
        maximum=100,
    )

    def validate(self) -> list[Problem]:
        """Every problem with these settings, an empty list where there is none."""
        found = problems_of(self)
        if self.on not in (LOCAL, RAY) and not self.on.startswith(ADDRESS):
            fix = f"Use {LOCAL}, {RAY} or an address such as {ADDRESS}head:10001."
            found.insert(0, Problem("on", f"Unknown place “{self.on}”.", fix))
        return found
