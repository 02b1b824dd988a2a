"""Dtypes and devices: tensors that cannot meet in one operation."""

from __future__ import annotations

import re

from lrgui.errors.causes.cause import FLOATS, Cause, dtype_name

_MOVE = (
    "make layers in __init__ (they move with the model), keep own tensors with register_buffer, "
    "and make new ones with device=x.device"
)


def _mixed_dtypes(match: re.Match[str]) -> str:
    found, want = dtype_name(match["got"]), dtype_name(match["want"])
    return f"The model gets {found} and its weights are {want}: {_converted(found)}."


def _two_dtypes(match: re.Match[str]) -> str:
    one, two = (dtype_name(word) for word in match.groups() if word)
    odd = "float64" if "float64" in (one, two) else two
    return f"Tensors of {one} and {two} are combined: {_converted(odd)}."


def _converted(found: str) -> str:
    if found == "float64":
        return "convert the inputs with .float() (numpy makes float64)"
    if found == "uint8":
        return "make floats near 0 of the inputs, for pixels with x.float() / 255"
    if found in FLOATS:
        return "convert inputs and model to the same one, with .float() for both"
    return "convert the inputs with .float()"


def _input_type(match: re.Match[str]) -> str:
    got, want = match["got"], match["want"]
    if "cuda" in got + want and ("cuda" in got) != ("cuda" in want):
        sides = (
            "inputs are on the GPU and a layer's weights are" if "cuda" in got else "model is on the GPU, inputs are"
        )
        return f"The {sides} not: {_MOVE}."
    return _mixed_dtypes(match)


def _no_arithmetic(match: re.Match[str]) -> str:
    what, got = match["what"], dtype_name(match["got"])
    if "softmax" in what and got not in FLOATS:
        return (
            f"The loss got {got} as the model's scores: its arguments are (output, target), in this order, and scores "
            "are floats."
        )
    return f"The operation {what} does not support {got} on this device: convert its input with .float()."


DTYPES: tuple[Cause, ...] = (
    Cause(
        "dtypes",
        r"mat1 and mat2 (?:must|to) have the same dtype, but got:? (?P<got>\w+)(?: and | != )(?P<want>\w+)",
        _mixed_dtypes,
    ),
    Cause(
        "input type",
        r"Input type \((?P<got>.*?)\) and (?:bias|weight) type \((?P<want>.*?)\) should be the same",
        _input_type,
    ),
    Cause(
        "recurrent dtype",
        r"RNN input dtype \(torch\.(?P<got>\w+)\) does not match weight dtype \(torch\.(?P<want>\w+)\)",
        _mixed_dtypes,
    ),
    Cause(
        "two dtypes",
        r"expected scalar type (?P<one>\w+) but found (?P<two>\w+)"
        r"|expected both vectors to have same dtype, but found (?P<three>\w+) and (?P<four>\w+)"
        r"|query\.dtype: (?P<five>[\w:]+) key\.dtype: (?P<six>[\w:]+)",
        _two_dtypes,
    ),
    Cause(
        "norm's dtype",
        r"mixed dtype \(CPU\): all inputs must share same datatype",
        "A norm layer's input and weights have different dtypes: convert the inputs with .float() "
        "(numpy makes float64).",
    ),
    Cause(
        "no such arithmetic",
        r"""["'](?P<what>\w+)["'] not implemented for ["'](?P<got>\w+)["']""",
        _no_arithmetic,
    ),
    Cause(
        "index's dtype",
        r"tensors used as indices must be|Expected dtype int32(?: or |/)int64 for index",
        "An index must be int64 or bool: convert it with .long() or .bool().",
    ),
    Cause(
        "devices",
        r"Expected all tensors to be on the same device.*?(?P<one>(?:cuda|mps|xpu|cpu|meta)(?::\d+)?).*?"
        r"(?P<two>(?:cuda|mps|xpu|cpu|meta)(?::\d+)?)",
        f"Tensors are on two devices ({{one}} and {{two}}): {_MOVE}.",
    ),
    Cause(
        "device",
        r"Tensor on device (?P<one>\S+) is not on the expected device (?P<two>[\w:]+)",
        f"Tensors are on two devices ({{one}} and {{two}}): {_MOVE}.",
    ),
)
