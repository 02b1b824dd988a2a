"""A process that draws one picture: the curve comes in on standard input, a PNG file goes out on standard output.

For programs that must not load Qt themselves. What goes wrong is said in one sentence, the last line of the
standard error, with exit status 1.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from lrgui.core.analysis import analyse
from lrgui.core.curve import Curve
from lrgui.core.recommend import Recommendation
from lrgui.core.repeats import Repeats
from lrgui.core.zones import Zones
from lrgui.export.report import Report


def main() -> None:
    """Draw what the line on standard input describes; its keys are those of `report_of`."""
    # Whatever a library prints must not get into the picture.
    out = os.dup(1)
    os.dup2(2, 1)
    report = report_of(json.loads(sys.stdin.readline()))
    try:
        from lrgui.export.picture import picture_bytes
    except ImportError as error:
        _fail(_missing(error))
    try:
        data = picture_bytes(report)
    except Exception as error:
        _fail(f"The picture could not be drawn ({type(error).__name__}: {' '.join(str(error).split())}).")
    with os.fdopen(out, "wb") as file:
        file.write(data)
    # Without the interpreter's own end, which would take Qt down in any order.
    sys.stderr.flush()
    os._exit(0)


def report_of(scene: dict[str, Any]) -> Report:
    """The report that `scene` describes in plain values: the curve's fields, pick, best_guess, selection, zones
    (None, or its fields) and name."""
    curve = Curve(
        np.array(scene["lr"], dtype=np.float64),
        np.array(scene["loss"], dtype=np.float64),
        scene["planned_steps"],
        scene["beta"],
        scene["end_reason"],
        scene["dropped"],
    )
    zones = None if scene["zones"] is None else Zones(**scene["zones"])
    # The pick may have come from more than this curve (repeats, the planned training): it is not read off again.
    pick = Recommendation(scene["pick"], scene["best_guess"], "")
    analysis = replace(analyse(curve), recommendation=pick).with_selection(scene["selection"], zones)
    band = None
    if scene["band"] is not None:
        band = Repeats(curve, *(np.array(row, dtype=np.float64) for row in scene["band"]))
    return Report(None, analysis, None, name=scene["name"], band=band)


def _missing(error: ImportError) -> str:
    """Which package to install."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        module = error.name.split(".")[0]
        package = {"PySide6": "PySide6-Essentials", "shiboken6": "PySide6-Essentials"}.get(module, module)
        return f"Pictures need the package {package}: install it with “{sys.executable} -m pip install {package}”."
    return f"Qt could not be loaded ({' '.join(str(error).split())}): install that library of the system."


def _fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr, flush=True)
    # Without the interpreter's own end: Qt may be loaded by half.
    os._exit(1)


if __name__ == "__main__":
    main()
