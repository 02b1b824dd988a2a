"""`lrgui resume` of trainings on a target: a real machine behind ssh, on which processes are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from reading import Reading, wait_for
from slurm_stand_in import Slurm
from ssh_server import NAME, SshServer

from lrgui.core.control import Control
from lrgui.core.events import BatchEvent, EpochEvent, Event, OutputEvent, ResumeEvent, RunState, StateEvent, Stream
from lrgui.core.run_settings import TrainSettings
from lrgui.runs.checkpoints import with_checkpoints
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.log import read_log
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.opened import open_run
from lrgui.runs.remote import following, tail
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.resuming import resumption
from lrgui.runs.remote.running import RemoteRun
from lrgui.runs.remote.tail import Follower
from lrgui.runs.remote.whereabouts import where_words, whereabouts
from lrgui.runs.targets import Target, save_targets
from lrgui.tasks.spec import TaskSpec

Command = Callable[..., subprocess.CompletedProcess[str]]

#: Its loss is drawn from the random generators of Python, numpy and torch, so that it shows whether they went on.
#: While there is the file, a process takes its time from as many steps on as are written there.
TASK = """
import pathlib, time, torch

SLOW = pathlib.Path("FILE")

def model():
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 2))

class Slow(torch.utils.data.Dataset):
    def __len__(self):
        return 80
    count = 0
    def __getitem__(self, index):
        self.count += 1
        try:
            slow = self.count > 4 * int(SLOW.read_text())
        except FileNotFoundError:
            slow = False
        time.sleep(0.1 if slow else 0.005)
        x = torch.randn(4)
        return x, int(x.sum() > 0)

def train_loader(batch_size):
    return torch.utils.data.DataLoader(Slow(), batch_size=4, shuffle=True)

def loss(output, target):
    return torch.nn.functional.cross_entropy(output, target)
