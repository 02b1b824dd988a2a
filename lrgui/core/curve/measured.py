"""A recommendation that was measured: a race of short trainings around what a sweep recommends, or guesses."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from lrgui.core.curve.plan import ONE_CYCLE, SCHEDULES, SHORT, Plan
from lrgui.core.curve.recommend import Recommendation
from lrgui.core.events import EndEvent, EndReason
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Ranking

#: What a race's outcome is worth: the word, and the factor within which nine of ten measured rates have one that is
#: nearly the best, in decades. Measured (docs/explanation/verify.md).
BRACKETED, AT_AN_END = ("high", 0.08), ("low", 0.3)

#: Trainings shorter than this share of the planned one (`SHORT` where nobody said) measure another one's rate.
SAME_LENGTH, TOO_SHORT = 0.5, ("medium", 0.2)


@dataclass(frozen=True, eq=False)
class Race:
    """A race that was run around a sweep's recommendation."""

    config: RaceSettings
    ranking: Ranking
    done: int
    """Optimizer steps that it took."""
    end: EndEvent

    @property
    def whole(self) -> bool:
        """True where it was run to its end."""
        return self.end.reason == EndReason.COMPLETED

    def recommendation(self, read: Recommendation, plan: Plan) -> Recommendation:
        """What it measured, for the planned training; `read` is what the sweep alone says.

        That stays where the race ended before it could say anything. Where every training ended worse than none there
        is no rate.
        """
        ranking = self.ranking
        if ranking.lr is None:
            if not self.whole:
                return read
            return Recommendation(None, None, f"No reliable pick: {_small(ranking.reason)}", measured=True)
        if not self.whole and not self._compared:
            return replace(read, reason=f"{read.reason} The race was stopped before it could tell more.")
        word, away = BRACKETED if self._bracketed else AT_AN_END
        if self.config.steps < SAME_LENGTH * (plan.steps or SHORT) and word == BRACKETED[0]:
            word, away = TOO_SHORT
        trained = replace(plan, steps=self.config.steps)
        planned = trained if plan.steps is None or plan.steps < self.config.steps else plan
        rates = {key: ranking.lr * planned.share(key) / trained.share(ONE_CYCLE) for key in SCHEDULES}
        rate = rates[plan.schedule or ONE_CYCLE]
        factor = math.hypot(away, plan.floor - Plan().floor)
        found = Recommendation(
            rate, rate, ranking.reason, word, 10**factor, by_schedule=rates, measured=True, measured_lr=ranking.lr
        )
        derived = planned.derived_words(rate, ranking.lr, self.config.steps) if found.derived else ""
        return replace(found, reason=f"{ranking.reason}{derived}")

    @property
    def _compared(self) -> bool:
        """True once three trainings can be compared."""
        return len(self.ranking.rows) >= 3

    @property
    def _bracketed(self) -> bool:
        """True where the best training has a worse one on either side."""
        best = self.ranking.leader
        ran = [row.candidate for row in self.ranking.rows if row.round >= 0]
        return best is not None and min(ran) < best.candidate < max(ran)

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, what is not finite as None: what `lrgui verify --json` prints."""
        ranking = self.ranking
        return {
            "lr": ranking.lr,
            "around": self.config.around,
            "lowest": ranking.lowest,
            "confirmed": ranking.confirmed,
            "judged_by": ranking.judge.name,
            "untrained": None if ranking.untrained is None else ranking.judge.figure(ranking.untrained),
            "reason": ranking.reason,
            "steps": {"planned": self.config.total_steps(), "made": self.done},
            "ranking": [
                {
                    "place": row.place,
                    "lr": row.lr,
                    "loss": row.loss if math.isfinite(row.loss) else None,
                    "metric": row.metric,
                    "round": row.round + 1,
                    "steps": row.steps,
                    "alive": row.alive,
                    "diverged": row.diverged,
                }
                for row in ranking.rows
            ],
            "end": {"reason": self.end.reason, "detail": self.end.detail},
        }


def _small(sentence: str) -> str:
    return sentence.removeprefix("No winner: ")
