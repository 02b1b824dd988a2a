"""A check says what is wrong with a task, and where: real files, with one mistake each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from lrgui.core.control import Control
from lrgui.core.engine.objective import Supervised
from lrgui.core.events import CheckEvent, EndEvent, Event, OutputEvent, StateEvent
from lrgui.tasks.checks import trial
from lrgui.tasks.checks.check import check_task
from lrgui.tasks.checks.step import STEPS
from lrgui.tasks.checks.trial import Trial
from lrgui.tasks.spec import TaskSpec

TASK = """\
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(128, 20)
Y = torch.randint(0, 4, (128,))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(20, 16)
        self.last = nn.Linear(16, 4)

    def forward(self, x):
        x = self.hidden(x).relu()
        return self.last(x)


def model():
    return Net()


def train_loader(batch_size):
    return DataLoader(TensorDataset(X, Y), batch_size)


def val_loader(batch_size):
    return DataLoader(TensorDataset(X, Y), batch_size)


def loss(output, target):
    return functional.cross_entropy(output, target)


def metrics(output, target):
    return {"accuracy": (output.argmax(1) == target).float().mean()}
"""


@pytest.fixture(autouse=True)
def own_modules() -> Iterator[None]:
    """A task's folder and module leave this process with the test."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("checked_"):
            del sys.modules[name]


def write(folder: Path, *changes: tuple[str, str]) -> Path:
    """The task with some of its text changed; each change must find its place."""
    text = TASK
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    file = folder / "checked_task.py"
    file.write_text(text)
    return file


def check(file: Path, **settings: object) -> list[Event]:
    spec = TaskSpec(source="task", path=str(file), device="cpu", **settings)  # type: ignore[arg-type]
    return list(check_task(spec, Control()))


def last(events: list[Event]) -> dict[str, CheckEvent]:
    return {event.step: event for event in events if isinstance(event, CheckEvent)}


def line_of(file: Path, text: str) -> int:
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line)


