"""Lets the processes that a followed script starts be followed, too: Python imports a module of this name at its start.

Lies in a folder of its own, which stands in PYTHONPATH there. Must never fail, in any Python.
"""

import os
import sys


def _next() -> None:
    """The module of this name that would have been imported, if there is one."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    here = os.path.dirname(os.path.abspath(__file__))
    others = [place for place in sys.path if os.path.abspath(place) != here]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


def _follow(path: str) -> None:
    """Follow this process once it has imported torch."""
    import json
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    with open(path, encoding="utf-8") as file:
        folder = json.load(file)["sources"]
    if "lrgui" not in sys.modules:
        spec = PathFinder.find_spec("lrgui", [folder])
        assert spec is not None
        assert spec.loader is not None
        sys.modules["lrgui"] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules["lrgui"])
    from lrgui.script.arrival import when_imported

    def came() -> None:
        from lrgui.runs.script_worker import follow_this_process

        follow_this_process(path)

    when_imported("torch", came)


try:
    _next()
finally:
    if os.environ.get("LRGUI_SCRIPT") and sys.version_info >= (3, 10):
        try:
            _follow(os.environ["LRGUI_SCRIPT"])
        except Exception:
            pass  # the process is somebody else's, and goes on
