"""A Ray cluster that asks for a token: reached through its port for clients, and from beside it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from lrgui.core.events import EndEvent, EndReason
from lrgui.runs.job import Job
from lrgui.runs.remote.running import source_on
from lrgui.runs.targets import Target

pytest.importorskip("ray")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SMALL = Job()
SMALL = replace(
    SMALL, task=replace(SMALL.task, source="digits", model="mlp"), sweep=replace(SMALL.sweep, steps=20), kind="sweep"
)


class Head(NamedTuple):
    """Where it listens, on this machine."""

    port: int
    clients: int
    home: Path
    """The home folder in which its token is."""


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    """A cluster of one node with a token."""
    home = Path(tempfile.mkdtemp(prefix="lrgui-token-"))  # short: names of sockets have 107 characters at most
    (home / ".ray").mkdir()
    (home / ".ray" / "auth_token").write_text("0123456789abcdef" * 4)
    port, clients = free_ports(2)
    words = ["start", "--head", "--block", "--num-cpus=1", "--include-dashboard=false", "--disable-usage-stats"]
    ports = [f"--port={port}", f"--ray-client-server-port={clients}"]
    environment = {**os.environ, "HOME": str(home), "RAY_TMPDIR": str(home), "RAY_AUTH_MODE": "token"}
    with (home / "said").open("wb") as said:
        ray = Path(sys.executable).with_name("ray")
        process = subprocess.Popen([ray, *words, *ports], env=environment, stdout=said, stderr=said)
    try:
        until = time.monotonic() + 120
        while "Ray runtime started" not in (home / "said").read_text():
            assert process.poll() is None and time.monotonic() < until, (home / "said").read_text()
            time.sleep(0.2)
        yield Head(port, clients, home)
    finally:
        process.send_signal(signal.SIGTERM)  # it ends what it has started
        process.wait(60)
        shutil.rmtree(home, ignore_errors=True)


def end_of(address: str) -> EndEvent:
    *_, last = source_on(Target("lab", "ray", address=address), SMALL).chunks()
    assert isinstance(last[-1], EndEvent)
    return last[-1]


def test_a_run_shows_the_token_that_lies_here(head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(head.home))
    assert end_of(f"ray://127.0.0.1:{head.clients}").reason in (EndReason.COMPLETED, EndReason.DIVERGED)
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{head.port}")
    assert end_of("auto").reason in (EndReason.COMPLETED, EndReason.DIVERGED)


def test_a_study_shows_it_too(head: Head, tmp_path: Path) -> None:
    words = ["study", "digits", "--set", "model=mlp", "--set", "sweep.steps=20", "--batch-sizes", "32"]
    where = ["--on", f"ray://127.0.0.1:{head.clients}", "--folder", str(tmp_path / "a.study"), "--json"]
    environment = {**os.environ, "HOME": str(head.home), "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "lrgui", *words, *where]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.study" / "journal.jsonl").read_text().count('"ended"') == 1


def test_without_it_the_way_out_is_said(head: Head, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    end = end_of(f"ray://127.0.0.1:{head.clients}")
    assert end.reason == EndReason.FAILED
    assert "copy ~/.ray/auth_token from its head to this machine" in end.detail
