"""A training's whole state as data, and back: what a checkpoint holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Protocol

import torch
from torch import nn

from lrgui.core.engine.dead_network import DeadNetwork
from lrgui.core.engine.early_stopping import EarlyStopping
from lrgui.core.engine.evaluation import Means
from lrgui.core.engine.guards import Guards
from lrgui.core.engine.live_rate import LiveRate
from lrgui.core.engine.loader_position import Feed
from lrgui.core.engine.loss_state import STATEFUL, behind
from lrgui.core.engine.objective import Objective
from lrgui.core.engine.param_groups import inside
from lrgui.core.engine.pausing import Stopwatch
from lrgui.core.engine.plain_state import Writer, loaded, put_together, stored
from lrgui.core.engine.random_state import RandomState
from lrgui.core.engine.recovery import Recovery
from lrgui.core.engine.stopping import TrainWatch
from lrgui.core.tensor_file import Contents, Tensor
from lrgui.core.validation_watch import ValidationWatch

#: What a weight's name begins with in a checkpoint, where other tensors lie beside it.
WEIGHTS = "model."
#: The text of a checkpoint that holds everything but tensors.
STATE = "training"


class Underway(Protocol):
    """A training, as far as its state is concerned; its other attributes are kept by name, where they are numbers or
    have a `state_dict`."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    objective: Objective
    feed: Feed
    clock: Stopwatch
    guards: Guards
    midway: bool


_NUMBERS = (bool, int, float, str, type(None))
#: Attributes of a training that are made anew, or kept in their own way.
_OTHERWISE = {"model", "optimizer", "loader", "validation", "objective", "config", "control", "keeper", "metric_name"}
#: Objects of ours whose plain attributes say where they stand; what else they hold is made anew.
_OPEN = (Means, TrainWatch, ValidationWatch, EarlyStopping, DeadNetwork, LiveRate, Recovery)
#: What every module has.
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """The model's weights by name, as its `state_dict` has them. Raises ValueError for tensors without a plain form."""
    found = {name: one for name, one in model.state_dict().items() if isinstance(one, torch.Tensor)}
    return {name.replace("_orig_mod.", ""): stored(one) for name, one in found.items()}


def state_of(training: Underway, midway: bool) -> tuple[dict[str, Tensor], str]:
    """The tensors and the text from which `put_back` makes the training as it is now, `midway` in an epoch or after
    one. Raises ValueError, with what it is, where something cannot be kept."""
    writer = Writer()
    model = training.model
    state = {
        "midway": midway,
        "rest": {name: one for name, one in model.state_dict().items() if not isinstance(one, torch.Tensor)},
        "buffers": {name: one for name, one in model.named_buffers() if name not in model.state_dict()},
        "attributes": {name: values for name, module in model.named_modules() if (values := _values(module))},
        "optimizer": training.optimizer.state_dict(),
        "beside": [_state(one) for one in _beside(training)],
        "values": {name: value for name, value in _own(training) if isinstance(value, _NUMBERS)},
        "open": {name: _plain(value) for name, value in _own(training) if isinstance(value, _OPEN)},
        "objects": {name: value.state_dict() for name, value in _own(training) if _is_stateful(value)},
        "seconds": training.clock.seconds,
        "data": training.feed.state(),
        "random": RandomState().states,
    }
    text = writer.text(STATE, state)
    weights = {WEIGHTS + name: stored(one) for name, one in model.state_dict().items() if isinstance(one, torch.Tensor)}
    return {**weights, **writer.tensors}, text


