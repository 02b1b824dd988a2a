"""Our own recommendation, read off the centred smoothed loss."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from lrgui.core.curve.confidence import (
    CONFIDENCES,
    RESAMPLES,
    WORST,
    NoiseAdvice,
    RangeAdvice,
    advise,
    against_noise,
    judge,
    start_lower,
)
from lrgui.core.curve.curve import Curve, only_so_many
from lrgui.core.curve.forgetting import CAREFUL, forgets, learns
from lrgui.core.curve.landmarks import FEWEST_POINTS, VISIBLE, Landmarks, last_calm
from lrgui.core.curve.plan import ONE_CYCLE, SCHEDULES, USUAL, Plan
from lrgui.core.curve.smoothing import Floats
from lrgui.core.curve.valley import ANSWER, BREAK, Valley, find_valley
from lrgui.core.events import EndReason
from lrgui.core.formats import format_factor, format_loss, format_percent, format_ratio
from lrgui.core.learning_rate import format_lr

__all__ = ["CONFIDENCES", "NoiseAdvice", "RangeAdvice", "Recommendation", "recommend"]

#: A longer sweep has learnt more before it gets to a rate: its loss is low from lower rates on, but breaks where that
#: of a shorter one does, and the best rate is the same. From so much work before the middle on (`Curve.work_before`; it
#: is 15 steps in a sweep of 200 over six decades) …
LEARNT = 15.0
#: … the middle is raised by this power of it.
RAISE = 0.25
#: A raise of fewer decades than this is not worth a word.
SEEN = 0.05
#: The factor that is kept from the edge besides.
SAFETY = 10**0.2


@dataclass(frozen=True)
class Recommendation:
    """The rate that we would use, or honestly none.

    `best_guess` is given whenever a number can be computed; where `lr` is None it says where to measure, and nothing
    trains with it.
    """

    lr: float | None
    best_guess: float | None
    reason: str
    """How it came about, or why there is none and what to try."""
    confidence: str = "none"
    """One of `CONFIDENCES`."""
    factor: float | None = None
    """In nine of ten cases a nearly optimal rate lies within this factor of the recommendation ("within ×1.4").
    At least 1; None where there is no pick."""
    advice: RangeAdvice | None = None
    """The range to sweep next; None where this one was right."""
    by_schedule: dict[str, float] = field(default_factory=dict)
    """`best_guess` for each schedule that may be planned (`core.curve.plan.SCHEDULES`); empty without one."""
    noise_advice: NoiseAdvice | None = None
    """More steps at each rate, where noise is why there is no pick."""
    measured: bool = False
    """True where short trainings measured it, or what it is derived from; else it is read off the curve."""
    measured_lr: float | None = None
    """What they measured, the maximum of their OneCycles; None where there were none, or no winner."""

    @property
    def derived(self) -> bool:
        """True where that is another rate: the planned training is not what was measured."""
        found = self.lr is not None and self.measured_lr is not None
        return found and format_lr(self.lr or 0) != format_lr(self.measured_lr or 0)

    @property
    def next_sweep(self) -> RangeAdvice | NoiseAdvice | None:
        """What to change for the next sweep, the range first; None where this one was right."""
        return self.advice or self.noise_advice


def recommend(curve: Curve, marks: Landmarks | None, plan: Plan = USUAL, *, spread: float = 0.0) -> Recommendation:
    """The middle of the valley, but well before its far edge.

    The middle is the mean of log LR over the curve, each rate weighted with the fourth power of the share of the
    fall that is made there; the edge is the last rate at which half of the fall is still made. Both are taken a
    few steps back, because the loss answers late, and a factor of 1.6 is kept from the edge. That is the maximum of
    a short OneCycle; `plan` says by what it is multiplied for the training to come. `spread` is how far repeats
    differ, in decades: it counts where it is more than the curve's own noise explains.
    A middle that much was learnt before, as in long sweeps, is raised.
    """
    found = _of_one_cycle(curve, marks, plan, spread)
    if found.best_guess is None:
        return found
    rates = {key: _measured(curve, plan.share(key) * found.best_guess) for key in SCHEDULES}
    rate = rates[plan.schedule or ONE_CYCLE]
    return replace(found, lr=None if found.lr is None else rate, best_guess=rate, by_schedule=rates)


def _of_one_cycle(curve: Curve, marks: Landmarks | None, plan: Plan, spread: float) -> Recommendation:
    """The recommendation with the rates for a short OneCycle, but the words and the confidence for `plan`."""
    if marks is None:
        if curve.ended_early:
            return _ended_early(curve, None)
        if curve.broke and curve.planned_steps >= FEWEST_POINTS:
            return _none(None, only_so_many(len(curve)), start_lower(curve))
        return Recommendation(None, None, f"No reliable pick: {only_so_many(len(curve))}. Sweep more steps.")
    valley = find_valley(curve, RESAMPLES)
    # Of a curve of forgetting, that from the start on is looked at as well: the lower pick is the safer one.
    whole = find_valley(replace(curve, guessing=None), RESAMPLES) if forgets(curve, marks) else None
    advice = advise(curve, marks, valley)
    if curve.ended_early and (valley is None or marks.rises_at is None):
        return _ended_early(curve, None)
    valleys = [one for one in (valley, whole) if one is not None]
    if valley is None or not marks.falls or (whole is not None and not learns(curve, marks)):
        if curve.others and advice is None:
            return _moved_by_others(curve, marks)
        guess = _before_the_rise(curve, marks) if whole is None else float(10.0 ** _lowest_picks(curve, valleys)[0])
        change = advice or (against_noise(curve, marks) if whole is None else None)
        return _none(guess, marks.why_not or _no_valley(curve), change)
    picks = _lowest_picks(curve, valleys)
    guess = float(10.0 ** picks[0])
    if curve.ended_early:
        return _ended_early(curve, guess)
    moved = float(np.std(picks[1:]))
    steps = curve.planned_steps * curve.steps_per_point
    raised = float(_raised(curve, np.array([valley.middle]))[0])
    word, factor = judge(curve, marks, valley, max(moved, spread), plan.floor_read(steps), raised)
    lowest = min(valleys, key=lambda one: float(_picks(curve, np.array([one.middle]), np.array([one.edge]))[0]))
    most = "medium" if _held_back(curve, lowest) else "high"
    word = min(word, plan.at_most(steps), most, key=CONFIDENCES.index)
    if word == "none":
        if marks.still_falling:
            return _none(guess, "the sweep ended before the valley", advice)
        change = advice or against_noise(curve, marks, max(moved, spread))
        return _none(guess, f"the batch noise shifts it by a factor of {format_ratio(factor)}", change)
    reason = _reason(curve, lowest) + _guessing(valley, marks, whole is not None)
    reason += plan.remarks(steps)
    if advice is not None:
        reason += f" {advice.why}"
    return Recommendation(guess, guess, reason, word, factor, advice)


def _measured(curve: Curve, lr: float) -> float:
    """A pick or guess stays within what was measured."""
    return max(lr, float(curve.lr[0]))


def _picks(curve: Curve, middles: Floats, edges: Floats) -> Floats:
    """log10 of the pick for each middle and edge. Shapes (n,)."""
    picks: Floats = np.minimum(_middles(curve, middles), _limit(curve, edges))
    return picks


def _lowest_picks(curve: Curve, valleys: list[Valley]) -> Floats:
    """log10 of the pick, and of those of the resampled curves: the lowest of all `valleys`, with care where there are
    two. Shape (1 + resamples,)."""
    rows = [_picks(curve, np.append(one.middle, one.middles), np.append(one.edge, one.edges)) for one in valleys]
    lowest: Floats = np.min(rows, axis=0) - (CAREFUL if len(valleys) > 1 else 0.0)
    return lowest


def _middles(curve: Curve, middles: Floats) -> Floats:
    """The log10 rates that made each middle, as a sweep of the usual length would show them. Shape of `middles`."""
    return curve.steps_back(middles, ANSWER) + _raised(curve, middles)


def _raised(curve: Curve, middles: Floats) -> Floats:
    """By how many decades a long sweep's middles are raised. Shape of `middles`."""
    raised: Floats = RAISE * np.log10(np.maximum(curve.work_before(middles) / LEARNT, 1.0))
    return raised


