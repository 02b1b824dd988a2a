"""From a person's own code to a task, and a sentence for everything that is not as it must be."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import torch

import lrgui
from lrgui.core.engine.planned import planned
from lrgui.core.events import BatchEvent, CandidateEvent, EndEvent, EpochEvent, OutputEvent, TaskEvent
from lrgui.core.options import Scalar
from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.tasks.build import build_task
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import BuiltTask
from lrgui.tasks.user import code as user_code
from lrgui.tasks.user.target import TaskError

PREAMBLE = """\
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset
X = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(1)
DATA = TensorDataset(X, Y)
"""
PARTS = {
    "model": "def model(): return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))",
    "train_loader": "def train_loader(batch_size): return DataLoader(DATA, batch_size, shuffle=True)",
    "loss": "def loss(output, target): return F.cross_entropy(output, target)",
}
MODEL_LINE = PREAMBLE.count("\n") + 1


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    path = list(sys.path)
    yield
    user_code._forget()
    sys.path[:] = path


class Maker:
    """Writes task files and builds what they say."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "mine.py"

    def spec(self, *more: str, suffix: str = "", whole: bool = True, without: str = "", **settings: object) -> TaskSpec:
        parts = [text for role, text in PARTS.items() if role not in without.split()] if whole else []
        self.file.write_text(PREAMBLE + "\n".join([*parts, *map(dedent, more)]) + "\n", encoding="utf-8")
        usual = {"device": "cpu", "batch_size": 10, "optimizer": "sgd"}
        return TaskSpec(source="task", path=f"{self.file}{suffix}", **{**usual, **settings})  # type: ignore[arg-type]

    def task(self, *more: str, **settings: object) -> BuiltTask:
        return build_task(self.spec(*more, **settings))  # type: ignore[arg-type]

    def used(self, *more: str, **settings: object) -> None:
        task = self.task(*more, **settings)
        batch = next(iter(task.loader))
        task.certain_loss(task.model, batch)
        task.objective.both(task.model, batch)

    def refused(self, *more: str, **settings: object) -> TaskError:
        with pytest.raises(TaskError) as caught:
            self.used(*more, **settings)
        assert caught.value.file == str(self.file)
        return caught.value


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


# -- what works ------------------------------------------------------------------------------------------------


def test_the_smallest_form(make: Maker) -> None:
    task = make.task()
    assert task.name == "mine · SGD, momentum 0.9"
    assert task.detail == "6 training batches of 10 · own loss · 3 classes"
    assert (task.classes, task.train_size, task.val_size, task.parameters) == (3, 60, 0, 67)
    assert (task.validation, task.metric_name, task.notes) == (None, "", ())
    loss = task.loss(task.model, next(iter(task.loader)))
    assert loss.item() == pytest.approx(1.1, abs=0.4)


@pytest.mark.parametrize("kind", ["sweep", "train", "race"])
def test_all_engines_run_it(make: Maker, kind: str) -> None:
    spec = make.spec(
        "val_loader = train_loader",
        'def metrics(output, target): return {"accuracy": (output.argmax(1) == target).float().mean(), "other": 2}',
        "def optimizer(params, lr): return torch.optim.Adam(params, lr)",
        'name = "mine, all"',
        optimizer="own",
    )
    job = Job(kind, spec, SweepSettings(steps=8), TrainSettings(epochs=2), RaceSettings(rates=3, rounds=1, steps=8))
    events = list(run_job(job))
    said = next(event for event in events if isinstance(event, TaskEvent))
    assert (said.name, said.metric_name) == ("mine, all · own optimizer", "accuracy")
    assert said.detail == "6 training batches of 10 · 6 validation batches of 10 · own loss · 3 classes"
    assert events[-1].reason == "completed", events[-1]  # type: ignore[union-attr]
    if kind == "train":
        epoch = next(event for event in events if isinstance(event, EpochEvent))
        assert epoch.val_accuracy is not None and 0 <= epoch.val_accuracy <= 1
        assert epoch.train_accuracy is not None
    else:
        assert sum(isinstance(event, BatchEvent | CandidateEvent) for event in events) in (8, 24)


def test_arguments_whose_names_are_the_other_way_round_are_given_so(make: Maker) -> None:
    task = make.task(
        """
        def loss(target, output, weight=1.0):
            return weight * F.cross_entropy(output, target)
        def metrics(y_true, y_pred):
            return {"accuracy": (y_pred.argmax(1) == y_true).float().mean()}
        """,
    )
    batch = next(iter(task.loader))
    loss, metrics = task.objective.both(task.model, batch)
    assert loss.item() == pytest.approx(1.1, abs=0.4) and 0 <= metrics["accuracy"] <= 1
    step = make.task(
        """
        def training_step(batch, model):
            x, y = batch
            return F.cross_entropy(model(x), y)
        """,
        without="loss",
    )
    assert step.loss(step.model, batch).item() == pytest.approx(1.1, abs=0.4)


