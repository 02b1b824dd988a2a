"""The settings of an optimizer step, alike in sweeps, trainings and races."""

from __future__ import annotations

from dataclasses import dataclass

from lrgui.core.limits import MOST_NORM, MOST_STEPS
from lrgui.core.settings import setting, settings_of


@dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """How an optimizer step is made: alike in sweeps, trainings and races, since a rate holds for the loop with which
    it was found."""

    accumulation: int = setting(
        1,
        label="Accumulation",
        tip="Batches whose gradients are averaged into one step; 2 doubles the effective batch size, not the memory",
        unit="batches",
        minimum=1,
        maximum=MOST_STEPS,
        rare=True,
    )
    clip_grad_norm: float | None = setting(
        None,
        label="Clip gradients",
        subject="The norm that gradients are clipped to",
        tip="Clip the gradient norm to this value before each step; set it as in your training",
        kind="number",
        unit="norm",
        above=0,
        maximum=MOST_NORM,
        none="off",
        rare=True,
    )
    amp: str | None = setting(
        None,
        label="Precision",
        tip="Mixed precision saves time and memory on a GPU; bf16 is safer than fp16, which is slow on a CPU",
        choices={"bf16": "bf16", "fp16": "fp16"},
        unit="number format",
        none="Full",
        rare=True,
    )
    label_smoothing: float = setting(
        0.0,
        label="Label smoothing",
        tip="Share of the target that is spread over all classes, in the training loss; needs a cross entropy",
        unit="share",
        minimum=0,
        below=1,
        zero="off",
        rare=True,
    )
    decay_norms: bool = setting(
        True,
        label="Decay norms",
        tip="Weight decay for biases and norms, too, as torch's optimizers have it; off gives parameters of at most "
        "one dimension a group of their own, at the same learning rate",
        unit="switch",
        rare=True,
    )
    compile: bool = setting(
        False,
        label="Compile",
        tip="Run the model by torch.compile: the first steps take long, later ones less; on the CPU it needs a C++ "
        "compiler",
        unit="switch",
        rare=True,
    )
    deterministic: bool = setting(
        False,
        label="Deterministic",
        tip="Use deterministic algorithms alone, also on a GPU; slower, and an error where an operation has none",
        unit="switch",
        rare=True,
    )


#: The settings that a step is made by, by name.
LOOP = tuple(option.name for option in settings_of(LoopSettings))
