"""Ctrl+C, SIGTERM and SIGHUP at the command line: it ends in good order, with what was measured."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lrgui.cli.running import ONE_REQUEST, Signals
from lrgui.core.events import EndEvent
from lrgui.runs.in_process import InProcess
from lrgui.runs.job import Job
from lrgui.runs.log import read_log
from lrgui.start import main

pytestmark = pytest.mark.usefixtures("warm_processes")

#: Seconds for anything of this on a busy machine.
WAIT = 120
HEADLESS = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}


def test_ctrl_c_ends_in_good_order(tmp_path: Path) -> None:
    log = tmp_path / "run.lrrun"
    environment = {**HEADLESS, "LRGUI_RUNS": str(tmp_path / "runs"), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "lrgui",
            "find",
            "digits",
            "--steps",
            "100000",
            "--to",
            "1e-4",
            "--json",
            "--log",
            str(log),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline and not (log.exists() and log.stat().st_size > 20_000):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WAIT)
    assert b"Traceback" not in err
    assert process.returncode == 3
    assert json.loads(out)["end"]["reason"] == "cancelled"
    last = read_log(log).events[-1]
    assert isinstance(last, EndEvent)
    assert last.reason == "cancelled"


@pytest.mark.parametrize(("words", "started"), [(["runs"], "lrgui.cli.main"), ([], "lrgui.gui.app.main")])
def test_ctrl_c_before_anything_runs_has_no_traceback(
    words: list[str], started: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(started, interrupted)
    monkeypatch.setattr(sys, "argv", ["lrgui", *words])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130


def test_ctrl_c_during_the_race_of_a_budget_keeps_the_sweep(tmp_path: Path) -> None:
    environment = {**HEADLESS, "LRGUI_RUNS": str(tmp_path / "runs"), "OMP_NUM_THREADS": "1"}
    words = ["--steps", "60", "--to", "3e-3", "--planned-steps", "100000", "--budget", "900000 steps", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "lrgui", "find", "digits", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if b"Measuring around" in line:
            break
    deadline, runs = time.monotonic() + WAIT, tmp_path / "runs"
    while time.monotonic() < deadline and not any(b'"candidate"' in log.read_bytes() for log in runs.glob("*race*")):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WAIT)
    assert b"Traceback" not in err
    found = json.loads(out)
    assert found["end"]["reason"] != "cancelled" and len(found["curve"]["lr"]) > 50
    assert found["race"]["end"]["reason"] == "cancelled" and found["measured"] is False
    assert process.returncode == (3 if found["lr"] is None else 0)


#: A task that waits in its fortieth step for as long as there is no file `go`.
HELD_TASK = """\
import pathlib, time
import torch
from torch.utils.data import DataLoader, TensorDataset

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))


class Held(torch.nn.Linear):
    calls = 0

    def forward(self, x):
        Held.calls += 1
        if Held.calls == 40:
            pathlib.Path({mark!r}).touch()
            while not pathlib.Path({go!r}).exists():
                time.sleep(0.05)
        return super().forward(x)


def model():
    return Held(4, 1)


def train_loader(batch_size):
    return DataLoader(TensorDataset(X, X.sum(1, keepdim=True)), 8)


def loss(output, target):
    return torch.nn.functional.mse_loss(output, target)
