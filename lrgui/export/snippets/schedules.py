"""The schedule of a training as code: torch's own schedulers, with the rates that a training here has."""

from __future__ import annotations

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.run_settings import TrainSettings
from lrgui.export.snippets.code import Argument, call, literal, named, rate
from lrgui.export.snippets.facts import Facts

SCHEDULERS = "torch.optim.lr_scheduler"
_OPTIMIZER: Argument = ("", "optimizer", "")


def on_plateaus(facts: Facts) -> bool:
    """True where the rate follows what is measured: the scheduler steps once an epoch, with a validation loss."""
    return facts.trained is not None and facts.trained.schedule == "plateau"


def schedule_lines(
    facts: Facts, total: str, indent: int = 0, *, plateau: bool = False, per_epoch: str = ""
) -> list[str]:
    """`scheduler = …` for the planned schedule over `total` steps, an expression; none for a constant rate.

    Exactly that of the window's training where this is the one that is planned, else a usual one of its kind.
    `per_epoch` is an expression, too. `plateau`: the code around it can step once an epoch with a validation loss;
    otherwise a rate that drops on plateaus drops at fixed steps.
    """
    if facts.schedule == ONE_CYCLE:
        arguments = [_OPTIMIZER, *cycle_arguments(facts, total)]
        return call(f"{SCHEDULERS}.OneCycleLR", arguments, "scheduler = ", indent=indent)
    trained = facts.trained
    if trained is not None and (plateau or trained.schedule != "plateau"):
        return _trained(facts, trained, total, per_epoch, indent)
    return _usual(facts, total, indent)


def cycle_arguments(facts: Facts, total: str) -> list[Argument]:
    """The arguments of torch's OneCycleLR beside the optimizer, as in a training of ours."""
    cycle, made = facts.cycle, facts.optimizer
    start, steps = cycle.pct_start, facts.total_steps
    if steps is not None and start * steps == 1.0:  # torch divides by the length of the warm-up
        start *= 1 - 1e-9
    grouped = made is None or facts.several_groups
    top = '[group["lr"] for group in optimizer.param_groups]' if grouped else rate(facts.lr)
    shape = {"pct_start": start, "div_factor": cycle.div_factor, "final_div_factor": cycle.final_div_factor}
    arguments = [("max_lr", top, ""), ("total_steps", total, ""), *named(shape)]
    if cycle.anneal != "cos":
        arguments.append(("anneal_strategy", literal(cycle.anneal), ""))
    if cycle.three_phase:
        arguments.append(("three_phase", "True", ""))
    if not cycle.cycle_momentum:
        return [*arguments, ("cycle_momentum", "False", "")]
    if made is None or not made.cycles_momentum:
        unsure = made is None or (made.arguments is None and made.is_class)
        return [*arguments, ("cycle_momentum", "False", "True where your optimizer uses a momentum" if unsure else "")]
    usual = type(cycle)()
    momenta = {name: getattr(cycle, name) for name in ("base_momentum", "max_momentum")}
    return [*arguments, *named({name: value for name, value in momenta.items() if value != getattr(usual, name)})]


def _trained(facts: Facts, train: TrainSettings, total: str, per_epoch: str, indent: int) -> list[str]:
    """The schedule of a training of ours."""

    def made(kind: str, arguments: list[Argument], name: str = "scheduler") -> list[str]:
        return call(f"{SCHEDULERS}.{kind}", [_OPTIMIZER, *arguments], f"{name} = ", indent=indent)

    if train.schedule == "step":
        epoch = per_epoch or str(facts.steps_per_epoch or f"({total} // {train.epochs})")
        return made("StepLR", [("step_size", f"{train.step_size} * {epoch}", ""), *named({"gamma": train.gamma})])
    if train.schedule == "plateau":
        return made("ReduceLROnPlateau", named({"factor": train.gamma, "patience": train.plateau_patience}))
    pad, steps = " " * indent, facts.total_steps
    warm = train.planned_schedule == "warmup"
    lines, parts, milestones, left = list[str](), list[str](), list[str](), total
    if warm:
        share = f"int({literal(train.warmup)} * {total})" if train.warmup_steps is None else f"{train.warmup_steps}"
        lines.append(f"{pad}warmup = {share if steps is None else train.warmup_of(steps)}  # steps")
        rising = [("start_factor", literal(1 / train.div_factor), ""), ("total_iters", "warmup", "")]
        lines += made("LinearLR", rising, "rise")
        parts, milestones, left = ["rise"], ["warmup"], f"{total} - warmup"
    if train.schedule == "wsd":
        share = f"max(1, int({literal(train.decay)} * {total}))"
        lines.append(f"{pad}decay = {share if steps is None else train.decay_of(steps)}  # steps")
        lines += made("ConstantLR", [("factor", "1.0", ""), ("total_iters", total, "")], "hold")
        parts.append("hold")
        milestones.append(f"{total} - decay")
        left = "decay"
    name = "fall" if parts else "scheduler"
    if train.schedule == "cosine":
        lines += made("CosineAnnealingLR", [("T_max", left, "")], name)
    else:
        falling = [("start_factor", "1.0", ""), ("end_factor", "0.0", ""), ("total_iters", left, "")]
        lines += made("LinearLR", falling, name) if train.schedule != "constant" else []
    return [*lines, *_in_turn([*parts, "fall"], milestones, indent)] if parts else lines


def _in_turn(parts: list[str], milestones: list[str], indent: int) -> list[str]:
    """One scheduler after the other."""
    arguments = [_OPTIMIZER, ("", f"[{', '.join(parts)}]", ""), ("milestones", f"[{', '.join(milestones)}]", "")]
    return call(f"{SCHEDULERS}.SequentialLR", arguments, "scheduler = ", indent=indent)


def _usual(facts: Facts, total: str, indent: int) -> list[str]:
    """A schedule of the planned kind: its numbers are to be set."""
    schedule, pad = facts.schedule, " " * indent
    if schedule == "warmup":
        rising = [_OPTIMIZER, ("start_factor", literal(1 / facts.cycle.div_factor), ""), ("total_iters", "warmup", "")]
        return [
            f"{pad}warmup = max(1, int({literal(facts.warm_share)} * {total}))  # your own length",
            *call(f"{SCHEDULERS}.LinearLR", rising, "rise = ", indent=indent),
            f"{pad}fall = {SCHEDULERS}.CosineAnnealingLR(optimizer, T_max={total} - warmup)",
            *_in_turn(["rise", "fall"], ["warmup"], indent),
        ]
    if schedule == "decay":
        return [f"{pad}scheduler = {SCHEDULERS}.CosineAnnealingLR(optimizer, T_max={total})"]
    if schedule == "step":
        drops = [("step_size", f"max(1, {total} // 3)", "your own"), ("gamma", "0.1", "your own")]
        return call(f"{SCHEDULERS}.StepLR", [_OPTIMIZER, *drops], "scheduler = ", indent=indent)
    return []
