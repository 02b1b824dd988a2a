"""What a model's forward pass takes, and how it is called with what a batch holds."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from lrgui.core.engine.batches import tensors_of
from lrgui.core.engine.output_loss import NO_LOSS

#: Names under which a mapping holds its target, in the order in which they are looked for.
TARGETS = ("labels", "label", "targets", "target", "y")
_TARGET_ENDINGS = ("_labels", "_label", "_targets", "_target")


class ModelInputs:
    """What a model's forward pass takes: read once, since a sweep asks at every step."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        parameters = _forward_parameters(model)
        self.known = parameters is not None
        parameters = parameters or []
        by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self.places = [p for p in parameters if p.kind in by_place]
        self.required = sum(p.default is inspect.Parameter.empty for p in self.places)
        self.any_place = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
        self.any_name = not self.known or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
        self.names = {p.name for p in parameters if p.kind is not inspect.Parameter.POSITIONAL_ONLY}
        self._target = next((name for name in TARGETS if name in self.names), None) or next(
            (p.name for p in parameters if p.name in self.names and p.name.endswith(_TARGET_ENDINGS)), None
        )

    def several(self, count: int, optional: bool = False) -> bool:
        """True where there are places for `count` > 1 inputs, more than one of them required.

        With `optional` also where all but the first may be left out.
        """
        if not self.known or count < 2:
            return False
        if self.any_place:
            return not self.required or self.required <= count
        return (optional or self.required > 1) and self.required <= count <= len(self.places)

    def called(self, inputs: Sequence[Any], **more: Any) -> Any:
        """The output for inputs that come one after the other."""
        masked = len(inputs) == 2 and "attention_mask" in self.names
        if masked and len(self.places) > 1 and self.places[1].name != "attention_mask":
            # Tokens and their mask, as tutorials have them: GPT-2's second place is that of past keys and values.
            return self.model(inputs[0], attention_mask=inputs[1], **more)
        return self.model(*inputs, **more)

    def called_with_target(self, inputs: Sequence[Any], target: Any) -> Any:
        """The output of a model that computes its loss itself. Raises ValueError where it takes no target."""
        name = self._target
        if name is None:
            if not self.several(len(inputs) + 1, optional=True):
                raise ValueError(NO_LOSS)
            if "attention_mask" in self.names:  # the target would end up among the inputs
                raise ValueError(
                    "The model's forward pass has no argument called labels or the like, so the batch's last item "
                    "cannot be passed to it: use dicts with the names of its arguments as batches, or pass a "
                    "training_step(model, batch)."
                )
            return self.model(*inputs, target)
        before = [p.name for p in self.places[: len(inputs) + 1]]
        if name in before[:-1] and self.names.issuperset(before):  # forward(x, y, mask) for a batch (x, mask, y)
            before.remove(name)
            return self.model(**dict(zip(before, inputs, strict=True)), **{name: target})
        return self.called(inputs, **{name: target})

    def called_by_name(self, inputs: dict[str, Any]) -> Any:
        """The output for the inputs of a mapping."""
        if not inputs.keys() <= self.names:
            inputs = dict(self.wanted(inputs))
        if inputs.keys() <= self.names:
            return self.model(**inputs)
        if len(inputs) == 1:
            return self.model(*inputs.values())
        if self.any_name:
            return self.model(**inputs)
        raise ValueError(
            f"The model's forward pass does not accept {listed_names(inputs.keys() - self.names)} from the batch: pass "
            "a training_step(model, batch)."
        )

    def with_target(self, batch: Mapping[str, Any], target: str | None) -> Mapping[str, Any]:
        """A whole batch, in which the target has the model's own name: data sets say `label`, models `labels`."""
        batch = self.wanted(batch)
        own = self._target
        if target is None or own is None or target in self.names or own in batch:
            return batch
        return {own if name == target else name: value for name, value in batch.items()}

    def wanted(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without entries that the model does not know and that hold no tensor, such as the names of files."""
        if self.any_name or inputs.keys() <= self.names:
            return inputs
        return {
            name: value
            for name, value in inputs.items()
            if name in self.names or next(tensors_of(value), None) is not None
        }


def _forward_parameters(model: nn.Module) -> list[inspect.Parameter] | None:
    """The parameters of a model's forward pass, past the wrappers; None where they can't be read."""
    while True:
        wrapped = isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel)
        inner = model.module if wrapped else getattr(model, "_orig_mod", None)
        if not isinstance(inner, nn.Module):
            break
        model = inner
    try:
        return list(inspect.signature(model.forward).parameters.values())
    except (TypeError, ValueError):
        return None


def listed_names(names: Any) -> str:
    """The names of what a batch holds, for a sentence."""
    return ", ".join(f"“{name}”" for name in sorted(map(str, names))) or "nothing"
