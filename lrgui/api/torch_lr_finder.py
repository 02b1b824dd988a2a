"""`LRFinder` with the interface of the package torch-lr-finder: old notebooks switch by one import."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from lrgui.api.loader_iters import TrainDataLoaderIter, ValDataLoaderIter, train_iter_of, val_iter_of
from lrgui.api.range_test import checked_mode, data_ended, rates_at, smoothed, stopped, with_bar
from lrgui.api.state_cacher import StartState
from lrgui.api.torch_lr_finder_plot import plot_history
from lrgui.core.engine.bad_batches import VALIDATION, Suspects, bad_batch
from lrgui.core.engine.batches import batch_size, to_device
from lrgui.core.engine.modes import to_eval_mode, to_train_mode
from lrgui.core.engine.param_groups import put_rate
from lrgui.core.events import BatchEvent, EndEvent, EndReason
from lrgui.core.learning_rate import exact_lr
from lrgui.core.optimizers import optimizer_name
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.record import Record

if TYPE_CHECKING:
    from lrgui.api.result import Result


class LRFinder:
    """Learning-rate range test with torch-lr-finder's arguments, defaults, numbers and printed lines.

    The state of model, optimizer, gradient scaler and random generators is kept when the finder is made, in memory
    or (`memory_cache=False`) in a private file in `cache_dir`, and that of a loader's own generators when it is
    first used; `reset()` puts all back. `amp_backend="torch"` trains under `torch.amp.autocast(**amp_config)` with
    `grad_scaler`, which bfloat16 may go without.
    Beyond the original there are `raw_losses` and `result()`. Subclasses may override what the original's do:
    `_train_batch`, `_validate`, `_move_to_device`, `_set_learning_rate`, `_check_for_scheduler`.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        criterion: Any,
        device: torch.device | str | int | None = None,
        memory_cache: bool = True,
        cache_dir: str | os.PathLike[str] | None = None,
        amp_backend: str | None = None,
        amp_config: dict[str, Any] | None = None,
        grad_scaler: Any = None,
    ) -> None:
        self._before: list[float] = []  # the groups' rates at the start of the last test …
        self._left: list[float] = []  # … and where it left them
        self.optimizer = optimizer
        self._check_for_scheduler()
        self.model = model
        self.criterion = criterion
        self.history: dict[str, Any] = {"lr": [], "loss": []}
        self.best_loss: float | None = None
        self.raw_losses: list[float] = []
        """The losses of `history` before smoothing."""
        first = next(model.parameters(), None)
        self.model_device = torch.device("cpu") if first is None else first.device
        self._moves = device is not None
        self.device = self.model_device if device is None else torch.device(device)
        self.amp_backend = amp_backend
        self.amp_config = amp_config
        self.grad_scaler = grad_scaler
        self._precision = self._check_amp()
        self.memory_cache = memory_cache
        self.cache_dir = cache_dir
        scaler = None if amp_backend is None else grad_scaler
        self.state_cacher = StartState(memory_cache, cache_dir, model, optimizer, scaler, criterion)
        self._record: Record | None = None
        self._config = SweepSettings()
        self._suspects = Suspects(1)

    def range_test(
        self,
        train_loader: DataLoader[Any] | TrainDataLoaderIter,
        val_loader: DataLoader[Any] | ValDataLoaderIter | None = None,
        start_lr: float | list[float] | None = None,
        end_lr: float = 10,
        num_iter: int = 100,
        step_mode: str = "exp",
        smooth_f: float = 0.05,
        diverge_th: float = 5,
        accumulation_steps: int = 1,
        non_blocking_transfer: bool = True,
    ) -> None:
        """Train for `num_iter` steps while every group's learning rate rises to `end_lr`; fills `history`.

        The rates begin at `start_lr`, or at the optimizer's own, and rise by a factor (`step_mode` "exp") or by a
        summand ("linear"). With `val_loader` the loss over all of it is recorded after each step, without it the
        loss of the step's own batches. Recorded losses are smoothed: `smooth_f` is the weight of the new one, 0
        smooths nothing. The test ends early when the loss is above `diverge_th` times its best, when it is not a
        finite number, and when the data ends.

        Raises ValueError for settings and loaders that can't be used, RuntimeError where the last test was not
        undone by `reset()`.
        """
        self.history = {"lr": [], "loss": []}
        self.best_loss = None
        self.raw_losses = []
        self._record = None
        mode = checked_mode(step_mode, num_iter, smooth_f, accumulation_steps)
        self._check_for_scheduler()
        for loader in (train_loader, val_loader):
            self.state_cacher.add_loader(loader)
        train_iter, val_iter = train_iter_of(train_loader), val_iter_of(val_loader)
        starts = self._starts(start_lr, end_lr, mode)
        self._move_model()
        LRFinder._set_learning_rate(self, starts)
        self._before, self._left = starts, []
        self._config = SweepSettings(
            start_lr=starts[0],
            end_lr=float(end_lr),
            steps=num_iter,
            beta=1 - smooth_f if smooth_f else 0.0,
            stop_factor=float(diverge_th),
            schedule="exponential" if mode == "exp" else "linear",
            accumulation=accumulation_steps,
            amp=self._precision,
        )
        self._suspects = Suspects(accumulation_steps)
        self._record = Record()
        self._record.end = EndEvent(EndReason.CANCELLED, "Interrupted; everything measured so far is kept.")
        begun = time.perf_counter()
        for step in with_bar(num_iter):
            try:
                loss = train_loss = _number(
                    self._train_batch(train_iter, accumulation_steps, non_blocking_transfer=non_blocking_transfer)
                )
            except StopIteration:
                self._record.end = data_ended(step, num_iter)
                break
            if val_iter is not None:
                loss = _number(self._validate(val_iter, non_blocking_transfer=non_blocking_transfer))
            rate = rates_at(mode, starts, float(end_lr), step / (num_iter - 1))[0]
            # Not an override's: that one is for `start_lr` alone.
            LRFinder._set_learning_rate(self, rates_at(mode, starts, float(end_lr), (step + 1) / (num_iter - 1)))
            self._left = self._rates_now()
            seconds = time.perf_counter() - begun
            beside = None if val_iter is None else train_loss
            self._record.add([BatchEvent(0, step, rate, loss, seconds, train_loss=beside)])
            end = self._note(rate, loss, smooth_f, diverge_th)
            if end is not None:
                self._record.end = self._to_blame(end, val_iter, step) or end
                break
        else:
            self._record.end = EndEvent(
                EndReason.COMPLETED, f"All {num_iter} steps measured, from {exact_lr(starts[0])} to {exact_lr(end_lr)}."
            )
        print("Learning rate search finished. See the graph with {finder_name}.plot()")

    def reset(self) -> None:
        """Put everything back as it was when the finder was made. May be called more than once."""
        if self._model_is_elsewhere(self.model_device):
            self.model.to(self.model_device)
        self.state_cacher.restore()
        self._left = []

    def result(self) -> Result:
        """What this program reads from the test's raw losses: `.lr`, `.zones`, `.suggestions` and the rest.

        Raises RuntimeError where nothing was measured yet, ValueError for a test whose rates did not rise.
        """
        from lrgui.api.result import Result

        if self._record is None or not len(self._record):
            raise RuntimeError("No data to read yet: call range_test() first.")
        config = self._config
        if config.end_lr <= config.start_lr:
            raise ValueError(
                f"The learning rate fell from {exact_lr(config.start_lr)} to {exact_lr(config.end_lr)}; only a sweep "
                "that rises can be read."
            )
        title = f"{type(self.model).__name__} · {optimizer_name(self.optimizer)}"
        end = self._record.end
        assert end is not None
        return Result.of([self._record], config, title=title, end=end, validation=self._record.train_loss is not None)

    def plot(
        self,
        skip_start: int = 10,
        skip_end: int = 5,
        log_lr: bool = True,
        show_lr: float | None = None,
        ax: Any = None,
        suggest_lr: bool = True,
    ) -> Any:
        """Draw `history` with matplotlib, without its first `skip_start` and last `skip_end` points.

        `show_lr` draws a line at that rate. With `suggest_lr` the rate of the steepest fall per step is marked,
        printed, and returned after the axes; without it the axes alone are returned. A figure of its own is shown,
        the caller's `ax` is not. (`result()` has a better answer than the steepest fall.)

        Raises ValueError for negative skips and a `show_lr` that is not a float, RuntimeError where fewer than two
        points are left to suggest from, ImportError without matplotlib.
        """
        return plot_history(self.history, skip_start, skip_end, log_lr, show_lr, ax, suggest_lr)

    def _train_batch(self, train_iter: Any, accumulation_steps: int, non_blocking_transfer: bool = True) -> float:
        """One optimizer step on the mean of `accumulation_steps` batches' losses, which is returned."""
        scaler = None if self.amp_backend is None else self.grad_scaler
        to_train_mode(self.model, optimizer=self.optimizer)
        self.optimizer.zero_grad()
        total: Any = 0.0
        for _ in range(accumulation_steps):
            batch = next(train_iter)
            self._suspects.add(batch)
            loss = self._loss(batch, non_blocking_transfer)
            loss = loss / accumulation_steps
            (loss if scaler is None else scaler.scale(loss)).backward()
            total = total + loss.detach()
        if scaler is None:
            self.optimizer.step()
        else:
            scaler.step(self.optimizer)
            scaler.update()
        return float(total.item())

    def _loss(self, batch: tuple[Any, Any], non_blocking_transfer: bool = True) -> Any:
        inputs, labels = self._move_to_device(*batch, non_blocking=non_blocking_transfer)
        with self._autocast():
            return self.criterion(self.model(inputs), labels)

    def _to_blame(self, end: EndEvent, val_iter: Any, step: int) -> EndEvent | None:
        """How the test ended where its last loss was not finite whatever the rate; None where the rate broke it."""
        if end.reason != EndReason.NOT_FINITE:
            return None
        # Here the first loss belongs to the first weights only where it is not a validation loss.
        why = self._suspects.found(self._at_first(), step if val_iter is None else step + 1)
        if not why and val_iter is not None:
            with suppress(Exception), self.state_cacher.for_a_moment():  # as `Suspects` does it
                why = "" if math.isfinite(_number(self._validate(val_iter))) else VALIDATION
        if why:
            print(why)
        return bad_batch(why)

    @contextmanager
    def _at_first(self) -> Iterator[Callable[[Any], float]]:
        with self.state_cacher.for_a_moment():
            to_train_mode(self.model, optimizer=self.optimizer)
            yield lambda batch: _number(self._loss(batch))

    def _validate(self, val_iter: Any, non_blocking_transfer: bool = True) -> float:
        """The mean loss over the examples of one pass, in evaluation mode."""
        to_eval_mode(self.model, self.optimizer)
        total, examples = 0.0, 0
        with torch.no_grad():
            for inputs, labels in val_iter:
                inputs, labels = self._move_to_device(inputs, labels, non_blocking=non_blocking_transfer)
                count = _examples(labels)
                total += self.criterion(self.model(inputs), labels).item() * count
                examples += count
        if not examples:
            raise ValueError("The validation loader yielded no batches: use one that can be iterated more than once.")
        return total / examples

    def _move_to_device(self, inputs: Any, labels: Any, non_blocking: bool = True) -> tuple[Any, Any]:
        """Inputs and labels with their tensors on the finder's device."""
        moved = to_device(inputs, self.device), to_device(labels, self.device)
        if not non_blocking and self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif not non_blocking and self.device.type == "mps":
            torch.mps.synchronize()
        return moved

    def _set_learning_rate(self, new_lrs: float | list[float]) -> None:
        """Give every group this rate, or each its own. Raises ValueError for a list of another length."""
        groups = self.optimizer.param_groups
        rates = list(new_lrs) if isinstance(new_lrs, list | tuple) else [new_lrs] * len(groups)
        if len(rates) != len(groups):
            raise ValueError(
                f"Length of `new_lrs` ({len(rates)}) is not equal to the number of parameter groups ({len(groups)}) "
                "in the given optimizer"
            )
        for group, rate in zip(groups, rates, strict=True):
            put_rate(group, "lr", rate)

    def _check_for_scheduler(self) -> None:
        """Raise RuntimeError where the last test was not undone; an attached scheduler is no obstacle here."""
        if self._left and self._rates_now() == self._left:
            raise RuntimeError(
                "Model and learning rates are still as the last range_test left them: call reset() before the next one."
            )

    def _check_amp(self) -> str | None:
        """Which precision trains, as `SweepSettings.amp` names it. Raises ValueError for what can't be used."""
        if self.amp_backend is None:
            return None
        if self.amp_backend == "apex":
            raise ValueError(
                'apex.amp is not supported; it is deprecated in favour of torch.amp. Use amp_backend="torch" with '
                'amp_config=dict(device_type="cuda", dtype=torch.float16) and grad_scaler=torch.amp.GradScaler().'
            )
        if self.amp_backend != "torch":
            raise ValueError(f'Unknown amp backend: {self.amp_backend}; use None or "torch".')
        self.amp_config = {"device_type": self.device.type} | (self.amp_config or {})
        dtype = self.amp_config.get("dtype") or torch.get_autocast_dtype(self.amp_config["device_type"])
        if self.grad_scaler is None and dtype != torch.bfloat16:
            raise ValueError("`grad_scaler` is required when using `torch.amp` with any dtype but bfloat16.")
        return {torch.bfloat16: "bf16", torch.float16: "fp16"}.get(dtype)

    def _autocast(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.amp_backend is None else torch.autocast(**(self.amp_config or {}))

    def _move_model(self) -> None:
        """Take the model to the finder's device, and what the optimizer knows of it with it."""
        # One whose parts are on several devices stays so, unless a device was asked for.
        if self._moves or self._model_is_elsewhere(self.device):
            self.model.to(self.device)
        if self.device != self.model_device and self.optimizer.state:
            self.optimizer.load_state_dict(self.optimizer.state_dict())

    def _model_is_elsewhere(self, device: torch.device) -> bool:
        first = next(self.model.parameters(), None)
        return first is not None and first.device != device

    def _rates_now(self) -> list[float]:
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def _starts(self, start_lr: float | list[float] | None, end_lr: float, mode: str) -> list[float]:
        """Where each group's rate begins. Raises ValueError where none can rise from there."""
        before = self._rates_now()
        if start_lr:
            self._set_learning_rate(start_lr)
        starts = self._rates_now()
        if mode == "exp" and not (min(starts) > 0 and end_lr > 0):
            LRFinder._set_learning_rate(self, before)
            raise ValueError(
                f"A learning rate cannot rise exponentially from {exact_lr(min(starts))} to {exact_lr(end_lr)}: use "
                'start and end values above 0, or step_mode="linear".'
            )
        # Without a reset() (a subclass may have switched the check off) the rates are those of the last test's end.
        return self._before if self._left and starts == self._left else starts

    def _note(self, rate: float, loss: float, smooth_f: float, diverge_th: float) -> EndEvent | None:
        """Add a point to the history; the end of the test where it has diverged."""
        self.raw_losses.append(loss)
        shown = smoothed(loss, self.history["loss"], smooth_f)
        self.history["lr"].append(rate)
        self.history["loss"].append(shown)
        if not math.isnan(shown):
            self.best_loss = shown if self.best_loss is None else min(self.best_loss, shown)
        return stopped(rate, shown, self.best_loss, self.history["loss"][0], diverge_th)


def _examples(labels: Any) -> int:
    """How many examples a batch's labels belong to."""
    if isinstance(labels, Mapping):
        return batch_size(labels)
    try:
        return len(labels)
    except TypeError:  # one number, or none at all
        return 1


def _number(loss: Any) -> float:
    """The loss as a number, also where an override gives its tensor."""
    return float(loss.item() if isinstance(loss, torch.Tensor) else loss)
