"""Inputs and layers: sizes and dimensions that do not fit each other."""

from __future__ import annotations

import re

from lrgui.errors.causes.cause import Cause, shape_name


def _matrices(match: re.Match[str]) -> str:
    return (
        f"A linear layer expects {match['want']} features per example but gets {match['got']}: set its in_features to "
        f"{match['got']}, or flatten its input (x.flatten(1) keeps the batch)."
    )


def _channels(match: re.Match[str]) -> str:
    want, got = match["want"], match["got"]
    shape = [part.strip() for part in match["input"].split(",")]
    if len(shape) > 2 and shape[-1] == want:
        back = ", ".join(["0", str(len(shape) - 1), *map(str, range(1, len(shape) - 1))])
        return (
            f"A convolution expects {want} channels but gets {got}: the channels are last ({'×'.join(shape)}), "
            f"use x.permute({back})."
        )
    if len(shape) > 3 and shape[0] == "1" and want in ("1", "3") and got not in ("1", "3", "4"):
        more = ".repeat(1, 3, 1, 1)" if want == "3" else ""
        return (
            f"A convolution expects batch×{want}×height×width, but the batch of {got} has no channels: "
            f"add them with x.unsqueeze(1){more}."
        )
    colour = " (a grey image becomes one of colour with x.repeat(1, 3, 1, 1))" if (want, got) == ("3", "1") else ""
    return f"A convolution expects {want} channels but gets {got}: create it with in_channels={got}{colour}."


LAYERS: tuple[Cause, ...] = (
    Cause(
        "linear",
        r"mat1 and mat2 shapes cannot be multiplied \(\d+x(?P<got>\d+) and (?P<want>\d+)x\d+\)",
        _matrices,
    ),
    Cause(
        "index's size",
        r"index (?P<index>-?\d+) is out of bounds for (?:dimension|axis) (?P<dim>\d+) with size (?P<size>\d+)",
        "Index {index} is out of range for {size} entries along dimension {dim}: entries are numbered from 0, and "
        "__len__ must not exceed their number.",
        ("IndexError",),
    ),
    Cause(
        "channels",
        r"expected input\[(?P<input>.*?)\] to have (?P<want>\d+) channels, but got (?P<got>\d+) channels",
        _channels,
    ),
    Cause(
        "convolution's dimensions",
        r"input to conv(?P<dims>\d)d, but got input of size: \[(?P<size>.*?)\]",
        lambda m: (
            f"A {m['dims']}-dimensional convolution expects batch×channels×{'×'.join(['size'] * int(m['dims']))} but "
            f"gets {shape_name(m['size'])}: add missing dimensions with x.unsqueeze(1), or convolve before flattening."
        ),
    ),
    Cause(
        "small image",
        r"Calculated padded input size per channel: \((?P<size>[^)]*)\). Kernel size: \((?P<kernel>[^)]*)\)",
        "The input has shrunk to {size} at a layer with kernel {kernel}: use larger inputs, fewer downsampling layers, "
        "or padding.",
    ),
    Cause(
        "small for pooling",
        r"Given input size: \((?P<size>[^)]*)\). Calculated output size: \([^)]*\). Output size is too small",
        "The input has shrunk to {size} (channels first) at a pooling layer, which would leave nothing: use larger "
        "inputs, or fewer downsampling layers.",
    ),
    Cause(
        "batch of one",
        r"Expected more than 1 value per channel when training",
        "BatchNorm cannot train on a batch of one example: use a batch size of at least 2, and drop_last=True in the "
        "loader if the last batch can be that short.",
    ),
    Cause(
        "batch norm",
        r"running_mean should contain (?P<got>\d+) elements not (?P<want>\d+)",
        "A BatchNorm layer expects {want} channels but gets {got}: create it with {got}.",
    ),
    Cause(
        "dimensions",
        r"expected (?P<want>\dD(?: or \dD)*) input \(got (?P<got>\dD) input\)",
        "A layer expects {want} input but gets {got}: use the layer for that number of dimensions (BatchNorm1d, 2d, "
        "3d), or do not flatten before it.",
    ),
    Cause(
        "layer norm",
        r"Given normalized_shape=\[(?P<want>.*?)\].*?but got input of size ?\[(?P<got>.*?)\]",
        lambda m: (
            f"A norm layer expects inputs that end in {shape_name(m['want'])} but gets {shape_name(m['got'])}: create "
            "it for the last dimension of its input."
        ),
    ),
    Cause(
        "embedding's dtype",
        r"'indices' to have one of the following scalar types: Long, Int; but got torch\.(?P<got>[\w.]+) instead",
        "An embedding expects integers (int64) but gets {got}: convert the tokens with .long().",
    ),
    Cause(
        "embedding's size",
        r"index out of range in self",
        "A token or category exceeds the size of its embedding: make num_embeddings larger than the largest index, and "
        "number from 0.",
        ("IndexError",),
    ),
    Cause(
        "recurrent size",
        r"input\.size\(-1\) must be equal to input_size\. Expected (?P<want>-?\d+), got (?P<got>-?\d+)",
        "A recurrent layer expects {want} features at each position but gets {got}: create it with input_size={got}, "
        "and with batch_first=True if the batch comes first.",
    ),
    Cause(
        "heads",
        r"embed_dim must be divisible by num_heads",
        "An attention layer cannot divide its width among its heads: make the width a multiple of the number of heads.",
    ),
    Cause(
        "view",
        r"shape '\[(?P<shape>.*?)\]' is invalid for input of size (?P<size>\d+)",
        "{size} values do not fit the shape ({shape}): its sizes must multiply to {size}; do not fix the batch size, "
        "write x.flatten(1) or view(x.size(0), -1).",
    ),
    Cause(
        "view of parts",
        r"view size is not compatible with input tensor's size and stride",
        "view cannot be used after transpose or permute: use reshape.",
    ),
    Cause(
        "concatenation",
        r"Sizes of tensors must match except in dimension (?P<dim>\d+). "
        r"Expected (?:size )?(?P<one>\d+) but got (?:size )?(?P<two>\d+)",
        "Tensors concatenated along dimension {dim} differ in other dimensions ({one} and {two}): crop or pad one of "
        "them, or choose another dim.",
    ),
    Cause(
        "sizes",
        r"The size of tensor a \((?P<one>\d+)\) must match the size of tensor b \((?P<two>\d+)\) at non-singleton "
        r"dimension (?P<dim>\d+)",
        "Two combined tensors have {one} and {two} entries along dimension {dim}: in a loss, give the last layer as "
        "many outputs as the target has columns; in a model, compare the shapes on this line.",
    ),
)
