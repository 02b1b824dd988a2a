"""Which loss it is, read off the graph that gradients go through: it also knows those in the person's own functions."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch

#: So far from the loss its own nodes are looked for, and what the model ends with.
DEPTH = 12

_CLASSES = ("NllLossBackward", "NllLoss2DBackward")
_BINARY = ("BinaryCrossEntropyWithLogitsBackward", "BinaryCrossEntropyBackward")
_SQUARED = ("MseLossBackward",)
_LOSSES = (
    *_CLASSES,
    *_BINARY,
    *_SQUARED,
    "SmoothL1LossBackward",
    "HuberLossBackward",
    "KlDivBackward",
    "CtcLossBackward",
)
#: Nodes that only look at numbers another way.
_VIEWS = (
    "View",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Permute",
    "Slice",
    "Select",
    "ToCopy",
    "TBackward",
    "UnsafeView",
)
#: Under these names nodes keep what they were computed from.
_OPERANDS = tuple(
    f"_saved_{name}" for name in ("self", "other", "mat1", "mat2", "input", "target", "tensor1", "tensor2")
)
#: So many nodes are looked at for data.
_MOST_NODES = 4000
#: What a loss of several terms is put together with.
_ADDING = ("AddBackward", "SubBackward", "CloneBackward", *_VIEWS)


@dataclass(frozen=True)
class LossKind:
    """What the graph says of a loss."""

    kind: str
    """`classes` (cross-entropy), `binary`, `squared` or empty for any other, also for a sum of several."""
    classes: int | None = None
    """Scores per example that a cross-entropy chooses from."""
    count: int = 1
    """Targets that the loss is the mean, or the sum, of."""
    summed: bool = False
    """reduction='sum'."""
    squashed: str = ""
    """`softmax` or `sigmoid` where the model already did what the loss does."""
    raw: bool = False
    """NLLLoss of something that is no log-probability."""
    weighted: bool = False
    """Classes or examples have weights that the mean does not take out again: the loss' start is not known."""
    target: torch.Tensor | None = None
    """The numbers that a binary or squared loss was computed with, whichever argument they were; None where both
    come from weights, as in an autoencoder that is compared with another network."""
    entropy: bool = False
    """Log-probabilities are among what it is made of, so a loss of kind "" may well be a cross-entropy, too."""


@dataclass(frozen=True)
class Inner:
    """A loss before something was done with it: only its graph is known."""

    grad_fn: Any


def without_factors(loss: torch.Tensor) -> Inner:
    """A loss, a single number, before it was multiplied or divided by others: by fp16's scale, by the number of
    micro-batches."""
    top = loss.grad_fn
    while top is not None and _is(top, ("MulBackward", "DivBackward")):
        made = [following for following, _ in top.next_functions if following is not None]
        if len(made) != 1:
            break
        top = made[0]
    return Inner(top)


def loss_kind(loss: torch.Tensor | Inner) -> LossKind:
    """Read the graph of a loss that is not yet gone back through."""
    found = [node for node in _near(loss.grad_fn, DEPTH) if _is(node, _LOSSES)]
    if len(found) != 1:
        entropy = any(_is(node, (*_CLASSES, "LogSoftmaxBackward")) for node in _near(loss.grad_fn, DEPTH))
        # None that is known, or several, whose sum says nothing.
        return LossKind("", entropy=entropy and not any(_is(node, (*_SQUARED, *_BINARY)) for node in found))
    kind = _kind_of(found[0])
    if _straight(loss.grad_fn, found[0]):
        return kind
    # Scaled, or with something added: what it begins with nobody knows, but how it was made still counts.
    summed = kind.summed and _leads_to(loss.grad_fn, found[0], _ADDING)
    count = kind.count if summed else 1
    return LossKind("", None, count, summed, kind.squashed, kind.raw, entropy=kind.kind == "classes")


