"""Rules that turn a curve into a learning rate, each a pure function of the curve; a rule that cannot answer
says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lrgui.core.curve import known_rules
from lrgui.core.curve.curve import Curve, only_so_many
from lrgui.core.curve.known_rules import NEVER_FALLS
from lrgui.core.curve.landmarks import FEWEST_POINTS, Landmarks
from lrgui.core.curve.smoothing import Floats
from lrgui.core.learning_rate import format_lr


@dataclass(frozen=True)
class Suggestion:
    """What one rule says."""

    key: str
    label: str
    lr: float | None
    """None where the rule has no answer."""
    reason: str
    """How the number came about, or why there is none."""


@dataclass(frozen=True)
class Rule:
    """One rule: a place on the curve and what it is divided by."""

    key: str
    """ASCII, stable: used in JSON and on the command line."""
    label: str
    formula: str
    """One line for people."""
    find: Callable[[Curve], float | str]
    """The place on the curve that the rule looks at, or the reason why there is none."""
    divisor: float = 1.0
    """The suggestion is the place that `find` returns, divided by this."""
    source: str = "guide"
    """Where the rule comes from: the classic guide, or the package whose number this is."""
    shown: bool = True
    """False for rules that would crowd a picture: tables and files hold them on demand."""


def _steepest(curve: Curve) -> float | str:
    """LR at the most negative d(average)/d(log LR)."""
    slope = np.gradient(curve.average, np.log(curve.lr))
    index = int(np.argmin(slope))
    return float(curve.lr[index]) if slope[index] < 0 else NEVER_FALLS


def _minimum(curve: Curve) -> float | str:
    """LR of the lowest classic average."""
    index = int(np.argmin(curve.average))
    return float(curve.lr[index]) if index > 0 else NEVER_FALLS


def _near_minimum(curve: Curve) -> float | str:
    """First LR at which 95 % of the fall of the classic average is made."""
    average = curve.average
    lowest = int(np.argmin(average))
    if lowest == 0:
        return NEVER_FALLS
    level = float(np.median(average[: max(3, len(average) // 10)]))
    reached = np.flatnonzero(average <= level - 0.95 * (level - average[lowest]))
    return float(curve.lr[reached[0]])


def _package(compute: Callable[[Floats, Floats, int], known_rules.Answer]) -> Callable[[Curve], float | str]:
    """A package's rule as one of ours: it reads the raw losses, and NaN where the curve was cut."""

    def find(curve: Curve) -> float | str:
        # Rates of points that were cut are not kept; no rule answers with one of them.
        lr = np.concatenate([curve.lr, np.full(curve.dropped, curve.lr[-1])])
        loss = np.concatenate([curve.loss, np.full(curve.dropped, np.nan)])
        answer = compute(lr, loss, curve.planned_steps)
        return answer if isinstance(answer, str) else float(lr[answer])

    return find


#: A place this many times below the visible fall is noise: the average wavers most over its first points.
FAR_BEFORE = 10.0

#: In the labels of rules whose minimum is not that of the curve.
OF_AVERAGE = "avg. "

#: First the rules of the classic guide, on the average that is debiased, β as set, nothing trimmed; then those of
#: published packages, each with its own smoothing and trimming, to the package's number.
RULES: tuple[Rule, ...] = (
    Rule("steepest", "steepest", "the rate at which the average falls fastest per decade", _steepest),
    Rule("steepest_div10", "steepest ÷ 10", "a tenth of the steepest rate", _steepest, 10.0),
    Rule("minimum_div10", f"{OF_AVERAGE}minimum ÷ 10", "a tenth of the rate of the lowest average", _minimum, 10.0),
    Rule("minimum_div2", f"{OF_AVERAGE}minimum ÷ 2", "half the rate of the lowest average", _minimum, 2.0),
    Rule(
        "near_minimum",
        f"near {OF_AVERAGE}minimum",
        "the first rate with 95 % of its fall made",
        _near_minimum,
    ),
    Rule(
        "fastai_steep",
        "fastai steep",
        "the left end of the step with the lowest slope per decade",
        _package(known_rules.fastai_steep),
        source="fastai",
        shown=False,
    ),
    Rule(
        "fastai_valley",
        "fastai valley",
        "about half of the way along the longest falling run",
        _package(known_rules.fastai_valley),
        source="fastai",
        shown=False,
    ),
    Rule(
        "fastai_slide",
        "fastai slide",
        "where the slope, seen from the right, stops changing",
        _package(known_rules.fastai_slide),
        source="fastai",
        shown=False,
    ),
    Rule(
        "fastai_minimum",
        "fastai minimum",
        "a tenth of the rate of the lowest average, the ends left out",
        _package(known_rules.fastai_minimum),
        10.0,
        source="fastai",
        shown=False,
    ),
    Rule(
        "torch_lr_finder",
        "torch-lr-finder",
        "the lowest slope per step of its own average",
        _package(known_rules.torch_lr_finder),
        source="torch-lr-finder",
        shown=False,
    ),
    Rule(
        "ignite",
        "Ignite",
        "the lowest slope per step before the lowest average",
        _package(known_rules.ignite),
        source="pytorch-ignite",
        shown=False,
    ),
    Rule(
        "lightning",
        "Lightning",
        "the lowest slope per learning rate, on a linear axis",
        _package(known_rules.lightning),
        source="lightning",
        shown=False,
    ),
)


def suggest(curve: Curve, marks: Landmarks | None, *, every: bool = False) -> dict[str, Suggestion]:
    """What the shown rules say about the curve (with `every` all of them), by key, in the order of `RULES`."""
    return {rule.key: _apply(rule, curve, marks) for rule in RULES if every or rule.shown}


def _apply(rule: Rule, curve: Curve, marks: Landmarks | None) -> Suggestion:
    if marks is None:
        reason = f"{only_so_many(len(curve)).capitalize()}; a rule needs at least {FEWEST_POINTS}."
        return Suggestion(rule.key, rule.label, None, reason)
    if not marks.falls:
        # The argmin of noise is a number too, and the reason why static rules mislead: say no instead.
        return Suggestion(rule.key, rule.label, None, _sentence(marks.why_not))
    answer = rule.find(curve)
    if isinstance(answer, str):
        return Suggestion(rule.key, rule.label, None, answer)
    if answer < marks.begins_at / FAR_BEFORE:
        reason = f"It points to {format_lr(answer)}, in the noise before the loss starts to fall."
        return Suggestion(rule.key, rule.label, None, reason)
    return Suggestion(rule.key, rule.label, answer / rule.divisor, _sentence(rule.formula))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
