"""Gradients and optimizers."""

from __future__ import annotations

from lrgui.errors.causes.cause import Cause

TRAINING: tuple[Cause, ...] = (
    Cause(
        "several losses",
        r"grad can be implicitly created only for scalar outputs",
        "The loss must be a scalar, but has several values: use reduction='mean', or return loss.mean().",
    ),
    Cause(
        "not deterministic",
        r"(?P<what>\S+) does not have a deterministic implementation, but you set",
        lambda m: (
            f"PyTorch's {m['what']} has no deterministic implementation on this device: switch Deterministic off "
            "(--no-deterministic), or use another operation."
        ),
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
)
