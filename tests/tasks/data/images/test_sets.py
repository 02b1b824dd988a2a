"""Torchvision's data sets out of a folder: what lies there is used, and nothing is believed without a checksum."""

from __future__ import annotations

import gzip
import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from lrgui.core.control import Control
from lrgui.tasks.build import build_task, make_loaders
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.data.images.download import is_missing, prepare
from lrgui.tasks.data.images.rows import SETS
from lrgui.tasks.data.images.sets import load
from lrgui.tasks.data.images.tensors import Images, LazyImages, Transform, measured, whole
from lrgui.tasks.spec import TaskSpec

MNIST = Path(__file__).parents[5] / "shared" / "data" / "mnist"

PIXELS = np.random.default_rng(1).integers(0, 256, (50, 28, 28), np.uint8)
LABELS = (np.arange(50) % 10).astype(np.uint8)


def idx(values: np.ndarray, kind: int = 8) -> bytes:
    return bytes([0, 0, kind, values.ndim]) + np.array(values.shape, ">u4").tobytes() + values.tobytes()


def put(folder: Path, part: str, count: int, packed: bool = False, spelling: str = "-idx") -> None:
    """Images and labels of one part as files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in ((f"{part}-images-idx3-ubyte", PIXELS[:count]), (f"{part}-labels-idx1-ubyte", LABELS[:count])):
        content = idx(values)
        file = folder / (name.replace("-idx", spelling) + (".gz" if packed else ""))
        file.write_bytes(gzip.compress(content) if packed else content)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for the network fails."""

    def none(*arguments: object, **named: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("urllib.request.urlopen", none)


@pytest.mark.parametrize("below", ["", "raw", "MNIST/raw", "MNIST"])
@pytest.mark.parametrize("packed", [False, True])
def test_files_in_place_are_used(tmp_path: Path, below: str, packed: bool, no_network: None) -> None:
    put(tmp_path / below, "train", 50, packed)
    put(tmp_path / below, "t10k", 20, not packed, ".idx")
    spec = TaskSpec(source="mnist", path=str(tmp_path), subset=30)
    assert list(prepare(spec, Control())) == []
    data = load(spec)
    assert data.detail == "30 training and 20 validation images 28×28 · 10 classes"
    assert (data.inputs, data.outputs, data.classes) == ((1, 28, 28), 10, 10)
    assert data.notes == ()


def test_an_image_is_what_the_guides_transform_makes(tmp_path: Path) -> None:
    put(tmp_path, "train", 50)
    put(tmp_path, "t10k", 20)
    data = load(TaskSpec(source="mnist", path=str(tmp_path)))
    guide = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    for place in (0, 7):
        image, label = data.train[place]
        assert torch.equal(image, guide(Image.fromarray(PIXELS[place])))
        assert label == LABELS[place]


@pytest.mark.parametrize(("part", "word"), [("t10k", "test"), ("train", "training")])
def test_one_part_alone_is_split(tmp_path: Path, part: str, word: str, no_network: None) -> None:
    put(tmp_path, part, 50, packed=True)
    spec = TaskSpec(source="mnist", path=str(tmp_path), subset=2048)
    assert list(prepare(spec, Control())) == []
    data, again = load(spec), load(spec)
    assert data.detail == "40 training and 10 validation images 28×28 · 10 classes"
    assert f"contains only the {word} images of MNIST: 10 are used for validation, the other 40" in data.notes[0]
    batches = [next(iter(DataLoader(one.train, batch_size=40, collate_fn=whole))) for one in (data, again)]
    assert torch.equal(batches[0][0], batches[1][0])
    held = [tuple(image.flatten().tolist()) for image, _ in (data.validation[i] for i in range(10))]  # type: ignore[index]
    assert not set(held) & {tuple(image.flatten().tolist()) for image in batches[0][0]}


def test_half_a_download_is_no_choice_of_a_person(tmp_path: Path) -> None:
    put(tmp_path / "MNIST" / "raw", "train", 50)
    spec = TaskSpec(source="mnist", path=str(tmp_path), options={"download": False})
    with pytest.raises(ValueError, match=r"MNIST is missing: switch Download on, or put its files into"):
        list(prepare(spec, Control()))
    with pytest.raises(ValueError, match="MNIST is missing: switch Download on"):
        load(spec)


@pytest.mark.parametrize("content", [b"", b"\0\0\x08\x03\0\0", idx(PIXELS)[:-1], b"\x1f\x8b nothing", idx(PIXELS, 7)])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "train", 50)
    put(tmp_path, "t10k", 20)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(
        ValueError, match=r"t10k-images-idx3-ubyte is not a complete IDX file\. Delete it and download it again\."
    ):
        load(TaskSpec(source="mnist", path=str(tmp_path)))


