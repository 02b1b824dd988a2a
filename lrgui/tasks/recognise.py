"""What a file, a folder or a name is that a person drops, opens or types. Reads a few bytes, runs nothing."""

from __future__ import annotations

import ast
import difflib
import os
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.data.images.files import TRAIN, innermost, is_hidden, part_of
from lrgui.tasks.data.images.rows import SETS
from lrgui.tasks.data.texts.encoding import file_encoding
from lrgui.tasks.user.outline import parsed
from lrgui.tasks.user.rows import TASK
from lrgui.tasks.user.target import Target

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
#: Which source reads a file, by its ending.
READERS = {
    "table": (".csv", ".tsv", ".tab", ".data", ".csv.gz", ".tsv.gz", ".parquet", ".pq"),
    "text": (".txt", ".md"),
    "arrays": (".npz",),
}
#: Beginnings of the files with the images of MNIST, and of its relatives with the same names.
MNIST_FILES = ("train-images-idx3", "train-images.idx3", "t10k-images-idx3", "t10k-images.idx3")
#: What else people have, and the way out.
OTHERS = {
    (".xlsx", ".xls", ".ods"): "is a spreadsheet: save the sheet as CSV in the program that made it",
    (".npy",): "holds one array, and inputs and targets are needed: put both into numpy.savez(file, x=…, y=…)",
    (".zip", ".gz", ".tgz", ".bz2", ".xz", ".tar", ".7z", ".rar"): "is packed: unpack it, and open what is in it",
    (
        ".json",
        ".jsonl",
        ".feather",
        ".h5",
        ".hdf5",
        ".mat",
        ".db",
        ".sqlite",
    ): "can be read in your own task.py, or saved as CSV or Parquet",
    (
        ".pkl",
        ".pickle",
        ".joblib",
    ): "is not opened, because it could run arbitrary code: save its content as CSV, Parquet or .npz, or read it in "
    "your own task.py",
    (
        ".pt",
        ".pth",
        ".ckpt",
        ".safetensors",
        ".onnx",
    ): "contains weights, not a task: open a Python file with a function model() that loads them",
}
#: Beginnings of texts that every project has, and Python files that are no task: nobody means these by its folder.
BESIDE = ("readme", "licen", "copying", "change", "contribut", "code_of_conduct", "requirements", "notice", "authors")
NO_TASKS = ("__init__.py", "__main__.py", "conftest.py", "setup.py")
#: So many entries of a folder are looked at: it may be a very large one.
MOST_ENTRIES = 2000
#: So many bytes, and so many lines, tell a table from a text.
SAMPLE, COLUMN_LINES = 1 << 16, 20
#: So many sub-folders of a class are looked into.
MOST_FOLDERS = 20


@dataclass(frozen=True)
class Recognised:
    """A data source and its path, or a sentence why there is none."""

    source: str = ""
    """Key of the row in `registry`."""
    path: str = ""
    """Absolute for files and folders; empty where the source reads none."""
    model: str | None = None
    """Key of the model that suits it; None: the source's first one."""
    problem: str = ""
    """What is wrong, and the way out."""


def recognise(text: str) -> Recognised:
    """What `text` names: a file or folder (code with `:name` or without), `package.module`, or a source's key."""
    words = text.strip()
    if not words:
        return Recognised(problem="Nothing to train on: pass a file, a folder or the name of a data set.")
    whole = _path(words)
    if os.path.isdir(whole) or os.path.isfile(whole):  # pathlib's own raise OSError for a very long name
        return _folder(whole) if whole.is_dir() else _file(whole, "")
    row = SOURCES.get(words) or {_letters(key): row for key, row in SOURCES.items()}.get(_letters(words))
    if row is not None:
        if row.path is not None and not row.path.default:
            return Recognised(problem=f"“{words}” reads a {_kind(row.path.kind)}: name that instead.")
        return Recognised(row.key)
    target = Target.parse(words)
    if target.file is None:
        if "." in target.place:
            return Recognised(TASK, words)
        known = ", ".join(_data_sets())
        return Recognised(problem=f"There is no file and no data set “{words}”. {_closest(words)}Data sets: {known}.")
    file = _path(str(target.file))
    if os.path.isfile(file):
        return _file(file, target.name)
    if os.path.exists(file):
        return Recognised(problem=f"{file} is a pipe, a device or a socket, not a file: save its output to a file.")
    return Recognised(problem=f"There is no file or folder {file}: check its name. {_closest(words)}".rstrip())


def is_program(file: Path) -> bool:
    """True for a notebook, and for a file that Python can read: it may train by itself."""
    if file.suffix.lower() == ".ipynb":
        return file.is_file()
    try:
        return file.suffix.lower() == ".py" and isinstance(parsed(file.read_bytes(), file.name), ast.Module)
    except OSError:
        return False


def _data_sets() -> list[str]:
    """Keys of the sources that need no file of the person's."""
    return [key for key, row in SOURCES.items() if row.path is None or row.path.default]


def _letters(words: str) -> str:
    """ "fashionmnist" of “Fashion-MNIST” and of fashion_mnist."""
    return re.sub(r"[-_ ]", "", words.lower())


def _closest(words: str) -> str:
    known = {_letters(key): key for key in _data_sets()}
    close = difflib.get_close_matches(_letters(words), known, n=1, cutoff=0.7)
    return f"Is it {known[close[0]]}? " if close else ""


def _path(words: str) -> Path:
    """Absolute, with the person's folder in the place of ~; links stay what they are."""
    return Path(os.path.abspath(os.path.expanduser(words)))


def _kind(kind: str) -> str:
    return "Python file" if kind == "code" else kind


