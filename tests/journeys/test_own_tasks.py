"""Files of people's own through the process that computes and through the command line: good ones and bad ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import own_files
import pytest
from other_python import make_python
from processes import batches_of, end_of, members, within

from lrgui.cli.running import ONE_REQUEST
from lrgui.core.events import BatchEvent, EndEvent, Event, OutputEvent, TaskEvent
from lrgui.runs.launch import ChildProcess
from lrgui.runs.log import read_log

#: Seconds for any of these on a busy machine.
WAIT = 170
#: Mishaps that are looked at without a command line around them; the others come to it.
IN_A_CHILD = ("computes for ever", "exits", "prints", "fills the memory")
MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist"
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc")
HIDDEN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@dataclass
class Ran:
    """A run that is over."""

    pid: int
    events: list[Event]
    """From the moment that it was told to end."""

    @property
    def end(self) -> EndEvent:
        return end_of(self.events)

    @property
    def task(self) -> TaskEvent:
        return next(event for event in self.events if isinstance(event, TaskEvent))

    @property
    def losses(self) -> list[float]:
        return [event.loss for event in batches_of(self.events)]

    def output(self, stream: str) -> str:
        return "\n".join(
            event.text for event in self.events if isinstance(event, OutputEvent) and event.stream == stream
        )

    def learned(self) -> None:
        assert self.end.reason in ("completed", "diverged"), self.end
        start, lowest = sum(self.losses[:5]) / 5, min(sum(self.losses[i : i + 5]) / 5 for i in range(len(self.losses)))
        assert len(self.losses) > 30 and lowest < 0.9 * start, self.losses


def in_a_child(path: Path) -> Ran:
    """Sweep what lies at `path` in a process of its own, as the window does."""
    child = ChildProcess(own_files.job_for(path))
    events = [event for chunk in child.chunks() for event in chunk]
    assert child.pid is not None
    return Ran(child.pid, events)


def stopped(path: Path) -> Ran:
    """The same; once it does not go on it is asked to end, and ended when it does not."""
    child = ChildProcess(own_files.job_for(path))

    def stop() -> None:
        child.cancel()
        time.sleep(0.3)
        child.kill()

    events: list[Event] = []
    stopping = threading.Thread(target=stop)
    for chunk in child.chunks():
        events += chunk
        if len(batches_of(events)) >= own_files.AFTER and stopping.ident is None:
            stopping.start()
    stopping.join()
    assert child.pid is not None
    return Ran(child.pid, events)


Done = subprocess.CompletedProcess[str]


def start(
    folder: Path, *words: object, strict: bool = True, said: int | IO[str] = subprocess.PIPE
) -> subprocess.Popen[str]:
    """Start the command, without a display and in folders of its own. `strict`: warnings are errors; `said`: where
    its standard error goes."""
    environment = {key: value for key, value in os.environ.items() if key not in HIDDEN}
    environment |= {"LRGUI_RUNS": str(folder / "runs"), "LRGUI_CONFIG": str(folder / "config"), "COLUMNS": "250"}
    command = [sys.executable, *(("-W", "error") if strict else ()), "-m", "lrgui", *map(str, words)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=said, text=True, env=environment, start_new_session=True
    )


def command(folder: Path, *words: object) -> Done:
    """The command, once it is over."""
    process = start(folder, *words)
    out, err = process.communicate(timeout=WAIT)
    return Done(process.args, process.returncode, out, err)


def interrupted(folder: Path, path: Path) -> Done:
    """`lrgui find` on a task that hangs, and Ctrl+C twice; nothing of it is left."""
    log = folder / "sleeps.lrrun"
    # Whoever interrupts twice does not wait for a process that is slow to go, which Python warns of.
    heard = folder / "sleeps.err"
    with heard.open("w") as said:
        process = start(folder, "find", path, "--device", "cpu", "--log", log, strict=False, said=said)
    assert within(WAIT, lambda: _points(log) >= own_files.AFTER), heard.read_text()
    workers = _children(process.pid)
    assert workers
    process.send_signal(signal.SIGINT)
    assert within(WAIT, lambda: "Ctrl+C again" in heard.read_text()), "the first one is heard"
    time.sleep(1.2 * ONE_REQUEST)  # two at once are one request
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=WAIT)
    assert within(60, lambda: not any(members(pid) for pid in workers))
    return Done(process.args, process.returncode, out, heard.read_text())


def _points(log: Path) -> int:
    """How many are on disk; none while the first line is being written."""
    try:
        return sum(isinstance(event, BatchEvent) for event in read_log(log).events)
    except (OSError, ValueError):
        return 0


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all the files are."""
    return tmp_path_factory.mktemp("own files")