def test_a_training_step(make: Maker) -> None:
    task = make.task(
        """
        def training_step(model, batch, weight=1.0):
            x, y = batch
            return {"loss": weight * F.cross_entropy(model(x), y), "seen": len(x)}
        def validation_step(model, batch):
            return {"accuracy": 0.25, "loss": 7.0, "f1": torch.tensor(0.5)}
        """,
        without="loss",
        options={"weight": 0.0},
    )
    batch = next(iter(task.loader))
    assert task.loss(task.model, batch).item() == 0.0
    assert task.objective.both(task.model, batch) == (7.0, {"accuracy": 0.25, "f1": torch.tensor(0.5)})
    assert (task.objective.has_metric, task.metric_name) == (False, "accuracy")
    assert "own training step" in task.detail


def test_a_training_step_serves_for_validation(make: Maker) -> None:
    task = make.task(
        'def training_step(model, batch): return {"loss": model(batch[0]).square().mean(), "seen": 3}', without="loss"
    )
    batch = next(iter(task.loader))
    loss, metric = task.objective.both(task.model, batch)
    assert (loss.item(), metric) == (pytest.approx(task.loss(task.model, batch).item()), None)


def test_a_training_step_that_fails_in_eval_mode_asks_for_one_of_its_own(make: Maker) -> None:
    task = make.task(
        """
        class Detector(nn.Linear):
            def forward(self, x):
                return {"loss": super().forward(x).mean()} if self.training else []
        def model(): return Detector(4, 3)
        def training_step(model, batch): return sum(model(batch[0]).values())
        """,
        without="model loss",
    )
    batch = next(iter(task.loader))
    task.loss(task.model, batch)
    task.model.eval()
    with pytest.raises(TaskError, match=r"fails on validation batches.*'values'.*validation_step\(model, batch\)"):
        task.objective.both(task.model, batch)


def test_a_model_with_a_loss_whose_batches_have_no_labels(make: Maker) -> None:
    task = make.task("def train_loader(batch_size): return [{'input': X}]", without="loss train_loader")
    with pytest.raises(TaskError, match="has an entry “labels”"):
        task.loss(task.model, next(iter(task.loader)))


def test_a_loss_with_weights_of_its_own_is_said(make: Maker) -> None:
    loss = "class Own(nn.Linear):\n    def forward(self, output, target): return super().forward(output).mean()\n"
    task = make.task(f"{loss}loss = Own(3, 1)", without="loss")
    assert [note for note in task.notes if "has weights of its own, which are not trained" in note]
    own = "def optimizer(params, lr): return torch.optim.SGD([*params, *loss.parameters()], lr)"
    assert not make.task(f"{loss}loss = Own(3, 1)\n{own}", without="loss", optimizer="own").notes
    made = make.task(f"{loss}def make_loss(): return Own(3, 1)\nloss = make_loss", without="loss")
    assert [note for note in made.notes if "has weights of its own" in note]


def test_of_several_optimizers_the_first_is_used_and_that_is_said(make: Maker) -> None:
    own = "def optimizer(params, lr): return torch.optim.Adam(params, lr), torch.optim.SGD(params, lr)"
    task = make.task(own, optimizer="own")
    assert isinstance(task.optimizer, torch.optim.Adam)
    assert [note for note in task.notes if "several optimizers: the first one is used." in note]


def test_a_model_that_computes_its_own_loss(make: Maker) -> None:
    task = make.task(
        """
        class Answer(dict):
            __getattr__ = dict.__getitem__
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = nn.Linear(4, 3)
            def forward(self, inputs, labels=None):
                logits = self.net(inputs)
                return Answer(loss=F.cross_entropy(logits, labels), logits=logits)
        def model(): return Net()
        def train_loader(batch_size): return [{"inputs": X, "labels": Y}]
        def metrics(output, target): return (output.argmax(1) == target).float().mean()
        """,
        without="loss",
    )
    batch = next(iter(task.loader))
    loss, metric = task.objective.both(task.model, batch)
    assert loss.item() == pytest.approx(1.1, abs=0.5)
    assert 0 <= float(metric) <= 1
    assert (task.metric_name, task.classes) == ("metric", None)
    assert task.detail == "1 training batch · the model's loss"


