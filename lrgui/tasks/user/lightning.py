"""A LightningModule, with its DataModule, as a task: without a Trainer, whose loop is not what a sweep needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import torch

from lrgui.core.curve.own_rate import OwnRate
from lrgui.core.engine.batches import length
from lrgui.core.engine.own_rates import own_rate
from lrgui.core.optimizers import refusal
from lrgui.tasks.lightning_loop import (
    BY_HAND,
    LightningLoop,
    descends,
    of_lightning,
    overrides,
)
from lrgui.tasks.optimizers.optimizing import FIRST_LR, make_optimizer
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import BuiltTask
from lrgui.tasks.user.batches import Batches, batches, batches_words, loaded
from lrgui.tasks.user.calling import Calls, Part, described
from lrgui.tasks.user.lightning_steps import LightningSteps, defined, short_name
from lrgui.tasks.user.lightning_trainer import StandIn
from lrgui.tasks.user.metric_names import first_name
from lrgui.tasks.user.optimizer import first_optimizer, optimizers_in
from lrgui.tasks.user.roles import CONTEXT, RATES
from lrgui.tasks.user.rows import OWN
from lrgui.tasks.user.signature import Signature, signature_of
from lrgui.tasks.user.target import TaskError


def is_module(kind: type) -> bool:
    """True for a class of LightningModules."""
    return descends(kind, "LightningModule")


def module_classes(module: ModuleType) -> list[type]:
    """The LightningModules that a file defines, else those that it imports, without those that others build on."""
    return _classes(module, "LightningModule")


def _classes(module: ModuleType, base: str) -> list[type]:
    found = [
        one for one in vars(module).values() if isinstance(one, type) and descends(one, base) and not of_lightning(one)
    ]
    found = list(dict.fromkeys(found))
    own = [one for one in found if one.__module__ == module.__name__] or found
    return [one for one in own if not any(other is not one and issubclass(other, one) for other in own)]


def build_module(spec: TaskSpec, device: torch.device, module: ModuleType, kind: type, calls: Calls) -> BuiltTask:
    """The task of a LightningModule's class. Raises TaskError, with a sentence, where something is missing."""
    file = str(module.__file__)
    network: Any = _made(kind, file, calls)
    if not network.automatic_optimization:
        raise _error(kind, file, f"{BY_HAND} write a task with training_step(model, batch) instead.")
    data = _data_module(module, file, calls)
    trainer = StandIn(device, data, network)
    parts = [one for one in (data, network) if one is not None]  # the module may ask for what its data have set up
    for one in parts:
        one.trainer = trainer
    for hook, arguments in (("prepare_data", ()), ("setup", ("fit",))):
        for one in parts:
            getattr(one, hook)(*arguments)
    if hasattr(network, "configure_model"):
        network.configure_model()
    network.to(device)
    training = _batches(spec, device, module, file, network, data, calls, "train")
    if training is None:
        raise _error(
            kind,
            file,
            "{} has no training batches: add a LightningDataModule, a train_dataloader(), or a function "
            "train_loader(batch_size).",
        )
    validation = _batches(spec, device, module, file, network, data, calls, "val")
    trainer.count(training)
    calls.check_options(file)
    notes: list[str] = []
    optimizer, own, came_with = _optimizer(spec, network, kind, file, notes)
    trainer.optimizers = [optimizer]
    trainer.strategy._lightning_optimizers = [optimizer]
    loop = LightningLoop(trainer)
    objective = LightningSteps(network, loop, trainer, Part("training_step", network.training_step, file))
    network.on_fit_start()
    loop.begin()
    if any(overrides(network, hook) for hook in ("on_before_optimizer_step", "configure_gradient_clipping")):
        loop.follow_optimizer()
    title = getattr(module, "name", "")
    classes = getattr(network, "num_classes", None) or getattr(getattr(network, "hparams", None), "num_classes", None)
    return BuiltTask(
        name=f"{title if isinstance(title, str) and title else kind.__name__} · {spec.optimizer_words}",
        detail=_detail(training, validation, kind, data),
        model=network,
        optimizer=optimizer,
        loader=training.loader,
        validation=None if validation is None else validation.loader,
        objective=objective,
        device=device,
        classes=classes if isinstance(classes, int) and classes > 1 else None,
        metric_name=short_name(first_name(network.validation_step)) if overrides(network, "validation_step") else "",
        train_size=training.examples,
        val_size=0 if validation is None else validation.examples,
        notes=(*notes, *training.notes, *(validation.notes if validation is not None else ())),
        own_rate=own,
        came_with=came_with,
    )


