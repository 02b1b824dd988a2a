"""Where runs can be computed: named places, kept in the settings of this machine and in no run file."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lrgui import places
from lrgui.core.settings import problems_of, settings_of
from lrgui.json_file import read_json, set_aside, write_json
from lrgui.runs.ray_settings import ADDRESS, AUTO, RAY, RayResources, is_ray
from lrgui.tasks.launchers import ACCELERATE, LAUNCHERS, TORCHRUN, Team

if TYPE_CHECKING:
    from lrgui.runs.interpreters import Interpreter
    from lrgui.runs.remote.address import Host

#: What a target may be called: a word that a shell takes as it is.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


class Kind(NamedTuple):
    """One way to compute a run."""

    key: str
    label: str
    detail: str
    needs: tuple[str, ...]
    """Fields of a target that must be filled in."""
    uses: tuple[str, ...]
    """Those that may be."""
    note: str = (
        "Runs are started there by the system’s ssh and keep running when the connection is lost. Your task’s code is "
        "sent along; data stay where they are."
    )
    """What happens to runs, code and data, for whoever adds one."""


_NEEDED = {"host": "a host", "python": "a python", "processes": "the number of processes"}
#: Of one machine, and of nodes.
MOST_PROCESSES, MOST_NODES = 64, 1024
#: What several hosts are separated by.
BETWEEN = ","

#: Every kind of target; a further one is a row here.
KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind("python", "Another Python", "A Python interpreter of this machine", ("python",), ()),
        Kind("ssh", "Machine", "Another machine, through ssh", ("host",), ("python", "folder")),
        *(
            Kind(
                launcher,
                launcher,
                f"Several processes that compute one sweep together, started by {words}: here or through ssh",
                ("processes",),
                ("host", "endpoint", "python", "folder"),
            )
            for launcher, words in ((TORCHRUN, "torchrun"), (ACCELERATE, "accelerate launch"))
        ),
        Kind(
            "slurm",
            "SLURM",
            "A cluster's queue, here or on a login node",
            (),
            ("host", "nodes", "processes", "python", "folder", "options", "setup"),
        ),
        Kind(
            "ray",
            "Ray",
            "A Ray cluster, or Ray on this machine",
            (),
            ("address", "cpus", "gpus", "python", "folder"),
            "A run is a task of the cluster and ends with this program. Your task’s code is sent along; so are data, "
            "up to 256 MB, to nodes that do not have them under the same path.",
        ),
    )
}


@dataclass(frozen=True)
class Target:
    """A place where runs can be computed."""

    name: str
    kind: str = "ssh"
    """A key of `KINDS`."""
    host: str = ""
    """[user@]host[:port], as ssh knows it; "" is this machine. Of several processes also several, with commas: the
    first one leads."""
    python: str = ""
    """The interpreter there, with torch and numpy; "" is python3, here the program's own. Of Ray the one here that
    calls it, which has the package ray as the cluster has it."""
    folder: str = ""
    """The working directory there, where data lie; "" is the folder that the task's code is sent to."""
    options: str = ""
    """Of SLURM: options of sbatch, as in a shell: "--partition=gpu --gpus=1 --time=1:00:00"."""
    processes: str = ""
    """Of several processes: how many on each machine, in digits."""
    setup: str = ""
    """Of SLURM: shell commands before the run: "module load cuda"."""
    nodes: str = ""
    """Of SLURM: how many, in digits."""
    endpoint: str = ""
    """Of several hosts: where the others reach the first one, host[:port]; "" is its name."""
    address: str = ""
    """Of Ray: "ray://host:port", "auto" for the cluster that runs here, "ray" or "" for that one or one that is
    started."""
    cpus: str = ""
    """Of Ray: what it reserves for a run, in digits, as `RayResources` has it."""
    gpus: str = ""
    """See `cpus`."""

    def validate(self) -> list[str]:
        """What is wrong with it, each in a sentence."""
        from lrgui.runs.remote.address import Host

        wrong = []
        if not NAME.fullmatch(self.name):
            what = f"“{self.name}” cannot be the name of a target" if self.name else "A target needs a name"
            wrong.append(f"{what}: use letters, digits, “-”, “_” and “.”.")
        kind = KINDS.get(self.kind)
        if kind is None:
            return [*wrong, f"There is no kind of target “{self.kind}”. Choose one of: {', '.join(KINDS)}."]
        given = {field.name for field in fields(self) if getattr(self, field.name) != field.default}
        wrong += [
            f"A target of the kind {self.kind} needs {_NEEDED[name]}." for name in kind.needs if name not in given
        ]
        unused = given - {"name", "kind", *kind.needs, *kind.uses}
        wrong += [f"A target of the kind {self.kind} has no {name}." for name in sorted(unused)]
        if self.name in (RAY, AUTO):
            wrong.append(f"“{self.name}” means a Ray cluster wherever a target is named: use another name.")
        if self.kind in ("python", "ray") and self.python and not os.access(os.path.expanduser(self.python), os.X_OK):
            wrong.append(f"There is no program {self.python}.")
        try:
            several = len(self.hosts) > 1
            Host.parse(self.endpoint)
        except ValueError as error:
            wrong.append(str(error))
        else:
            if several and self.kind not in LAUNCHERS:
                wrong.append(f"A target of the kind {self.kind} has one host: several need {' or '.join(LAUNCHERS)}.")
            if self.endpoint and not several:
                wrong.append("An endpoint is where several hosts meet: name them, separated by commas.")
        if self.address and not is_ray(self.address):
            wrong.append(f"“{self.address}” is not a Ray cluster: write {ADDRESS}HOST:PORT, {AUTO} or {RAY}.")
        try:
            resources = self.resources
        except ValueError:
            wrong.append("CPUs and GPUs are numbers, such as 2 or 0.5.")
        else:
            wrong += [f"{problem.what} {problem.fix}" for problem in problems_of(resources)]
        for name, most in (("processes", MOST_PROCESSES), ("nodes", MOST_NODES)):
            value = getattr(self, name)
            if value and not (value.isdecimal() and 1 <= int(value) <= most):
                wrong.append(f"{name.capitalize()}: {value} is not a number from 1 to {most}.")
        if self.folder and not self.folder.startswith(("/", "~/")):
            wrong.append(f"The folder {self.folder} must begin with / or ~/: it is one of the other machine.")
        return wrong

    @property
    def hosts(self) -> list[Host]:
        """The machines that compute, at least one. Raises ValueError with a sentence."""
        from lrgui.runs.remote.address import Host

        return [Host.parse(word) for word in self.host.split(BETWEEN)]

    @property
    def team(self) -> Team:
        """How many processes compute a run together."""
        machines = int(self.nodes or 1) if self.kind == "slurm" else len(self.hosts)
        return Team(int(self.processes or 1), machines)

    @property
    def given_resources(self) -> dict[str, float]:
        """Those of `RayResources` that it says. Raises ValueError for what is no number."""
        said = {option.name: getattr(self, option.name) for option in settings_of(RayResources)}
        return {name: float(value) for name, value in said.items() if value}

    @property
    def resources(self) -> RayResources:
        """What Ray reserves for each run. Raises ValueError for what is no number."""
        return replace(RayResources(), **self.given_resources)

    @property
    def words(self) -> str:
        """What it is, in a line: "Machine · me@gpu-box · ~/project"."""
        kind = KINDS[self.kind].label
        team = f"{self.team.size} processes" if self.team.size > 1 else ""
        labels = {option.name: option.label for option in settings_of(RayResources)}
        resources = [f"{value} {label}" for name, label in labels.items() if (value := getattr(self, name))]
        parts = (kind, self.host, self.address, *resources, team, self.python, self.folder, self.options)
        return " · ".join(filter(None, parts))


