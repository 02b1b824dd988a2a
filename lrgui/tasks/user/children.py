"""Processes that a run starts with `multiprocessing`: they find no other modules than the run itself does.

Python starts such a process (one that is not forked; forkserver's server and the tracker of resources, too) with `-c`,
so that it looks for modules in the current folder first: a `socket.py` that lies there would be imported, whether or
not the run has anything to do with it. And it would import the modules beside a task as usual. So each of them begins
with a few lines of ours. A package with a copy of `multiprocessing` is treated alike.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from multiprocessing import spawn, util
from pathlib import Path
from typing import Any

from lrgui.tasks.user.from_source import state_for_children

#: A copy of `multiprocessing` that Hugging Face's data sets use, and joblib's way to processes, scikit-learn's.
_COPY, _JOBLIB = "multiprocess", "joblib.externals.loky"

_BEGIN = """\
# Made by LR Finder: lets a process of a run find the modules that the run itself finds.
import sys
if sys.path[:1] == [""]:  # the current folder
    del sys.path[0]
import json
from importlib.util import module_from_spec, spec_from_file_location
for name, file in {sources!r}.items():
    spec = spec_from_file_location(name, file)
    sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
sys.modules["lrgui.tasks.user.from_source"].resume(json.loads({state!r}))
sys.modules["lrgui.tasks.user.children"].guard_children(begin)
"""

#: What such a process reads, in this order, before it can know where the package is.
_SOURCES = ("source_text", "from_source", "children")

_inherited = ""
"""The file with which this process began, and its own children do."""
_written: dict[str, str] = {}
"""Such files that this process has written, by their text."""


def guard_children(begin: str = "") -> None:
    """From now on processes that this one starts with `multiprocessing` find what this one finds. Idempotent.

    `begin` is the file with which they begin, in a process that began with it, too.
    """
    global _inherited
    _inherited = begin or _inherited
    if sys.platform == "win32":
        for module in (spawn, sys.modules.get(f"{_COPY}.spawn")):
            _wrap(module, "get_command_line", lambda start: lambda **facts: _guarded(start(**facts)))
    else:
        for module in (util, sys.modules.get(f"{_COPY}.util")):
            _wrap(
                module,
                "spawnv_passfds",
                lambda start: lambda path, arguments, descriptors: start(path, _guarded(arguments), descriptors),
            )
        if _JOBLIB in sys.modules:
            _wrap(
                import_module(f"{_JOBLIB}.backend.fork_exec"),
                "fork_exec",
                lambda start: lambda words, *more, **options: start(_guarded(words), *more, **options),
            )


def _wrap(module: Any, name: str, wrapped: Callable[[Any], Any]) -> None:
    if module is not None and not hasattr(getattr(module, name), "lrgui_guards"):
        function = wrapped(getattr(module, name))
        function.lrgui_guards = True
        setattr(module, name, function)


def _guarded(arguments: Sequence[Any]) -> list[Any]:
    """The command of a Python that is to run a few words of code, or a module: ours first. Others stay as they are."""
    words = list(arguments)
    if words[1:2] == ["-m"]:
        words[1:3] = ["-c", f"import runpy; runpy.run_module({words[2]!r}, run_name='__main__', alter_sys=True)"]
    if "-c" in words[:-1]:
        place = words.index("-c") + 1
        words[place] = _begin() + words[place]
    return words


def _begin() -> str:
    file = _inherited or _file()
    return f"exec(open({file!r}, encoding='utf-8').read(), {{'begin': {file!r}}}); "


def _file() -> str:
    from lrgui.temporary import temporary_folder  # a child has no package yet, and needs no folder

    sources = {f"{__package__}.{name}": str(Path(__file__).with_name(f"{name}.py")) for name in _SOURCES}
    text = _BEGIN.format(sources=sources, state=json.dumps(state_for_children()))
    if not Path(_written.get(text, "")).is_file():
        file = temporary_folder() / "begin.py"
        file.write_text(text, encoding="utf-8")
        _written[text] = str(file)
    return _written[text]
