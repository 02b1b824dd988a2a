"""Steps of an optimizer that can change nothing, because no gradient reaches what it trains."""

from __future__ import annotations

from pathlib import Path

from lrgui.script.seen import Seen

#: So many in a row show that no gradient will come; what is trained later may step before it is.
MOST = 100


class IdleSteps:
    """Counts them until the first other one: from then on gradients are known to come."""

    def __init__(self) -> None:
        self._count = 0
        self._last = ""

    def is_one(self, seen: Seen, closure: bool) -> bool:
        """True where the step that `seen` is about to make is one; with a `closure` the gradients come in the step."""
        if closure or any(getattr(parameter, "grad", None) is not None for parameter in seen.parameters):
            self._count = 0
            return False
        self._count += 1
        file, line = seen.made_at
        self._last = f"{seen.name} ({Path(file).name}, line {line})" if file else seen.name
        return True

    @property
    def enough(self) -> bool:
        """True where there were so many that no other will come."""
        return self._count >= MOST

    @property
    def sentence(self) -> str:
        """What is wrong; empty where the last step was none of them."""
        if not self._count:
            return ""
        return (
            f"No gradient reaches any parameter of {self._last}: the loss does not depend on them. Make the optimizer "
            "from the parameters of the model that computes the loss, once it has all its layers."
        )