def _kind_of(node: Any) -> LossKind:
    reduction = getattr(node, "_saved_reduction", 1)
    target = target_of(node)
    weighted = getattr(node, "_saved_weight", None) is not None
    saved = getattr(node, "_saved_target", None)
    count = 1 if saved is None else saved.numel()
    if _is(node, _CLASSES):
        scores = node._saved_self
        classes = scores.shape[1 if scores.dim() > 1 else 0]
        made = [n for n in _near(node, DEPTH) if _is(n, ("LogSoftmaxBackward", "LogBackward", "LogsumexpBackward"))]
        squashed = any(
            _is(n, ("SoftmaxBackward",)) for top in made[:1] if _is(top, ("LogSoftmax",)) for n in _below(top)
        )
        weighted = weighted and reduction != 1  # its mean is divided by the weights
        return LossKind("classes", classes, count, reduction == 2, "softmax" * squashed, not made, weighted, target)
    if _is(node, _BINARY):
        logits = _is(node, ("BinaryCrossEntropyWithLogits",))
        squashed = logits and any(_is(n, ("SigmoidBackward",)) for n in _below(node))
        weighted = weighted or getattr(node, "_saved_pos_weight", None) is not None
        return LossKind("binary", None, count, reduction == 2, "sigmoid" * squashed, False, weighted, target)
    if _is(node, _SQUARED):
        return LossKind("squared", None, count, reduction == 2, target=target)
    return LossKind("")


def target_of(node: Any) -> torch.Tensor | None:
    """Those of the two arguments of a loss that no gradient goes through: people write mse_loss(x, x_hat), too."""
    learns = [following is not None for following, _ in node.next_functions[:2]]
    if learns == [True, True]:
        return None
    saved = getattr(node, "_saved_self" if learns == [False, True] else "_saved_target", None)
    return saved.detach() if isinstance(saved, torch.Tensor) else None


def data_of(loss: torch.Tensor) -> Iterator[torch.Tensor]:
    """Of what a loss was computed from the floating-point tensors that no gradient goes to, as far as the nodes of its
    graph keep them: inputs of the first layers that learn, and targets. Single numbers are factors, and left out. The
    loss is not yet gone back through."""
    for node in _near(loss.grad_fn, _MOST_NODES, _MOST_NODES):
        for name in _OPERANDS:
            kept = None
            with suppress(RuntimeError):  # it was changed in place since: going back will say so
                kept = getattr(node, name, None)
            if isinstance(kept, torch.Tensor) and kept.dim() and kept.is_floating_point() and not kept.requires_grad:
                yield kept


def _is(node: Any, names: tuple[str, ...]) -> bool:
    return str(node.name()).startswith(names)


def _near(node: Any, depth: int, most: int = 1 << 30) -> list[Any]:
    """`node` and those below it, nearest first, at most so many."""
    found: list[Any] = []
    seen: set[Any] = set()
    waiting: deque[tuple[Any, int]] = deque([(node, 0)])
    while waiting and len(found) < most:
        one, level = waiting.popleft()
        if one is None or one in seen or level > depth:
            continue
        seen.add(one)
        found.append(one)
        waiting.extend((following, level + 1) for following, _ in one.next_functions)
    return found


def _leads_to(top: Any, node: Any, through: tuple[str, ...]) -> bool:
    """True where a way from the loss to `node` goes through nothing but nodes named `through`."""
    waiting, seen = [top], {top}
    while waiting:
        here = waiting.pop()
        if here is node:
            return True
        if _is(here, through):
            new = {following for following, _ in here.next_functions if following is not None} - seen
            waiting += new
            seen |= new
    return False


def _straight(top: Any, node: Any) -> bool:
    """True where nothing but a mean is between the loss and `node`."""
    return _behind_means(top) is node


def loss_node(loss: torch.Tensor | Inner) -> Any:
    """The node of the loss function itself, with nothing but a mean before it; another node, or None, where there is
    none such. Quick: for every batch."""
    return _behind_means(loss.grad_fn)


def _behind_means(top: Any) -> Any:
    while top is not None and _is(top, ("MeanBackward", "CloneBackward", *_VIEWS)):
        top = next((following for following, _ in top.next_functions if following is not None), None)
    return top


def _below(node: Any) -> list[Any]:
    """What `node`'s first input was made by, past nodes that only look at numbers another way."""
    inputs = [following for following, _ in node.next_functions if following is not None]
    while inputs and _is(inputs[0], _VIEWS):
        inputs = [following for following, _ in inputs[0].next_functions if following is not None]
    return inputs[:1]
