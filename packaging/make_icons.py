"""Renders the icon's sizes from resources/icons/lrgui.svg: `python packaging/make_icons.py [FOLDER]`.

Writes the PNG files of the hicolor theme, lrgui.ico (Windows) and lrgui.icns (macOS) beside the SVG, or into FOLDER.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parents[1] / "resources" / "icons"
HICOLOR = (16, 22, 24, 32, 48, 64, 128, 256, 512)
ICO = (16, 20, 24, 32, 40, 48, 64, 256)
#: macOS' names of the sizes; the second of a size is for screens with twice the pixels.
ICNS = (
    (b"icp4", 16),
    (b"icp5", 32),
    (b"ic11", 32),
    (b"ic12", 64),
    (b"ic07", 128),
    (b"ic08", 256),
    (b"ic13", 256),
    (b"ic09", 512),
    (b"ic14", 512),
)


def main() -> int:
    """Render and write everything."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ICONS
    application = QGuiApplication([])  # Qt draws only with one
    drawing = QSvgRenderer(str(ICONS / "lrgui.svg"))
    if not drawing.isValid():
        print("lrgui.svg cannot be read.", file=sys.stderr)
        return 1
    sizes = sorted({*HICOLOR, *ICO, *(size for _, size in ICNS)})
    images = {size: render(drawing, size) for size in sizes}
    for size in HICOLOR:
        path = folder / "hicolor" / f"{size}x{size}" / "apps" / "lrgui.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(images[size]))
    (folder / "lrgui.ico").write_bytes(ico([images[size] for size in ICO]))
    (folder / "lrgui.icns").write_bytes(icns({name: images[size] for name, size in ICNS}))
    del application
    return 0


def render(drawing: QSvgRenderer, size: int) -> QImage:
    """The icon with `size` pixels a side, on nothing."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    drawing.render(painter)
    painter.end()
    return image


def png(image: QImage) -> bytes:
    """The image as PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG", 0)
    return bytes(buffer.data().data())


def ico(images: list[QImage]) -> bytes:
    """A Windows icon: a folder of pictures, bitmaps (which every reader knows) except for 256 pixels."""
    head = struct.pack("<3H", 0, 1, len(images))
    place = len(head) + 16 * len(images)
    entries, pictures = b"", b""
    for image in images:
        side = image.width()
        picture = png(image) if side >= 256 else bitmap(image)
        entries += struct.pack("<4B2H2I", side % 256, side % 256, 0, 0, 1, 32, len(picture), place + len(pictures))
        pictures += picture
    return head + entries + pictures


def bitmap(image: QImage) -> bytes:
    """A bitmap as icons hold it: rows from below, twice the height, and a mask that hides nothing."""
    side = image.width()
    pixels, width = bytes(image.constBits()), image.bytesPerLine()
    rows = b"".join(pixels[place : place + width] for place in range(width * (side - 1), -1, -width))
    mask = bytes((side + 31) // 32 * 4 * side)
    return struct.pack("<I2i2H6I", 40, side, 2 * side, 1, 32, 0, len(rows) + len(mask), 0, 0, 0, 0) + rows + mask


def icns(images: dict[bytes, QImage]) -> bytes:
    """A macOS icon: named PNGs."""
    parts = b""
    for name, image in images.items():
        data = png(image)
        parts += name + struct.pack(">I", 8 + len(data)) + data
    return b"icns" + struct.pack(">I", 8 + len(parts)) + parts


if __name__ == "__main__":
    raise SystemExit(main())
