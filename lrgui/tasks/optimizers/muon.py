"""Muon, which takes matrices only, with AdamW for all other parameters: one optimizer to everybody outside."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

#: What each of the two takes beside the rate.
MUON = ("weight_decay", "momentum", "nesterov", "ns_steps", "adjust_lr_fn")
ADAMW = ("weight_decay", "betas")


def muon_with_adamw(model: nn.Module, lr: float, betas: tuple[float, float], **settings: Any) -> Optimizer:
    """Muon for the model's hidden matrices, AdamW for its other trainable parameters.

    `betas` are AdamW's; the other settings are Muon's, and AdamW shares the weight decay. Raises ValueError, with a
    sentence, for a model that has no hidden matrix.
    """
    matrices = hidden_matrices(model)
    if not matrices:
        raise ValueError(
            "Muon works on hidden weight matrices, and this model has none (convolutions and the last layer use "
            "AdamW): choose a model with hidden layers, such as the MLP, or AdamW."
        )
    own = {id(parameter) for parameter in matrices}
    rest = [p for p in model.parameters() if p.requires_grad and id(p) not in own]
    muon = {"params": matrices, "with_muon": True, **settings}
    # AdamW's first beta goes by the name of momentum: schedules cycle both under that one.
    adamw = {"params": rest, "momentum": betas[0], "betas": betas, "weight_decay": settings["weight_decay"]}
    return MuonWithAdamW([muon, {**adamw, "with_muon": False}] if rest else [muon], lr=lr)


def hidden_matrices(model: nn.Module) -> list[nn.Parameter]:
    """The trainable matrices of a model but its embeddings and the last one, which makes the output."""
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding | nn.EmbeddingBag)}
    matrices = [p for p in model.parameters() if p.ndim == 2 and id(p) not in embeddings]
    return [p for p in matrices[:-1] if p.requires_grad]


class MuonWithAdamW(Optimizer):
    """Steps groups `with_muon` by Muon, the others by AdamW; all settings and states are in its own groups and state.

    Every group has a `momentum`; in AdamW's it is the first of the betas.
    """

    def __init__(self, groups: list[dict[str, Any]], lr: float) -> None:
        self._parts: list[Optimizer] = []
        super().__init__(groups, {"lr": lr, "momentum": 0.95, "with_muon": False})
        self._link()

    def _link(self) -> None:
        """Let torch's two optimizers hold the groups and the state of this one."""
        self._parts = []
        for with_muon, kind in ((True, torch.optim.Muon), (False, torch.optim.AdamW)):
            groups = [group for group in self.param_groups if group["with_muon"] is with_muon]
            if not groups:
                continue
            names = MUON if with_muon else ADAMW
            part = kind([{"params": g["params"], **{name: g[name] for name in names if name in g}} for g in groups])
            for group, filled in zip(groups, part.param_groups, strict=True):
                for name, value in filled.items():
                    group.setdefault(name, value)
            part.param_groups = groups
            part.state = self.state
            self._parts.append(part)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take in what was saved or copied: groups and state are new objects then."""
        super().__setstate__(state)
        self._link()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters; AdamW steps them unless the group says `with_muon`."""
        super().add_param_group(param_group)
        if self._parts:
            self._link()

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Step all parameters; a closure is called once, before."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if not group["with_muon"]:
                group["betas"] = (group["momentum"], group["betas"][1])
        for part in self._parts:
            part.step()
        return loss
