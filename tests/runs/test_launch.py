from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from other_python import make_python
from processes import batches_of, end_of, fake, fake_command, members, read, within

from lrgui.core.events import BatchEvent, EndEvent, Event, OutputEvent, StateEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs import launch
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess, SparePool, python_command, worker_command
from lrgui.runs.pipes import ThreadedPipes
from lrgui.tasks.spec import TaskSpec

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


def printed_by(events: list[Event]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, OutputEvent) and event.stream == "out")


def test_a_run_comes_in_chunks_and_leaves_nothing() -> None:
    child = fake("batches", steps=300)
    events = read(child)
    assert events[0] == StateEvent("starting", "Starting Python and PyTorch")
    assert [event.step for event in batches_of(events)] == list(range(300))
    assert end_of(events) == EndEvent("completed", "all done")
    assert child.facts == {"torch": "none"}


def test_points_come_while_the_run_goes_on() -> None:
    child = fake("batches", steps=400)
    arrivals = [time.monotonic() for chunk in child.chunks() if isinstance(chunk[-1], BatchEvent)]
    assert len(arrivals) > 10
    assert arrivals[-1] - arrivals[0] > 0.2


def test_the_same_with_the_way_of_reading_that_windows_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "open_pipes", ThreadedPipes)
    threads = threading.active_count()
    assert len(batches_of(read(fake("batches", steps=300)))) == 300
    assert end_of(read(fake("crashing"))).reason == "failed"
    child = fake("batches", steps=100_000)
    chunks = child.chunks()
    next(chunks)
    chunks.close()
    assert threading.active_count() <= threads  # one of an earlier test may have ended meanwhile


def test_pause_resume_and_cancel_arrive_from_another_thread() -> None:
    child = fake("batches", steps=100_000)
    states, steps_while_paused = [], []
    paused = threading.Event()

    def requests() -> None:
        child.pause()
        child.pause()
        assert paused.wait(10)
        time.sleep(0.3)
        steps_while_paused.append(len(measured))
        child.resume()
        child.resume()
        within(10, lambda: len(measured) > steps_while_paused[0])
        child.cancel()
        child.cancel()

    measured: list[BatchEvent] = []
    thread = threading.Thread(target=requests)
    end = None
    for chunk in child.chunks():
        for event in chunk:
            if isinstance(event, BatchEvent):
                measured.append(event)
                if len(measured) == 1:
                    thread.start()
            elif isinstance(event, StateEvent):
                states.append(event.state)
                if event.state == "paused":
                    at_pause = len(measured)
                    paused.set()
            elif isinstance(event, EndEvent):
                end = event
    thread.join()
    assert states == ["starting", "running", "paused", "running"]
    assert steps_while_paused == [at_pause]
    assert end == EndEvent("cancelled", f"after {len(measured)}")


@posix
def test_what_is_printed_by_whomever_becomes_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    events = read(fake("printing", steps=3))
    text = printed_by(events)
    for part in ("from Python, äöü", "from C", "from a program", "from stderr", "input: ''", "forged"):
        assert part in text
    assert end_of(events).detail == "all done", "the task's code cannot forge events"


def test_a_flood_neither_blocks_nor_floods() -> None:
    begin = time.monotonic()
    events = read(fake("flooding"))
    seconds = time.monotonic() - begin
    outputs = [event for event in events if isinstance(event, OutputEvent)]
    assert end_of(events).detail == "all printed" and len(batches_of(events)) == 100
    assert len(outputs) < 20 + 11 * seconds  # ten a second
    text = printed_by(events)
    assert text.startswith("line 0\n") and text.endswith("line 99999")


@posix
def test_repeats_are_folded() -> None:
    events = read(fake("repeating"))
    lines = printed_by(events).splitlines()
    assert len(lines) < 30 and lines[:2] == ["task.py:3: UserWarning: again", "  warn()"]
    assert end_of(events).detail == "all printed"


