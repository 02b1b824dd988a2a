"""Commands for timm's and nanoGPT's `train.py`: their options are there, and the schedule really reaches the rate."""

from __future__ import annotations

import ast
import math
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from snippet_facts import BATCH, BATCHES, CYCLED, LR, WARMUP, facts, network, planned

from lrgui.export.snippets import snippet
from lrgui.tasks.optimizers.optimizing import make_optimizer
from lrgui.tasks.spec import TaskSpec


def words_of(command: str, **variables: str) -> list[str]:
    """What the shell makes of a command, without `python train.py`."""
    shown = command.replace("python train.py", "show train.py")
    script = f"show() {{ printf '%s\\n' \"$@\"; }}\n{shown}"
    done = subprocess.run(["bash", "-c", script], env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert first == "train.py"
    return rest


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's command")
@pytest.mark.parametrize(
    ("optimizer", "known", "schedule"),
    [
        *((key, True, None) for key in ("adam", "adamw", "nadam", "radam", "adamax", "timm")),
        *(("sgd", *rest) for rest in ((True, None), (False, None), (True, "decay"), (True, "step"))),
    ],
)
def test_timm(optimizer: str, known: bool, schedule: str | None) -> None:
    pytest.importorskip("timm")
    from timm.optim import create_optimizer_v2, optimizer_kwargs
    from timm.scheduler import create_scheduler_v2
    from timm.scheduler.scheduler_factory import scheduler_kwargs

    settings = {"optimizer_options": {"name": "lamb"}} if optimizer == "timm" else {}
    said = planned(facts(optimizer, known, **settings), schedule=schedule)
    if known:
        said = replace(said, epochs=10)
    text, lr = snippet(said, "timm"), LR if schedule else WARMUP
    words = words_of(text, DATA="a folder", MODEL="resnet18", EPOCHS="7", WARMUP_EPOCHS="3", DECAY_EPOCHS="3")
    args = timm_parser().parse_args(words)
    assert (args.data_dir, args.model, args.batch_size, args.lr) == ("a folder", "resnet18", BATCH, lr)
    model = network()
    made = create_optimizer_v2(list(model.parameters()), **optimizer_kwargs(cfg=args))
    asked = make_optimizer(TaskSpec(optimizer=optimizer, **settings), model)
    assert type(made) is type(asked)
    same = {k: v for k, v in asked.param_groups[0].items() if k not in CYCLED or k in ("momentum", "betas")}
    assert {name: _tupled(made.param_groups[0][name]) for name in same} == {k: _tupled(v) for k, v in same.items()}
    schedule_, epochs = create_scheduler_v2(made, **scheduler_kwargs(args), updates_per_epoch=BATCHES)
    assert epochs == 10
    seen = []
    for update in range(epochs * BATCHES):
        schedule_.step_update(update)
        seen.append(made.param_groups[0]["lr"])
    assert max(seen) == pytest.approx(lr)
    assert min(seen) < lr / 9


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def timm_parser() -> Any:
    """Those options of timm's `train.py` (pytorch-image-models 1.0, which its package does not contain) that set a
    training's rate, as they are declared there."""
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="?")
    for name in ("--data-dir", "--model", "--opt", "--clip-mode", "--sched", "--amp-dtype"):
        parser.add_argument(name, type=str)
    for name in ("--opt-eps", "--momentum", "--weight-decay", "--clip-grad", "--lr", "--warmup-lr", "--min-lr"):
        parser.add_argument(name, type=float)
    for name in ("--decay-epochs", "--decay-rate"):
        parser.add_argument(name, type=float, default=0.1)
    for name in ("--batch-size", "--grad-accum-steps", "--epochs", "--warmup-epochs"):
        parser.add_argument(name, type=int)
    parser.add_argument("--opt-betas", type=float, nargs="+")
    for name in ("--sched-on-updates", "--warmup-prefix", "--amp"):
        parser.add_argument(name, action="store_true")
    parser.set_defaults(momentum=0.9, weight_decay=2e-5, min_lr=0.0, warmup_lr=1e-5, sched="cosine", opt="sgd")
    return parser


#: What the configuration of nanoGPT's `train.py` holds, by which `configurator.py` checks the type of each override.
NANOGPT: dict[str, Any] = {
    "learning_rate": 6e-4,
    "max_iters": 600000,
    "weight_decay": 1e-1,
    "beta1": 0.9,
    "beta2": 0.95,
    "grad_clip": 1.0,
    "decay_lr": True,
    "warmup_iters": 2000,
    "lr_decay_iters": 600000,
    "min_lr": 6e-5,
    "gradient_accumulation_steps": 40,
    "batch_size": 12,
    "dtype": "float16",
}


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's command")
@pytest.mark.parametrize(
    ("known", "schedule"), [(True, None), (False, None), (True, "decay"), (True, "constant"), (True, "warmup")]
)
def test_nanogpt(known: bool, schedule: str | None) -> None:
    loop = {"accumulation": 2, "clip_grad_norm": 1, "amp": "bf16"} if schedule else {}
    said = facts("adamw", known, loop, optimizer_options={"beta2": 0.95})
    said = planned(said, schedule=schedule, steps=100 if known else None)
    config = dict(NANOGPT)
    for word in words_of(snippet(said, "nanogpt"), STEPS="100", WARMUP="30"):
        name, value = word.removeprefix("--").split("=")
        try:
            read = ast.literal_eval(value)
        except ValueError:
            read = value
        assert type(read) is type(NANOGPT[name])
        config[name] = read
    assert config["beta2"] == 0.95
    assert config["max_iters"] == 100
    assert config["weight_decay"] == TaskSpec().weight_decay
    assert config["gradient_accumulation_steps"] == said.loop.accumulation
    assert config["grad_clip"] == (1.0 if schedule else 0.0)
    seen = [nanogpt_lr(config, step) for step in range(100)]
    assert max(seen) == pytest.approx(LR if schedule else WARMUP)
    assert (min(seen) < LR / 9) is (schedule != "constant")


def nanogpt_lr(config: dict[str, Any], step: int) -> float:
    """The rate of a step: `get_lr` of nanoGPT's `train.py`, and what stands around it."""
    top, low, warmup, end = (config[name] for name in ("learning_rate", "min_lr", "warmup_iters", "lr_decay_iters"))
    if not config["decay_lr"]:
        return float(top)
    if step < warmup:
        return float(top * (step + 1) / (warmup + 1))
    if step > end:
        return float(low)
    return float(low + 0.5 * (1.0 + math.cos(math.pi * (step - warmup) / (end - warmup))) * (top - low))
