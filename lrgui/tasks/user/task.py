"""From a person's own code to a task: its model, its batches, its loss, and its optimizer where that is wanted."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from lrgui.core.curve.own_rate import OwnRate
from lrgui.core.engine.batches import to_device
from lrgui.core.engine.objective import Objective, Supervised
from lrgui.core.engine.own_rates import own_rate, own_rate_of_maker
from lrgui.core.optimizers import refusal
from lrgui.tasks.optimizers.hidden_layers import hidden_layers
from lrgui.tasks.optimizers.optimizing import FIRST_LR, make_optimizer, optimizer_called
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import BuiltTask
from lrgui.tasks.user.batches import Batches, batches, batches_words
from lrgui.tasks.user.calling import Calls, Part, described, named_parts, takes
from lrgui.tasks.user.class_count import class_count
from lrgui.tasks.user.code import load_code
from lrgui.tasks.user.lightning import build_module, is_module, module_classes
from lrgui.tasks.user.metric_names import first_name
from lrgui.tasks.user.object import Task
from lrgui.tasks.user.objective import OwnLoss, Steps, checked_loss, checked_metric
from lrgui.tasks.user.optimizer import first_optimizer, optimizers_in
from lrgui.tasks.user.roles import ROLES, lacking_words, likely_words
from lrgui.tasks.user.rows import OWN
from lrgui.tasks.user.signature import Signature, signature_of
from lrgui.tasks.user.target import Target, TaskError


@dataclass
class TaskParts:
    """The parts of a task, and what it is called."""

    parts: dict[str, Part]
    file: str
    name: str = ""
    notes: list[str] = field(default_factory=list)
    others: Mapping[str, Any] = field(default_factory=dict)
    """What else its file has, where it is a task of functions."""


def build(spec: TaskSpec, device: torch.device) -> BuiltTask:
    """The task that `spec.path` names, on `device`. Runs the person's code, in this process.

    Raises TaskError, with a sentence, where the code does not give what a task needs; the code's own errors pass
    through.
    """
    target = Target.parse(spec.path)
    module = load_code(target, spec.argv)
    calls = Calls(spec, device)
    found = _find(module, target, calls)
    if not isinstance(found, TaskParts):
        return build_module(spec, device, module, found, calls)
    return _assembled(spec, device, found, calls)


def _holds(module: ModuleType, name: str) -> bool:
    """True where `name` is something of the task's, and no module that it imports."""
    return hasattr(module, name) and not inspect.ismodule(getattr(module, name))


def _find(module: ModuleType, target: Target, calls: Calls) -> TaskParts | type:
    """The parts of the task in a module, or its LightningModule."""
    file = str(module.__file__ or target.place)
    title = getattr(module, "name", "")
    title = title if isinstance(title, str) else ""
    if target.name:
        if not hasattr(module, target.name):
            there = [name for name in vars(module) if not name.startswith("_")]
            listed = f"Available: {', '.join(there[:12])}." if there else "It is empty."
            raise TaskError(f"{Path(file).name} has no function or object “{target.name}”. {listed}", file)
        thing = getattr(module, target.name)
        if isinstance(thing, type) and is_module(thing):
            return thing
        return _from_thing(thing, target.name, file, title, calls)
    if _holds(module, "task") and not _holds(module, "model"):
        return _from_thing(module.task, "task", file, title, calls)
    if isinstance(getattr(module, "task", None), Task | Mapping):
        return _from_thing(module.task, "task", file, title, calls)
    if not _holds(module, "model"):
        classes = module_classes(module)
        if len(classes) > 1:
            names = ", ".join(one.__name__ for one in classes)
            raise TaskError(
                f"{Path(file).name} has several LightningModules ({names}): name the one to run, "
                f"{Path(file).name}:{classes[0].__name__}.",
                file,
            )
        if classes:
            return classes[0]
    values = {role: getattr(module, role) for role in ROLES if _holds(module, role)}
    return TaskParts(named_parts(values, file), file, title, others=vars(module))


def _from_thing(thing: Any, name: str, file: str, title: str, calls: Calls) -> TaskParts:
    """The parts that an object, a mapping, or a function that returns one of these, holds."""
    closed = False
    words = f"“{name}” in {Path(file).name}"
    if callable(thing) and not isinstance(thing, Task | nn.Module):
        part = Part("task", thing, file)
        words = part.words
        thing, closed = calls.made(part), True
        if thing is None:
            raise part.error("{} returned None: did you forget return? It must return an lrgui.Task, or a dict.")
    if isinstance(thing, Task):
        values = {role: getattr(thing, role, None) for role in ROLES}
        own = getattr(thing, "name", "")
    elif isinstance(thing, Mapping):
        values = {role: thing.get(role) for role in ROLES}
        own = thing.get("name", "")
    else:
        hint = " Name the file alone, without “:”, to use its functions." if isinstance(thing, nn.Module) else ""
        kind = type(thing).__name__
        what = f"What {words} returned" if closed else words
        raise TaskError(
            f"{what} is of the type {kind}: it must be an lrgui.Task, or a dict with model, train_loader and "
            f"loss.{hint}",
            file,
        )
    return TaskParts(named_parts(values, file), file, own if isinstance(own, str) and own else title)


