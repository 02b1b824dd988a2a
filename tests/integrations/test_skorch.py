"""`lrgui.integrations.skorch`."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

pytest.importorskip("skorch")

import skorch
import skorch.callbacks

from lrgui.api.find import find_lr as plain
from lrgui.integrations.skorch import apply_lr, find_lr

SWEEP = {"steps": 60, "progress": False}
ONE_RATE = {"start_lr": 0.05, "end_lr": 0.050000001, "stop_factor": 0, "progress": False}


class Net(nn.Module):
    """Logits of three classes, or one number."""

    def __init__(self, outputs=3, dropout=0.1):
        super().__init__()
        torch.manual_seed(1)
        self.layers = nn.Sequential(
            nn.Linear(6, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Dropout(dropout), nn.Linear(24, outputs)
        )

    def forward(self, X):
        return self.layers(X)


@pytest.fixture
def data(examples):
    inputs, classes = examples.tensors
    return inputs.numpy(), classes.numpy()


@pytest.fixture
def classifier():
    def make(**settings):
        given = {
            "criterion": nn.CrossEntropyLoss,
            "optimizer": torch.optim.SGD,
            "optimizer__momentum": 0.9,
            "lr": 0.05,
            "batch_size": 16,
            "max_epochs": 2,
            "train_split": None,
            "iterator_train__shuffle": True,
            "verbose": 0,
        }
        return skorch.NeuralNetClassifier(Net, **{**given, **settings})

    return make


def losses(net):
    """The loss of every batch of a training."""
    return [batch["train_loss"] for epoch in net.history for batch in epoch["batches"] if "train_loss" in batch]


@pytest.mark.parametrize("clipped", [False, True])
def test_the_curve_is_that_of_a_sweep_by_hand(classifier, data, examples, clipped):
    callbacks = [skorch.callbacks.GradientNormClipping(0.1)] if clipped else None
    ours = find_lr(classifier(callbacks=callbacks), *data, seed=5, **SWEEP)
    theirs = plain(
        Net(),
        DataLoader(examples, 16, shuffle=True),
        cross_entropy,
        lambda parameters, lr: torch.optim.SGD(parameters, 0.05, momentum=0.9),
        clip_grad_norm=0.1 if clipped else None,
        seed=5,
        **SWEEP,
    )
    assert len(ours.curve.lr) > 30
    np.testing.assert_allclose(ours.curve.loss, theirs.curve.loss, rtol=1e-5)


def test_a_sweep_at_one_rate_is_the_nets_own_training(classifier, data):
    net = classifier(
        module__dropout=0.0,
        iterator_train__shuffle=False,
        criterion__label_smoothing=0.1,
        train_split=skorch.dataset.ValidSplit(4, stratified=False),
        callbacks=[skorch.callbacks.GradientNormClipping(0.2)],
        max_epochs=1,
    )
    result = find_lr(net, *data, steps=9, **ONE_RATE)
    net.fit(*data)
    np.testing.assert_allclose(result.curve.loss, losses(net), rtol=1e-5)


def test_a_regressor(data, examples):
    inputs, _ = data
    target = inputs[:, :1] * 2
    net = skorch.NeuralNetRegressor(
        Net,
        module__outputs=1,
        module__dropout=0.0,
        lr=0.05,
        batch_size=16,
        max_epochs=1,
        train_split=None,
        verbose=0,
    )
    result = find_lr(net, inputs, target, steps=12, **ONE_RATE)
    net.fit(inputs, target)
    np.testing.assert_allclose(result.curve.loss, losses(net), rtol=1e-5)


def test_data_of_other_kinds_and_fit_params(examples):
    class Scaled(Net):
        def forward(self, X, scale):
            return super().forward(X * scale.mean())

    net = skorch.NeuralNetClassifier(
        Scaled, criterion=nn.CrossEntropyLoss, optimizer=torch.optim.Adam, batch_size=16, train_split=None, verbose=0
    )
    scale = torch.ones(1)
    result = find_lr(net, TensorDataset(*examples.tensors), None, fit_params={"scale": scale}, **SWEEP)
    assert result.curve.loss.min() < 0.9 * result.curve.loss[0]


def test_training_is_as_if_never_swept(classifier, data):
    trained = {}
    for swept in (False, True):
        net = classifier()
        torch.manual_seed(2)
        if swept:
            before = sorted(vars(net)), torch.get_rng_state().tolist()
            find_lr(net, *data, repeats=2, **SWEEP)
            assert (sorted(vars(net)), torch.get_rng_state().tolist()) == before
            assert not net.initialized_ and not hasattr(net, "module_")
        net.fit(*data)
        trained[swept] = losses(net)
    assert trained[True] == trained[False]


def test_a_net_that_is_trained_already_goes_on_as_if_never_swept(classifier, data, snap, same):
    trained = {}
    for swept in (False, True):
        net = classifier()
        torch.manual_seed(2)
        net.fit(*data)
        if swept:
            before = snap(net.module_, net.optimizer_, net.criterion_, list(net.history))
            find_lr(net, *data, **SWEEP)
            assert same(before, snap(net.module_, net.optimizer_, net.criterion_, list(net.history)))
        net.partial_fit(*data)
        trained[swept] = losses(net)
    assert trained[True] == trained[False] and len(trained[True]) == 48


def test_a_criterion_that_learns_is_put_back(data, snap, same):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))
            self.register_buffer("seen", torch.zeros(()))

        def forward(self, output, target):
            assert self.training
            self.seen += 1
            return cross_entropy(output * self.scale, target)

    net = skorch.NeuralNetClassifier(Net, criterion=Scaled, batch_size=16, train_split=None, verbose=0)
    net.initialize()
    net.module_.eval()
    net.criterion_.eval()
    before = snap(net.module_, net.optimizer_, net.criterion_)
    find_lr(net, *data, **SWEEP)
    assert same(before, snap(net.module_, net.optimizer_, net.criterion_))


def test_an_error_is_raised_and_everything_is_put_back(classifier, data):
    class Failing(nn.Module):
        def forward(self, output, target):
            raise RuntimeError("mine")

    net = classifier(criterion=Failing)
    before = sorted(vars(net))
    with pytest.raises(RuntimeError, match="mine"):
        find_lr(net, *data, **SWEEP)
    assert sorted(vars(net)) == before


def test_what_cannot_be_swept_is_said(classifier, data):
    class Own(skorch.NeuralNetClassifier):
        def train_step_single(self, batch, **fit_params):
            return super().train_step_single(batch, **fit_params)

    with pytest.raises(ValueError, match="Own has its own train_step_single"):
        find_lr(Own(Net), *data)

    with pytest.raises(ValueError, match="No y-values are given"):
        find_lr(classifier(), data[0])

    class Two(skorch.NeuralNetClassifier):
        def initialize_optimizer(self, *arguments, **named):
            super().initialize_optimizer(*arguments, **named)
            self.second_optimizer_ = torch.optim.SGD(self.module_.parameters(), 0.1)
            return self

    with pytest.raises(ValueError, match="2 optimizers"):
        find_lr(Two(Net, verbose=0), *data)
    with pytest.raises(TypeError, match="`clip_grad_norm` cannot be passed here"):
        find_lr(classifier(), *data, clip_grad_norm=1.0)
    norm = skorch.callbacks.GradientNormClipping(0.1, gradient_clip_norm_type=1)
    with pytest.raises(ValueError, match="gradient_clip_norm_type=2"):
        find_lr(classifier(callbacks=[norm]), *data)


# The number reaches the training ------------------------------------------------------------------


class Rates(skorch.callbacks.Callback):
    """The rates of each batch's step."""

    def __init__(self):
        self.seen = []

    def on_batch_begin(self, net, training=False, **parts):
        if training:
            self.seen.append([group["lr"] for group in net.optimizer_.param_groups])


