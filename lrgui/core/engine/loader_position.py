"""Where in its data a training is, so that another process can go on from there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import torch

from lrgui.core.engine.batches import endless, tensors_of
from lrgui.core.engine.loader_state import loader_state, set_loader
from lrgui.core.engine.random_state import RandomState

#: What is said where the batches after the resumption are not those of an uninterrupted run.
NOT_FOUND = (
    "The loader gives other batches than before: its place within the epoch could not be restored exactly, so the "
    "training continues with the batches that come now, {taken:,} into its pass."
)
#: Of workers that stay alive from one pass to the next, with a random state that nobody can ask for.
WORKERS = (
    "The DataLoader's workers stay alive between epochs (persistent_workers): random numbers that they draw, for an "
    "augmentation for example, differ from those of an uninterrupted run."
)


class Feed(Iterator[Any]):
    """The batches of a training, pass after pass or without an end.

    `state` says where it is: how the generators were when the pass began, and how many batches it has given. `find`
    begins that pass again, and takes so many. A loader that can say itself where it is (`state_dict` and
    `load_state_dict`, such as torchdata's StatefulDataLoader) is asked.
    """

    def __init__(self, loader: Iterable[Any], ends: bool) -> None:
        """`ends`: each pass is begun by `begin`; else they follow one another."""
        self._loader = loader
        self._ends = ends
        self._batches: Iterator[Any] = iter(()) if ends else endless(loader, self._note)
        self._start: dict[str, Any] | None = None
        self._taken = 0
        self._look: dict[str, Any] | None = None
        self._digest: Any = None

    def begin(self) -> None:
        """Begin a pass."""
        self._note()
        self._batches = iter(self._loader)

    def __next__(self) -> Any:
        batch = next(self._batches)
        self._taken += 1
        if self._digest is not None:
            _digest(self._digest, batch)
        return batch

    def look(self) -> None:
        """Look at the batches that come now: by them `find` knows whether it has found the place."""
        self._look = {"random": RandomState().states, "taken": self._taken}
        self._digest = hashlib.sha256()

    def state(self) -> dict[str, Any]:
        """Where it is, as data for `find`. What was looked at ends here."""
        look, self._look = self._look, None
        digest, self._digest = self._digest, None
        if look is not None:
            look["digest"] = digest.hexdigest()
        own = self._loader.state_dict() if _says_itself(self._loader) else None  # type: ignore[attr-defined]
        return {"start": self._start, "now": loader_state(self._loader), "taken": self._taken, "look": look, "own": own}

    def find(self, state: dict[str, Any], within: bool) -> str:
        """Go where a feed was that had this `state`, `within` a pass or before the next. Moves random generators.

        Returns a sentence where that is not exactly the same place, else an empty text.
        """
        if state["own"] is not None and _says_itself(self._loader):
            self._loader.load_state_dict(state["own"])  # type: ignore[attr-defined]
            if within and self._ends:
                self.begin()
            return ""
        within = within or not self._ends  # without an end a pass goes on from one epoch to the next
        if not within or state["start"] is None:
            set_loader(self._loader, state["now"])
            return WORKERS if _has_lasting_workers(self._loader) and state["start"] is not None else ""
        set_loader(self._loader, state["start"]["loader"])
        RandomState(state["start"]["random"]).restore()
        if self._ends:
            self.begin()
        found = self._take(state)
        return "" if found else NOT_FOUND.format(taken=state["taken"])

    def _take(self, state: dict[str, Any]) -> bool:
        """Take as many batches as the other had; True where the last ones are the same."""
        look, count = state["look"], state["taken"]
        for _ in range(count if look is None else look["taken"]):
            if next(self, None) is None:
                return False
        if look is None:
            return True
        RandomState(look["random"]).restore()
        digest = hashlib.sha256()
        for _ in range(count - look["taken"]):
            batch = next(self, None)
            if batch is None:
                return False
            _digest(digest, batch)
        return bool(digest.hexdigest() == look["digest"])

    def _note(self) -> None:
        """A pass begins."""
        self._start = {"random": RandomState().states, "loader": loader_state(self._loader)}
        self._taken = 0
        self._look = self._digest = None  # what was looked at began in another pass


def _says_itself(loader: object) -> bool:
    return all(callable(getattr(loader, name, None)) for name in ("state_dict", "load_state_dict"))


def _has_lasting_workers(loader: Any) -> bool:
    lasting = bool(getattr(loader, "persistent_workers", False) and getattr(loader, "num_workers", 0))
    # What we make ourselves draws nothing in its workers, unless its images are changed at random.
    return lasting and not _draws_nothing(getattr(loader, "dataset", None))


def _draws_nothing(data: Any) -> bool:
    return type(data).__module__.startswith("lrgui.") and type(data).__name__ == "Examples"


def _digest(digest: Any, batch: Any) -> None:
    for tensor in tensors_of(batch):
        if tensor.layout is torch.strided:
            data = tensor.detach().cpu().contiguous().reshape(-1)
            digest.update(data.view(torch.uint8).numpy() if data.numel() else b"")
