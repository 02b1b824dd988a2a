"""`lrgui.integrations.fastai`."""

import copy
import random
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

with warnings.catch_warnings():
    # When fastai is imported it compiles a layer with torch.jit.script, and sets an option of pandas; torch and
    # pandas mean to give these up.
    warnings.filterwarnings("ignore", message=".*torch.jit.script.*")
    warnings.filterwarnings("ignore", message=".*mode.chained_assignment.*")
    pytest.importorskip("fastai.basics")

import fastai.callback.schedule  # noqa: F401 (gives learners fit_one_cycle)
from fastai.callback.core import Callback
from fastai.callback.fp16 import MixedPrecision
from fastai.callback.mixup import MixUp
from fastai.callback.progress import ProgressCallback
from fastai.callback.tracker import SaveModelCallback
from fastai.callback.training import BnFreeze, GradientAccumulation, GradientClip
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.optimizer import SGD, Adam, OptimWrapper, ranger

from lrgui.api.find import find_lr as plain
from lrgui.integrations.fastai import find_lr

SWEEP = {"steps": 60, "progress": False}
ONE_RATE = {"start_lr": 0.02, "end_lr": 0.020000001, "steps": 12, "stop_factor": 0, "progress": False}


def torch_adam(parameters, lr, **_):
    return OptimWrapper(parameters, torch.optim.AdamW, lr=lr)


def two_groups(model):
    return [list(model[:2].parameters()), list(model[2:].parameters())]


@pytest.fixture
def learner(examples, make_net):
    def make(shuffle=True, dropout=0.1, **settings):
        random.seed(3)  # fastai's loaders draw their order from a generator that is seeded here
        model = make_net()
        model[3].p = dropout
        train, valid = DataLoader(examples, bs=16, shuffle=shuffle), DataLoader(examples, bs=16)
        given = {"loss_func": CrossEntropyLossFlat(), "opt_func": Adam, "wd": 0.01, "lr": 0.02}
        learn = Learner(DataLoaders(train, valid), model, **{**given, **settings})
        learn.remove_cb(ProgressCallback)
        return learn

    return make


class Note(Callback):
    """Notes the loss of every training batch."""

    order = 50

    def __init__(self):
        self._noted = []

    def after_loss(self):
        if self.training:
            self._noted.append(self.loss.item())


def trained(learn, epochs=1, **settings):
    """Trains; the loss of every batch."""
    note = Note()
    with learn.no_logging():
        learn.fit(epochs, cbs=note, **settings)
    return note._noted


def others(learn):
    """What else a sweep must put back, as far as it can be compared."""
    hypers = None if learn.opt is None else copy.deepcopy([list(map(dict, learn.opt.hypers)), learn.opt.state_dict()])
    return [sorted(vars(learn)), list(map(id, learn.cbs)), learn.dls.train.rng.getstate(), hypers]


