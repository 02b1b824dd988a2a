"""The five questions to ask after a sweep, each answered with its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lrgui.core.curve.confidence import clear_fall
from lrgui.core.curve.curve import Curve, only_so_many
from lrgui.core.curve.landmarks import Landmarks
from lrgui.core.curve.plan import ONE_CYCLE, SCHEDULES, USUAL, Plan
from lrgui.core.curve.recommend import Recommendation
from lrgui.core.curve.zones import Zones
from lrgui.core.formats import format_change, format_loss, format_ratio
from lrgui.core.learning_rate import format_lr, same_lr

#: What stands before an answer.
SIGNS = {"good": "✓", "bad": "✗", "open": "!"}


@dataclass(frozen=True)
class Check:
    """One question's answer: `good`, `bad`, or `open` where only training can tell."""

    key: str
    state: Literal["good", "bad", "open"]
    text: str

    @property
    def sign(self) -> str:
        """✓, ✗ or !"""
        return SIGNS[self.state]


def checklist(
    curve: Curve,
    marks: Landmarks | None,
    recommendation: Recommendation,
    zones: Zones | None,
    selection: float | None,
    plan: Plan = USUAL,
) -> tuple[Check, ...]:
    """Five checks in the order in which a person asks them."""
    return (
        _falls(curve, marks),
        _lowest(curve, marks),
        _pick(curve, marks, recommendation, zones, selection),
        _schedule(selection, plan),
        Check(
            "monitor",
            "open",
            "While training: validation loss rising? Lower the rate or use ReduceLROnPlateau. "
            "Diverged (NaN or explosion)? Rate ÷ 10 and restart.",
        ),
    )


def _falls(curve: Curve, marks: Landmarks | None) -> Check:
    if marks is None:
        return Check("falls", "bad", f"{only_so_many(len(curve)).capitalize()}: too few to see a fall")
    if curve.ended_early and marks.rises_at is None:
        return Check("falls", "bad", f"No fall to judge: {curve.cut_short}")
    if not marks.falls:
        return Check("falls", "bad", f"No sharp fall: {marks.why_not}")
    noise = (
        f", {format_ratio(marks.fall / curve.noise)} times the batch noise" if curve.noise > curve.resolution else ""
    )
    words = f"{' to '.join(format_change(marks.level, marks.lowest))}{noise}"
    if not clear_fall(curve, marks.fall):
        return Check("falls", "bad", f"The loss hardly falls ({words})")
    return Check("falls", "good", f"The loss falls sharply ({words})")


def _lowest(curve: Curve, marks: Landmarks | None) -> Check:
    if marks is None or not marks.falls:
        return Check("lowest", "bad", "No lowest loss before an explosion")
    at = f"{format_lr(marks.lowest_at)} (loss {format_loss(marks.lowest)})"
    if curve.ended_early and marks.rises_at is None:
        return Check("lowest", "bad", f"Lowest so far at {at}; {curve.cut_short}")
    if marks.still_falling:
        return Check("lowest", "bad", f"Still falling at the end, lowest so far at {at}: extend the sweep")
    if marks.rises_at is None and marks.stopped_at is None:
        return Check("lowest", "open", f"Lowest loss at {at}; no explosion in this range")
    if not marks.explodes:
        return Check("lowest", "good", f"Lowest loss at {at}, before it rises again")
    return Check("lowest", "good", f"Lowest loss before the explosion at {at}")


def _pick(
    curve: Curve,
    marks: Landmarks | None,
    recommendation: Recommendation,
    zones: Zones | None,
    selection: float | None,
) -> Check:
    if curve.ended_early:
        return Check("pick", "bad", f"No rate to pick: {curve.cut_short}")
    if marks is None or not marks.falls:
        return Check("pick", "bad", "No rate to pick from this curve")
    low, middle, high = marks.lowest_at / 10, marks.lowest_at / 2, marks.lowest_at
    ours = recommendation.lr
    guide = f"Lowest ÷ 10 = {format_lr(low)}, ÷ 2 = {format_lr(middle)} (classic bounds)"
    guide += f", recommended {format_lr(ours)}" if ours is not None else ""
    if selection is None:
        return Check("pick", "open", f"{guide}; nothing is selected yet")
    # A number typed as it was shown, with two digits, counts as that rate.
    if zones is not None and selection < zones.low_end and not same_lr(selection, zones.low_end):
        return Check("pick", "bad", f"{guide}; the selection is in the too-low zone")
    above = zones is not None and selection > zones.high_start and not same_lr(selection, zones.high_start)
    if zones is not None and zones.diverges and above:
        return Check("pick", "bad", f"{guide}; the selection is in the divergence zone")
    if ours is not None and same_lr(selection, ours):
        return Check("pick", "good", f"{guide}; the recommended rate is selected")
    if selection < low and not same_lr(selection, low):
        return Check("pick", "good", f"{guide}; the selection is below the classic bounds: safe but slow")
    if selection <= middle or same_lr(selection, middle):
        return Check("pick", "good", f"{guide}; the selection lies between the bounds")
    if ours is not None and selection < ours:  # a safer rate is never worse than the recommended one
        return Check("pick", "good", f"{guide}; the selection is below the recommended rate")
    if selection <= high:
        return Check("pick", "open", f"{guide}; the selection is close to the minimum: bold")
    return Check("pick", "bad", f"{guide}; the selection is past the minimum")


def _schedule(selection: float | None, plan: Plan) -> Check:
    if plan.schedule in (None, ONE_CYCLE):
        if selection is None:
            return Check("one_cycle", "open", "OneCycle: select a rate to set its max LR")
        return Check("one_cycle", "good", f"OneCycle with max LR = {format_lr(selection)}")
    label = SCHEDULES[plan.schedule or ONE_CYCLE]
    if selection is None:
        return Check("one_cycle", "open", f"{label}: select its highest rate")
    also = f" (OneCycle's maximum would be {format_lr(plan.as_one_cycle(selection))})" if plan.differs else ""
    return Check("one_cycle", "good", f"{label}, highest rate {format_lr(selection)}{also}")
