"""A folder of the person's own images: what is broken is told and left out, and a run goes on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from lrgui.core.control import Control
from lrgui.core.options import Scalar
from lrgui.tasks.build import build_task, make_loaders
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.data.images import folder as image_folder
from lrgui.tasks.data.images.folder import load, prepare
from lrgui.tasks.data.images.reading import FORMATS, Square, UnreadableError, read_image
from lrgui.tasks.data.images.rows import IMAGE_FOLDER, IMAGENET
from lrgui.tasks.data.images.tensors import LazyImages, whole
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Data

COLOURS = {"cats": (250, 0, 0), "dogs": (0, 250, 0), "größe 2": (0, 0, 250)}


def picture(file: Path, colour: tuple[int, int, int] = (9, 9, 9), size: tuple[int, int] = (40, 30)) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(file)
    return file


def noise(file: Path) -> bytes:
    """A picture that does not pack well, as bytes of its file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(file)
    return file.read_bytes()


def fill(folder: Path, count: int = 10) -> Path:
    for name, colour in COLOURS.items():
        for number in range(count):
            picture(folder / name / f"{number:02}.png", colour)
    return folder


def spec_of(folder: Path, subset: int | None = None, workers: int = 0, **options: Scalar) -> TaskSpec:
    chosen: dict[str, Scalar] = {"size": 16, **options}
    return TaskSpec(
        source="image_folder",
        path=str(folder),
        options=chosen,
        subset=subset,
        batch_size=8,
        loader_workers=workers,
    )


def everything(data: Data, part: str = "train") -> tuple[torch.Tensor, torch.Tensor]:
    examples = getattr(data, part)
    return next(iter(DataLoader(examples, len(examples), collate_fn=whole)))