@posix
def test_lines_that_code_writes_onto_the_events_descriptor_are_text() -> None:
    child = fake("forging")
    events = read(child)
    assert [event.step for event in batches_of(events)] == [0, 1], "a line without an end swallows nothing of ours"
    assert end_of(events).detail == "all done" and child.facts == {"torch": "none"}
    text = printed_by(events)
    assert "forged" in text and "no such kind" in text and "no line of mine" in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("wordless", "WordlessError: no message"),
        ("own", "Own: what is this"),
        ("generator", "GeneratorExit: no message"),
        ("interrupt", "interrupted, by a signal from outside (SIGINT) or by code"),
        ("exit_words", "ended the program: no data there. Remove its call of exit()"),
        ("exit_object", "ended the program: no message. Remove"),
        ("exit_true", "ended the program (exit status 1). Remove"),
    ],
)
def test_errors_that_are_no_ordinary_ones_are_told_all_the_same(kind: str, words: str) -> None:
    events = read(fake("odd", how=kind))
    assert end_of(events).reason == "failed" and words in end_of(events).detail
    assert "calls exit" not in end_of(events).detail
    assert any(e.stream == "traceback" and "in odd" in e.text for e in events if isinstance(e, OutputEvent))


@pytest.mark.parametrize(
    "name", ["builtins.len", "builtins.isinstance", "builtins.getattr", "builtins.str", "json.dumps", "os.write"]
)
def test_code_that_replaces_parts_of_python_is_told_so(name: str) -> None:
    events = read(fake("replacing", how=name))
    assert end_of(events).reason == "failed"
    assert end_of(events).detail.endswith(f" The task's code replaces Python's own {name}: do not do that.")
    assert len(batches_of(events)) >= 1


def test_a_print_of_ones_own_is_no_fault() -> None:
    assert end_of(read(fake("replacing", how="builtins.print"))).detail.startswith("fake_worker.py, line ")


@posix
def test_a_worker_starts_where_the_current_folder_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert end_of(read(fake("batches", steps=2))).detail == "all done"


@posix
def test_a_process_that_exits_by_itself_is_told() -> None:
    events = read(fake("exiting"))
    assert len(batches_of(events)) == 1
    assert end_of(events).reason == "failed" and "exit status 7" in end_of(events).detail


@posix
def test_a_crash_tells_the_signal_and_shows_where() -> None:
    events = read(fake("crashing"))
    assert len(batches_of(events)) == 1
    assert end_of(events).reason == "failed" and "SIGSEGV" in end_of(events).detail
    assert "crashing" in printed_by(events), "the Python stack of the crash"


@posix
def test_a_worker_killed_from_outside_keeps_what_was_measured() -> None:
    child = fake("batches", steps=100_000)
    events: list[Event] = []
    for chunk in child.chunks():
        events += chunk
        if len(batches_of(events)) > 20 and child.alive:
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
    assert len(batches_of(events)) > 20
    assert end_of(events).reason == "killed" and "SIGKILL" in end_of(events).detail


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("raising", "KeyError: 'weights'"),
        ("leaving", "exit status 3"),
        ("out_of_memory", "half the batch size (32)"),
        ("without_torch", "PyTorch is not installed in"),
    ],
)
def test_errors_in_the_worker_come_with_sentence_and_traceback(kind: str, part: str) -> None:
    events = read(fake(kind))
    assert end_of(events).reason == ("out_of_memory" if kind == "out_of_memory" else "failed")
    assert part in end_of(events).detail
    (trace,) = (e for e in events if isinstance(e, OutputEvent) and e.stream == "traceback")
    assert trace.text.startswith("Traceback") and kind in trace.text


def test_a_run_without_an_end_gets_one() -> None:
    assert "ended unexpectedly" in end_of(read(fake("mute"))).detail


def test_a_python_that_is_not_there_is_told() -> None:
    events = read(ChildProcess(Job(), python="/nowhere/python"))
    assert len(events) == 1
    assert end_of(events).detail.startswith("/nowhere/python cannot be started (No such file or directory)")


def test_a_worker_that_cannot_start_is_told_with_its_last_line() -> None:
    command = [sys.executable, "-c", "raise ImportError('lrgui is too new')"]
    events = read(ChildProcess(Job(), command=command))
    assert "could not start" in end_of(events).detail and "lrgui is too new" in end_of(events).detail


def test_a_job_that_cannot_be_read_is_told() -> None:
    job = Job(task=TaskSpec(batch_size="many"))  # type: ignore[arg-type]
    events = read(ChildProcess(job, command=fake_command("batches")))
    assert "batch_size must be an integer" in end_of(events).detail


