"""The loss of guessing: the best that one constant answer to all of a sweep's batches could have.

It is known for cross-entropy, where it is about the entropy of the classes' frequencies, and for yes and no. The
targets are read off the loss' own node in autograd's graph, so it is known whoever computed the loss.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from lrgui.core.engine.loss_graph import Inner, LossKind, loss_kind, loss_node, target_of

#: Added to the count of each class: what was never seen is not impossible.
UNSEEN = 0.5
#: Batches, and targets in them, that are summed up together: one by one they would show beside a small model.
AT_ONCE, MOST_WAITING = 64, 1 << 18


class Guessing:
    """Collects the targets of the batches whose losses it is shown, on their device and without waiting for it.

    Losses of other kinds (numbers, several terms, label smoothing, weighted sums, a criterion written by hand) are
    looked at once and then passed over.
    """

    def __init__(self) -> None:
        self._kind: LossKind | None = None
        self._node: Any = None
        self._name = ""
        self._waiting: list[torch.Tensor] = []
        self._size = 0
        self._sums: torch.Tensor | None = None
        self._count = 0

    def add(self, loss: torch.Tensor | Inner) -> None:
        """Take in the targets of one batch: `loss` has its graph, and is not yet gone back through."""
        node = loss_node(loss)
        if self._kind is None:
            self._kind, self._name = _known(loss), "" if node is None else node.name()
        if not self._kind.kind:
            return
        target = None
        if node is not None and node.name() == self._name:
            target = node._saved_target.detach().flatten() if self._kind.kind == "classes" else target_of(node)
        if target is None or (self._waiting and target.shape[1:] != self._waiting[0].shape[1:]):
            self._give_up()  # not the same in every batch
            return
        if self._kind.kind == "classes" and self._node is None:
            scores, weight = node._saved_self, node._saved_weight
            self._node = (scores.shape[1 if scores.dim() > 1 else 0], node._saved_ignore_index, weight)
        self._waiting.append(target.clone())  # the caller may fill it anew
        self._size += target.numel()
        if len(self._waiting) == AT_ONCE or self._size > MOST_WAITING:
            self._sum_up()

    @property
    def loss(self) -> float | None:
        """The loss of guessing, None where it is not known. Waits for the device.

        Rather too high than too low: what few batches know of the frequencies is judged by leaving each out.
        """
        self._sum_up()
        if self._kind is None or self._sums is None:
            return None
        sums = self._sums.tolist()
        value = _of_classes(sums) if self._kind.kind == "classes" else _of_outputs(sums, self._count)
        return value if math.isfinite(value) else None

    @property
    def uniform(self) -> float | None:
        """The loss where all classes, or yes and no, are equally likely; None where the kind of loss is not known."""
        if self.loss is None or self._kind is None:
            return None
        return math.log(self._node[0] if self._kind.kind == "classes" else 2)

    def _give_up(self) -> None:
        self._kind, self._sums = LossKind(""), None
        self._waiting.clear()

    @torch.no_grad()
    def _sum_up(self) -> None:
        """Counts what waits: how often each class was right, shape (classes,); how often each output was yes."""
        if not self._waiting or self._kind is None:
            return
        target = torch.cat([one.reshape(1) if one.dim() == 0 else one for one in self._waiting])
        self._waiting.clear()
        self._size = 0
        if self._kind.kind == "classes":
            sums = self._counts(target)
        else:
            # A network that always answers the same can do so for each output; the places of an image share theirs.
            target = (target if target.dim() == 2 else target.reshape(-1, 1)).to(_exact(target))
            self._count += len(target)
            sums = target.sum(0)
        self._sums = sums if self._sums is None else self._sums + sums

    def _counts(self, target: torch.Tensor) -> torch.Tensor:
        classes, ignored, weight = self._node
        counts = torch.zeros(classes, dtype=_exact(target), device=target.device)
        counts.index_add_(0, target.clamp(0, classes - 1), (target != ignored).to(counts.dtype))
        if weight is None:
            return counts
        weighted: torch.Tensor = counts * weight  # the mean is one of weighted examples: so are the frequencies
        scaled: torch.Tensor = weighted * (counts.sum() / weighted.sum().clamp(min=1e-30))
        return scaled


def _of_classes(counts: list[float]) -> float:
    """Cross-entropy of each example under the frequencies among all others."""
    n = sum(counts)
    others = n - 1 + UNSEEN * len(counts)
    if n < 2:
        return math.nan
    return -sum(c / n * math.log((max(c - 1, 0.0) + UNSEEN) / others) for c in counts if c > 0)


def _of_outputs(counts: list[float], n: int) -> float:
    """The mean over the outputs, each of which was yes in so many of `n` examples."""
    shares = [(yes + UNSEEN) / (n + 2 * UNSEEN) for yes in counts]
    return sum(-(p * math.log(p) + (1 - p) * math.log1p(-p)) for p in shares if 0 < p < 1) / len(shares)


def _known(loss: torch.Tensor | Inner) -> LossKind:
    """The kind of a loss of which it is known what guessing costs; an empty one otherwise."""
    kind = loss_kind(loss)
    fits = kind.kind == "classes" or (kind.kind == "binary" and kind.target is not None)
    return kind if fits and not (kind.raw or kind.summed or kind.weighted) else LossKind("")


def _exact(values: torch.Tensor) -> torch.dtype:
    """A type in which millions can be summed up; Apple's devices have none."""
    return torch.float32 if values.device.type == "mps" else torch.float64
