"""Remembering objects as they are, so that each can be put back in place: whoever holds it keeps it."""

from __future__ import annotations

import enum
import weakref
from collections import deque
from collections.abc import Iterable
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from lrgui.core.engine.cleanup import Action
from lrgui.core.engine.loss_state import STATEFUL
from lrgui.core.engine.random_state import GENERATORS, generator_back
from lrgui.core.engine.tensor_store import Copies, parts, plain

NUMBERS = (bool, int, float, complex, np.generic)
PLAIN_VALUES = (type(None), str, bytes, enum.Enum, torch.dtype, torch.device, *NUMBERS)
FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType)
LINKS = (*weakref.ProxyTypes, weakref.ref, nn.Module, type, ModuleType, np.memmap, *FUNCTIONS)
"""What is kept as it is and not looked into. Proxies come first: a dead one can't be asked for its class."""
CONTAINERS = (dict, list, tuple, set, frozenset, deque)
WRAPPERS = ("torch.nn.parallel", "torch.distributed", "torch._dynamo", "torch.jit")
"""Where wrappers of modules come from whose attributes must agree with a state outside of Python."""

_OF_EVERY_MODULE = frozenset(nn.Module().__dict__)
_ABSENT = object()


class Remembered:
    """Containers, tensors and attributes of objects, and in `actions` what puts each of them back.

    A container gets the very same members again, a tensor its values, an object its attributes, all in place.
    Tensors' values go to `copies`, whose `take` the caller calls when everything is added.
    """

    def __init__(self, copies: Copies) -> None:
        self.actions: list[Action] = []
        self._copies = copies
        self._seen: dict[int, object] = {}  # holds on to the objects, so that ids stay theirs

    def knows(self, value: object) -> bool:
        """True for what was added already."""
        return id(value) in self._seen

    def take_over(self, value: object) -> None:
        """Take a value for known: somebody else puts it back."""
        self._seen[id(value)] = value

    def add(self, value: Any, depth: int = 1) -> None:
        """Remember a value and all that is in it.

        Optimizers, their schedulers and scalers are always looked into, modules never (see `module`), other objects
        `depth` deep: they may lead to the whole program.
        """
        if id(value) in self._seen:
            return
        if issubclass(type(value), torch.Tensor):  # not `isinstance`: see `LINKS`
            self._tensor(value)
        elif isinstance(value, LINKS) or isinstance(value, PLAIN_VALUES):  # noqa: SIM101 (in this order)
            return
        elif isinstance(value, GENERATORS):
            back = generator_back(value)
            self.actions += [] if back is None else [back]
        elif isinstance(value, np.ndarray):
            if value.flags.writeable:
                self.actions.append(partial(np.copyto, value, value.copy()))
        elif isinstance(value, CONTAINERS):
            self._container(value, depth)
        elif hasattr(value, "__dict__"):
            known = isinstance(value, STATEFUL)
            if depth == 0 and not known:
                return
            self._container(vars(value), depth if known else depth - 1)
        self._seen[id(value)] = value

    def module(self, module: nn.Module) -> None:
        """Remember one module without its children: parameters, buffers, mode and attributes.

        Attributes that are objects of other classes than optimizers are left alone, also those of wrappers
        (`WRAPPERS`).
        """
        for held in (module._parameters, module._buffers):
            if isinstance(held, dict):
                self._container(held, 0)
            else:  # a scripted module: its members can't be exchanged
                self._each(held.values(), 0)
        for members in (module._modules, module._non_persistent_buffers_set):
            if isinstance(members, dict | set):
                self.actions.append(_refill(members))
        self.actions.append(partial(_set, module, "training", module.training))
        if type(module).__module__.startswith(WRAPPERS) and not is_fully_sharded(module):
            return
        before = {name: value for name, value in vars(module).items() if name not in _OF_EVERY_MODULE}
        values = {name: value for name, value in before.items() if _is_value(value)}
        self._each(values.values(), 0)
        self.actions.append(partial(_set_values, module, values, frozenset(before)))

    def _container(self, container: Any, depth: int) -> None:
        if id(container) in self._seen:
            return
        self._seen[id(container)] = container
        if not isinstance(container, tuple | frozenset):
            self.actions.append(_refill(container))
        if isinstance(container, dict):
            self._each((key for key in container if isinstance(key, torch.Tensor)), depth)
            self._each(container.values(), depth)
        else:
            self._each(container, depth)

    def _each(self, values: Iterable[Any], depth: int) -> None:
        for value in list(values):
            self.add(value, depth)

    def _tensor(self, tensor: torch.Tensor) -> None:
        if is_lazy(tensor):
            raise ValueError(
                "The model has uninitialized lazy layers: run one batch through the model first, then try again."
            )
        pieces, numbers = self._copies_of(tensor)
        leaf, requires_grad = tensor.is_leaf, tensor.requires_grad
        self.actions.append(partial(_set_graph, tensor, leaf, requires_grad))
        if plain(tensor):
            # The pieces are views of the memory of now, which the tensor gets again.
            self.actions.append(partial(_set_memory, tensor, tensor.detach()))
            self.actions += [partial(self._copies.fill, *found) for found in zip(numbers, pieces, strict=True)]
        else:
            self.actions.append(partial(_fill, tensor, self._copies, numbers))
        if leaf:
            self._grad(tensor)

    def _grad(self, owner: torch.Tensor) -> None:
        grad = owner.grad
        if grad is None:
            self.actions.append(partial(_set, owner, "grad", None))
            return
        _, numbers = self._copies_of(grad)
        # Held weakly: a gradient that the loop lets go must not stay in memory twice.
        find: Any = weakref.ref(grad) if plain(grad) else partial(_same, grad)
        form = (grad.shape, grad.stride() if plain(grad) else (), grad.dtype, grad.device)
        self.actions.append(partial(_put_grad_back, owner, find, form, self._copies, numbers))

    def _copies_of(self, tensor: torch.Tensor) -> tuple[list[torch.Tensor], list[int]]:
        pieces = parts(tensor)
        return pieces, [self._copies.add(piece) for piece in pieces]


