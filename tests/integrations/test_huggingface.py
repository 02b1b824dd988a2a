"""`lrgui.integrations.huggingface`, with tiny models of random weights."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import Dataset

pytest.importorskip("transformers")
pytest.importorskip("accelerate")

import transformers

from lrgui.api.find import find_lr as plain
from lrgui.integrations.huggingface import apply_lr, find_lr

SWEEP = {"steps": 25, "progress": False, "end_lr": 0.1}


class Texts(Dataset):
    """60 sequences of 4 to 9 tokens, of which the last few are padding; as classes or as the next words."""

    def __init__(self, kind):
        draw = torch.Generator().manual_seed(0)
        self.rows = []
        for _ in range(60):
            length = int(torch.randint(4, 10, (1,), generator=draw))
            ids = torch.randint(1, 32, (9,), generator=draw)
            mask = (torch.arange(9) < length).long()
            labels = ids[0] % 3 if kind == "classes" else torch.where(mask == 1, ids, -100)
            self.rows.append({"input_ids": ids * mask, "attention_mask": mask, "labels": labels, "unused": 0})

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


def bert():
    torch.manual_seed(1)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    return transformers.BertForSequenceClassification(transformers.BertConfig(vocab_size=32, num_labels=3, **sizes))


def gpt():
    torch.manual_seed(1)
    config = transformers.GPT2Config(vocab_size=32, n_positions=16, n_embd=16, n_layer=1, n_head=2)
    config.bos_token_id = config.eos_token_id = 0
    return transformers.GPT2LMHeadModel(config)


@pytest.fixture
def make(tmp_path):
    """Makes a Trainer on the CPU that writes nothing but to a folder of the test."""

    def make_trainer(model=None, kind="classes", optimizers=(None, None), model_init=None, callbacks=None, **arguments):
        settings = {
            "per_device_train_batch_size": 8,
            "learning_rate": 1e-3,
            "num_train_epochs": 1,
            "logging_steps": 1,
            "use_cpu": True,
            "report_to": [],
            "save_strategy": "no",
            "disable_tqdm": True,
        }
        return transformers.Trainer(
            model=model if model is not None or model_init else bert(),
            args=transformers.TrainingArguments(output_dir=str(tmp_path / "out"), **{**settings, **arguments}),
            train_dataset=Texts(kind),
            optimizers=optimizers,
            model_init=model_init,
            callbacks=callbacks,
        )

    return make_trainer


def structure(model):
    """What every module has, and the hooks on it."""
    return [[*vars(part), *part._forward_hooks] for part in model.modules()]


def losses(trainer):
    """What the Trainer logged after each step."""
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def by_hand(trainer, loss, **settings):
    """The same sweep without the Trainer's loop; `loss(model, batch)`."""
    return plain(
        trainer.model,
        Batches(trainer),
        optimizer=trainer.create_optimizer(),
        training_step=loss,
        **{"clip_grad_norm": 1.0, **SWEEP, **settings},
    )


class Batches:
    """The Trainer's batches in the order of its epochs."""

    def __init__(self, trainer):
        self.loader = trainer.get_train_dataloader()
        self.epoch = 0

    def __iter__(self):
        self.loader.set_epoch(self.epoch)
        self.epoch += 1
        yield from self.loader


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [({}, {}), ({"max_grad_norm": 0.05}, {"clip_grad_norm": 0.05}), ({"bf16": True}, {"amp": "bf16"})],
)
def test_the_curve_is_that_of_a_sweep_by_hand(make, arguments, settings):
    ours = find_lr(make(**arguments), seed=5, **SWEEP)
    theirs = by_hand(make(), lambda model, batch: model(**batch).loss, seed=5, **settings)
    assert len(ours.curve.lr) == 25
    np.testing.assert_allclose(ours.curve.loss, theirs.curve.loss, rtol=1e-4)
    assert ours.curve.loss.min() < 0.9 * ours.curve.loss[0]


def test_label_smoothing(make):
    smooth = nn.CrossEntropyLoss(label_smoothing=0.2)

    def loss(model, batch):
        labels = batch.pop("labels")
        return smooth(model(**batch).logits, labels)

    ours = find_lr(make(label_smoothing_factor=0.2), seed=5, **SWEEP)
    np.testing.assert_allclose(ours.curve.loss, by_hand(make(), loss, seed=5).curve.loss, rtol=1e-4)


