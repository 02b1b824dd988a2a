"""`lrgui targets`, and `--on`."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from slurm_stand_in import Slurm
from ssh_server import NAME, SshServer

from lrgui.runs.library import SUFFIX

pytestmark = pytest.mark.usefixtures("warm_processes")

Command = Callable[..., subprocess.CompletedProcess[str]]
LRGUI = [sys.executable, "-W", "error", "-m", "lrgui"]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRGUI_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("LRGUI_RUNS", str(tmp_path / "runs"))


def lrgui(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LRGUI, *words], capture_output=True, text=True, timeout=170, check=False)


def test_targets_are_added_listed_and_removed(command: Command) -> None:
    assert "No targets yet" in command("targets").stdout
    assert command("targets", "add", "box", "--host", "me@gpu", "--folder", "~/work").returncode == 0
    assert "Machine · me@gpu · ~/work" in command("targets").stdout
    assert json.loads(command("targets", "--json").stdout)[0]["host"] == "me@gpu"
    assert command("targets", "edit", "box", "--python", "~/venv/bin/python", "--folder", "").returncode == 0
    (edited,) = json.loads(command("targets", "--json").stdout)
    assert (edited["host"], edited["python"], edited["folder"]) == ("me@gpu", "~/venv/bin/python", "")
    assert command("targets", "edit", "other", "--host", "gpu").returncode == 1
    wrong = command("targets", "add", "box", "--kind", "teleport")
    assert wrong.returncode == 2 and "no kind of target" in wrong.stderr
    assert command("targets", "remove", "box").returncode == 0
    assert command("targets", "remove", "box").returncode == 2
    done = command("find", "digits", "--on", "box")
    assert done.returncode == 2 and "lrgui targets add box" in done.stderr
    done = command("find", "digits", "--on", "box", "--python", sys.executable)
    assert done.returncode == 2 and "keep one of them" in done.stderr


@pytest.mark.parametrize("words", [["check", "digits"], ["compare", "digits"], ["watch", __file__], ["run", __file__]])
def test_these_take_a_target_too(command: Command, words: list[str]) -> None:
    done = command(words[0], "--on", "gone", *words[1:])
    assert done.returncode == 2 and "There is no target gone" in done.stderr


def test_another_python_is_a_target_too(tmp_path: Path) -> None:
    lrgui("targets", "add", "other", "--kind", "python", "--python", sys.executable)
    done = lrgui("find", "digits", "--steps", "40", "--on", "other", "--json")
    assert done.returncode in (0, 3), done.stderr
    assert json.loads(done.stdout)["end"]["reason"] in ("completed", "diverged")


@pytest.mark.slow
def test_a_sweep_on_another_machine_is_read_and_kept_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = SshServer(tmp_path / "ssh")
    monkeypatch.setenv("PATH", f"{server.bin}{os.pathsep}{os.environ['PATH']}")
    server.start()
    try:
        lrgui("targets", "add", "box", "--host", NAME, "--python", sys.executable)
        done = lrgui("find", "digits", "--steps", "60", "--on", "box")
    finally:
        server.stop()
    assert done.returncode in (0, 3), done.stderr
    assert "lrgui watch ssh://" in "".join(done.stderr.split("\n"))
    assert "Learning rate" in done.stdout or "rule" in done.stdout
    assert len(list((tmp_path / "runs").glob(f"*{SUFFIX}"))) == 1


@pytest.mark.slow
def test_the_tutorials_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order, with a machine that ssh reaches and a queue: only the interpreter is another one."""
    page = Path(__file__).parents[1].joinpath("docs", "tutorial", "cluster.md").read_text(encoding="utf-8")
    commands = re.findall(r"```sh\nlrgui (.+)\n```", page)
    assert len(commands) == 6
    server, queue = SshServer(tmp_path / "ssh"), Slurm(tmp_path / "slurm")
    monkeypatch.setenv("PATH", f"{server.bin}{os.pathsep}{queue.path}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    server.start()
    try:
        for command in commands:
            assert f"ssh://{NAME}/" in page and f"--host {NAME}" in page
            words = shlex.split(command.replace("~/venv/bin/python", sys.executable))
            if "login.hpc.example" in words:  # the stand-in is on this machine
                words = [word for word in words if word not in ("--host", "login.hpc.example")]
            done = lrgui(*words)
            assert done.returncode in (0, 3), done.stderr
    finally:
        server.stop()
    assert "cluster" in done.stdout and "box" in done.stdout
    assert len(list((tmp_path / "runs").glob(f"*{SUFFIX}"))) == 3
