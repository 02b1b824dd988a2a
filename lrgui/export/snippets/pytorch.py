"""Snippets for code that makes torch's optimizer and schedule itself: plain PyTorch, Lightning, Ignite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.formats import exact_number
from lrgui.export.snippets.code import Argument, call, literal, named, rate
from lrgui.export.snippets.facts import Facts, MadeWith, SnippetError
from lrgui.export.snippets.schedules import on_plateaus, schedule_lines

#: The function of the caller's that makes an optimizer which cannot be written down.
MAKER = "make_optimizer"
_DTYPES = {"bf16": "torch.bfloat16", "fp16": "torch.float16"}


def heading(facts: Facts, expects: Sequence[str] = ()) -> list[str]:
    """The comment above a snippet: what the rate was found for, and what the code around it must have."""
    made = [] if facts.optimizer is None else [facts.optimizer.words]
    made += [] if facts.batch_size is None else [f"batch size {facts.batch_size}"]
    made += [] if facts.loop.accumulation == 1 else [f"accumulation {facts.loop.accumulation}"]
    how = "selected by hand, for" if facts.chosen else "found by LR Finder with"
    lines = [
        f"# Learning rate {rate(facts.lr)}, {how} {', '.join(made) or 'your optimizer'},",
        f"# as {_meant(facts)}.",
    ]
    if facts.planned_as is not None and rate(facts.planned_as.lr) != rate(facts.lr):
        lines.append(f"# As {_meant(facts.planned_as)} it would be {rate(facts.planned_as.lr)}.")
    if expects:
        lines.append(f"# Your code provides: {', '.join(expects)}.")
    return lines


def _meant(facts: Facts) -> str:
    """What the rate is in the training that it is meant for: "the maximum of a OneCycle (252 steps)"."""
    words = {
        ONE_CYCLE: "the maximum of a OneCycle",
        "warmup": "the rate after a warm-up, which then decays",
        "decay": "a rate that decays from the start",
        "constant": "a constant rate",
        "step": "a rate that drops in steps",
    }[facts.schedule]
    steps = "" if facts.total_steps is None else f" ({facts.total_steps:,} steps)"
    return f"{words}{steps}"


def imports(*modules: str, of: Facts | None = None) -> list[str]:
    """Import lines, those of the optimizer included."""
    lines = {f"import {module}" if " " not in module else module for module in modules}
    made = None if of is None or of.several_groups else of.optimizer
    if made is not None and not made.dotted.startswith("torch.optim."):
        module, _, name = made.dotted.rpartition(".")
        lines |= set() if module == "__main__" else {f"from {module} import {name}"}
    return [*sorted(lines, key=lambda line: (line.startswith("from"), line)), ""]


def maker(made: MadeWith) -> str:
    """What code calls to make the optimizer, once `imports` has run."""
    return made.dotted if made.dotted.startswith("torch.optim.") else made.dotted.rpartition(".")[2]


def known_optimizer(facts: Facts, package: str = "") -> MadeWith:
    """The optimizer; SnippetError where nobody knows it. `package`: it needs a class with all its arguments."""
    made = facts.optimizer
    if made is None:
        raise SnippetError("The optimizer of this sweep has no name that code can import: use the snippet for PyTorch.")
    if package and (not made.is_class or made.arguments is None or facts.several_groups):
        what = "has several parameter groups" if facts.several_groups else "is not made by its class and settings alone"
        raise SnippetError(f"{made.words} {what}, which {package} asks for: use the snippet for PyTorch.")
    return made


def needs(facts: Facts, model: str = "model") -> str:
    """What `optimizer_lines` needs of the code around it."""
    return MAKER if facts.optimizer is None or facts.several_groups else model


def optimizer_lines(facts: Facts, model: str = "model", indent: int = 0) -> list[str]:
    """`optimizer = …`, over all parameters of `model`; one of the caller's own keeps its groups."""
    made, pad = facts.optimizer, " " * indent
    if made is None or facts.several_groups:
        return [
            f"{pad}optimizer = {MAKER}({model})  # as in the sweep, with its parameter groups",
            f'{pad}highest = max(group["lr"] for group in optimizer.param_groups)',
            f"{pad}for group in optimizer.param_groups:  # they keep their ratio",
            f'{pad}    group["lr"] *= {rate(facts.lr)} / highest',
        ]
    first = model if made.takes == "model" else f"{model}.parameters()"
    arguments: list[Argument] = [("", first, ""), ("lr", rate(facts.lr), "")]
    if made.arguments is None:
        arguments[-1] = ("lr", rate(facts.lr), "add the other arguments of your optimizer")
    return call(maker(made), [*arguments, *named(made.arguments or {})], "optimizer = ", indent=indent)