def _assembled(spec: TaskSpec, device: torch.device, found: TaskParts, calls: Calls) -> BuiltTask:
    parts = found.parts
    lacking = [role for role in ("model", "train_loader") if role not in parts]
    if lacking:
        if not {"loss", "training_step"} & parts.keys():
            lacking.append("loss")
        hint = _likely_words(found, lacking)
        raise TaskError(f"{Path(found.file).name} has {lacking_words(lacking)}.{hint}", found.file)
    model = _model(parts["model"], calls).to(device)
    training = batches(spec, parts["train_loader"], calls, device, training=True)
    validation = batches(spec, parts["val_loader"], calls, device, training=False) if "val_loader" in parts else None
    objective = _objective(found, calls, device)
    _finish_lazy(model, training, objective, device)
    _refuse_frozen(model, parts["model"])
    optimizer, own, came_with = _optimizer(spec, found, calls, model)
    _note_idle_loss(found, objective, model, optimizer)
    calls.check_options(found.file)
    classes = class_count(training.loader, parts.get("loss"), model)
    return BuiltTask(
        name=f"{found.name} · {spec.optimizer_words}" if found.name else spec.title,
        detail=_detail(training, validation, parts, classes),
        model=model,
        optimizer=optimizer,
        loader=training.loader,
        validation=None if validation is None else validation.loader,
        objective=objective,
        device=device,
        classes=classes,
        metric_name=_metric_name(parts, objective),
        train_size=training.examples,
        val_size=0 if validation is None else validation.examples,
        notes=(*found.notes, *training.notes, *(validation.notes if validation is not None else ())),
        own_rate=own,
        came_with=came_with,
    )


def _likely_words(found: TaskParts, lacking: list[str]) -> str:
    return likely_words(lacking, found.others, lambda name: takes(found.others[name]))


def _model(part: Part, calls: Calls) -> nn.Module:
    if isinstance(part.thing, nn.Module):
        return part.thing
    if not callable(part.thing):
        raise part.error(
            f"{{}} is of the type {type(part.thing).__name__}: it must be a function that returns a model."
        )
    made = calls.made(part)
    if isinstance(made, nn.Module):
        return made
    if made is None:
        raise part.error("{} returned None: did you forget return?")
    if isinstance(made, type) and issubclass(made, nn.Module):
        raise part.error(f"{{}} returned the class {made.__name__}: return {made.__name__}(), with brackets.")
    if isinstance(made, tuple) and any(isinstance(one, nn.Module) for one in made):
        raise part.error(f"{{}} returned {len(made)} things: return the model alone.")
    raise part.error(f"{{}} returned {described(made)}: it must return a torch.nn.Module.")


def _objective(found: TaskParts, calls: Calls, device: torch.device) -> Objective:
    parts = found.parts
    metrics = parts.get("metrics")
    metric = None
    if metrics is not None:
        _refuse_uncallable(metrics, "(output, target)")
        metric = checked_metric(calls.fixed(metrics), metrics)
    if "training_step" in parts:
        if "loss" in parts:
            found.notes.append("loss() is not used: training_step() computes the loss.")
        step = parts["training_step"]
        _refuse_uncallable(step, "(model, batch)")
        other = parts.get("validation_step")
        if other is not None:
            _refuse_uncallable(other, "(model, batch)")
        if metric is not None:
            found.notes.append(
                "metrics() is not used, because training_step() computes the loss: let validation_step(model, batch) "
                'return {"loss": loss, "accuracy": accuracy}.'
            )
        return Steps(calls.fixed(step), step, calls.fixed(other) if other is not None else None, other)
    if "validation_step" in parts:
        found.notes.append("validation_step() is not used: it belongs to a training_step(), and there is none.")
    if "loss" not in parts:
        return OwnLoss(
            metric,
            f"{Path(found.file).name} has neither loss(output, target) nor training_step(model, batch), and the "
            f"model's output has no loss of its own. Add one of them.{_likely_words(found, ['loss'])}",
            found.file,
        )
    return Supervised(_criterion(parts["loss"], calls, device), metric)


def _criterion(part: Part, calls: Calls, device: torch.device) -> Any:
    thing = part.thing
    if isinstance(thing, torch.Tensor):
        raise part.error(
            '{} is a number that a training loop left there: put the loop under if __name__ == "__main__":, '
            "and write a function loss(output, target)."
        )
    _refuse_uncallable(part, "(output, target)")
    # nn.CrossEntropyLoss, or a function that returns one.
    if isinstance(thing, type) or signature_of(thing) == Signature():
        thing = thing()
        if not callable(thing):
            raise part.error("{} takes no argument: it must take the model's output and the target.")
        part = Part("loss", thing, part.file)
    if isinstance(thing, nn.Module):
        return checked_loss(thing.to(device), part)
    return checked_loss(calls.fixed(part), part)


