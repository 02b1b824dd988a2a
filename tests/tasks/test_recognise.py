"""Files, folders and names that a person drops, opens or types."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.recognise import Recognised, recognise


def made(path: Path, text: str = "x") -> Path:
    """A file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["", ":train"])
def test_python_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    file = made(tmp_path / "my task.py")
    assert recognise(f"  {file}{name} ") == Recognised("task", f"{file}{name}")
    monkeypatch.chdir(tmp_path)
    assert recognise(f"my task.py{name}") == Recognised("task", f"{file}{name}"), "paths are made absolute"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert recognise(f"~/my task.py{name}") == Recognised("task", f"{file}{name}")


def test_modules() -> None:
    assert recognise("my_project.training") == Recognised("task", "my_project.training")
    assert recognise("my_project.training:task") == Recognised("task", "my_project.training:task")


def test_a_folder_with_a_task(tmp_path: Path) -> None:
    file = made(tmp_path / "task.py")
    made(tmp_path / "other.py")
    assert recognise(str(tmp_path)) == Recognised("task", str(file))


def test_a_readme_is_not_what_a_folder_is_named_for(tmp_path: Path) -> None:
    for name in ("README.md", "LICENSE.txt", "requirements.txt", "CHANGELOG.md", "__init__.py", "setup.py"):
        (tmp_path / name).write_text("text")
    assert recognise(str(tmp_path)).problem.startswith("Nothing to train on was found in the folder")
    (tmp_path / "main.py").write_text("")
    assert recognise(str(tmp_path)).path == str(tmp_path / "main.py")
    assert recognise(str(tmp_path / "README.md")).source == "text", "named itself it is a text like any other"


def test_a_folder_with_one_file(tmp_path: Path) -> None:
    file = made(tmp_path / "train.py")
    assert recognise(str(tmp_path)) == Recognised("task", str(file))
    made(tmp_path / "eval.py")
    assert "eval.py, train.py" in recognise(str(tmp_path)).problem


@pytest.mark.parametrize(
    ("name", "source"),
    [("a.csv", "table"), ("a.TSV", "table"), ("a.parquet", "table"), ("a.txt", "text"), ("README.md", "text"),
     ("a.npz", "arrays")],
)  # fmt: skip
def test_data_files(tmp_path: Path, name: str, source: str) -> None:
    assert source in SOURCES
    file = made(tmp_path / name)
    assert recognise(str(file)) == Recognised(source, str(file))


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("1.5\t2\tx", "table"),
        ("1,5;x", "table"),
        ("1,2,3", "table"),
        ("Well, he said.", "text"),
        ("a b c", "text"),
        ("\tx = 1", "text"),
        ("x = 1;", "text"),
        ("1;", "text"),
    ],
)
def test_a_table_may_be_called_a_text(tmp_path: Path, line: str, source: str) -> None:
    file = made(tmp_path / "a.txt", f"{line}\n" * 8)
    assert recognise(str(file)) == Recognised(source, str(file))
    made(file, f"{line}\n" * 6 + "and so on; for a while; it goes, on\t\tand\t|| on\n" * 2)
    assert recognise(str(file)) == Recognised("text", str(file))


def test_folders_of_images(tmp_path: Path) -> None:
    for name in ("cats/1.jpg", "dogs/2.JPEG", "dogs/notes.txt", ".hidden/x.png"):
        made(tmp_path / name)
    assert recognise(str(tmp_path)) == Recognised("image_folder", str(tmp_path))


def test_images_deeper_in_the_folders_of_classes(tmp_path: Path) -> None:
    for name in ("cats/young/1.jpg", "cats/old/1.jpg", "dogs/young/1.jpg"):
        made(tmp_path / name)
    assert recognise(str(tmp_path)) == Recognised("image_folder", str(tmp_path))


def test_images_of_a_programs_documentation_are_no_classes(tmp_path: Path) -> None:
    for name in ("docs/images/1.png", "assets/icons/1.png", "train.py"):
        made(tmp_path / name)
    assert recognise(str(tmp_path)) == Recognised("task", str(tmp_path / "train.py"))


def test_folders_that_archives_pack_around_classes(tmp_path: Path) -> None:
    for name in ("archive/pets/cats/1.jpg", "archive/pets/dogs/1.jpg", "__MACOSX/archive/pets/cats/._1.jpg"):
        made(tmp_path / name)
    assert recognise(str(tmp_path)) == Recognised("image_folder", str(tmp_path / "archive" / "pets"))


