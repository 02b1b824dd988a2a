"""Networks that know something else: their loss first falls because they forget it, down to that of knowing nothing."""

from __future__ import annotations

import math

import numpy as np

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.landmarks import AGAINST_NOISE, Landmarks
from lrgui.core.curve.smoothing import noise_of, width_for

# Measured on the development tasks of benchmarks/suggestions/finetuning.py, checked on its held-out ones
# (docs/explanation/suggestions.md).
#: A curve is one of forgetting where so many times as much of its fall lies above the loss of knowing nothing as below.
MOSTLY = 2.0
#: By so much, in decades, the pick of such a curve is lowered: what the network knows is worth keeping.
CAREFUL = math.log10(1.5)


def forgets(curve: Curve, marks: Landmarks) -> bool:
    """True where the loss falls, but most of it from being wrong to knowing nothing."""
    if curve.guessing is None or curve.uniform is None or not marks.falls:
        return False
    nothing = max(curve.guessing, curve.uniform)
    return marks.level - nothing > max(MOSTLY * (nothing - marks.lowest), curve.noise)


def learns(curve: Curve, marks: Landmarks) -> bool:
    """True where the loss gets below that of guessing by more than the noise there: a network that has forgotten all,
    and learned nothing, is right by chance now and then."""
    if curve.guessing is None:
        return True
    # Batches that a network is wrong about differ far more than those it knows nothing about.
    around = max(10, len(curve) // 10)
    noise = noise_of(curve.loss[max(0, marks.lowest_index - around) : marks.lowest_index + around])
    left = noise / float(np.sqrt(3.5 * width_for(curve.planned_steps)))
    return curve.guessing - marks.lowest > AGAINST_NOISE * left
