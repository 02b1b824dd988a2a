"""The program's picture, drawn by a process of its own."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrgui.api import child_picture
from lrgui.api.result import Result
from lrgui.export import FORMATS, ExportError
from lrgui.runs.record import Record

Make = Callable[..., Result]
Arrays = tuple[np.ndarray, np.ndarray]


def test_it_is_the_picture_that_the_program_exports(make: Make, tmp_path: Path, qtbot: object) -> None:
    result = make()
    path = result.save_png(tmp_path / "curve.png")
    with Image.open(path) as image, Image.open(io.BytesIO(FORMATS["png"].render(result._report))) as own:
        assert image.size == (2400, 1500) and image.info["dpi"] == pytest.approx((300, 300), abs=0.5)
        one, other = (np.asarray(i.convert("L")).astype(int) for i in (image, own))
    assert np.abs(one - other).mean() < 0.5


def test_the_pick_of_repeats_is_marked(
    make: Make, scenario: Callable[..., Arrays], record: Callable[..., Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lrgui.export.child import report_of

    lr, _ = scenario()
    result = make([record(lr, scenario("noisy", seed)[1], number=seed) for seed in range(3)])
    drawn = report_of(child_picture._scene(result._report))
    assert drawn.analysis.recommendation.lr == result.lr and drawn.analysis.selection == result.lr
    assert drawn.analysis.zones == result.zones and drawn.title == result.picture_title
    assert drawn.analysis.curve.loss.tolist() == result.curve.loss.tolist()
    assert drawn.analysis.curve.smoothed.tolist() == result.curve.smoothed.tolist()
    assert drawn.band is not None and result.band is not None
    assert drawn.band.low.tolist() == result.band.low.tolist()
    assert drawn.band.high.tolist() == result.band.high.tolist()


@pytest.mark.parametrize("points", [0, 1, 9])
def test_few_points(make: Make, scenario: Callable[..., Arrays], tmp_path: Path, points: int) -> None:
    lr, loss = scenario()
    path = make((lr[:points], loss[:points])).save_png(tmp_path / "curve.png")
    assert path.read_bytes().startswith(child_picture.SIGNATURE)


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from lrgui.api.result import Result
from lrgui.core.config import SweepConfig
from lrgui.core.events import BatchEvent, EndEvent
from lrgui.runs.record import Record
record = Record.of([BatchEvent(0, i, 10 ** (i / 9 - 6), 2.0, 0.1 * i) for i in range(50)])
result = Result.of([record], SweepConfig(), title="x", end=EndEvent("completed", ""))
try:
    print(result.save_png("curve.png"))
except Exception as error:
    print(type(error).__name__, error)
assert not {"PySide6", "pyqtgraph", "torch"} & set(sys.modules)
"""


def run_script(package: Path, work: Path) -> str:
    """What the script prints that finds lrgui in the folder `package`, started in the folder `work`."""
    script = work.parent / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, str(script), str(package)], cwd=work, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_another_folder_with_traps_in_it(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    for trap in ("json.py", "numpy.py", "random.py"):
        (work / trap).write_text("raise SystemExit('the trap')")
    assert run_script(Path(child_picture.__file__).resolve().parents[2], work) == "curve.png\n"
    assert (work / "curve.png").read_bytes().startswith(child_picture.SIGNATURE)


def test_the_child_takes_the_callers_package(tmp_path: Path) -> None:
    """Also one that only the caller's own search path leads to, before an installed one."""
    copy = tmp_path / "elsewhere"
    ignored = shutil.ignore_patterns("__pycache__", "gui")
    shutil.copytree(Path(child_picture.__file__).resolve().parents[1], copy / "lrgui", ignore=ignored)
    with (copy / "lrgui" / "export" / "child.py").open("a") as file:
        file.write("\n\ndef main() -> None:\n    sys.exit('This is the copy.')\n")
    (tmp_path / "work").mkdir()
    assert run_script(copy, tmp_path / "work").startswith("ExportError This is the copy.")


@pytest.mark.parametrize("module", ["PySide6", "pyqtgraph"])
def test_a_missing_package_is_named(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError('No module', name={module!r})")
    monkeypatch.syspath_prepend(str(tmp_path))
    package = {"PySide6": "PySide6-Essentials"}.get(module, module)
    with pytest.raises(ExportError, match=rf"need the package {package}: .*pip install {package}”\. save_svg draws"):
        make().save_png(tmp_path / "curve.png")
    assert not (tmp_path / "curve.png").exists()


def test_a_missing_library_is_named(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyqtgraph.py").write_text("raise ImportError('libEGL.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ExportError, match=r"Qt could not be loaded \(libEGL\.so\.1.*save_svg draws without Qt"):
        make().save_png(tmp_path / "curve.png")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"crashed \(signal 11\)"),
        ("import sys; sys.exit(7)", "exit status 7: it said nothing"),
        ("print('no picture')", "exit status 0"),
        ("import time; time.sleep(60)", "not drawn within 1 seconds"),
    ],
)
def test_a_child_that_fails(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, says: str) -> None:
    monkeypatch.setattr(child_picture, "_BOOT", code)
    monkeypatch.setattr(child_picture, "PATIENCE", 1.0 if "sleep" in code else 60.0)
    with pytest.raises(ExportError, match=f"{says}.*save_svg"):
        make().save_png(tmp_path / "curve.png")


def test_no_python_to_start(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ExportError, match="/nowhere/python cannot be started"):
        make().save_png(tmp_path / "curve.png")
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(ExportError, match="does not say where its Python is"):
        make().save_png(tmp_path / "curve.png")
