"""Who leads a race, who is out, and which learning rate is read off it. Needs no torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lrgui.core import bracket, halving
from lrgui.core.events import CandidateEvent, Event, StandingEvent, TaskEvent, UntrainedEvent
from lrgui.core.formats import NOTHING, format_figure, format_losses, format_metric
from lrgui.core.judge import Judge, judge_of, other_judge
from lrgui.core.learning_rate import format_lr, same_lr
from lrgui.core.run_settings import RaceSettings, counted

Floats = NDArray[np.float64]

#: The safety step: the winner lies this far, in octaves, below the lowest point of the smooth. The loss rises faster
#: above it than below, and with other weights and batches the edge may lie lower. Measured
#: (docs/explanation/verify.md).
SAFE = 0.25
SAFE_FACTOR = 2.0**SAFE
#: Two trainings whose losses differ by less than this share of the fall may as well be equal: with other weights and
#: another order of the data the same rate ends so far away. Measured (docs/explanation/verify.md).
NOISE = 0.02
#: Points of the smooth as it is drawn.
POINTS = 61
#: Without validation data a candidate is judged by the mean of this last share of its training losses: they belong to
#: nearly the same weights, the more so where the rate is low by then.
LAST_SHARE = 0.2


def last_steps(steps: int) -> int:
    """How many of a training's last losses it is judged by, without validation data."""
    return max(1, round(LAST_SHARE * steps))


@dataclass(frozen=True)
class Standing:
    """One line of the table."""

    place: int
    """From 1."""
    candidate: int
    """From 0, by rising learning rate."""
    lr: float
    """Max learning rate of its trainings."""
    loss: float
    """Its loss in its last round; infinite where it diverged, NaN where it has not run."""
    metric: float | None
    round: int
    """Its last round, from 0; -1 where it has not run."""
    steps: int
    """Steps that its training made in that round; those that were planned where nobody counted them."""
    alive: bool
    """False once it is out."""
    rounds: int = 1
    """How many rounds the race has."""
    score: float = math.nan
    """What it was judged by in its last round, the lower the better (`Ranking.judge`); infinite and NaN as `loss`."""

    @property
    def diverged(self) -> bool:
        """True where its training broke."""
        return math.isinf(self.loss)

    @property
    def words(self) -> str:
        """How far it got."""
        if self.round < 0:
            return "not run"
        if self.rounds == 1:
            return "diverged" if self.diverged else "trained"
        where = f"round {self.round + 1}"
        return f"diverged in {where}" if self.diverged else where if self.alive else f"out after {where}"


@dataclass(frozen=True)
class Ranking:
    """What a race says, at its end or so far."""

    rows: tuple[Standing, ...]
    """The candidates, best first: those that got farther come before the others. Of a race that brackets only those
    that were trained, of a fixed field all."""
    lr: float | None
    """The winner, a safety step below the lowest point of the smooth; None where nobody finished, or nobody ended
    better than the untrained model."""
    reason: str
    lowest: float | None = None
    """The rate at which the smooth is lowest, or the best training's where there is none; None as `lr`."""
    confirmed: bool = False
    """True where the rate raced around trained as well as the best, within the noise of trainings, and was compared
    with both neighbours."""
    untrained: float | None = None
    """The score before any training; None where it was not measured."""
    judge: Judge = field(default_factory=Judge)
    """What the trainings are judged by: their losses, or a metric."""
    smooth_lr: Floats = field(default_factory=lambda: np.empty(0))
    """Rates of the smooth, rising; empty where fewer than three losses are there. Shape (`POINTS`,)."""
    smooth_score: Floats = field(default_factory=lambda: np.empty(0))
    """The smooth's scores, at the level of the last round. Same shape."""

    @property
    def smooth_figure(self) -> Floats:
        """The smooth in what is judged: losses, or a metric. Shape (`POINTS`,)."""
        return self.judge.sign * self.smooth_score

    @property
    def leader(self) -> Standing | None:
        """The best candidate, None where nobody finished."""
        best = self.rows[0] if self.rows else None
        return best if best is not None and best.round >= 0 and not best.diverged else None


