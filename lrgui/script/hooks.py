"""What a script's training does, seen from inside torch: optimizer steps, losses, fp16's scaling. Changes nothing.

The hooks are torch's own where it has them (optimizer steps, forward passes); `backward` and what scales a loss are
wrapped. They need torch alone, and a `Follower` that is told.
"""

from __future__ import annotations

import functools
import sys
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.utils.data.dataloader import _BaseDataLoaderIter

from lrgui.core.engine.param_groups import largest
from lrgui.errors.traces import is_persons
from lrgui.script.loading import LoadersSeen
from lrgui.script.losses import UNSCALED, StepLosses, loss_of
from lrgui.script.seen import Counts, Follower, Seen, parameters_of

#: So many nodes of a graph are looked at for a loss that was scaled before something else was done with it.
_NODES = 24
#: A weight that changed so often between backward passes, while no optimizer stepped, is changed by hand; so many
#: passes are looked at.
CHANGES, MOST_LOOKS = 3, 64
#: What torch warns of where a compiled model meets our hooks: the script has none.
_OF_OUR_HOOKS = r"Using `torch\.compile\(module\)` when there are global hooks"
#: So many nodes of a graph are looked at for a weight.
_GRAPH = 2000


class Hooks:
    """Installed once in a process; the follower is told."""

    def __init__(self, follower: Follower) -> None:
        self.counts = Counts()
        self.loaders = LoadersSeen()
        self.focus: Seen | None = None
        """The only optimizer whose losses are still of interest; None: all are."""
        self._follower = follower
        self._seen: weakref.WeakKeyDictionary[Any, Seen] = weakref.WeakKeyDictionary()
        self._stepping: Any = None
        self._current: Seen | None = None
        self._closure = False
        self._nested = 0
        self._steppers = 0
        self._in_backward = False
        self._deep = 0
        self._forward: list[Any] = []
        self._undo: list[Callable[[], object]] = []
        self._weight: tuple[weakref.ref[Any], torch.Tensor] | None = None
        self._changes = self._by_hand = 0
        self._scales: list[tuple[Any, Any]] = []  # node and scale of losses that were scaled since the last step

    def install(self) -> None:
        """From here on everything is seen."""
        before, after = register_optimizer_step_pre_hook, register_optimizer_step_post_hook
        self._undo = [before(self._before_step).remove, after(self._after_step).remove]
        self._forward = [
            register_module_forward_pre_hook(self._forward_begins),
            register_module_forward_hook(self._forward_ended, always_call=True),
        ]
        warnings.filterwarnings("ignore", message=_OF_OUR_HOOKS)
        self._undo.append(functools.partial(_forget_filter, warnings.filters[0]))
        self._replace(Optimizer, "__init__", _after(Optimizer.__init__, self._made))
        self._replace(torch.autograd, "backward", self._wrapped_backward(torch.autograd.backward))
        self._replace(torch.autograd, "grad", self._wrapped_grad(torch.autograd.grad))
        self._replace(_BaseDataLoaderIter, "__next__", self.loaders.wrapped(_BaseDataLoaderIter.__next__))
        scaler = torch.amp.GradScaler
        self._replace(scaler, "scale", self._wrapped_scale(scaler.scale))
        self._replace(scaler, "step", self._wrapped_scaler_step(scaler.step))

    def remove(self) -> None:
        """Nothing is seen any more."""
        self._look_no_more()
        while self._undo:
            self._undo.pop()()

    def _replace(self, holder: Any, name: str, value: Any) -> None:
        self._undo.append(functools.partial(setattr, holder, name, getattr(holder, name)))
        setattr(holder, name, value)

    def _look_no_more(self) -> None:
        for handle in self._forward:
            handle.remove()
        self._forward.clear()

    @property
    def steppers(self) -> int:
        """How many optimizers have stepped."""
        return self._steppers

    def seen(self, optimizer: Any) -> Seen:
        """What is known of an optimizer."""
        found = self._seen.get(optimizer)
        if found is None:
            losses = StepLosses(parameters_of(optimizer))
            found = self._seen[optimizer] = Seen(weakref.ref(optimizer), losses)
        return found

    # -- steps

    def _before_step(self, optimizer: Any, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        if self._stepping is not None and _is_within_a_step():
            self._nested += 1  # SAM's own optimizer, a subclass that calls its parent's step
            return
        self._stepping, self._nested = optimizer, 0
        self._adopt()
        seen = self.seen(optimizer)
        if seen.number < 0:
            seen.number = self._steppers
            self._steppers += 1
        seen.steps += 1
        self.counts.steps += 1
        seen.counts = seen.losses.count
        self._current = seen
        self._closure = has_closure(arguments, named)
        self._follower.before_step(seen, self._closure)

    def _after_step(self, _optimizer: Any, _arguments: tuple[Any, ...], _named: Mapping[str, Any]) -> None:
        if self._nested:
            self._nested -= 1
            return
        self._stepping = None
        seen = self._current
        if seen is None:
            return
        if self._closure:
            seen.counts = seen.losses.count
        self._follower.after_step(seen, self._closure)
        seen.losses.drop()
        self._scales.clear()
        if self._forward:
            self._look_no_more()  # what is called is known by now

    def _made(self, optimizer: Any) -> None:
        """An optimizer was made: note where, and look at its parameters from now on."""
        self._seen.pop(optimizer, None)
        seen = self.seen(optimizer)
        seen.made_at = person_line()
        try:
            seen.made_lr = largest(seen.groups)
        except (KeyError, TypeError, ValueError, RuntimeError):  # none, or something that is no number yet
            seen.made_lr = 0.0

    def _adopt(self) -> None:
        """Also follow optimizers that are none of torch's classes: fastai's, once a script has imported it."""
        module = sys.modules.get("fastai.optimizer")
        cls = getattr(module, "Optimizer", None)
        if cls is None or getattr(cls.step, "_lrgui", False):
            return
        self._replace(cls, "step", self._wrapped_step(cls.step))
        self._replace(cls, "__init__", _after(cls.__init__, self._made))

    def _wrapped_step(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(optimizer: Any, *arguments: Any, **named: Any) -> Any:
            self._before_step(optimizer, (optimizer, *arguments), named)
            done = step(optimizer, *arguments, **named)
            self._after_step(optimizer, (optimizer, *arguments), named)
            return done

        wrapper._lrgui = True  # type: ignore[attr-defined]
        _WRAPPERS.add(wrapper.__code__)
        return functools.update_wrapper(wrapper, step)

    # -- losses

    def _wrapped_backward(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def backward(tensors: Any, grad_tensors: Any = None, *others: Any, **named: Any) -> Any:
            if self._in_backward:  # of a part that is computed again (checkpointing)
                return original(tensors, grad_tensors, *others, **named)
            if not self.counts.steps:
                self._look_for_changes(tensors)
            if isinstance(tensors, torch.Tensor):
                self._follower.goes_back(tensors)
            self._in_backward = True
            followed = list(self._seen.values()) if self.focus is None else [self.focus]
            for seen in followed:
                seen.losses.backward_begins()
            try:
                original(tensors, grad_tensors, *others, **named)
            finally:
                self._in_backward = False
            self._adopt()
            self.counts.backward += 1
            weights = grad_tensors if grad_tensors is not None else named.get("grad_variables")
            loss = self._unscaled(tensors, loss_of(tensors, weights))
            for seen in followed:
                seen.losses.backward_ended(loss)

        return backward

    def _wrapped_grad(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def grad(outputs: Any, inputs: Any, *others: Any, **named: Any) -> Any:
            if isinstance(inputs, Iterator):  # `model.parameters()` gives each of them once
                inputs = tuple(inputs)
            done = original(outputs, inputs, *others, **named)
            loss = outputs[0] if isinstance(outputs, list | tuple) and len(outputs) == 1 else outputs
            if not self._in_backward and isinstance(loss, torch.Tensor) and not loss.dim():
                asked = (inputs,) if isinstance(inputs, torch.Tensor) else tuple(inputs)
                followed = list(self._seen.values()) if self.focus is None else [self.focus]
                for seen in [one for one in followed if one.losses.trains_any_of(asked)]:
                    seen.losses.gradients_taken(self._unscaled(loss, loss_of(loss, None)))
            return done

        return grad

    def _look_for_changes(self, tensors: Any) -> None:
        """Before the first step: a weight that has changed since the last backward pass was changed by hand."""
        if self._changes > MOST_LOOKS or not isinstance(tensors, torch.Tensor):
            return
        weight = None if self._weight is None else self._weight[0]()
        if weight is None:
            weight = leaf_of(tensors)
            if weight is None:
                return
            self._weight = weakref.ref(weight), weight.detach().clone()
            return
        assert self._weight is not None
        self._changes += 1
        if not torch.equal(weight.detach(), self._weight[1]):
            self._weight = weakref.ref(weight), weight.detach().clone()
            self._by_hand += 1
            if self._by_hand == CHANGES:
                self._follower.by_hand()

    def _unscaled(self, tensors: Any, loss: Any) -> Any:
        """`loss` without the scale of fp16, where something was done with it after it was scaled."""
        if not self._scales or hasattr(tensors, UNSCALED) or not isinstance(tensors, torch.Tensor):
            return loss
        todo, looked = [tensors.grad_fn], 0
        while todo and looked < _NODES:
            node = todo.pop()
            looked += 1
            for scaled, scale in self._scales:
                if node is scaled:
                    return loss / (scale.item() if isinstance(loss, float) else scale)
            todo += [following for following, _ in getattr(node, "next_functions", ())]
        return loss

    def _wrapped_scale(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def scale(scaler: Any, outputs: Any) -> Any:
            scaled = original(scaler, outputs)
            if isinstance(scaled, torch.Tensor) and scaled is not outputs:
                setattr(scaled, UNSCALED, outputs.detach())
                if scaled.grad_fn is not None and scaler._scale is not None:
                    self._scales.append((scaled.grad_fn, scaler._scale.detach().clone()))
                    del self._scales[:-64]
            return scaled

        return scale

    def _wrapped_scaler_step(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def step(scaler: Any, optimizer: Any, *arguments: Any, **named: Any) -> Any:
            before = self.counts.steps
            done = original(scaler, optimizer, *arguments, **named)
            if scaler.is_enabled() and self.counts.steps == before:
                self._follower.skipped(self.seen(optimizer))
                self.seen(optimizer).losses.drop()
                self._scales.clear()
            return done

        return step

    # -- forward passes, until the first step

    def _forward_begins(self, module: nn.Module, _inputs: Any) -> None:
        if torch.compiler.is_compiling():
            return
        if self._deep == 0:
            self.counts.forward += 1
        self._deep += 1
        self._follower.met(module)

    def _forward_ended(self, _module: nn.Module, _inputs: Any, _outputs: Any) -> None:
        if torch.compiler.is_compiling():
            return
        self._deep = max(0, self._deep - 1)


_WRAPPERS: set[Any] = set()  # code objects of our own wrappers around steps


def _is_within_a_step() -> bool:
    """True where the present step was called by another one: two wrappers are on the stack, torch's or ours."""
    wrappers, frame = 0, sys._getframe(2)
    while frame is not None and wrappers < 2:
        code = frame.f_code
        torchs = code.co_name == "wrapper" and frame.f_globals.get("__name__") == "torch.optim.optimizer"
        wrappers += torchs or code in _WRAPPERS
        frame = frame.f_back  # type: ignore[assignment]
    return wrappers > 1


def has_closure(arguments: Sequence[Any], named: Mapping[str, Any]) -> bool:
    """True where a step (its first argument is the optimizer) was given a function that computes the loss again."""
    return (len(arguments) > 1 and callable(arguments[1])) or ("closure" in named and callable(named["closure"]))


def leaf_of(loss: torch.Tensor) -> torch.Tensor | None:
    """The smallest of the weights that a loss depends on, as far as its graph is looked at; None without any."""
    todo, found = [loss.grad_fn], []
    known: set[Any] = set()
    while todo and len(known) < _GRAPH:
        node = todo.pop()
        if node is None or node in known:
            continue
        known.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        todo += [following for following, _ in node.next_functions]
    return min(found, key=torch.Tensor.numel, default=None)


def person_line() -> tuple[str, int]:
    """The innermost line of the person's own code on the stack; "" and 0 where there is none."""
    frame = sys._getframe(1)
    while frame is not None:
        if is_persons(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return "", 0


def _forget_filter(one: Any) -> None:
    if one in warnings.filters:
        warnings.filters.remove(one)  # type: ignore[attr-defined]


def _after(original: Callable[..., Any], then: Callable[[Any], None]) -> Callable[..., Any]:
    """`original`, a method, and `then` with its object."""

    @functools.wraps(original)
    def wrapper(self: Any, *arguments: Any, **named: Any) -> Any:
        done = original(self, *arguments, **named)
        then(self)
        return done

    return wrapper
