"""Every kind of run in every format: sweeps, trainings and races, and programs that do them again."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch.optim.optimizer import register_optimizer_step_pre_hook

from lrgui.core.events import RunKind
from lrgui.core.run_settings import TRAINED, LoopSettings, RaceSettings, SweepSettings, TrainSettings
from lrgui.core.settings import values_of
from lrgui.export import FORMATS, ExportError, PictureStyle
from lrgui.export.report import Report
from lrgui.export.runs import shown_run
from lrgui.export.shown import Shown
from lrgui.export.training import TrainingReport
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter
from lrgui.runs.opened import open_run
from lrgui.tasks.spec import TaskSpec

KINDS = (RunKind.SWEEP, RunKind.TRAIN, RunKind.RACE)
SMALL = TaskSpec(model="mlp", batch_size=32, subset=128)
JOB = Job(
    task=SMALL,
    sweep=SweepSettings(1e-5, 10.0, 80),
    train=TrainSettings(2, 0.05),
    race=RaceSettings(around=0.05, trainings=3, steps=8),
)
OWN = """
import torch
from torch import nn

def model():
    return nn.Linear(4, 2)

def train_loader(batch_size):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x.sum(1) > 0).long()
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=batch_size)

def loss(output, target):
    return nn.functional.cross_entropy(output, target)
