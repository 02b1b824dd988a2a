"""Where a module keeps its learning rate: an attribute, a hyperparameter, or an entry somewhere below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Places:
    """All places of a LightningModule that the name of its rate means.

    A plain name means the attribute of the module and the entry of its `hparams`, as far as they are there; a path
    ("hparams.lr", "config.optimizer.lr") means that place alone. Raises ValueError, with the way out, for none.
    """

    def __init__(self, module: Any, name: str) -> None:
        self.name = name
        *path, last = name.split(".")
        owners = [module] if path else [module, getattr(module, "hparams", {})]
        for part in path:
            owners = [_get(owner, part) for owner in owners if _has(owner, part)]
        there = [owner for owner in owners if _has(owner, last)]
        if not there:
            where = "The module has no" if path else "Neither the module nor its hparams have"
            raise ValueError(f"{where} “{name}”: pass the name of the attribute that holds the rate.")
        # A property that only shows what is in the hparams can't be set, and needn't be.
        self._places = [(owner, last) for owner in there if _can_be_put(owner, last)]
        if not self._places:
            raise ValueError(f"“{name}” cannot be set: pass the name of the attribute it is computed from.")

    @property
    def value(self) -> Any:
        """What stands in the first of them."""
        return _get(*self._places[0])

    def put(self, value: Any) -> None:
        """Set all of them."""
        for owner, name in self._places:
            _put(owner, name, value)

    @contextmanager
    def as_they_are(self) -> Iterator[None]:
        """Inside, they may be set; afterwards they hold what they held."""
        before = [_get(owner, name) for owner, name in self._places]
        try:
            yield
        finally:
            for (owner, name), value in zip(self._places, before, strict=True):
                _put(owner, name, value)


def _has(owner: Any, name: str) -> bool:
    return name in owner if isinstance(owner, Mapping) else hasattr(owner, name)


def _get(owner: Any, name: str) -> Any:
    return owner[name] if isinstance(owner, Mapping) else getattr(owner, name)


def _put(owner: Any, name: str, value: Any) -> None:
    if isinstance(owner, Mapping):
        owner[name] = value  # type: ignore[index]
    else:
        setattr(owner, name, value)


def _can_be_put(owner: Any, name: str) -> bool:
    try:
        _put(owner, name, _get(owner, name))
    except (AttributeError, TypeError):  # a property, a frozen dataclass; a mapping that is only read
        return False
    return True