def total_steps(facts: Facts) -> tuple[str, str, list[str]]:
    """How many steps the training has, as code, with a comment, and the names that this needs."""
    total, epochs = facts.total_steps, facts.epochs
    if total is not None:
        words = f"{epochs} epochs of {facts.steps_per_epoch:,} steps" if epochs and facts.steps_per_epoch else ""
        return f"{total}", words, []
    batches = "len(train_loader)"
    if facts.loop.accumulation > 1:
        batches = f"-(-len(train_loader) // {facts.loop.accumulation})"
    names = ["train_loader"] if epochs else ["train_loader", "epochs"]
    return f"{epochs or 'epochs'} * {batches}", "optimizer steps of the whole training", names


def with_total(facts: Facts, *, plateau: bool = False) -> tuple[list[str], list[str]]:
    """The schedule's lines after that of its steps, and the names that they need; none for a constant rate."""
    total, words, names = total_steps(facts)
    schedule = schedule_lines(facts, "total_steps", plateau=plateau)
    if not schedule:
        return [], []
    return [f"total_steps = {total}{f'  # {words}' if words else ''}", *schedule], names


def pytorch(facts: Facts) -> list[str]:
    """Optimizer and schedule, and what belongs into the loop."""
    schedule, names = with_total(facts, plateau=True)
    if on_plateaus(facts):
        schedule, names = schedule[1:], []  # it does not ask how long the training is
    expects = dict.fromkeys(["model", needs(facts), *names, *_of_the_loop(facts)])
    lines = [*imports("torch", of=facts), *heading(facts, list(expects)), *optimizer_lines(facts), *schedule, ""]
    by_steps = bool(schedule) and not on_plateaus(facts)
    once = "once for each optimizer step, not for each epoch" if by_steps else "at each batch"
    lines += [f"# In the training loop, {once}:", *loop_remarks(facts, "    "), "#     optimizer.step()"]
    if by_steps:
        lines.append("#     scheduler.step()")
    elif schedule:
        lines += ["# After each epoch:", "#     scheduler.step(validation_loss)"]
    return lines


def _of_the_loop(facts: Facts) -> list[str]:
    """The names that `loop_remarks` needs."""
    return ["device"] if facts.loop.amp else []


def loop_remarks(facts: Facts, indent: str = "") -> list[str]:
    """What the loop of the sweep did beside at each step, as comments: the loop itself is the caller's."""
    loop, lines = facts.loop, list[str]()
    if loop.amp:
        lines.append(f"with torch.autocast(device.type, dtype={_DTYPES[loop.amp]}): forward pass and loss")
    if loop.accumulation > 1:
        lines.append(f"(loss / {loop.accumulation}).backward(), a step after every {loop.accumulation} batches")
    if loop.clip_grad_norm is not None:
        norm = exact_number(loop.clip_grad_norm)
        lines.append(f"torch.nn.utils.clip_grad_norm_(model.parameters(), {norm})")
    if loop.label_smoothing:
        lines.append(f"label smoothing: nn.CrossEntropyLoss(label_smoothing={exact_number(loop.label_smoothing)})")
    if not loop.decay_norms:
        lines.append("weight_decay=0 in a parameter group of their own for norms and biases (p.dim() <= 1)")
    if loop.compile:
        lines.append("model.compile()")
    if loop.deterministic:
        lines.append("torch.use_deterministic_algorithms(True)")
    return [f"# {indent}{line}" for line in lines]