@posix
@pytest.mark.parametrize("kind", ["batches", "parenting", "hanging"])
def test_kill_from_another_thread_ends_everything(kind: str) -> None:
    child = fake(kind, steps=100_000)

    def kill() -> None:
        child.kill()
        child.kill()

    thread = threading.Thread(target=kill)
    events: list[Event] = []
    for chunk in child.chunks():
        events += chunk
        if batches_of(events) and not thread.ident:
            thread.start()
    thread.join()
    assert end_of(events).reason == "killed" and "terminated" in end_of(events).detail
    assert child.pid is not None
    worker = child.pid
    assert within(60, lambda: not members(worker))


@posix
@pytest.mark.parametrize("kind", ["tidying", "registering"])
def test_finally_blocks_and_exit_functions_run_when_a_run_is_killed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDY", str(tmp_path / "tidy"))
    child = fake(kind, steps=100_000)
    for chunk in child.chunks():
        if isinstance(chunk[-1], BatchEvent):
            child.kill()
    assert (tmp_path / "tidy").read_text() == "tidied"


def test_leaving_the_chunks_early_ends_the_run() -> None:
    child = fake("batches", steps=100_000)
    for _ in child.chunks():
        break
    assert within(3, lambda: not child.alive)


def test_killed_before_it_started() -> None:
    child = fake("batches")
    child.kill()
    assert end_of(read(child)).reason == "killed" and child.pid is None


def test_a_run_is_read_once_and_needs_a_job() -> None:
    with ChildProcess(command=fake_command("batches")) as child:
        with pytest.raises(RuntimeError, match="No job"):
            next(child.chunks())
        child.submit(Job(sweep=SweepSettings(steps=5)))
        with pytest.raises(RuntimeError, match="one job"):
            child.submit(Job())
        assert len(batches_of(read(child))) == 5
        with pytest.raises(RuntimeError, match="once"):
            next(child.chunks())
        child.pause()
        child.cancel()
    child.kill()


def test_no_descriptor_and_no_process_is_left() -> None:
    folder = "/proc/self/fd"
    before = set(os.listdir(folder)) if os.path.isdir(folder) else set()
    children = [fake(kind, steps=3) for kind in ("batches", "exiting", "raising", "batches")]
    for child in children:
        read(child)
    spare = ChildProcess(command=fake_command("batches"))
    spare.start()
    spare.kill()
    if before:
        assert set(os.listdir(folder)) == before
    for child in [*children, spare]:
        assert child.pid is not None
        with pytest.raises(ChildProcessError):  # no zombie of it is left to wait for
            os.waitpid(child.pid, os.WNOHANG)


def test_another_python_keeps_its_own_packages_and_a_frozen_program_starts_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = worker_command("/other/python")
    assert command[0] == "/other/python" and (Path(command[-1]) / "lrgui").is_dir()
    assert worker_command()[0] == sys.executable
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert worker_command() == [sys.executable, "--worker"]
    assert worker_command("/other/python")[0] == "/other/python"


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_files_in_the_current_folder_are_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "signal.py").write_text("raise RuntimeError('the wrong module')")
    monkeypatch.chdir(tmp_path)
    child = ChildProcess(command=[*worker_command(), "--help"])
    child.start()
    assert child.pid is not None
    worker = child.pid
    assert within(5, lambda: len(members(worker)) == 2), "worker and guard, who came after the imports"
    child.kill()


