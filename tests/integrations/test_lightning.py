"""`lrgui.integrations.lightning`, with both packages of that code."""

import importlib
import sys
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

pytest.importorskip("lightning.pytorch")
pytest.importorskip("pytorch_lightning")

from lrgui.api.find import find_lr as plain
from lrgui.integrations.lightning import LearningRateFinder, find_lr

pytestmark = [
    # Lightning asks torch's trees in a way that torch means to give up.
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),
    # Lightning's advice for large data and small logs.
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*smaller than the logging interval.*"),
]
SWEEP = {"steps": 60, "progress": False}


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def pl(request):
    return importlib.import_module(request.param)


@pytest.fixture
def make(pl, make_net):
    """Makes a module; `losses` are those of its training steps."""

    class Module(pl.LightningModule):
        def __init__(self, lr=0.05, schedule=None):
            super().__init__()
            self.save_hyperparameters("lr")
            self.net = make_net()
            self.lr = lr
            self.schedule = schedule
            self.losses = []
            self.hooks = []

        def training_step(self, batch, batch_idx):
            inputs, target = batch
            loss = cross_entropy(self.net(inputs), target)
            self.log("loss", loss, on_step=True, on_epoch=True, prog_bar=True)
            self.losses.append(loss.item())
            return {"loss": loss, "other": 1}

        def configure_optimizers(self):
            groups = [
                {"params": self.net[:2].parameters(), "lr": self.lr / 10},
                {"params": self.net[2:].parameters()},
            ]
            optimizer = torch.optim.SGD(groups, self.lr, momentum=0.9)
            return optimizer if self.schedule is None else ([optimizer], [self.schedule(optimizer, self.lr)])

    return Module


@pytest.fixture
def trainer(pl):
    def make_trainer(**settings):
        quiet = {
            "accelerator": "cpu",
            "max_epochs": 2,
            "logger": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "enable_checkpointing": False,
        }
        return pl.Trainer(**{**quiet, **settings})

    return make_trainer


def by_hand(module, loader, **settings):
    """The same sweep without Lightning."""
    optimizer = module.configure_optimizers()
    return plain(
        module,
        loader,
        optimizer=optimizer,
        training_step=lambda m, batch: cross_entropy(m.net(batch[0]), batch[1]),
        **{**SWEEP, **settings},
    )


@pytest.mark.parametrize(
    ("of_trainer", "by_itself"),
    [
        ({}, {}),
        ({"accumulate_grad_batches": 3}, {"accumulation": 3}),
        ({"gradient_clip_val": 0.1}, {"clip_grad_norm": 0.1}),
        ({"precision": "bf16-mixed"}, {"amp": "bf16"}),
    ],
)
def test_the_curve_is_that_of_a_sweep_by_hand(make, trainer, loader, lazy, of_trainer, by_itself):
    ours = find_lr(trainer(**of_trainer), make(), train_dataloaders=loader, seed=5, **SWEEP)
    theirs = by_hand(make(), lazy(loader), seed=5, **by_itself)
    assert len(ours.curve.lr) > 30
    np.testing.assert_allclose(ours.curve.loss, theirs.curve.loss, rtol=1e-5)


@pytest.mark.parametrize(
    "of_trainer",
    [
        {},
        {"accumulate_grad_batches": 2, "gradient_clip_val": 0.1},
        {"gradient_clip_val": 0.01, "gradient_clip_algorithm": "value"},
        {"precision": "bf16-mixed"},
        {"precision": "64-true"},
    ],
)
def test_a_sweep_at_one_rate_is_the_trainers_own_training(make, trainer, examples, of_trainer):
    class Module(make):
        def on_before_optimizer_step(self, optimizer):
            assert all(p.grad is not None for p in self.parameters())

        def training_step(self, batch, batch_idx):
            return super().training_step([batch[0].to(self.net[0].weight.dtype), batch[1]], batch_idx)

    loader = DataLoader(examples, 16)
    module = Module(lr=0.05)
    module.net[3].p = 0.0
    steps = 24 // of_trainer.get("accumulate_grad_batches", 1)
    result = find_lr(
        trainer(**of_trainer),
        module,
        train_dataloaders=loader,
        start_lr=0.05,
        end_lr=0.050000001,
        steps=steps,
        stop_factor=0,
        progress=False,
    )
    trainer(**of_trainer).fit(module, loader)
    theirs = np.array(module.losses).reshape(steps, -1).mean(axis=1)
    np.testing.assert_allclose(result.curve.loss, theirs, rtol=1e-5)


