"""What a Python has for runs: its versions, devices and the names that libraries offer, as lines of JSON.

Runs inside the Python that is described, started by `environment.describe`, or in a worker that was forked where torch
is imported already. Devices are told first, since libraries take seconds to import; nothing of the lines is ever
unpickled. Only the standard library is imported before something fails: a Python without torch or numpy is
described too, with a sentence that says what is missing.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from importlib import metadata
from importlib.util import find_spec
from typing import Any, NoReturn

from lrgui.errors.missing_modules import PACKAGES


def main() -> NoReturn:
    """Print the lines on what was standard output at the start; everything else goes to standard error."""
    own = os.dup(1)
    os.dup2(2, 1)
    _give_way()

    def send(line: str) -> None:
        rest = memoryview(b"\n" + line.encode("ascii") + b"\n")  # of its own, whatever was printed before
        while rest:
            rest = rest[os.write(own, rest) :]

    tell(send)
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(0)  # taking torch to pieces takes most of a second


def tell(send: Callable[[str], object]) -> None:
    """Send what is known as lines of JSON: the devices at once, then all; each line says what those before it said."""
    for found in descriptions():
        send(json.dumps(found))
        _give_way()


def _give_way() -> None:
    """Leave the processor to others: somebody may be looking at a curve meanwhile."""
    if hasattr(os, "nice"):
        os.nice(5)


def descriptions() -> Iterator[dict[str, Any]]:
    """The fields of an `environment.Environment`, as what JSON knows: first without names that only libraries know.

    Never raises.
    """
    found: dict[str, Any] = {"version": sys.version.split()[0], "packages": packages(), "devices": []}
    try:
        import torch

        from lrgui.runs.failures import check_torch

        found["torch"] = str(torch.__version__)
        check_torch(found["torch"])
        import numpy

        found["numpy"] = str(numpy.__version__)
        check_together(found["torch"], found["numpy"])
        from lrgui.tasks.devices import device_facts

        found["devices"] = [asdict(facts) for facts in device_facts()]
    except (ImportError, OSError, ValueError) as error:
        from lrgui.runs.failures import explain

        yield {**found, "problem": explain(error)}
        return
    except (Exception, SystemExit) as error:  # a broken installation fails in any way
        said = f"{type(error).__name__}: {str(error).strip()[:300]}"
        where = f"PyTorch cannot be used in {sys.executable} ({said})."
        yield {**found, "problem": f"{where} Reinstall torch and numpy, or choose another Python."}
        return
    yield found
    optimizers, models = names()
    yield {**found, "optimizers": optimizers, "models": models}


def check_together(torch_version: str, numpy_version: str) -> None:
    """Raise ValueError with a sentence where this PyTorch was built for another numpy."""
    import torch

    try:
        torch.zeros(1).numpy()
    except RuntimeError as error:
        raise ValueError(
            f"PyTorch {torch_version} and numpy {numpy_version} in {sys.executable} are not compatible ({error}). "
            f"Reinstall both with “{sys.executable} -m pip install --upgrade torch numpy”, or choose another Python."
        ) from error


def packages() -> dict[str, str]:
    """The versions of what is installed, by the name of the module; "" where the version is not told."""
    return {module: version(name) for module, name in PACKAGES.items() if is_installed(module)}


def is_installed(module: str) -> bool:
    """True where `module` could be imported; does not import it."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # a broken installation
        return False


def version(distribution: str) -> str:
    """The version of an installed distribution, "" where it is not told."""
    try:
        return metadata.version(distribution) or ""
    except Exception:  # metadata of others can be broken in any way
        return ""


def names() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The names of optimizers and of models that libraries here offer, each by library. Imports these libraries."""
    from lrgui.tasks.models.named import pytorch_optimizers, timm_models, timm_optimizers, torchvision_models

    optimizers = {"timm": _listed(timm_optimizers), "pytorch_optimizer": _listed(pytorch_optimizers)}
    models = {"torchvision": _listed(torchvision_models), "timm": _listed(timm_models)}
    return _filled(optimizers), _filled(models)


def _filled(lists: dict[str, list[str]]) -> dict[str, list[str]]:
    return {key: value for key, value in lists.items() if value}


def _listed(names: Callable[[], Iterable[str]]) -> list[str]:
    try:
        return [str(name) for name in names()]
    except (Exception, SystemExit):  # a library that is installed and broken offers nothing
        return []