"""
STEPS, EPOCHS = 20, 3


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_folders: Path) -> Iterator[SshServer]:
    server = SshServer(tmp_path / "ssh")
    monkeypatch.setenv("PATH", f"{server.bin}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(following, "FIRST_WAIT", 0.05)
    server.start()
    save_targets([BOX])
    yield server
    server.stop()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "task.py").write_text(TASK.replace("FILE", str(tmp_path / "slow")))
    task = TaskSpec(source="task", path=str(tmp_path / "task.py"), model="", device="cpu")
    return Job("train", task, train=TrainSettings(epochs=EPOCHS, checkpoints=1e-9))


BOX = Target("box", host=NAME, python=sys.executable)


def sent(job: Job, target: Target = BOX) -> tuple[Reading, Path]:
    """The training on its way to the target, and its log here."""
    log = start_log(job)
    source = RemoteRun(job, target)
    reading = Reading(source, log)
    return reading, log.path


@contextmanager
def slow_after(job: Job, steps: int) -> Iterator[Path]:
    """Inside, what is computed takes its time once it has made so many steps: it would be over before anything happens
    to it. It does as long as the file is there that this yields."""
    slow = Path(job.task.path).with_name("slow")
    slow.with_suffix(".new").write_text(str(steps))
    slow.with_suffix(".new").rename(slow)
    yield slow
    slow.unlink(missing_ok=True)


def hold(reading: Reading, steps: int) -> None:
    """Let it train so many steps, and wait."""
    reading.until(steps)
    reading.source.pause()
    wait_for(lambda: any(getattr(event, "state", "") == RunState.PAUSED for event in reading.events))


def processes_of(log: Path) -> list[int]:
    """The keeper of the run there, and its worker."""
    where = whereabouts(log)
    assert where is not None
    folder = str(Path(where.address.path).parent)
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words = (each / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        if folder in words and "remote.detached" in " ".join(words):
            children = (each / "task" / each.name / "children").read_text().split()
            return [int(each.name), *map(int, children)]
    return []


def kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Cutting:
    """Cuts connections while a log here grows, once it has more than so many lines; what was slow is fast then."""

    def __init__(self, server: SshServer, log: Path, more: int, slow: Path) -> None:
        lines = len(log.read_bytes().splitlines()) + more

        def cut() -> None:
            wait_for(lambda: len(log.read_bytes().splitlines()) > lines, 120)
            self.count = server.cut()
            slow.unlink()

        self.count = 0
        self._thread = threading.Thread(target=cut)
        self._thread.start()

    def join(self) -> int:
        """How many were cut."""
        self._thread.join()
        return self.count


def uninterrupted(job: Job) -> tuple[list[float], list[float]]:
    events = list(run_job(job))
    return [e.loss for e in events if isinstance(e, BatchEvent)], [
        e.train_loss for e in events if isinstance(e, EpochEvent)
    ]


def attached(log: Path) -> list[Event]:
    """What whoever follows a run again is told first."""
    source = resumption(log, open_run(log)).source
    assert source is not None
    chunks = source.chunks()
    try:
        return next(iter(chunks))
    finally:
        chunks.close()


def is_whole(log: Path, job: Job) -> None:
    """Every step once, with the numbers of a training that was not interrupted; the log there tells the same."""
    losses, epochs = uninterrupted(job)
    record = open_run(log).record
    assert record.steps.tolist() == list(range(STEPS * EPOCHS)) and record.loss.tolist() == losses
    assert [one.train_loss for one in record.epochs] == epochs and record.end_reason == "completed"
    where = whereabouts(log)
    if where is not None:
        assert open_run(where.address.path).record.loss.tolist() == losses


@pytest.mark.slow
def test_a_training_that_was_killed_there_goes_on_there_and_the_connection_is_cut_meanwhile(
    command: Command, server: SshServer, job: Job
) -> None:
    with slow_after(job, STEPS + 5):
        reading, log = sent(job)
        hold(reading, STEPS + 5)
    kill(processes_of(log)[1:])  # the worker
    assert reading.end().reason == "killed"
    with slow_after(job, 0) as slow:
        cutting = Cutting(server, log, 4, slow)
        done = command("resume", log.stem)
    assert done.returncode == 0 and "All 3 epochs were trained" in done.stdout, done.stderr
    assert cutting.join() >= 1
    is_whole(log, job)
    assert sum(isinstance(e, ResumeEvent) for e in read_log(log).events) == 1


@pytest.mark.slow
def test_after_a_reboot_it_goes_on_here(command: Command, server: SshServer, job: Job) -> None:
    with slow_after(job, STEPS + 5):
        reading, log = sent(job)
        hold(reading, STEPS + 5)
    processes = processes_of(log)
    server.stop()  # the machine is gone, and with it all that ran there
    kill(processes)
    reading.source.leave()
    reading.end()
    assert command("resume", log.stem).returncode == 1, "nobody answers there"
    server.start()
    done = command("resume", log.stem, "--on", "here")
    assert done.returncode == 0 and "Brought last-" in done.stderr, done.stderr
    assert whereabouts(log) is None
    is_whole(log, job)


@pytest.mark.slow
def test_one_of_here_is_sent_there_and_followed_again_after_the_laptop_was_closed(
    command: Command, server: SshServer, job: Job
) -> None:
    control = Control()
    with start_log(job) as log:
        for event in run_job(with_checkpoints(job, log.path), control):
            log.write([event])
            if isinstance(event, BatchEvent) and event.step == STEPS + 5:
                control.cancel()
    found = resumption(log.path, open_run(log.path), "box")
    with slow_after(job, 5):
        reading = Reading(found.source, LogWriter(log.path, found.job, continues=True))
        hold(reading, 5)
    reading.source.leave()
    assert "The run itself continues" in reading.end().detail
    assert any("last checkpoint (" in getattr(event, "detail", "") for event in reading.events)
    elsewhere = command("resume", log.path.name, "--on", "here")
    assert elsewhere.returncode == 2 and f"lrgui steer {log.path.stem} --stop" in " ".join(elsewhere.stderr.split())
    where = whereabouts(log.path)
    assert where is not None
    states = [event for event in attached(log.path) if isinstance(event, StateEvent)]
    assert [event.state for event in states] == [RunState.PAUSED], "what it does is told, however long ago it began"
    size = log.path.stat().st_size

    def resume_once_followed() -> None:
        wait_for(lambda: log.path.stat().st_size > size, 120)
        Follower(where.address.path).ask("resume")

    resuming = threading.Thread(target=resume_once_followed)
    resuming.start()
    done = command("resume", log.path.name)
    resuming.join()
    assert done.returncode == 0 and "is still going on: following it" in done.stderr, done.stderr
    is_whole(log.path, job)
    assert sum(isinstance(e, ResumeEvent) for e in read_log(log.path).events) == 1
    again = command("resume", log.path.name)
    assert again.returncode == 2 and "complete: say how many more epochs" in again.stderr
    more = command("resume", log.path.name, "--more-epochs", 1)
    assert more.returncode == 0 and "All 4 epochs were trained" in more.stdout, more.stderr
    record = open_run(log.path).record
    assert record.steps.tolist() == list(range(4 * STEPS)) and open_run(log.path).job.train.epochs == 4


@pytest.mark.slow
def test_a_job_of_a_queue_is_steered_and_goes_on_as_another_job(
    command: Command, job: Job, own_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, target = Slurm(tmp_path / "slurm"), Target("queue", "slurm")
    monkeypatch.setenv("PATH", queue.path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tail, "QUEUE_PACE", 0.2)
    save_targets([target])
    queue.hold()
    reading, log = sent(job, target)
    wait_for(lambda: any("waits in the SLURM queue" in getattr(event, "detail", "") for event in reading.events))
    waiting = command("steer", "queue", "--factor", "0.5")
    assert waiting.returncode == 1 and "has not begun: Job 41 waits" in " ".join(waiting.stderr.split())
    with slow_after(job, STEPS + 5):
        queue.let_go()
        hold(reading, STEPS + 5)
    stopped = command("steer", log.stem, "--stop")
    assert stopped.returncode == 0 and "Stopped in epoch" in stopped.stdout, stopped.stderr
    reading.end()
    done = command("resume", log.stem)
    assert done.returncode == 0 and "Submitted to SLURM as job 42" in done.stderr, done.stderr
    is_whole(log, job)


def test_a_target_that_is_gone_is_told(command: Command, own_folders: Path) -> None:
    with start_log(Job("train")) as log:
        log.write([OutputEvent(where_words("box", Address.parse("ssh://gpu/run.lrrun")), Stream.NOTE)])
    done = command("resume", log.path.name)
    assert done.returncode == 2 and "no target box" in done.stderr and "--on here" in " ".join(done.stderr.split())
