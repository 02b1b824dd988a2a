"""What one call of `find_lr` or `verify` works with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from lrgui.api.setup import Made, Measures
from lrgui.api.tracking import Tracking
from lrgui.core.control import Control
from lrgui.core.engine.batches import length
from lrgui.core.engine.cleanup import Action
from lrgui.core.engine.loader_state import loader_back
from lrgui.core.engine.made_with import made_with
from lrgui.core.engine.planned import planned
from lrgui.core.engine.snapshot import Snapshot
from lrgui.core.events import Event, TaskEvent
from lrgui.core.optimizers import optimizer_name


@dataclass(frozen=True)
class Call:
    """The caller's things, made ready for an engine."""

    ready: Made
    loader: Iterable[Any]
    objective: Measures
    scaler: torch.amp.GradScaler | None
    control: Control
    on_event: Callable[[Event], None] | None
    snapshot_folder: str | None
    name: str | None = None
    """What the caller calls it."""
    tracking: Tracking = field(default_factory=lambda: Tracking(None))
    """Who records its runs."""

    @property
    def title(self) -> str:
        """What the result is called."""
        return self.name or f"{type(self.ready.model).__name__} · {optimizer_name(self.ready.optimizer)}"

    @property
    def setup(self) -> dict[str, str]:
        """What is trained, by name, for who records it."""
        return {"model": type(self.ready.model).__name__, "optimizer": optimizer_name(self.ready.optimizer)}

    def tell(self, event: Event) -> None:
        """Hand an event to who wants to hear of it."""
        if self.on_event is not None:
            self.on_event(event)

    def snapshot(self, ready: Made | None = None) -> Snapshot:
        """All that is put back after a run of the call's own model, or of another one."""
        ready = ready or self.ready
        return Snapshot(
            ready.model,
            ready.optimizer,
            loader=self.loader,
            scaler=self.scaler,
            loss=self.objective.loss,
            folder=self.snapshot_folder,
        )

    def loaders_back(self) -> list[Action]:
        """What puts back the loaders' own state, that of the validation batches too."""
        return [*loader_back(self.loader), *loader_back(self.objective.probe)]

    def task(self, steps: int, steps_per_point: int = 1) -> TaskEvent:
        """What is trained, in so many steps."""
        return TaskEvent(
            name=self.title,
            detail="",
            train_size=length(getattr(self.loader, "dataset", None)) or 0,
            val_size=0,
            parameters=sum(p.numel() for p in self.ready.model.parameters() if p.requires_grad),
            classes=None,
            device=str(self.ready.device),
            batches_per_epoch=length(self.loader) or 0,
            steps=steps,
            steps_per_point=steps_per_point,
            **planned(self.ready.optimizer),
            **made_with(self.ready.optimizer),
        )
