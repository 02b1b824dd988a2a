"""The names that a task file may use, and what each is called with: outline and build agree by reading it here."""

from __future__ import annotations

from collections.abc import Collection, Sequence

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
#: What a learning rate may be called: every run sets its own, so these are no fields of the form.
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


def likely_words(lacking: Sequence[str], there: Collection[str], models: Sequence[str] = ()) -> str:
    """The lines that would name what is `there` as a task wants it; empty where nothing fits.

    `models` are classes of models, of which a single one will be meant.
    """
    found = {role: next((name for name in LIKELY[role] if name in there), "") for role in lacking}
    if "model" in found and not found["model"] and len(models) == 1:
        found["model"] = models[0]
    lines = [f"“{role} = {name}”" for role, name in found.items() if name]
    return f" At the end of the file {' and '.join(lines)} will do for what it has." if lines else ""


def lacking_words(lacking: list[str]) -> str:
    """ "no model(), which …, no train_loader(batch_size), which …": of a task that lacks these."""
    *first, last = (f"no {WANTED[role]}" for role in lacking)
    return f"{'; '.join(first)}; and {last}" if first else last