def trained_with(net, data, go_on=False):
    """The highest rate of each group in a training."""
    rates = dict(net.callbacks)["rates"].seen
    rates.clear()
    net.partial_fit(*data) if go_on else net.fit(*data)
    return np.max(rates, axis=0)


def schedule(policy, **settings):
    return ("schedule", skorch.callbacks.LRScheduler(policy, step_every="batch", **settings))


@pytest.fixture(scope="module")
def swept(module_examples):
    net = skorch.NeuralNetClassifier(Net, criterion=nn.CrossEntropyLoss, lr=0.05, batch_size=16, train_split=None)
    result = find_lr(net, *module_examples, steps=100, progress=False, seed=0)
    assert result.lr is not None
    return result


@pytest.fixture(scope="module")
def module_examples():
    draw = torch.Generator().manual_seed(0)
    inputs = torch.randn(192, 6, generator=draw)
    return inputs.numpy(), (inputs[:, :3].argmax(1)).numpy()


GROUPS = [("layers.0.*", {"lr": 1e-6})]
NETS = {
    "plain": {},
    "a rate of the optimizer": {"optimizer__lr": 1e-4},
    "groups": {"optimizer__param_groups": GROUPS},
    "steps": {"callbacks": [schedule(torch.optim.lr_scheduler.StepLR, step_size=3)]},
    "warm-up": {"callbacks": [schedule(torch.optim.lr_scheduler.LambdaLR, lr_lambda=lambda e: min(1, e / 4))]},
    "one cycle": {"callbacks": [schedule(torch.optim.lr_scheduler.OneCycleLR, max_lr=1e-5, total_steps=30)]},
    "up and down": {"callbacks": [schedule("CyclicLR", base_lr=1e-6, max_lr=1e-5, step_size_up=3)]},
    "restarts": {"callbacks": [schedule("WarmRestartLR", min_lr=1e-6, max_lr=1e-5)]},
}