def test_the_scaler_of_fp16(pl, make, trainer, examples):
    """The Trainer's own scaler scales, and is put back; clipping sees gradients that are not scaled."""
    scaled = []

    class Scaler(torch.amp.GradScaler):
        def scale(self, outputs):
            scaled.append(1)
            return super().scale(outputs)

    def fp16():
        return pl.plugins.precision.MixedPrecision("16-mixed", "cpu", Scaler("cpu", init_scale=256.0))

    loader = DataLoader(examples, 16)
    module = make(lr=0.05)
    module.net[3].p = 0.0
    ours = trainer(plugins=[fp16()], gradient_clip_val=0.1)
    result = find_lr(
        ours, module, train_dataloaders=loader, start_lr=0.05, end_lr=0.050000001, steps=24, stop_factor=0,
        progress=False,
    )  # fmt: skip
    assert len(scaled) == 24 and ours.precision_plugin.scaler.state_dict()["_growth_tracker"] == 0
    trainer(plugins=[fp16()], gradient_clip_val=0.1).fit(module, loader)
    np.testing.assert_allclose(result.curve.loss, module.losses, rtol=1e-5)


def test_training_is_as_if_never_swept(make, trainer, loader, snap, same):
    losses = {}
    for swept in (False, True):
        module, ours = make(schedule=lambda optimizer, lr: torch.optim.lr_scheduler.StepLR(optimizer, 1)), trainer()
        torch.manual_seed(2)
        if swept:
            before = snap(module), sorted(vars(module)), ours.state.status, ours.global_step
            find_lr(ours, module, train_dataloaders=loader, repeats=2, **SWEEP)
            after = snap(module), sorted(vars(module)), ours.state.status, ours.global_step
            assert same(before, after)
            assert ours.optimizers == [] and ours.fit_loop._combined_loader is None and module.losses == []
        ours.fit(module, loader)
        losses[swept] = module.losses, float(ours.callback_metrics["loss"]), ours.global_step
    assert losses[True] == losses[False]


def test_a_training_that_was_swept_in_between_goes_on_as_if_it_had_not(make, trainer, loader):
    losses = {}
    for swept in (False, True):
        module, ours = make(), trainer(max_epochs=1)
        torch.manual_seed(2)
        ours.fit(module, loader)
        ours.fit_loop.max_epochs = 2
        if swept:
            find_lr(ours, module, train_dataloaders=loader, **SWEEP)
        ours.fit(module, loader)
        losses[swept] = module.losses
    assert losses[True] == losses[False] and len(losses[True]) == 24


def test_loggers_take_no_part_and_callbacks_only_until_the_first_batch(pl, make, trainer, loader):
    seen = []

    class Log(pl.loggers.logger.DummyLogger):
        def log_metrics(self, *arguments, **named):
            seen.append("metrics")

        def log_hyperparams(self, *arguments, **named):
            seen.append("hyperparams")

    class Look(pl.Callback):
        def setup(self, *arguments, **named):
            seen.append("setup")

        def on_train_start(self, *arguments):
            seen.append("start")

        def on_train_batch_end(self, *arguments):
            seen.append("batch")

        def on_train_end(self, *arguments):
            seen.append("end")

    class Stop(pl.callbacks.EarlyStopping):
        def setup(self, *arguments, **named):
            seen.append("stop")

    class Module(make):
        def training_step(self, batch, batch_idx):
            self.logger.log_metrics({"mine": 1})
            self.logger.experiment.add_scalar("mine", 1)
            return super().training_step(batch, batch_idx)

    module, log, look = Module(), Log(), Look()
    ours = trainer(logger=log, callbacks=[look, Stop("loss")], log_every_n_steps=1)
    find_lr(ours, module, train_dataloaders=loader, **SWEEP)
    assert seen == ["setup", "start"]
    assert ours.callbacks[0] is look and ours.loggers == [log]


