"""Targets and losses: what a loss expects of the target, and what it got."""

from __future__ import annotations

import re

from lrgui.errors.causes.cause import FLOATS, Cause, dtype_name, shape_name


def _class_target(match: re.Match[str]) -> str:
    found = dtype_name(match["got"])
    other = ", or use a loss for numbers such as MSELoss" if found in FLOATS else ""
    return (
        f"The target has dtype {found}, but this loss expects class indices of dtype int64: "
        f"use target.long() in the loss or the data set{other}."
    )


def _float_target(match: re.Match[str]) -> str:
    return (
        f"The target has dtype {dtype_name(match['got'])}, but this loss (binary cross-entropy, squared error) expects "
        "float32: use target.float() in the data set or in a loss(output, target)."
    )


def _other_sizes(match: re.Match[str]) -> str:
    target, output = shape_name(match["target"]), shape_name(match["input"])
    return (
        f"The output has shape {output}, the target {target}: match them, with {_likened(output, target)} in the loss."
    )


def _likened(output: str, target: str) -> str:
    out, want = output.split("×"), target.split("×")
    if [n for n in out if n != "1"] == [n for n in want if n != "1"]:
        return "output.squeeze(1)" if len(out) > len(want) else "target.squeeze(1)"
    return "as many outputs of the last layer as the target has columns, or target.view_as(output)"


def _labels(match: re.Match[str]) -> str:
    label = int(match["label"])
    if label < 0:
        return (
            f"A target is {label}, which is not a class: number the classes from 0, and pass a value to skip as "
            "ignore_index."
        )
    return (
        f"A target is class {label:,}, but the model has fewer outputs: give the last layer at least {label + 1:,} "
        "outputs, or number the classes from 0."
    )


TARGETS: tuple[Cause, ...] = (
    Cause(
        "class target",
        r"(?:expected target dtype to be Long or Byte, but got|expected scalar type Long but found) (?P<got>\w+)",
        _class_target,
    ),
    Cause(
        "target dimensions",
        r"0D or 1D target tensor expected, multi-target not supported",
        "This loss expects one class index per example, but the target has a second dimension: use target.squeeze(1), "
        "or target.argmax(1) if it is one-hot.",
    ),
    Cause(
        "one-hot integers",
        r"Expected floating point type for target with class probabilities, got (?P<got>\w+)",
        "The target has the output's shape, so this loss treats it as probabilities, which must be floats: pass class "
        "indices (target.argmax(1) if it is one-hot), or target.float().",
    ),
    Cause(
        "mask dimensions",
        r"only batches of spatial targets supported \(3D tensors\)",
        "This loss expects a target without channels, of shape batch×height×width: use target.squeeze(1).",
    ),
    Cause(
        "float target",
        r"(?:result type \w+ can't be cast to the desired output type|Found dtype) "
        r"(?P<got>Long|Int|Short|Byte|Bool|Double)",
        _float_target,
    ),
    Cause(
        "target size",
        r"(?:Target|Using a target) size \(torch\.Size\(\[(?P<target>.*?)\]\)\).*?input size "
        r"\(torch\.Size\(\[(?P<input>.*?)\]\)\)",
        _other_sizes,
    ),
    Cause(
        "batch sizes",
        r"Expected input batch_size \((?P<output>\d+)\) to match target batch_size \((?P<target>\d+)\)",
        "The model returns {output} outputs for {target} targets: it mixes the batch with another dimension. "
        "Flatten with x.flatten(1), not view(-1, …); pass sequence outputs as (batch, classes, length).",
    ),
    Cause(
        "sequence target",
        r"Expected target size \[(?P<want>.*?)\], got \[(?P<got>.*?)\]",
        lambda m: (
            f"The target has shape {shape_name(m['got'])}, but cross-entropy expects the classes in the second "
            "dimension of the output: use output.transpose(1, 2), or output.flatten(0, 1) and target.flatten()."
        ),
    ),
    Cause("labels", r"Target (?P<label>-?\d+) is out of bounds", _labels),
    Cause(
        "device assert",
        r"device-side assert triggered",
        "An index is out of range on the GPU, usually a label that exceeds the model's outputs or a token that exceeds "
        "an embedding. Check the task on the device cpu to see which.",
    ),
    Cause(
        "probabilities",
        r"all elements of input should be between 0 and 1",
        "BCELoss expects probabilities, but the model returns unbounded values: use BCEWithLogitsLoss, or end the "
        "model with torch.sigmoid.",
    ),
)
