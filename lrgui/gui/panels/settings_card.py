"""A card whose rows are the settings of a class: the usual ones, and behind a fold those that are rarely needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Slot

from lrgui.core.options import Problem
from lrgui.core.settings import settings_of
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.panels.more_settings import MoreSettings
from lrgui.gui.workspace import Workspace
from lrgui.runs.job import Job


class SettingsCard(ConfigCard):
    """The settings of `cls` in the job's `part`, less those `without`.

    What differs from the defaults is counted on the fold, and what is wrong opens it.
    """

    def __init__(self, title: str, part: str, cls: type, workspace: Workspace, without: Iterable[str] = ()) -> None:
        super().__init__(title, part, workspace)
        left_out = set(without)
        main, rare = self.add_form(), self.add_form()
        for option in settings_of(cls):
            if option.name not in left_out:
                (rare if option.rare else main).add_option(option)
        self._usual = cls()
        self._rare, self.more = rare, MoreSettings(part, rare)
        self.body.addWidget(main)
        self.body.addWidget(self.more)
        workspace.about_to_run.connect(self._hide_no_problem)
        self.show_job(workspace.job)

    @Slot(object)
    def show_job(self, job: Job) -> None:
        super().show_job(job)
        config = getattr(job, self._part)
        changed = [name for name in self._rare.editors if getattr(config, name) != getattr(self._usual, name)]
        self.more.set_changed([self._rare.words(name) for name in changed])

    @Slot(object)
    def show_problems(self, found: Mapping[str, list[Problem]]) -> None:
        super().show_problems(found)
        self._hide_no_problem()

    @Slot()
    def _hide_no_problem(self) -> None:
        if self._rare.has_problem:
            self.more.open()
