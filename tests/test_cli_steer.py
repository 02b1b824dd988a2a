"""`lrgui steer`: a run that goes on elsewhere is changed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reading import Reading, wait_for
from slurm_stand_in import Slurm
from ssh_server import NAME, SshServer

from lrgui.cli import steer
from lrgui.core.events import EndEvent, OutputEvent, RateEvent, RunState, StateEvent, Stream
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.remote import following, tail
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.following import Following
from lrgui.runs.remote.running import RemoteRun
from lrgui.runs.remote.whereabouts import where_words
from lrgui.runs.steering import steered
from lrgui.runs.targets import Target

Command = Callable[..., subprocess.CompletedProcess[str]]


class Training:
    """A run that answers at once, in its log."""

    def __init__(self, log: LogWriter) -> None:
        self._log = log

    def pause(self) -> None:
        self._log.write([StateEvent(RunState.PAUSED)])

    def resume(self) -> None:
        self._log.write([StateEvent(RunState.RUNNING)])

    def cancel(self) -> None:
        self._log.write([EndEvent("cancelled", "Stopped in epoch 3 of 9.")])

    def kill(self) -> None: ...

    def ask(self, request: str) -> None:
        if request.startswith("rate "):
            factor = float(request.split()[1])
            self._log.write([RateEvent(41, factor, 0.5 * factor, 2e-3, "by hand")])


@pytest.fixture
def run(own_folders: Path) -> Iterator[Path]:
    with start_log(Job().training()) as log:
        log.write([RateEvent(3, 0.5, 0.5, 1e-2, "by hand")])  # of before: no answer to what is asked now
        with steered(log.path, Training(log)):
            yield log.path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--factor", "1/10"], "From step 42 on the rate is 2e-3, 0.05 times the plan."),
        (["--pause"], "Paused. --resume lets it go on."),
        (["--resume"], "It goes on."),
        (["--stop"], "Stopped in epoch 3 of 9."),
    ],
)
def test_what_the_run_answers_is_said(command: Command, run: Path, words: list[str], said: str) -> None:
    done = command("steer", run.name, *words)  # its name among the runs that were kept
    assert (done.returncode, done.stdout.strip()) == (0, said)


def test_a_run_that_does_not_answer_yet_was_asked(command: Command, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steer, "PATIENCE", 0.1)
    done = command("steer", run, "--finish")
    assert (done.returncode, done.stdout.strip()) == (0, f"{run.name} was asked. It stops when its epoch is over.")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([], 2, "Say one thing: --factor, --finish, --pause, --resume, --stop."),
        (["--pause", "--stop"], 2, "Say one thing"),
        (["--factor", "fast"], 2, "“fast” is not a factor: write 0.5, 2 or 1/10."),
    ],
)
def test_what_cannot_be_asked(command: Command, run: Path, words: list[str], status: int, said: str) -> None:
    done = command("steer", run, *words)
    assert done.returncode == status and said in " ".join(done.stderr.split())


def test_a_run_that_is_over_is_not_asked(command: Command, own_folders: Path) -> None:
    with start_log(Job().training()) as log:
        log.write([EndEvent("completed", "All 5 epochs were trained.")])
    done = command("steer", log.path, "--factor", "0.5")
    assert done.returncode == 1 and "has ended: All 5 epochs were trained." in " ".join(done.stderr.split())
    with start_log(Job().training()) as cut:
        pass
    done = command("steer", cut.path, "--pause")
    assert done.returncode == 1 and "Nobody computes" in done.stderr
    with start_log(Job()) as sweep:
        done = command("steer", sweep.path, "--factor", "0.5")
    assert done.returncode == 2 and "is for a training of LR Finder" in " ".join(done.stderr.split())


# -- on another machine


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshServer]:
    server = SshServer(tmp_path / "ssh")
    monkeypatch.setenv("PATH", f"{server.bin}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(following, "FIRST_WAIT", 0.05)
    server.start()
    yield server
    server.stop()


class Counted(Training):
    """One that notes what it is asked, and does something first."""

    def __init__(self, log: LogWriter, first: Callable[[], object]) -> None:
        super().__init__(log)
        self.asked: list[str] = []
        self.first = first

    def ask(self, request: str) -> None:
        self.asked.append(request)
        self.first()
        super().ask(request)


def test_a_run_on_another_machine_is_steered_by_its_address_its_name_and_its_target(
    command: Command, server: SshServer, tmp_path: Path, own_folders: Path
) -> None:
    log = LogWriter(tmp_path / "run.lrrun", Job().training())
    address = f"ssh://{NAME}{log.path}"
    with start_log(Job().training()) as here:  # the command that sent it there is gone
        here.write([OutputEvent(where_words("box", Address.parse(address)), Stream.NOTE)])
    with log, steered(log.path, Training(log)):
        for name, option, said in (
            (address, "--pause", "Paused."),
            (here.path.stem, "--resume", "It goes on."),
            ("box", "--factor=0.5", "From step 42 on the rate is 2e-3"),
        ):
            done = command("steer", name, option)
            assert done.returncode == 0 and said in done.stdout, done.stderr
        assert "Stopped in epoch 3" in command("steer", "box", "--stop").stdout
    done = command("steer", "box", "--pause")
    assert done.returncode == 1 and f"{here.path.name} has ended: Stopped" in " ".join(done.stderr.split())
    done = command("steer", "cluster", "--pause")
    assert done.returncode == 1 and "There is no run cluster" in done.stderr


def test_a_change_over_a_connection_that_breaks_arrives_once(
    command: Command, server: SshServer, tmp_path: Path
) -> None:
    log, cuts = LogWriter(tmp_path / "run.lrrun", Job().training()), [0]

    def cut() -> None:
        cuts[0] += server.cut()

    training = Counted(log, cut)
    with log, steered(log.path, training):
        done = command("steer", f"ssh://{NAME}{log.path}", "--factor", "0.5")
        assert done.returncode == 0 and "From step 42 on" in done.stdout, done.stderr
        assert cuts[0] >= 1 and training.asked == ["rate 0.5"]


def test_it_is_said_whether_a_change_arrived_where_the_connection_does_not_come_back(
    command: Command, server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steer, "RECONNECTING", 0.5)
    address = f"ssh://{NAME}{tmp_path / 'run.lrrun'}"
    log = LogWriter(tmp_path / "run.lrrun", Job().training())
    asked: list[Following] = []
    monkeypatch.setattr(Following, "ask", lambda self, request: (asked.append(self), ask(self, request)))

    def stop_once_confirmed() -> None:
        wait_for(lambda: asked[0].confirmed)
        server.stop()

    with log, steered(log.path, Counted(log, stop_once_confirmed)):
        done = command("steer", address, "--factor", "0.5")
    assert done.returncode == 0 and "The change reached ssh://" in done.stdout, done.stderr
    server.start()
    with LogWriter(tmp_path / "run.lrrun", Job().training()):
        monkeypatch.setattr(Following, "ask", lambda self, request: (server.stop(), ask(self, request)))
        done = command("steer", address, "--factor", "0.5")
    assert done.returncode == 1 and "it is not known whether the change reached" in " ".join(done.stderr.split())


ask = Following.ask


def test_nobody_computes_a_run_there_that_was_cut_off(command: Command, server: SshServer, tmp_path: Path) -> None:
    with LogWriter(tmp_path / "run.lrrun", Job().training()):
        pass
    done = command("steer", f"ssh://{NAME}{tmp_path / 'run.lrrun'}", "--finish")
    assert done.returncode == 1 and "Nobody computes" in done.stderr
    done = command("steer", f"ssh://{NAME}{tmp_path / 'none.lrrun'}", "--finish")
    assert done.returncode == 1 and "No such file" in done.stderr


# -- in a queue


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Slurm, Reading, str]]:
    """A queue, the run whose job waits in it, and its address; the disk shows at once what was written."""
    read_beside = tail.Follower._read_beside

    def on_a_disk_of_here(follower: tail.Follower) -> None:
        read_beside(follower)
        if follower._beside:
            follower._beside["patience"] = "0"

    monkeypatch.setattr(tail.Follower, "_read_beside", on_a_disk_of_here)
    slurm = Slurm(tmp_path / "slurm")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", slurm.path)
    monkeypatch.setattr(tail, "QUEUE_PACE", 0.1)
    slurm.hold()
    source = RemoteRun(Job(), Target("cluster", "slurm"))
    reading = Reading(source)
    wait_for(lambda: any("waits in the SLURM queue" in getattr(event, "detail", "") for event in reading.events))
    yield slurm, reading, str(source.address)
    source.leave()
    reading.end()


def test_a_job_that_waits_is_taken_out_of_its_queue(command: Command, waiting: tuple[Slurm, Reading, str]) -> None:
    slurm, reading, address = waiting
    done = command("steer", address, "--stop")
    said = "Stopped: its job was taken out of the SLURM queue before it began; nothing was measured."
    assert (done.returncode, done.stdout.strip()) == (0, said), done.stderr
    assert '"CANCELLED"' in (slurm.folder / "41.json").read_text()
    assert "SLURM job 41 has ended (CANCELLED)" in reading.end().detail, "whoever sent it hears of it, too"


@pytest.mark.parametrize("option", ["--pause", "--resume", "--finish", "--factor=0.5"])
def test_a_job_that_waits_can_only_be_stopped(
    command: Command, waiting: tuple[Slurm, Reading, str], option: str
) -> None:
    done = command("steer", waiting[2], option)
    said = "lrgui: The run has not begun: Job 41 waits in the SLURM queue (Priority)."
    assert (done.returncode, " ".join(done.stderr.split())) == (1, said)


def test_what_slurm_refuses_is_said(
    command: Command, waiting: tuple[Slurm, Reading, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting[0].deny()
    monkeypatch.setattr(steer, "QUEUED", 4.0)
    done = command("steer", waiting[2], "--stop")
    refused = "SLURM does not end job 41 (scancel: error: Kill job error on job id 41: Access/permission denied)."
    assert done.returncode == 1 and refused in " ".join(done.stderr.split())


def test_a_queue_that_does_not_answer_leaves_it_open(
    command: Command, waiting: tuple[Slurm, Reading, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm, _, address = waiting
    cancelled = tail.Follower._cancelled

    def stuck(follower: tail.Follower, job: str, state: str) -> str:
        slurm.stick()
        return cancelled(follower, job, state)

    monkeypatch.setattr(tail.Follower, "_cancelled", stuck)
    monkeypatch.setattr(steer, "QUEUED", 4.0)
    done = command("steer", address, "--stop")
    said = "SLURM has agreed to take its job out of the queue, and still lists it."
    assert done.returncode == 0 and said in " ".join(done.stdout.split()), done.stderr
    slurm.unstick()
