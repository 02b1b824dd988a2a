"""How many classes a person's task has, where its loss, its data and its model say so."""

from __future__ import annotations

from typing import Any

from torch import nn

from lrgui.tasks.user.calling import Part

_LOSSES = (nn.CrossEntropyLoss, nn.NLLLoss)
_NAMES = {"cross_entropy", "nll_loss", "CrossEntropyLoss", "NLLLoss"}
#: Layers after the last one with weights that leave the number of outputs as it is.
_KEEPING = (nn.Softmax, nn.LogSoftmax, nn.Dropout, nn.Identity, nn.Flatten)


def class_count(loader: Any, loss: Part | None, model: nn.Module) -> int | None:
    """The number of classes; None where the loss is none of a classification, or nothing says how many."""
    if loss is None or not _classifies(loss.thing):
        return None
    return _in_data(loader) or _in_model(model)


def _classifies(thing: Any) -> bool:
    """True for torch's losses over class scores, and for a function that uses one of them."""
    if isinstance(thing, _LOSSES) or (isinstance(thing, type) and issubclass(thing, _LOSSES)):
        return True
    if getattr(thing, "__name__", "") in _NAMES:
        return True
    code = getattr(getattr(thing, "__func__", thing), "__code__", None)
    return code is not None and bool(_NAMES & set(code.co_names))


def _in_data(loader: Any) -> int | None:
    """What a data set says, as torchvision's do."""
    data = getattr(loader, "dataset", None)
    for _ in range(10):
        classes = getattr(data, "classes", None)
        if isinstance(classes, list | tuple) and len(classes) > 1:
            return len(classes)
        data = getattr(data, "dataset", None)
    return None


def _in_model(model: nn.Module) -> int | None:
    """The outputs of the last layer, where it is a linear one."""
    leaves = [one for one in model.modules() if not any(True for _ in one.children())]
    while leaves and isinstance(leaves[-1], _KEEPING):
        leaves.pop()
    if leaves and isinstance(leaves[-1], nn.Linear) and leaves[-1].out_features > 1:
        return leaves[-1].out_features
    return None