@pytest.mark.parametrize(
    "text",
    [
        "loss = nn.CrossEntropyLoss(weight=torch.ones(3))",
        "loss = nn.CrossEntropyLoss",
        "loss = F.cross_entropy",
        "def loss(): return nn.CrossEntropyLoss()",
        "loss = lambda output, target: F.cross_entropy(output, target)",
        "from functools import partial\nloss = partial(F.cross_entropy, label_smoothing=0.0)",
    ],
)
def test_every_way_to_give_a_loss(make: Maker, text: str) -> None:
    task = make.task(text, without="loss")
    assert task.loss(task.model, next(iter(task.loader))).item() == pytest.approx(1.1, abs=0.4)


@pytest.mark.parametrize(
    ("text", "batches", "examples"),
    [
        ("def train_loader(batch_size): return DATA", 6, 60),
        ("def train_loader(): return DATA", 6, 60),
        ("def train_loader(bs): return DataLoader(DATA, bs)", 6, 60),
        ("def train_loader(*, batch_size=99): return DataLoader(DATA, batch_size)", 6, 60),
        ("def train_loader(batch_size): return [(X, Y), (X, Y)]", 2, 0),
        ("def train_loader(batch_size): return iter([(X, Y), (X, Y)])", 2, 0),
        ("def train_loader(batch_size):\n  yield X, Y\n  yield X, Y", 2, 0),
        ("train_loader = [(X, Y)]", 1, 0),
        ("train_loader = DataLoader(DATA, 20)", 3, 60),
        ("train_loader = DATA", 6, 60),
        (
            "class Stream(IterableDataset):\n  def __iter__(self): return zip(X, Y)\n"
            "def train_loader(batch_size): return Stream()",
            6,
            0,
        ),
        ("class Own:\n  def __iter__(self): return iter([(X, Y)])\ndef train_loader(batch_size): return Own()", 1, 0),
    ],
)
def test_every_way_to_give_batches(make: Maker, text: str, batches: int, examples: int) -> None:
    task = make.task(text, without="train_loader")
    for _ in range(2):  # a generator begins anew
        assert len([task.loss(task.model, batch) for batch in task.loader]) == batches
    assert task.train_size == examples
    spec = make.spec(text, without="train_loader")
    for kind in ("train", "sweep"):
        *_, end = run_job(Job(kind, spec, SweepSettings(steps=9, end_lr=1e-2), TrainSettings(epochs=2)))
        assert isinstance(end, EndEvent)
        assert end.reason == "completed", end


def test_a_data_set_is_batched_as_the_form_says(make: Maker) -> None:
    text = "def train_loader(): return DATA\ndef val_loader(): return DATA"
    task = make.task(text, without="train_loader", batch_size=16, subset=40, seed=3)
    assert isinstance(task.loader, torch.utils.data.DataLoader)
    assert [len(batch[0]) for batch in task.loader] == [16, 16]  # whole ones only
    firsts = [make.task(text, without="train_loader", batch_size=16, subset=40, seed=seed) for seed in (3, 3, 4)]
    one, same, other = (next(iter(each.loader))[0] for each in firsts)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert (task.train_size, task.val_size) == (40, 60)
    small = make.task(text, without="train_loader", batch_size=1000)
    assert [len(batch[0]) for batch in small.loader] == [60]
    workers = make.task(text, without="train_loader", loader_workers=2)
    assert (workers.loader.num_workers, workers.loader.multiprocessing_context.get_start_method()) == (2, "spawn")


def test_a_subset_of_a_loader(make: Maker) -> None:
    task = make.task(subset=25)
    sizes = [len(batch[0]) for batch in task.loader]
    assert (sizes, task.train_size, task.notes) == ([10, 10, 5], 25, ())
    assert [x.tolist() for x, _ in task.loader] != [x.tolist() for x, _ in task.loader]  # still shuffled
    assert make.task(subset=1000).train_size == 60
    for text in (
        "def train_loader(b): return [(X, Y)]",
        "def train_loader(): return DataLoader(DATA, sampler=range(9))",
    ):
        (note,) = make.task(text, without="train_loader", subset=25, batch_size=1).notes
        assert note.startswith("The subset setting is not used")
    asks = make.task("def train_loader(batch_size, subset=None): return [(X[:subset], Y[:subset])]", subset=25)
    assert len(next(iter(asks.loader))[0]) == 25