def test_a_validation_loss_and_a_metric(make):
    def accuracy(model, batch):
        return (model(**{**batch, "labels": None}).logits.argmax(-1) == batch["labels"]).float().mean()

    trainer = make(gradient_accumulation_steps=2)
    # At a rate that changes nothing the loss is that of an evaluation.
    still = {"start_lr": 1e-12, "end_lr": 2e-12, "steps": 10, "progress": False}
    validation = trainer.get_test_dataloader(trainer.train_dataset)
    result = find_lr(trainer, validation=validation, metric=accuracy, **still)
    expected = trainer.evaluate(trainer.train_dataset)["eval_loss"]
    np.testing.assert_allclose(result.curve.loss, expected, rtol=1e-3)
    on_training = find_lr(trainer, metric=accuracy, **still)
    for measured in (result, on_training):
        assert measured.records[0].metric is not None and all(0 <= value <= 1 for value in measured.records[0].metric)


ONE_RATE = {"start_lr": 5e-3, "end_lr": 5.0000001e-3, "stop_factor": 0, "progress": False}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "arguments", "steps"),
    [
        (bert, {}, 8),
        (bert, {"max_grad_norm": 0.05, "label_smoothing_factor": 0.1, "weight_decay": 0.1}, 8),
        (bert, {"bf16": True, "gradient_accumulation_steps": 2}, 4),
        (bert, {"neftune_noise_alpha": 5.0, "activation_checkpointing": True}, 8),
        # Tokens are counted over all batches of a step, not in each by itself; an incomplete step is left out.
        (gpt, {"gradient_accumulation_steps": 3}, 2),
    ],
)
def test_a_sweep_at_one_rate_is_the_trainers_own_training(make, model, arguments, steps):
    kind = "words" if model is gpt else "classes"
    trainer = make(model(), kind, learning_rate=5e-3, lr_scheduler_type="constant", max_steps=steps, **arguments)
    torch.manual_seed(2)
    before = structure(trainer.model)
    result = find_lr(trainer, steps=steps, **ONE_RATE)
    assert before == structure(trainer.model)
    torch.manual_seed(2)
    trainer.train()
    assert len(losses(trainer)) == steps
    np.testing.assert_allclose(result.curve.loss, losses(trainer), rtol=1e-5)


def test_steps_do_not_reach_across_epochs(make):
    """8 batches make two steps of three; the two that are left over would make a step of another size."""
    items = []

    class Look(transformers.Trainer):
        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            items.append(int(num_items_in_batch))
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

    trainer = make(gpt(), "words", gradient_accumulation_steps=3)
    trainer.__class__ = Look
    find_lr(trainer, steps=6, end_lr=0.1, progress=False)
    assert len(items) == 18 and all(len(set(items[start : start + 3])) == 1 for start in range(0, 18, 3))


def test_training_is_as_if_never_swept(make, snap, same):
    logged = {}
    for swept in (False, True):
        trainer = make(bf16=True, gradient_accumulation_steps=2, warmup_steps=2, lr_scheduler_type="cosine")
        torch.manual_seed(2)
        if swept:
            before = snap(trainer.model), sorted(vars(trainer)), sorted(vars(trainer.model))
            find_lr(trainer, repeats=2, **SWEEP)
            after = snap(trainer.model), sorted(vars(trainer)), sorted(vars(trainer.model))
            assert same(before, after)
            assert trainer.optimizer is None and trainer.lr_scheduler is None and not trainer.is_in_train
            assert trainer.accelerator._models == [] and trainer.state.log_history == []
        trainer.train()
        logged[swept] = losses(trainer)
    assert logged[True] == logged[False] and len(logged[True]) == 4


