"""`lrgui find --budget`: what a sweep recommends is measured by short trainings where it is not sure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lrgui.cli.app import Status, checked, fail, say
from lrgui.cli.place import Place
from lrgui.cli.sweeping import Swept
from lrgui.core.events import WHOLE
from lrgui.core.learning_rate import format_lr

if TYPE_CHECKING:
    from lrgui.core.budget import Budget


def budget_of(text: str) -> Budget:
    """The budget; leaves where it can't be read."""
    from lrgui.core.budget import Budget

    try:
        return Budget.read(text)
    except ValueError as error:
        fail(str(error), Status.BAD_ARGUMENTS)


def proven(swept: Swept, budget: Budget, quiet: bool, python: Place) -> Swept:
    """The sweep with what a race around its recommendation measured; as it is, and a sentence says why, where none
    was run."""
    from lrgui.cli.verify import race_of, tell_race
    from lrgui.core.budget import cost_words, race_to_prove

    reading = swept.reading
    if reading.end is None or reading.end.reason not in WHOLE:
        return swept
    job, made, seconds = swept.job.verification(), swept.made, swept.seconds
    config, why = race_to_prove(budget, reading.recommendation, reading.plan, job.race, made, seconds)
    if config is None:
        say(why)
        return swept
    say(f"Measuring around {format_lr(config.around)}: {cost_words(config, made, seconds)}.")
    raced = race_of(checked(replace(job, race=config)), None, True, python)
    if not quiet:
        tell_race(raced, alone=False)
    return replace(swept, reading=reading.with_race(raced.result))
