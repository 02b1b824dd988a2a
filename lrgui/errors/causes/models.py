"""What models take and return, and the weights that they are given."""

from __future__ import annotations

import re

from lrgui.core.phrases import with_article
from lrgui.errors.causes.cause import Cause


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


MODELS: tuple[Cause, ...] = (
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
)
