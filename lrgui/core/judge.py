"""What the trainings of a race are judged by: their loss, or a metric. Needs no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lrgui.core.formats import format_loss, format_metric
from lrgui.core.metrics import higher_is_better
from lrgui.core.run_settings import RaceSettings


@dataclass(frozen=True)
class Judge:
    """Makes one score of a training's loss and metric, and words of the score."""

    metric: str = ""
    """The name of the metric that decides; empty where the loss does."""
    higher: bool = False
    """True where a higher metric is better."""

    @property
    def name(self) -> str:
        """What decides, for people."""
        return self.metric or "loss"

    @property
    def sign(self) -> int:
        """What a score is multiplied by to be the loss or metric behind it."""
        return -1 if self.metric and self.higher else 1

    @property
    def best_end(self) -> str:
        """Where the best lies: "lowest", of some metrics "highest"."""
        return "highest" if self.sign < 0 else "lowest"

    def score(self, loss: float, metric: float | None) -> float:
        """The lower the better; infinite for a training that diverged, and for one whose metric is missing."""
        if not self.metric or math.isnan(loss) or math.isinf(loss):
            return loss
        if metric is None or not math.isfinite(metric):
            return math.inf
        return self.sign * metric

    def figure(self, score: float) -> float:
        """The loss or metric behind a score."""
        return self.sign * score if math.isfinite(score) else score

    def words(self, score: float) -> str:
        """The same, written: `0.0579`, `98.7 %`."""
        return format_metric(self.metric, self.figure(score)) if self.metric else format_loss(score)


#: Who judges where nothing else is said.
BY_LOSS = Judge()


def judge_of(config: RaceSettings, metric_name: str) -> Judge:
    """Who judges the trainings of a race, where what is measured beside their losses is called `metric_name`."""
    if not config.by_metric:
        return BY_LOSS
    name = config.metric_name or metric_name or "metric"
    return Judge(name, bool(config.higher(name)))


def other_judge(judge: Judge, metric_name: str) -> Judge | None:
    """The one who might choose otherwise: by metric where the loss decides, and by loss where a metric does.

    None where there is no metric, or its name does not say which is better.
    """
    if judge.metric:
        return BY_LOSS
    higher = higher_is_better(metric_name) if metric_name else None
    return None if higher is None else Judge(metric_name, higher)