def is_fully_sharded(module: nn.Module) -> bool:
    """Whether `fully_shard` (FSDP2) manages this module's parameters."""
    return any(base.__name__ == "FSDPModule" for base in type(module).__mro__)


def _set_graph(tensor: torch.Tensor, leaf: bool, requires_grad: bool) -> None:
    if leaf and not tensor.is_leaf:  # a buffer that was written to with something that has a gradient
        tensor.detach_()
    if leaf and tensor.requires_grad != requires_grad:
        tensor.requires_grad_(requires_grad)


def _set_memory(tensor: torch.Tensor, memory: torch.Tensor) -> None:
    """Let a plain tensor lie where it lay, if somebody assigned to its `data`."""
    if tensor.dtype != memory.dtype or tensor.device != memory.device or not tensor.is_set_to(memory):
        tensor.data = memory


def _put_grad_back(owner: torch.Tensor, find: Any, form: Any, copies: Copies, numbers: list[int]) -> None:
    grad = find()
    if grad is None:
        shape, stride, dtype, device = form
        grad = torch.empty_strided(shape, stride, dtype=dtype, device=device)
    _fill(grad, copies, numbers)
    _set(owner, "grad", grad)


def _fill(tensor: torch.Tensor, copies: Copies, numbers: list[int]) -> None:
    if numbers:  # else it was empty, or its memory was given back for the time being
        for number, piece in zip(numbers, parts(tensor), strict=True):
            copies.fill(number, piece)


def _same(value: Any) -> Any:
    return value


def _set(owner: object, name: str, value: object) -> None:
    if getattr(owner, name) is not value:
        setattr(owner, name, value)


def _is_value(value: object) -> bool:
    """An attribute that belongs to a module's state, unlike functions and objects that it refers to."""
    if isinstance(value, LINKS):
        return False
    return isinstance(value, (*PLAIN_VALUES, *CONTAINERS, *GENERATORS, *STATEFUL, torch.Tensor, np.ndarray))


def _set_values(module: nn.Module, values: dict[str, Any], before: frozenset[str]) -> None:
    """Give a module its values again; values that it did not have before are taken away."""
    held = vars(module)
    for name in [name for name in held if name not in before and name not in _OF_EVERY_MODULE]:
        if _is_value(held[name]):
            del held[name]
    for name, value in values.items():
        if held.get(name, _ABSENT) is not value:
            held[name] = value


def _refill(container: Any) -> Action:
    """What gives a changeable container its members of now again."""
    if isinstance(container, dict):
        return partial(_refill_dict, container, list(container.items()))
    return partial(_refill_other, container, list(container))


def _refill_dict(container: dict[Any, Any], items: list[tuple[Any, Any]]) -> None:
    # By identity: keys and values can be tensors.
    if [(id(key), id(value)) for key, value in container.items()] == [(id(key), id(value)) for key, value in items]:
        return
    container.clear()
    for key, value in items:
        container[key] = value


def _refill_other(container: Any, members: list[Any]) -> None:
    if [id(member) for member in container] == [id(member) for member in members]:
        return
    container.clear()
    (container.update if isinstance(container, set) else container.extend)(members)