def test_a_trained_trainer_and_its_optimizer_go_on_as_if_never_swept(make, snap, same):
    logged = {}
    for swept in (False, True):
        model = bert()
        optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 5)
        trainer = make(model, optimizers=(optimizer, schedule), max_steps=3)
        torch.manual_seed(2)
        trainer.train()
        if swept:
            before = snap(model, optimizer, schedule.state_dict())
            find_lr(trainer, **SWEEP)
            assert same(before, snap(model, optimizer, schedule.state_dict()))
        trainer.train()
        logged[swept] = losses(trainer)
    assert logged[True] == logged[False] and len(logged[True]) == 3


def test_a_model_that_the_trainer_makes(make):
    trainer = make(model_init=bert)
    before = trainer.model
    result = find_lr(trainer, **SWEEP)
    assert len(result.curve.lr) == 25 and trainer.model is before


def test_the_ratio_of_groups_outlives_a_warm_up(make):
    model = bert()
    groups = [
        {"params": model.bert.parameters(), "lr": 1e-4},
        {"params": model.classifier.parameters(), "lr": 1e-3},
    ]
    seen = []

    class Look(torch.optim.SGD):
        def step(self, closure=None):
            seen.append([group["lr"] for group in self.param_groups])
            return super().step(closure)

    trainer = make(model, optimizers=(Look(groups, 1e-3), None), warmup_steps=4)
    find_lr(trainer, **SWEEP)
    rates = np.array(seen)
    np.testing.assert_allclose(rates[:, 1] / rates[:, 0], 10)


def test_callbacks_take_no_part(make):
    seen = []

    class Look(transformers.TrainerCallback):
        def on_train_begin(self, *arguments, **parts):
            seen.append("begin")

    trainer = make(callbacks=[Look()])
    callbacks = list(trainer.callback_handler.callbacks)
    find_lr(trainer, **SWEEP)
    assert seen == [] and trainer.callback_handler.callbacks == callbacks


def test_an_error_is_raised_and_everything_is_put_back(make, snap, same):
    class Failing(transformers.Trainer):
        def compute_loss(self, *arguments, **named):
            raise RuntimeError("mine")

    trainer = make()
    trainer.__class__ = Failing
    before = snap(trainer.model)
    with pytest.raises(RuntimeError, match="mine"):
        find_lr(trainer, **SWEEP)
    assert same(before, snap(trainer.model)) and trainer.optimizer is None and not trainer.is_in_train


def test_what_cannot_be_swept_is_said(make):
    with pytest.raises(TypeError, match="`accumulation` cannot be passed here"):
        find_lr(make(), accumulation=2)
    trainer = make()
    trainer.is_deepspeed_enabled = True
    with pytest.raises(ValueError, match="DeepSpeed"):
        find_lr(trainer)


# The number reaches the training ------------------------------------------------------------------


class Rates(transformers.TrainerCallback):
    """The rates of each optimizer step, one list per step."""

    def __init__(self):
        self.seen = []

    def on_step_begin(self, args, state, control, optimizer=None, **parts):
        self.seen.append([float(group["lr"]) for group in optimizer.param_groups])