def test_a_damaged_packed_file_is_named(tmp_path: Path) -> None:
    put(tmp_path, "train", 50, packed=True)
    file = tmp_path / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match="is not a complete IDX file"):
        load(TaskSpec(source="mnist", path=str(tmp_path)))


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_says_it_is_larger_than_memory(tmp_path: Path, packed: bool) -> None:
    put(tmp_path, "train", 50, packed)
    content = bytes([0, 0, 8, 3]) + np.array([4_000_000_000, 28, 28], ">u4").tobytes() + bytes(10**6)
    file = tmp_path / ("train-images-idx3-ubyte" + (".gz" if packed else ""))
    file.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(ValueError, match=r"takes 6.3 TB of memory, but only .* is free: choose a smaller data set"):
        load(TaskSpec(source="mnist", path=str(tmp_path)))


def test_images_and_labels_belong_together(tmp_path: Path) -> None:
    put(tmp_path, "train", 50)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(LABELS[:49]))
    with pytest.raises(ValueError, match="do not match"):
        load(TaskSpec(source="mnist", path=str(tmp_path)))


def test_letters_count_from_one_and_are_made_to_count_from_zero(tmp_path: Path) -> None:
    for part in ("train", "test"):
        put(tmp_path, f"emnist-letters-{part}", 50)
        (tmp_path / f"emnist-letters-{part}-labels-idx1-ubyte").write_bytes(idx((np.arange(50) % 26 + 1).astype("u1")))
    data = load(TaskSpec(source="emnist", path=str(tmp_path), options={"split": "letters"}))
    assert data.classes == 26
    assert [int(data.train[i][1]) for i in (0, 25, 26)] == [0, 25, 0]


def test_emnists_images_stand_upright(tmp_path: Path) -> None:
    for part in ("train", "test"):
        put(tmp_path, f"emnist-digits-{part}", 50)
    data = load(TaskSpec(source="emnist", path=str(tmp_path), options={"split": "digits"}))
    image, _ = data.train[3]
    rows = torch.from_numpy(PIXELS[3]).argmax(dim=1)  # of the file: the columns of what is seen
    assert torch.equal(image[0].argmax(dim=0), rows)
    assert data.notes == ("EMNIST's files store its images sideways; they were turned upright.",)


def test_qmnists_labels_are_the_first_of_eight(tmp_path: Path) -> None:
    for part in ("train", "test"):
        (tmp_path / f"qmnist-{part}-images-idx3-ubyte").write_bytes(idx(PIXELS))
        told = np.zeros((50, 8), ">i4")
        told[:, 0] = LABELS
        told[:, 5] = 4000
        (tmp_path / f"qmnist-{part}-labels-idx2-int").write_bytes(idx(told, 12))
    data = load(TaskSpec(source="qmnist", path=str(tmp_path)))
    assert [int(data.train[i][1]) for i in range(50)] == LABELS.tolist()
    images = torch.stack([data.train[i][0] for i in range(50)])
    assert float(images.mean()) == pytest.approx(0, abs=1e-4)  # its own figures were measured
    assert float(images.std()) == pytest.approx(1, abs=1e-2)


class Dangerous:
    """Leaves a trace where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, (f"open({str(self.trace)!r}, 'w').close()",)


@pytest.fixture
def tiny_cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """CIFAR-10 with one image of each class a part, which torchvision's class says to be the real one."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    made = np.random.default_rng(2).integers(0, 256, (10, 3 * 32 * 32), np.uint8)

    def pickled(name: str, content: object) -> str:
        packed = pickle.dumps(content, protocol=2)
        (folder / name).write_bytes(packed)
        return hashlib.md5(packed).hexdigest()

    part = {"data": made, "labels": list(range(10))}
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [["data_batch_1", pickled("data_batch_1", part)]])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", pickled("test_batch", part)]])
    names = {"label_names": [str(i) for i in range(10)]}
    meta = {"filename": "batches.meta", "key": "label_names", "md5": pickled("batches.meta", names)}
    monkeypatch.setattr(datasets.CIFAR10, "meta", meta)
    return folder


def test_cifar_is_read_where_torchvisions_checksums_agree(tiny_cifar: Path, no_network: None) -> None:
    spec = TaskSpec(source="cifar10", path=str(tiny_cifar.parent))
    assert list(prepare(spec, Control())) == []
    data = load(spec)
    assert data.detail == "10 training and 10 validation images 32×32 in colour · 10 classes"
    first = pickle.loads((tiny_cifar / "data_batch_1").read_bytes())["data"][0].reshape(3, 32, 32)
    expected = (torch.from_numpy(first) / 255 - torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)) / torch.tensor(
        [0.2470, 0.2435, 0.2616]
    ).view(3, 1, 1)
    assert torch.allclose(data.train[0][0], expected)


