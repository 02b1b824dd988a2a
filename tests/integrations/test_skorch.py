"""`lrgui.integrations.skorch`."""

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
from lrgui.integrations.skorch import find_lr

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

    with pytest.raises(ValueError, match="train_step_single of its own"):
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
    with pytest.raises(TypeError, match="`clip_grad_norm` can't be given here"):
        find_lr(classifier(), *data, clip_grad_norm=1.0)
    norm = skorch.callbacks.GradientNormClipping(0.1, gradient_clip_norm_type=1)
    with pytest.raises(ValueError, match="gradient_clip_norm_type=2"):
        find_lr(classifier(callbacks=[norm]), *data)