def trained_with(trainer):
    """The highest rate of each group in a training of its own."""
    rates = Rates()
    trainer.add_callback(rates)
    trainer.train()
    trainer.remove_callback(rates)
    return np.max(rates.seen, axis=0)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A sweep with a pick."""
    trainer = transformers.Trainer(
        model=bert(),
        args=transformers.TrainingArguments(str(tmp_path_factory.mktemp("out")), use_cpu=True, report_to=[]),
        train_dataset=Texts("classes"),
    )
    result = find_lr(trainer, steps=80, progress=False, end_lr=1.0, seed=0)
    assert result.lr is not None
    return result


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"warmup_steps": 4, "lr_scheduler_type": "cosine"},
        {"lr_scheduler_type": "constant"},
        {"lr_scheduler_type": "inverse_sqrt", "warmup_steps": 3},
        {"model_init": bert},
        {"optim": "sgd"},
    ],
    ids=["linear", "warm-up", "constant", "inverse_sqrt", "model_init", "sgd"],
)
def test_the_pick_reaches_an_optimizer_that_the_trainer_makes(make, swept, arguments):
    trainer = make(**arguments)
    apply_lr(trainer, swept)
    assert trainer.args.learning_rate == swept.lr and trainer.optimizer is None and trainer.lr_scheduler is None
    assert trained_with(trainer) == pytest.approx([swept.lr] * 2, rel=1e-6)


def test_the_way_of_the_docs(make):
    trainer = make(learning_rate=5e-5, warmup_steps=2)
    result = find_lr(trainer, steps=80, progress=False, end_lr=1.0, seed=0)
    apply_lr(trainer, result)
    assert result.lr > 100 * 5e-5 and trained_with(trainer) == pytest.approx([result.lr] * 2)


@pytest.mark.parametrize("kind", ["LambdaLR", "OneCycleLR", "none"])
def test_the_pick_reaches_an_optimizer_that_was_given(make, swept, kind):
    model = bert()
    groups = [{"params": model.bert.parameters(), "lr": 1e-6}, {"params": model.classifier.parameters()}]
    optimizer = torch.optim.AdamW(groups, 1e-5)
    schedule = {
        "LambdaLR": lambda: transformers.get_linear_schedule_with_warmup(optimizer, 2, 8),
        "OneCycleLR": lambda: torch.optim.lr_scheduler.OneCycleLR(
            optimizer, [1e-6, 1e-5], total_steps=10, pct_start=0.4
        ),
        "none": lambda: None,  # then the Trainer makes one
    }[kind]()
    trainer = make(model, optimizers=(optimizer, schedule), max_steps=8)
    apply_lr(trainer, swept)
    assert trained_with(trainer) == pytest.approx([swept.lr / 10, swept.lr], rel=1e-6)
    assert trainer.args.learning_rate == 1e-3  # nobody reads it


@pytest.mark.parametrize("model_init", [None, bert])
def test_the_pick_reaches_a_second_training(make, swept, model_init):
    trainer = make(model_init=model_init, max_steps=6)
    assert trained_with(trainer) == pytest.approx([1e-3, 1e-3])
    apply_lr(trainer, swept, lr=0.02)
    assert trained_with(trainer) == pytest.approx([0.02, 0.02])


def test_rates_that_are_multiples_of_the_argument(make, swept):
    class Look(transformers.Trainer):
        factor = 10

        def create_optimizer(self, model=None):
            if self.optimizer is None:
                rate = self.factor * self.args.learning_rate if self.factor else 0.01
                groups = [{"params": self.model.bert.parameters(), "lr": rate / 10}]
                self.optimizer = torch.optim.SGD([*groups, {"params": self.model.classifier.parameters()}], rate)
            return self.optimizer

    trainer = make()
    trainer.__class__ = Look
    apply_lr(trainer, swept)
    assert trainer.args.learning_rate == pytest.approx(swept.lr / 10)
    assert trained_with(trainer) == pytest.approx([swept.lr / 10, swept.lr])
    fixed = make()
    fixed.__class__ = Look
    fixed.factor = 0
    with pytest.raises(ValueError, match=r"does not follow args\.learning_rate: .* 1e-2 instead of 2e-2"):
        apply_lr(fixed, swept)
    assert fixed.args.learning_rate == 1e-3 and fixed.optimizer is None


def test_no_reliable_rate_is_not_applied(make):
    trainer = make()
    result = find_lr(trainer, steps=20, progress=False, start_lr=1e-9, end_lr=1e-8)
    assert result.lr is None
    with pytest.raises(ValueError, match="lr="):
        apply_lr(trainer, result)
    assert trainer.args.learning_rate == 1e-3
    apply_lr(trainer, result, lr=0.01)
    assert trainer.args.learning_rate == 0.01


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({}, "decay"),
        ({"warmup_steps": 4}, "warmup"),
        ({"lr_scheduler_type": "constant"}, "constant"),
        ({"lr_scheduler_type": "constant_with_warmup", "warmup_steps": 4}, "constant"),
    ],
)
def test_the_planned_training_is_the_trainer_s(make, arguments, kind):
    plan = find_lr(make(max_steps=500, **arguments), **SWEEP).reading.plan
    assert (plan.schedule, plan.steps, plan.family) == (kind, 500, "adam")


def test_a_planned_training_that_is_given_counts(make):
    result = find_lr(make(max_steps=500), planned_schedule="onecycle", planned_steps=7, **SWEEP)
    assert (result.planned_schedule, result.planned_steps) == ("onecycle", 7)