def test_nothing_is_unpickled_that_has_another_checksum(tiny_cifar: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for name in ("data_batch_1", "test_batch", "batches.meta"):
        (tiny_cifar / name).write_bytes(pickle.dumps(Dangerous(trace)))
    spec = TaskSpec(source="cifar10", path=str(tiny_cifar.parent), options={"download": False})
    for attempt in (lambda: load(spec), lambda: list(prepare(spec, Control()))):
        with pytest.raises(ValueError, match=r"CIFAR-10 is missing: switch Download on, or put its files into"):
            attempt()
    assert not trace.exists()
    pickle.loads((tiny_cifar / "batches.meta").read_bytes())  # it would have left one
    assert trace.exists()


def test_photos_are_decoded_when_they_are_used(tmp_path: Path, no_network: None) -> None:
    for label in range(10):
        folder = tmp_path / "eurosat" / "2750" / f"class {label}"
        folder.mkdir(parents=True)
        for number in range(5):
            Image.new("RGB", (30, 20), (label * 20, number * 40, 0)).save(folder / f"{number}.jpg")
    spec = TaskSpec(source="eurosat", path=str(tmp_path), options={"size": 16}, batch_size=8)
    assert list(prepare(spec, Control())) == []
    data = load(spec)
    assert data.detail == "40 training and 10 validation images 16×16 in colour · 10 classes"
    loader, validation = make_loaders(spec, data, torch.device("cpu"))
    labels = torch.cat([y for _, y in loader] + [y for _, y in validation or ()])
    assert labels.bincount().tolist() == [5] * 10
    first, second = (next(iter(DataLoader(data.train, 40, collate_fn=whole)))[0] for _ in range(2))
    assert first.shape == (40, 3, 16, 16)
    assert torch.equal(first, second)


def test_a_whole_task_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "train", 50)
    put(tmp_path, "t10k", 20)
    monkeypatch.setitem(SOURCES, "mnist", SETS["mnist"].row)
    task = build_task(TaskSpec(source="mnist", path=str(tmp_path), batch_size=16))
    batches = list(task.loader)
    assert [images.shape for images, _ in batches] == [(16, 1, 28, 28)] * 3
    assert task.loss(task.model, batches[0]).item() == pytest.approx(2.3, abs=0.5)


def test_one_image_at_a_time_is_the_same() -> None:
    pixels = torch.from_numpy(PIXELS).unsqueeze(1)
    images = Images(pixels, torch.from_numpy(LABELS.astype(np.int64)), Transform(*measured(pixels)))
    together, labels = next(iter(DataLoader(images, 5, collate_fn=whole)))
    one, label = zip(*(images[i] for i in range(5)), strict=True)
    assert torch.equal(together, torch.stack(one)) and torch.equal(labels, torch.stack(label))
    assert torch.equal(whole([images[0], images[1]])[0], together[:2])


@pytest.mark.parametrize(("augmentation", "most"), [("flip", 2), ("crop", 2 * 3 * 3)])
def test_augmentation_moves_and_mirrors_and_invents_nothing(augmentation: str, most: int) -> None:
    image = torch.arange(64, dtype=torch.uint8).view(1, 1, 8, 8)
    look = Transform((0.0,), (1 / 255,), augmentation)
    torch.manual_seed(0)
    seen = {tuple(one.flatten().tolist()) for one in look.shown(image.repeat(500, 1, 1, 1)).round()}
    assert len(seen) == most
    assert tuple(float(i) for i in range(64)) in seen
    assert all(set(one) <= set(range(64)) for one in seen)
    assert torch.equal(look.plain().shown(image).round(), image.float())


def test_a_memory_of_decoded_images_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Source:
        read = 0

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            self.read += 1
            return torch.full((1, 4, 4), index, dtype=torch.uint8), index

    source = Source()
    monkeypatch.setattr("lrgui.tasks.data.images.tensors.KEEP", 2 * 16)
    lazy = LazyImages(source, [5, 3, 1], Transform((0.0,), (1 / 255,)))
    for _ in range(2):
        assert lazy.__getitems__([0, 1, 2])[1].tolist() == [5, 3, 1]
    assert source.read == 4  # two are kept


def test_a_missing_file_is_asked_for_without_reading_anything(tiny_cifar: Path) -> None:
    (tiny_cifar / "test_batch").unlink()
    before = sorted(tiny_cifar.parent.rglob("*"))
    assert is_missing(SETS["cifar10"], {}, tiny_cifar.parent)
    assert sorted(tiny_cifar.parent.rglob("*")) == before


@pytest.mark.skipif(not MNIST.is_dir(), reason="there is no MNIST beside the repository")
def test_the_real_mnist(no_network: None) -> None:
    spec = TaskSpec(source="mnist", path=str(MNIST), subset=2048)
    assert list(prepare(spec, Control())) == []
    data = load(spec)
    assert data.detail == "2,048 training and 2,000 validation images 28×28 · 10 classes"
    assert "contains only the test images of MNIST" in data.notes[0]
    images, labels = next(iter(DataLoader(data.train, 2048, collate_fn=whole)))
    assert float(images.mean()) == pytest.approx(0, abs=0.05)
    assert float(images.std()) == pytest.approx(1, abs=0.05)
    assert labels.unique().tolist() == list(range(10))