class Standings:
    """Collects a race's events: who races in which round, and with what result."""

    def __init__(self, config: RaceSettings, metric_name: str = "") -> None:
        self.config = config
        self.metric_name = config.metric_name or metric_name
        """What is measured beside the losses; a `TaskEvent` says it, too."""
        self.lrs = config.lrs()
        self.scores: Floats = np.full((config.stages, config.places), np.nan)
        """What they are judged by, the lower the better, by round and candidate; NaN where one has not finished,
        infinite where it diverged."""
        self.untrained: float | None = None
        """The score before any training; None where it is unknown or not finite."""
        self._measured: dict[tuple[int, int], tuple[float, float | None]] = {}
        """Losses and metrics by round and candidate."""
        self._made: dict[tuple[int, int], int] = {}
        """Steps so far, by round and candidate."""
        self._before: tuple[float, float | None] = (math.nan, None)
        """The same before any training."""
        self.done = 0
        """Optimizer steps so far, without those of candidates that diverged past their divergence."""

    def add(self, events: Iterable[Event]) -> None:
        """Take in more events; others than a race's are passed over."""
        for event in events:
            if isinstance(event, CandidateEvent):
                self.done += 1
                where = event.round, event.candidate
                self._made[where] = self._made.get(where, 0) + 1
            elif isinstance(event, TaskEvent):
                self.metric_name = self.config.metric_name or event.metric_name
            elif isinstance(event, UntrainedEvent):
                self._before = (counted(event.loss), event.metric)
                score = self.judge.score(*self._before)
                self.untrained = score if math.isfinite(score) else None
            elif isinstance(event, StandingEvent):
                where = event.round, event.candidate
                loss = event.loss if math.isfinite(counted(event.loss)) else math.inf
                self._measured[where] = loss, event.metric
                self.scores[where] = self.judge.score(loss, event.metric)

    @property
    def judge(self) -> Judge:
        """What the trainings are judged by."""
        return judge_of(self.config, self.metric_name)

    @property
    def judged(self) -> int:
        """How many trainings have ended, with a loss or broken."""
        return len(self._measured)

    def contestants(self, number: int) -> list[int]:
        """The candidates of round `number`, by rising rate; where the race brackets, those that were trained."""
        if self.config.rates is None:
            return list(self._trained())
        return halving.contestants(self.config, self.scores, number)

    def following(self, number: int) -> int | None:
        """The candidate that trains next in round `number`, None where the round is over."""
        if self.config.rates is None:
            return bracket.next_place(self._trained(), self.config.middle, self.config.trainings)
        return halving.following(self.config, self.scores, number)

    def complete(self, number: int) -> bool:
        """True once all candidates of that round have finished."""
        return (number == 0 or self.complete(number - 1)) and self.judged > 0 and self.following(number) is None

    def place_in_race(self, number: int) -> str:
        """How far the race is while a training of round `number` goes on: "training 2 of at most 5", "round 1 of 3"."""
        if self.config.rates is not None:
            return f"round {number + 1} of {self.config.stages}"
        return f"training {min(self.judged + 1, self.config.trainings)} of at most {self.config.trainings}"

    def alive(self, number: int, candidate: int) -> bool:
        """True where a candidate goes on after round `number`, or stands in the last round without divergence."""
        if number + 1 < self.config.stages and self.complete(number):
            return candidate in self.contestants(number + 1)
        return not math.isinf(self.scores[number, candidate])

    def settled(self, number: int) -> list[StandingEvent]:
        """What is said of the candidates when round `number` is over."""
        return [self._standing(number, one, self.alive(number, one)) for one in self.contestants(number)]

    def ranking(self) -> Ranking:
        """The table and the winner, from the rounds that are complete (of a first one that isn't: so far)."""
        config = self.config
        over = [n for n in range(config.stages) if self.complete(n) and np.isfinite(self.scores[n]).any()]
        last = max(over, default=0)
        ran = range(config.places) if config.rates is not None else self.contestants(0)
        rows = sorted((self._row(candidate, last) for candidate in ran), key=_order)
        placed = tuple(replace(row, place=place) for place, row in enumerate(rows, start=1))
        finalists = [c for c in self.contestants(last) if math.isfinite(self.scores[last, c])]
        nobody = self._no_winner(placed, finalists)
        if nobody:
            return Ranking(placed, None, nobody, untrained=self.untrained, judge=self.judge)
        fit = self._fit(finalists, last)
        bottom = self._lowest(fit, finalists, last)
        lowest, lr = self._rate(bottom), self._rate(bottom - SAFE * math.log10(2) / config.distance)
        where: Floats = np.empty(0)
        heights: Floats = np.empty(0)
        if fit is not None:
            where = np.linspace(*self._reach(finalists, placed[0].candidate, last), POINTS)
            heights = (fit[0] * where + fit[1]) * where + fit[2]
        rates = np.array([self._rate(x) for x in where.tolist()])
        confirmed = self._confirmed(placed[0], last)
        if confirmed and same_lr(lr, config.around):
            lr = config.around  # it was trained itself, and there is one answer
        reason = self._reason(lr, lowest, fit is not None, confirmed, placed, last)
        return Ranking(placed, lr, reason, lowest, confirmed, self.untrained, self.judge, rates, heights)

    # -- inside

    def _standing(self, number: int, candidate: int, alive: bool) -> StandingEvent:
        loss, metric = self._measured.get((number, candidate), (math.nan, None))
        budget = self.config.budget(number)
        return StandingEvent(number, candidate, self.lrs[candidate], loss, alive, budget, metric)

    def _trained(self) -> dict[int, float]:
        """The scores of the candidates that were trained in the first round, by number, rising."""
        return {c: float(loss) for c, loss in enumerate(self.scores[0]) if not math.isnan(loss)}

    def _row(self, candidate: int, last: int) -> Standing:
        rounds = [number for number in range(last + 1) if not math.isnan(self.scores[number, candidate])]
        stages = self.config.stages
        if not rounds:
            return Standing(0, candidate, self.lrs[candidate], math.nan, None, -1, 0, True, stages)
        at = rounds[-1]
        return Standing(
            place=0,
            candidate=candidate,
            lr=self.lrs[candidate],
            loss=self._measured[at, candidate][0],
            metric=self._measured[at, candidate][1],
            score=float(self.scores[at, candidate]),
            round=at,
            steps=self._made.get((at, candidate), self.config.budget(at)),
            alive=self.alive(at, candidate),
            rounds=stages,
        )

    def _fit(self, finalists: list[int], last: int) -> Floats | None:
        """A parabola over the candidates' numbers, three coefficients, highest first; None where there is none."""
        if self.config.rates is None:
            return bracket.parabola(self._trained(), self.untrained)
        return halving.smooth(self.config, self.scores, finalists, last)

    def _reach(self, finalists: list[int], best: int, last: int) -> tuple[int, int]:
        """The first and the last candidate between which the smooth is drawn."""
        if self.config.rates is None:
            return best - 1, best + 1
        measured = np.flatnonzero(np.isfinite(self.scores[: last + 1]).any(axis=0))
        reach = halving.REACH
        return max(int(measured[0]), finalists[0] - reach), min(int(measured[-1]), finalists[-1] + reach)

    def _lowest(self, fit: Floats | None, finalists: list[int], last: int) -> float:
        """Where the parabola is lowest, in candidates' numbers, at most half a place beyond the finalists."""
        first, final = finalists[0], finalists[-1]
        if fit is None:
            return float(min(finalists, key=lambda c: self.scores[last, c]))
        bend, slope, _ = fit
        if bend <= 0:
            return float(first if slope + bend * (first + final) > 0 else final)
        return float(np.clip(-slope / (2 * bend), first - 0.5, final + 0.5))

    def _rate(self, place: float) -> float:
        """The rate at a place between the candidates."""
        return float(self.lrs[0] * 10.0 ** (self.config.distance * place))

    def _noise(self, best: float) -> float:
        """How far the scores of two trainings that are equally good may lie apart."""
        return 0.0 if self.untrained is None else NOISE * (self.untrained - best)

    def _confirmed(self, leader: Standing, last: int) -> bool:
        """True where the pick itself trained as well as the best, its neighbours among them."""
        pick = float(self.scores[last, self.config.middle])
        return self._compared() and pick <= leader.score + self._noise(leader.score)

    def _compared(self) -> bool:
        """True once the neighbours of the pick were trained as well: a race that was stopped may end before."""
        beside = (self.config.middle - 1, self.config.middle + 1)
        return all(not math.isnan(self.scores[0, place]) for place in beside if 0 <= place < self.config.places)

    # -- in words

    def _no_winner(self, rows: tuple[Standing, ...], finalists: list[int]) -> str:
        """Why there is no winner, empty where there is one."""
        if not finalists:
            if not any(row.diverged for row in rows):
                return "No rate was measured."
            lower = format_lr(min(row.lr for row in rows if row.round >= 0) / 4)
            return f"Every rate diverged: race again around a lower one, such as {lower}."
        best = rows[0]
        if self.untrained is None or best.score < self.untrained:
            return ""
        words = (
            f"No winner: every training ended worse than the untrained model ({self._judged(self.untrained)}); "
            f"the best, at {format_lr(best.lr)}, ended at {self.judge.words(best.score)}."
        )
        ran = [row.candidate for row in rows if row.round >= 0]
        if len(ran) > 1 and best.candidate == min(ran):
            return f"{words} Lower rates did less harm: race again around {format_lr(best.lr / 4)}, or check the data."
        if len(ran) > 1 and best.candidate == max(ran):
            return f"{words} Higher rates did better: race again around {format_lr(best.lr * 4)}, or check the data."
        return f"{words} Check that the labels belong to the inputs, or train for more steps."

    def _reason(
        self, winner: float, lowest: float, fitted: bool, confirmed: bool, rows: Sequence[Standing], last: int
    ) -> str:
        config, leader = self.config, rows[0]
        at = f"the {self.judge.best_end} point of the fitted curve, {format_lr(lowest)}"
        if not fitted:
            at = f"the best training's rate, {format_lr(lowest)}"
        words = [f"Measured: {format_lr(winner)}, a safety step (÷{format_figure(SAFE_FACTOR)}) below {at}."]
        words += self._of_the_pick(confirmed, leader, last)
        words += self._otherwise(rows)
        if last + 1 < config.stages:
            words.append(f"After {last + 1} of {config.stages} rounds.")
        elif not self.complete(last):
            words.append(f"After {self.judged} training{'s' if self.judged != 1 else ''}.")
        ran = self.contestants(0)
        if len(ran) > 1 and leader.candidate in (ran[0], ran[-1]):
            words.append("The best lies at the edge of the candidates: race again around it.")
        return " ".join(words)

    def _of_the_pick(self, confirmed: bool, leader: Standing, last: int) -> list[str]:
        """How the rate raced around did, against the best."""
        around, best = format_lr(self.config.around), f"{format_lr(leader.lr)} ({self._judged(leader.score)})"
        score = float(self.scores[last, self.config.middle])
        if leader.candidate == self.config.middle:
            so = ": confirmed" if confirmed else " so far; its neighbours were not all trained"
            return [f"{around} trained best ({self._judged(leader.score)}){so}."]
        if confirmed:
            return [f"{around} ({self._judged(score)}) is confirmed: within the noise of the best training, {best}."]
        if math.isnan(score):
            return [f"{around} dropped out; the best training was {best}."]
        ended = "diverged" if math.isinf(score) else f"ended at {self.judge.words(score)}"
        return [f"{around} {ended}; the best training was {best}."]

    def _otherwise(self, rows: Sequence[Standing]) -> list[str]:
        """A sentence where another rate is clearly the best by what does not decide: by accuracy, not by loss."""
        other = other_judge(self.judge, self.metric_name)
        if other is None:
            return []
        scores = {row: other.score(row.loss, row.metric) for row in rows if row.alive and row.round == rows[0].round}
        leads = scores.get(rows[0], math.inf)
        best = min(scores, key=lambda row: (scores[row], row.place), default=rows[0])
        before = other.score(*self._before)
        noise = NOISE * (before - scores.get(best, math.nan)) if math.isfinite(before) else 0.0
        if best is rows[0] or not scores[best] + max(noise, 0.0) < leads:
            return []
        told = f"{format_lr(best.lr)} ({other.words(scores[best])})"
        ours = f", {format_lr(rows[0].lr)} ended at {other.words(leads)}" if math.isfinite(leads) else ""
        return [f"By {other.name} the best training was {told}{ours}."]

    def _judged(self, score: float) -> str:
        return f"{self.judge.name} {self.judge.words(score)}"


def loss_column(rows: Sequence[Standing]) -> list[str]:
    """The candidates' losses for a table: `0.1234`, `diverged`, or a dash where one has not run."""
    losses = format_losses([row.loss if math.isfinite(row.loss) else None for row in rows])
    return ["diverged" if row.diverged else loss for row, loss in zip(rows, losses, strict=True)]


def standings_table(
    rows: Sequence[Standing], validation: bool, metric_name: str | None
) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of the ranked table, as words; `metric_name` is None where no metric was measured."""
    heads = ["", "learning rate", "validation loss" if validation else "training loss", "steps", "status"]
    table = [
        [str(row.place), format_lr(row.lr), loss, f"{row.steps:,}" if row.steps else NOTHING, row.words]
        for row, loss in zip(rows, loss_column(rows), strict=True)
    ]
    if metric_name is not None:
        heads.insert(3, metric_name)
        for cells, row in zip(table, rows, strict=True):
            cells.insert(3, format_metric(metric_name, row.metric))
    return heads, table


def _order(row: Standing) -> tuple[int, float, float]:
    score = math.inf if math.isnan(row.score) else row.score
    return (-row.round if not row.diverged else 1 if row.round >= 0 else 2, score, row.lr)
