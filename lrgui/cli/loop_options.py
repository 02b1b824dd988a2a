"""The options that say how an optimizer step is made: the same ones for sweeps, races and trainings."""

from __future__ import annotations

from typing import Annotated

import typer

from lrgui.core.config import SweepConfig

Accumulation = Annotated[
    int | None,
    typer.Option(
        help="Batches that make one step: 2 learns like twice the batch size, in the memory of one.",
        show_default=f"{SweepConfig().accumulation:g}",
    ),
]
ClipGradNorm = Annotated[
    float | None, typer.Option(help="Shorten gradients to this norm before each step.", show_default="off")
]
Amp = Annotated[
    str | None,
    typer.Option(help="Mixed precision: bf16 or fp16 (slow on a CPU).", show_default="full precision"),
]