def test_fields_of_the_form_that_are_passed_over_are_said(make: Maker) -> None:
    text = "def train_loader(): return DataLoader(DATA, 20)"
    notes = make.task(text, without="train_loader", batch_size=64, loader_workers=1).notes
    assert [note.split(":")[0] for note in notes] == [
        "The batch size setting is not used",
        "The DataLoader workers setting is not used",
    ]
    asks = "def train_loader(batch_size, num_workers=0): return DataLoader(DATA, batch_size, num_workers=num_workers)"
    task = make.task(asks, without="train_loader", loader_workers=1)
    assert (task.notes, task.loader.num_workers) == ((), 1)


@pytest.mark.parametrize(
    "text",
    [
        "def optimizer(params, lr): return torch.optim.Adam(params, lr)",
        "def optimizer(lr, parameters): return torch.optim.Adam(parameters, lr)",
        "def optimizer(p): return torch.optim.Adam(p)",
        "def optimizer(weights, learning_rate): return torch.optim.Adam(weights, learning_rate)",
        "def optimizer(model, lr): return torch.optim.Adam([{'params': model.parameters()}], lr)",
        "def optimizer(lr, *, model): return {'optimizer': torch.optim.Adam(model.parameters(), lr)}",
        "optimizer = torch.optim.Adam",
        "from functools import partial\noptimizer = partial(torch.optim.Adam, eps=1e-7)",
        "from functools import partial\noptimizer = partial(torch.optim.Adam, lr=1e-2)",
        "optimizer = 'adam'",
        "class optimizer(torch.optim.Adam): pass",
        "def optimizer(params, lr, eps: float = 1e-7): return [torch.optim.Adam(params, lr, eps=eps)]",
    ],
)
def test_every_way_to_give_an_optimizer(make: Maker, text: str) -> None:
    task = make.task(text, optimizer="own")
    assert isinstance(task.optimizer, torch.optim.Adam)
    assert task.optimizer.param_groups[0]["lr"] == 1e-3
    held = {id(p) for group in task.optimizer.param_groups for p in group["params"]}
    assert held == {id(p) for p in task.model.parameters()}
    assert type(make.task(text, optimizer="adamw").optimizer) is torch.optim.AdamW  # the person overrides it


def test_a_schedule_beside_the_optimizer_is_said(make: Maker) -> None:
    text = """
        def optimizer(params, lr):
            made = torch.optim.SGD(params, lr)
            return made, torch.optim.lr_scheduler.StepLR(made, 1)
    """
    task = make.task(text, optimizer="own")
    assert isinstance(task.optimizer, torch.optim.SGD)
    assert task.notes == (
        f"The scheduler from optimizer() in mine.py (line {MODEL_LINE + 4}) is not used: "
        "the run sets the learning rates.",
    )


def test_a_schedule_beside_the_optimizer_is_what_is_planned(make: Maker) -> None:
    text = """
        def optimizer(params, lr):
            made = torch.optim.SGD(params, lr, momentum=0.9)
            return made, torch.optim.lr_scheduler.OneCycleLR(made, lr, total_steps=700)
    """
    task = make.task(text, optimizer="own")
    gc.collect()
    found = planned(task.optimizer)
    assert (found["schedule"], found["schedule_steps"], found["optimizer_family"]) == ("onecycle", 700, "momentum")


def test_options_are_given_as_what_they_are(make: Maker) -> None:
    text = """
        from pathlib import Path
        from typing import Literal, Optional
        got = {}
        def model(width: int = 8, rate: float = 0, on: bool = False, kind: Literal["a", "b"] = "a",
                  depth: Literal[18, 34] = 18, where: Path = Path("x"), most: int | None = 3, plain=2, free=None,
                  hook=print, late: Optional["Nothing"] = None):
            got.update(locals())
            return nn.Linear(4, 3)
    """
    options: dict[str, Scalar] = {
        "width": 16.0,
        "rate": 1,
        "on": True,
        "kind": "b",
        "depth": "34",
        "where": "y",
        "most": None,
        "plain": 5,
        "free": "text",
        "hook": None,
    }
    make.task(text, without="model", options=options)
    got = sys.modules["mine"].got
    assert (got["width"], got["rate"], got["on"], got["kind"], got["depth"]) == (16, 1.0, True, "b", 34)
    assert type(got["width"]) is int and type(got["rate"]) is float
    assert (got["where"], got["most"], got["plain"], got["free"]) == (Path("y"), None, 5, "text")
    assert got["hook"] is print  # None where it cannot be None: as the code has it


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"witdh": 3}, "mine.py has no setting “witdh”. Available: width, kind, hidden, norm."),
        ({"width": "wide"}, "“width” cannot be “wide”. Use an integer."),
        ({"width": 1.5}, "“width” cannot be “1.5”. Use an integer."),
        ({"kind": "c"}, "“kind” cannot be “c”. Choose one of: a, b."),
        ({"hidden": "8, wide"}, "“hidden” cannot be “8, wide”. Use a comma-separated list of integers."),
        ({"norm": "group"}, "“norm” cannot be “group”. Choose one of: batch, layer."),
    ],
)
def test_options_that_do_not_fit(make: Maker, options: dict[str, Scalar], words: str) -> None:
    text = """
        from enum import Enum
        from typing import Literal
        class Norm(Enum):
            batch = 1
            layer = 2
        def model(width: int = 8, kind: Literal["a", "b"] = "a", hidden=(8, 4), norm=Norm.batch):
            return nn.Linear(4, 3)
    """
    assert words in str(make.refused(text, without="model", options=options))