def _file(file: Path, name: str) -> Recognised:
    suffix = file.suffix.lower()
    if suffix == ".py":
        return Recognised(TASK, f"{file}:{name}" if name else str(file))
    if suffix == ".ipynb":
        return Recognised(
            problem=f"{file.name} is a notebook, which cannot be run as a task. Make a Python file of it with "
            f"“jupyter nbconvert --to script {file.name}”, keep model, batches and loss, and open that file."
        )
    if name:
        return Recognised(problem=f"Only a Python file can be followed by a function name, and {file.name} is not one.")
    if suffix == ".txt" and _has_columns(file):
        return _offered("table", file)
    for source, suffixes in READERS.items():
        if file.name.lower().endswith(suffixes):
            return _offered(source, file)
    if file.name.startswith(MNIST_FILES):
        return _folder(file.parent)
    if suffix in IMAGES:
        return Recognised(
            problem=f"{file.name} is a single image: open the folder that has one sub-folder of images per class."
        )
    for suffixes, words in OTHERS.items():
        if suffix in suffixes:
            return Recognised(problem=f"{file.name} {words}.")
    known = ", ".join((".py", *(suffix for suffixes in READERS.values() for suffix in suffixes)))
    return Recognised(problem=f"{file.name} is neither a supported data file ({known}) nor a run.")


def _has_columns(file: Path) -> bool:
    """True where the first lines have the same separators: data sets are often written so, and texts never."""
    try:
        with file.open(encoding=file_encoding(file, SAMPLE), errors="replace") as stream:
            lines = [line for line in islice(stream, COLUMN_LINES) if line.strip()]
    except (OSError, ValueError):
        return False
    if len(lines) < 5:
        return False
    for mark, least in (("\t", 1), (";", 1), ("|", 1), (",", 2)):
        counts = {line.count(mark) for line in lines}
        between = any(mark in line.strip(f"{mark} \t\n") for line in lines)  # not all at an edge: code, indentation
        if len(counts) == 1 and counts.pop() >= least and between:
            return True
    return False


def _folder(folder: Path) -> Recognised:
    try:
        found = _entries(folder)
        parted = part_of(folder, TRAIN)
        classed = found if parted is None else _entries(parted)
        inner = innermost(folder)
    except OSError as error:
        return Recognised(problem=f"The folder {folder} cannot be read: {error.strerror or error}.")
    names = {entry.name for entry in found}
    if "task.py" in names and (folder / "task.py").is_file():
        return Recognised(TASK, str(folder / "task.py"))
    data_set = _data_set(folder, names)
    if data_set:
        return _offered(data_set, folder)
    readable = [name for name in sorted(names) if _is_offered(name.lower())]
    depth = 1 if readable else 2  # beside code, images deep in folders are those of its documentation
    # Two decide: a folder may have thousands, on a slow disk.
    classes = list(islice((entry for entry in classed if not is_hidden(entry.name) and _has_images(entry, depth)), 2))
    if len(classes) == 2:
        return _offered("image_folder", folder)
    if inner != folder and _folder(inner).source == "image_folder":
        return _offered("image_folder", inner)
    if classes or any(name.lower().endswith(IMAGES) for name in names):
        return Recognised(
            problem=f"The images in {folder} have no classes: put those of each class into a sub-folder of its own."
        )
    if len(readable) == 1:
        return _file(folder / readable[0], "")
    if readable:
        return Recognised(
            problem=f"The folder {folder} has several files to train on ({', '.join(readable[:4])}"
            f"{', …' if len(readable) > 4 else ''}): open one of them."
        )
    return Recognised(
        problem=f"Nothing to train on was found in the folder {folder}: it needs a task.py, or a sub-folder of "
        "images for each class."
    )


def _is_offered(name: str) -> bool:
    """True for a file that its folder may stand for."""
    if name.endswith(READERS["text"]) and name.startswith(BESIDE):
        return False
    return name.endswith((".py", *sum(READERS.values(), ()))) and name not in NO_TASKS


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """The first entries of a folder."""
    with os.scandir(folder) as entries:
        return [entry for _, entry in zip(range(MOST_ENTRIES), entries, strict=False)]


def _data_set(folder: Path, names: set[str]) -> str:
    """Key of the data set whose files lie in `folder`, there or as torchvision keeps them; empty: none is known."""
    sets = [image_set for image_set in SETS.values() if image_set.kind == "idx"]
    if any(name.startswith(MNIST_FILES) for name in names):
        # Its relatives differ by the folder's name only; MNIST comes last, for the others have its name in theirs.
        words = folder.as_posix().lower().replace("-", "").replace("_", "")
        return next((each.key for each in reversed(sets) if each.torchvision.lower() in words), "mnist")
    return next((each.key for each in sets if (folder / each.torchvision / "raw").is_dir()), "")


def _has_images(entry: os.DirEntry[str], depth: int) -> bool:
    """True for a folder with an image among its first entries or, with a `depth` beyond 1, in its sub-folders."""
    try:
        if depth == 0 or not entry.is_dir():
            return False
        inner = [each for each in _entries(Path(entry)) if not is_hidden(each.name)]
    except OSError:
        return False
    return any(each.name.lower().endswith(IMAGES) for each in inner) or any(
        _has_images(each, depth - 1) for each in inner[:MOST_FOLDERS]
    )


def _offered(source: str, place: Path) -> Recognised:
    """`source`, where this program has it."""
    if source in SOURCES:
        return Recognised(source, str(place))
    return Recognised(problem=f"{place.name} cannot be trained on: unknown data source “{source}”.")
