"""`lrgui watch RUN.lrrun | ssh://…`: a run that somebody else computes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from ssh_server import NAME, SshServer

from lrgui.core.events import BatchEvent, EndEvent, EndReason, RunKind
from lrgui.core.run_settings import RaceSettings, SweepSettings
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.runs.log import read_log
from lrgui.runs.log_writer import LogWriter

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
        process = subprocess.Popen([*LRGUI, "watch", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and b"Traceback" not in err
    assert b"Stopped following" in out and str(path).encode() in b"".join(out.split(b"\n"))


def test_a_training_through_ssh_is_followed_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = SshServer(tmp_path / "ssh")
    monkeypatch.setenv("PATH", f"{server.bin}{os.pathsep}{os.environ['PATH']}")
    server.start()
    path = tmp_path / "a.lrrun"
    try:
        with LogWriter(path, Job(kind=RunKind.TRAIN)) as log:
            log.write([BatchEvent(0, step, 1e-3, 1.0, step / 10) for step in range(1000)])
            timer = threading.Timer(3, lambda: log.write([EndEvent(EndReason.COMPLETED, "Trained.")]))
            timer.start()
            done = watched("--json", f"ssh://{NAME}{path}")
            timer.join()
    finally:
        server.stop()
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert len(said["steps"]["loss"]) == 1000 and said["end"]["detail"] == "Trained."


def test_what_is_no_address_is_told() -> None:
    done = watched("ssh://-oProxyCommand=x/y.lrrun")
    assert done.returncode == 2 and "is not a host" in done.stderr
    done = watched("a.lrrun", "--json")
    assert done.returncode == 2 and "lrgui watch --json a.lrrun" in done.stderr
    done = watched("missing.lrrun")
    assert done.returncode == 1 and "No such file" in done.stderr
