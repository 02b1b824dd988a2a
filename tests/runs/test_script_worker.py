"""A script in a process of its own: how it is run, and every way in which it can end."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lrgui.core.control import Control
from lrgui.core.events import BatchEvent, EndEvent, EndReason, Event, OutputEvent, RunKind, ScriptEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.job import Job, switched
from lrgui.runs.launch import ChildProcess
from lrgui.runs.script_worker import ScriptRun
from lrgui.tasks.launchers import LAUNCHERS
from lrgui.tasks.user.rows import SCRIPT

pytestmark = pytest.mark.usefixtures("warm_processes")

Run = Callable[..., list[Event]]

TRAINS = """
import torch
torch.manual_seed(0)
torch.set_num_threads(1)
x = torch.randn(64, 4); y = x.sum(1, keepdim=True)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
def train(steps):
    for step in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
"""


def job_of(path: Path | str, arguments: str = "", *, steps: int = 12, kind: str = RunKind.SWEEP, **options: Any) -> Job:
    """The sweep, or the check, of a script."""
    job = switched(Job(), SCRIPT, str(path))
    job = replace(
        job,
        kind=kind,
        task=replace(job.task, arguments=arguments, options=options),
        sweep=SweepSettings(start_lr=1e-4, end_lr=1e-1, steps=steps),
    )
    assert not job.validate()
    return job


class Heard:
    """Stands for the channel to whoever launched the process."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def say(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def events_of(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., list[Event]]:
    """Run a script as its process does, but in here, and give what was said; what it printed comes last but one."""

    def run(path: Path | str, arguments: str = "", **options: Any) -> list[Event]:
        monkeypatch.chdir(os.getcwd())
        monkeypatch.setattr(sys, "argv", sys.argv[:])
        monkeypatch.setattr(sys, "path", sys.path[:])
        monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
        heard = Heard()
        ScriptRun(job_of(path, arguments, **options), Control(), heard).run()
        out, err = capfd.readouterr()
        return [*heard.events[:-1], OutputEvent(out + err), heard.events[-1]]

    return run


def in_a_process(path: Path | str, arguments: str = "", program: Path | None = None, **options: Any) -> list[Event]:
    """The same as it really is, or in the process of another program."""
    job = job_of(path, arguments, **options)
    child = ChildProcess(job) if program is None else ChildProcess(job, command=[sys.executable, str(program)])
    return [event for chunk in child.chunks() for event in chunk]


def end_of(events: list[Event]) -> EndEvent:
    assert isinstance(events[-1], EndEvent)
    return events[-1]


def points(events: list[Event]) -> int:
    return sum(isinstance(event, BatchEvent) for event in events)


def printed(events: list[Event]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, OutputEvent))