def test_lists_and_members_are_given_as_what_they_are(make: Maker) -> None:
    text = """
        from collections.abc import Sequence
        from enum import Enum
        got = {}
        class Norm(str, Enum):
            batch = "b"
            layer = "l"
        def model(hidden=(64, 32), rates: list[float] = [], names: Sequence[str] = ("a",), mixed=[1, 0.5],
                  sizes: "tuple[int, ...] | None" = None, norm=Norm.batch, other: Norm | None = None):
            got.update(locals())
            return nn.Linear(4, 3)
    """
    options: dict[str, Scalar] = {
        "hidden": "[16, 8, 4]",
        "rates": "1, 0.5",
        "names": "b, 'c'",
        "mixed": "",
        "sizes": "3,",
        "norm": "layer",
        "other": "batch",
    }
    make.task(text, without="model", options=options)
    got = sys.modules["mine"].got
    assert (got["hidden"], got["rates"], got["names"]) == ((16, 8, 4), [1.0, 0.5], ("b", "c"))
    assert (got["mixed"], got["sizes"]) == ([], (3,))
    norm = type(got["norm"])
    assert got["norm"] is norm.layer and got["other"] is norm.batch


def test_what_the_form_has_unchanged_is_what_the_code_has(make: Maker) -> None:
    text = """
        from enum import Enum
        from pathlib import Path
        got = {}
        class Norm(Enum):
            batch = 1
            usual = 1
        def model(pair=(64, 0.5), both=(64, 0.5), plain: list = [8], words=["[CLS]", "[SEP]"], more=("[PAD]",),
                  norm=Norm.usual, folders: list[Path] | None = None, either: str | list[str] = "ab"):
            got.update(locals())
            return nn.Linear(4, 3)
    """
    options: dict[str, Scalar] = {
        "pair": "64, 0.5",
        "both": "128, 0.25",
        "plain": "8, 4",
        "words": "[CLS], [SEP], [UNK]",
        "more": "['a', \"b\"]",
        "norm": "usual",
        "folders": "x, y",
        "either": "abc",
    }
    make.task(text, without="model", options=options)
    got = sys.modules["mine"].got
    assert repr((got["pair"], got["both"], got["plain"])) == "((64, 0.5), (128, 0.25), [8, 4])"  # 64, and no 64.0
    assert (got["words"], got["more"]) == (["[CLS]", "[SEP]", "[UNK]"], ("a", "b"))
    assert (got["norm"].name, got["folders"], got["either"]) == ("batch", [Path("x"), Path("y")], "abc")


def test_options_of_an_optimizer_that_is_not_used_stay_known(make: Maker) -> None:
    text = "def optimizer(params, lr, eps: float = 1e-7): return torch.optim.Adam(params, lr, eps=eps)"
    assert make.task(text, options={"eps": 1e-5}, optimizer="own").optimizer.param_groups[0]["eps"] == 1e-5
    make.task(text, options={"eps": 1e-5}, optimizer="sgd")


def test_what_a_function_asks_of_the_run(make: Maker) -> None:
    text = """
        got = {}
        def model(device, seed=None):
            got.update(device=device, seed=seed)
            return nn.Linear(4, 3)
    """
    make.task(text, without="model", seed=9)
    assert sys.modules["mine"].got == {"device": "cpu", "seed": 9}


# -- objects ---------------------------------------------------------------------------------------------------


