"""Each setting is declared once; form, command line, Python and the reference are made from that."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path

import pytest
import typer
from pytestqt.qtbot import QtBot
from rows import each_row

import lrgui
from lrgui.cli import app
from lrgui.core.options import Option, Scalar, read_option
from lrgui.core.run_settings import LOOP, RaceSettings, SweepSettings, TrainSettings
from lrgui.core.settings import settings_of
from lrgui.gui.fields import Form
from lrgui.gui.panels.settings import SweepPanel, TrainingPanel
from lrgui.gui.session import Session
from lrgui.gui.tabs.verify import VerifyTab
from lrgui.plot.theme import LIGHT
from lrgui.runs.job import Job

CLASSES = (SweepSettings, TrainSettings, RaceSettings)
EVERY = [(cls, option) for cls in CLASSES for option in settings_of(cls)]
DOCS = Path(__file__).parents[1] / "docs"
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@each_row(EVERY)
def test_it_says_what_it_is(cls: type, option: Option) -> None:
    assert option.label and option.label[0].isupper()
    assert len(option.tip) > 12 and not option.tip.endswith(".")
    assert option.unit and option.range, "what is counted, and what is allowed"
    assert option.problem(option.default) is None
    assert getattr(cls(), option.name) == option.default


@each_row(EVERY)
def test_what_is_shown_can_be_typed(cls: type, option: Option) -> None:
    for value in (option.default, option.minimum, option.maximum):
        if value is None and not option.optional:
            continue
        assert value is None or not isinstance(value, str) or option.kind == "choice"
        if option.kind != "choice":
            assert read_option(option, option.written(value)) == pytest.approx(value)


@each_row((*row, value) for row in EVERY for value in (float("nan"), float("inf"), -1, "", "x", [], object()))
def test_what_is_nonsense_is_refused_in_a_sentence(cls: type, option: Option, value: Scalar) -> None:
    problem = option.problem(value)
    assert problem is not None or (value == "" and option.optional)
    if problem is not None:
        assert problem.field == option.name
        assert re.fullmatch(r"[A-Z].* (cannot be “.*”|is empty)\. .+\.", str(problem)), str(problem)


@each_row(EVERY)
def test_it_is_an_option_of_the_command_line(cls: type, option: Option) -> None:
    command = {SweepSettings: "find", TrainSettings: "train", RaceSettings: "verify"}[cls]
    (found,) = (one for one in COMMANDS[command].params if one.name == option.name)
    assert option.tip in found.help and found.opts == [option.flag or f"--{option.name.replace('_', '-')}"]


@each_row(EVERY)
def test_it_is_an_argument_in_python_with_its_help(cls: type, option: Option) -> None:
    if cls is TrainSettings:
        return  # trainings are run by the window and the command line
    if (cls, option.name) == (RaceSettings, "around"):
        return  # called lr, or read off a result
    function = lrgui.find_lr if cls is SweepSettings else lrgui.verify
    words = " ".join((function.__doc__ or "").split())
    assert f"{option.name}: {option.tip[0].lower()}{option.tip[1:]} (" in words
    assert re.search(rf"\b{option.name}\b", str(inspect.signature(function)))


def test_every_one_is_a_row_of_a_form(qtbot: QtBot) -> None:
    session = Session(Job(), lambda job: pytest.fail("nothing is run"))  # type: ignore[arg-type,return-value]
    sweep, training, race = (
        SweepPanel(session),
        TrainingPanel(session, session.runs),
        VerifyTab(session, session.runs, LIGHT),
    )
    for widget in (sweep, training, race):
        qtbot.addWidget(widget)

    def rows(widget: object) -> set[str]:
        return {name for form in widget.findChildren(Form) for name in form.editors}  # type: ignore[attr-defined]

    # The length of the training, planned and run, is one row.
    lengths = {"planned_steps", "planned_epochs", "epochs", "steps"}
    assert rows(sweep) == {option.name for option in settings_of(SweepSettings)} - lengths | {"steps"}
    assert rows(training) == {option.name for option in settings_of(TrainSettings)} - set(LOOP) - lengths | {"length"}
    # The tab has lists for trainings and steps; `around` is the selection, and the rest is the training's.
    assert rows(race) | {"trainings", "steps", "around"} | rows(training) | set(LOOP) >= {
        option.name for option in settings_of(RaceSettings)
    }


def test_the_reference_is_as_the_code_says() -> None:
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    page = made.settings_page()
    assert (DOCS / "reference" / "settings.md").read_text(encoding="utf-8") == page, "run docs/make_reference.py"
    for cls in CLASSES:
        for option in settings_of(cls):
            assert f"| `{option.name}` |" in page and option.tip in page