@pytest.mark.parametrize("go_on", [False, True], ids=["fit", "partial_fit"])
@pytest.mark.parametrize("kind", NETS)
def test_the_pick_reaches_the_training(classifier, data, swept, kind, go_on):
    settings = dict(NETS[kind])
    callbacks = [("rates", Rates()), *copy.deepcopy(settings.pop("callbacks", []))]
    net = classifier(lr=1e-5, callbacks=callbacks, **settings)
    if go_on:
        net.initialize()
    apply_lr(net, swept)
    assert net.initialized_ is go_on
    found = trained_with(net, data, go_on)
    assert found[-1] == pytest.approx(swept.lr, rel=0.02)
    if kind == "groups":
        assert found[0] == pytest.approx(swept.lr / 10) and GROUPS == [("layers.0.*", {"lr": 1e-6})]


def test_the_way_of_the_docs(classifier, data):
    net = classifier(lr=0.01, callbacks=[("rates", Rates())])
    result = find_lr(net, *data, steps=100, progress=False, seed=0)
    apply_lr(net, result)
    assert trained_with(net, data) == pytest.approx([result.lr])
    apply_lr(net, result, lr=0.02)
    assert trained_with(net, data) == pytest.approx([0.02]) and net.lr == pytest.approx(0.02)


def test_rates_that_follow_no_setting(classifier, swept):
    class Fixed(torch.optim.SGD):
        def __init__(self, parameters, lr):
            super().__init__(parameters, 0.01)

    net = classifier(optimizer=Fixed, optimizer__momentum=None)
    del net.optimizer__momentum
    before = net.get_params()["lr"]
    with pytest.raises(ValueError, match=r"does not follow its settings: it would be 1e-2 instead of"):
        apply_lr(net, swept)
    assert net.lr == before


@pytest.mark.parametrize(
    ("callback", "kind"),
    [
        (None, "constant"),
        (schedule(torch.optim.lr_scheduler.StepLR, step_size=3000), "step"),
        (schedule(torch.optim.lr_scheduler.OneCycleLR, max_lr=1e-5, total_steps=30), "onecycle"),
        (schedule(torch.optim.lr_scheduler.ExponentialLR, gamma=0.9), "decay"),
    ],
)
def test_the_planned_training_is_the_net_s(classifier, data, callback, kind):
    net = classifier(callbacks=[] if callback is None else [callback], max_epochs=3).initialize()
    net.history.new_epoch()  # as of a net that goes on
    optimizer, history = net.optimizer_, net.history
    result = find_lr(net, *data, **SWEEP)
    batches = len(net.get_iterator(net.get_dataset(*data), training=True))
    assert (result.planned_schedule, result.planned_steps) == (kind, 3 * batches)
    assert net.optimizer_ is optimizer and net.history is history
    assert not any("initial_lr" in group for group in optimizer.param_groups)
    assert find_lr(net, *data, planned_schedule="warmup", **SWEEP).planned_schedule == "warmup"