#: What this machine is called where a target is chosen for a training that goes on.
HERE = "here"
#: Before a target's name, where a choice of the Python that computes names a target.
ON = "on:"


class TargetsError(ValueError):
    """Targets that cannot be read or kept: a sentence."""


def targets_file() -> Path:
    """Where targets are kept."""
    return places.config_folder() / "targets.json"


def load_targets(path: Path | None = None) -> list[Target]:
    """The saved targets. Raises TargetsError where the file cannot be used."""
    path = path or targets_file()
    try:
        data, facts = read_json(path)
        listed = _listed(data)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise TargetsError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}).") from None
    # It says what is started: nobody else may have written it.
    if hasattr(os, "getuid") and (facts.st_uid not in (os.getuid(), 0) or facts.st_mode & 0o022):
        raise TargetsError(f"{path} can be written by others, so its targets are not used: chmod go-w {path}")
    return _usable(listed)


def _listed(data: Any) -> list[Any]:
    """What a file lists. Raises ValueError where that is nothing of ours."""
    listed = data.get("targets", []) if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it lists no targets")
    return listed


def _usable(listed: list[Any]) -> list[Target]:
    known = {field.name for field in fields(Target)}
    found = []
    for each in listed:
        if isinstance(each, dict) and all(isinstance(value, str) for value in each.values()) and "name" in each:
            target = Target(**{key: value for key, value in each.items() if key in known})
            if target.kind in KINDS:
                found.append(target)
    return found


