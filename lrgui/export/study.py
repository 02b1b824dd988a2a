"""A study on its way into a file: its table, its heat map, and how the rate follows the batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lrgui.export.overlay import OverlayReport
from lrgui.export.shown import Cell, Section, Shown, settings_section
from lrgui.runs.opened import open_run
from lrgui.runs.overlaid import OverlaidRun
from lrgui.runs.overlay import Overlay
from lrgui.studies.plan import value_words
from lrgui.studies.results import StudyResults

if TYPE_CHECKING:
    from lrgui.plot.heat_map import HeatMapPlot
    from lrgui.plot.theme import Palette

#: More curves than this in one picture cannot be told apart.
MOST_CURVES = 12


@dataclass(frozen=True, eq=False)
class StudyReport(Shown):
    """Everything that a study knows."""

    parts: ClassVar[tuple[str, ...]] = ("title", "legend")

    results: StudyResults

    @property
    def title(self) -> str:
        """Title of its picture."""
        if not self.results.rows:
            return "LR Finder: a study"
        task = self.results.rows[0].run.stages[0].job.task.title.split(" · ")[0]
        return f"LR Finder: learning rates on {task}"

    @property
    def summary(self) -> str:
        """How the rate follows the batch, and what is best."""
        return " ".join(self.results.sentences())

    def plot(self, palette: Palette) -> HeatMapPlot:
        """The heat map of the rates."""
        from lrgui.plot.heat_map import heat_map_plot

        return heat_map_plot(self.results.heat_map(), palette)

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        """One line per run."""
        lines = ([value if _is_cell(value) else value_words("", value) for value in each] for each in self._records())
        return self.results.columns, lines

    def typed_columns(self) -> dict[str, Sequence[Any]]:
        """The same with plain values: what was not measured is None."""
        return dict(zip(self.results.columns, zip(*self.results.records(), strict=True), strict=True))

    def _records(self) -> Iterable[Sequence[Any]]:
        return ([("" if value is None else value) for value in each] for each in self.results.records())

    def to_dict(self) -> dict[str, Any]:
        """The study, its runs, its combinations, and how the rate follows the batch: what `--json` prints."""
        results = self.results
        cells = [
            {"values": cell.values, "lr": cell.lr, "sure": cell.sure, "rates": cell.rates} for cell in results.cells
        ]
        best = results.best
        return {
            "study": results.plan.spec.to_dict(),
            "folder": str(results.folder),
            "runs": [dict(zip(results.columns, each, strict=True)) for each in results.records()],
            "combinations": cells,
            "scaling": [
                {"values": rule.values, "expected": rule.expected, **asdict(rule.scaling)} for rule in results.rules
            ],
            "best": None if best is None else {"values": best.values, "lr": best.lr, "by": results.criterion},
            "missing": results.missing,
            "sentences": results.sentences(),
        }

    def program(self) -> list[str]:
        """The same study again."""
        from lrgui.export.comparison_program import study_program

        return study_program(self.results.plan.spec, str(self.results.folder.absolute()))

    def sections(self) -> list[Section]:
        """The table, what it says, and the settings."""
        heads, rows = self.results.table()
        found = [
            Section("Combinations", heads, rows),
            Section("What it says", lines=tuple(self.results.sentences())),
        ]
        if self.results.rows:
            found.append(settings_section(self.results.rows[0].run.stages[0].job.sweep))
        return found


def overlay_of(results: StudyResults) -> OverlayReport | None:
    """The curves of the sweeps, one for each combination (its first seed that was measured), the best first where
    there are more than can be told apart; None where there is none."""
    runs, labels = list[OverlaidRun](), list[str]()
    best = results.ranking(results.criterion) if len(results.cells) > MOST_CURVES else []
    for cell in {id(cell): cell for cell in (*best, *results.cells)}.values():
        row = next((row for row in cell.rows if row.swept is not None and row.swept.good), None)
        if row is None or len(runs) == MOST_CURVES:
            continue
        try:
            runs.append(OverlaidRun.of(open_run(row.log), row.log))
        except (OSError, ValueError):
            continue  # the log was deleted; the journal has its numbers
        labels.append(cell.words)
    return OverlayReport(Overlay(tuple(runs), tuple(labels))) if runs else None


def _is_cell(value: object) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)
