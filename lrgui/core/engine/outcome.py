"""What a training's epochs and the whole of it came to, as events and in words."""

from __future__ import annotations

import math

from lrgui.core.engine.batches import NO_BATCH
from lrgui.core.engine.evaluation import Means
from lrgui.core.events import EndEvent, EndReason, EpochEvent
from lrgui.core.formats import exact_number, format_factor, format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import TrainSettings


def epoch_event(epoch: int, trained: Means, held_out: Means | None, lr: float, seconds: float) -> EpochEvent:
    """What an epoch came to: an accuracy has a place of its own, any other metric goes by its name."""
    own, other = trained.metric, None if held_out is None else held_out.metric
    val_loss = None if held_out is None else held_out.loss
    named = trained if own is not None or held_out is None else held_out
    several = trained.several, None if held_out is None else held_out.several
    if named.is_accuracy or (own is None and other is None):
        return EpochEvent(epoch, trained.loss, val_loss, own, other, lr, seconds, None, None, "", *several)
    name = named.name or "metric"
    return EpochEvent(epoch, trained.loss, val_loss, None, None, lr, seconds, own, other, name, *several)


def completed(config: TrainSettings, first: float, best: float, factor: float = 1.0) -> EndEvent:
    """The end of a training whose epochs are over: its first batch's loss, the best of an epoch, and by what its
    schedule's rates were multiplied in the end."""
    done = "The epoch was" if config.epochs == 1 else f"All {config.epochs} epochs were"
    done = done if config.steps is None else f"All {config.steps:,} steps were"
    how = f"{config.schedule_words}, max LR {format_lr(config.max_lr)}"
    how += "" if factor == 1.0 else f" ({format_factor(factor)} by the end)"
    detail = f"{done} trained with {how}; best loss {format_loss(best)}."
    if not math.isfinite(best) or best > first - 0.05 * abs(first):
        detail = (
            f"{done} trained, but the loss hardly fell (best {format_loss(best)}, start {format_loss(first)}). "
            f"Where the sweep falls at higher rates, max LR {format_lr(config.max_lr)} is too low, or the "
            f"epochs too few; else the network may have died at too high a rate: try {format_lr(config.max_lr / 10)}."
        )
    return EndEvent(EndReason.COMPLETED, detail)


def stopped(epoch: int, epochs: int) -> EndEvent:
    """The end of a training that somebody stopped within an epoch."""
    return EndEvent(EndReason.CANCELLED, f"Stopped in epoch {epoch} of {epochs}; everything measured so far is kept.")


def finished_early(epoch: int, epochs: int) -> EndEvent:
    """The end of a training that somebody asked to end with an epoch."""
    detail = f"Stopped after epoch {epoch} of {epochs}, as asked; everything measured so far is kept."
    return EndEvent(EndReason.CANCELLED, detail)


def no_batch(epoch: int) -> EndEvent:
    """The end of a training whose loader gave nothing in an epoch. Raises ValueError in the first one."""
    if epoch == 1:
        raise ValueError(NO_BATCH)
    return EndEvent(
        EndReason.DATA_ENDED, f"The data ended after epoch {epoch - 1}, and its loader cannot be restarted."
    )


def averaged_words(decay: float) -> str:
    """A sentence about weights that are an average."""
    return f"The weights are their average (EMA, decay {exact_number(decay)})."
