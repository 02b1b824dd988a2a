"""Putting another package's objects back: trainers, learners and nets as they were, whatever a set-up did to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from types import TracebackType
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils.data import DataLoader, Sampler

from lrgui.core.engine.cleanup import Action, Assured, OneInterrupt
from lrgui.core.engine.random_state import GENERATORS, RandomState, generator_back


class Kept:
    """In `with kept, kept:` these objects may be changed; at its end they are as they were, random generators included.

    Twice, for Ctrl+C: see `core.engine.cleanup.Assured`.

    Attributes are put back, and what their lists, dicts and sets held. Followed are objects of the packages in
    `within`, modules, and what draws a loader's order (samplers, generators); everything else is only referred to.
    A module's tensors get back the storage they had (so also device and type), `requires_grad` and `.grad`.
    What stands in its parameters and buffers is copied only with `weights`: a sweep puts that back by itself.
    """

    def __init__(self, *objects: Any, within: Iterable[str] = (), weights: bool = False) -> None:
        self._objects = objects
        self._within = tuple(f"{name}." for name in within)
        self._weights = weights
        self._actions: list[Action] = []
        self._entered = False
        self._interrupts = OneInterrupt()
        self._last = Assured()
        self._gradients = torch.is_grad_enabled()

    def __enter__(self) -> Kept:
        if self._entered:
            return self
        self._entered = True
        random = RandomState()
        seen: dict[int, Any] = {}  # holds the objects: an id may be given again once its object is gone
        todo: list[tuple[Any, bool | None]] = [(found, None) for found in self._objects]
        while todo:
            found, copied = todo.pop()
            if id(found) not in seen:
                seen[id(found)] = found
                todo.extend(self._keep(found, copied))
        self._actions.append(random.restore)
        self._last = Assured(*self._actions)
        try:
            self._interrupts.__enter__()
            return self
        except BaseException:
            self._interrupts.__exit__(None, None, None)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with torch.no_grad():
                self._last.__exit__(kind, error, trace)
        finally:
            # Ctrl+C between the last line of a `no_grad` and its end leaves gradients off.
            torch.set_grad_enabled(self._gradients)
        self._interrupts.__exit__(kind, error, trace)

    def _keep(self, found: Any, copied: bool | None) -> Iterator[tuple[Any, bool | None]]:
        """Remember one object; yields what in it is to be remembered as well.

        `copied`: None for tensors that belong to no module and are left alone, else whether their values are copied.
        """
        if isinstance(found, torch.Tensor):
            if copied is not None and not is_lazy(found):
                self._actions.append(_tensor_back(found, copied))
        elif isinstance(found, (dict, list, set, deque)):
            self._actions.append(partial(_refill, found, dict(found) if isinstance(found, dict) else list(found)))
            if self._followed(found):
                self._actions.append(_attributes_back(found))
            parts = found.values() if isinstance(found, dict) else found
            yield from ((part, copied) for part in parts if not isinstance(part, (str, int, float)))
        elif isinstance(found, (tuple, frozenset)):
            yield from ((part, copied) for part in found)
        elif isinstance(found, GENERATORS):
            back = generator_back(found)
            if back is not None:
                self._actions.append(back)
        elif isinstance(found, (DataLoader, Sampler)):
            # Its data set may be huge and doesn't change: only what draws the order, and workers that run on.
            self._actions.append(_attributes_back(found))
            yield from ((getattr(found, name, None), None) for name in ("generator", "sampler", "batch_sampler"))
        elif isinstance(found, nn.Module):
            self._actions.append(_attributes_back(found))
            for name, part in vars(found).items():
                # Small ones, a metric's counts; parameters and buffers are in the sweep's own snapshot.
                yield part, self._weights or name not in ("_parameters", "_buffers")
        elif self._followed(found):
            self._actions.append(_attributes_back(found))
            yield from ((part, None) for part in vars(found).values())

    def _followed(self, found: Any) -> bool:
        kind = type(found)  # not `__class__`: a weak proxy would claim to be what it points to
        return (
            not isinstance(found, type)
            and kind.__dictoffset__ != 0
            and any(f"{base.__module__}.".startswith(self._within) for base in kind.__mro__)
        )


def _attributes_back(found: Any) -> Action:
    # Around `__setattr__`, which several of these classes guard.
    return partial(_refill, vars(found), dict(vars(found)))


def _refill(container: Any, before: Any) -> None:
    container.clear()
    (container.extend if isinstance(container, (list, deque)) else container.update)(before)


def _tensor_back(tensor: torch.Tensor, copied: bool) -> Action:
    storage = tensor.data
    values = storage.clone() if copied else None
    leaf = tensor.is_leaf
    requires_grad, grad = tensor.requires_grad, tensor.grad if leaf else None

    def back() -> None:
        if leaf:
            tensor.grad = None  # one on another device would refuse what follows
        tensor.data = storage
        if values is not None:
            storage.copy_(values)
        if leaf:
            tensor.requires_grad_(requires_grad)
            tensor.grad = grad

    return back
