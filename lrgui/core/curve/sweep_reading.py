"""What a sweep says: everything that window, command line, Python, exports and integrations show of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from lrgui.core.curve.checklist import Check, checklist
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import Landmarks, find_landmarks
from lrgui.core.curve.measured import Race
from lrgui.core.curve.own_rate import OwnRate, where_it_lies
from lrgui.core.curve.plan import USUAL, Plan, rates_words
from lrgui.core.curve.recommend import GUESS, Recommendation, pick_label, recommend
from lrgui.core.curve.repeats import Repeats, combine, recommend_repeats, spread
from lrgui.core.curve.rules import Suggestion, suggest
from lrgui.core.curve.smoothing import Floats
from lrgui.core.curve.summary import interpret
from lrgui.core.curve.zones import Zones, find_zones
from lrgui.core.events import EndEvent
from lrgui.core.formats import exact_number
from lrgui.core.learning_rate import format_lr

#: Key of our own recommendation, beside those of the rules.
OURS = "ours"
#: Key of the sweep's own beside one that was measured.
READ = "read"


@dataclass(frozen=True)
class RuleRow:
    """A line of the table of rules, in words."""

    key: str
    """A rule's, or `OURS`."""
    label: str
    lr: float | None
    rate: str
    """The rate for people, "–" without one."""
    spread: str
    """Lowest and highest rate over the repeats, "1.2e-2 to 3e-2"; empty for one sweep."""
    reason: str


@dataclass(frozen=True)
class RateRange:
    """The rates around a recommendation."""

    low: float
    """Conservative: the recommendation less its factor, within which nearly optimal rates lie."""
    recommended: float
    high: float
    """Where divergence begins; where none was measured, the recommendation times its factor."""
    diverges: bool
    """True where the divergence was measured."""

    @property
    def limit_name(self) -> str:
        """What `high` is called."""
        return "upper limit" if self.diverges else "highest"

    @property
    def words(self) -> str:
        """All three in sentences."""
        end = "above which training diverges" if self.diverges else "since no divergence was measured"
        return (
            f"Conservative {format_lr(self.low)}, recommended {format_lr(self.recommended)}, "
            f"{self.limit_name} {format_lr(self.high)}, {end}."
        )


@dataclass(frozen=True)
class RuleMark:
    """Where a rule's rate is shown in a plot: on the line that the rule reads."""

    key: str
    label: str
    """As in the table of rules."""
    lr: float
    loss: float
    """The average's, which the rules read, at `lr`."""