def test_the_hooks_that_a_training_step_needs_run_in_their_order(make, trainer, loader, same, snap):
    class Module(make):
        def prepare_data(self):
            self.hooks.append("prepare_data")

        def setup(self, stage):
            self.hooks.append(f"setup {stage.value}")
            self.head = nn.Linear(3, 3)

        def train_dataloader(self):
            return loader

        def on_fit_start(self):
            self.hooks.append("on_fit_start")
            with torch.no_grad():
                self.net[4].bias.add_(1.0)

        def on_train_start(self):
            self.hooks.append("on_train_start")

        def on_before_batch_transfer(self, batch, dataloader_idx):
            return batch[0] * 2, batch[1]

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

        def training_step(self, batch, batch_idx):
            assert self.trainer.training and self.training
            numbers.append(batch_idx)
            if len(numbers) == 1:
                ran.extend(self.hooks)
                factors.append(float(batch[0].std()))
            return cross_entropy(self.head(self.net(batch[0])), batch[1])

        def teardown(self, stage):
            ran.append("teardown")

    ran, factors, numbers = [], [], []
    module = Module()
    before = snap(module)
    find_lr(trainer(), module, **SWEEP)
    assert ran == ["prepare_data", "setup fit", "on_fit_start", "on_train_start", "teardown"]
    assert numbers == [step % len(loader) for step in range(SWEEP["steps"])], "they begin again with each epoch"
    assert 1.5 < factors[0] < 2.7
    assert same(before, snap(module)) and not hasattr(module, "head") and module.hooks == []


def test_a_datamodule_and_its_generator(pl, make, trainer, examples):
    class Data(pl.LightningDataModule):
        def __init__(self):
            super().__init__()
            self.generator = torch.Generator().manual_seed(3)

        def setup(self, stage):
            self.ready = True

        def train_dataloader(self):
            assert self.ready
            return DataLoader(examples, 16, shuffle=True, generator=self.generator)

    data = Data()
    before = data.generator.get_state()
    result = find_lr(trainer(limit_train_batches=4), make(), datamodule=data, **SWEEP)
    assert len(result.curve.lr) > 30
    assert torch.equal(before, data.generator.get_state()) and not hasattr(data, "ready")


def test_a_loader_with_a_generator_of_its_own(make, trainer, examples):
    loader = DataLoader(examples, 16, shuffle=True, generator=torch.Generator().manual_seed(3))
    before = loader.generator.get_state()
    find_lr(trainer(), make(), train_dataloaders=loader, **SWEEP)
    assert torch.equal(before, loader.generator.get_state())


def test_a_validation_loss(make, trainer, loader, examples):
    module = make()
    still = {"start_lr": 1e-12, "end_lr": 2e-12, "steps": 10, "progress": False}
    result = find_lr(trainer(), module, train_dataloaders=loader, validation=DataLoader(examples, 64), **still)
    inputs, target = examples.tensors
    expected = cross_entropy(module.net.eval()(inputs), target).item()
    np.testing.assert_allclose(result.curve.loss[0], expected, rtol=1e-3)


def test_weights_of_another_type_come_back(make, trainer, loader, snap, same):
    module = make()
    before = snap(module)
    seen = []
    module.training_step = lambda batch, batch_idx: (
        seen.append(module.net[0].weight.dtype) or cross_entropy(module.net(batch[0].bfloat16()).float(), batch[1])
    )
    find_lr(trainer(precision="bf16-true"), module, train_dataloaders=loader, **SWEEP)
    assert set(seen) == {torch.bfloat16}
    assert same(before, snap(module))


def trained_with(trainer, module, loader):
    """The highest rate of each group in a training, as the optimizer had them."""
    seen = []
    module.on_train_batch_start = lambda *_: seen.append([g["lr"] for g in module.optimizers().param_groups])
    trainer(max_epochs=2).fit(module, loader)
    return np.max(seen, axis=0)


@pytest.mark.parametrize("where", ["both", "module", "hparams", "nested", "property"])
def test_the_training_runs_at_the_pick(pl, make, trainer, loader, where):
    """Whichever of the two the module reads."""

    class Module(make):
        def __init__(self):
            super().__init__(0.01)
            self.save_hyperparameters({"optimizer": {"lr": 0.01}})
            if where in ("hparams", "property"):
                del self.lr
            if where == "module":
                del self.hparams["lr"]

        def configure_optimizers(self):
            read = {"module": lambda: self.lr, "nested": lambda: self.hparams["optimizer"]["lr"]}
            return torch.optim.SGD(self.parameters(), read.get(where, lambda: self.hparams.lr)(), momentum=0.9)

    module = Module()
    if where == "property":
        Module.lr = property(lambda self: self.hparams.lr)
    attr = "hparams.optimizer.lr" if where == "nested" else "lr"
    result = find_lr(trainer(), module, loader, attr=attr, steps=100, progress=False)
    assert result.lr is not None
    if where == "both":
        assert module.lr == module.hparams.lr == result.lr
    assert (module.hparams["optimizer"]["lr"] == result.lr) is (where == "nested")
    assert trained_with(trainer, module, loader) == pytest.approx([result.lr])