def _own_rate(kind: type, optimizer: torch.optim.Optimizer) -> OwnRate | None:
    """The rate of the module's own optimizer; not that which its `__init__` was given here."""
    given = any(one.required and one.name in RATES for one in (signature_of(kind) or Signature()).arguments)
    found = own_rate(optimizer)
    return None if given and found is not None and found.lr == FIRST_LR else found


def _made(kind: type, file: str, calls: Calls) -> Any:
    """An instance of a class of the person's, from the settings that its `__init__` has."""
    part = Part(kind.__name__, kind, file)
    signature = signature_of(kind) or Signature()
    rates = {one.name: FIRST_LR for one in signature.arguments if one.required and one.name in RATES}
    return kind(**rates, **calls.arguments(part, 0, RATES))


def _data_module(module: ModuleType, file: str, calls: Calls) -> Any:
    classes = _classes(module, "LightningDataModule")
    if len(classes) > 1:
        names = ", ".join(one.__name__ for one in classes)
        raise TaskError(f"There are several LightningDataModules ({names}): keep the one to run in this file.", file)
    return _made(classes[0], file, calls) if classes else None


def _batches(
    spec: TaskSpec,
    device: torch.device,
    module: ModuleType,
    file: str,
    network: Any,
    data: Any,
    calls: Calls,
    kind: str,
) -> Batches | None:
    """The batches of the DataModule, the module itself, or a function of the file; None where nobody has any."""
    role = f"{kind}_loader"
    for owner in (data, network):
        method = None if owner is None else defined(owner, f"{kind}_dataloader")
        if method is None:
            continue
        part = Part(role, method, file)
        made = method()
        if made is None:
            if kind == "val":
                continue
            raise part.error("{} returned None: did you forget return?")
        several = f"{type(owner).__name__}.{kind}_dataloader() has several loaders: the first one is used."
        notes: tuple[str, ...] = ()
        if isinstance(made, Mapping) or (isinstance(made, list | tuple) and made and _is_loader(made[0])):
            notes = (several,) if len(made) > 1 else ()
            made = next(iter(made.values())) if isinstance(made, Mapping) else made[0]
        found = loaded(spec, made, device, training=kind == "train")
        if length(found.loader) == 0:
            raise part.error("{} has no batches: check that its data was found, and check the batch size.")
        asked = kind != "train" or any("batch_size" in _asked(one) for one in (data, network) if one is not None)
        if not asked and found.size not in (None, spec.batch_size):
            notes += (
                f"The batch size setting is not used: {part.words} makes batches of {found.size:,}. Give the "
                "class an argument “batch_size”.",
            )
        return Batches(found.loader, found.examples, found.size, (*found.notes, *notes))
    function = getattr(module, role, None)
    return batches(spec, Part(role, function, file), calls, device, training=kind == "train") if function else None


def _asked(owner: Any) -> set[str]:
    return {CONTEXT[one.name] for one in (signature_of(type(owner)) or Signature()).split().context}


def _is_loader(thing: Any) -> bool:
    return hasattr(thing, "__iter__") and not isinstance(thing, torch.Tensor | list | tuple | Mapping)


def _optimizer(
    spec: TaskSpec, network: Any, kind: type, file: str, notes: list[str]
) -> tuple[torch.optim.Optimizer, OwnRate | None, Any]:
    if spec.optimizer != OWN:
        return make_optimizer(spec, network), None, None
    if not overrides(network, "configure_optimizers"):
        raise _error(kind, file, "{} has no configure_optimizers(): add it, or choose another optimizer.")
    part = Part("configure_optimizers", network.configure_optimizers, file)
    made = network.configure_optimizers()
    optimizer, schedule = first_optimizer(made)
    if optimizer is None:
        if made is None:
            raise part.error("{} returned None: did you forget return? Without an optimizer nothing is trained.")
        raise part.error(f"{{}} returned {described(made)} without an optimizer.")
    if schedule:
        notes.append("The scheduler from configure_optimizers() is not used: the run sets the learning rates.")
    refused = refusal(optimizer)
    if refused:
        raise part.error(f"{{}}: {refused}")
    if len(optimizers_in(made)) > 1:
        notes.append("configure_optimizers() returned several optimizers: the first one is used.")
    return optimizer, _own_rate(kind, optimizer), made


def _error(kind: type, file: str, sentence: str) -> TaskError:
    return Part(kind.__name__, None, file).error(sentence)


def _detail(training: Batches, validation: Batches | None, kind: type, data: Any) -> str:
    words = [batches_words(training, "training")]
    if validation is not None:
        words.append(batches_words(validation, "validation"))
    words.append(f"LightningModule {kind.__name__}")
    if data is not None:
        words.append(f"data from {type(data).__name__}")
    return " · ".join(words)