def put_back(training: Underway, contents: Contents) -> str:
    """Make a training, which is built alike and has not begun, the one that `state_of` was told of.

    Returns a sentence where its batches will not be the same, else an empty text. Raises ValueError, with a sentence,
    where the model or the optimizer is another one.
    """
    if STATE not in contents.texts:
        raise ValueError(f"{contents.path.name} holds weights, but no training to resume.")
    state = put_together(contents, contents.texts[STATE])
    model = training.model
    names = [name for name in contents.tensors if name.startswith(WEIGHTS)]
    try:
        with torch.no_grad():
            weights = {name.removeprefix(WEIGHTS): loaded(contents, name) for name in names}
            model.load_state_dict({**weights, **state["rest"]})
            buffers = dict(model.named_buffers())
            for name, one in state["buffers"].items():
                buffers[name].copy_(one)
            _load(training.optimizer, state["optimizer"])
            beside = list(_beside(training))
            if len(beside) != len(state["beside"]):
                raise ValueError("the loss uses other modules")
            for thing, one in zip(beside, state["beside"], strict=True):
                _set_state(thing, one)
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        raise ValueError(
            "The checkpoint does not fit: the model or its optimizer is not the one that was trained "
            f"({str(error).strip().splitlines()[0][:200]}). Restore the code and the settings of then."
        ) from error
    modules = dict(model.named_modules())
    for name, values in state["attributes"].items():
        if name in modules:
            modules[name].__dict__.update(values)
    own = dict(_own(training))
    for name, value in state["values"].items():
        if name in own:
            setattr(training if name in vars(training) else training.guards, name, value)
    for name, values in state["open"].items():
        if name in own:
            own[name].__dict__.update(values)
    for name, one in state["objects"].items():
        if name in own and _is_stateful(own[name]):
            own[name].load_state_dict(one)
    _load(training.optimizer, state["optimizer"])  # again: a schedule sets the rates that were planned
    training.clock.start(state["seconds"])
    training.midway = state["midway"]
    note = training.feed.find(state["data"], state["midway"])
    RandomState(state["random"]).restore()
    return note


def _own(training: Underway) -> Iterator[tuple[str, Any]]:
    """The attributes of the training, and of what watches over it, that say where it stands."""
    both = (*vars(training).items(), *vars(training.guards).items())
    return ((name, value) for name, value in both if name not in _OTHERWISE)


def _is_stateful(value: object) -> bool:
    return all(callable(getattr(value, name, None)) for name in ("state_dict", "load_state_dict"))


def _plain(thing: object) -> dict[str, Any]:
    """Those attributes that can be kept."""
    found = {}
    for name, value in vars(thing).items():
        with suppress(ValueError):
            Writer().text(name, value)
            found[name] = value
    return found


def _load(optimizer: torch.optim.Optimizer, state: Any) -> None:
    """Load an optimizer's state and leave its groups where they are: schedules, and what is wrapped around it, hold
    them."""
    groups = optimizer.param_groups
    before = list(groups)
    optimizer.load_state_dict(state)
    for kept, loaded_group in zip(before, optimizer.param_groups, strict=True):
        if kept is not loaded_group:
            kept.clear()
            kept.update(loaded_group)
    groups[:] = before
    for holder in (inside(optimizer), optimizer):
        with suppress(AttributeError):  # of one that shows another's
            holder.param_groups = groups  # type: ignore[union-attr]


def _values(module: nn.Module) -> dict[str, Any]:
    """Numbers and texts that a module has for attributes: a counter, a share that grows."""
    found = vars(module).items()
    return {name: value for name, value in found if name not in _OF_EVERY_MODULE and type(value) in _NUMBERS}


def _beside(training: Underway) -> Iterator[Any]:
    """What learns beside the model: modules and optimizers that the loss reaches, parameters that only the optimizer
    knows."""
    inside = {id(part) for part in training.model.modules()} | {id(training.optimizer)}
    seen = {id(one) for one in training.model.parameters()}
    for thing in behind(training.objective.loss):
        if id(thing) in inside or id(thing) in seen:
            continue
        if isinstance(thing, nn.Module):
            seen |= {id(one) for one in thing.parameters()}
        yield thing
    for group in training.optimizer.param_groups:
        yield from (one for one in group["params"] if id(one) not in seen)


def _state(thing: Any) -> Any:
    return thing.state_dict() if isinstance(thing, (nn.Module, *STATEFUL)) else thing.detach()


def _set_state(thing: Any, state: Any) -> None:
    if isinstance(thing, (nn.Module, *STATEFUL)):
        thing.load_state_dict(state)
    else:
        thing.copy_(state)