def written(folder: Path, text: str, name: str = "train.py") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.cold
def test_it_runs_as_main_with_its_arguments_in_its_folder_beside_its_modules(tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    written(scripts, "VALUE = 7", "beside.py")
    file = written(
        scripts,
        "import os, sys, beside\nif __name__ == '__main__':\n"
        "    print(sys.argv, os.getcwd(), beside.VALUE, sys.modules['__main__'].__file__)\n"
        "    assert 'torch' not in sys.modules\n"
        + "\n".join(f"    {line}" for line in TRAINS.splitlines())
        + "\n    try:\n        train(100)\n    finally:\n        print('put away')\n    print('never')\n",
    )
    events = in_a_process(file, "--lr '0.1 2' --", folder=str(tmp_path))
    assert end_of(events).reason == EndReason.COMPLETED
    assert points(events) == 12
    text = printed(events)
    assert f"['{file}', '--lr', '0.1 2', '--'] {tmp_path} 7 {file}" in text
    assert "put away" in text
    assert "never" not in text
    (facts,) = (event for event in events if isinstance(event, ScriptEvent))
    assert (facts.optimizer, facts.file) == ("SGD", str(file))
    assert TRAINS.splitlines()[facts.line - 5].strip().startswith("optimizer =")


def test_a_module_with_relative_imports(events_of: Run, tmp_path: Path) -> None:
    package = tmp_path / "pack"
    package.mkdir()
    written(package, "", "__init__.py")
    written(package, "NAME = 'beside'", "other.py")
    written(package, f"from . import other\nprint(other.NAME, __name__)\n{TRAINS}\ntrain(50)", "run.py")
    events = events_of("pack.run", folder=str(tmp_path))
    assert end_of(events).reason == EndReason.COMPLETED
    assert "beside __main__" in printed(events)


def test_a_notebook_without_what_only_ipython_understands(events_of: Run, tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# no code"]},
        {
            "cell_type": "code",
            "source": ["%matplotlib inline\n", "!pip install nothing\n", "files = !ls\n", "import torch\n"],
        },
        {"cell_type": "code", "source": ["%%bash\n", "exit 1"]},
        {"cell_type": "code", "source": ["%%time\n", TRAINS]},
        {"cell_type": "code", "source": "if True:\n    %timeit 3\ntrain(5)\nraise KeyError('here')"},
    ]
    file = written(tmp_path, json.dumps({"cells": cells, "nbformat": 4}), "lesson.ipynb")
    events = events_of(file)
    assert points(events) == 5
    assert end_of(events).reason == EndReason.FAILED
    assert "KeyError" in end_of(events).detail
    assert "raise KeyError('here')" in printed(events)


@pytest.mark.parametrize(
    ("rest", "reason", "words"),
    [
        ("train(7)", EndReason.DATA_ENDED, "ended after 7 of 12 steps: let it train for longer"),
        ("train(7); raise SystemExit(0)", EndReason.DATA_ENDED, "ended after 7 of 12 steps"),
        ("train(7); {}['missing']", EndReason.FAILED, "ended after 7 of 12 steps: train.py, line"),
        ("train(2); raise SystemExit(3)", EndReason.FAILED, "exit status 3"),
        ("train(9); raise SystemExit(3)", EndReason.DIVERGED, "the script ended itself"),
        ("train(9); 1e300 ** 2", EndReason.DIVERGED, "OverflowError"),
        ("train(9); assert False, 'loss is nan'", EndReason.DIVERGED, "AssertionError: loss is nan"),
        (
            "model(x)",
            EndReason.FAILED,
            "without a training step: 1 forward pass, 0 backward passes, no optimizer",
        ),
        ("missing()", EndReason.FAILED, "train.py, line"),
        ("raise SystemExit(0)", EndReason.FAILED, "train.py ended itself (exit status 0) before it trained"),
        ("raise SystemExit(5)", EndReason.FAILED, "train.py ended itself (exit status 5)."),
    ],
)
def test_how_a_script_can_end(events_of: Run, tmp_path: Path, rest: str, reason: EndReason, words: str) -> None:
    events = events_of(written(tmp_path, f"{TRAINS}\n{rest}\n"))
    end = end_of(events)
    assert end.reason == reason, end
    assert words in end.detail
    assert points(events) in (0, 2, 7, 9)


def test_arguments_that_the_script_does_not_know(events_of: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "import argparse\nargparse.ArgumentParser().parse_args()\n")
    events = events_of(file, "--rate 3")
    assert end_of(events).reason == EndReason.FAILED
    assert end_of(events).detail.endswith("does not accept its arguments (exit status 2): its own message says why.")
    assert "unrecognized arguments: --rate 3" in printed(events)


def test_a_script_that_catches_everything_is_ended_all_the_same(tmp_path: Path) -> None:
    rest = "while True:\n    try:\n        train(1)\n    except BaseException:\n        import time; time.sleep(0.01)\n"
    soon = "from lrgui.runs import script_worker\nscript_worker.GRACE = 0.5\nscript_worker.main()\n"
    events = in_a_process(written(tmp_path, TRAINS + rest), program=written(tmp_path, soon, "soon.py"))
    assert end_of(events).reason == EndReason.COMPLETED
    assert points(events) == 12


@pytest.mark.parametrize(
    ("gradient", "said"),
    [
        (
            "torch.ones(2)",
            "no loss was seen (0 backward passes, 20 optimizer steps): its gradients come from neither backward() nor "
            "torch.autograd.grad.",
        ),
        (
            "None",
            "backward() was never called (0 backward passes, 20 optimizer steps), so there are no gradients to step "
            "by.",
        ),
    ],
)
def test_steps_without_a_loss_are_told(events_of: Run, tmp_path: Path, gradient: str, said: str) -> None:
    lines = "import torch\nweight = torch.nn.Parameter(torch.ones(2))\noptimizer = torch.optim.SGD([weight], lr=0.1)\n"
    steps = f"for _ in range(20):\n    weight.grad = {gradient}\n    optimizer.step()\n"
    end = end_of(events_of(written(tmp_path, lines + steps)))
    assert end.reason == EndReason.FAILED and end.detail.endswith(f"nothing was measured: {said}")


def test_a_script_that_trains_in_a_thread_shows_no_traceback_of_ours(events_of: Run, tmp_path: Path) -> None:
    in_thread = "import threading\nthread = threading.Thread(target=train, args=(50,))\nthread.start(); thread.join()"
    events = events_of(written(tmp_path, f"{TRAINS}\n{in_thread}\nprint('joined')\n"))
    assert end_of(events).reason == EndReason.COMPLETED
    assert printed(events).split() == ["joined"]


def test_the_option_of_its_parser_that_sets_the_rate(events_of: Run, tmp_path: Path) -> None:
    head = (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--momentum', type=float, default=0.5)\n"
        "p.add_argument('-r', '--learning-rate', type=float, default=0.01)\nargs = p.parse_args()\n"
    )
    text = head + TRAINS.replace("lr=1e-2", "lr=args.learning_rate") + "train(50)"
    events = events_of(written(tmp_path, text), shlex.join(["-r", "0.02"]))
    (facts,) = (event for event in events if isinstance(event, ScriptEvent))
    assert facts.option == "--learning-rate"
    assert facts.own_lr == 0.02


@pytest.mark.cold
def test_a_script_that_only_waits_is_given_up(tmp_path: Path) -> None:
    events = in_a_process(written(tmp_path, "import time\ntime.sleep(100)"), patience=1)
    assert end_of(events).reason == EndReason.FAILED
    assert "made no training step" in end_of(events).detail
    assert "torch was not imported yet" in end_of(events).detail


PARALLEL = """
import argparse, os, torch, torch.distributed as dist, torch.multiprocessing as mp
def work(rank, size, args):
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(size))
    dist.init_process_group("gloo", init_method="file://" + args.meeting, rank=rank, world_size=size)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x = torch.randn(64, 4); y = x.sum(1, keepdim=True)
    model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    for step in range(100):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x[rank::2]), y[rank::2]).backward()
        optimizer.step()
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("meeting")
    parser.add_argument("--lr", type=float, default=1e-2)
    mp.start_processes(work, args=(2, parser.parse_args()), nprocs=2, start_method={method!r})
    print("never")
"""


@pytest.mark.parametrize(
    "method",
    [
        pytest.param("fork", marks=pytest.mark.skipif(sys.platform == "win32", reason="needs fork")),
        pytest.param("spawn", marks=pytest.mark.slow),  # one of them is below
    ],
)
def test_processes_that_the_script_starts_sweep_together(events_of: Run, tmp_path: Path, method: str) -> None:
    meeting = shlex.quote(str(tmp_path / "meeting"))  # not a port, which another program could take meanwhile
    together = in_a_process(written(tmp_path, PARALLEL.format(method=method), "parallel.py"), meeting)
    assert end_of(together).reason == EndReason.COMPLETED, end_of(together)
    assert "never" not in printed(together)
    (facts,) = (event for event in together if isinstance(event, ScriptEvent))
    assert (facts.steps, facts.option) == (12, "--lr")
    alone = events_of(written(tmp_path, TRAINS + "train(100)"))
    losses = [[event.loss for event in events if isinstance(event, BatchEvent)] for events in (together, alone)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)  # the mean of the two halves is that of the whole


LAUNCHED = """
import argparse, os, torch, torch.distributed as dist
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-2)
args = parser.parse_args()
dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
torch.set_num_threads(1)
torch.manual_seed(0)
x = torch.randn(64, 4); y = x.sum(1, keepdim=True)
model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
for step in range(100):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x[rank::size]), y[rank::size]).backward()
    optimizer.step()
"""


@pytest.mark.slow
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_launcher_starts_the_script_in_several_processes(tmp_path: Path, launcher: str) -> None:
    pytest.importorskip(LAUNCHERS[launcher].module.partition(".")[0])
    events = in_a_process(written(tmp_path, LAUNCHED, "launched.py"), processes=2, launcher=launcher)
    assert end_of(events).reason == EndReason.COMPLETED, end_of(events)
    (facts,) = (event for event in events if isinstance(event, ScriptEvent))
    assert (facts.steps, facts.option) == (12, "--lr")


def test_what_a_launcher_is_told_of_a_script_and_its_arguments(tmp_path: Path) -> None:
    file = written(tmp_path, "")

    def told(**options: Any) -> tuple[str, list[str]]:
        return ScriptRun(job_of(file, "--lr 0.1", **options), Control(), Heard())._program()

    assert told() == (str(file), ["--lr", "0.1"])
    assert told(processes=2) == (
        "torch.distributed.run",
        ["--standalone", "--nproc-per-node", "2", str(file), "--lr", "0.1"],
    )
    module, words = told(processes=2, launcher="accelerate")
    assert module == "accelerate.commands.launch" and words[-3:] == [str(file), "--lr", "0.1"]


@pytest.mark.cold
def test_a_script_without_torch(tmp_path: Path) -> None:
    events = in_a_process(written(tmp_path, "print('nothing')"))
    assert end_of(events) == EndEvent(EndReason.FAILED, "train.py ended without importing torch.")


def test_a_check_looks_at_three_steps_and_changes_nothing(events_of: Run, tmp_path: Path) -> None:
    file = written(tmp_path, TRAINS + "train(2); print(optimizer.param_groups[0]['lr']); train(50)")
    events = events_of(file, kind=RunKind.CHECK)
    assert end_of(events).reason == EndReason.COMPLETED
    assert end_of(events).detail.startswith("train.py can run: SGD steps after each backward pass, first loss ")
    assert "so 12 take about" in end_of(events).detail
    assert "0.01" in printed(events)
    assert points(events) == 0
    (facts,) = (event for event in events if isinstance(event, ScriptEvent))
    assert (facts.steps, facts.own_lr) == (3, 0.01)


def test_a_process_that_the_script_starts_anew(tmp_path: Path) -> None:
    lines = "\n".join(f"    {line}" for line in (TRAINS + "train(50)").splitlines())
    text = (
        f"import multiprocessing\ndef work():\n{lines}\nif __name__ == '__main__':\n"
        "    one = multiprocessing.get_context('spawn').Process(target=work)\n    one.start()\n    one.join()\n"
    )
    events = in_a_process(written(tmp_path, text))
    assert end_of(events).reason == EndReason.COMPLETED
    assert points(events) == 12
