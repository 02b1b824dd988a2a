"""Sweeps with a fastai `Learner`."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import torch

from lrgui.core.optimizers import optimizer_name
from lrgui.integrations.keeping import Kept
from lrgui.integrations.packages import package, refuse

if TYPE_CHECKING:
    from lrgui.api.result import Result

_LEARNER = package("fastai.learner", pip="fastai")
_FP16 = package("fastai.callback.fp16", pip="fastai")
_TRAINING = package("fastai.callback.training", pip="fastai")

_TAKEN = ("optimizer", "loss", "training_step", "device", "amp", "accumulation", "clip_grad_norm", "fresh_init")
"""What the Learner decides."""

_LEFT_OUT = tuple(
    f"fastai.callback.{name}"
    for name in ("azureml", "captum", "comet", "neptune", "progress", "schedule", "tensorboard", "tracker", "wandb")
)
"""Where fastai keeps callbacks that show, log, save or steer a training; none of them takes part in a sweep."""


def find_lr(learn: Any, *, lr: Any = None, **settings: Any) -> Result:
    """Sweep the learning rate as `learn.fit` would train: its data, callbacks, loss, optimizer and groups.

    The Learner sets everything up and leaves before its first step; afterwards it is as if nothing had been.

    Args:
        learn: your Learner.
        lr: rates as for `learn.fit`, for instance `slice(1e-5, 1e-3)`; only their ratio matters, which the
            parameter groups keep.
        settings: settings of `lrgui.find_lr`, except those that the Learner decides. `planned_schedule` is that of
            `fit_one_cycle` unless it is given: "constant" for `fit`.

    Raises:
        ValueError: old-style mixed precision (`to_non_native_fp16`), or clipping to a norm other than the second.
    """
    refuse(settings, _TAKEN, "Learner")
    taken = {"accumulation": _accumulation(learn), "clip_grad_norm": _clipping(learn)}
    if learn._grab_cbs(_FP16.NonNativeMixedPrecision):
        raise ValueError("to_non_native_fp16 keeps two sets of weights, which cannot be swept: use to_fp16.")
    sweep = _Sweep({**taken, **settings})
    kept = Kept(learn, learn.model, learn.loss_func, within=("fastai", "fastcore", "fasttransform"))
    with kept, kept:
        learn.cbs = type(learn.cbs)([callback for callback in learn.cbs if _takes_part(callback)])
        learn.fit(1, lr=lr, cbs=sweep)
    return sweep.result()


def _takes_part(callback: Any) -> bool:
    if isinstance(callback, (_LEARNER.Recorder, _TRAINING.GradientAccumulation, _TRAINING.GradientClip)):
        return False
    return not any(base.__module__.startswith(_LEFT_OUT) for base in type(callback).__mro__)


def _accumulation(learn: Any) -> int:
    """Batches per step: fastai counts examples."""
    found = learn._grab_cbs(_TRAINING.GradientAccumulation)
    return max(1, math.ceil(found[0].n_acc / learn.dls.train.bs)) if found else 1


def _clipping(learn: Any) -> float | None:
    found = learn._grab_cbs(_TRAINING.GradientClip)
    if found and found[0].norm_type != 2:
        raise ValueError("GradientClip is supported only with norm_type=2.")
    return float(found[0].max_norm) if found else None


class _Sweep(_LEARNER.Callback):  # type: ignore[misc, name-defined]
    """Sweeps where the first epoch would begin, after every other callback is ready."""

    order = 1000

    def __init__(self, settings: dict[str, Any]) -> None:
        # Names of its own: fastai warns of those that the learner or its model has as well.
        self._sweep_settings = settings
        self._sweep_results: list[Result | Exception] = []

    def before_train(self) -> None:
        try:
            self._sweep_results.append(_sweep(self.learn, self._sweep_settings))
        except Exception as error:
            # fastai would write over its words.
            self._sweep_results.append(error)
        raise _LEARNER.CancelFitException

    def result(self) -> Result:
        found = self._sweep_results[0]
        if isinstance(found, Exception):
            raise found
        return found


def _sweep(learn: Any, settings: dict[str, Any]) -> Result:
    from lrgui.api.find import find_lr as find

    wraps = isinstance(learn.opt, _LEARNER.OptimWrapper)
    optimizer = learn.opt.opt if wraps else _Optimizer(learn.opt)
    title = f"{type(learn.model).__name__} · {optimizer_name(optimizer) if wraps else 'fastai optimizer'}"
    settings = {"title": title, "planned_schedule": "onecycle", **settings}
    return find(
        learn.model,
        learn.dls.train,
        optimizer=optimizer,
        training_step=_Step(learn),
        amp=_scaler(learn),
        keep_modes=True,  # its callbacks have set them
        **settings,
    )


def _scaler(learn: Any) -> torch.amp.GradScaler | None:
    found = learn._grab_cbs(_FP16.MixedPrecision)
    return learn.scaler if found and learn.scaler.is_enabled() else None


class _Step:
    """One batch, with the callbacks that change it, its output or its loss."""

    def __init__(self, learn: Any) -> None:
        self._learn = learn
        self._criterion = learn.loss_func  # a snapshot looks for what a step holds, not into the Learner
        self._number = 0

    def __call__(self, model: torch.nn.Module, batch: Any) -> torch.Tensor:
        learn = self._learn
        learn.iter, learn.training = self._number, model.training
        self._number += 1
        learn._split(learn._set_device(batch))
        learn("before_batch")
        try:
            learn.pred = model(*learn.xb)
            learn("after_pred")
            learn.loss_grad = learn.loss_func(learn.pred, *learn.yb)
        except BaseException:
            for precision in learn._grab_cbs(_FP16.MixedPrecision):
                precision.autocast.__exit__(None, None, None)  # entered in before_batch, left in after_loss
            raise
        learn.loss = learn.loss_grad.clone()
        learn("after_loss")
        loss: torch.Tensor = learn.loss_grad
        return loss


class _Optimizer(torch.optim.Optimizer):
    """fastai's optimizer as torch's: groups that hold their rates, and the same state."""

    def __init__(self, inner: Any) -> None:
        groups = [
            {"params": list(parameters), "lr": hyper["lr"], "taken": 0}
            for parameters, hyper in zip(inner.param_lists, inner.hypers, strict=True)
        ]
        # As torch's name them: what kind of optimizer it is is read off these.
        moments = [inner.hypers[0].get(name) for name in ("mom", "sqr_mom")]
        super().__init__(groups, {"betas": tuple(moments)} if None not in moments else {})
        self.inner = inner
        self.state = inner.state
        # Lookahead keeps a second set of weights, which no snapshot knows.
        self._slow = copy.deepcopy((inner.count, inner.slow_weights)) if hasattr(inner, "slow_weights") else None

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        group = self.param_groups[0]
        if self._slow is not None and group["taken"] == 0:  # a sweep's first step; a snapshot puts `taken` back
            self.inner.count, self.inner.slow_weights = copy.deepcopy(self._slow)
        group["taken"] += 1
        self.inner.set_hyper("lr", [group["lr"] for group in self.param_groups])
        self.inner.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        self.inner.zero_grad()
