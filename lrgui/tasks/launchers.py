"""The programs that start one run in several processes: what each is called, and what it takes on its command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

#: In commands, for who starts them: the interpreter, the first machine and its port, as they are where they run.
PYTHON, HOST, PORT = "{python}", "{host}", "{port}"


@dataclass(frozen=True)
class Team:
    """How many processes, and where."""

    processes: int
    """On each machine."""
    machines: int = 1
    rank: int = 0
    """Of this machine; 0 has the process that reports."""

    @property
    def size(self) -> int:
        """All processes."""
        return self.processes * self.machines


class Launcher(NamedTuple):
    """One such program."""

    key: str
    module: str
    """As `python -m` starts it, here with one machine for all processes and the program behind its own words."""
    words: Callable[[Team], list[str]]


def _torchrun(team: Team) -> list[str]:
    share = ["--nproc-per-node", str(team.processes)]
    if team.machines == 1:
        return ["--standalone", *share]
    return [
        *("--nnodes", str(team.machines), *share, "--node-rank", str(team.rank)),
        *("--master-addr", HOST, "--master-port", PORT),
    ]


def _accelerate(team: Team) -> list[str]:
    """Its own settings there (`accelerate config`) decide on what is not said here, such as mixed precision."""
    share = ["--multi_gpu", "--num_processes", str(team.size), "--num_machines", str(team.machines)]
    if team.machines == 1:
        return [*share, "--main_process_port", "0"]
    return [
        *(*share, "--machine_rank", str(team.rank), "--same_network"),
        *("--main_process_ip", HOST, "--main_process_port", PORT),
    ]


TORCHRUN, ACCELERATE = "torchrun", "accelerate"
#: Every launcher; a further one is a row here.
LAUNCHERS: dict[str, Launcher] = {
    row.key: row
    for row in (
        Launcher(TORCHRUN, "torch.distributed.run", _torchrun),
        Launcher(ACCELERATE, "accelerate.commands.launch", _accelerate),
    )
}


def team_command(key: str, team: Team) -> list[str]:
    """The command that starts the processes of one machine; the program and its arguments follow."""
    launcher = LAUNCHERS[key]
    return [PYTHON, "-m", launcher.module, *launcher.words(team)]


def srun_command(team: Team) -> list[str]:
    """The same on all nodes of a SLURM job, where srun says which one it is on: one torchrun for each."""
    words = _torchrun(team)
    at = words.index("--node-rank")
    del words[at : at + 2]
    return [
        *("srun", f"--nodes={team.machines}", f"--ntasks={team.machines}", "--ntasks-per-node=1"),
        *("--kill-on-bad-exit=1", "sh", "-c"),
        f'exec "$0" -m {LAUNCHERS[TORCHRUN].module} --node-rank "$SLURM_NODEID" "$@"',
        *(PYTHON, *words),
    ]


def filled(command: list[str], python: str, host: str, port: int) -> list[str]:
    """A command as it runs here."""
    for place, value in ((PYTHON, python), (HOST, host), (PORT, str(port))):
        command = [word.replace(place, value) for word in command]
    return command
