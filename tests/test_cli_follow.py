"""`lrgui watch RUN.lrrun | ssh://…`: a run that somebody else computes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ssh_server import NAME, SshServer

from lrgui.core.events import BatchEvent, EndEvent, EndReason, OutputEvent, RunKind, RunState, StateEvent, Stream
from lrgui.core.run_settings import RaceSettings, SweepSettings
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.log import read_log
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.whereabouts import is_of_run, where_words

pytestmark = pytest.mark.usefixtures("warm_processes")

LRGUI = [sys.executable, "-W", "error", "-m", "lrgui"]


def written(path: Path, job: Job) -> Job:
    """A whole run of `job`."""
    with LogWriter(path, job) as log:
        for event in run_job(job):
            log.write([event])
    return job


def watched(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LRGUI, "watch", *words], capture_output=True, text=True, timeout=120, check=False)


def following(log: LogWriter, *words: str) -> subprocess.Popen[str]:
    """The command, once it shows what comes."""
    log.write([OutputEvent("a line of the run", Stream.OUT)])
    process = subprocess.Popen([*LRGUI, "watch", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None and process.stderr.readline() == "a line of the run\n"
    return process


def test_a_sweep_that_is_over_is_read(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.lrrun", tmp_path / "copy.lrrun"
    written(path, Job(sweep=SweepSettings(steps=60, end_lr=10.0)))
    done = watched("--log", str(copy), str(path))
    assert done.returncode == 0, done.stderr
    assert "Learning rate" in done.stdout or "Sweep" in done.stdout
    assert read_log(copy).events == read_log(path).events
    as_json = json.loads(watched("--json", str(path)).stdout)
    assert as_json["end"]["reason"] == read_log(path).events[-1].reason  # type: ignore[union-attr]


def test_a_race_that_is_over_is_ranked(tmp_path: Path) -> None:
    path = tmp_path / "a.lrrun"
    written(path, Job(kind=RunKind.RACE, race=RaceSettings(around=0.1, trainings=3, steps=20)))
    done = watched(str(path))
    assert done.returncode == 0, done.stderr
    assert "Learning rate: " in done.stdout


def test_ctrl_c_stops_following_and_not_the_run(tmp_path: Path) -> None:
    path = tmp_path / "a.lrrun"
    with LogWriter(path, Job(kind=RunKind.TRAIN)) as log:
        log.write([BatchEvent(0, 0, 1e-3, 1.0, 0.0)])
        process = following(log, str(path))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and "Traceback" not in err
    assert "Stopped following" in out and str(path) in "".join(out.split("\n"))


def test_a_training_through_ssh_is_followed_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = SshServer(tmp_path / "ssh")
    monkeypatch.setenv("PATH", f"{server.bin}{os.pathsep}{os.environ['PATH']}")
    server.start()
    path = tmp_path / "a.lrrun"
    try:
        with LogWriter(path, Job(kind=RunKind.TRAIN)) as log:
            log.write([BatchEvent(0, step, 1e-3, 1.0, step / 10) for step in range(1000)])
            process = following(log, "--json", f"ssh://{NAME}{path}")
            log.write([EndEvent(EndReason.COMPLETED, "Trained.")])
        out, err = process.communicate(timeout=60)
    finally:
        server.stop()
    assert process.returncode == 0, err
    said = json.loads(out)
    assert len(said["steps"]["loss"]) == 1000 and said["end"]["detail"] == "Trained."


def test_what_is_no_address_is_told() -> None:
    done = watched("ssh://-oProxyCommand=x/y.lrrun")
    assert done.returncode == 2 and "is not a host" in done.stderr
    done = watched("a.lrrun", "--json")
    assert done.returncode == 2 and "lrgui watch --json a.lrrun" in done.stderr
    done = watched("missing.lrrun")
    assert done.returncode == 1 and "No such file" in done.stderr


def test_a_sweep_of_here_that_is_on_a_target_is_followed_there_and_its_log_completed(
    command: Callable[..., subprocess.CompletedProcess[str]], own_folders: Path, tmp_path: Path
) -> None:
    """Of a target on this machine, which takes no ssh."""
    job, there = Job(sweep=SweepSettings(steps=60, end_lr=10.0)), tmp_path / "run.lrrun"
    written(there, job)
    whole = read_log(there).events
    with start_log(job) as log:
        where = OutputEvent(where_words("four", Address(str(there))), Stream.NOTE)
        left = EndEvent(EndReason.LEFT, "Stopped following. The run itself continues.")
        log.write([StateEvent(RunState.STARTING, "Sending the run to four"), where, *whole[:30], left])
    cut = log.path.read_bytes()
    log.path.write_bytes(cut[: cut.rindex(b"{") + 20])  # the laptop's battery was empty
    done = command("watch", log.path.name)
    assert done.returncode == 0 and "was sent to four: following it there" in " ".join(done.stderr.split()), done.stderr
    kept = read_log(log.path)
    assert [e for e in kept.events if is_of_run(e)] == [e for e in whole if is_of_run(e)]
    assert kept.events[-1] == whole[-1] and not kept.warnings
    size = log.path.stat().st_size
    assert command("watch", log.path.name).returncode == 0 and log.path.stat().st_size == size, "nothing comes twice"
