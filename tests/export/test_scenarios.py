"""Files of the scenarios' picture, from the library and from the command."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from lrgui.cli import app
from lrgui.core.curve.scenarios import SCENARIOS, noisy_loss, rates
from lrgui.export import FORMATS
from lrgui.export.scenarios import FILE_NAME, TITLE, Scene
from lrgui.plot.theme import LIGHT

NAME = "learning_rate_finder_visualizations.png"


def lrgui(*arguments: str, cwd: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as on a machine without a display."""
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    command = [sys.executable, "-c", "from lrgui.cli import main; main()", "scenarios", *arguments]
    return subprocess.run(command, cwd=cwd, env=env | changes, capture_output=True, text=True, timeout=120)


def colours(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_the_picture_is_8_by_5_inches_at_300_dpi(qtbot):
    image = Image.open(io.BytesIO(FORMATS["png"].render(Scene())))
    assert image.format == "PNG"
    assert image.size == (2400, 1500)
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_title_and_annotations_are_on_the_picture(qtbot):
    pixels = colours(FORMATS["png"].render(Scene()))
    head = (pixels[:95].max(axis=2) < 90).sum()
    assert head > 100 * len(TITLE) / 3
    for key in ("low", "optimal", "divergence"):
        text = LIGHT.zone(key)[2]
        wanted = [int(text[i : i + 2], 16) for i in (1, 3, 5)]
        assert (np.abs(pixels[175:1356] - wanted).max(axis=2) < 24).sum() > 1000, key


def test_the_same_scene_gives_the_same_bytes(qtbot):
    for render in (FORMATS["png"].render, FORMATS["svg"].render, FORMATS["csv"].render):
        assert render(Scene(seed=2)) == render(Scene(seed=2))
        assert render(Scene(seed=2)) != render(Scene(seed=3))


def test_the_vector_picture_is_xml_without_text(qtbot):
    root = ElementTree.fromstring(FORMATS["svg"].render(Scene()))
    assert root.tag.endswith("svg")
    assert not [e for e in root.iter() if e.tag.endswith("}text")]


def test_the_points_are_at_full_precision():
    lines = list(csv.reader(io.StringIO(FORMATS["csv"].render(Scene(seed=4)).decode())))
    assert lines[0] == ["lr", "well_behaved", "noisy", "stable"]
    table = np.array(lines[1:], dtype=float)
    assert table.shape == (200, 4)
    assert np.array_equal(table[:, 0], rates())
    for column, scenario in enumerate(SCENARIOS.values(), start=1):
        assert np.array_equal(table[:, column], noisy_loss(scenario, rates(), 4))


def test_the_files_show_what_was_set(qtbot):
    deeper = replace(SCENARIOS["stable"], depth=2.0, noise=0.0)
    scene = Scene((SCENARIOS["well_behaved"], SCENARIOS["noisy"], deeper), chosen="stable")
    table = np.loadtxt(io.BytesIO(FORMATS["csv"].render(scene)), delimiter=",", skiprows=1)
    assert table[:, 3].min() == pytest.approx(0.3, abs=1e-3)
    assert FORMATS["png"].render(scene) != FORMATS["png"].render(Scene(chosen="stable"))
    assert scene.scenario is deeper
    assert scene.curve().end_reason == "completed"
    assert np.array_equal(scene.curve().loss, table[:, 3])


def test_formats():
    assert list(FORMATS) == ["png", "svg", "pdf", "csv", "parquet", "json", "html", "ipynb", "py"]
    assert all(f.suffix == f".{f.key}" for f in FORMATS.values())
    assert f"{FILE_NAME}.png" == NAME


def test_the_command_needs_no_display(tmp_path):
    done = lrgui("--png", NAME, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [p.name for p in tmp_path.iterdir()] == [NAME]
    with Image.open(tmp_path / NAME) as image:
        assert image.size == (2400, 1500)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert NAME in done.stdout + done.stderr


def test_the_command_writes_nothing_unasked(tmp_path):
    done = lrgui(cwd=tmp_path)
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (2, "", [])
    assert (
        done.stderr == "lrgui: Nothing to write: add --png FILE, --svg FILE, --pdf FILE, --csv FILE, --parquet FILE, "
        "--json FILE, --html FILE, --ipynb FILE or --py FILE; or --show for the window.\n"
    )


def test_the_command_writes_what_is_asked_for(qtbot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keys = [key for key in FORMATS if key != "parquet" or find_spec("pyarrow") is not None]
    files = {key: tmp_path / f"mine.{key}" for key in keys}
    options = [word for key, path in files.items() for word in (f"--{key}", str(path))]
    done = CliRunner().invoke(app, ["scenarios", "--seed", "5", *options])
    assert done.exit_code == 0, done.output
    assert files.pop("pdf").read_bytes().startswith(b"%PDF")  # it carries its date
    for key, path in files.items():
        assert path.read_bytes() == FORMATS[key].render(Scene(seed=5)), key


def test_a_path_that_cannot_be_written_is_said_in_a_sentence(qtbot, tmp_path):
    bad = str(tmp_path / "no" / "folder" / "file")
    told = [(done.returncode, done.stderr) for done in [lrgui("--png", bad, cwd=tmp_path)]]  # Qt has nothing to add
    for option in ("--svg", "--csv"):
        done = CliRunner().invoke(app, ["scenarios", option, bad])
        told.append((done.exit_code, done.stderr))
    for status, said in told:
        assert status == 1
        assert "could not be written" in said and "Traceback" not in said
        assert len(said.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_an_older_picture_survives_a_failure(qtbot, tmp_path):
    path = tmp_path / NAME
    path.write_bytes(b"old")
    bad = tmp_path / "no" / "points.csv"
    done = CliRunner().invoke(app, ["scenarios", "--csv", str(bad)])
    assert done.exit_code == 1
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("seed", ["-1", "x", "1.5"])
def test_a_seed_is_a_whole_number(tmp_path, seed):
    done = CliRunner().invoke(app, ["scenarios", "--seed", seed, "--csv", str(tmp_path / "a.csv")])
    assert done.exit_code == 2
    assert not (tmp_path / "a.csv").exists()


def test_to_show_it_takes_a_display(tmp_path):
    done = lrgui("--show", cwd=tmp_path)
    assert done.returncode == 1
    assert "no display" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_files_are_written_before_the_window_opens(qtbot, tmp_path, monkeypatch):
    """One process, one Qt application: the window's own draws the picture."""
    opened = []

    def open_window(arguments, before):
        assert not path.exists()
        before()
        opened.append((arguments, path.exists()))
        return 0

    path = tmp_path / "a.png"
    monkeypatch.setattr("lrgui.gui.app.main", open_window)
    done = CliRunner().invoke(app, ["scenarios", "--show", "--seed", "3", "--png", str(path)])
    assert done.exit_code == 0, done.output
    assert opened == [(["--scenarios", "3"], True)]
    monkeypatch.chdir(tmp_path)
    path.unlink()
    CliRunner().invoke(app, ["scenarios", "--show"])  # without a file's name: none is written
    assert not list(tmp_path.iterdir())
