"""What is on a tab, on its way into a file: each kind says what it draws, lists and tells. No Qt until it draws."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
from lrgui.runs.job import Job
from lrgui.runs.settings_rows import settings_rows, task_rows

if TYPE_CHECKING:
    from lrgui.plot.plots import Plot
    from lrgui.plot.theme import Palette

#: What a cell of a table of numbers holds; empty text where nothing was measured.
Cell = float | int | str


@dataclass(frozen=True)
class Section:
    """A part of a document: a heading, and below it sentences, a table of words, or code."""

    title: str
    heads: tuple[str, ...] = ()
    rows: Sequence[Sequence[str]] = ()
    lines: tuple[str, ...] = ()
    code: str = ""


class Shown(ABC):
    """One thing that can be exported."""

    parts: ClassVar[tuple[str, ...]]
    """What its picture can be made without: keys of `export.style.PARTS`."""

    @property
    def parts_there(self) -> tuple[str, ...]:
        """Those of them that this one has."""
        return self.parts

    @property
    @abstractmethod
    def title(self) -> str:
        """Title of its picture and of its document."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """What there is to see, in a sentence."""

    @abstractmethod
    def plot(self, palette: Palette) -> Plot:
        """The plot that the window shows, for a picture: without a parent, grips and title. Needs a QApplication."""

    @abstractmethod
    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        """Names of the columns and all lines of what was measured."""

    def typed_columns(self) -> dict[str, Sequence[Any]]:
        """The table as columns by name, for formats that know kinds of values: None where nothing was measured."""
        heads, lines = self.table()
        rows = [[None if cell == "" else cell for cell in line] for line in lines]
        return {head: [row[number] for row in rows] for number, head in enumerate(heads)}

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """All of it: plain values only, what is not finite as None."""

    @property
    def swept(self) -> Job | None:
        """What was run; None for what was no job."""
        return None

    @property
    def plain_job(self) -> dict[str, Any] | None:
        """The same as `Job.to_dict` writes it."""
        return None if self.swept is None else self.swept.to_dict()

    @abstractmethod
    def sections(self) -> list[Section]:
        """What a document says below the picture."""

    @abstractmethod
    def program(self) -> list[str]:
        """The parts of a Python program that does it again, its imports first.

        Raises ExportError, with a sentence, where there is none.
        """


def task_section(job: Job) -> Section:
    """What was trained."""
    return Section("Task", ("setting", "value"), task_rows(job))


def settings_section(settings: SweepSettings | TrainSettings | RaceSettings) -> Section:
    """The settings of a run, by the names that the form has for them."""
    return Section("Settings", ("setting", "value"), settings_rows(settings))
