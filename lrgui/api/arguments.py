"""The model, the batches and the loss that a caller means; what stands in another's place is told so."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset

from lrgui.api.optimizer import is_scheduler_class
from lrgui.core.engine.param_groups import inside
from lrgui.core.phrases import with_article
from lrgui.tasks.user.batches import Repeated, are_inputs_and_targets
from lrgui.tasks.user.optimizer import is_scheduler

_HOSTS = {
    "lightning": "lightning.find_lr(trainer, module, …)",
    "pytorch_lightning": "lightning.find_lr(trainer, module, …)",
    "transformers": "huggingface.find_lr(trainer)",
    "fastai": "fastai.find_lr(learn)",
    "skorch": "skorch.find_lr(net, X, y)",
    "ignite": "ignite.find_lr(…)",
}
_LINE = "DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)"


def check_places(model: Any, loader: Any, loss: Any, optimizer: Any, training_step: Any) -> None:
    """Raise ValueError, with a sentence, where an argument stands in the place of another one."""
    host = _HOSTS.get(type(model).__module__.split(".")[0])
    if host is not None and not isinstance(model, nn.Module) and not callable(model):
        raise ValueError(f"The model argument is {_kind(model)}: use lrgui.integrations.{host}, which supports it.")
    for place, thing in (("model", model), ("loader", loader), ("loss", loss), ("optimizer", optimizer)):
        kind = _role(thing)
        if kind not in ("", place) and (kind, place) not in (("module", "model"), ("module", "loss")):
            raise ValueError(
                f"The {place} argument is {_kind(thing)}: the order is (model, loader, loss, optimizer). "
                "lrgui.LRFinder(model, optimizer, criterion) uses the order of torch-lr-finder."
            )
    if not isinstance(model, nn.Module) and not callable(model):
        raise ValueError(f"The model must be a torch.nn.Module, or a function that returns one, not {_kind(model)}.")
    if loss is not None and not callable(loss):
        raise ValueError(
            "The loss must be a function (output, target), such as torch.nn.functional.cross_entropy, not "
            f"{_kind(loss)}."
        )
    if training_step is not None:
        _check_step(training_step)
    if loss is None and training_step is None and callable(getattr(model, "configure_optimizers", None)):
        raise ValueError(
            "The loss of a LightningModule is in its training_step: use lrgui.integrations.lightning.find_lr(trainer, "
            "module, …), or pass training_step=lambda model, batch: model.training_step(batch, 0)."
        )


def _check_step(step: Any) -> None:
    """Raise ValueError for a training step that can't be called with the model and a batch."""
    if not callable(step):
        raise ValueError(f"training_step must be a function (model, batch), not {_kind(step)}.")
    try:
        signature = inspect.signature(step)
    except (TypeError, ValueError):  # its arguments can't be read
        return
    try:
        signature.bind(None, None)
        fits = next(iter(signature.parameters), "") != "batch"
    except TypeError:
        fits = False
    if not fits:
        takes = ", ".join(signature.parameters)
        raise ValueError(
            f"training_step is called as training_step(model, batch), but this one takes ({takes}): pass a function "
            "(model, batch); for a module's own step, lambda model, batch: model.training_step(batch, 0)."
        )


def check_metric(metric: Any, takes: str) -> None:
    """Raise ValueError for a metric that is no function; `takes` names its arguments."""
    if metric is not None and not callable(metric):
        raise ValueError(f"The metric must be a function ({takes}) that returns a number, not {_kind(metric)}.")


def device_of(device: Any) -> torch.device:
    """The device that a name or a torch.device means. Raises ValueError, with a sentence, for others."""
    try:
        return torch.device(device)
    except (RuntimeError, TypeError):
        raise ValueError(
            f"There is no device {device!r}. Use cpu, cuda, cuda:1, mps or xpu, or a torch.device; omit it to compute "
            "where the model is."
        ) from None


def _role(thing: Any) -> str:
    """The argument that a thing is made for, where it can be only one: "module" is a model or a loss."""
    if inside(thing) is not None or is_scheduler(thing):
        return "optimizer"
    if isinstance(thing, type) and (issubclass(thing, torch.optim.Optimizer) or is_scheduler_class(thing)):
        return "optimizer"
    if isinstance(thing, DataLoader):
        return "loader"
    return "module" if isinstance(thing, nn.Module) and not isinstance(thing, Iterable) else ""


