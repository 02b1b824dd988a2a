"""Files, images and arrays that cannot be read, or written."""

from __future__ import annotations

import re

from lrgui.errors.causes.cause import Cause, shape_name


def too_many_files() -> str:
    """The sentence about the limit of open files."""
    return (
        "Too many files are open. Open each file with “with open(…)” and close it again, raise the limit with "
        "“ulimit -n 4096”, or set the DataLoader workers to 0."
    )


def _picture(match: re.Match[str]) -> str:
    name = re.search(r"name='(?P<file>[^']+)'|^'(?P<path>[^']+)'", match["name"])
    if name is None:
        return "An image cannot be read: remove it from the data, or skip it when opening it."
    file = name["file"] or name["path"]
    return f"{file} is not a readable image: remove it from the data, or skip it when opening it."


FILES: tuple[Cause, ...] = (
    Cause(
        "no file",
        r"No such file or directory: '(?P<name>[^']*)'",
        "There is no file {name}. Correct the path, or put the file there.",
        ("FileNotFoundError",),
    ),
    Cause(
        "no picture",
        r"cannot identify image file (?P<name>.*)",
        _picture,
        ("UnidentifiedImageError",),
    ),
    Cause(
        "half a picture",
        r"image file is truncated|Truncated File Read|unrecognized data stream contents",
        "An image file is truncated: remove it from the data, or skip it when opening it.",
        ("OSError",),
    ),
    Cause(
        "ragged array",
        r"setting an array element with a sequence",
        "Rows of different lengths cannot form one array: pad or crop them to one length, or return them one by one "
        "from a data set.",
        ("ValueError",),
    ),
    Cause(
        "array of objects",
        r"can't convert np\.ndarray of type numpy\.(?P<got>object|str|bytes)_",
        "An array of {got} values cannot become a tensor: it contains text, None or rows of different lengths. Turn "
        "text into numbers and convert it with array.astype(np.float32).",
        ("TypeError",),
    ),
    Cause(
        "text for numbers",
        r"could not convert string to float: (?P<text>.{1,60})",
        "{text} is not a number: omit that column or its header, or turn text into numbers.",
        ("ValueError",),
    ),
    Cause(
        "pickled array",
        r"Object arrays cannot be (?:loaded|saved) when allow_pickle=False|allow_pickle=False",
        "The file contains Python objects, not plain numbers, and could run code: save plain arrays, "
        "or load it with np.load(…, allow_pickle=True) if you trust it.",
        ("ValueError",),
    ),
    Cause(
        "negative stride",
        r"At least one stride in the given numpy array is negative|some of the strides of a given numpy array are neg",
        "torch does not accept reversed arrays ([::-1], np.flip): copy the array with array.copy().",
        ("ValueError",),
    ),
    Cause(
        "arrays' shapes",
        r"operands could not be broadcast together with shapes \((?P<one>[\d, ]*)\) \((?P<two>[\d, ]*)\)",
        lambda m: (
            f"Two arrays of shapes {shape_name(m['one'])} and {shape_name(m['two'])} cannot be combined: give them the "
            "same shape, or size 1 where they differ."
        ),
        ("ValueError",),
    ),
    Cause(
        "open files",
        r"Too many open files|received 0 items of ancdata",
        lambda _: too_many_files(),
    ),
    Cause(
        "full disk",
        r"No space left on device",
        "A file cannot be written: the disk is full. Free some space, or write to another disk.",
        ("OSError",),
    ),
)