@pytest.mark.parametrize("schedule", [None, "warm-up, then cosine", "one cycle", "share"])
def test_rates_that_are_multiples_of_the_attribute(make, trainer, loader, schedule):
    """The sweep's rate is the highest; the attribute need not be."""

    class Module(make):
        def configure_optimizers(self):
            groups = [{"params": self.net[:2].parameters(), "lr": self.lr}, {"params": self.net[2:].parameters()}]
            optimizer = torch.optim.SGD(groups, 10 * self.lr, momentum=0.9)
            if schedule == "share":
                return [optimizer], [torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.1 / (epoch + 1))]
            if schedule is None:
                return optimizer
            assert self.trainer.estimated_stepping_batches == 24
            return [optimizer], [SCHEDULES[schedule](optimizer, 10 * self.lr)]

    module = Module(lr=0.01)
    result = find_lr(trainer(), module, loader, attr="lr", steps=100, progress=False)
    assert result.lr is not None and module.lr == pytest.approx(result.lr * (1 if schedule == "share" else 0.1))
    assert trained_with(trainer, module, loader) == pytest.approx([result.lr / 10, result.lr], rel=1e-2)


def test_an_attribute_that_nobody_reads_is_refused(make, trainer, loader, snap, same):
    class Module(make):
        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.01)

    module = Module(lr=0.02)
    module.net[0].lr = 1.0
    before = snap(module)
    for attr in ("lr", "hparams.lr", "net.0.lr"):
        with pytest.raises(ValueError, match=f"does not follow “{attr}” in configure_optimizers: .* 1e-2 instead"):
            find_lr(trainer(), module, loader, attr=attr, **SWEEP)
    assert module.lr == 0.02 and module.hparams.lr == 0.02 and same(before, snap(module))
    for attr in ("hparams.rate", "nothing.lr", "net.9.lr"):
        with pytest.raises(ValueError, match=f"The module has no “{attr}”"):
            find_lr(trainer(), module, loader, attr=attr, **SWEEP)
    type(module).rate = property(lambda self: 0.01)
    with pytest.raises(ValueError, match="“rate” cannot be set"):
        find_lr(trainer(), module, loader, attr="rate", **SWEEP)


def test_the_arguments_of_fit_by_position(pl, make, trainer, loader, examples):
    """`trainer.fit(module, loader, validation)` and `trainer.fit(module, data)` by another name."""

    class Data(pl.LightningDataModule):
        def train_dataloader(self):
            return DataLoader(examples, 16)

    module = make()
    swept = [
        find_lr(trainer(), module, loader, **SWEEP),
        find_lr(trainer(), module, Data(), **SWEEP),
        find_lr(trainer(), module, None, None, Data(), **SWEEP),
        find_lr(trainer(), module, datamodule=Data(), **SWEEP),
    ]
    module.validation_step = lambda batch, batch_idx: 1 / 0  # a sweep makes none
    swept.append(find_lr(trainer(), module, loader, loader, **SWEEP))
    assert all(len(result.curve) > 20 for result in swept)
    for result in swept[2:4]:
        np.testing.assert_array_equal(result.curve.loss, swept[1].curve.loss)


SCHEDULES = {
    "none": None,
    "steps": lambda optimizer, lr: torch.optim.lr_scheduler.StepLR(optimizer, 1),
    "warm-up": lambda optimizer, lr: {
        "scheduler": torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 24),
        "interval": "step",
    },
    "one cycle": lambda optimizer, lr: {
        "scheduler": torch.optim.lr_scheduler.OneCycleLR(optimizer, [lr / 10, lr], total_steps=24),
        "interval": "step",
    },
}