def _refuse_uncallable(part: Part, arguments: str) -> None:
    if not callable(part.thing):
        raise part.error(f"{{}} is of the type {type(part.thing).__name__}: it must be a function {arguments}.")


def _finish_lazy(model: nn.Module, training: Batches, objective: Objective, device: torch.device) -> None:
    """Let lazy layers take their size from a first batch: an optimizer needs their weights."""
    if not any(is_lazy(one) for one in (*model.parameters(), *model.buffers())):
        return
    with torch.no_grad():
        for batch in training.loader:
            try:
                objective.loss(model, to_device(batch, device))
            except TaskError:
                pass  # what is wrong with the loss is said when it is wanted
            break


def _refuse_frozen(model: nn.Module, part: Part) -> None:
    if not any(True for _ in model.parameters()):
        hidden = next((sentence for sentence, _ in hidden_layers(model)), "")
        raise part.error(f"{{}}: the model has no parameters, so there is nothing to train. {hidden}".rstrip())
    if not any(p.requires_grad for p in model.parameters()):
        raise part.error("{}: every parameter of the model is frozen (requires_grad is False): unfreeze some of them.")


def _optimizer(
    spec: TaskSpec, found: TaskParts, calls: Calls, model: nn.Module
) -> tuple[torch.optim.Optimizer, OwnRate | None, Any]:
    """The optimizer, and where it is the person's the rate that it has of its own, and what it was in."""
    part = found.parts.get("optimizer")
    if spec.optimizer != OWN:
        if part is not None and callable(part.thing):
            calls.note_options(part)  # its settings stay known while another optimizer is tried
        return make_optimizer(spec, model), None, None
    if part is None:
        raise TaskError(
            f"{Path(found.file).name} has no optimizer of its own: choose one, or add optimizer(params, lr).",
            found.file,
        )
    made = part.thing
    is_there = bool(optimizers_in(made))
    if isinstance(made, str):
        try:
            made = optimizer_called(made, model, FIRST_LR)
        except ValueError as error:
            raise part.error(f"{{}}: {error}") from None
    elif not is_there:
        _refuse_uncallable(part, "(params, lr)")
        made = calls.optimizer(part, model, FIRST_LR)
    optimizer, schedule = first_optimizer(made)
    if optimizer is None:
        if made is None:
            raise part.error("{} returned None: did you forget return?")
        raise part.error(f"{{}} returned {described(made)}: it must return a torch.optim.Optimizer.")
    if len(optimizers_in(made)) > 1:
        found.notes.append(f"{part.words} returned several optimizers: the first one is used.")
    if schedule:
        found.notes.append(f"The scheduler from {part.words} is not used: the run sets the learning rates.")
    refused = refusal(optimizer)
    if refused:
        raise part.error(f"{{}}: {refused}")
    own = {id(p) for p in model.parameters()}
    if not any(id(p) in own for group in optimizer.param_groups for p in group["params"]):
        raise part.error("{} created an optimizer for other weights than the model's: use the parameters it receives.")
    rate = own_rate(optimizer) if is_there else own_rate_of_maker(part.thing, optimizer, FIRST_LR)
    return optimizer, rate, made


def _note_idle_loss(found: TaskParts, objective: Objective, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Tell of weights in the loss that nobody learns."""
    criterion = getattr(getattr(objective, "criterion", None), "__wrapped__", None)
    if not isinstance(criterion, nn.Module):
        return
    known = {id(p) for p in model.parameters()} | {id(p) for group in optimizer.param_groups for p in group["params"]}
    if any(p.requires_grad and id(p) not in known for p in criterion.parameters()):
        found.notes.append(
            f"{found.parts['loss'].words} has weights of its own, which are not trained: the optimizer gets the "
            "model's. Make the loss a part of the model, and use it from there in training_step(model, batch)."
        )


def _metric_name(parts: Mapping[str, Part], objective: Objective) -> str:
    if objective.has_metric:
        return first_name(parts["metrics"].thing, "metric")
    step = parts.get("validation_step") if "training_step" in parts else None
    return "" if step is None else first_name(step.thing)


def _detail(training: Batches, validation: Batches | None, parts: Mapping[str, Part], classes: int | None) -> str:
    words = [batches_words(training, "training")]
    if validation is not None:
        words.append(batches_words(validation, "validation"))
    if "training_step" in parts:
        words.append("own training step")
    elif "loss" in parts:
        words.append("own loss")
    else:
        words.append("the model's loss")
    if classes is not None:
        words.append(f"{classes:,} classes")
    return " · ".join(words)
