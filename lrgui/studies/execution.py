"""How a study is computed: where, how many runs at once, and with what each."""

from __future__ import annotations

from dataclasses import dataclass

from lrgui.core.options import Problem
from lrgui.core.settings import problems_of, setting
from lrgui.runs.ray_settings import ADDRESS, RAY, RayResources, is_ray
from lrgui.runs.targets import NAME, target_named

#: Where a study can be computed, beside the words for Ray and the names of targets.
LOCAL = "local"


@dataclass(frozen=True)
class ExecutionSettings(RayResources):
    """Where the runs of a study are computed. Nothing of it changes what they measure."""

    on: str = setting(
        LOCAL,
        label="Where",
        tip="local: processes of this machine; ray: the running Ray cluster, or one that is started on this machine; "
        "ray://HOST:PORT: the cluster at that address; or a target's name (see lrgui targets): each run is sent there",
        unit="place",
    )
    workers: int | None = setting(
        None,
        label="Workers",
        tip="Most runs at once; the CPU threads are divided among them. Automatic is one for every two cores on this "
        "machine, on Ray as many as the cluster has room for, on a target of the kind slurm 16, else 1",
        kind="whole",
        unit="runs",
        minimum=1,
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
        # Which targets there are is another matter: a study is also looked at where they are not.
        if not (is_ray(self.on) or NAME.fullmatch(self.on)):
            fix = f"Use {LOCAL}, {RAY}, an address such as {ADDRESS}head:10001, or the name of a target."
            found.insert(0, Problem("on", f"Unknown place “{self.on}”.", fix))
        return found


def check_place(how: ExecutionSettings) -> None:
    """Raises ValueError, with a sentence, where the place is neither this machine nor Ray nor a target that is saved
    here."""
    if how.on != LOCAL and not is_ray(how.on):
        target_named(how.on)
