from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrgui.core.control import Terminated
from lrgui.core.events import EndEvent, Event, OutputEvent, StateEvent
from lrgui.core.run_settings import TrainSettings
from lrgui.errors.traces import LONGEST_TRACEBACK, folded
from lrgui.runs.failures import ended, explain, explain_exit, failure, told
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec

JOB = Job(task=TaskSpec(batch_size=64))


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (MemoryError(), ["batches of 64", "half the batch size (32)"]),
        (RuntimeError("CUDA out of memory. Tried"), ["half the batch size (32)"]),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), ["half the batch size (32)"]),
        (RuntimeError("DataLoader worker (pid 5) is killed"), ["DataLoader worker ended", "DataLoader workers to 0"]),
        (ModuleNotFoundError("No …", name="torch"), ["PyTorch is not installed", "-m pip install torch"]),
        (ModuleNotFoundError("No …", name="torchvision"), ["torchvision is not installed"]),
        (ModuleNotFoundError("No …", name="skimage.io"), ["(skimage) is not installed", "-m pip install scikit-image"]),
        (ModuleNotFoundError("No …", name="PIL"), ["Pillow (PIL) is not installed", "-m pip install Pillow"]),
        (ModuleNotFoundError("No …", name="my_helpers"), ["my_helpers is not installed", "a file next to the task"]),
        (ModuleNotFoundError("No module named 'my_helpers'"), ["The module my_helpers is not installed"]),
        (ModuleNotFoundError("x>=4 not met. Try `pip install x`."), ["Error: x>=4 not met. Try `pip install x`."]),
        (OSError("libtorch_cuda.so: cannot open"), ["PyTorch cannot be loaded", "Reinstall torch"]),
        (AssertionError("Torch not compiled with CUDA enabled"), ["device cpu"]),
        (SystemExit(3), ["ended the program (exit status 3)"]),
        (
            ValueError("There is no data set “x”. Choose one of: digits."),
            ["There is no data set “x”. Choose"],
        ),
        (KeyError("w"), ["KeyError: 'w'", "traceback"]),
        (RuntimeError(), ["RuntimeError: no message"]),
    ],
)
def test_every_error_has_a_sentence_with_a_way_out(error: BaseException, parts: list[str]) -> None:
    text = explain(error, JOB.task.batch_size)
    assert "\n" not in text and text.endswith((".", "!"))
    for part in parts:
        assert part in text
    explain(error, None)


def raised(folder: Path, code: str) -> BaseException:
    """The error of a person's file with `code` in it."""
    file = folder / "model.py"
    file.write_text(code)
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        exec(compile(code, str(file), "exec"), {"__name__": "model"})
    return caught.value


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "import torch\nlayer = torch.nn.Linear(12, 3)\nlayer(torch.zeros(4, 10))\n",
            "model.py, line 3: A linear layer expects 12 features per example but gets 10: set its in_features to 10",
        ),
        ("\nw = {}\nw['x']\n", "model.py, line 3: KeyError: 'x'. The traceback in the output shows where."),
        ("x = 1\ndef f(:\n", "model.py, line 2: Syntax error: invalid syntax."),
        ("import no_such_module\n", "model.py, line 1: The module no_such_module is not installed in "),
        ("open('no.csv')\n", "model.py, line 1: There is no file no.csv in "),
        ("raise ValueError('It is Monday.')\n", "model.py, line 1: ValueError: It is Monday."),
        ("import sys\nsys.exit(4)\n", "model.py, line 2: The task's code ended the program (exit status 4)."),
        ("exit()\n", "model.py, line 1: The task's code ended the program. Remove its call of exit()."),
        (
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('data')\np.parse_args([])\n",
            "model.py, line 4: The task's code parses a command line: pass its arguments",
        ),
        ("import torch\nimport torch.no_such\n", "model.py, line 2: torch has no module torch.no_such"),
        ("from torch import Tensr\n", "model.py, line 1: torch has no Tensr"),
        ("raise OSError('libtorch.so: cannot open')\n", "model.py, line 1: PyTorch cannot be loaded in "),
        ("raise RuntimeError('No CUDA GPUs are available')\n", "model.py, line 1: PyTorch can use no CUDA GPU here"),
        (
            "raise RuntimeError('The NVIDIA driver is too old')\n",
            "model.py, line 1: The GPU cannot be used (The NVIDIA",
        ),
    ],
)
def test_an_error_of_the_persons_code_names_the_line_and_the_probable_cause(
    tmp_path: Path, code: str, words: str
) -> None:
    end = ended(raised(tmp_path, code), 64)
    assert end.reason == "failed" and end.detail.startswith(words)


def test_a_file_with_torch_in_its_path_is_no_broken_torch(tmp_path: Path) -> None:
    error = raised(tmp_path, "open('/data/torch/train.csv')\n")
    assert explain(error).startswith("model.py, line 1: There is no file /data/torch/train.csv. Correct the path")


@pytest.mark.parametrize(
    ("error", "broken"),
    [
        (ImportError("/usr/lib/python3/site-packages/torch/lib/libtorch_python.so: undefined symbol: x"), True),
        (ImportError("/opt/py/lib/torchvision/image.so: undefined symbol: x"), True),
        (OSError("libc10_cuda.so: cannot open shared object file"), True),
        (ImportError("/home/me/torch-env/lib/python3.11/site-packages/cv2/cv2.abi3.so: undefined symbol: x"), False),
        (ImportError("my_torch_tools needs a newer numpy"), False),
        (OSError("torch is hot"), False),
        (ConnectionError("https://download.pytorch.org/torch/lib/x"), False),
        (OSError(5, "Input/output error", "/data/torch/lib/x.bin"), False),
    ],
)
def test_only_a_library_of_torchs_is_a_broken_torch(error: Exception, broken: bool) -> None:
    assert ("PyTorch cannot be loaded" in explain(error)) == broken


