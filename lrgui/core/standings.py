"""Who leads a race, who is out, and which learning rate is read off it. Needs no torch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lrgui.core.events import CandidateEvent, Event, StandingEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings, counted

Floats = NDArray[np.float64]

#: Candidates this many places away from a finalist still shape the smooth.
REACH = 2
#: The winner lies this far, in octaves, below the lowest point of the smooth: the loss rises faster above it than
#: below, and with other weights and batches the edge may lie lower. Measured (docs/explanation/verify.md).
SAFE = 0.25
#: Points of the smooth as it is drawn.
POINTS = 61


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
    """What it was judged by in its last round; infinite where it diverged, NaN where it has not run."""
    metric: float | None
    round: int
    """Its last round, from 0; -1 where it has not run."""
    steps: int
    """Steps of its training in that round."""
    alive: bool
    """False once it is out."""

    @property
    def diverged(self) -> bool:
        """True where its training broke."""
        return math.isinf(self.loss)

    @property
    def words(self) -> str:
        """How far it got."""
        if self.round < 0:
            return "not run"
        where = f"round {self.round + 1}"
        return f"diverged in {where}" if self.diverged else where if self.alive else f"out after {where}"


@dataclass(frozen=True)
class Ranking:
    """What a race says, at its end or so far."""

    rows: tuple[Standing, ...]
    """The candidates, best first: those that got farther come before the others."""
    lr: float | None
    """The winner, read off the smooth through the candidates; None where nobody finished."""
    reason: str
    smooth_lr: Floats
    """Rates of the smooth, rising; empty where fewer than three losses are there. Shape (`POINTS`,)."""
    smooth_loss: Floats
    """The smooth at the level of the last round. Same shape."""

    @property
    def leader(self) -> Standing | None:
        """The candidate with the lowest loss, None where nobody finished."""
        best = self.rows[0]
        return best if best.round >= 0 and not best.diverged else None


class Standings:
    """Collects a race's events: who races in which round, and with what result."""

    def __init__(self, config: RaceSettings) -> None:
        self.config = config
        self.lrs = config.lrs()
        self.losses: Floats = np.full((config.rounds, config.rates), np.nan)
        """Losses by round and candidate; NaN where it has not finished, infinite where it diverged."""
        self._metrics: dict[tuple[int, int], float | None] = {}
        self.done = 0
        """Optimizer steps so far, without those of candidates that diverged past their divergence."""

    def add(self, events: Iterable[Event]) -> None:
        """Take in more events; others than a race's are passed over."""
        for event in events:
            if isinstance(event, CandidateEvent):
                self.done += 1
            elif isinstance(event, StandingEvent):
                where = event.round, event.candidate
                self.losses[where] = event.loss if math.isfinite(counted(event.loss)) else math.inf
                self._metrics[where] = event.metric

    @property
    def judged(self) -> int:
        """How many trainings have ended, with a loss or broken."""
        return len(self._metrics)

    def metric(self, number: int, candidate: int) -> float | None:
        """The metric of a candidate after round `number`."""
        return self._metrics.get((number, candidate))

    def contestants(self, number: int) -> list[int]:
        """The candidates of round `number`, by rising rate: all at first, then the better half of the last."""
        racing = list(range(self.config.rates))
        for before in range(number):
            racing = self._survivors(before, racing)
        return racing

    def complete(self, number: int) -> bool:
        """True once all candidates of that round have finished."""
        racing = self.contestants(number) if number == 0 or self.complete(number - 1) else []
        return bool(racing) and not np.isnan(self.losses[number, racing]).any()

    def alive(self, number: int, candidate: int) -> bool:
        """True where a candidate goes on after round `number`, or stands in the last round without divergence."""
        if number + 1 < self.config.rounds and self.complete(number):
            return candidate in self.contestants(number + 1)
        return not math.isinf(self.losses[number, candidate])

    def ranking(self) -> Ranking:
        """The table and the winner, from the rounds that are complete (of a first one that isn't: so far)."""
        config = self.config
        over = [n for n in range(config.rounds) if self.complete(n) and np.isfinite(self.losses[n]).any()]
        last = max(over, default=0)
        rows = sorted((self._row(candidate, last) for candidate in range(config.rates)), key=_order)
        placed = tuple(replace(row, place=place) for place, row in enumerate(rows, start=1))
        finalists = [c for c in self.contestants(last) if math.isfinite(self.losses[last, c])]
        if not finalists:
            reason = "No rate was measured."
            if any(row.diverged for row in placed):
                lower = format_lr(self.lrs[0] / 4)
                reason = f"Every rate diverged: race again around a lower one, such as {lower}."
            return Ranking(placed, None, reason, np.empty(0), np.empty(0))
        fit = self._fit(finalists, last)
        lr = self._rate(self._lowest(fit, finalists, last) - SAFE / config.octaves)
        where: Floats = np.empty(0)
        heights: Floats = np.empty(0)
        if fit is not None:
            measured = [c for c in range(config.rates) if np.isfinite(self.losses[: last + 1, c]).any()]
            first, final = max(measured[0], finalists[0] - REACH), min(measured[-1], finalists[-1] + REACH)
            where = np.linspace(first, final, POINTS)
            heights = (fit[0] * where + fit[1]) * where + fit[2]
        rates = np.array([self._rate(x) for x in where.tolist()])
        return Ranking(placed, lr, self._reason(lr, placed[0], last), rates, heights)

    # -- inside

    def _survivors(self, number: int, racing: list[int]) -> list[int]:
        losses = self.losses[number]
        sound = [c for c in racing if math.isfinite(losses[c])]
        return sorted(sorted(sound, key=lambda c: losses[c])[: self.config.field(number + 1)])

    def _row(self, candidate: int, last: int) -> Standing:
        rounds = [number for number in range(last + 1) if not math.isnan(self.losses[number, candidate])]
        if not rounds:
            return Standing(0, candidate, self.lrs[candidate], math.nan, None, -1, 0, True)
        at = rounds[-1]
        return Standing(
            place=0,
            candidate=candidate,
            lr=self.lrs[candidate],
            loss=float(self.losses[at, candidate]),
            metric=self._metrics[at, candidate],
            round=at,
            steps=self.config.budget(at),
            alive=self.alive(at, candidate),
        )

    def _fit(self, finalists: list[int], last: int) -> Floats | None:
        """A parabola over the candidates' numbers, at the level of round `last`: three coefficients, highest first.

        It goes through the finalists and their neighbours; all rounds share its shape, each at a level of its own,
        with the square of its steps as weight. None where there is too little to fit.
        """
        near = [c for c in range(self.config.rates) if any(abs(c - f) <= REACH for f in finalists)]
        rows, heights, weights = [], [], []
        for number in range(last + 1):
            for candidate in near:
                if math.isfinite(self.losses[number, candidate]):
                    level = [float(number == other) for other in range(last + 1)]
                    rows.append([candidate**2, candidate, *level])
                    heights.append(self.losses[number, candidate])
                    weights.append(self.config.budget(number) / self.config.budget(last))
        if len({row[1] for row in rows}) < 3:
            return None
        weight = np.array(weights)
        found = np.linalg.lstsq(np.array(rows) * weight[:, None], np.array(heights) * weight, rcond=None)[0]
        return np.array([found[0], found[1], found[2 + last]])

    def _lowest(self, fit: Floats | None, finalists: list[int], last: int) -> float:
        """Where the parabola is lowest, in candidates' numbers, at most half a place beyond the finalists."""
        first, final = finalists[0], finalists[-1]
        if fit is None:
            return float(min(finalists, key=lambda c: self.losses[last, c]))
        bend, slope, _ = fit
        if bend <= 0:
            return float(first if slope + bend * (first + final) > 0 else final)
        return float(np.clip(-slope / (2 * bend), first - 0.5, final + 0.5))

    def _rate(self, place: float) -> float:
        """The rate at a place between the candidates."""
        return float(self.lrs[0] * 2.0 ** (self.config.octaves * place))

    def _reason(self, winner: float, leader: Standing, last: int) -> str:
        config = self.config
        factor = winner / config.around
        found = f"The fitted curve suggests {format_lr(winner)}"
        if max(factor, 1 / factor) <= 2**0.5:
            found += f": it confirms {format_lr(config.around)}."
        else:
            found += f", {factor:.2g} times {format_lr(config.around)}."
        words = [found, f"The best single training had {format_lr(leader.lr)} (loss {leader.loss:.3g})."]
        if last + 1 < config.rounds:
            words.append(f"After {last + 1} of {config.rounds} rounds.")
        if leader.candidate in (0, config.rates - 1):
            words.append("It lies at the edge of the candidates: race again around it.")
        return " ".join(words)


def _order(row: Standing) -> tuple[int, float, float]:
    loss = math.inf if math.isnan(row.loss) else row.loss
    return (-row.round if not row.diverged else 1 if row.round >= 0 else 2, loss, row.lr)
