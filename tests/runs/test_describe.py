"""What a Python says of itself, and what is told of one that says nothing of use."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from other_python import OtherPython, make_python
from processes import alive, within

from lrgui import frozen
from lrgui.runs import environment
from lrgui.runs.environment import Description, Environment, describe
from lrgui.runs.fork_server import ForkServer, can_fork

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins for Python are shell scripts and links")


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """A process of this Python that imports torch."""
    made = ForkServer()
    made.start()
    yield made
    made.close()


def python(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_second_python_with_torch_and_numpy_alone(
    other_python: OtherPython, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "random.py").write_text("raise RuntimeError('the wrong module')")
    monkeypatch.chdir(tmp_path)
    facts = describe(other_python.path)
    assert facts.problem == "" and facts.python == other_python.path
    assert facts.version == sys.version.split()[0]
    import numpy
    import torch

    assert (facts.torch, facts.numpy) == (str(torch.__version__), numpy.__version__)
    assert set(facts.packages) == {"torch", "numpy"}, "none of the program's own packages"
    assert facts.optimizers == facts.models == {}
    assert facts.devices[-1].key == "cpu" and "core" in facts.devices[-1].label
    assert all(device.there or device.note for device in facts.devices)


@pytest.mark.parametrize(
    ("torch", "part"),
    [
        ("", "PyTorch is not installed in {python}"),
        ("__version__ = '2.1.0+cpu'", "PyTorch 2.1.0+cpu in {python} is too old: LR Finder needs 2.4"),
        ("raise KeyError('weights')", "PyTorch cannot be used in {python} (KeyError: 'weights')"),
        ("raise OSError('libtorch_cpu.so: cannot open')", "PyTorch cannot be loaded in {python}"),
        (
            "__version__ = '2.4.0'\ndef zeros(_): raise RuntimeError('Numpy is not available')",
            "are not compatible (Numpy is not available)",
        ),
    ],
)
def test_what_keeps_runs_from_it_is_said(tmp_path: Path, torch: str, part: str) -> None:
    second = make_python(tmp_path / ".venv", ["numpy"])
    if torch:
        (second.site / "torch.py").write_text(torch)
    facts = describe(second.path)
    assert part.format(python=second.path) in facts.problem
    assert "another Python" in facts.problem or "torchvision" in facts.problem
    assert facts.version and facts.devices == ()


def test_numpy_is_needed_too(tmp_path: Path) -> None:
    second = make_python(tmp_path / ".venv", [])
    (second.site / "torch.py").write_text("__version__ = '2.4.0'")
    assert describe(second.path).problem.startswith(f"numpy is not installed in {second.path}.")


def test_what_libraries_offer_by_name_and_broken_ones_are_no_problem(tmp_path: Path) -> None:
    second = make_python(tmp_path / ".venv")
    (second.site / "timm.py").write_text("print('greetings')\nraise RuntimeError('broken')")
    (second.site / "torchvision.py").write_text(
        "class models:\n    def list_models(module): return ['vgg11', 'resnet18']"
    )
    facts = describe(second.path)
    assert facts.problem == "" and facts.packages["timm"] == ""
    assert facts.models == {"torchvision": ("resnet18", "vgg11")} and facts.optimizers == {}


@pytest.mark.parametrize(
    ("script", "part"),
    [
        (
            "echo What do you want?",
            "does not behave like a Python interpreter (exit status 0): What do you want. Choose",
        ),
        ('echo \'{"version": 3, "devices": 7}\'', "does not behave like a Python interpreter"),
        ("echo '[1]'; exit 3", "(exit status 3)"),
        ("echo This is Python 3.8.10 >&2; exit 1", "is Python 3.8.10; LR Finder needs 3.10 or newer."),
    ],
)
def test_nonsense_is_told(tmp_path: Path, script: str, part: str) -> None:
    path = str(python(tmp_path / "python3", script))
    facts = describe(path)
    assert facts == Environment(path, problem=facts.problem)
    assert facts.problem.startswith(path) and part in facts.problem


def test_greetings_before_the_answer_are_none_of_ours(tmp_path: Path) -> None:
    path = python(tmp_path / "python3", 'echo Welcome; echo \'{"version": "3.12.1", "torch": "2.9"}\'; echo Bye')
    assert describe(str(path)) == Environment(str(path), version="3.12.1", torch="2.9")


def test_one_that_is_not_there() -> None:
    problem = describe("/nowhere/python").problem
    assert problem.startswith("/nowhere/python cannot be started (No such file or directory).")


def test_one_that_hangs_is_given_up_with_all_that_it_started(tmp_path: Path) -> None:
    path = python(tmp_path / "python3", f"sleep 1000 & echo $! > {tmp_path / 'child'}; wait")
    facts = Description(str(path)).run(limit=3)  # else it takes as long as the sleep
    assert "did not answer within 3.0 s. Open this list to ask it again" in facts.problem
    assert facts.late
    child = int((tmp_path / "child").read_text())
    assert within(60, lambda: not alive(child))


@pytest.mark.skipif(not can_fork(), reason="torch is forked on Linux only")
def test_a_process_that_has_imported_torch_answers_with_a_fork_of_itself(server: ForkServer) -> None:
    early: list[Environment] = []
    found = Description("", server).run(early=early.append)
    assert server.ready, "it was asked"
    assert early[0].devices == found.devices and found.devices[-1].key == "cpu" and not early[0].models
    assert early[-1] == found and not found.problem
    assert within(60, lambda: not server.busy) and not server.over, "it forks on"


@pytest.mark.skipif(not can_fork(), reason="torch is forked on Linux only")
def test_one_that_cannot_fork_is_answered_for_by_a_python_of_its_own(tmp_path: Path) -> None:
    server = ForkServer(command=["false"])
    server.start()
    path = python(tmp_path / "python3", 'echo \'{"version": "3.12.1", "torch": "2.9"}\'')
    assert Description(str(path), server).run() == Environment(str(path), version="3.12.1", torch="2.9")
    server.close()


@pytest.mark.skipif(not can_fork(), reason="torch is forked on Linux only")
def test_a_forked_answer_can_be_stopped_before_it_began() -> None:
    server = ForkServer(command=["sleep", "1000"])
    server.start()
    description = Description("", server)
    timer = threading.Timer(0.2, description.stop)
    timer.start()
    assert description.run().problem == "Cancelled." and description.stopped
    timer.join()
    server.close()


def test_what_was_said_in_time_counts_where_the_rest_hangs(tmp_path: Path) -> None:
    path = python(tmp_path / "python3", 'echo \'{"version": "3.12.1", "torch": "2.9"}\'; exec sleep 1000')
    early: list[Environment] = []
    found = Description(str(path)).run(limit=2, early=early.append)
    assert early == [found] == [Environment(str(path), version="3.12.1", torch="2.9")]


def test_it_can_be_stopped(tmp_path: Path) -> None:
    description = Description(str(python(tmp_path / "python3", "exec sleep 1000")))
    timer = threading.Timer(0.2, description.stop)
    timer.start()
    assert "Cancelled" in description.run(limit=600).problem
    timer.join()
    assert description.stopped
    description.stop()
    again = Description("/nowhere/python")
    again.stop()
    assert "Cancelled" in again.run().problem, "not even started"


def test_a_bundle_without_torch_that_finds_no_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(frozen, "has_torch", lambda: False)
    monkeypatch.setattr(frozen, "pythons_on_path", lambda: [])
    assert frozen.PYTHON in describe("").problem


def test_a_bundle_with_torch_describes_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def start(command: list[str]) -> None:
        asked.append(command)
        raise OSError("enough")

    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(environment, "_start", start)
    describe("")
    assert asked == [[sys.executable, "--describe"]]


def test_a_line_that_a_site_began_is_none_of_ours(tmp_path: Path) -> None:
    second = make_python(tmp_path / ".venv", ())
    (second.site / "sitecustomize.py").write_text("import sys\nsys.stdout.write('Hello {')\n")
    facts = describe(second.path)
    assert facts.version == sys.version.split()[0]
    assert facts.problem.startswith("PyTorch is not installed")


def test_what_is_left_running_is_not_waited_for(tmp_path: Path) -> None:
    path = python(tmp_path / "python3", 'sleep 1000 & echo \'{"version": "3.12.1"}\'')
    facts = describe(str(path))  # else it takes as long as the sleep
    assert facts.version == "3.12.1"


def test_one_that_prints_for_ever_is_given_up_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "MOST_SAID", 10_000)
    facts = Description(str(python(tmp_path / "python3", "yes"))).run(limit=600)
    assert "does not behave like a Python interpreter: it prints endlessly." in facts.problem


def test_a_crash_is_told_by_its_name_and_colours_are_not(tmp_path: Path) -> None:
    problem = describe(str(python(tmp_path / "python3", "printf '\\033[31mOh\\033[0m no' >&2; kill -SEGV $$"))).problem
    assert "does not behave like a Python interpreter (ended by SIGSEGV): Oh no. Choose" in problem
