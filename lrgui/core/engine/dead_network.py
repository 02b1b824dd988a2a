"""Whether a network still answers: one that died gives the same answer to every input, and learns nothing more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.stopping import Stop
from lrgui.core.events import EndReason

#: So many looks in a row must see no life.
LOOKS = 3
#: Answers that differ by less, relatively to the largest, are the same number: a few roundings of 32 bits.
SAME = 1e-6


class DeadNetwork:
    """Says when a network has died, from a look at it now and then.

    Two things are seen. Its answers to the examples of a batch are all the same, though once they were not; or no
    gradient reaches its weights, all matrices but at most the last one, as where every unit of a layer is off. A loss
    of which nothing is left to learn has no gradients either (a hinge, a perfect fit), and some models never look at
    their inputs: there the loss decides, which of a dead network is not below where it began.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._answer: torch.Tensor | None = None
        self._varied = False
        self._same = self._still = 0

    @contextmanager
    def listening(self, examples: int) -> Iterator[None]:
        """Inside, what the model answers first to a batch of so many examples is kept for `look`."""
        self._answer = None
        if examples < 2 or isinstance(self._model, torch.jit.ScriptModule) or is_compiled(self._model):
            yield
            return

        def heard(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if self._answer is None:
                self._answer = answer_in(output, examples)

        handle = self._model.register_forward_hook(heard)
        try:
            yield
        finally:
            handle.remove()

    @property
    def lives(self) -> bool:
        """True where the last look saw no sign of death."""
        return self._same == self._still == 0

    def look(self, gradients: Sequence[float | None], learned: bool, advice: str) -> Stop | None:
        """Judge what the model answered, and the norms of its matrices' gradients; None where there are none.

        `learned` is True where the loss is clearly below where it began.
        """
        answer, self._answer = self._answer, None
        if answer is not None:
            same = all_the_same(answer)
            self._varied = self._varied or not same
            self._same = self._same + 1 if same else 0
        norms = [norm for norm in gradients if norm is not None]
        zeros = sum(norm == 0 for norm in norms)
        still = bool(norms) and zeros >= max(1, len(norms) - 1)
        self._still = self._still + 1 if still else 0
        if self._same >= LOOKS and (self._varied or not learned):
            return _died(f"it gives the same answer to every input. {advice}")
        if self._still >= LOOKS and not learned:
            return _died(f"no gradient reaches its weights, and the loss is where it began. {advice}")
        return None


def _died(how: str) -> Stop:
    return Stop(EndReason.DIVERGED, f"The network died: {how}")


def is_compiled(model: nn.Module) -> bool:
    """True for what `torch.compile` made: a hook on it would make it compile again."""
    return hasattr(model, "_orig_mod") or getattr(model, "_compiled_call_impl", None) is not None


def answer_in(output: Any, examples: int) -> torch.Tensor | None:
    """The first tensor in a model's output with a row for each of so many examples; None where there is none.

    Numbers of 16 bits are passed over: answers that differ by less than a hundredth may be the same one there.
    """
    if isinstance(output, torch.Tensor):
        fits = output.dim() > 0 and output.shape[0] == examples and output.dtype in (torch.float32, torch.float64)
        return output.detach() if fits else None
    for part in _parts(output):
        if (found := answer_in(part, examples)) is not None:
            return found
    return None


def _parts(output: Any) -> Iterable[Any]:
    if isinstance(output, Mapping):
        return output.values()
    if isinstance(output, tuple | list):
        return output
    return [getattr(output, field.name) for field in fields(output)] if is_dataclass(output) else ()


@torch.no_grad()
def all_the_same(answer: torch.Tensor) -> bool:
    """True where all rows of `answer`, shape (examples, …), are the same but for rounding; never of what is not finite.

    Waits for the device.
    """
    if answer.numel() == 0:
        return False
    most = SAME * float(torch.linalg.vector_norm(answer, math.inf))
    if not math.isfinite(most) or float(torch.linalg.vector_norm(answer[0] - answer[-1], math.inf)) > most:
        return False  # nearly always: a look at all rows takes longer
    return float((answer.amax(0) - answer.amin(0)).amax()) <= most
