"""A LightningModule, with its DataModule, as a task: without a Trainer, whose loop is not what a sweep needs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.batches import length, to_device
from lrgui.core.engine.objective import loss_in
from lrgui.core.optimizers import refusal
from lrgui.tasks.lightning_loop import (
    BY_HAND,
    LightningLoop,
    called_as_it_asks,
    descends,
    of_lightning,
    overrides,
    part_of_lightning,
    silent_logger,
)
from lrgui.tasks.optimizers.optimizing import FIRST_LR, make_optimizer
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Task
from lrgui.tasks.user.batches import Batches, batches, batches_words, loaded
from lrgui.tasks.user.calling import Calls, Part, described
from lrgui.tasks.user.metric_names import first_name
from lrgui.tasks.user.objective import Steps
from lrgui.tasks.user.optimizer import first_optimizer, optimizers_in
from lrgui.tasks.user.roles import CONTEXT, RATES
from lrgui.tasks.user.rows import OWN
from lrgui.tasks.user.signature import Signature, signature_of
from lrgui.tasks.user.task_error import TaskError

#: Hooks with which a module or its data bring a batch to the device.
_MOVING = ("transfer_batch_to_device", "on_after_batch_transfer")
#: How a metric's name begins that is logged while validating.
_PREFIXES = ("validation", "valid", "val", "test")


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


def build_module(spec: TaskSpec, device: torch.device, module: ModuleType, kind: type, calls: Calls) -> Task:
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
    optimizer = _optimizer(spec, network, kind, file, notes)
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
    return Task(
        name=f"{title if isinstance(title, str) and title else kind.__name__} · {spec.optimizer_words}",
        detail=_detail(training, validation, kind, data),
        model=network,
        optimizer=optimizer,
        loader=training.loader,
        validation=None if validation is None else validation.loader,
        objective=objective,
        device=device,
        classes=classes if isinstance(classes, int) and classes > 1 else None,
        metric_name=_short(first_name(network.validation_step)) if overrides(network, "validation_step") else "",
        train_size=training.examples,
        val_size=0 if validation is None else validation.examples,
        notes=(*notes, *training.notes, *(validation.notes if validation is not None else ())),
    )


class StandIn:
    """What modules ask of their Trainer, where there is none: one device, one process, no logs."""

    def __init__(self, device: torch.device, data: Any, network: Any) -> None:
        """`count` adds what is known once there are batches."""
        part = partial(part_of_lightning, network)
        self.datamodule = data
        self.lightning_module = network
        self.training = True
        self.validating = self.testing = self.predicting = self.sanity_checking = False
        self.is_global_zero = True
        self.world_size = self.num_devices = self.num_nodes = 1
        self.global_rank = self.local_rank = self.node_rank = 0
        self.current_epoch = self.global_step = 0
        self.max_epochs, self.max_steps, self.min_epochs = 12, -1, None
        self.accumulate_grad_batches = 1
        self.gradient_clip_val: float | None = None
        self.gradient_clip_algorithm: str | None = None
        self.precision = "32-true"
        self.num_training_batches = self.estimated_stepping_batches = 1
        self.num_val_batches: list[int] = []
        self.callbacks: list[Any] = []
        self.callback_metrics: dict[str, Any] = {}
        self.logged_metrics: dict[str, Any] = {}
        self.progress_bar_metrics: dict[str, Any] = {}
        self.progress_bar_callback = None
        self.lr_scheduler_configs: list[Any] = []
        self.optimizers: list[torch.optim.Optimizer] = []
        self.logger = silent_logger(network)
        self.loggers = [self.logger] if self.logger is not None else []
        self.log_dir = self.default_root_dir = "."
        self.barebones = self.fast_dev_run = False
        self.profiler = part("profilers").PassThroughProfiler()
        self.precision_plugin = part("plugins.precision").Precision()
        self.strategy = SimpleNamespace(
            _lightning_optimizers=[],
            root_device=device,
            is_global_zero=True,
            training_step=lambda *arguments: network.training_step(*arguments),
            batch_to_device=self._to_device,
        )
        owners = [one for one in (network, data) if one is not None]
        self._moves = any(overrides(one, hook) for one in owners for hook in _MOVING)
        chosen = part("trainer.connectors.data_connector")._DataHookSelector(network, data)
        self._data_connector = SimpleNamespace(_datahook_selector=chosen)
        self._logger_connector = SimpleNamespace(on_batch_start=lambda batch: None, on_batch_end=lambda: None)

    def count(self, training: Batches) -> None:
        """Take note of how many batches an epoch has."""
        count = length(training.loader)
        if count is not None:
            self.num_training_batches = count
            self.estimated_stepping_batches = count * self.max_epochs

    def _to_device(self, batch: Any, dataloader_idx: int = 0) -> Any:
        device = self.strategy.root_device
        if self._moves:
            return self.lightning_module._apply_batch_transfer_handler(batch, device, dataloader_idx)
        return to_device(batch, device)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"The module asks for trainer.{name}, but LR Finder runs it without a Trainer: "
            "look for self._trainer is None, or give the value as an argument of the module."
        )


class LightningSteps:
    """Training and validation steps of a LightningModule; what the latter logs are its metrics."""

    has_metric = False  # none of training batches

    def __init__(self, network: Any, loop: LightningLoop, trainer: StandIn, part: Part) -> None:
        """`part` is the training step, for sentences."""
        self._trainer = trainer  # the module holds it weakly
        self._loop = loop
        self._logged: dict[str, Any] = {}
        validation = _defined(network, "validation_step")
        self._validates = validation is not None
        self._part = Part("validation_step", validation, part.file) if validation is not None else part
        self._steps = Steps(self._training_step, part)
        self.training_step = network.training_step
        self._validation = called_as_it_asks(validation)
        network.log = self._log
        network.log_dict = self._log_dict

    def loss(self, model: nn.Module, batch: Any) -> torch.Tensor | None:
        """The loss of one batch on the device; None where the step leaves the batch out."""
        self._logged.clear()
        return self._steps.loss(model, batch)

    def both(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
        """Loss, and the logged metrics by name (None where there is none), of one validation batch."""
        self._logged.clear()
        if not self._validates:
            return self._steps.both(model, batch)
        value = self._validation(self._loop.ready(batch), 0)
        logged = {_short(name): number for name, one in self._logged.items() if (number := _plain(one)) is not None}
        loss = value.get("loss") if isinstance(value, Mapping) else loss_in(value)
        if loss is None:
            loss = next((number for name, number in logged.items() if "loss" in name), None)
        if loss is None:  # it says nothing of the loss, but a curve wants one
            self._logged.clear()
            loss = self._steps.both(model, batch)[0]
        metrics = {name: number for name, number in logged.items() if "loss" not in name}
        # The first one counts: an accuracy, where there is one.
        ordered = sorted(metrics, key=lambda name: "acc" not in name)
        return loss, {name: metrics[name] for name in ordered} or None

    def without_loss(self) -> ValueError:
        """What is wrong where the only batch that was tried was left out."""
        return self._steps.without_loss()

    def measured(self) -> Any:
        """None: training batches have no metric."""
        return None

    def _training_step(self, model: nn.Module, batch: Any) -> Any:
        return self._loop.step(self._loop.ready(batch))

    def _log(self, name: str, value: Any, *_: Any, **__: Any) -> None:
        self._logged[name] = value

    def _log_dict(self, dictionary: Mapping[str, Any], *_: Any, **__: Any) -> None:
        self._logged.update(dictionary)


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
        method = None if owner is None else _defined(owner, f"{kind}_dataloader")
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
            raise part.error("{} has no batch: look whether its data were found, and at the batch size.")
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


def _defined(owner: Any, name: str) -> Any:
    """A method that the person wrote; None for one that is Lightning's."""
    return getattr(owner, name) if overrides(owner, name) else None