class Started:
    """Runs and commands that go on by themselves, two at a time."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._runs: dict[str, Future[Ran]] = {}
        self._commands: dict[str, Future[Done]] = {}

    def add_run(self, name: str, run: Callable[[], Ran]) -> None:
        self._runs[name] = self._pool.submit(run)

    def add_command(self, name: str, run: Callable[[], Done]) -> None:
        self._commands[name] = self._pool.submit(run)

    def run(self, name: str) -> Ran:
        """A run, once it is over."""
        return self._runs[name].result(WAIT)

    def command(self, name: str) -> Done:
        """A command, once it is over."""
        return self._commands[name].result(WAIT)


@pytest.fixture(scope="module")
def started(folder: Path, warm_popen: type[subprocess.Popen[bytes]]) -> Iterator[Started]:
    """Everything that is looked at below, in its order."""
    task = partial(own_files.write, folder / "tasks")
    words = task("words.py", own_files.DICT_BATCHES + "\n\nimport sys\nprint('computed in', sys.prefix)\n")
    second = make_python(folder / "second" / ".venv")
    cpu = ("--device", "cpu", "--steps", 60)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(subprocess, "Popen", warm_popen)
        started = Started(pool)
        if find_spec("lightning") is not None:
            started.add_run("lightning", partial(in_a_child, task("net.py", own_files.LIGHTNING)))
        started.add_run("table", partial(in_a_child, own_files.table(folder)))
        ill = {name: task(f"{name.replace(' ', '_')}.py", own_files.plain(mishap=name)) for name in own_files.MISHAPS}
        for name in IN_A_CHILD:
            started.add_run(name, partial(stopped if name == "computes for ever" else in_a_child, ill[name]))
        images = own_files.image_folder(folder / "images of two kinds")
        broken = task("broken.py", own_files.plain() + "\n\ndef metrics(output, target:\n    pass\n")
        logs = {name: ("--log", folder / f"{name}.lrrun") for name in ("words", "raises", "sleeps")}
        find = partial(command, folder, "find")
        started.add_command("words", partial(find, words, *cpu, "--json", "--python", second.path, *logs["words"]))
        started.add_command("images", partial(find, images, *cpu, "--json", "--set", "size=16"))
        started.add_command("raises", partial(find, ill["raises"], *cpu, *logs["raises"]))
        started.add_command("sleeps", partial(interrupted, folder, ill["sleeps"]))
        started.add_command("broken", partial(find, broken))
        if MNIST.is_dir():
            started.add_command("mnist", partial(find, MNIST, *cpu, "--json"))
        yield started
        pool.shutdown(cancel_futures=True)


# -- through the process that computes


@pytest.mark.skipif(find_spec("lightning") is None, reason="lightning is not installed")
def test_a_lightning_module(started: Started) -> None:
    ran = started.run("lightning")
    ran.learned()
    assert ran.task.name == "Net · own optimizer"
    assert "data from Data" in ran.task.detail


def test_a_table_with_gaps_and_words(started: Started) -> None:
    ran = started.run("table")
    ran.learned()
    assert ran.task.detail == "240 training and 60 validation rows · 3 columns · 2 classes"
    assert "income (28)" in ran.output("note")
    assert "id (numbers the rows), remarks (different in every row)" in ran.output("note")


def test_a_task_that_hangs_is_killed(started: Started) -> None:
    ran = started.run("computes for ever")
    assert ran.end.reason == "cancelled" and "by force" in ran.end.detail


def test_a_task_that_leaves(started: Started) -> None:
    end = started.run("exits").end
    assert end.reason == "failed"
    assert "exit status 7" in end.detail and "calls exit" in end.detail


def test_a_task_that_prints_100_000_lines(started: Started) -> None:
    ran = started.run("prints")
    ran.learned()
    printed = ran.output("out")
    assert printed.startswith("line 0\nline 1\n") and printed.endswith("\nline 99999")
    assert sum(isinstance(event, OutputEvent) for event in ran.events) < 200, "they come in large pieces"


def test_a_task_that_wants_more_memory_than_there_is(started: Started) -> None:
    end = started.run("fills the memory").end
    assert end.reason == "out_of_memory"
    assert "half the batch size (16)" in end.detail


@pytest.mark.parametrize("name", IN_A_CHILD)
def test_what_was_measured_stays_and_no_process(started: Started, name: str) -> None:
    ran = started.run(name)
    assert len(ran.losses) == own_files.AFTER if name != "prints" else len(ran.losses) > own_files.AFTER
    assert all(0.5 < loss < 3 for loss in ran.losses[: own_files.AFTER])
    assert within(60, lambda: not members(ran.pid)), "its guard is the last to go"


# -- through the command line


def test_find_with_dictionaries_in_a_python_without_qt(started: Started, folder: Path) -> None:
    done = started.command("words")
    found = json.loads(done.stdout)
    assert done.returncode == 0, (found, done.stderr)
    assert 1e-5 < found["lr"] < 10
    logged = read_log(folder / "words.lrrun")
    Ran(0, logged.events).learned()
    task = Ran(0, logged.events).task
    assert (task.name, task.train_size, task.val_size) == ("word counts · own optimizer", 640, 128)
    assert "the model's loss" in task.detail
    assert f"computed in {folder / 'second' / '.venv'}" in done.stderr


def test_find_in_a_folder_of_images(started: Started) -> None:
    done = started.command("images")
    found = json.loads(done.stdout)
    assert found["end"]["reason"] in ("completed", "diverged")
    assert "2 of 82 files were left out: bright/no image.jpg (no image), dark/cut off.png (cut off)." in done.stderr


def test_find_where_the_code_raises(started: Started, folder: Path) -> None:
    done = started.command("raises")
    line = own_files.line_of(own_files.plain(mishap="raises"), "raise KeyError")
    assert done.returncode == 1
    assert f"lrgui: raises.py, line {line}: KeyError: 'no such column'." in done.stderr
    assert "in loss" in done.stderr and "lrgui/" not in done.stderr
    assert "No reliable pick" in done.stdout, "of what was measured before"
    assert _points(folder / "raises.lrrun") == own_files.AFTER


def test_find_that_hangs_is_ended_by_interrupting_twice(started: Started, folder: Path) -> None:
    done = started.command("sleeps")
    assert done.returncode not in (0, 3)
    assert "Traceback" not in done.stderr, done.stderr
    assert _points(folder / "sleeps.lrrun") == own_files.AFTER, "what was measured is on disk"


def test_find_where_the_code_is_broken(started: Started, folder: Path) -> None:
    done = started.command("broken")
    assert (done.returncode, done.stdout) == (1, "")
    line = own_files.line_of((folder / "tasks" / "broken.py").read_text(), "def metrics")
    assert f"broken.py, line {line}: " in done.stderr


@pytest.mark.skipif(not MNIST.is_dir(), reason="MNIST is not there")
def test_find_in_mnist(started: Started) -> None:
    done = started.command("mnist")
    found = json.loads(done.stdout)
    assert done.returncode == 0, (found["reason"], done.stderr)
    assert 1e-4 < found["lr"] < 1
