"""Sweeps of a LightningModule with the user's own Trainer; for `lightning` and for `pytorch_lightning`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

from lrgui.core.engine.apply import set_rate
from lrgui.core.engine.loss_state import is_others
from lrgui.core.engine.schedule_copy import CannotRescale
from lrgui.core.optimizers import optimizer_name
from lrgui.integrations.keeping import Kept
from lrgui.integrations.packages import package, refuse
from lrgui.integrations.places import Places
from lrgui.integrations.rates import Follows, base_rates, planned_by, put_rates
from lrgui.tasks.lightning_loop import BY_HAND, ROOTS, LightningLoop, part_of_lightning, silent_logger

if TYPE_CHECKING:
    from lrgui.api.result import Result

# Whichever the user has imported already.
_PACKAGE = package(*sorted(ROOTS, key=lambda name: name not in sys.modules), pip="lightning")
_CALLBACK: Any = _PACKAGE.Callback

_TAKEN = ("optimizer", "loss", "training_step", "device", "amp", "accumulation", "clip_grad_norm", "fresh_init")
"""What the Trainer and the module decide."""


def find_lr(
    trainer: Any,
    module: Any,
    train_dataloaders: Any = None,
    val_dataloaders: Any = None,
    datamodule: Any = None,
    *,
    attr: str | None = None,
    **settings: Any,
) -> Result:
    """Sweep the learning rate of `module` as `trainer` would train it.

    The Trainer sets everything up as for `trainer.fit` (device, precision, accumulation, clipping, hooks) and
    leaves before its first step; afterwards Trainer, module and data are as if nothing had been. Modules are in the
    modes that `fit` has them in. Callbacks that freeze (BaseFinetuning) and your own ones take part until the first
    batch; the packages' other callbacks and the loggers do not.

    Args:
        trainer: your Trainer.
        module: the LightningModule; `configure_optimizers` makes the optimizer.
        train_dataloaders: as for `trainer.fit`.
        val_dataloaders: as for `trainer.fit`; no validation runs.
        datamodule: as for `trainer.fit`, instead of loaders.
        attr: the attribute that `configure_optimizers` reads the rate from, which gets the pick where there is a
            reliable one: "lr" in the module and in its `hparams`, wherever it is there, or a path like
            "hparams.optimizer.lr". Where rates are multiples of it, it gets what makes the highest one the pick.
        settings: settings of `lrgui.find_lr`, except those that Trainer and module decide. `planned_schedule` and
            `planned_steps` are those of the Trainer unless they are given: without a scheduler a constant rate.

    Raises:
        ValueError: the module optimizes by hand or with several optimizers, has no attribute `attr`, or its rates
            do not follow that attribute.
    """
    refuse(settings, _TAKEN, "Trainer")
    inner = getattr(module, "_orig_mod", module)  # a compiled module's own
    _check(trainer, inner)
    places = None if attr is None else Places(inner, attr)
    found: list[Result] = []
    values: list[float] = []
    failure: list[BaseException] = []

    def stage() -> None:
        """In place of the Trainer's loop."""
        trainer.callbacks = _taking_part(trainer)  # the module may have added some
        try:
            trainer.fit_loop.setup_data()
            follows = None if places is None else _follows(trainer, places)
            result = _sweep(trainer, settings)
            found.append(result)
            if follows is not None and result.lr is not None:
                values.append(follows.value_for(result.lr, result.swept))
        except BaseException as error:
            # The Trainer would turn KeyboardInterrupt into the end of the process.
            failure.append(error)

    # Hooks may change weights before the sweep looks at them.
    kept = Kept(trainer, module, datamodule, train_dataloaders, val_dataloaders, within=ROOTS, weights=True)
    with kept, kept:
        trainer.callbacks = _taking_part(trainer)
        _silence(trainer, inner)
        trainer._run_stage = stage
        try:
            trainer.fit(module, train_dataloaders, val_dataloaders, datamodule)
        except RuntimeError as error:
            if "multiple optimizers" not in str(error):
                raise
            raise ValueError(_SEVERAL) from None
    if failure:
        raise failure[0]
    for value in values:
        places.put(value)  # type: ignore[union-attr]
    return found[0]


class LearningRateFinder(_CALLBACK):  # type: ignore[misc]
    """A callback that sweeps when `trainer.fit` begins and, where the pick is reliable, trains with it.

    `result` is the sweep's result, None before. A schedule keeps its form: its highest rate becomes the pick.
    """

    def __init__(self, **settings: Any) -> None:
        """Settings of `lrgui.find_lr`, except those that Trainer and module decide."""
        super().__init__()
        refuse(settings, _TAKEN, "Trainer")
        self.settings = settings
        self.result: Result | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Sweep, put everything back, set the optimizer's rates."""
        _check(trainer, pl_module)
        kept = Kept(trainer, pl_module, trainer.fit_loop._combined_loader, within=ROOTS, weights=True)
        with kept, kept:
            trainer.callbacks = _taking_part(trainer)
            _silence(trainer, pl_module)
            for loader in trainer.fit_loop._combined_loader.flattened:
                if getattr(loader, "_iterator", None) is not None:
                    loader._iterator = None  # workers that persist have begun on the training's batches
            result = _sweep(trainer, self.settings)
        self.result = result
        if result.lr is not None:
            try:
                set_rate(trainer.optimizers[0], result.lr, swept=result.swept, scheduler=trainer.lr_scheduler_configs)
            except CannotRescale as error:
                raise ValueError(
                    f"{error.why} Call find_lr(trainer, module, …, attr=…) before trainer.fit instead: it sets the "
                    "value configure_optimizers uses."
                ) from None


