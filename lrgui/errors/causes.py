"""What an error of a model, a loss or a loader usually means, and the way out: one row for each.

The patterns are those of PyTorch 2.4 and newer; where the wording changed on the way, a row knows both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lrgui.core.phrases import with_article
from lrgui.errors.origins import lost_by_worker, original, text_of

Telling = Callable[[re.Match[str]], str]
"""Makes the sentence of a match."""


@dataclass(frozen=True)
class Cause:
    """One kind of error."""

    key: str
    pattern: str
    """A regular expression that is searched for in the error's message."""
    sentence: str | Telling
    """What is wrong and the way out; `{name}` stands for what the group of that name matched."""
    kinds: tuple[str, ...] = ()
    """Names of the classes of error it can be; empty is any."""

    def told(self, kind: str, message: str) -> str | None:
        """The sentence about an error of class `kind`, None where it is not of this kind."""
        if self.kinds and kind not in self.kinds:
            return None
        match = re.search(self.pattern, message, re.DOTALL)
        if match is None:
            return None
        return self.sentence.format(**match.groupdict()) if isinstance(self.sentence, str) else self.sentence(match)


#: What PyTorch's messages call a dtype, and what a person writes.
_DTYPES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "c10::half": "float16",
    "bfloat16": "bfloat16",
    "c10::bfloat16": "bfloat16",
    "long": "int64",
    "long long": "int64",
    "long int": "int64",
    "int": "int32",
    "short": "int16",
    "short int": "int16",
    "byte": "uint8",
    "unsigned char": "uint8",
    "char": "int8",
    "signed char": "int8",
    "bool": "bool",
}
_FLOATS = ("float16", "bfloat16", "float32", "float64")


def _dtype(word: str) -> str:
    return _DTYPES.get(word.strip().lower().removeprefix("torch.").removesuffix("tensor"), word)


def _class_target(match: re.Match[str]) -> str:
    found = _dtype(match["got"])
    other = ", or use a loss for numbers such as MSELoss" if found in _FLOATS else ""
    return (
        f"The target has dtype {found}, but this loss expects class indices of dtype int64: "
        f"use target.long() in the loss or the data set{other}."
    )


def _float_target(match: re.Match[str]) -> str:
    return (
        f"The target has dtype {_dtype(match['got'])}, but this loss (binary cross-entropy, squared error) expects "
        "float32: use target.float() in the data set or in a loss(output, target)."
    )


def _other_sizes(match: re.Match[str]) -> str:
    target, output = _shape(match["target"]), _shape(match["input"])
    return (
        f"The output has shape {output}, the target {target}: match them, with {_likened(output, target)} in the loss."
    )


def _likened(output: str, target: str) -> str:
    out, want = output.split("×"), target.split("×")
    if [n for n in out if n != "1"] == [n for n in want if n != "1"]:
        return "output.squeeze(1)" if len(out) > len(want) else "target.squeeze(1)"
    return "as many outputs of the last layer as the target has columns, or target.view_as(output)"


def _shape(text: str) -> str:
    return "×".join(text.replace(" ", "").strip(",").split(",")) or "()"


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


def _matrices(match: re.Match[str]) -> str:
    return (
        f"A linear layer expects {match['want']} features per example but gets {match['got']}: set its in_features to "
        f"{match['got']}, or flatten its input (x.flatten(1) keeps the batch)."
    )


def _mixed_dtypes(match: re.Match[str]) -> str:
    found, want = _dtype(match["got"]), _dtype(match["want"])
    return f"The model gets {found} and its weights are {want}: {_converted(found)}."


def _two_dtypes(match: re.Match[str]) -> str:
    one, two = (_dtype(word) for word in match.groups() if word)
    odd = "float64" if "float64" in (one, two) else two
    return f"Tensors of {one} and {two} are combined: {_converted(odd)}."


