"""What stands behind a loss: modules, optimizers and parameters that its function reaches beside the model."""

from __future__ import annotations

import sys
import sysconfig
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

STATEFUL = (Optimizer, LRScheduler, torch.amp.GradScaler)
"""What a training changes beside modules, and what holds all of its state itself."""

#: So far from the function an object is looked into. It may lead to the whole program.
DEPTH = 5
#: A longer list or dict is data.
MOST_MEMBERS = 1000

_CONTAINERS = (dict, list, tuple, set, frozenset, deque)
_LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def behind(function: object) -> Iterator[Any]:
    """The modules, optimizers (with their like) and tensors that learn which `function` reaches, each once.

    A function reaches what it closes over, its defaults, the globals that it names; a method its object; a `partial`
    its arguments; an object its attributes. Objects of other people's packages are not looked into: they may hold a
    whole program, and say themselves what of it belongs to a training.
    """
    waiting: deque[tuple[Any, int]] = deque([(function, 0)])
    seen: dict[int, Any] = {}  # holds on to what was made on the way, so that ids stay theirs
    while waiting:
        thing, depth = waiting.popleft()
        if id(thing) in seen or isinstance(thing, (*weakref.ProxyTypes, weakref.ref)):
            continue
        seen[id(thing)] = thing
        kind = type(thing)
        if issubclass(kind, (nn.Module, *STATEFUL)):
            yield thing
        elif issubclass(kind, torch.Tensor):
            if thing.requires_grad and thing.is_leaf:
                yield thing
        elif depth < DEPTH:
            waiting.extend((part, depth + 1) for part in _parts(thing, depth == 0))


def leaves(loss: torch.Tensor) -> list[torch.Tensor]:
    """The tensors that a loss' gradients go to. Takes nothing from autograd's graph."""
    waiting = [loss.grad_fn]
    seen = set()
    found: dict[int, torch.Tensor] = {}
    while waiting:
        node: Any = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if isinstance(leaf, torch.Tensor):
            found[id(leaf)] = leaf
        waiting += [following for following, _ in node.next_functions]
    return list(found.values())


def _parts(thing: Any, given: bool) -> Iterable[Any]:
    """What a thing leads to; a thing that was `given` to us is looked into wherever it comes from."""
    if isinstance(thing, partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, MethodType):
        owner = thing.__self__
        return [*(_attributes(owner) if given else []), owner, thing.__func__]
    if isinstance(thing, FunctionType):
        return _of_function(thing)
    if isinstance(thing, _CONTAINERS):
        members = thing.values() if isinstance(thing, dict) else thing
        return list(members) if len(thing) <= MOST_MEMBERS else []
    if isinstance(thing, (type, ModuleType)) or (not given and is_others(type(thing).__module__)):
        return []
    return _attributes(thing)


def _attributes(thing: Any) -> list[Any]:
    if isinstance(thing, (type, ModuleType, nn.Module, *STATEFUL)):
        return []
    slots = [getattr(thing, name, None) for base in type(thing).__mro__ for name in _slots(base)]
    return [*getattr(thing, "__dict__", {}).values(), *slots]


def _slots(kind: type) -> Iterable[str]:
    slots = vars(kind).get("__slots__", ())
    return [slots] if isinstance(slots, str) else [name for name in slots if not name.startswith("__")]


def _of_function(function: FunctionType) -> list[Any]:
    cells = []
    for cell in function.__closure__ or ():
        try:
            cells.append(cell.cell_contents)
        except ValueError:  # not filled yet
            continue
    wrapped = getattr(function, "__wrapped__", None)
    known = [*cells, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), wrapped]
    if is_others(function.__module__):
        return known
    names = _names(function.__code__)
    return known + [function.__globals__[name] for name in names if name in function.__globals__]


def _names(code: CodeType) -> list[str]:
    """What a function's code, and that of the functions in it, looks up."""
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in _names(part)]
    return [*code.co_names, *inner]


def is_others(module: str | None) -> bool:
    """True where a module is of Python's library or of an installed package that is not ours."""
    if module is None or module.split(".")[0] in ("lrgui", "__main__"):
        return False
    if module in sys.builtin_module_names:
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is not None and (file.startswith(_LIBRARIES) or "site-packages" in file or "dist-packages" in file)
