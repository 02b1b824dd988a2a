"""A study's folder that is looked at, also while somebody goes on with it."""

from __future__ import annotations

import os
from pathlib import Path

from lrgui.studies.folder import JOURNAL, PLAN, SPEC, StudyFolder
from lrgui.studies.plan import Plan
from lrgui.studies.results import StudyResults, read_results


def study_at(text: str) -> Path | None:
    """The study's folder that `text` names, itself or by a file of its own; None for anything else."""
    path = Path(os.path.abspath(os.path.expanduser(text.strip())))
    folder = path.parent if path.name in (SPEC, PLAN, JOURNAL) else path
    return folder if os.path.isfile(folder / SPEC) else None  # pathlib's own raises OSError for a very long name


class OpenedStudy:
    """What a folder holds by now; each `read` adds what its journal has got since. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = StudyFolder(path)
        self._plan: Plan | None = None
        self._plan_mark: object = None
        self._read: object = None

    @property
    def changed(self) -> bool:
        """True where the folder says something that was not read yet; False also where it is gone."""
        mark = (_mark(self.path / SPEC), _mark(self.path / JOURNAL))
        return mark != self._read and mark[0] is not None

    def read(self) -> StudyResults:
        """Everything that it knows now. Raises ValueError, with a sentence, where it holds no study that can be read,
        OSError where it cannot be read."""
        plan_mark, journal_mark = _mark(self.path / SPEC), _mark(self.path / JOURNAL)
        self._read = plan_mark, journal_mark
        if not self._folder.there:
            raise ValueError(f"There is no study in {self.path}.")
        if self._plan is None or plan_mark != self._plan_mark:
            self._plan, self._plan_mark = self._folder.plan(), plan_mark
        self._folder.load()
        return read_results(self._plan, self._folder)


def _mark(path: Path) -> tuple[int, int] | None:
    """Changes with the file's content; None for one that is not there."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size


def open_study(path: Path) -> StudyResults:
    """The study in a folder, as far as it is; raises as `OpenedStudy.read`."""
    return OpenedStudy(path).read()
