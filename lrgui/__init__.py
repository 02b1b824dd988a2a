"""LR Finder: find a learning rate by looking at a live curve, train with it, keep the picture.

    import lrgui
    result = lrgui.find_lr(model, loader, loss, optimizer)
    verified = lrgui.verify(model, loader, loss, optimizer, result=result, validation=validation_loader)

Importing this package imports neither torch nor Qt: each name is looked up when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lrgui._version import __version__

if TYPE_CHECKING:
    from lrgui.api.find import find_lr
    from lrgui.api.loader_iters import TrainDataLoaderIter, ValDataLoaderIter
    from lrgui.api.result import Result
    from lrgui.api.state_cacher import StateCacher
    from lrgui.api.study import Study, study
    from lrgui.api.torch_lr_finder import LRFinder
    from lrgui.api.verified import Verified
    from lrgui.api.verify import verify
    from lrgui.tasks.user.object import Task

_HOMES = {
    "find_lr": "lrgui.api.find",
    "Result": "lrgui.api.result",
    "verify": "lrgui.api.verify",
    "Verified": "lrgui.api.verified",
    "study": "lrgui.api.study",
    "Study": "lrgui.api.study",
    "LRFinder": "lrgui.api.torch_lr_finder",
    "TrainDataLoaderIter": "lrgui.api.loader_iters",
    "ValDataLoaderIter": "lrgui.api.loader_iters",
    "StateCacher": "lrgui.api.state_cacher",
    "Task": "lrgui.tasks.user.object",
}

__all__ = [
    "LRFinder",
    "Result",
    "StateCacher",
    "Study",
    "Task",
    "TrainDataLoaderIter",
    "ValDataLoaderIter",
    "Verified",
    "__version__",
    "find_lr",
    "study",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
