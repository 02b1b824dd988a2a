"""Judging what a check measured: inputs, targets, loss and gradients that will disappoint, and why."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from lrgui.core.engine.loss_graph import LossKind
from lrgui.core.engine.objective import target_name
from lrgui.core.formats import format_figure, format_percent

#: Inputs whose mean or deviation is beyond this many are far from the 0 and 1 that networks are made for.
FAR = 8.0
#: Inputs that vary less than this are nearly constant.
FLAT = 0.01
#: A mean below this share of the deviation is none.
NO_MEAN = 1e-3
#: So many tensors of a batch are described; the others are counted.
MOST_PARTS = 8
#: Columns that a table may have for each of them to be looked at.
MOST_COLUMNS = 4096

NORMALISE = "subtract the mean and divide by the standard deviation, or divide pixels by 255"


@dataclasses.dataclass(frozen=True)
class BatchPart:
    """One tensor of a batch."""

    name: str
    tensor: torch.Tensor
    target: bool

    @property
    def words(self) -> str:
        """Shape, dtype and what the numbers are like."""
        return f"{self.name} {tensor_words(self.tensor)}, {_range_words(self.tensor)}"


def parts_of(batch: Any) -> list[BatchPart]:
    """The tensors of a batch, with their names; the last of several items is taken for the target."""
    if isinstance(batch, torch.Tensor):
        return [BatchPart("inputs", batch, False)]
    if isinstance(batch, Mapping):
        goal = target_name(batch)
        return [
            BatchPart(name, tensor, key == goal)
            for key, item in batch.items()
            for name, tensor in _named(str(key), item)
        ]
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        names = [field.name for field in dataclasses.fields(batch)]
        items: Sequence[Any] = [getattr(batch, name) for name in names]
    elif isinstance(batch, tuple | list):
        items = list(batch)
        names = list(getattr(batch, "_fields", ())) or _places(len(items))
    else:
        return []
    last = len(items) - 1
    return [
        BatchPart(label, tensor, number == last > 0)
        for number, (name, item) in enumerate(zip(names, items, strict=True))
        for label, tensor in _named(name, item)
    ]


def _places(count: int) -> list[str]:
    inputs = ["inputs"] if count <= 2 else [f"inputs {number + 1}" for number in range(count - 1)]
    return [*inputs, "target"][:count]


def _named(name: str, item: Any) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(item, torch.Tensor):
        yield name, item
    elif isinstance(item, Mapping):
        for key, one in item.items():
            yield from _named(f"{name}.{key}", one)
    elif isinstance(item, tuple | list):
        for number, one in enumerate(item):
            yield from _named(f"{name}[{number}]", one)


def tensor_words(tensor: torch.Tensor) -> str:
    """ "64×1×8×8 float32"."""
    ragged = "ragged"  # a nested tensor's length is another for each example
    sizes = [len(tensor.unbind()), ragged] if _is_strided_nested(tensor) else tensor.shape
    shape = "×".join(f"{n:,}" if isinstance(n, int) else ragged for n in sizes) or "one number"
    return f"{shape} {str(tensor.dtype).removeprefix('torch.')}"


def numbers_of(tensor: torch.Tensor) -> torch.Tensor:
    """The numbers that a tensor holds: itself, or of a sparse or a nested one those that are stored."""
    tensor = tensor.detach()
    if _is_strided_nested(tensor):
        return torch.cat([one.flatten() for one in tensor.unbind()])
    if tensor.layout is torch.strided:
        return tensor
    return (tensor.coalesce() if tensor.layout is torch.sparse_coo else tensor).values()


def _is_strided_nested(tensor: torch.Tensor) -> bool:
    return tensor.is_nested and tensor.layout is torch.strided


def _range_words(tensor: torch.Tensor) -> str:
    values = numbers_of(tensor)
    if not values.numel():
        return "empty"
    if values.dtype == torch.bool:
        return f"{format_percent(float(values.float().mean()))} true"
    if values.is_floating_point():
        mean, deviation = float(values.float().mean()), _deviation(values)
        mean = mean if abs(mean) > NO_MEAN * deviation else 0.0  # what is left of it after normalising says nothing
        return f"mean {format_figure(mean)}, standard deviation {format_figure(deviation)}"
    if values.is_complex():
        return "complex"
    return f"{int(values.min()):,} to {int(values.max()):,}"


def words_of(parts: Sequence[BatchPart]) -> list[str]:
    """The words of the first tensors, and how many more there are: a list of images has one for each."""
    told = [part.words for part in parts[:MOST_PARTS]]
    return told if len(parts) <= MOST_PARTS else [*told, f"{len(parts) - MOST_PARTS:,} more tensors"]


def varies(part: BatchPart) -> bool:
    """False where all numbers of a tensor are one and the same."""
    values = numbers_of(part.tensor)
    return values.numel() > 1 and bool((values != values.flatten()[0]).any())


def input_findings(part: BatchPart, alone: bool = True) -> list[str]:
    """What is wrong with one of the inputs, in sentences; `alone` where no other input varies.

    Beside an input that varies, another may be the same throughout: a mask, a position, one of many images.
    """
    values, name = numbers_of(part.tensor), part.name
    if not values.numel():
        return [f"{name} is empty: its shape is {tensor_words(part.tensor)}."]
    if values.dtype == torch.uint8 and values.dim() >= 3:
        return [
            f"{_subject(name)} are integers 0…255 (uint8): convert them to floats near 0 in the data set, with "
            "ToTensor() or x.float() / 255."
        ]
    if not values.is_floating_point():
        return []
    broken = int(values.isnan().sum())
    if broken:
        share = f"{broken:,} of {values.numel():,} numbers"
        return [f"{_subject(name)} contain NaN ({share}): fill missing values or drop those examples."]
    if bool(values.isinf().any()):
        return [f"{_subject(name)} contain infinite values: look for a division by 0 or log(0) in the data set."]
    if part.tensor.layout is not torch.strided or part.tensor.is_nested:
        return []  # what is stored is not all of it, or not by example
    values = values.float()
    low, high = float(values.min()), float(values.max())
    if low == high and not alone:
        return []
    if low == high:
        return [f"All numbers of {name} are {format_figure(low)}: there is nothing to learn from."]
    if alone and values.dim() > 0 and len(values) > 1 and bool((values == values[:1]).all()):
        return [f"All examples of the batch have the same {name}: the data set returns the same example each time."]
    return _scale_findings(values, name)


def _scale_findings(values: torch.Tensor, name: str) -> list[str]:
    mean, deviation = float(values.mean()), _deviation(values)
    if values.dim() == 2 and 1 < values.shape[1] <= MOST_COLUMNS and len(values) >= 8:
        means, deviations = values.mean(0), values.std(0)
        far = ((means.abs() > FAR) | (deviations > FAR)).nonzero().flatten().tolist()
        if far:
            worst = max(far, key=lambda column: float(means[column].abs() + deviations[column]))
            return [
                f"{len(far)} of {values.shape[1]} columns of {name} are not normalised (column {worst}: mean "
                f"{format_figure(float(means[worst]))}, standard deviation {format_figure(float(deviations[worst]))}): "
                "subtract each column's mean and divide by its standard deviation."
            ]
        return []
    if abs(mean) > FAR or deviation > FAR:
        return [
            f"{_subject(name)} are not normalised (mean {format_figure(mean)}, standard deviation "
            f"{format_figure(deviation)}; expected 0 and 1): {NORMALISE}."
        ]
    if deviation < FLAT:
        return [
            f"{_subject(name)} hardly vary (standard deviation {format_figure(deviation)}; expected 1): they were "
            "probably divided by 255 twice, or never scaled."
        ]
    return []


def target_findings(part: BatchPart) -> list[str]:
    """What is wrong with the target, in sentences."""
    values, name = numbers_of(part.tensor), part.name
    if not values.numel():
        return [f"The {name} is empty."]
    if values.is_floating_point() and not bool(values.isfinite().all()):
        return [f"The {name} contains NaN or infinite values: drop those examples."]
    if values.numel() >= 16 and values.dim() <= 2 and bool((values == values.flatten()[0]).all()):
        one = values.flatten()[0].item()
        return [
            f"Every {name} of the batch is {format_figure(one)}: the data is sorted and not shuffled, "
            "or all examples belong to one class."
        ]
    return []


def label_problem(output: Any, target: Any) -> str:
    """A sentence where a class number has no place in the output (C of (N, C, …)), else empty."""
    if not (isinstance(output, torch.Tensor) and isinstance(target, torch.Tensor)):
        return ""
    if target.dtype != torch.int64 or output.dim() != target.dim() + 1 or not target.numel():
        return ""
    classes, high = output.shape[1], int(target.max())
    if high >= classes:
        return f"A target is class {high:,}, and the model has {classes:,} outputs"
    return ""


def expected_start(kind: LossKind, classes: int | None) -> tuple[float | None, str]:
    """The loss of a model that has learned nothing, None where it isn't known, and where it comes from."""
    if kind.weighted:
        return None, ""
    if kind.kind == "classes" and kind.classes is not None and kind.classes > 1:
        return math.log(kind.classes), f"ln {kind.classes:,}"
    if kind.kind == "binary":
        return math.log(2), "ln 2"
    if kind.kind == "squared" and kind.target is not None and kind.target.numel() > 1:
        return float(kind.target.double().var()), "the target's variance"
    if kind.kind == "" and kind.entropy and classes is not None and classes > 1:
        return math.log(classes), f"ln {classes:,} for a cross-entropy"
    return None, ""