@pytest.fixture
def lazily(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every folder counts as a large one."""
    monkeypatch.setattr(image_folder, "DECODED", 0)


def test_a_folder_is_split_by_class(tmp_path: Path) -> None:
    folder = fill(tmp_path / "my images · é")
    data = load(spec_of(folder))
    assert data.detail == "24 training and 6 validation images 16×16 · 3 classes"
    assert (data.inputs, data.outputs, data.classes, data.notes) == ((3, 16, 16), 3, 3, ())
    images, labels = everything(data)
    assert labels.bincount().tolist() == [8, 8, 8]
    assert everything(data, "validation")[1].tolist() == [0, 0, 1, 1, 2, 2]
    mean, deviation = IMAGENET
    for label, colour in enumerate(COLOURS.values()):  # classes are sorted by name
        expected = [(c / 255 - m) / d for c, m, d in zip(colour, mean, deviation, strict=True)]
        assert torch.allclose(images[labels == label].mean((0, 2, 3)), torch.tensor(expected), atol=1e-4)
    assert torch.equal(everything(load(spec_of(folder)))[1], labels)
    assert set(everything(load(spec_of(folder, subset=9)))[1].tolist()) == {0, 1, 2}
    assert len(load(spec_of(folder, subset=9)).train) == 9  # type: ignore[arg-type]


def test_broken_files_are_told_and_left_out(tmp_path: Path) -> None:
    folder = fill(tmp_path)
    (folder / "cats" / "notes.txt").write_text("not an image")
    (folder / "cats" / ".hidden").write_text("nobody's business")
    (folder / "cats" / "Thumbs.db").write_text("of the system")
    (folder / "dogs" / "empty.png").write_bytes(b"")
    for name in ("cut.png", "cut.jpg"):
        whole_file = noise(folder / "dogs" / name)
        (folder / "dogs" / name).write_bytes(whole_file[: len(whole_file) // 2])
    spec = spec_of(folder)
    told = [event.detail for event in prepare(spec, Control())]
    assert told == [f"Scanning {folder.name}", "Reading images: 0 of 34"]
    data = load(spec)
    assert data.notes == (
        "4 of 34 files were left out: cats/notes.txt (no image), dogs/cut.jpg (cut off), dogs/cut.png (cut off), "
        "dogs/empty.png (empty).",
    )
    assert data.detail == "24 training and 6 validation images 16×16 · 3 classes"


def test_of_many_broken_files_the_first_are_named(tmp_path: Path) -> None:
    folder = fill(tmp_path)
    for number in range(20):
        (folder / "cats" / f"x{number:02}").write_text("nothing")
    (note,) = load(spec_of(folder)).notes
    assert note.startswith("20 of 50 files were left out: cats/x00 (no image), cats/x01")
    assert note.endswith("cats/x04 (no image) and 15 more.")


def test_pillows_limit_stays_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path)
    picture(folder / "cats" / "large.png", size=(50, 45))  # Pillow warns of it
    picture(folder / "cats" / "larger.png", size=(100, 100))  # and refuses this one
    assert Image.MAX_IMAGE_PIXELS is not None and Image.MAX_IMAGE_PIXELS < 10**8
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2000)
    (note,) = load(spec_of(folder)).notes
    assert note.startswith("2 of 32 files were left out: cats/large.png (too large: more than ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes")
@pytest.mark.parametrize("many", [False, True])
def test_a_pipe_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: bool) -> None:
    folder = fill(tmp_path)
    os.mkfifo(folder / "cats" / "x.png")
    if many:
        monkeypatch.setattr(image_folder, "DECODED", 0)
    (note,) = load(spec_of(folder)).notes
    assert note == f"1 file was left out: {Path('cats', 'x.png')} (no file, but a pipe or a device)."


def test_a_class_without_an_image_is_told(tmp_path: Path) -> None:
    folder = fill(tmp_path)
    (folder / "apes").mkdir()
    (folder / "bees").mkdir()
    (folder / "bees" / "a.txt").write_text("no bee")
    data = load(spec_of(folder))
    assert data.classes == 3
    assert data.notes[1:] == (
        "The class “apes” has no readable image and is ignored.",
        "The class “bees” has no readable image and is ignored.",
    )
    assert sorted(set(everything(data)[1].tolist())) == [0, 1, 2]


def test_a_folder_without_two_classes_is_a_sentence(tmp_path: Path) -> None:
    advice = "put the images of each class into a sub-folder of its own; at least two are needed."
    with pytest.raises(ValueError) as raised:
        load(spec_of(tmp_path))
    assert str(raised.value) == f"{tmp_path} has no class of images: {advice}"
    picture(tmp_path / "cats" / "1.png")
    with pytest.raises(ValueError, match="has only one class of images, “cats”: put the images"):
        load(spec_of(tmp_path))
    (tmp_path / "dogs").mkdir()
    with pytest.raises(ValueError, match="has only one class of images, “cats”: put the images"):
        list(prepare(spec_of(tmp_path), Control()))
    fill(tmp_path / "below" / "photos", 1)
    with pytest.raises(ValueError, match=r"has only one folder, “photos”, which has several: choose .*photos instead"):
        load(spec_of(tmp_path / "below"))
    with pytest.raises(ValueError, match="There is no folder"):
        load(spec_of(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("train", "held"),
    [
        ("train", "val"),
        ("Training", "test"),
        ("train", "valid"),
        ("training_set", "test_set"),
        ("Train Images", "valset"),
        ("training_set/training_set", "test_set/test_set"),
    ],
)
def test_train_and_val_folders_are_known(tmp_path: Path, train: str, held: str) -> None:
    fill(tmp_path / train, 4)
    fill(tmp_path / held, 2)
    picture(tmp_path / held / "wolves" / "1.png")
    fill(tmp_path / "more", 1)
    data = load(spec_of(tmp_path, validation=0.5))
    assert data.detail == "12 training and 6 validation images 16×16 · 3 classes"
    assert data.notes == (
        f"{Path(held).name} has classes missing from {Path(train).name}, ignored: wolves.",
        f"Only {Path(train).name} and {Path(held).name} are used, not more.",
    )


def test_the_plain_name_of_a_part_counts_more(tmp_path: Path) -> None:
    fill(tmp_path / "train", 4)
    fill(tmp_path / "train_images", 1)
    assert load(spec_of(tmp_path)).notes == ("Only train is used, not train_images.",)


def test_validation_folders_alone_are_no_classes(tmp_path: Path) -> None:
    for name in ("test", "val"):
        fill(tmp_path / name, 1)
    with pytest.raises(
        ValueError, match="has test and val, but no folder of images to train on: call that one “train”"
    ):
        load(spec_of(tmp_path))


def test_what_systems_leave_behind_is_no_class(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    picture(tmp_path / "__MACOSX" / "cats" / "1.png")
    picture(tmp_path / ".ipynb_checkpoints" / "1.png")
    data = load(spec_of(tmp_path))
    assert data.detail.endswith("3 classes") and data.notes == ()


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    for name in ("bus", "train"):
        for number in range(4):
            picture(
                tmp_path / name / "deeper" / f"{number}.png" if name == "bus" else tmp_path / name / f"{number}.png"
            )
    assert load(spec_of(tmp_path)).detail == "6 training and 2 validation images 16×16 · 2 classes"


@pytest.mark.parametrize(("share", "sizes"), [(0.0, None), (0.9, 3 * 9), (0.01, 3)])
def test_every_class_is_on_either_side(tmp_path: Path, share: float, sizes: int | None) -> None:
    data = load(spec_of(fill(tmp_path), validation=share))
    if sizes is None:
        assert data.validation is None
        assert data.detail == "30 training images 16×16 · 3 classes"
        return
    assert everything(data)[1].bincount().tolist() == [10 - sizes // 3] * 3
    assert everything(data, "validation")[1].bincount().tolist() == [sizes // 3] * 3


def test_grey_and_own_figures(tmp_path: Path) -> None:
    data = load(spec_of(fill(tmp_path), colour="grey", normalisation="own", validation=0))
    images, _ = everything(data)
    assert data.inputs == (1, 16, 16)
    assert float(images.mean()) == pytest.approx(0, abs=1e-4)
    assert float(images.std()) == pytest.approx(1, abs=1e-2)


def test_a_large_folder_is_decoded_when_it_is_used(
    tmp_path: Path, lazily: None, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = fill(tmp_path)
    (folder / "cats" / "notes.txt").write_text("not an image")
    whole_file = noise(folder / "dogs" / "05.png")
    (folder / "dogs" / "05.png").write_bytes(whole_file[: len(whole_file) // 2])
    spec = spec_of(folder, validation=0, normalisation="own")
    assert [event.detail for event in prepare(spec, Control())][1] == "Measuring images: 0 of 31"
    data = load(spec)
    assert isinstance(data.train, LazyImages)
    assert data.notes == ("1 file was left out: cats/notes.txt (no image).",)
    images, labels = everything(data)
    assert labels.bincount().tolist() == [10, 10, 10]
    assert images[labels == 1].std(0).max() == 0  # another dog stands in for the broken one
    assert "05.png was skipped (cut off) and replaced by another image of its class." in capsys.readouterr().out


def test_small_and_large_folders_give_the_same_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path)
    noise(folder / "cats" / "x.png")
    small = everything(load(spec_of(folder)))
    monkeypatch.setattr(image_folder, "DECODED", 0)
    large = everything(load(spec_of(folder)))
    assert torch.equal(small[0], large[0]) and torch.equal(small[1], large[1])


def test_a_class_of_broken_files_only_ends_in_a_sentence(tmp_path: Path, lazily: None) -> None:
    folder = fill(tmp_path, 3)
    for file in (folder / "cats").iterdir():
        whole_file = noise(file)
        file.write_bytes(whole_file[: len(whole_file) // 2])
    with pytest.raises(ValueError, match="No image of the class “cats” can be read"):
        everything(load(spec_of(folder)))


def test_prepared_images_are_used_once_and_only_for_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path)
    read: list[Path] = []

    def noted(file: Path, square: Square) -> torch.Tensor:
        read.append(file)
        return read_image(file, square)

    monkeypatch.setattr(image_folder, "read_image", noted)
    list(prepare(spec_of(folder), Control()))
    load(spec_of(folder, subset=5))
    assert len(read) == 30
    load(spec_of(folder))
    assert len(read) == 60
    list(prepare(spec_of(folder), Control()))
    load(spec_of(folder, size=8))
    assert len(read) == 120


def test_looking_through_can_be_cancelled(tmp_path: Path) -> None:
    control = Control()
    control.cancel()
    told = [event.detail for event in prepare(spec_of(fill(tmp_path)), control)]
    assert told[-1] == "Reading images: 0 of 30"
    assert image_folder._prepared == {}


@pytest.mark.slow
def test_processes_load_batches(tmp_path: Path, lazily: None) -> None:
    spec = spec_of(fill(tmp_path / "a b é"), workers=1)
    data = load(spec)
    loader, _ = make_loaders(spec, data, torch.device("cpu"))
    assert [images.shape for images, _ in loader] == [(8, 3, 16, 16)] * 3


def test_images_survive_being_sent_to_a_process(tmp_path: Path, lazily: None) -> None:
    import pickle

    data = load(spec_of(fill(tmp_path)))
    images, labels = everything(data)
    again: LazyImages = pickle.loads(pickle.dumps(data.train))
    assert again._kept == {}
    other, others = again.__getitems__(range(len(again)))
    assert torch.equal(other, images) and torch.equal(others, labels)
    assert again._kept == {}  # each process would fill a memory of its own


def test_a_whole_task_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "image_folder", IMAGE_FOLDER)
    task = build_task(spec_of(fill(tmp_path), augmentation="crop"))
    assert task.loss(task.model, next(iter(task.loader))).item() == pytest.approx(1.1, abs=0.5)
    assert task.train_size == 24


def test_a_turned_photo_stands_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (32, 32))
    image.paste((255, 255, 255), (0, 0, 32, 16))  # the top is white
    turned = image.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to see it upright
    turned.save(tmp_path / "turned.jpg", exif=exif)
    pixels = read_image(tmp_path / "turned.jpg", Square(8, 3)).float()
    assert pixels[:, 0].mean() > 240 and pixels[:, -1].mean() < 15


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_kind_of_pixels(tmp_path: Path, mode: str, channels: int) -> None:
    if mode in ("I;16", "I"):
        image = Image.fromarray(np.full((20, 30), 51200, np.uint16)).convert(mode)
    else:
        image = Image.new("L", (30, 20), 255 if mode == "1" else 200).convert(mode)
    if mode == "P":
        image.info["transparency"] = b"\x80" * 256
    file = tmp_path / ("image.tiff" if mode == "I" else "image.png")
    image.save(file)
    pixels = read_image(file, Square(8, channels))
    assert pixels.shape == (channels, 8, 8) and pixels.dtype == torch.uint8
    assert set(pixels.flatten().tolist()) == {255 if mode == "1" else 200}


@pytest.mark.parametrize(("mode", "name"), [("CMYK", "image.jpg"), ("LAB", "image.tiff"), ("YCbCr", "image.jpg")])
def test_other_kinds_of_colour_become_grey(tmp_path: Path, mode: str, name: str) -> None:
    Image.new("RGB", (30, 20), (0, 0, 0)).convert(mode if mode != "LAB" else "RGB").save(tmp_path / name)
    if mode == "LAB":
        Image.new("LAB", (30, 20), (0, 128, 128)).save(tmp_path / name)
    assert int(read_image(tmp_path / name, Square(8, 1)).max()) < 20


def test_fractions_and_vectors_are_no_images(tmp_path: Path) -> None:
    Image.new("F", (9, 9)).save(tmp_path / "f.tiff")
    with pytest.raises(UnreadableError, match="pixels that are fractions"):
        read_image(tmp_path / "f.tiff", Square(8, 3))
    (tmp_path / "x.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    with pytest.raises(UnreadableError, match="no image"):
        read_image(tmp_path / "x.eps", Square(8, 3))
    assert "EPS" not in FORMATS  # Pillow would start another program for it


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to the superuser")
def test_a_forbidden_file_is_left_out(tmp_path: Path) -> None:
    folder = fill(tmp_path)
    (folder / "cats" / "00.png").chmod(0)
    assert load(spec_of(folder)).notes == ("1 file was left out: cats/00.png (permission denied).",)
