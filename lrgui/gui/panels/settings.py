"""How to sweep and how to train: cards whose rows are the settings of a class, the rarely needed ones behind a fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel

from lrgui.core.budget import Budget
from lrgui.core.events import RunState
from lrgui.core.options import NOTHING, Problem
from lrgui.core.run_settings import LOOP, OF_READING, SweepSettings, TrainSettings
from lrgui.core.settings import idle, settings_of
from lrgui.core.training_length import EPOCHS, STEPS, Length
from lrgui.gui.cards import MoreSettings
from lrgui.gui.editors import Choice
from lrgui.gui.fields import Form
from lrgui.gui.form_row import AUTO
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session
from lrgui.gui.settings import PROOFS
from lrgui.runs.job import Job

#: The settings of a training that its one length stands for.
_OF_LENGTH = ("epochs", "steps")


class SettingsCard(ConfigCard):
    """The settings of `cls` in the job's `part`, less those `without`.

    What differs from the defaults is counted on the fold, and what is wrong opens it. A row is shown where its setting
    has an effect beside the others.
    """

    def __init__(self, title: str, part: str, cls: type, session: Session, without: Iterable[str] = ()) -> None:
        super().__init__(title, part, session)
        left_out = set(without)
        main, rare = self.add_form(), self.add_form()
        self._begin(main)
        for option in settings_of(cls):
            if option.name not in left_out:
                (rare if option.rare else main).add_option(option)
        self._usual = cls()
        self._rare, self.more = rare, MoreSettings(part, rare)
        self.body.addWidget(main)
        self.body.addWidget(self.more)
        session.about_to_run.connect(self._hide_no_problem)
        self.show_job(session.job)

    def _begin(self, form: Form) -> None:
        """Put rows of its own above the others."""

    @Slot(object)
    def show_job(self, job: Job) -> None:
        if self._stands(job):
            return
        super().show_job(job)
        config = getattr(job, self._part)
        hidden = {option.name for option in idle(config)}
        for form in self.forms:
            for name in form.editors:
                form.set_row_visible(name, name not in hidden)
        changed = [name for name in self._rare.editors if getattr(config, name) != getattr(self._usual, name)]
        changed = [name for name in changed if name not in hidden]
        self.more.set_changed([self._rare.words(name) for name in changed])

    @Slot(object)
    def show_problems(self, found: Mapping[str, list[Problem]]) -> None:
        super().show_problems(found)
        self._hide_no_problem()

    @Slot()
    def _hide_no_problem(self) -> None:
        if self._rare.has_problem:
            self.more.open()


class SweepPanel(SettingsCard):
    """The sweep's fields. Those stay open during a run that only change how the curve is read."""

    def __init__(self, session: Session) -> None:
        super().__init__("Sweep", "sweep", SweepSettings, session, without=("planned_steps", "planned_epochs"))

    def _begin(self, _form: Form) -> None:
        """*Prove it* stands above the rows, and Tab comes to it first."""
        session, row = self.session, QHBoxLayout()
        name = QLabel("Prove it")
        name.setObjectName("fieldName")
        self.proof = Choice()
        self.proof.addItem("off (sweep only)", "")
        for written in PROOFS:
            self.proof.addItem(f"up to {Budget.read(written).words}", written)
        self.proof.setMinimumContentsLength(12)
        self.proof.setAccessibleName("Prove it")
        self.proof.setToolTip(
            "How long Find may take in all: where the sweep's confidence is not high, short trainings measure the best "
            "rate around its own, as far as this allows"
        )
        self.proof.setCurrentIndex(max(self.proof.findData(session.prove), 0))
        self.proof.currentIndexChanged.connect(lambda _index: setattr(session, "prove", self.proof.currentData()))
        name.setBuddy(self.proof)
        # Beside the heading: the first success needs no scrolling.
        self.body.removeWidget(self.heading)
        row.addWidget(self.heading)
        row.addStretch(1)
        row.addWidget(name)
        row.addWidget(self.proof)
        self.body.insertLayout(0, row)

    @Slot(str, object)
    def _on_edited(self, name: str, value: Any) -> None:
        self.session.edit(sweep=self.session.job.sweep.with_given({name: value}))

    @Slot(str)
    def _on_state(self, state: str) -> None:
        super()._on_state(state)
        self.proof.setEnabled(state == RunState.IDLE)
        for form in self.forms:
            for name in OF_READING:
                if name in form.editors:
                    form.editors[name].setEnabled(True)


class TrainingPanel(SettingsCard):
    """The training's fields; max LR is the selection, and typing it selects. The loop's settings are the sweep's.

    Its length, in epochs or steps, is one row: what is recommended is for a training as long as that, and on the
    schedule that is chosen here.
    """

    def __init__(self, session: Session, runs: RunsOnScreen) -> None:
        super().__init__("Training", "train", TrainSettings, session, without=(*LOOP, *_OF_LENGTH))
        self._runs = runs

    def _begin(self, form: Form) -> None:
        form.add_text(
            "length",
            "Length",
            self._read_length,
            lambda length: AUTO if length is None else length.words.replace(",", ""),
            "Length of your training, such as 12 epochs or 5000 steps: the recommendation is for a training as long as "
            "that, and Train makes it",
        )

    def _read_length(self, text: str) -> Length | None:
        job = self.session.job
        if not job.task.is_script:
            return Length.read(text, job.length.unit if job.length is not None else EPOCHS)
        if text.strip().lower() in NOTHING:
            return None
        length = Length.read(text, STEPS)
        if length.unit == EPOCHS:
            raise ValueError("Write it in steps, such as 5000 steps: how many an epoch of a script has is not known.")
        return length

    def value(self, config: object, name: str) -> Any:
        return self.session.job.length if name == "length" else super().value(config, name)

    def problem_texts(self) -> dict[str, str]:
        texts = super().problem_texts()
        wrong = next((texts[name] for name in _OF_LENGTH if name in texts), "")
        return texts | ({"length": wrong} if wrong else {})

    @Slot(str, object)
    def _on_edited(self, name: str, value: Any) -> None:
        if name == "length":
            job = self.session.job.with_length(value)
            self.session.edit(sweep=job.sweep, train=job.train)
        elif name == "max_lr":
            self._runs.select_maximum(value, self.session.job.train.planned_schedule)
        else:
            planned = self.session.job.train.planned_schedule
            super()._on_edited(name, value)
            self._plan_as_trained(planned)

    def _plan_as_trained(self, before: str) -> None:
        """Who chooses another schedule for the training has planned that one: the recommendation is for it."""
        job = self.session.job
        planned = job.train.planned_schedule
        if planned != before:
            self.session.edit(sweep=replace(job.sweep, planned_schedule=planned))

    @Slot(str)
    def _on_state(self, state: str) -> None:
        super()._on_state(state)
        self.forms[0].editors["length"].setEnabled(True)  # as all that only changes how the curve is read