@dataclass(frozen=True, eq=False)
class SweepReading:
    """One sweep, or repeats of it, read: all parts follow from the same curve and landmarks. Made by `read_sweep`."""

    curves: tuple[Curve, ...]
    """One per sweep."""
    curve: Curve
    """The measured curve; with repeats their median."""
    landmarks: Landmarks | None
    """None for too few points."""
    suggestions: dict[str, Suggestion]
    """What the rules that are shown say, by key."""
    recommendation: Recommendation
    """With repeats that of all together."""
    zones: Zones | None
    """As measured, or as given by the caller (dragged)."""
    interpretation: str
    """The curve read aloud."""
    checklist: tuple[Check, ...]
    selection: float | None
    """The rate that the person holds; the recommendation where nobody chose one, None without a reliable one."""
    end: EndEvent | None = None
    """How the run ended; None for one that was cut off, and where nobody said."""
    plan: Plan = USUAL
    """The training that the recommendation is meant for."""
    measured_zones: Zones | None = None
    """The zones as measured, whatever the caller made of them."""
    race: Race | None = None
    """The race of short trainings that measured the recommendation; None where it is read off the curve."""
    read: Recommendation | None = None
    """Beside a race: the sweep's own recommendation."""
    own: OwnRate | None = None
    """The rate that the optimizer had of its own; None where it had none, or nobody knows."""
    band: Repeats | None = None
    """Lowest and highest smoothed loss of the repeats; None for one sweep."""
    spread: dict[str, tuple[float | None, ...]] = field(default_factory=dict)
    """What every rule (by key) and our own (`OURS`) say about each repeat; empty for one sweep."""

    def with_selection(self, selection: float | None, zones: Zones | None) -> SweepReading:
        """The same curve with another selection and zones: only the checklist is computed again."""
        checks = checklist(self.curve, self.landmarks, self.recommendation, zones, selection, self.plan)
        return replace(self, selection=selection, zones=zones, checklist=checks)

    def with_race(self, race: Race) -> SweepReading:
        """The same with what a race around its recommendation, or guess, measured. A selection that was the
        recommendation follows it."""
        read = self.read or self.recommendation
        pick = race.recommendation(read, self.plan)
        chosen = self.selection if self.selection is not None and self.selection != self.recommendation.lr else pick.lr
        zones, marks = self.measured_zones, self.landmarks
        if zones is not None and marks is not None and pick.measured and pick.lr is not None:  # they hold the pick
            zones = find_zones(marks, min(zones.start, pick.lr), max(zones.end, pick.lr), pick.lr)
        shown = zones if self.zones == self.measured_zones else self.zones
        words = interpret(self.curve, marks, pick.lr is not None)
        after = replace(self, race=race, read=read, recommendation=pick, measured_zones=zones, interpretation=words)
        return after.with_selection(chosen, shown)

    def with_beta(self, beta: float) -> SweepReading:
        """The same with another β: it moves the average and so the rules that read it, and nothing else."""
        curves = tuple(curve.with_beta(beta) for curve in self.curves)
        curve = curves[0] if self.band is None else self.curve.with_beta(beta)
        return replace(
            self,
            curves=curves,
            curve=curve,
            suggestions=suggest(curve, self.landmarks),
            band=None if self.band is None else replace(self.band, curve=curve),
            spread=spread(curves, self.plan) if self.spread else {},
        )

    @cached_property
    def every_suggestion(self) -> dict[str, Suggestion]:
        """What all rules say, by key: those that are shown, and the known packages' own."""
        return suggest(self.curve, self.landmarks, every=True)

    @cached_property
    def marks(self) -> tuple[RuleMark, ...]:
        """The rules that are shown and point into the measured range, on the classic average."""
        rates = [(s.key, s.label, s.lr) for s in self.suggestions.values() if s.lr is not None]
        found = [RuleMark(key, label, lr, self.curve.average_at(lr)) for key, label, lr in rates]
        return tuple(mark for mark in found if math.isfinite(mark.loss))

    @property
    def own_words(self) -> str:
        """Where the optimizer's own rate lies, in a sentence; empty where none is known."""
        return where_it_lies(self.own, self.recommendation, self.curve, self.zones)

    @property
    def average_label(self) -> str:
        """What the classic average is called in a legend."""
        return f"average, β {exact_number(self.curve.beta)}"

    @property
    def both_rates(self) -> str:
        """Where nobody said which schedule is planned: the pick as OneCycle's maximum and as a constant rate, in one
        sentence; else empty."""
        pick = self.recommendation
        return rates_words(pick.by_schedule) if pick.lr is not None and self.plan.schedule is None else ""

    @property
    def range(self) -> RateRange | None:
        """Conservative, recommended and highest rate; None without a recommendation."""
        pick, zones = self.recommendation, self.measured_zones
        if pick.lr is None or pick.factor is None or not math.isfinite(pick.factor):
            return None
        diverges = zones is not None and zones.diverges and zones.high_start > pick.lr
        high = zones.high_start if zones is not None and diverges else pick.lr * pick.factor
        return RateRange(pick.lr / pick.factor, pick.lr, high, diverges)

    @property
    def table(self) -> tuple[RuleRow, ...]:
        """The table of rules in words, our recommendation (or guess) first."""
        return self._rows(self.suggestions)

    @property
    def full_table(self) -> tuple[RuleRow, ...]:
        """The same with the rules of the known packages."""
        return self._rows(self.every_suggestion)

    def _rows(self, suggestions: dict[str, Suggestion]) -> tuple[RuleRow, ...]:
        pick = self.recommendation
        rows = [(OURS, pick_label(pick), pick.best_guess, pick.reason)]
        if self.read is not None and pick.measured:
            label = GUESS if self.read.lr is None else "read off the curve"
            rows.append((READ, f"☆ {label}", self.read.best_guess, self.read.reason))
        rows += [(key, s.label, s.lr, s.reason) for key, s in suggestions.items()]
        return tuple(
            RuleRow(key, label, lr, "–" if lr is None else format_lr(lr), self._spread_words(key), reason)
            for key, label, lr, reason in rows
        )

    def spread_factor(self, key: str) -> float | None:
        """Highest over lowest rate of a rule; None for one sweep, or where fewer than two repeats have a rate."""
        rates = [rate for rate in self.spread.get(key, ()) if rate is not None]
        return max(rates) / min(rates) if len(rates) > 1 else None

    def _spread_words(self, key: str) -> str:
        if not self.spread or key == READ:
            return ""
        rates = [rate for rate in self.spread.get(key, ()) if rate is not None]
        if not rates:
            return "none"
        low, high = format_lr(min(rates)), format_lr(max(rates))
        words = low if low == high else f"{low} to {high}"
        return words if len(rates) == len(self.curves) else f"{words} ({len(rates)} of {len(self.curves)})"

    @property
    def columns(self) -> dict[str, Floats]:
        """Each repeat's losses and the band, at the points of the curve. Shape (m,), NaN where there is none."""
        if self.band is None:
            return {}
        count = len(self.curve)
        found: dict[str, Floats] = {}
        for number, curve in enumerate(self.curves, start=1):
            losses = np.full(count, np.nan)
            losses[: min(count, len(curve))] = curve.loss[:count]
            found[f"loss_{number}"] = losses
        return {**found, "low": self.band.low, "high": self.band.high}

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, what is not finite as None: what `lrgui find --json` prints."""
        pick, curve = self.recommendation, self.curve
        columns = {"lr": curve.lr, "loss": curve.loss, "smoothed": curve.smoothed, "average": curve.average}
        return {
            "lr": pick.lr,
            "confidence": pick.confidence,
            "factor": pick.factor,
            "reason": pick.reason,
            "best_guess": pick.best_guess,
            "by_schedule": pick.by_schedule,
            "measured": pick.measured,
            "measured_lr": pick.measured_lr,
            "read": None if self.read is None else _plain_pick(self.read),
            "race": None if self.race is None else self.race.to_dict(),
            "planned_schedule": self.plan.schedule,
            "planned_steps": self.plan.steps,
            "range_advice": None if pick.advice is None else asdict(pick.advice),
            "advice": None if (change := pick.next_sweep) is None else {**change.settings, "why": change.why},
            "own_lr": None if self.own is None else self.own.lr,
            "own_lr_words": self.own_words,
            "selection": self.selection,
            "suggestions": {key: {"lr": s.lr, "reason": s.reason} for key, s in self.every_suggestion.items()},
            "zones": None if self.zones is None else self.zones.to_dict(),
            "checklist": [{"key": c.key, "state": c.state, "text": c.text} for c in self.checklist],
            "interpretation": self.interpretation,
            "curve": {key: plain_numbers(values) for key, values in {**columns, **self.columns}.items()},
            "end": None if self.end is None else {"reason": self.end.reason, "detail": self.end.detail},
            "repeats": len(self.curves),
            "spread": {key: list(rates) for key, rates in self.spread.items()},
        }


def read_sweep(
    curves: Curve | Sequence[Curve],
    selection: float | None = None,
    zones: Zones | None = None,
    planned_range: tuple[float, float] | None = None,
    plan: Plan = USUAL,
    end: EndEvent | None = None,
    own: OwnRate | None = None,
) -> SweepReading:
    """Read the curve of one sweep, or the curves of repeats, which share their rates.

    `selection` is the rate that the person holds; without one the recommendation is taken, never a guess.
    `zones` overrides the measured zones. `planned_range` is the sweep's first and last planned rate; without
    it the measured ends are taken. `plan` is the training to come, `end` is how the run ended, `own` the rate that
    the optimizer had of its own.
    ValueError without curves, or where their rates differ.
    """
    curves = (curves,) if isinstance(curves, Curve) else tuple(curves)
    band = combine(curves) if len(curves) != 1 else None
    curve = curves[0] if band is None else band.curve
    landmarks = find_landmarks(curve)
    pick = recommend(curve, landmarks, plan) if band is None else recommend_repeats(curves, plan)
    # Beyond the last rate of a sweep that ended early nothing is known.
    measured_zones = None
    if landmarks is not None and (not curve.ended_early or landmarks.rises_at is not None):
        first, last = float(curve.lr[0]), float(curve.lr[-1])
        start, stop = planned_range or (first, last)
        measured_zones = find_zones(landmarks, min(start, first), max(stop, last), pick.lr)
    zones = zones if zones is not None else measured_zones
    if selection is None:
        selection = pick.lr
    return SweepReading(
        curves=curves,
        curve=curve,
        landmarks=landmarks,
        suggestions=suggest(curve, landmarks),
        recommendation=pick,
        zones=zones,
        interpretation=interpret(curve, landmarks, pick.lr is not None),
        checklist=checklist(curve, landmarks, pick, zones, selection, plan),
        selection=selection,
        end=end,
        plan=plan,
        measured_zones=measured_zones,
        own=own,
        band=band,
        spread=spread(curves, plan) if band is not None else {},
    )


def _plain_pick(pick: Recommendation) -> dict[str, Any]:
    return {"lr": pick.lr, "confidence": pick.confidence, "factor": pick.factor, "reason": pick.reason}


def plain_numbers(values: Floats) -> list[float | None]:
    """Values for JSON: None where one is not finite."""
    return [value if math.isfinite(value) else None for value in np.asarray(values).tolist()]