"""


def run(job: Job, folder: Path) -> Shown:
    path = folder / f"{job.kind}.lrrun"
    with LogWriter(path, job) as writer:
        writer.write(list(run_job(job)))
    return shown_run(open_run(path))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shown]:
    folder = tmp_path_factory.mktemp("runs")
    return {kind: run(replace(JOB, kind=kind), folder) for kind in KINDS}


def chosen(thing: Shown) -> Shown:
    """A sweep of this length may have no reliable pick: the person selects one."""
    if not isinstance(thing, Report):
        return thing
    return replace(thing, reading=thing.reading.with_selection(0.1, thing.reading.zones))


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_as_large_as_wanted(qtbot: object, runs: dict[str, Shown], kind: str) -> None:
    style = PictureStyle((5, 4), 100, "dark")
    with Image.open(io.BytesIO(FORMATS["png"].render(runs[kind], style))) as image:
        assert image.size == (500, 400)
        assert image.convert("RGB").getpixel((1, 1)) == (0x14, 0x18, 0x1E)
    clear = FORMATS["png"].render(runs[kind], replace(style, theme="transparent"))
    with Image.open(io.BytesIO(clear)) as image:
        assert image.mode == "RGBA" and image.getpixel((1, 1))[3] == 0
    svg = FORMATS["svg"].render(runs[kind], style).decode()
    assert 'viewBox="0 0 480 384"' in svg and "batch 32" in svg
    assert FORMATS["pdf"].render(runs[kind], style).startswith(b"%PDF-")


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_that_is_left_out_is_missing_from_the_picture(qtbot: object, runs: dict[str, Shown], kind: str) -> None:
    thing = chosen(runs[kind])
    whole = FORMATS["png"].render(thing, PictureStyle(dpi=96))
    for part in thing.parts_there:
        assert FORMATS["png"].render(thing, PictureStyle(dpi=96, without=frozenset({part}))) != whole, part


def test_a_view_is_drawn_as_it_was_chosen(qtbot: object, runs: dict[str, Shown]) -> None:
    thing = runs[RunKind.SWEEP]
    zoomed = PictureStyle(dpi=96, views=(((-3.0, -2.0), (0.0, 3.0)),))
    assert FORMATS["png"].render(thing, zoomed) != FORMATS["png"].render(thing, PictureStyle(dpi=96))


def test_tables_have_every_step(runs: dict[str, Shown]) -> None:
    def rows(kind: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(FORMATS["csv"].render(runs[kind]).decode())))

    training, race = rows(RunKind.TRAIN), rows(RunKind.RACE)
    assert len(training) == 8
    assert [row["epoch"] for row in training] == ["", "", "", "1", "", "", "", "2"]
    assert float(training[-1]["val_loss"]) > 0
    assert {row["round"] for row in race} == {"1"} and len({row["max_lr"] for row in race}) == 3
    assert [int(row["step"]) for row in race] == [*range(8)] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_documents_hold_the_job_and_what_was_measured(runs: dict[str, Shown], kind: str) -> None:
    document = json.loads(FORMATS["json"].render(runs[kind]))
    assert Job.from_dict(document["job"]) == replace(JOB, kind=kind)
    measured = {
        RunKind.SWEEP: lambda: document["curve"]["loss"],
        RunKind.TRAIN: lambda: document["steps"]["loss"],
        RunKind.RACE: lambda: document["trainings"][0]["loss"],
    }[kind]()
    assert measured[0] == pytest.approx(2.3, abs=0.4)
    assert document["end"]["reason"]


class Page(HTMLParser):
    """Headings of a page, and everything that it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []
        self.headings: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value or "" for name, value in attrs if name in ("src", "srcset", "href")]
        if tag not in ("meta", "img", "source"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_is_one_file_with_everything(qtbot: object, runs: dict[str, Shown], kind: str) -> None:
    page = Page(FORMATS["html"].render(chosen(runs[kind])).decode())
    assert not page.open
    assert len(page.loads) == 2 and all(load.startswith("data:image/svg+xml;base64,") for load in page.loads)
    assert page.loads[0] != page.loads[1], "dark and light"
    beside = {RunKind.SWEEP: "Suggestions", RunKind.TRAIN: "Epochs", RunKind.RACE: "Trainings"}[kind]
    assert {"Result", "Task", "Settings", beside} <= set(page.headings)
    assert ("Use it" in page.headings) == (kind == RunKind.SWEEP)


def test_a_report_says_nothing_as_markup(qtbot: object, runs: dict[str, Shown]) -> None:
    sweep = runs[RunKind.SWEEP]
    assert isinstance(sweep, Report)
    assert b"<b>x</b>" not in FORMATS["html"].render(replace(sweep, name="<b>x</b>"))


def execute(thing: Shown, folder: Path) -> str:
    (folder / "again.py").write_bytes(FORMATS["py"].render(thing))
    env = {**os.environ, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "again.py"], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.usefixtures("warm_processes")
@pytest.mark.parametrize("kind", KINDS)
def test_the_program_runs(runs: dict[str, Shown], kind: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    said = execute(chosen(runs[kind]), tmp_path)
    if kind != RunKind.RACE:
        assert "step 8 of 8: loss " in said and "validation loss" in said
    pictures = {RunKind.SWEEP: ["learning-rate.png"], RunKind.TRAIN: [], RunKind.RACE: ["verified.png"]}[kind]
    assert [path.name for path in tmp_path.glob("*.png")] == pictures


@pytest.mark.usefixtures("warm_processes")
def test_the_program_of_a_persons_own_task_reads_its_file(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "mine.py").write_text(OWN)
    task = TaskSpec(source="task", model="", path=str(tmp_path / "mine.py"), batch_size=8)
    loop = {"accumulation": 2, "clip_grad_norm": 1.0, "amp": "bf16"}
    job = Job(task=task, sweep=SweepSettings(1e-5, 10.0, 40, **loop), train=TrainSettings(2, 0.05, **loop))
    thing = chosen(run(job, tmp_path))
    assert "step 8 of 8: loss " in execute(thing, tmp_path)
    assert f'path="{tmp_path / "mine.py"}"' in (tmp_path / "again.py").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_notebook_is_valid_and_holds_the_program(runs: dict[str, Shown], kind: str) -> None:
    thing = chosen(runs[kind])
    data = FORMATS["ipynb"].render(thing)
    notebook = json.loads(data)
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code == thing.program()
    compile("\n".join(code), "notebook", "exec")
    nbformat = pytest.importorskip("nbformat")
    nbformat.validate(nbformat.reads(data.decode(), 4))


def test_no_program_without_a_rate_or_a_task(runs: dict[str, Shown]) -> None:
    sweep = runs[RunKind.SWEEP]
    assert isinstance(sweep, Report)
    for thing, why in (
        (replace(sweep, synthetic="Noisy"), "synthetic"),
        (replace(sweep, job=None), "no task"),
        (replace(sweep, job=replace(JOB, task=TaskSpec(source="script", path="train.py"))), "a program already"),
    ):
        for key in ("py", "ipynb"):
            with pytest.raises(ExportError, match=why):
                FORMATS[key].render(thing)


@pytest.mark.parametrize(
    "settings",
    [
        {"anneal": "linear", "three_phase": True, "base_momentum": 0.8},
        {"cycle_momentum": False},
        *({"schedule": schedule} for schedule in TRAINED if schedule != "onecycle"),
        {"schedule": "cosine", "warmup": 0.0},
        {"schedule": "linear", "warmup_steps": 3},
        {"schedule": "step", "step_size": 1, "steps": 10},
        {"schedule": "plateau", "plateau_patience": 0, "max_lr": 1.0, "epochs": 5},
        {"ema_decay": 0.9, "label_smoothing": 0.1, "decay_norms": False, "deterministic": True},
    ],
    ids=lambda settings: " ".join(f"{key} {value}" for key, value in settings.items()),
)
def test_the_program_trains_on_the_schedule_of_the_training(
    settings: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = TrainSettings(**{"epochs": 3, "max_lr": 0.05, "step_size": 2, "plateau_patience": 1, **settings})
    shown = run(Job(RunKind.TRAIN, SMALL, SweepSettings(**values_of(train, LoopSettings)), train), tmp_path)
    assert isinstance(shown, TrainingReport)
    seen: list[tuple[float, float]] = []

    def look(optimizer: torch.optim.Optimizer, *_: object) -> None:
        group = optimizer.param_groups[0]
        assert {other["lr"] for other in optimizer.param_groups} == {group["lr"]}
        seen.append((float(group["lr"]), float(group["momentum"])))

    names: dict[str, Any] = {"__name__": "program"}
    hook = register_optimizer_step_pre_hook(look)
    try:
        exec(FORMATS["py"].make(shown, PictureStyle()).decode(), names)
        names["main"]()
    finally:
        hook.remove()
        torch.use_deterministic_algorithms(False)
    record = shown.record
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert float(last.rpartition(" ")[2]) == pytest.approx(
        record.epochs[-1].val_loss, rel=0.03, abs=1e-3
    )  # a mean over batches there
    assert [lr for lr, _ in seen] == pytest.approx(record.lr.tolist(), rel=1e-6, abs=1e-12)
    if record.momentum is not None:
        assert [momentum for _, momentum in seen] == pytest.approx(record.momentum.tolist(), rel=1e-6)
    else:
        assert {momentum for _, momentum in seen} == {0.9}