def loss_findings(value: float, kind: LossKind, expected: float | None, doubtful: bool) -> list[str]:
    """What a first loss says; `doubtful` where the inputs are already known to be wrong."""
    found = []
    if kind.squashed:
        logits = "CrossEntropyLoss" if kind.squashed == "softmax" else "BCEWithLogitsLoss"
        found.append(
            f"The model ends with {kind.squashed}, which {logits} already applies: remove it from the model, or it "
            "learns slowly and the curve is flat."
        )
    if kind.raw:
        found.append(
            "NLLLoss expects log-probabilities, but the model returns raw scores: use CrossEntropyLoss, "
            "or end the model with log_softmax."
        )
    if kind.kind == "binary" and kind.target is not None and kind.target.numel():
        low, high = float(kind.target.min()), float(kind.target.max())
        if low < 0 or high > 1:
            found.append(
                f"Binary cross-entropy expects targets from 0 to 1, but they range from {format_figure(low)} to "
                f"{format_figure(high)}: "
                "use CrossEntropyLoss for classes by number."
            )
    if kind.summed and kind.count > 1:
        found.append(
            "The loss is a sum (reduction='sum'), so a good rate depends on the batch size: use the mean, unless that "
            "is intended."
        )
        value /= kind.count
    if found or expected is None or kind.kind == "":
        return found
    return _start_findings(value, kind, expected, doubtful)


def _start_findings(value: float, kind: LossKind, expected: float, doubtful: bool) -> list[str]:
    if kind.kind == "squared":
        assert kind.target is not None
        mean = float(kind.target.double().mean())
        if (value > 10 * expected and mean * mean > 4 * expected) or expected > 100:
            return [
                f"The target is not normalised (mean {format_figure(mean)}, standard deviation "
                f"{format_figure(math.sqrt(expected))}): "
                "subtract its mean and divide by its standard deviation; otherwise only tiny rates work."
            ]
        if value > 20 * max(expected, 1e-12):
            return [_high(doubtful)]
        return []
    if value > 1.6 * expected + 0.7:
        return [_high(doubtful)]
    if value < 0.4 * expected:
        return ["Far below that: the model is already trained (pretrained weights), or the target is among its inputs."]
    return []


def _high(doubtful: bool) -> str:
    if doubtful:
        return "Far above that, as the inputs are not normalised."
    return (
        "Far above that: the inputs are not normalised, the last layer's weights start too large, "
        "or the weights are those of another task."
    )


def _subject(name: str) -> str:
    return f"The {name}" if name.startswith("inputs") else f"The numbers of {name}"


def _deviation(values: torch.Tensor) -> float:
    return float(values.float().std(correction=0))
