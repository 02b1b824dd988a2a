"""One image file as bytes of a fixed size, read with Pillow; and in words why another cannot be read."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

#: What is read. Pillow knows more, some of it by starting other programs (EPS).
FORMATS = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP")

# Pillow only warns of images that are up to twice too large: here its limit is one. For the whole process, because
# a filter that is set and taken back around each image would be shared with the other threads that read.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class UnreadableError(Exception):
    """A file that cannot be read as an image; says why in a few words."""


class Square:
    """Makes bytes (channels, size, size) of a Pillow image: its middle square, scaled. Can be pickled."""

    def __init__(self, size: int, channels: int) -> None:
        """`size` in pixels; 3 channels are colours, 1 is grey."""
        self.size = size
        self.channels = channels

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """Upright as the camera says, cut and scaled."""
        image.draft("RGB" if self.channels == 3 else "L", (self.size, self.size))  # large JPEGs are decoded smaller
        image = _plain(ImageOps.exif_transpose(image), self.channels)
        image = ImageOps.fit(image, (self.size, self.size), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(image))
        return pixels.unsqueeze(0) if pixels.ndim == 2 else pixels.permute(2, 0, 1).contiguous()


def read_image(file: Path, square: Square) -> torch.Tensor:
    """The whole file decoded, as `square` makes it. Raises UnreadableError."""
    try:
        with _opened(file) as image:
            return square(image)
    except Exception as error:  # Pillow's readers raise about anything for a broken file
        raise UnreadableError(_why(error, file)) from error


def check_header(file: Path) -> None:
    """Raises UnreadableError where the first bytes of `file` are not those of an image, or of one that is too large."""
    try:
        _opened(file).close()
    except Exception as error:
        raise UnreadableError(_why(error, file)) from error


def _opened(file: Path) -> Image.Image:
    if file.exists() and not file.is_file():  # a pipe would be waited for
        raise UnreadableError("no file, but a pipe or a device")
    Image.init()
    return Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN])


def _plain(image: Image.Image, channels: int) -> Image.Image:
    """`image` with 8 bits in each of `channels`."""
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
        image = Image.fromarray((np.array(image).clip(0, 65535) // 256).astype(np.uint8))
    elif image.mode == "F":
        raise UnreadableError("pixels that are fractions")
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode not in ("1", "L", "LA", "RGBA"):
        image = image.convert("RGB")  # Pillow makes grey of some kinds of colour only by that way
    return image.convert("RGB" if channels == 3 else "L")


def _why(error: Exception, file: Path) -> str:
    said = str(error).lower()
    if isinstance(error, UnreadableError):
        return str(error)
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"too large: more than {(Image.MAX_IMAGE_PIXELS or 0) // 10**6} million pixels"
    if isinstance(error, UnidentifiedImageError):
        return "empty" if file.stat().st_size == 0 else "no image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if "truncated" in said or "broken" in said or isinstance(error, EOFError):
        return "cut off"
    return "damaged"
