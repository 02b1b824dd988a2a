"""Runs of any kinds over each other on their way into a file: their curves, and the table of what they came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lrgui.core.curve.sweep_reading import plain_numbers
from lrgui.export.shown import Cell, Section, Shown
from lrgui.runs.overlay import ALIGN_WORDS, Overlay

if TYPE_CHECKING:
    from lrgui.plot.overlay_plot import OverlayPlot
    from lrgui.plot.theme import Palette


@dataclass(frozen=True, eq=False)
class OverlayReport(Shown):
    """Runs as they are shown over each other."""

    parts: ClassVar[tuple[str, ...]] = ("title", "legend", "marks")

    overlay: Overlay

    @property
    def title(self) -> str:
        """Title of its picture."""
        overlay = self.overlay
        count = len(overlay.runs) - len(overlay.view.hidden) or len(overlay.runs)
        return f"LR Finder: {count} runs by {ALIGN_WORDS[overlay.align].lower()}"

    @property
    def summary(self) -> str:
        """What the runs are, and how to read them."""
        return self.overlay.summary

    def plot(self, palette: Palette) -> OverlayPlot:
        """All curves that are shown; nothing can be clicked in a picture, so hidden runs have no entry."""
        from lrgui.plot.overlay_plot import overlay_plot

        return overlay_plot(self.overlay.without_hidden(), palette)

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        """One line per point of each curve as it is shown, the runs one after the other."""
        overlay = self.overlay

        def lines() -> Iterator[Sequence[Cell]]:
            for number, (label, traces) in enumerate(zip(overlay.labels, overlay.traces, strict=True)):
                if number in overlay.view.hidden:
                    continue
                for part, trace in enumerate(traces, 1):
                    points = zip(trace.x.tolist(), trace.y.tolist(), strict=True)
                    yield from ((label, part, x, y) for x, y in points)

        return ("run", "curve", str(overlay.align), overlay.y_title.lower()), lines()

    def to_dict(self) -> dict[str, Any]:
        """The runs with their settings, results and curves, and mean and spread over seeds as words."""
        overlay = self.overlay
        heads, rows = overlay.table()
        runs = []
        for number, (run, label) in enumerate(zip(overlay.runs, overlay.labels, strict=True)):
            result = run.result
            runs.append(
                {
                    "name": label,
                    "kind": str(run.kind),
                    "file": None if run.path is None else str(run.path),
                    "differs": {each.label: each.values[number] for each in overlay.differing},
                    "lr": result.rate,
                    "final_loss": result.final,
                    "best_loss": result.best,
                    "metric": result.metric_name or None,
                    "final_metric": result.final_metric,
                    "best_metric": result.best_metric,
                    "steps": run.steps,
                    "seconds": run.seconds,
                    "end": None if run.record.end is None else str(run.record.end.reason),
                    "curves": [
                        {"x": plain_numbers(trace.x), "y": plain_numbers(trace.y)} for trace in overlay.traces[number]
                    ],
                }
            )
        seeds = [dict(zip(heads, row, strict=True)) for row in rows[len(overlay.runs) :]]
        shown = {"by": str(overlay.align), "loss": str(overlay.scale), "quantity": str(overlay.quantity)}
        return {"shown": shown, "runs": runs, "seeds": seeds, "summary": self.summary}

    def program(self) -> list[str]:
        """The runs from their logs, drawn over each other."""
        from lrgui.export.comparison_program import overlay_program

        return overlay_program(self.overlay)

    def sections(self) -> list[Section]:
        """The table."""
        heads, rows = self.overlay.table()
        return [Section("Runs", heads, rows)]