SCHEDULES["warm-up, then cosine"] = lambda optimizer, lr: {
    "scheduler": torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=6),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 18),
        ],
        [6],
    ),
    "interval": "step",
}
SCHEDULES["up and down"] = lambda optimizer, lr: {
    "scheduler": torch.optim.lr_scheduler.CyclicLR(optimizer, [lr / 100, lr / 10], [lr / 10, lr], 6),
    "interval": "step",
}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_callback_trains_with_its_pick(make, trainer, loader, schedule):
    """As if the module had had that rate from the beginning."""
    finder = LearningRateFinder(steps=100, progress=False)
    found = make(lr=0.01, schedule=SCHEDULES[schedule])
    torch.manual_seed(2)
    trainer(callbacks=[finder]).fit(found, loader)
    assert finder.result is not None and finder.result.lr is not None

    given = make(lr=finder.result.lr, schedule=SCHEDULES[schedule])
    torch.manual_seed(2)
    trainer().fit(given, loader)
    assert len(found.losses) == 24
    np.testing.assert_allclose(found.losses, given.losses, rtol=1e-4)


def test_the_callback_sets_the_groups_that_were_swept(make, trainer, loader):
    finder = LearningRateFinder(param_groups=[1], steps=100, progress=False)
    module = make(lr=0.01)
    seen = []
    module.on_train_batch_end = lambda *_: seen.append([group["lr"] for group in module.optimizers().param_groups])
    trainer(callbacks=[finder]).fit(module, loader)
    assert finder.result.lr is not None
    np.testing.assert_allclose(seen[0], [0.001, finder.result.lr])


def test_the_callback_says_where_a_schedule_cannot_follow(make, trainer, loader):
    class Fixed(torch.optim.lr_scheduler.LRScheduler):
        def get_lr(self):
            return [0.01 for _ in self.base_lrs]

    module = make(lr=0.01, schedule=lambda optimizer, lr: Fixed(optimizer))
    with pytest.raises(ValueError, match=r"Fixed cannot be scaled .* find_lr\(trainer, module, …, attr=…\)"):
        trainer(callbacks=[LearningRateFinder(steps=100, progress=False)]).fit(module, loader)


def test_the_callback_leaves_the_rate_where_there_is_no_pick(make, trainer, loader):
    finder = LearningRateFinder(end_lr=2e-6, steps=20, progress=False)
    losses = []
    for callbacks in ([finder], []):
        module, ours = make(), trainer(callbacks=callbacks, max_epochs=1)
        torch.manual_seed(2)
        ours.fit(module, loader)
        losses.append((module.losses, float(ours.callback_metrics["loss_epoch"])))
    assert finder.result.lr is None
    assert losses[0] == losses[1]


def test_the_callback_disturbs_no_running_worker(make, trainer, examples):
    losses = []
    for callbacks in ([LearningRateFinder(end_lr=2e-6, steps=15, progress=False)], []):
        loader = DataLoader(examples, 16, shuffle=True, num_workers=1, persistent_workers=True)
        module = make()
        torch.manual_seed(2)
        trainer(callbacks=callbacks).fit(module, loader)
        losses.append(module.losses)
    assert losses[0] == losses[1] and len(losses[0]) == 24


def test_an_error_in_the_first_step_is_raised_and_everything_is_put_back(make, trainer, loader, snap, same):
    module, ours = make(), trainer()
    before = snap(module)
    module.training_step = lambda batch, batch_idx: 1 / 0
    with pytest.raises(ZeroDivisionError):
        find_lr(ours, module, train_dataloaders=loader, **SWEEP)
    assert same(before, snap(module)) and ours.state.fn is None and "_run_stage" not in vars(ours)


def test_ctrl_c_stays_one(make, trainer, loader):
    module = make()

    def interrupted(batch, batch_idx):
        raise KeyboardInterrupt

    module.training_step = interrupted
    with pytest.raises(KeyboardInterrupt):
        find_lr(trainer(), module, train_dataloaders=loader, **SWEEP)


def test_what_cannot_be_swept_is_said(make, trainer, loader):
    module = make()
    module.automatic_optimization = False
    with pytest.raises(ValueError, match="uses manual optimization"):
        find_lr(trainer(), module, train_dataloaders=loader)
    module = make()
    parameters = list(module.parameters())
    module.configure_optimizers = lambda: [torch.optim.SGD(parameters, 0.1), torch.optim.SGD(parameters, 0.1)]
    with pytest.raises(ValueError, match="several optimizers"):
        find_lr(trainer(), module, train_dataloaders=loader)
    module = make()
    module.configure_optimizers = lambda: None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*configure_optimizers.* returned `None`")
        with pytest.raises(ValueError, match="configure_optimizers returns no optimizer"):
            find_lr(trainer(), module, train_dataloaders=loader)
    with pytest.raises(ValueError, match="hparams"):
        find_lr(trainer(), make(), train_dataloaders=loader, attr="rate")
    with pytest.raises(TypeError, match="`amp` cannot be passed here"):
        find_lr(trainer(), make(), train_dataloaders=loader, amp="bf16")
    with pytest.raises(ValueError, match="processes of its own"):
        find_lr(trainer(strategy="ddp_spawn", devices=2), make(), train_dataloaders=loader)
    with pytest.raises(ValueError, match="no training batches"):
        find_lr(trainer(limit_train_batches=0), make(), train_dataloaders=loader)
    module = make()
    module.training_step = lambda batch, batch_idx: None
    with pytest.raises(ValueError, match="returned None for"):
        find_lr(trainer(), module, train_dataloaders=loader)