def _before_the_rise(curve: Curve, marks: Landmarks) -> float | None:
    """A guess where no fall is seen: as far before the last rate at which the loss is still at its level as a pick
    stays before an edge. Where training breaks is seen even if a short sweep learns nothing. None for a constant."""
    if float(np.ptp(curve.loss)) == 0:
        return None
    last = curve.log_lr[last_calm(curve, marks)]
    return float(10.0 ** _limit(curve, np.array([last]))[0])


def _limit(curve: Curve, edges: Floats) -> Floats:
    """The highest log10 pick for each edge. Shape of `edges`."""
    return curve.steps_back(edges, BREAK) - float(np.log10(SAFETY))


def _held_back(curve: Curve, valley: Valley) -> bool:
    """True where the edge decides: it is so near that there is little room between learning and breaking. Such a pick
    is less certain than it looks (docs/explanation/suggestions.md)."""
    limit, middle = _limit(curve, np.array([valley.edge]))[0], _middles(curve, np.array([valley.middle]))[0]
    return bool(limit < middle)


def _reason(curve: Curve, valley: Valley) -> str:
    middle, edge = format_lr(10**valley.middle), format_lr(10**valley.edge)
    if _held_back(curve, valley):
        ends = "the sweep ends" if valley.open else "half of the fall is lost again"
        return f"{BREAK} steps and a factor of {format_ratio(SAFETY)} before {edge}, where {ends}."
    kept = "is not lost again in this range" if valley.open else f"is lost again at {edge}"
    raised = float(_raised(curve, np.array([valley.middle]))[0])
    more = f", raised by {format_factor(10**raised)} for the length of the sweep" if raised > SEEN else ""
    return f"{ANSWER} steps before the middle of the valley ({middle}){more}; half of the fall {kept}."