def test_the_curve_is_that_of_a_sweep_by_hand(learner, make_net, examples):
    def optimizer(parameters, lr):
        """fastai's Adam has an eps and betas of its own, and keeps weight decay away from norms and biases."""
        parameters = list(parameters)
        groups = [
            {"params": [p for p in parameters if p.dim() > 1], "weight_decay": 0.01},
            {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr, betas=(0.9, 0.99), eps=1e-5)

    ours = find_lr(learner(shuffle=False, dropout=0.0), seed=5, **SWEEP)
    model = make_net()
    model[3].p = 0.0
    theirs = plain(model, torch.utils.data.DataLoader(examples, 16), cross_entropy, optimizer, seed=5, **SWEEP)
    assert len(ours.curve.lr) > 30
    np.testing.assert_allclose(ours.curve.loss, theirs.curve.loss, rtol=2e-3)


@pytest.mark.parametrize("opt_func", [SGD, Adam, ranger, torch_adam])
def test_a_sweep_at_one_rate_is_the_learners_own_training(learner, opt_func):
    learn = learner(opt_func=opt_func, dropout=0.0)
    result = find_lr(learn, **ONE_RATE)
    np.testing.assert_allclose(result.curve.loss, trained(learn), rtol=1e-5)


@pytest.mark.parametrize("frozen", [False, True])
def test_groups_keep_the_ratio_of_their_rates(learner, frozen):
    learn = learner(opt_func=SGD, dropout=0.0, splitter=two_groups)
    if frozen:
        learn.freeze()
    result = find_lr(learn, lr=slice(2e-4, 2e-2), **ONE_RATE)
    np.testing.assert_allclose(result.curve.loss, trained(learn, lr=slice(2e-4, 2e-2)), rtol=1e-5)


def test_clipping_accumulation_and_changes_of_the_batch_are_those_of_the_callbacks(learner):
    clipped = learner(opt_func=SGD, dropout=0.0, cbs=[GradientClip(0.1), GradientAccumulation(32)])
    result = find_lr(clipped, **{**ONE_RATE, "steps": 6})
    theirs = np.reshape(trained(clipped), (6, 2)).mean(axis=1)
    np.testing.assert_allclose(result.curve.loss, theirs, rtol=1e-5)

    mixed = learner(dropout=0.0, cbs=MixUp(0.4))
    torch.manual_seed(4)
    result = find_lr(mixed, **ONE_RATE)
    torch.manual_seed(4)
    np.testing.assert_allclose(result.curve.loss, trained(mixed), rtol=1e-5)
    assert isinstance(mixed.loss_func, CrossEntropyLossFlat)


def test_a_frozen_batch_norm_stays_frozen(learner):
    learn = learner(opt_func=SGD, dropout=0.0, splitter=two_groups, cbs=BnFreeze())
    learn.freeze()
    for module in learn.model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.requires_grad_(False)
            module.running_mean.fill_(0.5)
    result = find_lr(learn, **ONE_RATE)
    np.testing.assert_allclose(result.curve.loss, trained(learn), rtol=1e-5)


def test_a_validation_loss(learner):
    """The first is that of `learn.validate`; later ones see other batch norm statistics."""
    learn = learner(cbs=MixUp(0.4))
    result = find_lr(learn, validation=learn.dls.valid, start_lr=1e-12, end_lr=2e-12, steps=10, progress=False)
    with learn.no_logging():
        expected = learn.validate()[0]
    np.testing.assert_allclose(result.curve.loss[0], expected, rtol=1e-3)
    assert result.train_loss is not None and result.train_loss.std() > 0.01


@pytest.mark.parametrize("opt_func", [Adam, ranger, torch_adam])
@pytest.mark.parametrize("begun", [False, True])
def test_training_is_as_if_never_swept(learner, snap, same, opt_func, begun):
    losses = {}
    for swept in (False, True):
        learn = learner(opt_func=opt_func)
        torch.manual_seed(2)
        if begun:
            trained(learn)
        if swept:
            before = snap(learn.model), others(learn)
            find_lr(learn, repeats=2, **SWEEP)
            assert same(before, (snap(learn.model), others(learn)))
            assert begun or learn.opt is None
        losses[swept] = trained(learn, 2)
    assert losses[True] == losses[False] and len(losses[True]) == 24


def test_every_repeat_begins_with_lookaheads_own_weights(learner):
    learn = learner(opt_func=ranger, shuffle=False, dropout=0.0)
    result = find_lr(learn, repeats=2, **ONE_RATE)
    first, second = (record.curve(0.98).loss for record in result.records)
    np.testing.assert_array_equal(first, second)


def test_callbacks_that_log_or_save_take_no_part(learner, tmp_path):
    learn = learner(cbs=SaveModelCallback(), path=tmp_path)
    find_lr(learn, **SWEEP)
    assert not list(tmp_path.iterdir()) and not hasattr(learn.recorder, "values")


class OnCpu(MixedPrecision):
    """fastai's mixed precision is made for GPUs alone; this one is the same on the CPU."""

    def before_fit(self):
        super().before_fit()
        dtype = torch.bfloat16 if self.amp_mode.value == "bf16" else torch.float16
        self.autocast = torch.autocast("cpu", dtype=dtype)
        self.learn.scaler = torch.amp.GradScaler("cpu", enabled=dtype == torch.float16, init_scale=256.0)


# Without a GPU the parent's own scaler says so.
@pytest.mark.filterwarnings("ignore:.*CUDA is not available.*")
@pytest.mark.parametrize("mode", ["fp16", "bf16"])
def test_mixed_precision_is_that_of_the_callback(learner, mode):
    learn = learner(cbs=OnCpu(mode), dropout=0.0)
    result = find_lr(learn, **ONE_RATE)
    without = find_lr(learner(dropout=0.0), **ONE_RATE)
    assert not torch.is_autocast_enabled("cpu") and not hasattr(learn, "scaler")
    np.testing.assert_allclose(result.curve.loss, trained(learn), rtol=1e-6)
    assert not np.allclose(result.curve.loss, without.curve.loss, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:.*CUDA is not available.*")
def test_an_error_is_raised_in_its_own_words_and_everything_is_put_back(learner, snap, same):
    class Failing(nn.Module):
        def forward(self, *arguments):
            raise RuntimeError("mine")

    learn = learner(loss_func=Failing(), cbs=OnCpu("bf16"))
    before = snap(learn.model), others(learn)
    with pytest.raises(RuntimeError, match=r"^mine$"):
        find_lr(learn, **SWEEP)
    assert same(before, (snap(learn.model), others(learn))) and not torch.is_autocast_enabled("cpu")


def test_what_cannot_be_swept_is_said(learner):
    with pytest.raises(TypeError, match="`amp` cannot be passed here"):
        find_lr(learner(), amp="fp16")
    with pytest.raises(ValueError, match="norm_type=2"):
        find_lr(learner(cbs=GradientClip(1.0, norm_type=1.0)))


class Rates(Callback):
    """The rates of each step."""

    order = 80

    def __init__(self):
        self.rates_seen = []

    def before_step(self):
        self.rates_seen.append([hyper["lr"] for hyper in self.learn.opt.hypers])


@pytest.mark.parametrize("how", ["fit", "fit_one_cycle", "learn.lr", "second", "slice"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"splitter": two_groups}, {"opt_func": torch_adam}],
    ids=["one group", "splitter", "torch optimizer"],
)
def test_the_pick_reaches_the_training(learner, settings, how):
    """As the docs say."""
    learn = learner(lr=1e-5, **settings)
    rates = slice(1e-6, 1e-5) if how == "slice" else None
    result = find_lr(learn, lr=rates, steps=100, progress=False, seed=0, end_lr=10)
    assert result.lr is not None
    note = Rates()
    learn.add_cb(note)
    with learn.no_bar(), learn.no_logging():
        if how == "second":
            learn.fit(1, 1e-5)
            note.rates_seen.clear()
        if how == "learn.lr":
            learn.lr = result.lr
            learn.fit_one_cycle(1)
        elif how == "slice":
            learn.fit_one_cycle(1, slice(result.lr / 10, result.lr))
        else:
            getattr(learn, "fit" if how == "fit" else "fit_one_cycle")(1, result.lr)
    found = np.max(note.rates_seen, axis=0)
    assert found[-1] == pytest.approx(result.lr, rel=0.02)
    assert found[0] == pytest.approx(result.lr / (10 if how == "slice" and len(found) == 2 else 1), rel=0.02)


def test_the_planned_training_is_one_cycle_unless_said_otherwise(learner):
    assert (plan := find_lr(learner(), **SWEEP).reading.plan).schedule == "onecycle" and plan.family == "adam"
    assert find_lr(learner(), planned_schedule="constant", **SWEEP).planned_schedule == "constant"
