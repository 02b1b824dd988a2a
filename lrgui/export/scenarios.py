"""The picture of the three synthetic scenarios, and their points."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.scenarios import SCENARIOS, Scenario, noisy_loss, rates
from lrgui.core.curve.smoothing import Floats
from lrgui.core.curve.sweep_reading import SweepReading, read_sweep
from lrgui.core.events import EndReason

if TYPE_CHECKING:
    from lrgui.plot.scenario_plot import ScenarioCurve

#: What the classic picture's file is called.
FILE_NAME = "learning_rate_finder_visualizations"
TITLE = "Learning-rate finder: what the curve says"


@dataclass(frozen=True)
class Scene:
    """What is on the picture: the scenarios as they are set, their noise's seed, and which one is chosen."""

    scenarios: tuple[Scenario, ...] = tuple(SCENARIOS.values())
    seed: int = 0
    chosen: str = "well_behaved"

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


def scenarios_png(scene: Scene) -> bytes:
    """8 × 5 inches at 300 DPI. Needs Qt, but no display."""
    from lrgui.plot.picture import ensure_application, png_bytes
    from lrgui.plot.scenario_picture import scenario_picture

    ensure_application()
    return png_bytes(scenario_picture(_curves(scene), scene.chosen, _reading(scene), scene.scenario.zones, TITLE))


def scenarios_svg(scene: Scene) -> bytes:
    """The same picture as scalable vector graphics."""
    from lrgui.plot.picture import ensure_application
    from lrgui.plot.scenario_picture import scenario_svg

    ensure_application()
    return scenario_svg(_curves(scene), scene.chosen, _reading(scene), scene.scenario.zones, TITLE)


def scenarios_csv(scene: Scene) -> bytes:
    """One column per scenario, one line per learning rate, numbers at full precision."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("lr", *(scenario.key for scenario in scene.scenarios)))
    columns = [scene.loss(scenario).tolist() for scenario in scene.scenarios]
    writer.writerows(zip(scene.lr.tolist(), *columns, strict=True))
    return out.getvalue().encode()


def _curves(scene: Scene) -> list[ScenarioCurve]:
    from lrgui.plot.scenario_plot import ScenarioCurve

    return [ScenarioCurve(s.key, s.label, scene.lr, scene.loss(s)) for s in scene.scenarios]


def _reading(scene: Scene) -> SweepReading:
    return read_sweep(scene.curve(), zones=scene.scenario.zones)