def _optimizer(spec: TaskSpec, network: Any, kind: type, file: str, notes: list[str]) -> torch.optim.Optimizer:
    if spec.optimizer != OWN:
        return make_optimizer(spec, network)
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
        notes.append("The schedule of configure_optimizers() does not take part: the run sets the rates.")
    refused = refusal(optimizer)
    if refused:
        raise part.error(f"{{}}: {refused}")
    if len(optimizers_in(made)) > 1:
        notes.append("configure_optimizers() returned several optimizers: the first one is used.")
    return optimizer


def _error(kind: type, file: str, sentence: str) -> TaskError:
    return Part(kind.__name__, None, file).error(sentence)


def _plain(value: Any) -> float | None:
    """A logged value as a number; torchmetrics' metrics are asked for that of this batch."""
    compute, reset = getattr(value, "compute", None), getattr(value, "reset", None)
    if callable(compute) and callable(reset):
        of_batch = getattr(value, "_forward_cache", None)
        if of_batch is None:
            of_batch = compute()
            reset()
        value = of_batch
    if isinstance(value, torch.Tensor):
        return float(value.detach()) if value.numel() == 1 else None
    return float(value) if isinstance(value, bool | int | float) else None


def _short(name: str) -> str:
    """ "val_loss" → "loss", "val/acc" → "accuracy", so that it is drawn as one."""
    for prefix in _PREFIXES:
        if name.lower().startswith(prefix) and name[len(prefix) : len(prefix) + 1] in ("_", "/", "-", "."):
            name = name[len(prefix) + 1 :]
            break
    return "accuracy" if name == "acc" else name


def _detail(training: Batches, validation: Batches | None, kind: type, data: Any) -> str:
    words = [batches_words(training, "training")]
    if validation is not None:
        words.append(batches_words(validation, "validation"))
    words.append(f"LightningModule {kind.__name__}")
    if data is not None:
        words.append(f"data from {type(data).__name__}")
    return " · ".join(words)