_SEVERAL = (
    "The module has several optimizers, but a sweep has one rate: sweep a module whose configure_optimizers returns "
    "one of them, or use lrgui.find_lr with a training_step."
)


def _check(trainer: Any, module: Any) -> None:
    if not module.automatic_optimization:
        raise ValueError(f"{BY_HAND.format('The module')} use lrgui.find_lr with a training_step.")
    if type(trainer.strategy.launcher).__name__ == "_MultiProcessingLauncher":
        raise ValueError(
            "The Trainer's strategy starts processes of its own, whose result would be lost: use strategy='ddp' "
            "or one device."
        )


def _follows(trainer: Any, places: Places) -> Follows:
    """How the rates of `configure_optimizers` follow the attribute at `places`."""
    optimizers = part_of_lightning(trainer.lightning_module, "core.optimizer")

    def make(value: float) -> tuple[Any, Any]:
        places.put(value)
        made, schedulers = optimizers._init_optimizers_and_lr_schedulers(trainer.lightning_module)
        return made[0], schedulers

    with places.as_they_are():
        return Follows(make, places.value, f"“{places.name}” in configure_optimizers")


def _taking_part(trainer: Any) -> list[Any]:
    """The callbacks that may say how the training begins: those that freeze, and the person's own."""
    return [callback for callback in trainer.callbacks if _begins(callback)]


def _begins(callback: Any) -> bool:
    if isinstance(callback, LearningRateFinder):
        return False
    kinds = [kind for kind in type(callback).__mro__ if kind.__name__ not in ("Callback", "object")]
    return any(kind.__name__ == "BaseFinetuning" for kind in kinds) or not any(is_others(k.__module__) for k in kinds)


def _silence(trainer: Any, module: Any) -> None:
    """Nothing of a sweep belongs into the training's logs."""
    if trainer.loggers:
        trainer.loggers = [silent_logger(module)]


def _sweep(trainer: Any, settings: dict[str, Any]) -> Result:
    """The sweep itself, with a Trainer that is ready for its first step."""
    from lrgui.api.find import find_lr as find

    module, optimizer = trainer.lightning_module, trainer.optimizers[0]
    if not optimizer.param_groups:  # Lightning's stand-in where configure_optimizers returns None
        raise ValueError("The module's configure_optimizers returns no optimizer, and a sweep needs one: return it.")
    loop = LightningLoop(trainer)
    loop.begin()
    rates = base_rates(optimizer)
    hook = loop.follow_optimizer()
    title = f"{type(module).__name__} · {optimizer_name(optimizer)}"
    schedulers = [config.scheduler for config in trainer.lr_scheduler_configs]
    planned = planned_by(optimizer, schedulers, trainer.estimated_stepping_batches)
    try:
        return find(
            module,
            _Batches(trainer, loop),
            optimizer=optimizer,
            training_step=lambda _, batch: loop.step(batch),
            amp=getattr(trainer.precision_plugin, "scaler", None),  # autocast is in the strategy's step
            accumulation=trainer.accumulate_grad_batches,
            keep_modes=True,  # fit, too, leaves every module as it is
            **{"title": title, **planned, **settings},
        )
    finally:
        hook.remove()
        put_rates(optimizer, rates)


class _Batches:
    """The Trainer's training batches, as its loop would get them: limited, transformed, on the device."""

    def __init__(self, trainer: Any, loop: LightningLoop) -> None:
        self._trainer, self._loop = trainer, loop
        given = trainer.fit_loop._combined_loader
        if given is None:
            raise ValueError("The Trainer has no training batches: check limit_train_batches and training_step.")
        # One of its own: the Trainer's may have been begun.
        self._loader = type(given)(given.iterables, given._mode)
        self._loader.limits = given.limits
        self._epoch = count()
        loaders = given.flattened
        if len(loaders) == 1:
            # What a sweep wants to know of a loader: its size, and what draws its order.
            self.dataloader = loaders[0]
            self.dataset = getattr(loaders[0], "dataset", None)
            self.batch_size = getattr(loaders[0], "batch_size", None)

    def __len__(self) -> int:
        batches = self._trainer.num_training_batches
        if batches == float("inf"):
            raise TypeError("The loader has no length.")
        return int(batches)

    def __iter__(self) -> Iterator[Any]:
        epoch = next(self._epoch)
        for loader in self._loader.flattened:
            for name in ("sampler", "batch_sampler"):
                set_epoch = getattr(getattr(loader, name, None), "set_epoch", None)
                if set_epoch is not None:
                    set_epoch(epoch)
        for batch, *_ in self._loader:
            yield self._loop.ready(batch)