def save_targets(targets: list[Target], path: Path | None = None) -> None:
    """Keep them; a file that says what could not be read stays beside it (`json_file.damaged`). Raises TargetsError."""
    path = path or targets_file()
    try:
        if not _is_whole(path):
            set_aside(path)
        write_json(path, {"version": 1, "targets": [_plain(target) for target in targets]}, private=True)
    except OSError as error:
        raise TargetsError(f"{path} cannot be written ({error.strerror or error}).") from None


def _is_whole(path: Path) -> bool:
    """False where a file has more than the targets that are read from it, such as those of a newer version."""
    try:
        listed = _listed(read_json(path)[0])
        return len(_usable(listed)) == len(listed)
    except OSError:
        return True  # there is none, or nothing that could be kept
    except ValueError:
        return False


def target_named(name: str) -> Target:
    """The saved target of this name. Raises TargetsError with a sentence."""
    targets = load_targets()
    found = next((target for target in targets if target.name == name), None)
    if found is None and is_ray(name):  # needs no saying where it is
        return Target(name, "ray", address=name)
    if found is None:
        names = ", ".join(target.name for target in targets)
        there = f"There are: {names}." if names else "There are none yet."
        raise TargetsError(
            f"There is no target {name}. {there} To add one: lrgui targets add {name} --host HOST, or see "
            "lrgui targets add --help."
        )
    return found


def chosen_target(python: str | Path | None) -> Target | None:
    """The target that a choice of the Python that computes names; None for a Python. Raises TargetsError."""
    words = str(python or "")
    return target_named(words.removeprefix(ON)) if words.startswith(ON) else None


def choice_of(target: Target) -> str:
    """What a choice of the Python that computes calls a target."""
    return target.python if target.kind == "python" else f"{ON}{target.name}"


def choices() -> list[Interpreter]:
    """The saved targets, as they are offered beside the Pythons of this machine; none where they cannot be read."""
    try:
        targets = load_targets()
    except TargetsError:
        return []
    if not targets:
        return []
    from lrgui.runs.interpreters import Interpreter

    return [Interpreter(choice_of(one), f"{one.name} ({KINDS[one.kind].label})", "target") for one in targets]


def with_target(targets: list[Target], new: Target, before: str = "") -> list[Target]:
    """The list with a target that takes the place of one of its name, and of the one that was called `before`."""
    return [*without_target(targets, new.name, before), new]


def without_target(targets: list[Target], *names: str) -> list[Target]:
    """The list without those of these names."""
    return [target for target in targets if target.name not in names]


def _plain(target: Target) -> dict[str, Any]:
    usual = asdict(replace(Target(target.name), kind=""))
    return {key: value for key, value in asdict(target).items() if value != usual[key] or key == "name"}
