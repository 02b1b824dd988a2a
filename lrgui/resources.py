"""Where the files that ship with the program lie: pictures, fonts, the built-in data.

One accessor for the three ways the program is run: from a checkout (``resources/`` beside ``lrgui/``), installed
(the wheel puts the same folder at ``lrgui/_resources``) and frozen (the bundle unpacks it at ``resources``).
"""

from __future__ import annotations

from pathlib import Path

from lrgui.frozen import bundle_folder


def _folders() -> list[Path]:
    """The places to look in, most particular first."""
    package = Path(__file__).resolve().parent
    places = [package / "_resources", package.parent / "resources"]
    bundle = bundle_folder()
    if bundle is not None:
        places.insert(0, bundle / "resources")
    return places


def guide_folder() -> Path:
    """The folder of the documentation's pages; a checkout has them at ``docs``.

    Raises FileNotFoundError as `resource`.
    """
    pages = Path(__file__).resolve().parent.parent / "docs"
    return pages if (pages / "index.md").is_file() and bundle_folder() is None else resource("guide")


def resource(*parts: str) -> Path:
    """Path of a shipped file or folder, for example ``resource("fonts", "OFL.txt")``.

    Raises FileNotFoundError with a sentence for people if it is in none of the places.
    """
    places = _folders()
    for place in places:
        path = place.joinpath(*parts)
        if path.exists():
            return path
    wanted = "/".join(parts) or "the resources folder"
    looked = " and ".join(str(place) for place in places)
    raise FileNotFoundError(f"LR Finder's file {wanted} is missing (looked in {looked}). Reinstall LR Finder.")