"""


@contextmanager
def running(tmp_path: Path, *words: object) -> Iterator[subprocess.Popen[bytes]]:
    """The command on a task that waits after 39 steps for a file `go`, once it has come there."""
    mark, task = tmp_path / "mark", tmp_path / "task.py"
    task.write_text(HELD_TASK.format(mark=str(mark), go=str(tmp_path / "go")))
    environment = {**HEADLESS, **{k: os.environ[k] for k in ("LRGUI_RUNS", "LRGUI_CONFIG")}, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "lrgui", words[0], str(task), "--device", "cpu", *map(str, words[1:])],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline and not mark.exists():
            time.sleep(0.05)
        try:
            yield process
        finally:
            process.kill()


def heard_until(process: subprocess.Popen[bytes], words: str) -> bytes:
    """What it says on standard error up to the line with these words: by then it has heard the signal."""
    assert process.stderr is not None
    heard = b""
    for line in process.stderr:
        heard += line
        if words.encode() in line:
            return heard
    raise AssertionError(heard)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_and_sighup_end_in_good_order(number: signal.Signals, tmp_path: Path, own_folders: Path) -> None:
    """Slurm sends the one, a terminal that is closed the other."""
    log = tmp_path / "run.lrrun"
    with running(tmp_path, "find", "--json", "--log", log) as process:
        process.send_signal(number)
        heard = heard_until(process, f"Stopping: {number.name}.")
        (tmp_path / "go").touch()
        out, err = process.communicate(timeout=WAIT)
    assert process.returncode == 128 + number, err
    assert b"Traceback" not in heard + err
    found = json.loads(out)
    assert found["end"]["reason"] == "cancelled" and len(found["curve"]["lr"]) >= 39
    for kept in (log, *(own_folders / "runs").iterdir()):
        assert read_log(kept).events[-1] == EndEvent("cancelled", found["end"]["detail"])


@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C is sent otherwise there")
def test_a_second_ctrl_c_still_prints_what_was_measured(tmp_path: Path, own_folders: Path) -> None:
    with running(tmp_path, "find", "--json") as process:
        process.send_signal(signal.SIGINT)
        heard_until(process, "Ctrl+C again")
        time.sleep(1.2 * ONE_REQUEST)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT)
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    found = json.loads(out)
    assert found["end"]["reason"] == "cancelled" and len(found["curve"]["lr"]) == 39
    (kept,) = (own_folders / "runs").iterdir()
    assert isinstance(read_log(kept).events[-1], EndEvent)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As with nohup, and for jobs in the background of a script."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Signals(InProcess(Job())):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) not in (signal.SIG_IGN, signal.SIG_DFL)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C is sent otherwise there")
def test_one_request_that_comes_twice_is_one(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """`timeout -s INT` sends the signal to the process, and again to its group."""
    asked: list[str] = []

    class Source:
        def cancel(self) -> None:
            asked.append("cancel")

        def kill(self) -> None:
            asked.append("kill")

    now = [100.0]
    monkeypatch.setattr("lrgui.cli.running.time.monotonic", lambda: now[0])
    monkeypatch.setattr(Signals, "ended_by", 0)
    with Signals(Source()):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert (asked, Signals.ended_by) == (["cancel"], 0)
        now[0] += ONE_REQUEST
        signal.raise_signal(signal.SIGINT)
    assert (asked, Signals.ended_by) == (["cancel", "kill"], signal.SIGINT)
    assert capfd.readouterr().err.count("Stopping") == 1


@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C is sent otherwise there")
def test_ctrl_c_on_code_that_hangs_says_that_a_second_one_ends_it(tmp_path: Path) -> None:
    mark, task = tmp_path / "imported", tmp_path / "task.py"
    task.write_text(
        f"import time\nopen({str(mark)!r}, 'w').close()\ntime.sleep(1000)\n"
        "def model(): ...\ndef train_loader(batch_size): ...\ndef loss(output, target): ...\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "lrgui", "check", str(task)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**HEADLESS, **{k: os.environ[k] for k in ("LRGUI_RUNS", "LRGUI_CONFIG")}},
    ) as process:
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline and not mark.exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.readline() == b"\n"
        assert process.stderr.readline() == b"Stopping. Press Ctrl+C again to end it at once if the code hangs.\n"
        time.sleep(1.2 * ONE_REQUEST)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT)
    assert b"Traceback" not in err and b"The check was terminated." in err
    assert process.returncode == 130
    assert "✗ │ Code, data and model" in out.decode(), "what is known is shown all the same"
