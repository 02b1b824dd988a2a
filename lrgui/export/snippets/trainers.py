"""Snippets for packages that make optimizer and schedule themselves, from settings: Hugging Face, fastai, skorch."""

from __future__ import annotations

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.export.snippets.code import Argument, call, literal, named, rate
from lrgui.export.snippets.facts import Facts, MadeWith, SnippetError
from lrgui.export.snippets.pytorch import (
    MAKER,
    heading,
    imports,
    known_optimizer,
    maker,
    needs,
    optimizer_lines,
)
from lrgui.export.snippets.schedules import SCHEDULERS, cycle_arguments

#: What Transformers calls the schedules.
_HF_SCHEDULES = {"warmup": "cosine", "decay": "cosine", "constant": "constant"}


def huggingface(facts: Facts) -> list[str]:
    """`TrainingArguments`, whose cosine has no cycle; optimizers that they cannot express go to the Trainer."""
    facts = facts.running("warmup") if facts.schedule == ONE_CYCLE else facts
    loop = facts.loop
    schedule = facts.schedule
    by_name = None if needs(facts) == MAKER else _named_by_arguments(known_optimizer(facts))
    arguments: list[Argument] = [("output_dir", '"out"', ""), ("learning_rate", rate(facts.lr), "")]
    if schedule not in _HF_SCHEDULES:
        raise SnippetError("TrainingArguments know no rate that drops in steps: choose another planned schedule.")
    arguments.append(("lr_scheduler_type", f'"{_HF_SCHEDULES[schedule]}"', ""))
    if schedule == "warmup":
        words = "share of the steps; before Transformers 5 this is warmup_ratio"
        arguments.append(("warmup_steps", literal(facts.warm_share), words))
    if facts.batch_size is not None:
        arguments.append(("per_device_train_batch_size", f"{facts.batch_size}", ""))
    if loop.accumulation > 1:
        arguments.append(("gradient_accumulation_steps", f"{loop.accumulation}", ""))
    if facts.epochs is not None:
        arguments.append(("num_train_epochs", f"{facts.epochs}", ""))
    elif facts.total_steps is not None:
        arguments.append(("max_steps", f"{facts.total_steps}", ""))
    else:
        arguments.append(("num_train_epochs", "epochs", ""))
    if not facts.own_loop:
        clip = 0.0 if loop.clip_grad_norm is None else float(loop.clip_grad_norm)
        arguments.append(("max_grad_norm", literal(clip), "" if clip else "the sweep did not clip gradients"))
    if loop.amp:
        arguments.append((loop.amp, "True", ""))
    arguments += by_name or []
    expects = [] if by_name else list(dict.fromkeys(["model", needs(facts), "train_dataset"]))
    if facts.epochs is None and facts.total_steps is None:
        expects.append("epochs")
    said = [*heading(facts, expects), *_left_to_usual(facts)]
    wanted = ["from transformers import TrainingArguments"]
    if by_name:
        return [*imports(*wanted), *said, *call("TrainingArguments", arguments, "args = ")]
    wanted = ["torch", "from transformers import Trainer, TrainingArguments"]
    trainer: list[Argument] = [
        *[(name, name, "") for name in ("model", "args", "train_dataset")],
        ("optimizers", "(optimizer, None)", "None: the schedule is made from args"),
    ]
    lines = [*imports(*wanted, of=facts), *said, *call("TrainingArguments", arguments, "args = ")]
    return [*lines, *optimizer_lines(facts), *call("Trainer", trainer, "trainer = ")]


def _left_to_usual(facts: Facts) -> list[str]:
    """What nobody knows of the sweep and `TrainingArguments` would decide by themselves, as comments."""
    lines = []
    if facts.batch_size is None:
        lines.append("# Its batch size is not known: set per_device_train_batch_size, which is 8 otherwise.")
    if facts.own_loop:
        lines.append("# Nor whether the script clips gradients: max_grad_norm is 1.0 otherwise, and 0.0 does not clip.")
    return lines


def _named_by_arguments(made: MadeWith) -> list[Argument] | None:
    """The arguments that make this optimizer; None where they can't. Their AdamW is torch's."""
    given = dict(made.arguments or {})
    if made.dotted != "torch.optim.AdamW" or made.arguments is None:
        return None
    found: dict[str, object] = {"optim": "adamw_torch", "weight_decay": float(given.pop("weight_decay", 1e-2))}
    if "betas" in given:
        found["adam_beta1"], found["adam_beta2"] = given.pop("betas")[:2]
    if "eps" in given:
        found["adam_epsilon"] = given.pop("eps")
    return None if given else named(found)


