"""What gradients and a first optimizer step say of a task."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from lrgui.core.formats import format_figure
from lrgui.core.learning_rate import format_lr
from lrgui.core.optimizers import optimizer_name
from lrgui.core.phrases import listed
from lrgui.tasks.checks.step import Finding, Place, StepResult
from lrgui.tasks.optimizers.optimizing import FIRST_LR
from lrgui.tasks.task import BuiltTask

#: So many names stand in a sentence; the others are counted.
MOST_NAMES = 3
#: A gradient of this norm moves the weights far, whatever the rate.
STEEP = 1e3


def gradient_result(
    model: nn.Module, place: Place, doubtful: bool, summed: bool = False, loss: Place = ("", 0)
) -> StepResult:
    """Whether gradients reach what learns, and whether they can be used.

    `place` is the person's file and line of the model, `loss` that of the loss. `doubtful` where the inputs are wrong,
    `summed` where the loss is a sum over the batch: both were said before, and explain large gradients.
    """
    learning = {name: p for name, p in model.named_parameters() if p.requires_grad}
    missing = [name for name, p in learning.items() if p.grad is None]
    gradients = {name: _values(p.grad) for name, p in learning.items() if p.grad is not None}
    if not gradients:
        told = (
            "No parameter of the model gets a gradient: the loss was computed with another model, or detached from it "
            "by .detach(), argmax() or a new tensor."
        )
        return StepResult((), [Finding(told, True, *loss)])
    broken = [name for name, gradient in gradients.items() if not bool(gradient.isfinite().all())]
    norm = float(torch.stack([gradient.float().norm().cpu() for gradient in gradients.values()]).norm())
    zeros = sum(not bool(gradient.any()) for gradient in gradients.values())
    still = f", {zeros} of them 0 on this batch" if zeros else ""
    facts = [
        f"gradient norm {format_figure(norm)}",
        f"{len(gradients)} of {len(learning)} parameter tensors get a gradient{still}",
    ]
    if broken:
        told = (
            f"Gradients are not finite ({listed(broken, MOST_NAMES)}): look for sqrt(0), log(0), a division by 0 or a "
            "norm of zeros."
        )
        return StepResult(facts, [Finding(told, True, *place)])
    findings = []
    if missing:
        told = f"No gradient reaches {listed(missing, MOST_NAMES)}: forward does not use it, or it is detached."
        findings.append(Finding(told, False, *place))
    if norm == 0:
        told = "All gradients are 0: dead ReLUs, a saturated sigmoid or softmax, or weights that start at 0."
        findings.append(Finding(told, False, *place))
    elif norm > STEEP:
        cause = "normalise inputs and target, or clip gradients"
        if doubtful or summed:
            cause = "as the inputs are not normalised" if doubtful else "as the loss is a sum and no mean"
        findings.append(Finding(f"The gradients are very large: {cause}.", False, *place))
    return StepResult(facts, findings)


def step_result(task: BuiltTask, place: Place, settle: Callable[[], None]) -> StepResult:
    """Make an optimizer step, and see whether it moved the weights; `settle` waits until the device has done it."""
    mine = {id(p): name for name, p in task.model.named_parameters() if p.requires_grad}
    held = {id(p) for group in task.optimizer.param_groups for p in group["params"]}
    left_out = [name for key, name in mine.items() if key not in held]
    name = optimizer_name(task.optimizer)
    if len(left_out) == len(mine):
        told = (
            f"The optimizer ({name}) has none of the model's parameters: create it from the params passed to "
            "optimizer(params, lr)."
        )
        return StepResult((), [Finding(told, True)])
    for group in task.optimizer.param_groups:
        if float(group["lr"]) == 0:
            group["lr"] = FIRST_LR  # a warm-up begins with 0; a run sets its own rate
    before = _strongest(task)
    task.optimizer.step()
    settle()
    moved = [name for name, (p, index, value) in before.items() if not torch.equal(p.detach().flatten()[index], value)]
    rate = float(task.optimizer.param_groups[0]["lr"])
    facts = [f"{name} at {format_lr(rate)}", f"{len(moved)} of {len(mine)} parameter tensors changed"]
    findings = []
    if left_out:
        told = f"The optimizer does not include {listed(left_out, MOST_NAMES)}: freeze it, or pass it to the optimizer."
        findings.append(Finding(told, False, *place))
    if before and not moved:
        told = "The step changed nothing: its rate is too small for the weights' dtype, or step() does not update."
        findings.append(Finding(told, False, *place))
    broken = [name for name, p in task.model.named_parameters() if not bool(p.isfinite().all())]
    if broken:
        told = (
            f"After one step {listed(broken, MOST_NAMES)} is NaN: the rate {format_lr(rate)} or a gradient is too high."
        )
        findings.append(Finding(told, False, *place))
    return StepResult(facts, findings)


def _strongest(task: BuiltTask) -> dict[str, tuple[torch.nn.Parameter, int, torch.Tensor]]:
    """Of each parameter the number with the largest gradient, where it is not 0: a step must change it."""
    found = {}
    for name, p in task.model.named_parameters():
        if p.grad is None or p.grad.is_sparse or not p.grad.numel():
            continue
        index = int(p.grad.abs().argmax())
        if float(p.grad.flatten()[index]) != 0:
            found[name] = (p, index, p.detach().flatten()[index].clone())
    return found


def _values(gradient: torch.Tensor) -> torch.Tensor:
    return gradient.coalesce().values() if gradient.is_sparse else gradient
