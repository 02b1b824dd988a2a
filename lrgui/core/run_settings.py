"""The settings of a sweep, a training and a race: plain frozen data that can say what is wrong with itself.

Each has a file of its own (`sweep_settings.py` and so on); whoever uses several has them all here.
"""

from __future__ import annotations

from lrgui.core.cycle_settings import CycleSettings
from lrgui.core.limits import (
    HIGHEST_LR,
    HIGHEST_SET,
    LOWEST_LR,
    MOST_EPOCHS,
    MOST_LOSS,
    MOST_PLANNED,
    MOST_STEPS,
    counted,
)
from lrgui.core.loop_settings import LOOP, LoopSettings
from lrgui.core.options import Problem, is_finite
from lrgui.core.race_settings import (
    BRACKET_DISTANCE,
    FEWEST_TRAININGS,
    HIGHEST,
    LOSS,
    LOWEST,
    METRIC,
    RaceSettings,
    survivors,
)
from lrgui.core.sweep_settings import OF_READING, SweepSettings
from lrgui.core.train_settings import TRAINED, TrainSettings

__all__ = [
    "BRACKET_DISTANCE",
    "FEWEST_TRAININGS",
    "HIGHEST",
    "HIGHEST_LR",
    "HIGHEST_SET",
    "LOOP",
    "LOSS",
    "LOWEST",
    "LOWEST_LR",
    "METRIC",
    "MOST_EPOCHS",
    "MOST_LOSS",
    "MOST_PLANNED",
    "MOST_STEPS",
    "OF_READING",
    "TRAINED",
    "CycleSettings",
    "LoopSettings",
    "Problem",
    "RaceSettings",
    "SweepSettings",
    "TrainSettings",
    "counted",
    "is_finite",
    "survivors",
]