def fastai(facts: Facts) -> list[str]:
    """`fit_one_cycle`, or the schedule as a callback where the optimizer has no momentum to cycle."""
    made, cycle = known_optimizer(facts, "fastai"), facts.cycle
    epochs = f"{facts.epochs}" if facts.epochs is not None else "epochs"
    kept: list[Argument] = [("", "OptimWrapper", ""), ("opt", maker(made), ""), *named(made.arguments or {})]
    schedule = facts.schedule
    scheduled = schedule != "constant"
    wanted = ["torch", "from functools import partial", "from fastai.optimizer import OptimWrapper"]
    fit = f"learn.fit({epochs}, {rate(facts.lr)})"
    extra: list[str] = []
    if schedule == ONE_CYCLE and made.cycles_momentum:
        wanted.append("from fastai.callback import schedule  # gives the Learner its fit_one_cycle")
        shape: list[Argument] = [
            ("", epochs, ""),
            ("lr_max", rate(facts.lr), ""),
            ("div", literal(float(cycle.div_factor)), ""),
            ("div_final", literal(float(cycle.div_factor * cycle.final_div_factor)), ""),
            ("pct_start", literal(cycle.pct_start), ""),
        ]
        extra = call("learn.fit_one_cycle", shape)
    elif scheduled:
        names = {ONE_CYCLE: "combined_cos", "warmup": "combined_cos", "decay": "SchedCos"}
        if schedule not in names:
            raise SnippetError("fastai has no rate that drops in steps: choose another planned schedule.")
        wanted.append(f"from fastai.callback.schedule import ParamScheduler, {names[schedule]}")
        top, first, last = rate(facts.lr), literal(facts.first_lr), literal(facts.last_lr)
        shape_code = (
            f"SchedCos({top}, 0.0)"
            if schedule == "decay"
            else f"combined_cos({literal(facts.warm_share)}, {first}, {top}, {last})"
        )
        extra = [f'schedule = ParamScheduler({{"lr": {shape_code}}})', f"{fit[:-1]}, cbs=schedule)"]
    else:
        extra = [fit]
    lines = [*imports(*wanted, of=facts), *heading(facts, ["learn", *([] if facts.epochs else ["epochs"])])]
    lines += call("partial", kept, "learn.opt_func = ")
    lines.append("learn.opt = None  # made again, with this optimizer")
    return [*lines, *_remarks(facts), *extra]


def _remarks(facts: Facts) -> list[str]:
    """What the sweep's loop did beside, as comments for fastai."""
    loop, lines = facts.loop, list[str]()
    if loop.clip_grad_norm is not None:
        lines.append(
            f"# Gradients were clipped: add GradientClip({literal(float(loop.clip_grad_norm))}) to the callbacks."
        )
    if loop.accumulation > 1 and facts.batch_size is not None:
        count = loop.accumulation * facts.batch_size
        lines.append(f"# The sweep accumulated gradients: add GradientAccumulation({count}) to the callbacks.")
    if loop.amp:
        lines.append(f"# The sweep ran in {loop.amp}: learn.to_{loop.amp}().")
    return lines


def skorch(facts: Facts) -> list[str]:
    """Settings of a net, with the schedule as a callback."""
    made = known_optimizer(facts, "skorch")
    settings: list[Argument] = [("optimizer", maker(made), ""), ("lr", rate(facts.lr), "")]
    settings += [(f"optimizer__{name}", code, "") for name, code, _ in named(made.arguments or {})]
    if facts.batch_size is not None:
        settings.append(("batch_size", f"{facts.batch_size}", ""))
    expects = ["net", *([] if facts.epochs is not None else ["epochs"])]
    settings.append(("max_epochs", f"{facts.epochs}" if facts.epochs is not None else "epochs", ""))
    schedule = facts.schedule
    if facts.loop.accumulation > 1:
        raise SnippetError("skorch does not accumulate gradients: sweep with the batch size that it can hold.")
    lines: list[str] = []
    wanted = ["torch"]
    callbacks: list[str] = []
    if facts.loop.clip_grad_norm is not None:
        wanted.append("from skorch.callbacks import GradientNormClipping")
        callbacks.append(f'("clipping", GradientNormClipping({literal(float(facts.loop.clip_grad_norm))}))')
    if schedule != "constant":
        expects.append("steps_per_epoch")
        total = "net.max_epochs * steps_per_epoch"
        policies: dict[str, tuple[str, list[Argument]]] = {
            ONE_CYCLE: ("OneCycleLR", cycle_arguments(facts, total)),
            "decay": ("CosineAnnealingLR", [("T_max", total, "")]),
            "step": ("StepLR", [("step_size", f"max(1, {total} // 3)", "your own"), ("gamma", "0.1", "your own")]),
        }
        if schedule not in policies:
            raise SnippetError("skorch has one schedule at a time, without a warm-up before it: choose OneCycle.")
        policy, shape = policies[schedule]
        wanted.append("from skorch.callbacks import LRScheduler")
        arguments: list[Argument] = [("policy", f"{SCHEDULERS}.{policy}", ""), ("step_every", '"batch"', ""), *shape]
        lines = [
            "# steps_per_epoch: batches of the part that train_split leaves, which is 80 % unless you changed it.",
            *call("LRScheduler", arguments, "schedule = "),
        ]
        callbacks.append('("schedule", schedule)')
    head = [*imports(*_merged(wanted), of=facts), *heading(facts, expects), *call("net.set_params", settings)]
    if callbacks:
        lines.append(f"net.set_params(callbacks=[*(net.callbacks or []), {', '.join(callbacks)}])")
    return [*head, *lines]


def _merged(wanted: list[str]) -> list[str]:
    """Import lines of one module as one."""
    prefix = "from skorch.callbacks import "
    names = sorted(line.removeprefix(prefix) for line in wanted if line.startswith(prefix))
    others = [line for line in wanted if not line.startswith(prefix)]
    return [*others, *([f"{prefix}{', '.join(names)}"] if names else [])]
