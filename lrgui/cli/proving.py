"""`lrgui find --budget`: what a sweep recommends is measured by short trainings where it is not sure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lrgui.cli.app import Status, checked, fail, say
from lrgui.core.budget import Budget, cost_words
from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.events import WHOLE
from lrgui.core.learning_rate import format_lr

if TYPE_CHECKING:
    from lrgui.cli.find import Swept


def budget_of(text: str) -> Budget:
    """The budget; leaves where it can't be read."""
    try:
        return Budget.read(text)
    except ValueError as error:
        fail(str(error), Status.BAD_ARGUMENTS)


def proven(swept: Swept, budget: Budget, quiet: bool, python: Path | None) -> Swept:
    """The sweep with what a race around its recommendation measured; as it is, and a sentence says why, where none
    was run."""
    from lrgui.cli.verify import race_of, tell_race

    reading = swept.reading
    pick, end = reading.recommendation, reading.end
    if end is None or end.reason not in WHOLE:
        return swept
    if pick.confidence == "high":
        say("The confidence is high: nothing is measured, and the budget is not used up.")
        return swept
    around = pick.by_schedule.get(ONE_CYCLE)
    if around is None:
        return swept
    job = swept.job.verification()
    config = budget.race(replace(job.race, around=around), reading.plan, swept.made, swept.seconds)
    if config is None:
        say(budget.too_small(swept.made, swept.seconds))
        return swept
    say(f"Measuring around {format_lr(around)}: {cost_words(config, swept.made, swept.seconds)}.")
    raced = race_of(checked(replace(job, race=config)), None, True, python)
    if not quiet:
        tell_race(raced, alone=False)
    return replace(swept, reading=reading.with_race(raced.result))
