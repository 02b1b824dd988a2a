from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from processes import end_of, fake, fake_command, long_job, members, read, within

from lrgui.core.events import BatchEvent, EndEvent, OutputEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.tasks.spec import TaskSpec

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

LAUNCHER = str(Path(__file__).with_name("launcher.py"))


def launcher_of(child_command: list[str] | None, workers: int = 0) -> tuple[subprocess.Popen[str], int]:
    """A launcher in the middle of a run, and the worker's number."""
    import json

    job = long_job(workers).to_dict()
    launcher = subprocess.Popen(
        [sys.executable, LAUNCHER, json.dumps([job, child_command])], stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout is not None
    worker = int(launcher.stdout.readline())
    launcher.stdout.close()
    return launcher, worker


@pytest.mark.parametrize("kind", ["batches", "parenting", "hanging"])
def test_a_killed_launcher_leaves_nothing(kind: str) -> None:
    launcher, worker = launcher_of(fake_command(kind))
    expected = {"batches": 2, "parenting": 4, "hanging": 4}[kind]  # worker, guard, children
    assert len(members(worker)) == expected
    launcher.kill()
    launcher.wait()
    assert within(60, lambda: not members(worker)), members(worker)


@pytest.mark.parametrize("kind", ["batches", "hanging"])
def test_a_worker_goes_with_its_launcher_also_where_its_guard_was_killed_first(kind: str) -> None:
    """C code that holds the GIL lets no thread of the worker look around."""
    launcher, worker = launcher_of(fake_command(kind))
    for other in set(members(worker)) - {worker}:
        os.kill(other, signal.SIGKILL)
    assert within(60, lambda: members(worker) == [worker])
    launcher.kill()
    launcher.wait()
    assert within(60, lambda: not members(worker)), members(worker)


def test_a_worker_without_its_guard_computes_on() -> None:
    child = fake("batches", steps=300)
    chunks = child.chunks()
    while not any(isinstance(event, BatchEvent) for event in next(chunks)):
        pass
    assert child.pid is not None
    (guard,) = set(members(child.pid)) - {child.pid}
    os.kill(guard, signal.SIGKILL)
    *_, last = (event for chunk in chunks for event in chunk)
    assert last == EndEvent("completed", "all done")


@pytest.mark.usefixtures("warm_processes")
def test_a_killed_launcher_leaves_no_loader_of_torch() -> None:
    launcher, worker = launcher_of(None, workers=2)
    assert len(members(worker)) >= 4  # worker, guard, two loaders
    launcher.kill()
    launcher.wait()
    assert within(60, lambda: not members(worker)), members(worker)


def test_a_launcher_that_ends_in_the_middle_leaves_nothing() -> None:
    launcher, worker = launcher_of(fake_command("parenting"))
    launcher.send_signal(signal.SIGINT)
    launcher.wait(60)
    assert within(60, lambda: not members(worker)), members(worker)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_worker_leaves_nothing(number: int) -> None:
    child = fake("parenting", steps=100_000)
    for chunk in child.chunks():
        if any(isinstance(event, BatchEvent) for event in chunk):
            assert child.pid is not None
            if len(members(child.pid)) == 4:
                os.kill(child.pid, number)
    assert child.pid is not None
    worker = child.pid
    assert within(60, lambda: not members(worker))


def test_what_a_finished_run_left_running_is_ended() -> None:
    child = fake("parenting", steps=3)
    read(child)
    assert child.pid is not None
    worker = child.pid
    assert within(60, lambda: not members(worker))


def test_the_guard_is_small_and_holds_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # measuring takes memory
    child = fake("batches", steps=100_000)
    chunks = child.chunks()
    while not any(isinstance(event, BatchEvent) for event in next(chunks)):
        pass
    assert child.pid is not None
    (guard,) = set(members(child.pid)) - {child.pid}
    status = Path(f"/proc/{guard}/status").read_text()
    resident = int(status.partition("VmRSS:")[2].split()[0])
    assert resident < 20_000, "kilobytes"
    assert len(list(Path(f"/proc/{guard}/fd").iterdir())) <= 2
    chunks.close()
    assert not child.alive


def test_a_worker_that_is_killed_before_its_job_leaves_nothing() -> None:
    child = ChildProcess(command=fake_command("batches"))
    child.start()
    assert child.pid is not None
    child.kill()
    worker = child.pid
    assert within(60, lambda: not members(worker))


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)", "raise SystemExit"])
def test_temporary_files_go_however_the_worker_ends(end: str, tmp_path: Path) -> None:
    # Its name is that of a module which others need, so that a file stands for it.
    (tmp_path / "random.py").write_text(
        f"import os\ndef loss(): print(os.listdir({tempfile.gettempdir()!r}), flush=True); {end}\n"
    )
    task = TaskSpec("task", path=str(tmp_path / "random.py"))
    child = ChildProcess(Job(task=task), command=fake_command("coding"))
    printed = "".join(event.text for event in read(child) if isinstance(event, OutputEvent))
    assert f"'lrgui-{child.pid}-" in printed
    folder = Path(tempfile.gettempdir())
    assert within(60, lambda: not list(folder.glob(f"lrgui-{child.pid}-*")))


@pytest.mark.usefixtures("warm_processes")
def test_a_run_with_loader_workers_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """multiprocessing makes one for the sockets of every process, and they are ended by force."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    child = ChildProcess(replace(long_job(loader_workers=1), sweep=SweepSettings(steps=4)))
    assert end_of(read(child)).reason == "completed"
    assert child.pid is not None
    assert not list(Path("/tmp").glob(f"lrgui-{child.pid}-*")), "where sockets lie if tmp_path is a long one"
    left = [path.name for path in tmp_path.iterdir() if not path.name.startswith("torchinductor")]
    assert within(60, lambda: not [name for name in left if (tmp_path / name).exists()]), left
