"""The program's picture, drawn by a process of its own: Qt is never loaded where a result is looked at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from lrgui.core.repeats import Repeats
from lrgui.core.smoothing import Floats
from lrgui.export.files import ExportError
from lrgui.export.report import Report

#: Seconds that a picture may take; one second is usual.
PATIENCE = 120.0
#: What every PNG file begins with.
SIGNATURE = b"\x89PNG\r\n\x1a\n"

# The current folder, which -c puts in front, goes before anything is imported: a file json.py that lies there must
# not become the module. Then the child finds packages where this process does.
_BOOT = """
import sys
if sys.path[:1] == [""]:
    del sys.path[0]
import json
sys.path[:] = json.loads(sys.stdin.readline())
from lrgui.export.child import main
main()
"""


def picture_from_child(report: Report) -> bytes:
    """The picture of `report` as a PNG file. Raises ExportError, with a sentence, where it can't be drawn."""
    python = sys.executable
    if not python:
        raise ExportError(f"This program does not say where its Python is. {_ELSE}")
    order = f"{json.dumps(_search_path())}\n{json.dumps(_scene(report))}\n".encode()
    try:
        done = subprocess.run([python, "-c", _BOOT], input=order, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise ExportError(f"The picture was not drawn within {PATIENCE:g} seconds. Try again. {_ELSE}") from error
    except OSError as error:
        raise ExportError(f"{python} cannot be started ({error.strerror or error}). {_ELSE}") from error
    if done.returncode == 0 and done.stdout.startswith(SIGNATURE):
        return done.stdout
    raise ExportError(_why(done, python))


_ELSE = "save_svg draws without Qt."


def _why(done: subprocess.CompletedProcess[bytes], python: str) -> str:
    said = [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    last = said[-1] if said else "it said nothing"
    if done.returncode == 1 and last.endswith("."):
        return f"{last} {_ELSE}"  # a sentence of our own
    if done.returncode < 0:
        return f"The process that draws pictures crashed (signal {-done.returncode}). Try again. {_ELSE}"
    return f"The picture could not be drawn with {python} (exit status {done.returncode}: {last}). {_ELSE}"


def _scene(report: Report) -> dict[str, object]:
    """What the picture shows, as plain values: the measurement, what follows from it the child finds itself."""
    curve, zones = report.analysis.curve, report.analysis.zones
    recommendation = report.analysis.recommendation
    return {
        "lr": curve.lr.tolist(),
        "loss": curve.loss.tolist(),
        "planned_steps": curve.planned_steps,
        "beta": curve.beta,
        "end_reason": curve.end_reason,
        "dropped": curve.dropped,
        "pick": recommendation.lr,
        "best_guess": recommendation.best_guess,
        "selection": report.analysis.selection,
        "zones": None if zones is None else asdict(zones),
        "name": report.name,
        "band": None if report.band is None else [row.tolist() for row in _band(report.band)],
    }


def _band(band: Repeats) -> tuple[Floats, Floats, Floats]:
    return band.lr, band.low, band.high


def _search_path() -> list[str]:
    """Where this process finds modules, with the folder of this package where the current folder stood."""
    here = str(Path(__file__).resolve().parents[2])
    folders = [entry if entry else here for entry in sys.path if isinstance(entry, str)]
    # A folder that is named from where the program was started.
    folders = [os.path.abspath(entry) for entry in folders]
    return list(dict.fromkeys([*folders, here]))
