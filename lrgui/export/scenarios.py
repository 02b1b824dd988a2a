"""The picture of the three synthetic scenarios, and their points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.scenarios import SCENARIOS, Scenario, noisy_loss, rates
from lrgui.core.curve.smoothing import Floats
from lrgui.core.curve.sweep_reading import SweepReading, read_sweep
from lrgui.core.curve.zones import Zones
from lrgui.core.events import EndReason
from lrgui.core.learning_rate import format_lr
from lrgui.export.shown import Cell, Section, Shown

if TYPE_CHECKING:
    from lrgui.plot.scenario_plot import ScenarioPlot
    from lrgui.plot.theme import Palette

#: What the classic picture's file is called.
FILE_NAME = "learning_rate_finder_visualizations"
TITLE = "Learning-rate finder: what the curve says"


@dataclass(frozen=True)
class Scene(Shown):
    """What is on the picture: the scenarios as they are set, their noise's seed, and which one is chosen."""

    parts: ClassVar[tuple[str, ...]] = ("title", "legend", "zones", "selection")

    scenarios: tuple[Scenario, ...] = tuple(SCENARIOS.values())
    seed: int = 0
    chosen: str = "well_behaved"
    selection: float | None = None
    """The rate that the person picked; None before that."""
    zones: Zones | None = None
    """The zones as the person left them; None for those of the chosen scenario."""

    @property
    def lr(self) -> Floats:
        """The learning rates of all curves. Shape (200,)."""
        return rates()

    def loss(self, scenario: Scenario) -> Floats:
        """One scenario's noisy losses. Shape (200,)."""
        return noisy_loss(scenario, self.lr, self.seed)

    @property
    def scenario(self) -> Scenario:
        """The chosen scenario."""
        return next(s for s in self.scenarios if s.key == self.chosen)

    def curve(self, beta: float = 0.98) -> Curve:
        """The chosen scenario as if it had been measured."""
        lr = self.lr
        return Curve.measured(lr, self.loss(self.scenario), len(lr), beta, EndReason.COMPLETED)

    @property
    def title(self) -> str:
        """Title of the picture."""
        return TITLE

    @property
    def summary(self) -> str:
        """What the chosen curve is."""
        return f"Synthetic curves, nothing was trained. {self.scenario.label}: {self.scenario.words}"

    @property
    def _reading(self) -> SweepReading:
        return read_sweep(self.curve(), self.selection, self.zones or self.scenario.zones)

    def plot(self, palette: Palette) -> ScenarioPlot:
        """All curves, the chosen one strongest, with the zones and the pick."""
        from lrgui.plot.scenario_plot import ScenarioCurve, ScenarioPlot

        curves = [ScenarioCurve(s.key, s.label, self.lr, self.loss(s)) for s in self.scenarios]
        plot = ScenarioPlot(None, palette, grips=False)
        plot.show_curves(curves, self.chosen, self._reading, self.zones or self.scenario.zones)
        plot.set_selection(self.selection)
        return plot

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        """One column per scenario, one line per learning rate."""
        columns = [self.loss(scenario).tolist() for scenario in self.scenarios]
        return ("lr", *(scenario.key for scenario in self.scenarios)), zip(self.lr.tolist(), *columns, strict=True)

    def to_dict(self) -> dict[str, Any]:
        """The scenarios' settings and curves."""
        scenarios = [{**_plain(s), "loss": self.loss(s).tolist()} for s in self.scenarios]
        return {
            "synthetic": True,
            "seed": self.seed,
            "chosen": self.chosen,
            "selection": self.selection,
            "zones": (self.zones or self.scenario.zones).to_dict(),
            "lr": self.lr.tolist(),
            "scenarios": scenarios,
        }

    def program(self) -> list[str]:
        """The curves again."""
        from lrgui.export.comparison_program import scenarios_program

        return scenarios_program(self.scenarios, self.seed, self.selection)

    def sections(self) -> list[Section]:
        """What each curve is, and the numbers of the chosen one."""
        zones = self.zones or self.scenario.zones
        rows = [("Optimal zone", f"{format_lr(zones.low_end)} to {format_lr(zones.high_start)}")]
        if self.selection is not None:
            rows.insert(0, ("Your pick", format_lr(self.selection)))
        return [
            Section("Scenarios", ("scenario", "what it is"), [(s.label, s.words) for s in self.scenarios]),
            Section(self.scenario.label, ("", ""), rows),
        ]


def _plain(scenario: Scenario) -> dict[str, Any]:
    return {key: value for key, value in asdict(scenario).items() if isinstance(value, str | int | float)}
