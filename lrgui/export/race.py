"""A race on its way into a file: each training's losses, the ranking, and the winner."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from lrgui.core.curve.measured import Race
from lrgui.core.curve.sweep_reading import plain_numbers
from lrgui.core.events import EndEvent, EndReason
from lrgui.core.learning_rate import format_lr
from lrgui.core.standings import Ranking, standings_table
from lrgui.export.shown import Cell, Section, Shown, settings_section, task_section
from lrgui.runs.headline import headline
from lrgui.runs.job import Job
from lrgui.runs.race_record import RaceRecord

if TYPE_CHECKING:
    from lrgui.plot.race_bars import Candidate
    from lrgui.plot.race_plot import RacePlot
    from lrgui.plot.theme import Palette


@dataclass(frozen=True, eq=False)
class RaceReport(Shown):
    """A race as far as it went."""

    parts: ClassVar[tuple[str, ...]] = ("title", "legend", "marks")

    job: Job
    record: RaceRecord
    made: datetime | None = None
    """When it began; None where nobody knows."""

    @cached_property
    def ranking(self) -> Ranking:
        """What it says."""
        return self.record.standings.ranking()

    @property
    def title(self) -> str:
        """Title of its picture."""
        return f"Verify {format_lr(self.job.race.around)}: {headline(self.job, self.made, told=self.record.task)}"

    @property
    def summary(self) -> str:
        """The winner, or why there is none."""
        return self.ranking.reason

    @property
    def _validation(self) -> bool:
        return self.record.task is not None and self.record.task.val_size > 0

    def plot(self, palette: Palette) -> RacePlot:
        """All trainings, and a bar for each."""
        from lrgui.plot.race_plot import RacePlot

        plot = RacePlot(None, palette)
        plot.begin(self.job.race, self._validation)
        if len(self.record):
            plot.show_race(candidates(self.record), self.ranking, over=self.record.end is not None)
        return plot

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        """One line per optimizer step of each training."""

        def lines() -> Iterator[Sequence[Cell]]:
            for leg in self.record.legs:
                for step, loss in enumerate(self.record.losses(leg).tolist()):
                    yield leg.round + 1, leg.lr, step, loss

        return ("round", "max_lr", "step", "loss"), lines()

    def to_dict(self) -> dict[str, Any]:
        """The ranking as `lrgui verify --json` says it, and each training's losses."""
        record = self.record
        end = record.end or EndEvent(EndReason.CANCELLED, "The run was interrupted.")
        trainings = [
            {"round": leg.round + 1, "max_lr": leg.lr, "loss": plain_numbers(record.losses(leg))} for leg in record.legs
        ]
        return {
            **Race(self.job.race, self.ranking, record.standings.done, end).to_dict(),
            "trainings": trainings,
        }

    @property
    def swept(self) -> Job:
        """What was raced."""
        return self.job

    def sections(self) -> list[Section]:
        """The winner, the table and the settings."""
        ranking, end = self.ranking, self.record.end
        rows = [("Winner", "none" if ranking.lr is None else format_lr(ranking.lr)), ("Why", ranking.reason)]
        if end is not None and end.detail and ranking.reason not in end.detail:
            rows.append(("How it ended", end.detail))
        measured = any(row.metric is not None for row in ranking.rows)
        name = (self.record.standings.metric_name or "metric") if measured else None
        heads, table = standings_table(ranking.rows, self._validation, name)
        return [
            Section("Result", ("", ""), rows),
            Section("Trainings", tuple(heads), table),
            task_section(self.job),
            settings_section(self.job.race),
        ]

    def program(self) -> list[str]:
        """Race again."""
        from lrgui.export.program import race_program

        return race_program(self.job)


def candidates(record: RaceRecord, over: bool = True) -> list[Candidate]:
    """What the plot draws of each rate; `over`: none of them trains any more."""
    from lrgui.plot.race_bars import Candidate

    standings, running = record.standings, record.legs[-1] if record.legs else None
    found = []
    for number, lr in enumerate(standings.lrs):
        leg = record.latest(number)
        scores = [float(score) for score in standings.scores[:, number] if not math.isnan(score)]
        last = len(scores) - 1
        found.append(
            Candidate(
                number,
                lr,
                record.losses(leg) if leg is not None else record.loss[:0],
                leg.steps if leg is not None else 0,
                scores[-1] if scores else math.nan,
                standings.alive(last, number) if scores else True,
                running is not None and running.candidate == number and not over,
            )
        )
    return found