def _kind(thing: Any) -> str:
    if thing is None:
        return "None"
    return f"the class {thing.__name__}" if isinstance(thing, type) else with_article(type(thing).__name__)


def batches_of(loader: Any, what: str = "loader") -> Iterable[Any]:
    """The batches that `loader` stands for. Raises ValueError, with a sentence, for what gives none.

    A function without arguments (a generator's, a bound `train_dataloader`) is called, a generator's again for each
    pass.
    """
    if isinstance(loader, type):
        raise ValueError(f"The {what} argument is the class {loader.__name__}: pass {loader.__name__}(…).")
    if callable(loader) and not isinstance(loader, Iterable) and not hasattr(loader, "__getitem__"):
        loader = _called(loader, what)
    if isinstance(loader, torch.Tensor | np.ndarray) or _is_frame(loader):
        raise ValueError(f"The {what} argument is {_kind(loader)}, which yields examples, not batches: pass {_LINE}.")
    _refuse_examples(loader, what)
    if isinstance(loader, tuple | list):
        _refuse_data(loader, what)
    if isinstance(loader, Mapping):
        names = [str(name) for name, one in loader.items() if isinstance(one, DataLoader)]
        more = f"[{names[0]!r}]" if names else "[…]"
        raise ValueError(f"The {what} argument is a dict: pass one of its entries, such as loaders{more}.")
    if isinstance(loader, str | bytes) or not (isinstance(loader, Iterable) or hasattr(loader, "__getitem__")):
        raise ValueError(
            f"The {what} argument must be an iterable of batches, such as a DataLoader or a list, not {_kind(loader)}."
        )
    batches: Iterable[Any] = loader
    return batches


def _called(make: Callable[..., Any], what: str) -> Any:
    try:
        inspect.signature(make).bind()
    except TypeError:
        raise ValueError(
            f"The {what} argument is a function that takes arguments: call it and pass the batches it returns."
        ) from None
    except ValueError:  # its arguments can't be read
        pass
    made = make()
    if made is None:
        raise ValueError(f"The function in the {what} argument returned None: did you forget return?")
    return Repeated(made, make) if isinstance(made, Iterator) else made


def _refuse_examples(loader: Any, what: str) -> None:
    """A data set gives examples, not batches. One that is iterated (IterableDataset) may make batches, and stays."""
    a_set = isinstance(loader, Dataset) and not isinstance(loader, IterableDataset)
    a_table = any(base.__module__.startswith("datasets.") for base in type(loader).__mro__)  # Hugging Face's
    if a_set or a_table:
        form = 'dataset.with_format("torch")' if a_table else "dataset"
        raise ValueError(
            f"The {what} argument is {_kind(loader)}, which yields single examples, not batches: pass "
            f"DataLoader({form}, batch_size=64, shuffle=True)."
        )


def _refuse_data(given: tuple[Any, ...] | list[Any], what: str) -> None:
    # A list may as well hold two batches of sequences of other lengths.
    alike = isinstance(given, list) and len({getattr(one, "ndim", None) for one in given}) == 1
    if len(given) == 2 and not alike and are_inputs_and_targets(*given):
        raise ValueError(
            f"The {what} argument is a pair of inputs and targets, not batches: pass {_LINE}, made of tensors."
        )
    if any(isinstance(one, DataLoader) for one in given):
        raise ValueError(f"The {what} argument is a {type(given).__name__} of {len(given)} loaders: pass one of them.")
    first: Any = given[0] if given else None
    if type(first) in (tuple, list) and len(first) > 1 and isinstance(first[0], torch.Tensor | np.ndarray):
        last = first[-1]
        if isinstance(last, int | float) or (isinstance(last, torch.Tensor | np.generic) and last.ndim == 0):
            raise ValueError(
                f"The {what} argument is a list of single examples, not batches: pass DataLoader(examples, "
                "batch_size=64, shuffle=True)."
            )


def _is_frame(thing: Any) -> bool:
    return type(thing).__module__.split(".")[0] in ("pandas", "polars") and hasattr(thing, "columns")


def criterion_of(loss: Any) -> Any:
    """The loss function that `loss` stands for: of a class (`nn.CrossEntropyLoss`) an instance."""
    if not isinstance(loss, type):
        return loss
    try:
        return loss()
    except TypeError as error:
        raise ValueError(
            f"The loss argument is the class {loss.__name__}: pass {loss.__name__}(…) ({error})."
        ) from None
