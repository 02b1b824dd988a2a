from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from fake_worker import FLOOD
from processes import batches_of, end_of, fake, fake_command, members, read, within

from lrgui.core.events import BatchEvent, EndEvent, Event, OutputEvent, StateEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs import launch
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
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
    child = fake("batches", steps=100_000)
    arrivals, events = 0, []
    for chunk in child.chunks():
        events += chunk
        arrivals += isinstance(chunk[-1], BatchEvent)
        if arrivals == 10:
            child.cancel()  # as nobody could who had to wait for the end
    assert end_of(events).reason == "cancelled" and 10 <= len(batches_of(events)) < 100_000


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


def test_what_a_thread_reads_late_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = threading.Event()

    class Late(ThreadedPipes):
        """Passes nothing on before the process has gone."""

        quiet = 60.0

        def _pump(self, index: int) -> None:
            assert gone.wait(60)
            super()._pump(index)

    monkeypatch.setattr(launch, "open_pipes", Late)
    child = fake("batches", steps=30)

    def look() -> None:
        if within(60, lambda: child.pid is not None) and within(60, lambda: not child.alive):
            time.sleep(0.5)
            gone.set()

    looking = threading.Thread(target=look)
    looking.start()
    assert end_of(read(child)).detail == "all done"
    looking.join()


def test_pause_resume_and_cancel_arrive_from_another_thread() -> None:
    child = fake("batches", steps=100_000)
    states, steps_while_paused = [], []
    paused = threading.Event()

    def requests() -> None:
        child.pause()
        child.pause()
        assert paused.wait(60)
        time.sleep(0.3)
        steps_while_paused.append(len(measured))
        child.resume()
        child.resume()
        within(60, lambda: len(measured) > steps_while_paused[0])
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
    events = read(fake("flooding"))
    outputs = [event for event in events if isinstance(event, OutputEvent)]
    assert end_of(events).detail == "all printed" and len(batches_of(events)) == 100
    assert len(outputs) < FLOOD / 100, "ten a second, each of many lines"
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
    ],
)
def test_errors_in_the_worker_come_with_sentence_and_traceback(kind: str, part: str) -> None:
    events = read(fake(kind))
    assert end_of(events).reason == ("out_of_memory" if kind == "out_of_memory" else "failed")
    assert part in end_of(events).detail
    (trace,) = (e for e in events if isinstance(e, OutputEvent) and e.stream == "traceback")
    assert trace.text.startswith("Traceback") and kind in trace.text


def test_a_python_without_torch_is_told_in_one_sentence() -> None:
    events = read(fake("without_torch"))
    assert "PyTorch is not installed in" in end_of(events).detail
    assert not [event for event in events if isinstance(event, OutputEvent)]


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


@posix
def test_who_asked_a_run_to_end_has_stopped_it_even_if_that_took_force() -> None:
    child = fake("hanging")
    events: list[Event] = []
    for chunk in child.chunks():
        events += chunk
        if batches_of(events) and child.alive:
            child.cancel()
            child.kill()
    assert end_of(events).reason == "cancelled" and "by force" in end_of(events).detail


def test_a_run_that_was_stopped_before_it_began_says_so() -> None:
    child = fake("batches", steps=100_000)
    child.cancel()
    child.kill()
    assert end_of(read(child)) == EndEvent("cancelled", "Stopped before the first batch.")


def test_leaving_the_chunks_early_ends_the_run() -> None:
    child = fake("batches", steps=100_000)
    for _ in child.chunks():
        break
    assert within(60, lambda: not child.alive)


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
def test_a_python_that_hangs_is_said_and_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "SLOW", 0.1)
    monkeypatch.setattr(launch, "HANGS", 1.0)
    events = read(ChildProcess(Job(), command=["sh", "-c", "exec sleep 1000"]))
    states = [event.detail for event in events if isinstance(event, StateEvent)]
    assert states == ["Starting Python and PyTorch", "sh is slow to start, or hangs; stopping ends it"]
    assert end_of(events).detail.startswith("sh was not ready within 1.0 s.")


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