def test_an_object_with_ready_things(make: Maker) -> None:
    text = """
        import lrgui
        net = nn.Linear(4, 3)
        task = lrgui.Task(net, DataLoader(DATA, 20), nn.CrossEntropyLoss(), name="ready", val_loader=[(X, Y)],
                          optimizer=torch.optim.SGD(net.parameters(), lr=1), metrics=lambda o, t: 1)
    """
    task = make.task(text, whole=False, optimizer="own", batch_size=20)
    assert (task.name, len(task.loader), task.train_size, task.notes) == ("ready · own optimizer", 3, 60, ())
    assert task.model is sys.modules["mine"].net


def test_a_class_of_ones_own(make: Maker) -> None:
    text = """
        import lrgui
        class Mine(lrgui.Task):
            name = "class"
            def model(self, width: int = 8): return nn.Sequential(nn.Linear(4, width), nn.Linear(width, 3))
            def train_loader(self, batch_size): return DataLoader(DATA, batch_size)
            def loss(self, output, target): return F.cross_entropy(output, target)
        task = Mine()
    """
    task = make.task(text, whole=False, options={"width": 5})
    assert (task.name, task.parameters) == ("class · SGD, momentum 0.9", 5 * 5 + 6 * 3)


@pytest.mark.parametrize(
    "made", ["lrgui.Task(model, train_loader, loss)", "dict(model=model, train_loader=train_loader, loss=loss)"]
)
def test_a_function_that_returns_a_task(make: Maker, made: str) -> None:
    text = f"""
        import lrgui
        def small(scale: float = 1.0):
            torch.manual_seed(int(scale))
            return {made}
        other = {made}
    """
    assert make.task(text, suffix=":small", options={"scale": 2.0}).name == "small · SGD, momentum 0.9"
    assert make.task(text, suffix=":other").parameters == 67


def test_a_module_that_is_called_like_a_part_is_none(make: Maker) -> None:
    text = "import json as model, json as task, json as metrics"
    assert str(make.refused(text, without="model")) == (
        "mine.py has no model(), which returns a torch.nn.Module. Add it."
    )


def test_the_public_class() -> None:
    from lrgui.tasks.user.object import Task as Home

    assert lrgui.Task is Home
    assert not hasattr(lrgui.Task(model=1), "loss")


def test_a_schedule_free_optimizer_is_checked_swept_trained_and_raced(make: Maker) -> None:
    pytest.importorskip("schedulefree")
    spec = make.spec(
        "import schedulefree\ndef optimizer(params, lr): return schedulefree.AdamWScheduleFree(params, lr=lr)",
        "def val_loader(batch_size): return DataLoader(DATA, batch_size)",
        optimizer="own",
    )
    settings = (
        SweepSettings(steps=5),
        TrainSettings(epochs=1, max_lr=1e-3),
        RaceSettings(around=1e-3, rates=3, steps=20),
    )
    for kind in ("check", "sweep", "train", "race"):
        *_, end = run_job(Job(kind, spec, *settings))
        assert end.reason == "completed", end.detail


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("def loss(output, target): return F.cross_entropy(output, target), {'accuracy': 0.5}", "loss"),
        ("def training_step(model, batch): return F.cross_entropy(model(batch[0]), batch[1]), batch", "loss"),
        ("def training_step(model, batch): return {'loss': F.cross_entropy(model(batch[0]), batch[1])}", "loss"),
        (
            """
            class Own(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layer = nn.Linear(4, 3)
                def forward(self, x, targets=None):
                    output = self.layer(x)
                    return output, None if targets is None else F.cross_entropy(output, targets)
            def model(): return Own()
            """,
            "model loss",
        ),
    ],
)
def test_more_than_the_loss_may_be_returned(make: Maker, text: str, without: str) -> None:
    task = make.task(text, without=without)
    loss = task.certain_loss(task.model, next(iter(task.loader)))
    assert loss.item() == pytest.approx(1.1, abs=0.6) and loss.requires_grad


def test_a_training_step_may_leave_batches_out(make: Maker) -> None:
    text = """
    seen = []
    def training_step(model, batch):
        seen.append(1)
        return None if len(seen) % 3 == 2 else F.cross_entropy(model(batch[0]), batch[1])
    """
    spec = make.spec(text, without="loss")
    for kind in ("sweep", "train"):
        events = list(run_job(Job(kind, spec, SweepSettings(steps=12), TrainSettings(epochs=2, max_lr=1e-3))))
        assert events[-1].reason == "completed"
        assert sum(isinstance(event, BatchEvent) for event in events) == (12 if kind == "sweep" else 8)