def _converted(found: str) -> str:
    if found == "float64":
        return "convert the inputs with .float() (numpy makes float64)"
    if found == "uint8":
        return "make floats near 0 of the inputs, for pixels with x.float() / 255"
    if found in _FLOATS:
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


_MOVE = (
    "make layers in __init__ (they move with the model), keep own tensors with register_buffer, "
    "and make new ones with device=x.device"
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


def _not_a_tensor(match: re.Match[str]) -> str:
    function, argument, got = match["function"], match["argument"], match["got"].rstrip(".")
    got = got.removeprefix("collections.")
    if argument == "target":
        return f"The target is a {got}, not a tensor: turn class names into numbers in the data set."
    if got == "NoneType":
        return "The model returns nothing: forward has no return statement, or not on every path."
    if got == "numpy.ndarray":
        return f"{function} gets a numpy array, not a tensor: convert the batches with torch.as_tensor(array)."
    if "loss" in function or "entropy" in function:
        return f"The model returns {with_article(got)}, but the loss expects a tensor: {_taken(got)} in the loss."
    known = "an LSTM returns output and state"
    return f"The layer {function} gets {with_article(got)}, not a tensor: {_taken(got)} ({known})."


def _taken(kind: str) -> str:
    """How the tensor comes out of what holds it."""
    known = {"dict": 'output["logits"]', "OrderedDict": 'output["out"]'}  # the latter from torchvision's segmentation
    how = known.get(kind, "output.logits" if "Output" in kind else "output[0]")
    return f"take the tensor out of it, as {how}"


def _no_arithmetic(match: re.Match[str]) -> str:
    what, got = match["what"], _dtype(match["got"])
    if "softmax" in what and got not in _FLOATS:
        return (
            f"The loss got {got} as the model's scores: its arguments are (output, target), in this order, and scores "
            "are floats."
        )
    return f"The operation {what} does not support {got} on this device: convert its input with .float()."


_IMPORTS = {
    "torch": "import torch",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "DataLoader": "from torch.utils.data import DataLoader",
    "Dataset": "from torch.utils.data import Dataset",
    "transforms": "from torchvision import transforms",
    "datasets": "from torchvision import datasets",
}


def _no_name(match: re.Match[str]) -> str:
    name = match["name"]
    usual = _IMPORTS.get(name)
    how = f"write “{usual}” at the top of the file" if usual else "import or define it, or correct its spelling"
    return f"There is no {name} here: {how}."


_TENSOR_WORDS = (
    "size|shape|dim|dtype|device|to|float|long|view|flatten|log_softmax|softmax|argmax|unsqueeze|squeeze|numel"
)


def _no_attribute(match: re.Match[str]) -> str:
    got = match["got"]
    if got == "NoneType":
        return f"None has no .{match['name']}: a function returned nothing, perhaps the model's forward."
    return f"Expected a tensor, got a {got} (.{match['name']}): the batch or the model returns a {got}, {_taken(got)}."


def _arguments(match: re.Match[str]) -> str:
    takes, given = int(match["takes"]) - 1, int(match["given"]) - 1  # self counts
    return (
        f"{match['what']} takes {takes} input{'s' if takes != 1 else ''} but gets {given}: the last item of a batch is "
        "the target, all others are passed to the model. Take one out of the batch, or write "
        "training_step(model, batch), as for (input, target, weight)."
    )


def _partly(match: re.Match[str]) -> str:
    return (
        f"The module {match['module']} is imported while importing this file: a circular import, or one of your files "
        "has the name of a package. Rename it, or import inside the function."
    )


def is_loader_death(error: BaseException) -> bool:
    """True where a process that loads batches is gone, or gives none: what it did has no line of its own."""
    low = text_of(original(error)).lower()
    named = ("dataloader worker" in low and "pid" in low) or "dataloader timed out" in low
    return named or lost_by_worker(error)


def too_many_files() -> str:
    """The sentence about the limit of open files."""
    return (
        "Too many files are open. Open each file with “with open(…)” and close it again, raise the limit with "
        "“ulimit -n 4096”, or set the DataLoader workers to 0."
    )


def _picture(match: re.Match[str]) -> str:
    name = re.search(r"name='(?P<file>[^']+)'|^'(?P<path>[^']+)'", match["name"])
    if name is None:
        return "An image cannot be read: remove it from the data, or skip it when opening it."
    file = name["file"] or name["path"]
    return f"{file} is not a readable image: remove it from the data, or skip it when opening it."


_NO_WORKERS = "set the DataLoader workers to 0"

#: The first row that fits is taken, so the special ones stand before the general ones.
CAUSES: tuple[Cause, ...] = (
    # Targets
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
            f"The target has shape {_shape(m['got'])}, but cross-entropy expects the classes in the second dimension "
            "of the output: use output.transpose(1, 2), or output.flatten(0, 1) and "
            "target.flatten()."
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
    # Inputs and layers
    Cause(
        "linear",
        r"mat1 and mat2 shapes cannot be multiplied \(\d+x(?P<got>\d+) and (?P<want>\d+)x\d+\)",
        _matrices,
    ),
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
            f"gets {_shape(m['size'])}: add missing dimensions with x.unsqueeze(1), or convolve before flattening."
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
            f"A norm layer expects inputs that end in {_shape(m['want'])} but gets {_shape(m['got'])}: create it for "
            "the last dimension of its input."
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
    # What models return and take
    Cause(
        "no tensor",
        r"(?P<function>\w+)\(\): argument '(?P<argument>\w+)' \(position \d+\) must be Tensor, not (?P<got>[\w.]+)",
        _not_a_tensor,
        ("TypeError",),
    ),
    Cause(
        "no attribute",
        rf"'(?P<got>tuple|list|dict|NoneType|str|\w+Output\w*)' object has no attribute '(?P<name>{_TENSOR_WORDS})'",
        _no_attribute,
        ("AttributeError",),
    ),
    Cause(
        "logits of logits",
        r"'Tensor' object has no attribute '(?P<name>logits|loss|last_hidden_state)'",
        "A tensor has no .{name}: loss and metrics get the logits directly, so use output itself.",
        ("AttributeError",),
    ),
    Cause(
        "layer in a tuple",
        r"'(?P<got>tuple|list)' object is not callable",
        "A {got} is called like a function: a trailing comma or brackets turned a layer into one in __init__; wrap a "
        "list of transforms in Compose([…]).",
        ("TypeError",),
    ),
    Cause(
        "detection",
        r"targets should not be none when in training mode",
        "A detection model computes its losses itself, from images and targets: write training_step(model, batch), "
        "which returns sum(model(images, targets).values()).",
    ),
    Cause(
        "too many inputs",
        r"(?P<what>\w+\.forward)\(\) takes (?P<takes>\d+) positional arguments? but (?P<given>\d+) were given",
        _arguments,
        ("TypeError",),
    ),
    Cause(
        "too few inputs",
        r"(?P<what>\w+\.forward)\(\) missing \d+ required positional arguments?: (?P<names>.*)",
        "{what} also needs {names}: give it a default, put it into the batch before the target, "
        "or write training_step(model, batch).",
        ("TypeError",),
    ),
    Cause(
        "unknown input",
        r"(?P<what>\w+\.forward)\(\) got an unexpected keyword argument '(?P<name>\w+)'",
        "{what} has no argument {name}, which the batch contains: remove it from the batch, rename it, "
        "or write training_step(model, batch).",
        ("TypeError",),
    ),
    Cause(
        "no forward",
        r'Module \[(?P<name>\w+)\] is missing the required "forward" function',
        "The model {name} has no forward: write forward(self, x), with the same indentation as __init__.",
    ),
    Cause(
        "no super",
        r"cannot assign (?:module|parameters?) before Module\.__init__\(\) call",
        "The model's __init__ must begin with super().__init__().",
    ),
    Cause(
        "state dict",
        r"Error\(s\) in loading state_dict for (?P<name>\w+):\s*(?P<first>[^\n]*?)\.?\s*(?:\n|$)",
        "The weights do not fit the model {name} ({first}): build it with the settings it was saved with, or load the "
        "matching ones with strict=False.",
    ),
    Cause(
        "weights only",
        r"Weights only load failed|weights_only",
        "The weights file contains more than weights and could run code: save only model.state_dict(), or use "
        "safetensors.",
        ("UnpicklingError",),
    ),
    Cause(
        "saved on a GPU",
        r"Attempting to deserialize object on a (?P<device>\w+) device",
        'The weights were saved on a GPU that is not available: load them with torch.load(…, map_location="cpu").',
    ),
    # Gradients
    Cause(
        "several losses",
        r"grad can be implicitly created only for scalar outputs",
        "The loss must be a scalar, but has several values: use reduction='mean', or return loss.mean().",
    ),
    Cause(
        "no graph",
        r"does not require grad and does not have a grad_fn",
        "The loss does not depend on any trainable parameter: it was computed with .item(), .detach(), no_grad() or "
        "numpy, or every parameter is frozen. Compute it from the model's output using only torch.",
    ),
    Cause(
        "in place",
        r"modified by an inplace operation: \[torch\.\w+(?:\.\w+)* \[.*?\]\]"
        r"(?:, which is output \d+ of (?P<what>\w+?)(?:Backward\d*)?,)?",
        lambda m: (
            f"A tensor needed for the gradients{' (the result of ' + m['what'] + ')' if m['what'] else ''} was "
            "modified in place: write x = x + y instead of x += y, relu(x) instead of relu_(x), and omit inplace=True."
        ),
    ),
    Cause(
        "parameter in place",
        r"a leaf Variable that requires grad is being used in an in-place operation",
        "A parameter is modified in place: do that under torch.no_grad(), and only before training.",
    ),
    Cause(
        "backward twice",
        r"Trying to backward through the graph a second time",
        "Gradients are computed twice: return the loss and leave backward() and step() to LR Finder; detach any state "
        "kept between batches.",
    ),
    Cause(
        "numpy of a graph",
        r"Can't call numpy\(\) on Tensor that requires grad",
        "numpy cannot convert a tensor that requires gradients: use x.detach().cpu().numpy() in a metric, "
        "and torch instead of numpy in a model or loss.",
    ),
    Cause(
        "several numbers",
        r"(?:a Tensor with (?P<count>\d+) elements cannot be converted to Scalar"
        r"|only one element tensors can be converted to Python scalars)",
        "Expected one value, but the tensor has several: use .mean() before .item() or float().",
    ),
    Cause(
        "truth of a tensor",
        r"Boolean value of Tensor with more than one value is ambiguous",
        "An if or assert tests a whole tensor: use .all(), .any() or torch.where.",
    ),
    # Batches
    Cause(
        "examples of other sizes",
        r"stack expects each tensor to be equal size, but got \[(?P<one>.*?)\] at entry \d+ and \[(?P<two>.*?)\]",
        lambda m: (
            f"Examples of different shapes ({_shape(m['one'])} and {_shape(m['two'])}) cannot be batched: bring them "
            "to one size in the data set (resize, crop, pad), or write a collate_fn that pads."
        ),
    ),
    Cause(
        "examples of other sizes, loaded elsewhere",  # a process that loads batches has no better words for it
        r"Trying to resize storage that is not resizable",
        "Examples of different shapes cannot be batched: bring them to one size in the data set (resize, crop, pad), "
        "or write a collate_fn that pads.",
    ),
    Cause(
        "examples of other lengths",
        r"each element in list of batch should be of equal size",
        "Examples of different lengths cannot be batched: return tensors of one size, or write a collate_fn that pads.",
    ),
    Cause(
        "no image",
        r"default_collate: batch must contain .* found <class 'PIL\.",
        "The data set returns images, but batches need tensors: end its transform with ToTensor().",
    ),
    Cause(
        "nothing in a batch",
        r"default_collate: batch must contain .* found <class 'NoneType'>",
        "The data set returns None: __getitem__ has no return statement, or not on every path.",
    ),
    Cause(
        "not for a batch",
        r"default_collate: batch must contain .* found (?:<class ')?(?P<got>[\w.]+)",
        "The data set returns a {got}, which cannot be batched: return tensors, numbers or a dict of them, "
        "or write a collate_fn.",
    ),
    Cause(
        "pickling",
        r"Can't pickle|[Cc]annot pickle|Can't get (?:local )?(?:object|attribute)",
        "The data set cannot be sent to the DataLoader workers: it, its transform or its collate_fn contains a lambda, "
        "a nested function or an open file. Move it to the top level of the file, or set the DataLoader workers to 0.",
        ("PicklingError", "AttributeError", "TypeError"),
    ),
    Cause(
        "no file",
        r"No such file or directory: '(?P<name>[^']*)'",
        "There is no file {name}. Correct the path, or put the file there.",
        ("FileNotFoundError",),
    ),
    Cause(
        "no picture",
        r"cannot identify image file (?P<name>.*)",
        _picture,
        ("UnidentifiedImageError",),
    ),
    Cause(
        "half a picture",
        r"image file is truncated|Truncated File Read|unrecognized data stream contents",
        "An image file is truncated: remove it from the data, or skip it when opening it.",
        ("OSError",),
    ),
    Cause(
        "no examples",
        r"num_samples should be a positive integer value, but got num_samples=0",
        "The data set is empty: check its path and filter.",
    ),
    # Arrays and files
    Cause(
        "ragged array",
        r"setting an array element with a sequence",
        "Rows of different lengths cannot form one array: pad or crop them to one length, or return them one by one "
        "from a data set.",
        ("ValueError",),
    ),
    Cause(
        "array of objects",
        r"can't convert np\.ndarray of type numpy\.(?P<got>object|str|bytes)_",
        "An array of {got} values cannot become a tensor: it contains text, None or rows of different lengths. Turn "
        "text into numbers and convert it with array.astype(np.float32).",
        ("TypeError",),
    ),
    Cause(
        "text for numbers",
        r"could not convert string to float: (?P<text>.{1,60})",
        "{text} is not a number: omit that column or its header, or turn text into numbers.",
        ("ValueError",),
    ),
    Cause(
        "pickled array",
        r"Object arrays cannot be (?:loaded|saved) when allow_pickle=False|allow_pickle=False",
        "The file contains Python objects, not plain numbers, and could run code: save plain arrays, "
        "or load it with np.load(…, allow_pickle=True) if you trust it.",
        ("ValueError",),
    ),
    Cause(
        "negative stride",
        r"At least one stride in the given numpy array is negative|some of the strides of a given numpy array are neg",
        "torch does not accept reversed arrays ([::-1], np.flip): copy the array with array.copy().",
        ("ValueError",),
    ),
    Cause(
        "arrays' shapes",
        r"operands could not be broadcast together with shapes \((?P<one>[\d, ]*)\) \((?P<two>[\d, ]*)\)",
        lambda m: (
            f"Two arrays of shapes {_shape(m['one'])} and {_shape(m['two'])} cannot be combined: give them the same "
            "shape, or size 1 where they differ."
        ),
        ("ValueError",),
    ),
    Cause(
        "open files",
        r"Too many open files|received 0 items of ancdata",
        lambda _: too_many_files(),
    ),
    Cause(
        "full disk",
        r"No space left on device",
        "A file cannot be written: the disk is full. Free some space, or write to another disk.",
        ("OSError",),
    ),
    # Processes that load batches
    Cause(
        "shared memory",
        r"out of shared memory|killed by signal: Bus error|torch_\d+_\d+[^\n]*No space left on device"
        r"|unable to (?:open|mmap|resize|allocate)[^\n]*shared memory",
        "The DataLoader workers ran out of shared memory (/dev/shm): enlarge it (docker run --shm-size=8g), use fewer "
        f"workers or smaller batches, or {_NO_WORKERS}.",
    ),
    Cause(
        "worker killed",
        r"DataLoader worker \(pid \d+\) is killed by signal: Killed",
        "A DataLoader worker was killed, probably because the system ran out of memory: use fewer workers or "
        f"smaller batches, or {_NO_WORKERS}.",
    ),
    Cause(
        "worker crashed",
        r"DataLoader worker \(pid \d+\) is killed by signal: (?P<signal>[^.\n]+)",
        "A DataLoader worker was ended by a signal ({signal}), in compiled code or from outside: "
        f"{_NO_WORKERS}, which shows where.",
    ),
    Cause(
        "worker timed out",
        r"DataLoader timed out after (?P<seconds>[\d.]+) seconds",
        "The DataLoader workers delivered no batch within {seconds} s: raise the loader's timeout, "
        f"or {_NO_WORKERS}, which shows where it waits.",
    ),
    Cause(
        "worker gone",
        r"DataLoader worker \(pid",
        "A DataLoader worker ended unexpectedly: the output may show why. "
        f"Otherwise {_NO_WORKERS}: batches are then loaded in the run itself, which shows the error.",
    ),
    Cause(
        "unguarded script",
        r"before the\s+current process has finished its bootstrapping phase",
        "The file starts a run or a loader as soon as it is imported, and so do the processes that load batches: "
        'put that below if __name__ == "__main__":.',
    ),
    # Optimizers
    Cause(
        "closure",
        r"step\(\) missing 1 required positional argument: 'closure'",
        "This optimizer evaluates the loss several times per step (like LBFGS) and cannot be swept: choose another "
        "one.",
    ),
    Cause(
        "no rate",
        r"Cannot combine manual `?lr`? and `?relative_step",
        "By default Adafactor sets its own step size: create it with relative_step=False and "
        "warmup_init=False, as functools.partial(Adafactor, relative_step=False, warmup_init=False).",
    ),
    Cause(
        "no parameters",
        r"optimizer got an empty parameter list",
        "The optimizer got no parameters: the model has none, all are frozen, or a generator was already exhausted; "
        "pass list(model.parameters()).",
    ),
    Cause(
        "no leaf",
        r"can't optimize a non-leaf Tensor",
        "The optimizer got a computed tensor instead of a parameter: pass model.parameters().",
    ),
    # Around the code
    Cause(
        "question",
        r"EOF when reading a line",
        "The code calls input(), which cannot be answered during a run: make it an argument with a default.",
        ("EOFError",),
    ),
    Cause(
        "no GPU",
        r"Found no NVIDIA driver|not compiled with CUDA enabled|No CUDA GPUs are available",
        'PyTorch can use no CUDA GPU here: choose the device cpu or auto, and leave .cuda() and .to("cuda") out of the '
        "code, since model and batches go to the run's device by themselves.",
    ),
    Cause(
        "relative import",
        r"attempted relative import with no known parent package",
        "A single file belongs to no package: import neighbouring files by name (from neighbour import …), "
        "or pass the task as package.module, from the folder that contains the package.",
        ("ImportError",),
    ),
    Cause("no name", r"name '(?P<name>\w+)' is not defined", _no_name, ("NameError",)),
    Cause(
        "circular",
        r"partially initialized module '(?P<module>[\w.]+)'",
        _partly,
        ("ImportError", "AttributeError"),
    ),
    Cause(
        "no such name",
        r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'",
        "{module} has no {name}: a different version is installed, or the name is misspelled.",
        ("ImportError",),
    ),
)
