"""Sweeps with a `transformers.Trainer`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from lrgui.core.optimizers import optimizer_name
from lrgui.integrations.keeping import Kept
from lrgui.integrations.packages import package, refuse
from lrgui.integrations.rates import Follows, base_rates, planned_by, put_rates

if TYPE_CHECKING:
    from lrgui.api.result import Result

_CALLBACK: Any = package("transformers", pip="'transformers[torch]'").TrainerCallback

_TAKEN = ("optimizer", "loss", "training_step", "device", "amp", "accumulation", "clip_grad_norm", "fresh_init")
"""What the Trainer decides."""


def find_lr(trainer: Any, **settings: Any) -> Result:
    """Sweep the learning rate as `trainer.train()` would train.

    The Trainer sets everything up (data, optimizer, precision, device) and leaves before its first step;
    afterwards it is as if nothing had been: an optimizer that it had not made is not there. Its callbacks
    do not take part.

    Args:
        trainer: your Trainer.
        settings: settings of `lrgui.find_lr`, except those that the Trainer decides. `planned_schedule` and
            `planned_steps` are the Trainer's unless they are given.

    Raises:
        ValueError: DeepSpeed makes the steps itself, or the optimizer is no torch optimizer.
    """
    refuse(settings, _TAKEN, "Trainer")
    if getattr(trainer, "is_deepspeed_enabled", False):
        raise ValueError(
            "DeepSpeed makes the optimizer steps itself, so it cannot be swept: sweep without it, on one device."
        )
    start = _Start(trainer, settings)
    kept = Kept(trainer, trainer.model, within=("transformers", "accelerate"))
    with kept, kept:
        trainer.callback_handler.callbacks = [start]
        try:
            trainer.train()
        except _Swept as swept:
            return swept.result
    raise ValueError("The Trainer ended before its first step: it has no training batches.")


def apply_lr(trainer: Any, result: Result, lr: float | None = None) -> None:
    """Let `trainer.train()` train at the recommended rate of a sweep, or at `lr`: so high does its schedule go.

    Sets `args.learning_rate`, from which the Trainer makes its optimizer; where it has one already (`optimizers=`, a
    second `train()`), that one and its schedule. Raises ValueError, with the way out, where there is no reliable rate
    and none is given, where a schedule can't be rescaled, and where `create_optimizer` reads another setting.
    """
    if trainer.optimizer is not None:
        result.apply(trainer.optimizer, trainer.lr_scheduler, lr)
    if trainer.optimizer is None or trainer.model_init is not None:
        args = trainer.args
        follows = Follows(lambda value: _made(trainer, value), args.learning_rate, "args.learning_rate")
        args.learning_rate = follows.value_for(result.required_lr() if lr is None else lr, result.swept)


def _made(trainer: Any, value: float) -> tuple[Any, Any]:
    """The optimizer and the schedule that the Trainer would make for a value of `args.learning_rate`."""
    kept = Kept(trainer, trainer.args, trainer.model, within=("transformers", "accelerate"))
    with kept, kept:
        trainer.args.learning_rate = value
        trainer.optimizer = trainer.lr_scheduler = None
        trainer.create_optimizer_and_scheduler(num_training_steps=max(trainer.args.max_steps, 1000))
        return trainer.optimizer, trainer.lr_scheduler


class _Swept(Exception):  # noqa: N818
    """Leaves the Trainer when the sweep is done."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


class _Start(_CALLBACK):  # type: ignore[misc]
    """Sweeps where the training would start."""

    def __init__(self, trainer: Any, settings: dict[str, Any]) -> None:
        self.trainer = trainer
        self.settings = settings

    def on_train_begin(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        schedulers = [] if parts.get("lr_scheduler") is None else [parts["lr_scheduler"]]
        planned = planned_by(parts["optimizer"], schedulers, state.max_steps)
        raise _Swept(_sweep(self.trainer, parts["train_dataloader"], {**planned, **self.settings}))


def _sweep(trainer: Any, loader: Any, settings: dict[str, Any]) -> Result:
    from lrgui.api.find import find_lr as find

    args = trainer.args
    optimizer = getattr(trainer.optimizer, "optimizer", trainer.optimizer)  # accelerate's wrapper steps by itself
    model = trainer.model_wrapped
    batches = _Batches(trainer, loader)
    scaler = getattr(trainer.accelerator, "scaler", None)
    rates = base_rates(optimizer)
    model.train()  # as the Trainer does before every step

    def step(_: Any, batch: Any) -> Any:
        inputs, items = batch if isinstance(batch, _Batch) else (batch, None)  # validation batches come as they are
        inputs = trainer._prepare_inputs(inputs)
        with trainer.compute_loss_context_manager():
            loss = trainer.compute_loss(model, inputs, num_items_in_batch=items)
        if args.n_gpu > 1:
            loss = loss.mean()
        # Where the loss is a share of the whole step's, the shares are added up, not averaged.
        share = isinstance(batch, _Batch) and _is_share(trainer, items)
        return loss * batches.accumulation if share else loss

    settings = {"title": f"{type(trainer.model).__name__} · {optimizer_name(optimizer)}", **settings}
    if settings.get("metric") is not None:
        settings["metric"] = _of_inputs(settings["metric"], model)
    try:
        return find(
            model,
            batches,
            optimizer=optimizer,
            training_step=step,
            amp=scaler,  # autocast is in the prepared model's forward pass
            accumulation=batches.accumulation,
            clip_grad_norm=args.max_grad_norm if args.max_grad_norm and args.max_grad_norm > 0 else None,
            **settings,
        )
    finally:
        put_rates(optimizer, rates)


def _is_share(trainer: Any, items: Any) -> bool:
    """Whether `compute_loss` divides by the number of items in all batches of a step (as the Trainer asks itself)."""
    said = getattr(trainer, "loss_is_scaled_for_ga", None)
    if said is not None:
        return bool(said)
    return (trainer.model_accepts_loss_kwargs and items is not None) or trainer.compute_loss_func is not None


def _of_inputs(metric: Callable[[Any, Any], Any], model: Any) -> Callable[[Any, Any], Any]:
    """The caller's metric, which gets the Trainer's own batches."""

    @wraps(metric)
    def of(_: Any, batch: Any) -> Any:
        return metric(model, batch.inputs if isinstance(batch, _Batch) else batch)

    return of


class _Batch(NamedTuple):
    """A training batch, and the number of items in all batches of its step."""

    inputs: Any
    items: Any


class _Batches:
    """The Trainer's batches, each with the number of items in all batches of its step.

    An epoch's last, incomplete step is left out, so that steps don't reach across epochs.
    """

    def __init__(self, trainer: Any, loader: Any) -> None:
        self._trainer = trainer
        self.loader = loader
        self._epochs = count()
        self.accumulation = trainer.args.gradient_accumulation_steps
        try:
            self.accumulation = max(1, min(self.accumulation, len(loader)))
        except TypeError:  # a data set without a length
            pass
        self.batch_size = trainer.args.per_device_train_batch_size
        self.dataset = loader.dataset

    def __len__(self) -> int:
        return int(len(self.loader) // self.accumulation * self.accumulation)

    def __iter__(self) -> Iterator[Any]:
        if hasattr(self.loader, "set_epoch"):
            self.loader.set_epoch(next(self._epochs))
        batches = iter(self.loader)
        device = self._trainer.args.device
        while True:
            together, items = self._trainer.get_batch_samples(batches, self.accumulation, device)
            if len(together) < self.accumulation:
                return
            self._trainer.current_gradient_accumulation_steps = len(together)
            yield from (_Batch(batch, items) for batch in together)
