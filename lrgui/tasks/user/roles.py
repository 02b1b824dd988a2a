"""The names that a task file may use, and what each is called with: outline and build agree by reading it here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

#: Functions (or objects) of a task, and how many arguments come by place.
ROLES: dict[str, int] = {
    "model": 0,
    "train_loader": 0,
    "val_loader": 0,
    "loss": 2,  # output, target
    "training_step": 2,  # model, batch
    "validation_step": 2,
    "metrics": 2,
    "optimizer": 0,  # params or model, and lr: by name, see `RATES` and `PARAMETERS`
}
#: Those that return batches.
LOADERS = ("train_loader", "val_loader")
#: Arguments that the form's own fields fill, and the field of `TaskSpec` behind each.
CONTEXT: dict[str, str] = {
    "batch_size": "batch_size",
    "loader_workers": "loader_workers",
    "num_workers": "loader_workers",
    "subset": "subset",
    "seed": "seed",
    "device": "device",
}
#: What a learning rate may be called: every run sets its own, so these are no settings.
RATES = ("lr", "learning_rate")
#: What an own optimizer may call the model's parameters.
PARAMETERS = ("params", "parameters")

#: What people call the two arguments of `loss` and `metrics`: those that have both the other way round mean it so.
OUTPUTS = ("output", "outputs", "pred", "preds", "prediction", "predictions", "y_pred", "y_hat", "logits", "scores")
GOALS = ("target", "targets", "label", "labels", "y", "y_true", "truth")

WANTED = {
    "model": "model(), which returns a torch.nn.Module",
    "train_loader": "train_loader(batch_size), which returns batches",
    "loss": "loss(output, target) or training_step(model, batch)",
}
"""What a task cannot do without, in words."""


#: What scripts call the parts of a task, beside these names themselves.
LIKELY: dict[str, tuple[str, ...]] = {
    "model": ("net", "network", "make_model", "build_model", "create_model", "get_model"),
    "train_loader": (
        "train_dataloader",
        "trainloader",
        "train_dl",
        "dataloader",
        "get_train_loader",
        "make_train_loader",
        "get_dataloader",
    ),
    "loss": ("criterion", "loss_fn", "loss_func", "loss_function", "compute_loss", "crit"),
}


@dataclass(frozen=True)
class Takes:
    """What something can be called with, as far as it matters for a role."""

    required: int = 0
    """Arguments without a default, those that every run fills left out."""
    places: float = 0
    """Arguments that may come by place; infinity for `*args`."""
    is_class: bool = False

    def fits(self, role: str) -> bool:
        """True where a run can call it as it calls that role."""
        if role == "model":
            return not self.required
        if role == "loss":  # of no arguments: a class, or a function, that makes one
            made = not self.required and (self.is_class or not self.places)
            return made or (not self.is_class and self.required <= 2 <= self.places)
        return self.required <= 1 and not self.is_class


def likely_words(
    lacking: Sequence[str],
    there: Collection[str],
    takes: Callable[[str], Takes | None],
    models: Sequence[str] = (),
) -> str:
    """The lines that would name what is `there` as a task wants it; empty where nothing fits.

    `takes` says what one of them is called with, None where it is ready or not known. `models` are classes of models,
    of which a single one will be meant.
    """

    def fits(role: str, name: str) -> bool:
        known = takes(name)
        return known is None or known.fits(role)

    found = {role: [name for name in LIKELY[role] if name in there] for role in lacking}
    if "model" in found and not found["model"] and len(models) == 1:
        found["model"] = list(models)
    best = {role: next((name for name in names if fits(role, name)), "") for role, names in found.items()}
    lines = [f"“{role} = {name}”" for role, name in best.items() if name]
    words = f" At the end of the file, {' and '.join(lines)} will do." if lines else ""
    if found.get("loss") and not best["loss"]:
        words += f" {found['loss'][0]}() takes other arguments than (output, target): call it in a training_step()."
    return words


def lacking_words(lacking: list[str]) -> str:
    """ "no model(), which …; and no train_loader(batch_size), which …. Add them": of a task that lacks these."""
    *first, last = (f"no {WANTED[role]}" for role in lacking)
    return f"{'; '.join(first)}; and {last}. Add them" if first else f"{last}. Add it"


def needs_words(lacking: Sequence[tuple[str, Sequence[str]]]) -> str:
    """A sentence about arguments without a default, by function: "model() needs “a” and “b”: give …"."""
    names = [name for _, these in lacking for name in these]
    told = "; ".join(f"{who} needs {' and '.join(f'“{name}”' for name in these)}" for who, these in lacking)
    if len(names) == 1:
        return f"{told}: give it a default, and it becomes a setting."
    return f"{told}: give them defaults, and they become settings."
