"""Snippets for training scripts that are set by their command line: timm's train.py and nanoGPT's."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.formats import exact_number, format_percent
from lrgui.export.snippets.code import literal, rate
from lrgui.export.snippets.facts import Facts, MadeWith, SnippetError, options_of
from lrgui.export.snippets.pytorch import heading, known_optimizer

#: torch's optimizers that timm has by its own names, and which of their arguments its command line has.
_TIMM = {
    "Adam": ("adam", ("betas", "eps", "weight_decay")),
    "AdamW": ("adamw", ("betas", "eps", "weight_decay")),
    "NAdam": ("nadam", ("betas", "eps", "weight_decay")),
    "RAdam": ("radam", ("betas", "eps", "weight_decay")),
    "Adamax": ("adamax", ("betas", "eps", "weight_decay")),
    "SGD": ("momentum", ("momentum", "weight_decay", "nesterov")),
}
#: What torch takes where nobody says otherwise, and timm something else.
_DECAYS = {"AdamW": 1e-2}
_BETAS = (0.9, 0.999)


def _heading(facts: Facts, variables: Sequence[str]) -> list[str]:
    """The comment above a command, with the shell's variables that it needs."""
    lines = heading(facts)
    return [*lines, f"# Set first: {', '.join(variables)}."] if variables else lines


def _lines(script: str, options: Sequence[str]) -> list[str]:
    """A command over several lines."""
    return [f"{script} \\", *(f"    {option} \\" for option in options[:-1]), f"    {options[-1]}"]


def timm(facts: Facts) -> list[str]:
    """The command line of timm's `train.py`, whose cosine has no cycle."""
    facts = facts.running("warmup") if facts.schedule == ONE_CYCLE else facts
    made, loop = known_optimizer(facts), facts.loop
    schedule = facts.schedule
    if schedule == "constant":
        raise SnippetError("timm has no schedule with a constant rate: choose another planned schedule.")
    options = [*_timm_optimizer(made), f"--lr {rate(facts.lr)}"]
    if facts.batch_size is not None:
        options.append(f"--batch-size {facts.batch_size}")
    if loop.accumulation > 1:
        options.append(f"--grad-accum-steps {loop.accumulation}")
    expects = ["DATA (a folder)"]
    model = options_of(facts.task).get("name") if facts.task is not None and facts.task.model == "timm" else None
    if model is None:
        expects.append("MODEL")
    epochs = facts.epochs
    if epochs is None and facts.total_steps is not None and facts.steps_per_epoch:
        epochs = max(1, round(facts.total_steps / facts.steps_per_epoch))
    options.append("--sched step" if schedule == "step" else "--sched cosine")
    if schedule == "step":
        expects.append("DECAY_EPOCHS (until each drop to a tenth)")
        options.append("--decay-epochs $DECAY_EPOCHS --decay-rate 0.1")
    warmup: int | None = 0
    if schedule == "warmup":
        # Without the prefix, timm's cosine has begun to fall when the warm-up ends, and never reaches the rate.
        warmup = 0 if epochs == 1 else max(1, round(facts.warm_share * epochs)) if epochs else None
        if warmup is None:
            expects.append(f"WARMUP_EPOCHS ({_share(facts)} of the training, before EPOCHS)")
        number = "$WARMUP_EPOCHS" if warmup is None else warmup
        options.append(f"--warmup-epochs {number} --warmup-prefix --warmup-lr {rate(facts.first_lr)}")
        options.append(f"--min-lr {rate(facts.last_lr)}")
    else:
        options.append("--warmup-epochs 0")
    if epochs is None or warmup is None:
        expects.append("EPOCHS")
        options.append("--epochs $EPOCHS")
    else:
        options.append(f"--epochs {epochs - warmup}")
    options.append("--sched-on-updates")
    if loop.clip_grad_norm is not None:
        options.append(f"--clip-grad {exact_number(loop.clip_grad_norm)}")
    if loop.amp:
        options.append(f"--amp --amp-dtype {'bfloat16' if loop.amp == 'bf16' else 'float16'}")
    named = '"$MODEL"' if model is None else shlex.quote(str(model))
    script = f'python train.py --data-dir "$DATA" --model {named}'
    return [*_heading(facts, expects), *_lines(script, options)]