def test_little_memory_in_the_persons_code_keeps_its_advice(tmp_path: Path) -> None:
    error = raised(tmp_path, "import torch\ntorch.empty(1 << 50)\n")
    assert ended(error, 64).reason == "out_of_memory"
    assert "half the batch size (32)" in ended(error, 64).detail


def test_a_failure_is_the_traceback_and_the_end() -> None:
    def deep(level: int) -> None:
        if level:
            deep(level - 1)
        raise KeyError("x" * 2 * LONGEST_TRACEBACK)

    try:
        deep(3)
    except KeyError as error:
        output, end = failure(error)
    assert isinstance(output, OutputEvent) and output.stream == "traceback"
    assert len(output.text) <= LONGEST_TRACEBACK + 2
    assert isinstance(end, EndEvent) and end.reason == "failed" and len(end.detail) < 500


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "out_of_memory"),
        (RuntimeError("DataLoader worker (pid(s) 5, 6) exited unexpectedly"), "loader_died"),
        (RuntimeError("DataLoader timed out after 5 seconds"), "loader_died"),
        # What a loader's process raises is the task's own error: torch says so, and the process lives.
        (KeyError("Caught KeyError in DataLoader worker process 0.\nOriginal Traceback"), "failed"),
    ],
)
def test_the_reason_names_what_a_person_can_change(error: BaseException, reason: str) -> None:
    assert ended(error).reason == reason


def test_memory_advice_names_the_half_and_the_accumulation() -> None:
    assert "half the batch size (32) and an accumulation of 2" in ended(MemoryError(), 64).detail
    assert "half the batch size and an accumulation of 2" in ended(MemoryError()).detail
    assert "smaller model" in ended(MemoryError(), 1).detail
    assert "accumulation of 8" in ended(MemoryError(), 64, 4).detail
    training = failure(MemoryError(), Job("train", TaskSpec(batch_size=64), train=TrainSettings(accumulation=2)))[-1]
    assert isinstance(training, EndEvent) and "accumulation of 4" in training.detail


def test_our_own_lines_are_folded_away_where_there_are_others() -> None:
    from lrgui.core.engine.batches import endless

    def loader() -> Iterator[int]:
        yield 1
        raise KeyError("broken in the task")

    batches = endless(loader())
    next(batches)
    with pytest.raises(KeyError) as caught:
        next(batches)
    text = folded(caught.value)
    assert "broken in the task" in text and "test_failures.py" in text
    assert "batches.py" not in text


def test_an_error_of_ours_alone_keeps_its_lines() -> None:
    from lrgui.core.engine.batches import endless

    with pytest.raises(ValueError) as caught:
        next(endless([]))
    caught.value.__traceback__ = caught.value.__traceback__.tb_next  # type: ignore[union-attr]
    assert "batches.py" in folded(caught.value)


def test_told_adds_an_end_where_there_is_none_and_stops_at_the_first() -> None:
    assert [type(e) for e in told([StateEvent("running")], JOB)] == [StateEvent, EndEvent]
    end = EndEvent("completed", "Done.")
    assert list(told([end, StateEvent("running")], JOB)) == [end]


def test_being_asked_to_go_is_no_failure() -> None:
    def events() -> Iterator[Event]:
        yield StateEvent("running")
        raise Terminated

    with pytest.raises(Terminated):
        list(told(events(), JOB))


@pytest.mark.parametrize(
    ("status", "ready", "reason", "parts"),
    [
        (-signal.SIGKILL, True, "killed", ["SIGKILL", "out of memory", "half the batch size"]),
        (-signal.SIGTERM, True, "killed", ["SIGTERM"]),
        (-signal.SIGSEGV, True, "failed", ["SIGSEGV", "crashed", "0 DataLoader workers"]),
        (-1000, True, "failed", ["signal 1000"]),
        (7, True, "failed", ["exit status 7", "calls exit"]),
        (1, False, "failed", ["could not start in /py (exit status 1)", "ImportError: x", "Python ≥ 3.10"]),
        (-signal.SIGSEGV, False, "failed", ["could not start in /py (SIGSEGV)", "Python ≥ 3.10"]),
    ],
)
def test_every_exit_has_a_sentence(status: int, ready: bool, reason: str, parts: list[str]) -> None:
    end = explain_exit(status, python="/py", ready=ready, last_line="ImportError: x")
    assert end.reason == reason
    for part in parts:
        assert part in end.detail


def test_a_launcher_that_is_not_installed_is_named() -> None:
    said = "/py: Error while finding module specification for 'torch.distributed.run' (ModuleNotFoundError: No module "
    end = explain_exit(1, python="srun", ready=False, last_line=f"{said}named 'torch')")
    assert end.detail.startswith("PyTorch is not installed in /py. Install it with “/py -m pip install torch")
    end = explain_exit(1, python="/py", ready=False, last_line=f"{said}named 'accelerate')")
    assert end.detail.startswith("accelerate is not installed in /py. Install it with “/py -m pip install accelerate”")
