"""A short look at a script's own training: its first steps, at its own rates, and what a sweep would do with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import perf_counter
from typing import Any

from lrgui.core.events import EndEvent, EndReason
from lrgui.core.formats import format_loss, format_seconds
from lrgui.script.seen import Seen
from lrgui.script.sweeping import ScriptSweep

#: So many optimizer steps are looked at.
LOOKED_AT = 3


class ScriptCheck(ScriptSweep):
    """Follows a script for some steps and changes nothing; ends it then, with a sentence on what was seen."""

    _begun = 0.0

    def before_step(self, seen: Seen, closure: bool) -> None:
        """See `Follower`."""
        if seen.number == self._number and self._swept is not None and not self._begun:
            self._begun = perf_counter()
        super().before_step(seen, closure)

    def _put_rates(self, groups: Sequence[Any], lr: float) -> None:
        """The script's own stay."""

    def _arrived(self, numbers: Iterable[tuple[Any, Sequence[float]]]) -> None:
        for _, (loss, *_) in numbers:
            self._losses.append(loss)
            if len(self._losses) == LOOKED_AT and self.end is None:
                self.finish(EndEvent(EndReason.COMPLETED, self._words()))

    def _words(self) -> str:
        swept = self._swept
        assert swept is not None
        seconds = (perf_counter() - self._begun) / (LOOKED_AT - 2) if self._begun else 0.0
        groups, losses = len(swept.groups), swept.counts
        held = f" with {groups} parameter groups" if groups > 1 else ""
        made = f"after {losses} backward passes" if losses > 1 else "after each backward pass"
        steps = self._config.steps * self._config.batches_per_lr
        return (
            f"{self._script.name} can run: {swept.name}{held} steps {made}, first loss {format_loss(self._losses[0])}; "
            f"a step took {format_seconds(seconds)}, so {steps:,} take about {format_seconds(steps * seconds)}."
        )
