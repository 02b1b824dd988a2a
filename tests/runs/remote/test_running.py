from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from other_python import make_python
from reading import Reading, steps_of, wait_for
from slurm_stand_in import Slurm
from ssh_server import NAME, SshServer

from lrgui.core.events import BatchEvent, EndReason, OutputEvent, RunKind, StateEvent, Stream, TaskEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job, switched
from lrgui.runs.log import read_log
from lrgui.runs.remote import following, tail
from lrgui.runs.remote.following import Following
from lrgui.runs.remote.running import RemoteRun
from lrgui.runs.targets import Target
from lrgui.tasks.spec import TaskSpec

TASK = """
import os, torch
from helper import WIDTH

def model():
    return torch.nn.Linear(4, WIDTH)

def train_loader(batch_size):
    print("in", os.getcwd())
    x = torch.load("data.pt")  # lies in the target's working directory
    return [(x, x.argmax(1) % WIDTH) for _ in range(8)]

def loss(output, target):
    return torch.nn.functional.cross_entropy(output, target)
"""
SWEEP = Job(sweep=SweepSettings(steps=40, end_lr=0.1))
#: It goes on until it is stopped.
LONG = Job(sweep=SweepSettings(steps=1_000_000, end_lr=1e-4))


@pytest.fixture
def machine(ssh_server: SshServer) -> Target:
    return Target("box", host=NAME, python=sys.executable)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of targets on this machine."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> Iterator[Slurm]:
    queue = Slurm(tmp_path / "slurm")
    monkeypatch.setenv("PATH", queue.path)
    monkeypatch.setattr(tail, "QUEUE_PACE", 0.2)
    yield queue
    for job in queue.folder.glob("*.json"):
        about = json.loads(job.read_text())
        if "pid" in about:
            try:
                os.killpg(about["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass


def log_of(source: RemoteRun) -> Path:
    wait_for(lambda: source.address is not None)
    assert source.address is not None
    return Path(source.address.path)


def process_of(log: Path, sees: Callable[[str], bool]) -> int:
    """A process of the run whose command line names the folder, or another one of its."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        if str(log.parent) in words and sees(" ".join(words)):
            return int(folder.name)
    raise AssertionError("no such process")


def test_a_run_is_computed_there_and_its_events_come(machine: Target) -> None:
    source = RemoteRun(SWEEP, machine)
    reading = Reading(source)
    end = reading.end()
    assert end.reason in (EndReason.COMPLETED, EndReason.DIVERGED), end.detail
    assert steps_of(reading.events) == list(range(len(steps_of(reading.events)))) and len(reading.events) > 40
    notes = [e.text for e in reading.events if isinstance(e, OutputEvent) and e.stream == Stream.NOTE]
    assert any(f"lrgui watch {source.address}" in note for note in notes)
    assert read_log(log_of(source)).events[-1] == end


@pytest.mark.slow
def test_code_travels_with_the_modules_that_it_imports_and_runs_in_the_targets_folder(
    machine: Target, tmp_path: Path
) -> None:
    import torch

    code, work = tmp_path / "mine", tmp_path / "work"
    for folder in (code, work):
        folder.mkdir()
    (code / "task.py").write_text(TASK)
    (code / "helper.py").write_text("WIDTH = 3")
    torch.save(torch.rand(16, 4), work / "data.pt")
    job = switched(SWEEP, "task", str(code / "task.py"))
    reading = Reading(RemoteRun(job, replace(machine, folder=str(work))))
    end = reading.end()
    assert end.reason in (EndReason.COMPLETED, EndReason.DIVERGED), end.detail
    assert any(isinstance(e, OutputEvent) and f"in {work}" in e.text for e in reading.events)


def test_the_connection_is_killed_in_the_middle_and_nothing_is_lost_or_comes_twice(
    machine: Target, ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "FIRST_WAIT", 0.1)
    source = RemoteRun(LONG, machine)
    reading = Reading(source)

    def losses() -> int:
        return sum("reconnecting" in e.detail for e in reading.events if isinstance(e, StateEvent))

    reading.until(50)
    for number in range(3):
        assert ssh_server.cut() >= 1
        wait_for(lambda number=number: losses() > number)  # what was under way before has come
        reading.until(len(steps_of(reading.events)) + 50)
    source.cancel()
    end = reading.end()
    assert end.reason == EndReason.CANCELLED
    kept = read_log(log_of(source)).events
    assert steps_of(reading.events) == steps_of(kept) == list(range(len(steps_of(kept))))
    assert losses() >= 3


@pytest.mark.slow
def test_a_run_goes_on_alone_and_is_attached_to_again_and_stopped(machine: Target) -> None:
    source = RemoteRun(LONG, machine)
    reading = Reading(source)
    reading.until(20)
    source.leave()
    left = reading.end()
    assert left.reason == EndReason.LEFT and "The run itself continues" in left.detail
    again = Following(source.address, commands=True)  # type: ignore[arg-type]
    second = Reading(again)
    second.until(len(steps_of(reading.events)) + 20)
    again.pause()
    wait_for(lambda: [e.state for e in second.events if isinstance(e, StateEvent)][-1] == "paused")
    again.resume()
    wait_for(lambda: [e.state for e in second.events if isinstance(e, StateEvent)][-1] == "running")
    again.cancel()
    assert second.end().reason == EndReason.CANCELLED
    assert steps_of(second.events) == list(range(len(steps_of(second.events))))


@pytest.mark.slow  # the worker's end is told on any machine: test_launch.py
def test_a_run_whose_worker_was_killed_is_told(machine: Target) -> None:
    source = RemoteRun(LONG, machine)
    reading = Reading(source)
    reading.until(20)
    keeper = process_of(log_of(source), lambda words: "remote.detached" in words)
    children = Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    end = reading.end()
    assert end.reason == EndReason.KILLED and "SIGKILL" in end.detail


@pytest.mark.slow  # what tells of it is in test_following.py
def test_a_run_whose_keeper_was_killed_is_told(machine: Target) -> None:
    """Nobody there can tell of it."""
    source = RemoteRun(LONG, machine)
    reading = Reading(source)
    reading.until(20)
    os.kill(process_of(log_of(source), lambda words: "remote.detached" in words), signal.SIGKILL)
    end = reading.end()
    assert end.reason == EndReason.KILLED
    assert f"The run on {NAME} ended without saying how" in end.detail


def test_why_a_run_cannot_start_there_is_one_sentence(machine: Target, tmp_path: Path) -> None:
    assert (
        "There is no /no/python on gpu-box"
        in Reading(RemoteRun(SWEEP, replace(machine, python="/no/python"))).end().detail
    )
    said = Reading(RemoteRun(SWEEP, replace(machine, folder="/no/folder"))).end().detail
    assert said == "The run cannot start on box: there is no folder /no/folder."
    missing = switched(SWEEP, "task", str(tmp_path / "none.py"))
    assert "does not exist" in Reading(RemoteRun(missing, machine)).end().detail
    module = switched(SWEEP, "task", "some.module")
    assert "name its file" in Reading(RemoteRun(module, machine)).end().detail
    here = replace(machine, host="127.0.0.1:1")
    assert "cannot be reached" in Reading(RemoteRun(SWEEP, here)).end().detail


@pytest.mark.slow
def test_a_script_runs_there(machine: Target, tmp_path: Path) -> None:
    file = tmp_path / "train.py"
    file.write_text(
        "import torch\nm = torch.nn.Linear(4, 2)\no = torch.optim.SGD(m.parameters(), lr=0.1)\n"
        "for _ in range(100):\n    o.zero_grad()\n    m(torch.ones(8, 4)).square().mean().backward()\n    o.step()\n"
    )
    reading = Reading(RemoteRun(switched(SWEEP, "script", str(file)), machine))
    end = reading.end()
    assert end.reason in (EndReason.COMPLETED, EndReason.DIVERGED), end.detail
    assert len(steps_of(reading.events)) > 10


# -- a Python that lacks something


SCRIPT = "import torch\n"


@pytest.fixture
def bare(tmp_path: Path) -> str:
    """A Python with the standard library alone."""
    return str(make_python(tmp_path / "bare", []).path)


def jobs(script: Path) -> list[Job]:
    """A run of every kind."""
    task = TaskSpec(source="script", path=str(script))
    return [
        SWEEP,
        SWEEP.training(),
        replace(SWEEP, kind=RunKind.RACE),
        replace(SWEEP, kind=RunKind.CHECK),
        *(Job(kind, task=task) for kind in (RunKind.SWEEP, RunKind.TRAIN, RunKind.RACE, RunKind.CHECK)),
    ]


def said_without_torch(source: RemoteRun) -> str:
    """What is told of a run that fails, but for where it is."""
    reading = Reading(source)
    end = reading.end()
    printed = [e.text for e in reading.events if isinstance(e, OutputEvent) and e.stream != Stream.NOTE]
    assert end.reason == EndReason.FAILED and not printed, printed
    return end.detail


@pytest.mark.parametrize("number", range(8))
def test_a_python_there_without_torch_is_told_in_one_sentence(
    ssh_server: SshServer, tmp_path: Path, bare: str, number: int
) -> None:
    (tmp_path / "t.py").write_text(SCRIPT)
    job = jobs(tmp_path / "t.py")[number]
    said = said_without_torch(RemoteRun(job, Target("box", host=NAME, python=bare)))
    install = f"Install it there with “{bare} -m pip install {{}}”, or choose another Python."
    torch = f"PyTorch is not installed in {bare} on {NAME}. {install.format('torch torchvision')}"
    numpy = f"numpy is not installed in {bare} on {NAME}. {install.format('numpy')}"
    script = job.task.is_script
    assert said == (f"t.py, line 1: {torch}" if script and job.kind != RunKind.RACE else numpy if script else torch)


def test_a_launcher_there_without_torch_is_told_in_one_sentence(ssh_server: SshServer, bare: str) -> None:
    reading = Reading(RemoteRun(SWEEP, Target("team", "torchrun", host=NAME, python=bare, processes="2")))
    assert reading.end().detail.startswith(f"PyTorch is not installed in {bare} on {NAME}. Install it there with ")
    assert not any(isinstance(e, OutputEvent) and e.stream == Stream.TRACEBACK for e in reading.events)


def test_a_job_whose_python_lacks_torch_is_told_in_one_sentence(slurm: Slurm, bare: str) -> None:
    reading = Reading(RemoteRun(SWEEP, Target("cluster", "slurm", python=bare)))
    assert reading.end().detail.startswith(f"PyTorch is not installed in {bare}. Install it with ")
    assert not any(isinstance(e, OutputEvent) and e.stream == Stream.TRACEBACK for e in reading.events)


# -- SLURM


def test_a_job_waits_in_the_queue_begins_and_is_followed(slurm: Slurm) -> None:
    slurm.hold()
    target = Target("cluster", "slurm", options="--partition=gpu --gpus=1", setup="export LRGUI_SET_UP=1")
    source = RemoteRun(SWEEP, target)
    reading = Reading(source)
    waiting = "Job 41 waits in the SLURM queue (Priority)"
    wait_for(lambda: any(getattr(event, "detail", "") == waiting for event in reading.events))
    assert not any(isinstance(event, TaskEvent) for event in reading.events)
    slurm.let_go()
    end = reading.end()
    assert end.reason in (EndReason.COMPLETED, EndReason.DIVERGED), end.detail
    about = json.loads((slurm.folder / "41.json").read_text())
    assert {"--partition=gpu", "--gpus=1"} <= set(about["options"])
    script = Path(about["script"]).read_text()
    assert "export LRGUI_SET_UP=1" in script
    shown = [event.text for event in reading.events if isinstance(event, OutputEvent)]
    assert any(script in text for text in shown)  # shown as it was submitted


def test_a_job_that_waits_is_taken_out_of_the_queue(slurm: Slurm) -> None:
    slurm.hold()
    source = RemoteRun(SWEEP, Target("cluster", "slurm"))
    reading = Reading(source)
    wait_for(lambda: any("waits in the SLURM queue" in getattr(event, "detail", "") for event in reading.events))
    source.cancel()
    end = reading.end()
    words = "Stopped: its job was taken out of the SLURM queue before it began; nothing was measured."
    assert (end.reason, end.detail) == (EndReason.CANCELLED, words)
    assert json.loads((slurm.folder / "41.json").read_text())["state"] == "CANCELLED"


def test_whoever_steers_does_not_wait_for_a_queue_that_is_stuck_nor_does_the_log(slurm: Slurm) -> None:
    source = RemoteRun(LONG, Target("cluster", "slurm"))
    reading = Reading(source)
    reading.until(5)
    slurm.stick()
    source.pause()  # in the window's thread, which goes on at once
    source.resume()
    source.ask("rate 0.5")
    following = source._following
    assert following is not None and not following.confirmed
    slurm.unstick()
    wait_for(lambda: following.confirmed)
    assert not following.refused
    requests = log_of(source).with_name("requests").read_text().splitlines()
    assert [line for line in requests if not line.startswith(tail.MARK)] == ["pause", "resume", "rate 0.5"]
    slurm.stick()
    time.sleep(2 * tail.QUEUE_PACE)  # by now the queue was asked again
    seen = len(steps_of(reading.events))
    reading.until(seen + 50)
    source.leave()
    assert reading.end().reason == EndReason.LEFT, "no queue is waited for"
    slurm.unstick()


@pytest.mark.slow
def test_a_running_job_is_stopped_in_good_order(slurm: Slurm) -> None:
    source = RemoteRun(LONG, Target("cluster", "slurm"))
    reading = Reading(source)
    reading.until(20)
    source.cancel()
    end = reading.end()
    assert end.reason == EndReason.CANCELLED
    assert read_log(log_of(source)).events[-1] == end


@pytest.mark.slow
def test_a_job_that_the_cluster_ends_is_told(slurm: Slurm) -> None:
    source = RemoteRun(LONG, Target("cluster", "slurm"))
    reading = Reading(source)
    reading.until(20)
    os.killpg(json.loads((slurm.folder / "41.json").read_text())["pid"], signal.SIGKILL)
    end = reading.end()
    assert end.reason == EndReason.KILLED and "SLURM job 41 has ended (COMPLETED)" in end.detail


def test_what_sbatch_refuses_is_told(slurm: Slurm) -> None:
    (slurm.folder / "refuse").touch()
    said = Reading(RemoteRun(SWEEP, Target("cluster", "slurm", options="--partition=nonsense"))).end().detail
    assert "sbatch refuses the job: sbatch: error: invalid partition" in said


def test_without_slurm_that_is_told(own_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    job = replace(SWEEP, kind=RunKind.SWEEP)
    assert "there is no sbatch" in Reading(RemoteRun(job, Target("cluster", "slurm"))).end().detail


# -- several processes

TEAM = replace(SWEEP, task=replace(SWEEP.task, model="mlp", batch_size=32), sweep=SweepSettings(steps=20, end_lr=1e-4))


def together(target: Target) -> list[str]:
    """The lines of a sweep's steps that two processes computed together, whose losses are compared with those of one:
    two shares of the batches are one batch of twice the size, a loss is the mean of two."""
    reading = Reading(RemoteRun(TEAM, target))
    end = reading.end()
    assert end.reason == EndReason.COMPLETED, end.detail
    alone = [event.loss for event in run_job(TEAM) if isinstance(event, BatchEvent)]
    losses = [event.loss for event in reading.events if isinstance(event, BatchEvent)]
    assert losses[0] == pytest.approx((alone[0] + alone[1]) / 2, rel=1e-5)
    assert losses[1] == pytest.approx((alone[2] + alone[3]) / 2, rel=1e-3)
    return [event.text for event in reading.events if isinstance(event, OutputEvent)]


@pytest.mark.slow
def test_accelerate_starts_two_processes_that_compute_one_sweep(own_cache: Path) -> None:
    pytest.importorskip("accelerate")
    together(Target("team", "accelerate", processes="2"))


@pytest.mark.slow
def test_two_machines_compute_one_sweep_with_the_code_that_was_sent_to_each(
    machine: Target, tmp_path: Path, ssh_server: SshServer
) -> None:
    target = Target("team", "torchrun", f"{NAME},{NAME}", sys.executable, processes="1", endpoint="127.0.0.1")
    (tmp_path / "task.py").write_text(TASK.replace('torch.load("data.pt")', "torch.rand(16, 4)"))
    (tmp_path / "helper.py").write_text("WIDTH = 3")
    reading = Reading(RemoteRun(switched(TEAM, "task", str(tmp_path / "task.py")), target))
    end = reading.end()
    assert end.reason == EndReason.COMPLETED, end.detail
    folders = {path.parent for path in ssh_server.home.glob("lrgui/runs/*/code/task.py")}
    assert len(folders) == 2  # each machine has its own


@pytest.mark.slow
def test_two_nodes_of_a_cluster_compute_one_sweep_each_with_a_torchrun(slurm: Slurm) -> None:
    shown = together(Target("cluster", "slurm", nodes="2", options="--partition=gpu"))
    script = Path(json.loads((slurm.folder / "41.json").read_text())["script"]).read_text()
    assert any(script in text for text in shown)
    assert "#SBATCH --nodes=2\n#SBATCH --ntasks-per-node=1\n" in script
    assert "srun --nodes=2" in script and "torch.distributed.run" in script


def test_a_team_that_is_not_complete_is_ended(machine: Target, ssh_server: SshServer) -> None:
    target = Target("team", "torchrun", f"{NAME},127.0.0.1:1", sys.executable, processes="1", endpoint="127.0.0.1")
    end = Reading(RemoteRun(TEAM, target)).end()
    assert end.reason == EndReason.FAILED and "cannot be reached (Connection refused)" in end.detail
    (alive,) = ssh_server.home.glob("lrgui/runs/*/alive")
    wait_for(lambda: tail.is_locked(str(alive)) is False)


@pytest.mark.slow
def test_two_processes_are_stopped_together(own_cache: Path) -> None:
    source = RemoteRun(replace(TEAM, sweep=LONG.sweep), Target("team", "torchrun", processes="2"))
    reading = Reading(source)
    reading.until(20)
    source.cancel()
    assert reading.end().reason == EndReason.CANCELLED
    assert steps_of(reading.events) == list(range(len(steps_of(reading.events))))


def test_several_processes_only_sweep_and_a_script_runs_on_one_machine(tmp_path: Path) -> None:
    train = Reading(RemoteRun(replace(LONG, kind=RunKind.TRAIN), Target("team", "torchrun", processes="2"))).end()
    assert train.reason == EndReason.FAILED and "choose another target" in train.detail
    script = switched(SWEEP, "script", str(tmp_path / "train.py"))
    end = Reading(RemoteRun(script, Target("team", "slurm", nodes="2"))).end()
    assert end.reason == EndReason.FAILED and "a script runs on one" in end.detail