def test_a_training_step_without_return_is_told_in_a_run(make: Maker) -> None:
    spec = make.spec("def training_step(model, batch): F.cross_entropy(model(batch[0]), batch[1])", without="loss")
    for kind in ("sweep", "train"):
        *_, end = run_job(Job(kind, spec, SweepSettings(steps=12), TrainSettings(epochs=1, max_lr=1e-3)))
        assert end.reason == "failed" and "in a row: did you forget return?" in end.detail


# -- what is wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "without", "words"),
    [
        ("def model(): nn.Linear(4, 3)", "model", "model() in mine.py (line {}) returned None: did you forget return?"),
        ("def model(): return nn.Linear", "model", "returned the class Linear: return Linear(), with brackets."),
        ("def model(): return [1]", "model", "returned a list: it must return a torch.nn.Module."),
        ("def model(): return nn.Linear(4, 3), 1", "model", "returned 2 things: return the model alone."),
        ("model = 3", "model", "model in mine.py is of the type int: it must be a function that returns a model."),
        ("def model(): return nn.ReLU()", "model", "has no parameters, so there is nothing to train."),
        (
            "def model(): return nn.Linear(4, 3).requires_grad_(False)",
            "model",
            "every parameter of the model is frozen",
        ),
        ("def model(width): return nn.Linear(4, 3)", "model", "(line {}) needs “width”: give it a default"),
        ("", "model", "mine.py has no model(), which returns a torch.nn.Module. Add it."),
        ("", "train_loader loss", "no train_loader(batch_size), which returns batches; and no loss(output, target)"),
        ("", "loss", "mine.py has neither loss(output, target) nor training_step(model, batch), and the model's"),
        ("def train_loader(b): DATA", "train_loader", "train_loader() in mine.py (line {}) returned None: did you"),
        ("def train_loader(b): return DATA, DATA", "train_loader", "returned 2 things: return the training batches"),
        (
            "def train_loader(b): return X, Y",
            "train_loader",
            "returned two arrays and no batches: return TensorDataset",
        ),
        ("def train_loader(b): return X", "train_loader", "returned a Tensor: it must return a DataLoader, a Dataset,"),
        ("def train_loader(b): return DataLoader", "train_loader", "returned the class DataLoader: return DataLoader("),
        ("def train_loader(b): return 3", "train_loader", "returned an int: it must return a DataLoader"),
        ("def train_loader(b): return []", "train_loader", "has no batches: check that its data was found."),
        (
            "def train_loader(b): return DataLoader(DATA, 64, drop_last=True)",
            "train_loader",
            "its 60 examples are fewer than a batch of 64",
        ),
        ("train_loader = 3", "train_loader", "train_loader in mine.py is an int: it must be a function (batch_size)"),
        ("def train_loader(a, b): return DATA", "train_loader", "(line {}) needs “a”"),
        ("def loss(o, t): F.cross_entropy(o, t)", "loss", "loss() in mine.py (line {}) returned None: did you forget"),
        ("def loss(o, t): return F.cross_entropy(o, t).item()", "loss", "return the tensor itself, without .item()"),
        ("def loss(o, t): return F.cross_entropy(o, t).detach()", "loss", "leads back to no weight"),
        (
            "loss = nn.CrossEntropyLoss(reduction='none')",
            "loss",
            "of shape (10,): the loss is one number; use its .mea",
        ),
        ("loss = F.mse_loss(X, X)", "loss", "a number that a training loop left there: put the loop under if __name__"),
        ("def training_step(model, batch): return {'box': model(batch[0]).sum()}", "loss", "sum(losses.values())."),
        ("criterion = nn.CrossEntropyLoss()", "loss", "At the end of the file, “loss = criterion” will do"),
        ("def loss(o, t): return 'x'", "loss", "returned a str: return the loss, a tensor."),
        ("def loss(o): return o.mean()", "loss", "takes 1 argument, but it is called with the model's output and the"),
        ("loss = 3", "loss", "loss in mine.py is of the type int: it must be a function (output, target)."),
        ("def training_step(model, batch): pass", "loss", "training_step() in mine.py (line {}) returned None"),
        ("def training_step(model, batch): return {}", "loss", "returned a dict without “loss”"),
        ("def training_step(batch): pass", "loss", "takes 1 argument, but it is called with the model and a batch."),
        ("def metrics(o, t): pass", "", "metrics() in mine.py (line {}) returned None: did you forget return?"),
        ("def metrics(o, t): return (o.argmax(1) == t)", "", "it has the shape (10,); return one number"),
        ("def metrics(o, t): return 'good'", "", "it is of the type str; return a number, or a dict"),
        ("def metrics(o, t): return {}", "", "returned an empty dict"),
        ("def metrics(o, t): return {'f1': [1]}", "", "“f1” is of the type list; return a number"),
        ("def val_loader(b): pass", "", "val_loader() in mine.py (line {}) returned None: did you forget return?"),
    ],
)
def test_what_is_wrong_is_said_with_function_and_line(make: Maker, text: str, without: str, words: str) -> None:
    error = make.refused(text, without=without)
    line = MODEL_LINE + len(PARTS) - len(without.split())
    assert words.format(line) in str(error)
    assert str(error).endswith((".", "?"))
    if f"line {line}" in str(error):
        assert error.line == line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "mine.py has no optimizer of its own: choose one, or add optimizer(params, lr)."),
        ("def optimizer(params, lr): torch.optim.SGD(params, lr)", "returned None: did you forget return?"),
        ("def optimizer(params, lr): return 3", "returned an int: it must return a torch.optim.Optimizer."),
        ("optimizer = 3", "optimizer in mine.py is of the type int: it must be a function (params, lr)."),
        (
            "def optimizer(params, lr): return torch.optim.SGD(nn.Linear(1, 1).parameters(), lr)",
            "for other weights than",
        ),
        ("def optimizer(params, lr): return torch.optim.LBFGS(params, lr)", "LBFGS cannot be swept. It evaluates the"),
        ("optimizer = 'adm'", "Unknown optimizer “adm”. Choose one of: sgd, adam"),
        ("optimizer = 'lbfgs'", "lbfgs cannot be swept. It evaluates the loss several times"),
        ("def optimizer(params, lr, warmup): pass", "needs “warmup”: give it a default"),
    ],
)
def test_an_own_optimizer_that_is_none(make: Maker, text: str, words: str) -> None:
    assert words in str(make.refused(text, optimizer="own"))