def lightning(facts: Facts) -> list[str]:
    """`configure_optimizers`, and the Trainer's settings."""
    schedule = schedule_lines(facts, "total_steps", indent=4, plateau=True)
    lines = imports("import lightning as L  # or: import pytorch_lightning as L", "torch", of=facts)
    settings, names = _trainer_arguments(facts)
    names += [MAKER] if needs(facts) == MAKER else []
    lines += [*heading(facts, names), "# The method belongs in your LightningModule."]
    lines += ["def configure_optimizers(self):", *optimizer_lines(facts, "self", indent=4)]
    if schedule:
        total, when = ["    total_steps = self.trainer.estimated_stepping_batches"], '"interval": "step"'
        if on_plateaus(facts):
            total, when = [], '"monitor": "val_loss"'
        lines += [*total, *schedule]
        scheduler = f'{{"scheduler": scheduler, {when}}}'
        lines.append(f'    return {{"optimizer": optimizer, "lr_scheduler": {scheduler}}}')
    else:
        lines.append("    return optimizer")
    return [*lines, "", "", *call("L.Trainer", settings, "trainer = ")]


def _trainer_arguments(facts: Facts) -> tuple[list[Argument], list[str]]:
    """The settings of a Lightning Trainer, and the names that they need."""
    loop, names = facts.loop, list[str]()
    arguments: list[Argument] = []
    if facts.epochs is not None:
        arguments.append(("max_epochs", f"{facts.epochs}", ""))
    elif facts.total_steps is not None:
        arguments += [("max_steps", f"{facts.total_steps}", ""), ("max_epochs", "-1", "")]
    else:
        arguments.append(("max_epochs", "epochs", ""))
        names.append("epochs")
    if loop.accumulation > 1:
        arguments.append(("accumulate_grad_batches", f"{loop.accumulation}", ""))
    if loop.clip_grad_norm is not None:
        arguments.append(("gradient_clip_val", literal(float(loop.clip_grad_norm)), ""))
    if loop.amp:
        arguments.append(("precision", '"bf16-mixed"' if loop.amp == "bf16" else '"16-mixed"', ""))
    return arguments, names


def ignite(facts: Facts) -> list[str]:
    """Optimizer, schedule as a handler, and the engine."""
    schedule, names = with_total(facts)
    loop = facts.loop
    expects = dict.fromkeys(["model", needs(facts), "loss_fn", "train_loader", *names])
    if facts.epochs is None:
        expects["epochs"] = None
    engine: list[Argument] = [("", "model", ""), ("", "optimizer", ""), ("", "loss_fn", "")]
    if loop.accumulation > 1:
        engine.append(("gradient_accumulation_steps", f"{loop.accumulation}", ""))
    if loop.amp == "fp16":
        engine += [("amp_mode", '"amp"', ""), ("scaler", "True", "")]
    wanted = ["torch", "from ignite.engine import create_supervised_trainer"]
    if schedule:
        wanted[1] = "from ignite.engine import Events, create_supervised_trainer"
        wanted.append("from ignite.handlers import LRScheduler")
    rest = replace(facts, loop=replace(loop, accumulation=1, amp=None if loop.amp == "fp16" else loop.amp))
    expects |= dict.fromkeys(_of_the_loop(rest))
    lines = [*imports(*wanted, of=facts), *heading(facts, list(expects)), *optimizer_lines(facts), *schedule, ""]
    if remarks := loop_remarks(rest, "    "):
        lines += ["# In an update function of your own, which the sweep's step needs:", *remarks]
    lines += call("create_supervised_trainer", engine, "trainer = ")
    if schedule:
        event = "Events.ITERATION_STARTED"
        event += f"(every={loop.accumulation})" if loop.accumulation > 1 else ""
        lines.append(f"trainer.add_event_handler({event}, LRScheduler(scheduler))")
    return [*lines, f"trainer.run(train_loader, max_epochs={facts.epochs or 'epochs'})"]
