"""A card that edits one frozen config of the job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QTimer, Slot

from lrgui.core.events import RunState
from lrgui.core.run_settings import Problem
from lrgui.gui.cards import Card
from lrgui.gui.fields import Form
from lrgui.gui.room import bring_into_sight
from lrgui.gui.session import Session
from lrgui.runs.job import Job


class ConfigCard(Card):
    """Binds forms to `job.<part>`: what is typed goes to the session, what it holds is shown.

    A field is called like the config's, or "<field>.<key>" where that one is a dict of options.
    """

    def __init__(self, title: str, part: str, session: Session) -> None:
        super().__init__(title)
        self.session = session
        self._part = part
        self.forms: list[Form] = []
        self._problems: list[Problem] = []
        self._shown: object = None
        """The config that the fields show."""
        session.job_changed.connect(self.show_job)
        session.problems_found.connect(self.show_problems)
        session.state_changed.connect(self._on_state)
        session.refused.connect(self._show_field)

    def add_form(self) -> Form:
        """A new form whose field names are those of the config."""
        form = Form()
        form.edited.connect(self._on_edited)
        form.unreadable.connect(lambda name, text: self.session.set_unreadable(self._part, name, text))
        self.session.about_to_run.connect(form.flush)
        self.session.job_replaced.connect(form.forget_unread)
        self.forms.append(form)
        return form

    @Slot(object)
    def _show_field(self, places: Sequence[tuple[str, str]]) -> None:
        """Bring the first field that a run was refused for into sight, if it is here: the words stand beside it."""
        if not places or places[0][0] != self._part:
            return
        editor = next((form.editors[places[0][1]] for form in self.forms if places[0][1] in form.editors), None)
        if editor is not None:
            QTimer.singleShot(0, self, lambda: bring_into_sight(editor))  # once a fold that was opened is laid out

    @Slot(str, object)
    def _on_edited(self, name: str, value: Any) -> None:
        config = getattr(self.session.job, self._part)
        field, _, key = name.partition(".")
        if key:
            options = {**getattr(config, field), key: value}
            if _told(value) == _told(self._default(name)):
                del options[key]  # back to the usual: the settings are those of before
            value = options
        self.session.edit(**{self._part: replace(config, **{field: value})})

    def _default(self, name: str) -> Any:
        for form in self.forms:
            option = form.option(name) if name in form.editors else None
            if option is not None:
                return option.default
        return None

    def value(self, config: object, name: str) -> Any:
        """What the field called `name` holds."""
        field, _, key = name.partition(".")
        held = getattr(config, field)
        return held.get(key, self._default(name)) if key else held

    @Slot(object)
    def show_job(self, job: Job) -> None:
        """Show the settings of `job`."""
        if self._stands(job):
            return
        config = self._shown = getattr(job, self._part)
        for form in self.forms:
            for name in form.editors:
                form.set_value(name, self.value(config, name))

    def _stands(self, job: Job) -> bool:
        """True where a selection is dragged and this part of the job is what the fields show: it stays so."""
        return self.session.runs.dragging and getattr(job, self._part) is self._shown

    @Slot(object)
    def show_problems(self, found: Mapping[str, list[Problem]]) -> None:
        """Mark the fields that are named in what was `found` wrong with this part of the job."""
        self._problems = found[self._part]
        self.mark()

    def problem_texts(self) -> dict[str, str]:
        """What is wrong, by field."""
        return {problem.field: str(problem) for problem in self._problems}

    def mark(self) -> None:
        """Mark the fields with which something is wrong, and no others."""
        texts = self.problem_texts()
        for form in self.forms:
            form.set_problems(texts)

    @Slot(str)
    def _on_state(self, state: str) -> None:
        for form in self.forms:
            form.set_enabled(state == RunState.IDLE)


def _told(value: Any) -> Any:
    """An empty text tells as little as None."""
    return None if value == "" else value