class TestSparePool:
    def make(self) -> ChildProcess:
        return ChildProcess(command=fake_command("batches"))

    def test_the_spare_is_taken_once(self) -> None:
        pool = SparePool(make=self.make)
        pool.warm()
        pool.warm()
        first, second = pool.take(), pool.take()
        assert first.pid != second.pid and first.alive and second.alive
        pool.close()
        assert first.alive, "a taken worker is the taker's"
        for child in (first, second):
            child.submit(Job(sweep=SweepSettings(steps=3)))
            assert len(batches_of(read(child))) == 3

    def test_closing_ends_the_spare_and_no_new_one_comes(self) -> None:
        made: list[ChildProcess] = []

        def make() -> ChildProcess:
            made.append(self.make())
            return made[-1]

        threads = threading.active_count()
        pool = SparePool(make=make)
        pool.warm()
        pool.close()
        pool.close()
        pool.warm()
        assert len(made) == 1 and not made[0].alive
        assert threading.active_count() <= threads  # one of an earlier test may have ended meanwhile

    def test_a_spare_that_nobody_takes_is_given_up(self) -> None:
        made: list[ChildProcess] = []

        def make() -> ChildProcess:
            made.append(self.make())
            return made[-1]

        threads = threading.active_count()
        pool = SparePool(idle_seconds=0.2, make=make)
        pool.warm()
        assert within(5, lambda: not made[0].alive)
        child = pool.take()
        assert child.alive and len(made) == 2
        child.kill()
        pool.close()
        assert within(2, lambda: threading.active_count() == threads)

    @posix
    def test_a_spare_that_died_is_replaced(self) -> None:
        pool = SparePool(make=self.make)
        pool.warm()
        spare = pool._spare
        assert spare is not None and spare.pid is not None
        os.kill(spare.pid, signal.SIGKILL)
        assert within(3, lambda: not spare.alive)
        child = pool.take()
        assert child.alive and child is not spare
        child.kill()
        pool.close()

    def test_another_python_takes_the_spares_place(self) -> None:
        pythons: list[str | Path | None] = []

        def make() -> ChildProcess:
            pythons.append(pool._python)
            return self.make()

        pool = SparePool("/one/python", make=make)
        pool.warm()
        first = pool._spare
        assert first is not None
        pool.use("/one/python")
        pool.warm()
        assert pool._spare is first and first.alive
        pool.use("/two/python")
        assert first.alive, "nothing is done at once"
        pool.warm()
        assert not first.alive and pythons == ["/one/python", "/two/python"]
        pool.use(None)
        child = pool.take()
        assert pythons[2:] == [None] and child.alive, "nobody gets a spare of another Python"
        child.kill()
        pool.close()

    @posix
    def test_it_is_seen_when_the_spare_is_ready(self) -> None:
        pool = SparePool(make=self.make)
        assert not pool.ready
        pool.warm()
        assert within(10, lambda: pool.ready)
        child = pool.take()
        assert not pool.ready
        child.submit(Job(sweep=SweepSettings(steps=3)))
        assert len(batches_of(read(child))) == 3, "nothing of what it said was lost"
        assert not child.has_spoken
        pool.close()

    def test_many_threads_never_get_the_same_worker(self) -> None:
        pool = SparePool(make=self.make)
        pool.warm()
        taken: list[ChildProcess] = []
        threads = [threading.Thread(target=lambda: taken.append(pool.take())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({child.pid for child in taken}) == 4
        for child in taken:
            child.kill()
        pool.close()


def test_stress_of_kill_at_any_moment() -> None:
    for number in range(12):
        child = fake("batches", steps=100_000)
        timer = threading.Timer(number * 0.03, child.kill)
        timer.start()
        events = [event for chunk in child.chunks() for event in chunk]
        timer.join()
        assert end_of(events).reason == "killed"
        assert not child.alive


@posix
class TestBoot:
    """What another Python sees of our folder: the package, behind its own, and nothing else that lies there."""

    @pytest.fixture
    def ours(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A folder with an LR Finder that tells what it sees, and with what else may be installed there."""
        folder = tmp_path / "ours"
        (folder / "lrgui").mkdir(parents=True)
        (folder / "lrgui" / "__init__.py").write_text("WHOSE = 'ours'\n")
        (folder / "lrgui" / "show.py").write_text(SHOW)
        shutil.copytree(Path(launch.__file__).parent / "stand_in", folder / "lrgui" / "runs" / "stand_in")
        (folder / "only_ours.py").write_text("")
        (folder / "shared.py").write_text("WHOSE = 'ours'\n")
        monkeypatch.setattr(launch.frozen, "sources_folder", lambda: folder)
        return folder

    @pytest.fixture(autouse=True)
    def bare(self, tmp_path: Path) -> None:
        self.python = make_python(tmp_path / ".venv", []).path

    def seen(self, folder: Path, **variables: str) -> list[str]:
        command = python_command(self.python, "lrgui.show", "--show")
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    def test_the_package_alone(self, ours: Path, tmp_path: Path) -> None:
        theirs = tmp_path / "theirs"
        theirs.mkdir()
        (theirs / "shared.py").write_text("WHOSE = 'theirs'\n")
        assert self.seen(tmp_path, PYTHONPATH=str(theirs)) == ["ours", "theirs", "missing", str(ours)]

    def test_an_lrgui_of_theirs_is_not_mistaken_for_ours(self, ours: Path, tmp_path: Path) -> None:
        theirs = tmp_path / "theirs"
        (theirs / "lrgui").mkdir(parents=True)
        (theirs / "lrgui" / "__init__.py").write_text("WHOSE = 'theirs'\n")
        assert self.seen(tmp_path, PYTHONPATH=str(theirs))[:3] == ["ours", "missing", "missing"]
        (ours / "lrgui" / "show.py").write_text(SPAWN)
        assert self.seen(tmp_path, PYTHONPATH=str(theirs)) == ["ours"], "in a process that a run starts"
        (ours / "lrgui" / "show.py").write_text(SHOW)
        assert self.seen(theirs)[0] == "ours", "in the current folder"

    def test_where_our_folder_is_theirs_too_everything_is_seen(self, ours: Path, tmp_path: Path) -> None:
        assert self.seen(tmp_path, PYTHONPATH=str(ours))[:3] == ["ours", "ours", "found"]

    def test_processes_that_a_run_starts_find_it(self, ours: Path, tmp_path: Path) -> None:
        (ours / "lrgui" / "show.py").write_text(SPAWN)
        assert self.seen(tmp_path) == ["ours"]

    def test_a_python_that_is_too_old_says_so(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        old = tmp_path / "python"
        old.write_text(f'#!/bin/sh\nshift; code=$1; shift\nexec {sys.executable} -c "$code" "$@"\n')
        old.chmod(0o755)
        monkeypatch.setattr(launch, "_BOOT", "import sys; sys.version_info = (3, 9, 1)\n" + launch._BOOT)
        end = end_of(read(ChildProcess(Job(), python=old)))
        assert f"could not start in {old} (exit status 1): This is Python " in end.detail
        assert "Choose a Python ≥ 3.10" in end.detail


SHOW = """
import sys, lrgui
def main():
    try:
        from shared import WHOSE
    except ImportError:
        WHOSE = "missing"
    try:
        import only_ours
        found = "found"
    except ImportError:
        found = "missing"
    print(lrgui.WHOSE, WHOSE, found, sys.path[-1])
"""

SPAWN = """
import multiprocessing
def whose(queue):
    import lrgui
    queue.put(lrgui.WHOSE)
def main():
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=whose, args=(queue,))
    process.start()
    print(queue.get(timeout=20))
    process.join()
"""


@posix
def test_a_python_that_hangs_is_said_and_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "SLOW", 0.1)
    monkeypatch.setattr(launch, "HANGS", 0.5)
    events = read(ChildProcess(Job(), command=["sh", "-c", "exec sleep 1000"]))
    states = [event.detail for event in events if isinstance(event, StateEvent)]
    assert states == ["Starting Python and PyTorch", "sh is slow to start, or hangs; stopping ends it"]
    assert end_of(events).detail.startswith("sh was not ready within 0.5 s.")


@posix
def test_a_python_that_prints_nonsense_is_told_with_what_it_printed() -> None:
    events = read(ChildProcess(Job(), command=["sh", "-c", "echo Which Python would you like?; echo none >&2"]))
    assert "Which Python would you like?" in printed_by(events)
    assert "could not start in sh (exit status 0): none" in end_of(events).detail


def test_a_line_that_a_site_began_does_not_hide_that_the_worker_is_ready() -> None:
    code = (
        'import os; os.write(1, b\'Hello {\'); os.write(1, b\'\\n{"event":"ready","torch":"x"}\\n\');'
        'os.write(1, b\'{"event":"end","reason":"completed","detail":"done"}\\n\')'
    )
    child = ChildProcess(Job(), command=[sys.executable, "-c", code])
    events = read(child)
    assert child.facts == {"torch": "x"}
    assert "Hello {" in printed_by(events)
    assert end_of(events).detail == "done"
