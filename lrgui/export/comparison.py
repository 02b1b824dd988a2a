"""A comparison of optimizers on its way into a file: the curves of their sweeps, and how to read their difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lrgui.core.curve.comparison import Compared, how_to_read
from lrgui.core.curve.recommend import GUESS, confidence_words
from lrgui.core.events import EndEvent
from lrgui.core.formats import NOTHING, format_losses
from lrgui.core.learning_rate import format_lr
from lrgui.export.report import Report
from lrgui.export.shown import Cell, Section, Shown, settings_section, task_section
from lrgui.runs.job import Job

if TYPE_CHECKING:
    from lrgui.plot.compare_plot import ComparePlot
    from lrgui.plot.theme import Palette

#: The table's heads.
HEADS = ("optimizer", "learning rate", "confidence", "lowest loss", "optimal zone")


@dataclass(frozen=True, eq=False)
class ComparisonReport(Shown):
    """The sweeps that have ended."""

    parts: ClassVar[tuple[str, ...]] = ("title", "legend", "marks")

    compared: tuple[Compared, ...]
    jobs: tuple[Job, ...]
    """What was swept: at least those of `compared`."""
    end: EndEvent | None = None

    @property
    def title(self) -> str:
        """Title of its picture."""
        return f"LR Finder: optimizers on {self.jobs[0].task.title.split(' · ')[0]}"

    def _job(self, index: int) -> Job:
        """What was swept for one of `compared`."""
        key = self.compared[index].key
        return next(job for job in self.jobs if job.task.optimizer == key)

    @property
    def summary(self) -> str:
        """How to read the difference."""
        return " ".join(how_to_read(self.compared))

    def plot(self, palette: Palette) -> ComparePlot:
        """All curves with their picks."""
        from lrgui.plot.compare_plot import compare_plot

        sweeps = [job.sweep for job in self.jobs]
        limits = min(sweep.start_lr for sweep in sweeps), max(sweep.end_lr for sweep in sweeps)
        return compare_plot(self.compared, limits, palette)

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        """One line per measured point, the sweeps one after the other."""

        def lines() -> Iterator[Sequence[Cell]]:
            for each in self.compared:
                curve = each.reading.curve
                columns = (curve.lr.tolist(), curve.loss.tolist(), curve.smoothed.tolist())
                yield from ((each.key, step, *row) for step, row in enumerate(zip(*columns, strict=True)))

        return ("optimizer", "step", "lr", "loss", "smoothed"), lines()

    def to_dict(self) -> dict[str, Any]:
        """For each optimizer what a sweep of it alone would say, and how to read them: what `--json` prints."""
        found = []
        for index, each in enumerate(self.compared):
            report = Report(each.reading, self._job(index)).to_dict()
            del report["end"], report["selection"]
            found.append({"optimizer": each.key, "label": each.label, "safe_decades": each.safe_decades, **report})
        end = self.end
        return {
            "optimizers": found,
            "sentences": list(how_to_read(self.compared)),
            "end": None if end is None else {"reason": end.reason, "detail": end.detail},
        }

    def rows(self) -> list[tuple[str, ...]]:
        """The table of optimizers in words, below `HEADS`."""
        found: list[tuple[str, ...]] = []
        lowests = format_losses([each.lowest for each in self.compared])
        for each, lowest in zip(self.compared, lowests, strict=True):
            pick, zones = each.reading.recommendation, each.reading.zones
            rate = NOTHING if each.pick is None else format_lr(each.pick)
            safe = NOTHING if zones is None else f"{format_lr(zones.low_end)} to {format_lr(zones.high_start)}"
            sure = f"{GUESS}. {pick.reason}" if pick.lr is None else confidence_words(pick).removeprefix("confidence ")
            found.append((each.label, rate, sure, lowest, safe))
        return found

    def program(self) -> list[str]:
        """The same optimizers again."""
        from lrgui.export.comparison_program import optimizers_program

        return optimizers_program(self.jobs)

    def sections(self) -> list[Section]:
        """The table, how to read it, and the settings."""
        return [
            Section("Optimizers", HEADS, self.rows()),
            task_section(self.jobs[0]),
            settings_section(self.jobs[0].sweep),
        ]