@pytest.mark.parametrize(
    ("name", "packages", "command"),
    [
        ("lightning", ["lightning.pytorch", "pytorch_lightning"], "pip install lightning"),
        ("huggingface", ["transformers"], r"pip install 'transformers\[torch\]'"),
        ("fastai", ["fastai.learner"], "pip install fastai"),
        ("skorch", ["skorch"], "pip install skorch"),
        ("ignite", ["ignite.engine"], "pip install pytorch-ignite"),
    ],
)
def test_every_integration_says_how_to_get_its_package(monkeypatch, name, packages, command):
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"lrgui.integrations.{name}", raising=False)
    with pytest.raises(ImportError, match=f"is not installed: {command}$"):
        importlib.import_module(f"lrgui.integrations.{name}")


def _by_hook(pl, make):
    class Module(make):
        def on_train_epoch_start(self):
            self.net[1].eval()

    return Module(), []


def _by_callback(pl, make):
    class Freeze(pl.Callback):
        def on_train_batch_start(self, trainer, module, *_):
            module.net[1].eval()

    return make(), [Freeze()]


def _by_its_own_train(pl, make):
    """fit does not call it."""

    class Module(make):
        def train(self, mode=True):
            super().train(mode)
            self.net[1].eval()
            return self

    return Module(), []


def _by_finetuning(pl, make):
    class Freeze(pl.callbacks.BaseFinetuning):
        def freeze_before_training(self, module):
            self.freeze(module.net[:2], train_bn=False)

        def finetune_function(self, module, epoch, optimizer):
            module.net[1].eval()

    return make(), [Freeze()]


def _in_eval_mode(pl, make):
    return make().eval(), []


@pytest.mark.filterwarnings("ignore:Found .* in eval mode")  # Lightning's own, about such a training
@pytest.mark.parametrize("frozen", [_by_hook, _by_callback, _by_its_own_train, _by_finetuning, _in_eval_mode])
def test_modules_are_in_the_modes_that_fit_has_them_in(pl, make, trainer, loader, frozen):
    seen = []
    for sweeps in (False, True):
        module, callbacks = frozen(pl, make)
        before = [(m.training, [p.requires_grad for p in m.parameters()]) for m in module.modules()]
        seen.append(found := [])

        def look(layer, _, __, found=found):
            found.append((layer.training, None if layer.training else layer.running_mean.tolist()))

        hook = module.net[1].register_forward_hook(look)
        ours = trainer(callbacks=callbacks, max_epochs=1)
        if sweeps:
            find_lr(ours, module, train_dataloaders=loader, progress=False, steps=12, stop_factor=0)
            assert [(m.training, [p.requires_grad for p in m.parameters()]) for m in module.modules()] == before
        else:
            ours.fit(module, loader)
        hook.remove()
    assert seen[1] == seen[0]


@pytest.mark.parametrize(
    ("schedule", "kind"),
    [
        (None, "constant"),
        (lambda optimizer, lr: torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9), "decay"),
        (lambda optimizer, lr: torch.optim.lr_scheduler.OneCycleLR(optimizer, [lr / 10, lr], 24), "onecycle"),
    ],
)
def test_the_planned_training_is_the_trainer_s(make, trainer, loader, schedule, kind):
    plan = find_lr(trainer(), make(schedule=schedule), train_dataloaders=loader, **SWEEP).reading.plan
    assert (plan.schedule, plan.steps, plan.family) == (kind, 2 * len(loader), "momentum")


def test_a_planned_training_that_is_given_counts(make, trainer, loader):
    result = find_lr(trainer(), make(), train_dataloaders=loader, planned_schedule="step", planned_steps=7, **SWEEP)
    assert (result.planned_schedule, result.planned_steps) == ("step", 7)