def test_a_good_task_says_what_it_is(tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    events = check(write(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["checked_task.py", *before])
    steps = last(events)
    assert list(steps) == list(STEPS)
    assert {step.state for step in steps.values()} == {"good"}
    assert all(step.seconds is not None and step.seconds >= 0 for step in steps.values())
    assert "Net, 404 parameters" in steps["task"].detail and "cpu" in steps["task"].detail
    assert "inputs 64×20 float32, mean" in steps["batch"].detail
    assert "target 64 int64, 0 to 3" in steps["batch"].detail
    assert "2 batches per epoch: 200 steps are 100 passes" in steps["batch"].detail
    assert steps["forward"].detail == "output 64×4 float32"
    assert "has 1.39 (ln 4)" in steps["loss"].detail
    assert "4 of 4 parameter tensors get a gradient" in steps["backward"].detail
    assert "SGD at 1e-3 · 4 of 4 parameter tensors changed" in steps["step"].detail
    assert "batches of 128 would need" in steps["memory"].detail
    assert "loss 1." in steps["validation"].detail and "accuracy " in steps["validation"].detail
    end = events[-1]
    assert isinstance(end, EndEvent) and end.reason == "completed" and "is ready: a training step took" in end.detail


def test_each_step_is_announced_and_then_told(tmp_path: Path) -> None:
    events = [event for event in check(write(tmp_path)) if isinstance(event, CheckEvent)]
    assert [event.step for event in events] == [key for key in STEPS for _ in range(2)]
    assert [event.state for event in events[::2]] == ["running"] * len(STEPS)


CROSS_ENTROPY = "return functional.cross_entropy(output, target)"
FORWARD = "return self.last(x)"

FAILURES = [
    # What is changed, the step that must fail, words of its sentence, and text of the line that it must name.
    ([("Y = torch.randint(0, 4, (128,))", "Y = torch.randn(128)")], "loss", ["dtype float32"], CROSS_ENTROPY),
    ([("(0, 4, (128,))", "(0, 5, (128,))")], "loss", ["class 4", "at least 5 outputs"], CROSS_ENTROPY),
    ([("nn.Linear(16, 4)", "nn.Linear(12, 4)")], "forward", ["expects 12", "gets 16"], FORWARD),
    (
        [("X = torch.randn(128, 20)", "X = torch.randn(128, 20).double()")],
        "forward",
        ["float64", "numpy"],
        "x = self.hi",
    ),
    ([(FORWARD, "return self.last(x), x")], "loss", ["returns a tuple", "output[0]"], CROSS_ENTROPY),
    ([(FORWARD, "self.last(x)")], "loss", ["no return"], CROSS_ENTROPY),
    ([("(output, target)\n\n\ndef", "(output, target).item()\n\n\ndef")], "loss", ["without .item()"], "def loss"),
    ([("(output, target)\n\n\ndef", "(output, target, reduction='none')\n\n\ndef")], "loss", [".mean()"], "def loss"),
    ([("(output, target)\n\n\ndef", "(output.detach(), target)\n\n\ndef")], "loss", [".detach()"], "def loss"),
    ([("return Net()", "return Nett()")], "task", ["no Nett here", "spelling"], "return Nett()"),
    ([("X = torch.randn(128, 20)", "X = torch.load('no.pt')")], "task", ["There is no file no.pt"], "X = torch.load"),
    ([("import torch\n", "import torch\nimport no_such_package\n")], "task", ["no_such_package"], "import no_such"),
    ([("def model():", "def model(:")], "task", ["invalid syntax"], "def model(:"),
    (
        [("x = self.hidden(x).relu()", "x = self.hidden(x).sigmoid()\n        x += 1")],
        "backward",
        ["in place"],
        "sigmoid",
    ),
    ([("self.hidden(x).relu()", "self.hidden(x).relu() / 0 * 0")], "forward", ["NaN", "division by 0"], "def forward"),
    ([(CROSS_ENTROPY, f"{CROSS_ENTROPY} / 0")], "loss", ["infinite", "division by 0"], "def loss"),
    ([(CROSS_ENTROPY, f"{CROSS_ENTROPY} + (output - output).sum().sqrt()")], "backward", ["not finite"], "def forward"),
    ([("(output.argmax(1) == target).float().mean()", "output")], "validation", ["shape"], "def metrics"),
    (
        [("(TensorDataset(X, Y), batch_size)\n\n\ndef v", "(TensorDataset(X, Y[:9]), batch_size)\n\n\ndef v")],
        "task",
        ["Size mismatch"],
        "X, Y[:9]",
    ),
    (
        [("nn.Linear(20, 16)", "nn.LazyLinear(16)"), ("X = torch.randn(128, 20)", "X = torch.randn(128, 20) + 1j")],
        "task",
        ["omplex"],
        "self.hidden(x)",
    ),
]


@pytest.mark.parametrize(
    ("changes", "step", "parts", "line"), FAILURES, ids=[f"{f[1]}-{n}" for n, f in enumerate(FAILURES)]
)
def test_a_mistake_is_a_sentence_with_its_line(
    tmp_path: Path, changes: list[tuple[str, str]], step: str, parts: list[str], line: str
) -> None:
    file = write(tmp_path, *changes)
    events = check(file)
    steps = last(events)
    states = [steps[key].state for key in STEPS]
    at = list(STEPS).index(step)
    assert set(states[:at]) <= {"good", "warning"}, steps
    assert states[at:] == ["bad"] + ["skipped"] * (len(STEPS) - at - 1), steps
    for part in parts:
        assert part in steps[step].detail
    assert Path(steps[step].file).name == file.name, steps[step]
    assert steps[step].line == line_of(file, line), steps[step]
    end = events[-1]
    assert isinstance(end, EndEvent) and end.reason == "failed"
    assert file.name in end.detail and f"line {steps[step].line}" in end.detail


DOUBTS = [
    ([("self.last =", "self.more = [nn.Linear(2, 2)]\n        self.last =")], "task", ["Net.more", "nn.ModuleList"]),
    ([(".float().mean()}", ".float().mean() * 0 + 50}")], "validation", ["accuracy is 50", "0 to 1"]),
    ([("torch.randn(128, 20)", "torch.rand(128, 20) * 255")], "batch", ["20 of 20 columns", "not normalised"]),
    ([("X = torch.randn(128, 20)", "X = torch.randn(128, 20)\nX[0, 0] = float('nan')")], None, []),
    ([("torch.randn(128, 20)", "torch.zeros(128, 20)")], "batch", ["All numbers of inputs are 0"]),
    ([("torch.randn(128, 20)", "torch.randn(1, 20).repeat(128, 1)")], "batch", ["same inputs"]),
    ([("torch.randint(0, 4, (128,))", "torch.arange(128) // 64")], "batch", ["Every target", "shuffled"]),
    ([(FORWARD, "return self.last(x).softmax(1)")], "loss", ["ends with softmax"]),
    ([(FORWARD, "return self.last(x) * 300")], "loss", ["Far above"]),
    ([("(output, target)\n\n\ndef", "(output, target, reduction='sum')\n\n\ndef")], "loss", ["reduction='sum'"]),
    ([("functional.cross_entropy", "functional.nll_loss")], "loss", ["NLLLoss expects log-prob"]),
    ([(FORWARD, "return self.last(x.detach())")], "backward", ["hidden.weight, hidden.bias", "detached"]),
    ([(FORWARD, "return self.last(x * 0 - 1).relu() * 0")], "backward", ["All gradients are 0"]),
    ([(CROSS_ENTROPY, f"{CROSS_ENTROPY} * 1e6")], "backward", ["very large"]),
    (
        [
            (
                "def metrics",
                "def optimizer(params, lr):\n    return torch.optim.SGD(list(params)[:2], lr)\n\n\ndef metrics",
            )
        ],
        "step",
        ["does not include last.weight, last.bias"],
    ),
]


def own_optimizer(changes: list[tuple[str, str]]) -> str:
    return "own" if any("def optimizer" in after for _, after in changes) else "sgd"


@pytest.mark.parametrize(("changes", "step", "parts"), DOUBTS, ids=[f"{d[1]}-{n}" for n, d in enumerate(DOUBTS)])
def test_a_doubt_is_a_warning_and_the_check_goes_on(
    tmp_path: Path, changes: list[tuple[str, str]], step: str | None, parts: list[str]
) -> None:
    events = check(write(tmp_path, *changes), optimizer=own_optimizer(changes))
    steps = last(events)
    if step is None:  # NaN among the inputs: a doubt that explains the failure after it
        assert "NaN (1 of 1,280 numbers)" in steps["batch"].detail and steps["batch"].state == "warning"
        assert steps["forward"].state == "bad" and "as the inputs are" in steps["forward"].detail
        return
    assert steps[step].state == "warning", steps
    for part in parts:
        assert part in steps[step].detail
    end = events[-1]
    assert isinstance(end, EndEvent) and end.reason == "completed" and "warning" in end.detail
    assert not any(isinstance(event, OutputEvent) and event.stream == "traceback" for event in events)


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning", "ignore:.*torch.jit:DeprecationWarning")
def test_a_compiled_model_is_checked_too(tmp_path: Path) -> None:
    events = check(write(tmp_path, ("return Net()", "return torch.jit.script(Net())")))
    assert isinstance(events[-1], EndEvent) and events[-1].reason == "completed", events[-1]


def test_a_layer_that_starts_at_zero_is_no_doubt(tmp_path: Path) -> None:
    steps = last(
        check(write(tmp_path, ("return Net()", "net = Net()\n    nn.init.zeros_(net.last.weight)\n    return net")))
    )
    assert steps["backward"].state == steps["forward"].state == "good"
    assert "4 of 4 parameter tensors get a gradient, 2 of them 0 on this batch" in steps["backward"].detail


def test_a_target_that_stretches_the_output_is_found(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        ("nn.Linear(16, 4)", "nn.Linear(16, 1)"),
        ("torch.randint(0, 4, (128,))", "torch.randn(128)"),
        ("cross_entropy", "mse_loss"),
        ("def metrics", "def measured"),
    )
    step = last(check(file))["loss"]
    assert step.state == "warning"
    assert "output has shape 64×1, the target 64" in step.detail and "squeeze(1)" in step.detail
    assert step.line == line_of(file, "mse_loss")


@pytest.mark.parametrize(
    ("loss", "target", "warns"),
    [
        ("((output - target) ** 2).mean()", "", True),  # nobody warns of it but we
        ("(output - target).abs().mean()", "", True),
        ("((output - target.unsqueeze(1)) ** 2).mean()", "", False),
        ("((output.squeeze(1) - target) ** 2).mean()", "", False),
        ("((output[:, 0] - target) ** 2).mean()", "", False),
        ("((output - target) ** 2).mean()", ", 1", False),
    ],
)
def test_a_loss_by_hand_that_compares_each_with_each_is_found(
    tmp_path: Path, loss: str, target: str, warns: bool
) -> None:
    file = write(
        tmp_path,
        ("nn.Linear(16, 4)", "nn.Linear(16, 1)"),
        ("torch.randint(0, 4, (128,))", f"torch.randn(128{target})"),
        ("functional.cross_entropy(output, target)", loss),
        ("def metrics", "def measured"),
    )
    step = last(check(file))["loss"]
    assert ("compares each with each" in step.detail) == warns
    assert (step.state, step.line) == (("warning", line_of(file, "def loss")) if warns else ("good", 0))


TORCHS_OWN = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

DATA = TensorDataset(torch.randn(64, 20), torch.randint(0, 4, (64,)))


def model():
    return nn.Sequential(nn.Linear(20, 4))


def train_loader(batch_size):
    return DataLoader(DATA, batch_size)


loss = nn.CrossEntropyLoss()
"""


@pytest.mark.parametrize(
    ("before", "after", "step", "line"),
    [
        ("nn.Linear(20, 4)", "nn.Linear(10, 4)", "forward", "def model"),
        ("CrossEntropyLoss()", "BCEWithLogitsLoss()", "loss", "loss = "),
        ("torch.randn(64, 20)", "torch.randn(64, 20) * 99", "batch", "def train_loader"),
        ("nn.Linear(20, 4)", "nn.Linear(20, 4), nn.Softmax(1)", "loss", "loss = "),
        (
            "DataLoader(DATA, batch_size)",
            "DataLoader([{'image': torch.randn(20), 'kind': 1}] * 9, batch_size)",
            "forward",
            "def train_loader",
        ),
        (
            "DATA, batch_size",
            "DATA, batch_size, num_workers=1, multiprocessing_context='spawn', collate_fn=lambda x: x",
            "batch",
            "def train_loader",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Got pickle error:UserWarning")
def test_where_no_line_of_the_person_runs_the_one_that_made_the_part_is_named(
    tmp_path: Path, before: str, after: str, step: str, line: str
) -> None:
    file = tmp_path / "checked_task.py"
    assert before in TORCHS_OWN
    file.write_text(TORCHS_OWN.replace(before, after))
    found = last(check(file))[step]
    assert found.state in ("bad", "warning")
    assert (Path(found.file).name, found.line) == (file.name, line_of(file, line)), found


def test_a_forward_under_no_grad_is_the_models_fault(tmp_path: Path) -> None:
    file = write(
        tmp_path, ("        x = self.hidden", "        torch.set_grad_enabled(False)\n        x = self.hidden")
    )
    try:
        step = last(check(file))["forward"]
    finally:
        torch.set_grad_enabled(True)
    assert step.state == "bad" and "output does not depend on its weights" in step.detail
    assert step.line == line_of(file, "def forward")


def test_a_compiled_model_keeps_its_name_and_its_line(tmp_path: Path) -> None:
    compiled = ("return Net()", 'return torch.compile(Net(), backend="eager")')
    file = write(tmp_path, compiled, (FORWARD, "return self.last(x) * float('nan')"))
    steps = last(check(file))
    assert "Net, 404 parameters" in steps["task"].detail
    assert steps["forward"].line == line_of(file, "def forward")


def test_a_sum_explains_large_gradients(tmp_path: Path) -> None:
    file = write(
        tmp_path, (CROSS_ENTROPY, "return functional.mse_loss(output, torch.full((64, 4), 9e3), reduction='sum')")
    )
    step = last(check(file))["backward"]
    assert step.state == "warning" and "as the loss is a sum" in step.detail


def test_a_regression_whose_target_is_not_normalised(tmp_path: Path) -> None:
    changes = [
        ("nn.Linear(16, 4)", "nn.Linear(16, 1)"),
        ("torch.randint(0, 4, (128,))", "torch.randn(128, 1) * 50_000 + 200_000"),
        ("cross_entropy", "mse_loss"),
        ("def metrics", "def measured"),
    ]
    step = last(check(write(tmp_path, *changes)))["loss"]
    assert step.state == "warning" and "target is not normalised (mean 19" in step.detail
    changes[1] = (changes[1][0], "torch.randn(128, 1)")
    step = last(check(write(tmp_path, *changes)))["loss"]
    assert step.state == "good" and "the target's variance" in step.detail


def test_pictures_of_whole_numbers(tmp_path: Path) -> None:
    changes = [
        ("X = torch.randn(128, 20)", "X = torch.randint(0, 256, (128, 3, 8, 8), dtype=torch.uint8)"),
        ("self.hidden = nn.Linear(20, 16)", "self.hidden = nn.Conv2d(3, 16, 8)"),
        ("self.hidden(x).relu()", "self.hidden(x).relu().flatten(1)"),
    ]
    steps = last(check(write(tmp_path, *changes)))
    assert steps["batch"].state == "warning" and "uint8" in steps["batch"].detail
    assert steps["forward"].state == "bad" and "/ 255" in steps["forward"].detail
    steps = last(check(write(tmp_path, *changes, ("self.hidden(x)", "self.hidden(x.float())"))))
    assert "inputs are not normalised" in steps["loss"].detail or steps["loss"].state == "good"


def test_a_state_that_is_kept_from_batch_to_batch_shows_in_the_second_step(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        ("self.last = nn.Linear(16, 4)", "self.last = nn.Linear(16, 4)\n        self.kept = 0"),
        ("x = self.hidden(x).relu()", "x = self.kept = self.hidden(x).relu() + self.kept"),
    )
    steps = last(check(file))
    assert steps["step"].state == "good" and steps["memory"].state == "bad"
    assert "Detach it" in steps["memory"].detail and "backward()" not in steps["memory"].detail
    assert steps["memory"].line == line_of(file, "def forward")


def test_a_training_step_by_hand_is_one_step(tmp_path: Path) -> None:
    by_hand = (
        "def training_step(model, batch):\n    x, target = batch\n    return functional.cross_entropy(model(x), target)"
    )
    file = write(
        tmp_path, ("def loss(output, target):\n    " + CROSS_ENTROPY, by_hand), ("def metrics", "def measured")
    )
    steps = last(check(file))
    assert {step.state for step in steps.values()} == {"good"}
    assert steps["forward"].detail == "the training step" and "(ln 4)" in steps["loss"].detail


def test_a_sentence_of_our_own_comes_without_a_traceback(tmp_path: Path) -> None:
    ours = check(write(tmp_path, ("return Net()", "return Net")))
    theirs = check(write(tmp_path, ("return Net()", "return Net() / 0")))
    for events, count in ((ours, 0), (theirs, 1)):
        assert sum(isinstance(event, OutputEvent) and event.stream == "traceback" for event in events) == count


def test_without_validation_data_the_last_step_is_skipped(tmp_path: Path) -> None:
    steps = last(check(write(tmp_path, ("def val_loader", "def other_loader"))))
    assert steps["validation"].state == "skipped" and "no validation data" in steps["validation"].detail
    assert steps["validation"].seconds is None


def test_a_rate_of_zero_at_a_warm_ups_start_is_no_failure(tmp_path: Path) -> None:
    own = "def optimizer(params, lr):\n    return torch.optim.Adam(params, 0.0)\n\n\ndef metrics"
    steps = last(check(write(tmp_path, ("def metrics", own)), optimizer="own"))
    assert "Adam at 1e-3 · 4 of 4 parameter tensors changed" in steps["step"].detail


def test_memory_is_counted_to_the_byte(tmp_path: Path) -> None:
    steps = last(check(write(tmp_path), optimizer="adam", batch_size=32))
    # 404 numbers of 4 bytes; Adam keeps two more of each, and a count for each of four tensors.
    assert "parameters 1.6 kB, gradients 1.6 kB, optimizer 3.2 kB" in steps["memory"].detail
    assert "batches of 64 would need" in steps["memory"].detail


def test_a_memory_error_names_the_batch_size(tmp_path: Path) -> None:
    steps = last(check(write(tmp_path, (FORWARD, "return self.last(torch.empty(1 << 50))"))))
    assert steps["forward"].detail == (
        "Out of memory with batches of 64. Use half the batch size (32) and an accumulation of 2 (same effective batch "
        "size), or another device."
    )


def test_of_a_list_of_inputs_the_first_wrong_one_speaks_for_all(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        ("DataLoader(TensorDataset(X, Y), batch_size)\n\n\ndef v", "[([X, X * 99, X * 99], Y)]\n\n\ndef v"),
        ("def forward(self, x):", "def forward(self, x):\n        x = x[0]"),
    )
    detail = last(check(file))["batch"].detail
    assert detail.count("not normalised") == 1 and "columns of inputs[1]" in detail


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
@pytest.mark.parametrize(
    ("made", "shape"), [("torch.eye(64).to_sparse()", "64×64"), ("ragged([X[:9], X[:55]])", "2×ragged×20")]
)
def test_sparse_and_nested_batches_are_checked_to_the_end(tmp_path: Path, made: str, shape: str) -> None:
    ragged = "from functools import partial\nragged = partial(torch.nested.nested_tensor, layout=torch.jagged)\nX ="
    other = "DataLoader(TensorDataset(X, Y), batch_size)\n\n\ndef v"
    file = write(
        tmp_path,
        ("X =", ragged),
        (other, f"[({made}, X[:64], Y[:64])]\n\n\ndef v"),
        ("def forward(self, x):", "def forward(self, extra, x):\n        self.seen = self.hidden.weight.sum() * extra"),
        ("def val_loader", "def other_loader"),
    )
    steps = last(check(file))
    assert {step.state for step in steps.values()} == {"good", "skipped"}, steps
    assert shape in steps["batch"].detail


def test_little_memory_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "free_memory", lambda device: 100)
    step = last(check(write(tmp_path)))["memory"]
    assert step.state == "warning" and "use batches of 32" in step.detail


def test_built_in_data_and_its_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from lrgui.tasks.build import build_task

    monkeypatch.setattr(
        trial, "build_task", lambda spec: replace(build_task(spec), notes=("Three rows were left out.",))
    )
    events = list(check_task(TaskSpec(device="cpu", model="simplenet"), Control(), 50))
    steps = last(events)
    assert {step.state for step in steps.values()} == {"good"}
    assert "ln 10" in steps["loss"].detail and "50 steps are 2.4 passes" in steps["batch"].detail
    assert OutputEvent("Three rows were left out.", "note") in events


def test_a_spec_with_problems_ends_at_the_first_step() -> None:
    events = list(check_task(TaskSpec(momentum=7), Control()))
    assert last(events)["task"].state == "bad"
    assert isinstance(events[-1], EndEvent) and "momentum of 7" in events[-1].detail


def test_a_cancelled_check_ends_before_its_next_step(tmp_path: Path) -> None:
    control = Control()
    found: list[Event] = []
    for event in check_task(TaskSpec(source="task", path=str(write(tmp_path)), device="cpu"), control):
        found.append(event)
        if isinstance(event, CheckEvent) and (event.step, event.state) == ("batch", "good"):
            control.cancel()
    assert found[-1] == EndEvent("cancelled", "Stopped before “Forward pass”.")
    assert list(last(found)) == ["task", "batch"]


def test_a_paused_check_waits(tmp_path: Path) -> None:
    control = Control()
    control.pause()
    events = check_task(TaskSpec(source="task", path=str(write(tmp_path)), device="cpu"), control)
    assert next(events) == StateEvent("paused")
    control.resume()
    assert next(events) == StateEvent("running")
    assert next(events) == CheckEvent("task", "running")
    events.close()  # type: ignore[attr-defined]


def test_on_an_accelerator_labels_are_tried_on_the_cpu_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """There an assert on the device would end the process without a line."""
    tried = Trial(TaskSpec(), 200)
    objective = Supervised(nn.CrossEntropyLoss())
    tried._task = SimpleNamespace(device=torch.device("cuda"), objective=objective)  # type: ignore[assignment]
    tried._output, tried._target = torch.randn(4, 3), torch.tensor([0, 1, 2, 3])
    with pytest.raises(IndexError, match="Target 3 is out of bounds"):
        tried._try_labels(objective)
    tried._target = torch.tensor([0, 1, 2, 2])
    tried._try_labels(objective)
    tried._target = torch.tensor([0, 1, 2, 3])
    tried._try_labels(Supervised(lambda output, target: output.sum() / 0 if target.max() < 3 else output.sum()))


def test_the_steps_names_need_no_torch() -> None:
    import subprocess

    code = "import sys, lrgui.tasks.checks.step, lrgui.errors.diagnosis; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
