"""What torch offers for every step of a training, switched on for a run: label smoothing, weight decay without norms,
compiled models, deterministic algorithms. `apply_options` says how each is taken back.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.objective import Supervised
from lrgui.core.engine.param_groups import inside
from lrgui.core.run_settings import LoopSettings

Undo = Callable[[], object]
#: What cuBLAS needs to give the same results every time.
_CUBLAS, _WORKSPACE = "CUBLAS_WORKSPACE_CONFIG", ":4096:8"


def apply_options(
    config: LoopSettings, model: nn.Module, optimizer: torch.optim.Optimizer, loss: Any
) -> tuple[list[Undo], list[str]]:
    """Switch on what `config` asks for: how to take it back, in order, and sentences about it.

    `loss` is the function that a run gets its loss by, a method of the objective (`Supervised`) or of what holds one.
    Raises ValueError, with a sentence and the way out, where something of it cannot be had; then nothing is changed.
    """
    undo: list[Undo] = []
    notes: list[str] = []
    try:
        if config.label_smoothing:
            undo.append(smooth_labels(loss, config.label_smoothing))
        if not config.decay_norms:
            back, note = without_norm_decay(optimizer)
            undo.append(back)
            notes.append(note)
        if config.compile:
            undo.append(compile_model(model))
        if config.deterministic:
            undo.append(make_deterministic())
    except BaseException:
        take_back(undo)
        raise
    return undo, notes


def take_back(undo: list[Undo]) -> None:
    """Undo what `apply_options` did, the last first."""
    while undo:
        undo.pop()()


# ---------------------------------------------------------------- label smoothing
class Smoothed:
    """A criterion whose targets are smoothed where something is learned; an evaluation has the plain loss."""

    def __init__(self, plain: Callable[..., torch.Tensor], smoothed: Callable[..., torch.Tensor]) -> None:
        self.plain, self.smoothed = plain, smoothed

    def __call__(self, output: Any, target: Any) -> torch.Tensor:
        return (self.smoothed if torch.is_grad_enabled() else self.plain)(output, target)


def smooth_labels(loss: Any, amount: float) -> Undo:
    """Smooth the labels of the cross entropy behind `loss`. Raises ValueError where there is none that can be."""
    owner = getattr(loss, "__self__", None)
    objective = getattr(owner, "objective", owner)
    criterion = objective.criterion if isinstance(objective, Supervised) else None
    if isinstance(criterion, Smoothed):
        return lambda: None
    smoothed = None if criterion is None else _smoothed(getattr(criterion, "__wrapped__", criterion), amount)
    if smoothed is None:
        raise ValueError(
            "Label smoothing needs a loss that has it, such as nn.CrossEntropyLoss, and this one has not: switch it "
            "off, or smooth the labels in your own loss."
        )
    assert isinstance(objective, Supervised)
    objective.criterion = Smoothed(criterion, smoothed)  # type: ignore[arg-type]
    return partial(setattr, objective, "criterion", criterion)


def _smoothed(criterion: Any, amount: float) -> Callable[..., torch.Tensor] | None:
    """The same criterion with this smoothing; None for one that has no such argument."""
    if isinstance(criterion, nn.CrossEntropyLoss):
        return partial(
            nn.functional.cross_entropy,
            weight=criterion.weight,
            ignore_index=criterion.ignore_index,
            reduction=criterion.reduction,
            label_smoothing=amount,
        )
    try:
        takes = "label_smoothing" in inspect.signature(criterion).parameters
    except (TypeError, ValueError):
        return None
    return partial(criterion, label_smoothing=amount) if takes else None


# ---------------------------------------------------------------- weight decay
def without_norm_decay(optimizer: torch.optim.Optimizer) -> tuple[Undo, str]:
    """Take biases and norms, parameters of at most one dimension, out of the weight decay: how to take that back, and
    a sentence.

    Each group that decays such parameters is split: they go into a group of their own, with all its other settings.
    Raises ValueError where the optimizer has no weight decay.
    """
    inner = inside(optimizer) or optimizer
    groups = inner.param_groups
    if not any("weight_decay" in group for group in groups):
        name = type(inner).__name__
        raise ValueError(f"{name} has no weight decay, so norms cannot be taken out of it: switch Decay norms on.")
    before = [(group, list(group["params"])) for group in groups]
    moved = 0
    for group, parameters in before:
        small = [parameter for parameter in parameters if parameter.dim() <= 1]
        if not small or not group.get("weight_decay"):
            continue
        moved += len(small)
        large = [parameter for parameter in parameters if parameter.dim() > 1]
        if not large:
            continue  # see below: its own decay is switched off
        group["params"] = large
        rest = {key: value for key, value in group.items() if key not in ("params", "param_names")}
        inner.add_param_group({**rest, "params": small, "weight_decay": 0.0})
    decays = [(group, group["weight_decay"]) for group, parameters in before if _only_small(group, parameters)]
    for group, _ in decays:
        group["weight_decay"] = 0.0

    def back() -> None:
        del inner.param_groups[len(before) :]
        for group, parameters in before:
            group["params"] = parameters
        for group, decay in decays:
            group["weight_decay"] = decay

    return back, _decay_words(moved, len(before))


def _only_small(group: dict[str, Any], parameters: list[torch.Tensor]) -> bool:
    return bool(group.get("weight_decay")) and all(parameter.dim() <= 1 for parameter in parameters)


def _decay_words(moved: int, groups: int) -> str:
    if not moved:
        return "Decay norms, switched off, changes nothing here: no norm or bias has weight decay."
    own = f" Each of the optimizer's {groups} parameter groups was split for that." if groups > 1 else ""
    what = "1 parameter" if moved == 1 else f"{moved:,} parameters"
    return f"{what} of at most one dimension (biases, norms) have no weight decay.{own}"


# ---------------------------------------------------------------- compiled models
def compile_model(model: nn.Module) -> Undo:
    """Let calls of `model` run compiled code, in place. Raises ValueError where torch.compile cannot work here."""
    why = _why_not_compiled(model)
    if why:
        raise ValueError(f"The model cannot be compiled: {why} Switch Compile off.")
    before = model._compiled_call_impl
    model.compile()
    return partial(setattr, model, "_compiled_call_impl", before)


def _why_not_compiled(model: nn.Module) -> str:
    """What is missing for torch.compile, in a sentence; empty where nothing is."""
    if not hasattr(model, "compile") or not hasattr(model, "_compiled_call_impl"):
        return f"PyTorch {torch.__version__} is too old."
    try:
        from torch._dynamo.eval_frame import is_dynamo_supported

        if not is_dynamo_supported():
            return f"torch.compile does not support Python {sys.version.split()[0]} on this system."
    except ImportError:
        return "torch.compile is not part of this PyTorch."
    device = next((parameter.device.type for parameter in model.parameters()), "cpu")
    if device == "cpu" and _compiler() is None:
        return "on the CPU that needs a C++ compiler, and none was found (g++ or clang++; the variable CXX names one)."
    if device == "cuda" and importlib.util.find_spec("triton") is None:
        return "on a GPU that needs the package triton, which is not installed."
    return ""


def _compiler() -> str | None:
    usual = ("cl",) if sys.platform == "win32" else ("g++", "clang++")
    names = (os.environ.get("CXX", ""), *usual)
    return next((found for name in names if name and (found := shutil.which(name))), None)


# ---------------------------------------------------------------- deterministic algorithms
def make_deterministic() -> Undo:
    """Let torch use deterministic algorithms alone; an operation that has none raises an error."""
    cudnn = torch.backends.cudnn
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        cudnn.deterministic,
        cudnn.benchmark,
        os.environ.get(_CUBLAS),
    )
    os.environ.setdefault(_CUBLAS, _WORKSPACE)
    torch.use_deterministic_algorithms(True)
    cudnn.deterministic, cudnn.benchmark = True, False

    def back() -> None:
        enabled, warn_only, cudnn.deterministic, cudnn.benchmark, workspace = before
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        if workspace is None:
            os.environ.pop(_CUBLAS, None)

    return back
