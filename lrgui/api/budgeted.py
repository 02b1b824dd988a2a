"""The second stage of `find_lr` with a budget: a race around the sweep's recommendation where that is not sure."""

from __future__ import annotations

from dataclasses import replace

from lrgui.api.request import Call
from lrgui.api.result import Result
from lrgui.api.verify import Racer
from lrgui.core.budget import Budget, race_to_prove
from lrgui.core.curve.measured import Race
from lrgui.core.engine.batches import is_one_shot
from lrgui.core.engine.cleanup import OneInterrupt
from lrgui.core.events import ERRORS, EndEvent
from lrgui.core.run_settings import LoopSettings, RaceSettings
from lrgui.core.settings import values_of
from lrgui.runs.failures import ended


def proven(
    result: Result,
    call: Call,
    budget: Budget,
    *,
    made: int,
    seconds: float,
    processes: int,
    interrupts: OneInterrupt,
    seed: int | None,
    progress: bool,
    keep_modes: bool,
) -> Result:
    """The result, measured by short trainings where the sweep's recommendation is not sure and the budget allows it.

    `made` and `seconds` are what all sweeps took. Where nothing is raced a note says why.
    """
    reading = result.reading
    base = RaceSettings(**values_of(result.config, LoopSettings))
    config, why = race_to_prove(budget, reading.recommendation, reading.plan, base, made, seconds)
    if config is not None and processes > 1:
        why = "A race runs in a single process: nothing was measured."
    elif config is not None and result.swept is not None:
        why = "A race trains all parameter groups, but only some were swept: nothing was measured."
    elif config is not None and is_one_shot(call.loader):
        why = "A race trains on the same batches repeatedly, but this loader can be read only once."
    if config is None or why:
        return replace(result, notes=(*result.notes, why))
    racer = Racer(call, config, interrupts)
    racer.keep_modes = keep_modes
    try:
        verified = racer.run(seed, progress)
    except Exception as error:  # what the sweep found is worth more than a traceback
        end = ended(error, getattr(call.loader, "batch_size", None), config.accumulation)
        call.tell(EndEvent(end.reason, end.detail))
        return replace(result, notes=(*result.notes, f"The race ended before its first training: {end.detail}"))
    race = Race(config, verified.ranking, verified.steps, verified.end)
    notes = [*result.notes, *verified.notes]
    if verified.end.reason in ERRORS:
        notes.append(f"The race ended early: {verified.end.detail}")
    return replace(result, reading=result.reading.with_race(race), verified=verified, notes=tuple(notes))