def _share(facts: Facts) -> str:
    return format_percent(facts.warm_share)


def _timm_optimizer(made: MadeWith) -> list[str]:
    """The options that make the optimizer; SnippetError where timm's command line can't."""
    given = dict(made.arguments or {})
    if made.key == "timm":
        name = shlex.quote(str(given.pop("opt")))
        return [f"--opt {name} --momentum {literal(given['momentum'])} --weight-decay {literal(given['weight_decay'])}"]
    if not made.dotted.startswith("torch.optim.") or made.name not in _TIMM or made.arguments is None:
        raise SnippetError(
            f"timm's train.py has no {made.words} with these settings: sweep with an optimizer that it has, such as "
            "AdamW, SGD or one of timm's own."
        )
    name, takes = _TIMM[made.name]
    nesterov = bool(given.pop("nesterov", False))
    if set(given) - set(takes):
        others = ", ".join(sorted(set(given) - set(takes)))
        raise SnippetError(f"timm's train.py cannot set {others} of {made.name}: sweep with the default.")
    if made.name == "SGD":
        options = [f"--opt {'sgd' if nesterov else name}", f"--momentum {literal(float(given.get('momentum', 0.0)))}"]
    else:
        betas = " ".join(literal(float(beta)) for beta in given.get("betas", _BETAS))
        options = [f"--opt {name}", f"--opt-betas {betas}"]
        if "eps" in given:
            options.append(f"--opt-eps {literal(given['eps'])}")
    decay = given.get("weight_decay", _DECAYS.get(made.name, 0.0))
    return [" ".join([*options, f"--weight-decay {literal(float(decay))}"])]


def nanogpt(facts: Facts) -> list[str]:
    """The command line of nanoGPT's `train.py`, whose optimizer is always AdamW, and whose cosine has no cycle."""
    facts = facts.running("warmup") if facts.schedule == ONE_CYCLE else facts
    made, loop = known_optimizer(facts), facts.loop
    given = dict(made.arguments or {})
    if made.dotted != "torch.optim.AdamW" or made.arguments is None:
        raise SnippetError(f"nanoGPT trains with AdamW, but this rate was found with {made.words}: sweep with AdamW.")
    decay = given.pop("weight_decay", _DECAYS["AdamW"])
    betas = given.pop("betas", _BETAS)
    if given:
        raise SnippetError(f"nanoGPT cannot set {', '.join(sorted(given))} of AdamW: sweep with the default.")
    schedule = facts.schedule
    if schedule == "step":
        raise SnippetError("nanoGPT has no rate that drops in steps: choose another planned schedule.")
    steps, expects = facts.total_steps, []
    options = [f"--learning_rate={rate(facts.lr)}"]
    options.append(f"--weight_decay={literal(float(decay))}")
    options += [f"--{name}={literal(float(beta))}" for name, beta in zip(("beta1", "beta2"), betas[:2], strict=True)]
    if facts.batch_size is not None:
        options.append(f"--batch_size={facts.batch_size}")
    if not facts.own_loop:
        options.append(f"--gradient_accumulation_steps={loop.accumulation}")
        options.append(f"--grad_clip={literal(float(loop.clip_grad_norm or 0.0))}")
    if steps is None:
        expects.append("STEPS (of the whole training)")
    options.append(f"--max_iters={steps if steps is not None else '$STEPS'}")
    options.append(f"--decay_lr={schedule != 'constant'}")
    if schedule != "constant":
        options.append(f"--lr_decay_iters={steps if steps is not None else '$STEPS'}")
        options.append(f"--min_lr={rate(facts.last_lr) if schedule != 'decay' else '0.0'}")
        if schedule == "decay":
            options.append("--warmup_iters=0")
        elif steps is not None:
            options.append(f"--warmup_iters={max(1, round(facts.warm_share * steps)) if steps > 1 else 0}")
        else:
            expects.append(f"WARMUP ({_share(facts)} of them)")
            options.append("--warmup_iters=$WARMUP")
    if loop.amp:
        options.append(f"--dtype={'bfloat16' if loop.amp == 'bf16' else 'float16'}")
    return [*_heading(facts, expects), *_lines("python train.py", options)]