def _no_valley(curve: Curve) -> str:
    if curve.guessing is None:
        return "the loss never falls"
    return f"the loss never falls below that of guessing ({format_loss(curve.guessing)})"


def _guessing(valley: Valley, marks: Landmarks, forgetting: bool) -> str:
    """The sentence that says where the fall begins that counts, with a space before it; empty for the start."""
    if not valley.from_guessing or marks.level - valley.level <= VISIBLE * marks.fall:
        return ""
    level = format_loss(valley.level)
    if forgetting:
        share = format_percent(10**-CAREFUL)
        return f" Lowered to {share}: down to {level}, the loss of guessing, the network only forgets."
    return f" Only a fall below {level}, the loss of guessing, counts."


def _ended_early(curve: Curve, guess: float | None) -> Recommendation:
    """A sweep that did not get to its end is no ground for a pick, nor for another range."""
    fewer = f", or sweep {len(curve):,} steps" if len(curve) >= FEWEST_POINTS else ""
    ways_out: dict[str | None, str] = {
        None: "let it run to its end",
        EndReason.CANCELLED: "let it run to its end",
        EndReason.LEFT: "follow it to its end",
        EndReason.DATA_ENDED: f"let it train on more batches{fewer}",
    }
    way_out = ways_out.get(curve.end_reason, "fix that first")
    return Recommendation(None, guess, f"No reliable pick: {curve.cut_short}: {way_out}.")


def _none(guess: float | None, why: str, advice: RangeAdvice | NoiseAdvice | None) -> Recommendation:
    what = advice.why if advice is not None else "Try more steps, larger batches, or a model that learns faster."
    found = Recommendation(None, guess, f"No reliable pick: {why}. {what}")
    return replace(found, noise_advice=advice) if isinstance(advice, NoiseAdvice) else replace(found, advice=advice)


def _moved_by_others(curve: Curve, marks: Landmarks) -> Recommendation:
    """Of a loss that other optimizers move as well, as a GAN's: it has no rise to guess by, and no better range."""
    why = marks.why_not or _no_valley(curve)
    return Recommendation(
        None,
        None,
        f"No reliable pick: {why}, and the script's other optimizers move it, too. Race rates around its own, judged "
        "by what the script prints (lrgui run --verify --around --metric).",
    )


#: What a rate is called that is no reliable pick.
GUESS = "guess (no confidence)"


def pick_label(pick: Recommendation) -> str:
    """What stands before our rate in a table of rules."""
    if pick.measured:
        return "★ derived" if pick.derived else "★ measured"
    return f"☆ {GUESS}" if pick.lr is None and pick.best_guess is not None else "★ recommended"


def confidence_words(pick: Recommendation) -> str:
    """ "confidence high · within ×1.4", after a race "measured · confidence …", or "derived from a measured rate · …";
    for no pick "no confidence"."""
    if pick.lr is None:
        return "no confidence"
    how = "derived from a measured rate · " if pick.derived else "measured · " if pick.measured else ""
    words = f"{how}confidence {pick.confidence}"
    if pick.factor is None or not math.isfinite(pick.factor):
        return words
    if pick.factor >= WORST:
        return f"{words} · may be off by more than {format_factor(WORST)}"
    return f"{words} · within {format_factor(pick.factor)}"
