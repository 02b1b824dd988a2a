"""Figures as files, apart from the caller's own figures."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from lrgui.api.figure import DPI, SIZE, inline_svg, rendered
from lrgui.api.result import Result

Make = Callable[..., Result]


@pytest.fixture(scope="module")
def usual(make: Make) -> bytes:
    """The picture of a textbook sweep."""
    return rendered(make().plot, "png")


def test_a_png_has_its_size_and_resolution_and_the_same_result_gives_the_same_file(
    make: Make, usual: bytes, tmp_path: Path
) -> None:
    path = make().save_png(tmp_path / "curve.png")
    assert path.read_bytes() == usual
    with Image.open(path) as picture:
        assert picture.size == tuple(round(inches * DPI) for inches in SIZE)
        assert round(picture.info["dpi"][0]) == DPI


def test_a_pdf_has_no_date(make: Make) -> None:
    pdf = rendered(make().plot, "pdf")
    assert pdf.startswith(b"%PDF") and b"/CreationDate" not in pdf


def test_an_svg_of_a_long_curve_stays_small(make: Make, tmp_path: Path) -> None:
    lr = np.geomspace(1e-6, 1, 100_000)
    loss = 2 - np.tanh(np.log10(lr) + 3) + 0.1 * np.random.default_rng(0).standard_normal(len(lr))
    path = make((lr, loss)).save_svg(tmp_path / "curve.svg")
    assert ET.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert path.stat().st_size < 600_000


def test_an_inline_picture_is_read_out_and_shrinks_with_the_page(make: Make) -> None:
    element = ET.fromstring(inline_svg(make().plot, 'a <curve> & "quotes"'))
    assert element.get("role") == "img" and element.get("aria-label") == 'a <curve> & "quotes"'
    assert "max-width:100%" in element.get("style", "")


def test_the_callers_settings_take_no_part_and_stay(make: Make, usual: bytes) -> None:
    with matplotlib.rc_context({"axes.facecolor": "black", "savefig.dpi": 20, "font.size": 30}):
        assert rendered(make().plot, "png") == usual
        assert matplotlib.rcParams["font.size"] == 30


def test_no_window_and_no_pyplot() -> None:
    """Also where a program has chosen a backend that needs a display; Qt is not loaded."""
    code = (
        "import os, sys; os.environ.pop('DISPLAY', None); os.environ['MPLBACKEND'] = 'tkagg'\n"
        "from lrgui.api.figure import rendered\n"
        "for kind in ('png', 'svg', 'pdf'):\n"
        "    assert len(rendered(lambda ax: ax.plot([1, 2]), kind)) > 1000\n"
        "    assert not {'matplotlib.pyplot', 'PySide6', 'torch', 'tkinter'} & set(sys.modules), kind\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