def test_a_folder_around_code_is_not_looked_through(tmp_path: Path) -> None:
    made(tmp_path / "project" / "src" / "task.py")
    assert "Nothing to train on" in recognise(str(tmp_path)).problem


@pytest.mark.parametrize("names", [["1.png", "2.png"], ["cats/1.jpg"]])
def test_images_without_classes_say_what_is_missing(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        made(tmp_path / name)
    assert "sub-folder of its own" in recognise(str(tmp_path)).problem


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("train-images-idx3-ubyte.gz", "mnist"),
        ("t10k-images.idx3-ubyte", "mnist"),
        ("MNIST/raw/x", "mnist"),
        ("KMNIST/raw/x", "kmnist"),
        ("fashion-mnist/train-images-idx3-ubyte", "fashion_mnist"),
    ],
)
def test_mnist_and_its_relatives(tmp_path: Path, name: str, source: str) -> None:
    file = made(tmp_path / name)
    folder = file.parent.parent.parent if file.name == "x" else file.parent
    assert recognise(str(folder)) == Recognised(source, str(folder))
    if file.name != "x":
        assert recognise(str(file)) == Recognised(source, str(folder))


def test_keys_of_sources() -> None:
    assert recognise("digits") == Recognised("digits")
    assert "Python file" in recognise("task").problem
    problem = recognise("digit").problem
    assert "digits" in problem
    assert "“digit”" in problem


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("MNIST", "mnist"),
        ("Fashion-MNIST", "fashion_mnist"),
        ("CIFAR-10", "cifar10"),
        ("breast cancer", "breast_cancer"),
    ],
)
def test_data_sets_as_people_write_them(words: str, key: str) -> None:
    assert recognise(words) == Recognised(key)


@pytest.mark.parametrize(
    ("words", "key"), [("mnits", "mnist"), ("fashon-mnist", "fashion_mnist"), ("cifar", "cifar10")]
)
def test_the_closest_data_set_is_named(words: str, key: str) -> None:
    assert f" Is it {key}?" in recognise(words).problem
    assert "Is it" not in recognise("nothing_like_it").problem


def test_a_file_wins_over_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "digits" / "task.py")
    monkeypatch.chdir(tmp_path)
    assert recognise("digits").source == "task"


def test_a_notebook_says_how_it_is_converted(tmp_path: Path) -> None:
    found = recognise(str(made(tmp_path / "train.ipynb")))
    assert not found.source
    assert "jupyter nbconvert --to script train.ipynb" in found.problem


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("movie.mp4", "neither a supported data file"),
        ("a.png", "single image"),
        ("model.pth", "contains weights"),
        ("sales.xlsx", "is a spreadsheet: save the sheet as CSV"),
        ("x.npy", "numpy.savez"),
        ("photos.tar.gz", "is packed: unpack it"),
        ("table.pkl", "could run arbitrary code"),
        ("rows.jsonl", "your own task.py"),
        ("data.csv:name", "Only a Python file"),
        ("none.py", "There is no file or folder"),
        ("none/", "There is no file or folder"),
    ],
)
def test_everything_else_is_one_sentence(tmp_path: Path, name: str, words: str) -> None:
    for file in (
        "movie.mp4",
        "a.png",
        "model.pth",
        "data.csv",
        "sales.xlsx",
        "x.npy",
        "photos.tar.gz",
        "table.pkl",
        "rows.jsonl",
    ):
        made(tmp_path / file)
    found = recognise(str(tmp_path / name) + ("/" if name.endswith("/") else ""))
    assert words in found.problem
    assert not found.source


def test_empty_things(tmp_path: Path) -> None:
    assert "Nothing to train on" in recognise("  ").problem
    assert "Nothing to train on" in recognise(str(tmp_path)).problem


def test_a_text_that_is_no_path() -> None:
    for text in ("x" * 5000, "x" * 5000 + ".py", "a\0b.csv"):
        assert recognise(text).problem


def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    assert recognise(str(tmp_path)).problem == f"The folder {tmp_path} cannot be read: Permission denied."


def test_folders_of_training_and_validation_images(tmp_path: Path) -> None:
    for part in ("train", "val"):
        for name in ("cats", "dogs"):
            (tmp_path / part / name).mkdir(parents=True)
            (tmp_path / part / name / "1.png").touch()
    assert recognise(str(tmp_path)) == Recognised("image_folder", str(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_there_but_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "task.py")
    for name in (str(tmp_path / "task.py"), f"{tmp_path / 'task.py'}:small", os.devnull):
        assert "is a pipe, a device or a socket, not a file" in recognise(name).problem
