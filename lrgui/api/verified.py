"""What `verify` found: the winner, the table, and how the race ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrgui.api.end import End
from lrgui.api.text_lines import table_lines, wrapped
from lrgui.core.events import ERRORS
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Ranking, Standing, standings_table
from lrgui.plot.theme import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False)
class Verified:
    """What one call of `verify` found; nothing in it is changed later."""

    config: RaceSettings
    """The race's settings."""
    ranking: Ranking
    """The whole table (`ranking.rows`) and the smooth through it."""
    end: End
    """Why the race ended."""
    title: str
    """What raced, for people."""
    validation: bool
    """True where the losses are validation losses, False where they are the last training losses."""
    metric_name: str | None
    """What the rows' `metric` is called; None without one."""
    steps: int
    """Optimizer steps that were made."""
    seconds: float
    """Seconds from the first to the last step."""
    notes: tuple[str, ...] = ()
    """Sentences about what should be known of this race."""

    @property
    def lr(self) -> float | None:
        """The winner, read off the smooth through the candidates; None where none finished, or none ended better than
        the untrained model."""
        return self.ranking.lr

    @property
    def confirmed(self) -> bool:
        """True where the rate raced around trained as well as the best, within the noise of trainings."""
        return self.ranking.confirmed

    @property
    def untrained(self) -> float | None:
        """The loss, or the metric that decides, before any training; None where it was not measured."""
        before = self.ranking.untrained
        return None if before is None else self.ranking.judge.figure(before)

    @property
    def rows(self) -> tuple[Standing, ...]:
        """The candidates, best first: `place`, `lr`, `loss`, `metric`, `steps`, `alive`, `diverged`."""
        return self.ranking.rows

    @property
    def reason(self) -> str:
        """How the winner came about, in two sentences."""
        return self.ranking.reason

    def __repr__(self) -> str:
        return f"<Verified {' '.join(self.title.split())}: {self._winner}, {self.steps:,} steps, {self.end.reason}>"

    def __str__(self) -> str:
        lines = [self.title, f"Learning rate: {self._winner}", ""]
        lines += [*table_lines(*self.table()), ""]
        # The end of a race that was not broken off tells the reason itself.
        said = [self.end.detail] if self.reason in self.end.detail else [self.reason, self.end.detail]
        for words in [*said, *(f"Note: {note}" for note in self.notes)]:
            lines += wrapped(words)
        if self.end.traceback:
            lines += ["", self.end.traceback.rstrip()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """A picture and a table for notebooks."""
        from lrgui.api.figure import inline_svg
        from lrgui.api.html_parts import card, paragraph, table_of
        from lrgui.api.race_drawing import SIZE

        number = "No winner" if self.lr is None else format_lr(self.lr)
        parts = [
            paragraph(f"Learning rate {number}", LIGHT.warning if self.lr is None else LIGHT.accent, size=18),
            inline_svg(self.plot, self.reason, SIZE),
            table_of(*self.table()),
            paragraph(self.reason),
        ]
        if self.reason not in self.end.detail:
            parts.append(paragraph(self.end.detail, LIGHT.error if self.end.reason in ERRORS else LIGHT.muted))
        parts += [paragraph(f"Note: {note}") for note in self.notes]
        return card("\n".join(parts))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the candidates' losses with matplotlib, on `ax` or on a new figure; returns the axes."""
        from lrgui.api.race_drawing import draw_race

        name = self.ranking.judge.metric or ("Validation loss" if self.validation else "Training loss")
        return draw_race(self.ranking, 10.0**self.config.distance, name, ax)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Heads and cells of the ranked table, as words."""
        return standings_table(self.rows, self.validation, self.metric_name)

    @property
    def _winner(self) -> str:
        return "none" if self.lr is None else format_lr(self.lr)