@pytest.mark.parametrize(
    ("text", "suffix", "words"),
    [
        ("", ":large", "mine.py has no function or object “large”. Available: torch, nn, F,"),
        (
            "",
            ":model",
            "What model() in mine.py (line {first}) returned is of the type Sequential: it must be an lrgui.Task",
        ),
        (
            "x = 3",
            ":x",
            "“x” in mine.py is of the type int: it must be an lrgui.Task, or a dict with model, train_load",
        ),
        ("def f(): pass", ":f", "f() in mine.py (line {}) returned None: did you forget return? It must return an"),
        ("def f(): return {}", ":f", "mine.py has no model(), which returns a torch.nn.Module; no train_loader("),
    ],
)
def test_a_named_thing_that_is_no_task(make: Maker, text: str, suffix: str, words: str) -> None:
    assert words.format(MODEL_LINE + 3, first=MODEL_LINE) in str(make.refused(text, suffix=suffix))


def test_what_is_not_used_is_said(make: Maker) -> None:
    step = "def training_step(model, batch): return model(batch[0]).mean()"
    notes = make.task(step, "def metrics(o, t): return 1").notes
    assert [note.split(" is not used")[0] for note in notes] == ["loss()", "metrics()"]
    (note,) = make.task("def validation_step(model, batch): pass").notes
    assert note.startswith("validation_step() is not used")


def test_errors_of_the_code_itself_keep_its_lines(make: Maker) -> None:
    spec = make.spec("def loss(output, target): return output.no_such_thing()", without="loss")
    events = list(run_job(Job("sweep", spec, SweepSettings(steps=4))))
    told = "\n".join(event.text for event in events if isinstance(event, OutputEvent))
    assert f'mine.py", line {MODEL_LINE + 2}, in loss' in told
    assert "user_objective.py" not in told


def test_lazy_layers_take_their_size_from_a_batch(make: Maker) -> None:
    task = make.task(
        "def model(): return nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(3))", without="model"
    )
    assert task.parameters == 67
    assert len(task.optimizer.param_groups[0]["params"]) == 4


def test_classes_are_told_only_where_they_are_known(make: Maker) -> None:
    assert make.task("def loss(o, t): return F.mse_loss(o, F.one_hot(t, 3).float())", without="loss").classes is None
    named = "DATA.classes = list('abcde')\nloss = nn.NLLLoss()"
    assert make.task(named, without="loss").classes == 5
    deep = "def model(): return nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3))"
    assert make.task(deep, without="model").classes is None


def test_the_seed_decides(make: Maker) -> None:
    first, second, other = (make.task(seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.model[0].weight, second.model[0].weight)
    assert not torch.equal(first.model[0].weight, other.model[0].weight)
