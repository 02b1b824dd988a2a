"""What kinds of runs and their ends are called, in a few words."""

from __future__ import annotations

from lrgui.core.events import EndReason, RunKind

VERBS: dict[str, str] = {
    RunKind.SWEEP: "Sweep",
    RunKind.TRAIN: "Training",
    RunKind.RACE: "Race",
    RunKind.COMPARE: "Comparison",
    RunKind.ASIDE: "Sweep of digits",
    RunKind.CHECK: "Check",
}
ENDS: dict[str, str] = {
    EndReason.COMPLETED: "finished",
    EndReason.DATA_ENDED: "ended: no more data",
    EndReason.CANCELLED: "stopped",
    EndReason.OUT_OF_MEMORY: "failed: out of memory",
    EndReason.LOADER_DIED: "failed: a DataLoader worker died",
    EndReason.BAD_BATCH: "failed: a batch without a finite loss",
    EndReason.FAILED: "failed",
    EndReason.KILLED: "ended unexpectedly",
    EndReason.LEFT: "left running",
}


def end_words(kind: str, reason: str, running: bool = False) -> str:
    """How a run of a kind ended: "finished"; `reason` is that of its EndEvent, empty where it has none, and `running`
    tells whether that is still to come."""
    if not reason:
        return "running" if running else "incomplete"
    if reason in (EndReason.DIVERGED, EndReason.NOT_FINITE):
        return "finished" if kind == RunKind.SWEEP else "diverged"  # that is what ends a sweep
    return ENDS.get(reason, reason)


def broken_off(kind: str, reason: str, steps: int) -> str:
    """How a run of a kind ended and after how many steps, where its whole sentence is said elsewhere: "Diverged after
    37 steps."."""
    words = end_words(kind, reason)
    when = f"after {steps:,} {'step' if steps == 1 else 'steps'}" if steps else "before the first step"
    return f"{words[:1].upper()}{words[1:]} {when}."
