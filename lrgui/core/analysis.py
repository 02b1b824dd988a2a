"""Everything that can be said about one curve, computed in one go from its raw losses."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lrgui.core.checklist import Check, checklist
from lrgui.core.curve import Curve
from lrgui.core.interpret import interpret
from lrgui.core.landmarks import Landmarks, find_landmarks
from lrgui.core.recommend import Recommendation, recommend
from lrgui.core.suggest import Suggestion, suggest
from lrgui.core.zones import Zones, find_zones

#: The tips of the classic guide: true of every pick.
TIPS: tuple[str, ...] = (
    "The pick holds for this batch size: double the batch, try double the rate.",
    "The pick holds for this optimizer: Adam's is usually near 1e-3, SGD's is higher.",
    "Sweep from fresh weights, unless your training starts from pretrained ones.",
    "BatchNorm statistics are reset before a sweep and put back after it.",
)


@dataclass(frozen=True, eq=False)
class Analysis:
    """A curve and what follows from it."""

    curve: Curve
    marks: Landmarks | None
    suggestions: dict[str, Suggestion]
    recommendation: Recommendation
    zones: Zones | None
    """As measured, or as given by the caller (dragged)."""
    interpretation: str
    checklist: tuple[Check, ...]
    selection: float | None

    def with_selection(self, selection: float | None, zones: Zones | None) -> Analysis:
        """The same curve with another selection and zones: only the checklist is computed again."""
        checks = checklist(self.curve, self.marks, self.recommendation, zones, selection)
        return replace(self, selection=selection, zones=zones, checklist=checks)


def analyse(
    curve: Curve,
    selection: float | None = None,
    zones: Zones | None = None,
    planned_range: tuple[float, float] | None = None,
    planned_steps: int | None = None,
    recommendation: Recommendation | None = None,
) -> Analysis:
    """Analyse a curve.

    `selection` is the rate that the person holds; without one the recommendation (or best guess) is taken.
    `zones` overrides the measured zones. `planned_range` is the sweep's first and last planned rate; without
    it the measured ends are taken. `planned_steps` are those of the training to come. `recommendation` is taken
    as it is where one is given (that of several repeats together).
    """
    marks = find_landmarks(curve)
    if recommendation is None:
        recommendation = recommend(curve, marks, planned_steps)
    if zones is None and marks is not None:
        start, end = planned_range or (float(curve.lr[0]), float(curve.lr[-1]))
        # Beyond the last rate of a sweep that ended early nothing is known.
        zones = find_zones(marks, start, end) if not curve.ended_early or marks.rises_at is not None else None
    if selection is None:
        selection = recommendation.lr if recommendation.lr is not None else recommendation.best_guess
    return Analysis(
        curve=curve,
        marks=marks,
        suggestions=suggest(curve, marks),
        recommendation=recommendation,
        zones=zones,
        interpretation=interpret(curve, marks),
        checklist=checklist(curve, marks, recommendation, zones, selection),
        selection=selection,
    )
