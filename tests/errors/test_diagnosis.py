"""Every row of the table of causes meets the error that it is about, made by torch (or Python) itself."""

from __future__ import annotations

import io
import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from lrgui.errors.causes import CAUSES
from lrgui.errors.diagnosis import diagnose, kind_and_message, place_words

X = torch.randn(4, 10)
LAYERS = (nn.Linear(10, 3),)
CLASSES = torch.zeros(4, dtype=torch.long)
PICTURES = torch.randn(2, 3, 8, 8)


class Examples(Dataset[Any]):
    """Four examples, each made by a function of its number."""

    def __init__(self, example: Callable[[int], Any]) -> None:
        self.example = example

    def __len__(self) -> int:
        return 4

    def __getitem__(self, number: int) -> Any:
        return self.example(number)


def first_batch(example: Callable[[int], Any], **options: Any) -> Any:
    return next(iter(DataLoader(Examples(example), batch_size=2, **options)))


def raising(error: BaseException) -> Any:
    raise error


def caught_of(make: Callable[[], Any]) -> BaseException:
    with pytest.raises(Exception) as caught:
        make()
    return caught.value


def pickled_array() -> Any:
    file = io.BytesIO()
    np.save(file, np.array([None], dtype=object))
    return np.load(io.BytesIO(file.getvalue()))


class TwoInputs(nn.Module):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return x * mask


class Nothing(nn.Module):
    def forward(self, x: torch.Tensor) -> None:
        x.sum()


class NoForward(nn.Module):
    pass


class NoSuper(nn.Module):
    def __init__(self) -> None:
        self.layer = nn.Linear(2, 2)


class ClassifierOutput:
    """What Hugging Face's models return."""

    logits = X


class OldEmbedding(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.Embedding(10, 3)(x)


def changed_in_place() -> None:
    y = torch.sigmoid(nn.Linear(10, 3)(X))
    y += 1
    y.sum().backward()


def not_deterministic() -> None:
    torch.use_deterministic_algorithms(True)
    try:
        torch.zeros(3).put_(torch.tensor([0, 0]), torch.tensor([1.0, 2.0]))
    finally:
        torch.use_deterministic_algorithms(False)


def parameter_in_place() -> None:
    nn.Linear(10, 3).weight.add_(1)


def backward_twice() -> None:
    loss = nn.Linear(10, 3)(X).sigmoid().sum()
    loss.backward()
    loss.backward()


def saved_on_a_gpu() -> None:
    stored = io.BytesIO()
    tag = torch.serialization.location_tag
    torch.serialization.location_tag = lambda storage: "cuda:0"  # type: ignore[assignment]
    try:
        torch.save(X, stored)
    finally:
        torch.serialization.location_tag = tag
    stored.seek(0)
    torch.load(stored, weights_only=True)


def more_than_weights() -> None:
    stored = io.BytesIO()
    torch.save({"model": nn.Linear(2, 2)}, stored)
    stored.seek(0)
    torch.load(stored, weights_only=True)


def no_answer() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO())
        input()


def half_a_picture() -> None:
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 9).save(whole, "PNG")
    Image.open(io.BytesIO(whole.getvalue()[:900])).load()


def output_of(model: nn.Module) -> Any:
    return model(X)


CASES: list[tuple[str, Callable[[], Any], list[str]]] = [
    (
        "class target",
        lambda: functional.cross_entropy(X, torch.randn(4)),
        ["dtype float32", "target.long()", "MSELoss"],
    ),
    ("class target", lambda: functional.cross_entropy(X, CLASSES.int()), ["dtype int32", "the data set."]),
    ("class target", lambda: functional.cross_entropy(X, CLASSES.bool()), ["dtype bool"]),
    ("target dimensions", lambda: functional.cross_entropy(X, CLASSES[:, None]), ["squeeze(1)", "argmax(1)"]),
    ("one-hot integers", lambda: functional.cross_entropy(X, functional.one_hot(CLASSES, 10)), ["target.argmax(1)"]),
    (
        "mask dimensions",
        lambda: functional.cross_entropy(PICTURES, torch.zeros(2, 1, 8, 8, dtype=torch.long)),
        ["batch×height×width", "squeeze(1)"],
    ),
    (
        "float target",
        lambda: functional.binary_cross_entropy_with_logits(X[:, 0], CLASSES),
        ["dtype int64", "target.float()"],
    ),
    (
        "float target",
        lambda: functional.binary_cross_entropy(X[:, 0].sigmoid(), CLASSES),
        ["dtype int64", "target.float()"],
    ),
    (
        "target size",
        lambda: functional.binary_cross_entropy_with_logits(X[:, :1], torch.zeros(4)),
        ["shape 4×1", "the target 4", "output.squeeze(1)"],
    ),
    (
        "target size",
        lambda: functional.binary_cross_entropy(X[:, 0].sigmoid(), torch.zeros(4, 1)),
        ["target 4×1", "target.squeeze(1)"],
    ),
    (
        "target size",
        lambda: functional.binary_cross_entropy_with_logits(X, torch.zeros(4, 3)),
        ["shape 4×10", "last layer"],
    ),
    ("batch sizes", lambda: functional.cross_entropy(X, CLASSES[:3]), ["4 outputs for 3 targets", "flatten(1)"]),
    (
        "sequence target",
        lambda: functional.cross_entropy(torch.randn(4, 7, 3), torch.zeros(4, 7, dtype=torch.long)),
        ["target has shape 4×7", "output.transpose(1, 2)"],
    ),
    ("labels", lambda: functional.cross_entropy(X, CLASSES + 10), ["class 10", "at least 11 outputs", "from 0"]),
    ("labels", lambda: functional.cross_entropy(X, CLASSES - 1), ["is -1", "ignore_index"]),
    ("probabilities", lambda: functional.binary_cross_entropy(X * 9, X * 0), ["BCEWithLogitsLoss"]),
    ("linear", lambda: nn.Linear(12, 3)(X), ["expects 12 features", "gets 10", "in_features to 10"]),
    ("dtypes", lambda: nn.Linear(10, 3)(X.double()), ["float64", "numpy", ".float()"]),
    ("dtypes", lambda: nn.Linear(10, 3)(X.long()), ["int64", ".float()"]),
    ("dtypes", lambda: nn.Linear(10, 3)(X.half()), ["float16", "for both"]),
    ("input type", lambda: nn.Conv2d(3, 4, 3)(PICTURES.to(torch.uint8)), ["uint8", "/ 255"]),
    ("input type", lambda: nn.Conv2d(3, 4, 3)(PICTURES.double()), ["float64", "numpy"]),
    ("two dtypes", lambda: torch.dot(X[0], X[0].double()), ["float32 and float64", ".float()"]),
    ("two dtypes", lambda: torch.bmm(X[None], X.T[None].double()), ["float64", ".float()"]),
    ("two dtypes", lambda: functional.scaled_dot_product_attention(X, X.half(), X), ["float32 and float16"]),
    ("recurrent dtype", lambda: nn.LSTM(10, 3)(X.double()), ["float64", "weights are float32"]),
    ("norm's dtype", lambda: nn.LayerNorm(10)(X.double()), [".float()"]),
    ("no such arithmetic", lambda: nn.BatchNorm1d(10)(X.long()), ["batch_norm", "int64", ".float()"]),
    ("index's dtype", lambda: X[torch.tensor([0.5])], [".long()"]),
    ("index's size", lambda: X[torch.tensor([7])], ["Index 7", "4 entries", "__len__"]),
    ("index's size", lambda: np.zeros(3)[5], ["Index 5", "3 entries"]),
    ("channels", lambda: nn.Conv2d(3, 4, 3)(PICTURES[:, :1]), ["3 channels but gets 1", "in_channels=1", "repeat"]),
    (
        "channels",
        lambda: nn.Conv2d(3, 4, 3)(PICTURES.permute(0, 2, 3, 1)),
        ["channels are last", "permute(0, 3, 1, 2)"],
    ),
    (
        "channels",
        lambda: nn.Conv2d(3, 4, 3)(torch.randn(9, 8, 8)),
        ["the batch of 9 has no channels", "x.unsqueeze(1).repeat(1, 3, 1, 1)"],
    ),
    ("channels", lambda: nn.Conv1d(3, 4, 3)(torch.randn(2, 8, 3)), ["permute(0, 2, 1)"]),
    ("convolution's dimensions", lambda: nn.Conv2d(3, 4, 3)(X), ["batch×channels×size×size", "4×10"]),
    ("small image", lambda: nn.Conv2d(3, 4, 5)(PICTURES[..., :3, :3]), ["3 x 3", "5 x 5", "larger inputs"]),
    ("small for pooling", lambda: nn.MaxPool2d(2)(PICTURES[..., :1, :1]), ["3x1x1", "larger inputs"]),
    ("batch of one", lambda: nn.BatchNorm1d(10)(X[:1]), ["at least 2", "drop_last=True"]),
    ("batch norm", lambda: nn.BatchNorm1d(5)(X), ["5 channels but gets 10"]),
    ("dimensions", lambda: nn.BatchNorm2d(10)(X), ["expects 4D", "gets 2D"]),
    ("layer norm", lambda: nn.LayerNorm(5)(X), ["end in 5", "4×10"]),
    ("embedding's dtype", lambda: OldEmbedding()(X), ["FloatTensor", ".long()"]),
    ("embedding's size", lambda: OldEmbedding()(CLASSES + 10), ["num_embeddings"]),
    ("recurrent size", lambda: nn.LSTM(8, 4)(torch.randn(3, 2, 7)), ["8 features", "input_size=7"]),
    ("heads", lambda: nn.MultiheadAttention(7, 2), ["multiple of the number of heads"]),
    ("device", lambda: nn.Linear(10, 3, device="meta")(X), ["two devices (meta and cpu)", "x.device"]),
    ("view", lambda: X.view(4, 11), ["40 values", "(4, 11)", "flatten(1)"]),
    ("view of parts", lambda: PICTURES.transpose(1, 2).view(2, 192), ["reshape"]),
    ("concatenation", lambda: torch.cat([X, X[:3, :5]]), ["dimension 0", "(10 and 5)"]),
    ("sizes", lambda: functional.l1_loss(X, X[:, :7].clone()), ["10 and 7 entries", "dimension 1"]),
    ("no tensor", lambda: functional.cross_entropy((X, X), CLASSES), ["returns a tuple", "output[0]"]),  # type: ignore[arg-type]
    ("no tensor", lambda: functional.cross_entropy({"a": X}, CLASSES), ['output["logits"]']),  # type: ignore[arg-type]
    (
        "no tensor",
        lambda: functional.cross_entropy(OrderedDict(out=X), CLASSES),  # type: ignore[arg-type]
        ["returns an OrderedDict", 'output["out"]'],
    ),
    ("no tensor", lambda: functional.cross_entropy(output_of(Nothing()), CLASSES), ["no return"]),
    ("no tensor", lambda: functional.cross_entropy(X, ["a"] * 4), ["class names into numbers"]),  # type: ignore[arg-type]
    ("no tensor", lambda: nn.Linear(4, 3)(nn.LSTM(10, 4)(X)), ["layer linear gets a tuple", "LSTM"]),
    ("no tensor", lambda: nn.Linear(10, 3)(X.numpy()), ["linear gets a numpy array", "torch.as_tensor"]),
    (
        "no such arithmetic",
        lambda: functional.cross_entropy(CLASSES, X[:, 0]),
        ["int64 as the model's scores", "(output"],
    ),
    (
        "relative import",
        lambda: exec("from .x import y", {"__package__": ""}),
        ["belongs to no package", "from neighbour"],
    ),
    ("no name", lambda: eval("F.relu(X)"), ["import torch.nn.functional as F"]),
    ("no name", lambda: eval("modle(X)"), ["no modle", "spelling"]),
    ("no attribute", lambda: functional.mse_loss((X, X), X), ["got a tuple", ".size"]),  # type: ignore[arg-type]
    ("no attribute", lambda: output_of(Nothing()).argmax(1), ["returned nothing"]),
    ("no attribute", lambda: ClassifierOutput().argmax(1), ["got a ClassifierOutput", "output.logits"]),  # type: ignore[attr-defined]
    ("too many inputs", lambda: nn.Linear(10, 3)(X, X), ["takes 1 input but gets 2", "training_step"]),
    ("too few inputs", lambda: TwoInputs()(X), ["TwoInputs.forward", "'mask'"]),
    ("unknown input", lambda: nn.Linear(10, 3)(input_ids=X), ["no argument input_ids"]),
    ("no forward", lambda: NoForward()(X), ["NoForward", "forward(self, x)"]),
    ("no super", NoSuper, ["super().__init__()"]),
    (
        "state dict",
        lambda: nn.Linear(3, 3).load_state_dict(nn.Linear(4, 3).state_dict()),
        ["the model Linear", "size mismatch for weight", "strict=False"],
    ),
    ("weights only", more_than_weights, ["more than weights", "safetensors"]),
    ("logits of logits", lambda: X.logits, ["use output itself"]),
    ("layer in a tuple", lambda: LAYERS(X), ["trailing comma"]),  # type: ignore[operator]
    (
        "detection",
        lambda: torch._assert(False, "targets should not be none when in training mode"),
        ["sum(model(images, targets).values())"],
    ),
    ("several losses", lambda: nn.Linear(10, 3)(X).backward(), ["loss.mean()"]),
    ("no graph", lambda: X.sum().backward(), [".item()", "no_grad()"]),
    ("not deterministic", not_deterministic, ["PyTorch's put_", "--no-deterministic"]),
    ("in place", changed_in_place, ["the result of Sigmoid", "x = x + y", "inplace=True"]),
    ("parameter in place", parameter_in_place, ["torch.no_grad()"]),
    ("backward twice", backward_twice, ["leave backward()", "detach any state"]),
    ("numpy of a graph", lambda: nn.Linear(10, 3)(X).numpy(), ["detach()"]),
    ("several numbers", lambda: X.item(), [".mean()"]),
    ("truth of a tensor", lambda: bool(X > 0), [".all()"]),
    (
        "examples of other sizes",
        lambda: first_batch(lambda i: torch.zeros(3, 8 + i)),
        ["3×8 and 3×9", "resize, crop, pad", "collate_fn"],
    ),
    (
        "examples of other sizes, loaded elsewhere",
        lambda: first_batch(lambda i: torch.zeros(3, 9 - i), num_workers=1),
        ["different shapes", "resize, crop, pad"],
    ),
    ("examples of other lengths", lambda: first_batch(lambda i: [1] * (i + 1)), ["collate_fn"]),
    ("no image", lambda: first_batch(lambda i: Image.new("RGB", (3, 3))), ["ToTensor()"]),
    ("nothing in a batch", lambda: first_batch(lambda i: None), ["__getitem__ has no return"]),
    ("not for a batch", lambda: first_batch(lambda i: Path()), ["returns a pathlib", "collate_fn"]),
    ("not for a batch", lambda: first_batch(lambda i: np.array(["a"], dtype=object)), ["returns a object"]),
    (
        "pickling",
        lambda: first_batch(lambda i: i, num_workers=1, multiprocessing_context="spawn"),
        ["lambda", "DataLoader workers to 0"],
    ),
    ("no picture", lambda: Image.open(io.BytesIO(b"no image")), ["An image cannot be read"]),
    ("half a picture", half_a_picture, ["truncated"]),
    ("no examples", lambda: DataLoader([], shuffle=True), ["empty"]),  # type: ignore[arg-type]
    ("ragged array", lambda: np.array([[1.0], [1.0, 2.0]], dtype=np.float32), ["different lengths", "pad"]),
    ("array of objects", lambda: torch.as_tensor(np.array([1, None], dtype=object)), ["object", "astype"]),
    ("text for numbers", lambda: np.array(["1.0", "abc"]).astype(float), ["'abc'", "number"]),
    ("pickled array", pickled_array, ["allow_pickle=True"]),
    ("negative stride", lambda: torch.as_tensor(np.arange(3)[::-1]), ["array.copy()"]),
    ("arrays' shapes", lambda: np.zeros((2, 3)) + np.zeros(4), ["2×3 and 4"]),
    ("open files", lambda: raising(OSError(24, "Too many open files")), ["ulimit", "DataLoader workers"]),
    ("full disk", lambda: raising(OSError(28, "No space left on device")), ["the disk is full"]),
    ("closure", lambda: torch.optim.LBFGS(nn.Linear(3, 3).parameters()).step(), ["choose another one"]),  # type: ignore[call-arg]
    (
        "no rate",  # of transformers
        lambda: raising(ValueError("Cannot combine manual `lr` and `relative_step=True` options")),
        ["relative_step=False", "functools.partial"],
    ),
    ("no parameters", lambda: torch.optim.SGD([], lr=0.1), ["list(model.parameters())"]),
    ("no leaf", lambda: torch.optim.SGD([nn.Linear(10, 3)(X)], lr=0.1), ["model.parameters()"]),
    ("question", no_answer, ["input()", "an argument with a default"]),
    ("no such name", lambda: exec("from torch import Tensr"), ["torch has no Tensr", "misspelled"]),
]
if not torch.cuda.is_available():
    CASES.append(("saved on a GPU", saved_on_a_gpu, ["map_location"]))

#: What torch says of processes that load batches and are gone: nothing that has a line.
GONE = {
    "shared memory": (
        "DataLoader worker (pid 5) is killed by signal: Bus error. It is possible that dataloader's workers are out of "
        "shared memory. Please try to raise your shared memory limit.",
        ["/dev/shm", "--shm-size"],
    ),
    "worker killed": ("DataLoader worker (pid 5) is killed by signal: Killed. ", ["ran out of memory"]),
    "worker crashed": ("DataLoader worker (pid 5) is killed by signal: Segmentation fault. ", ["(Segmentation fault)"]),
    "worker timed out": ("DataLoader timed out after 5 seconds", ["within 5 s", "timeout"]),
    "worker gone": ("DataLoader worker (pid(s) 5, 6) exited unexpectedly", ["ended unexpectedly"]),
}

#: Made elsewhere: on a GPU, with files, or of a process's start.
ELSEWHERE = {"device assert", "devices", "circular", "saved on a GPU", "no file", "no GPU", "unguarded script", *GONE}


@pytest.mark.filterwarnings("ignore:Using a target size:UserWarning")
@pytest.mark.filterwarnings("ignore:Got pickle error:UserWarning")
@pytest.mark.parametrize(("key", "make", "parts"), CASES, ids=[f"{key}-{n}" for n, (key, *_) in enumerate(CASES)])
def test_torchs_own_error_is_explained_with_the_line(key: str, make: Callable[[], Any], parts: list[str]) -> None:
    with pytest.raises(Exception) as caught:
        make()
    found = diagnose(caught.value)
    kind, message = kind_and_message(caught.value)
    assert next(cause.key for cause in CAUSES if cause.told(kind, message)) == key, message
    assert found.known
    for part in parts:
        assert part in found.sentence
    assert found.sentence.endswith(".") and "\n" not in found.sentence and "{" not in found.sentence
    assert Path(found.file).name == "test_diagnosis.py" and found.line > 0
    assert found.words == f"test_diagnosis.py, line {found.line}: {found.sentence}"


@pytest.mark.parametrize("key", GONE)
def test_a_loaders_process_that_is_gone_has_a_way_out_and_no_line(key: str) -> None:
    message, parts = GONE[key]
    found = diagnose(caught_of(lambda: raising(RuntimeError(message))))
    assert next(cause.key for cause in CAUSES if cause.told("RuntimeError", message)) == key
    assert found.known and found.file == "" and "DataLoader workers to 0" in found.sentence
    for part in parts:
        assert part in found.sentence


def test_every_row_is_tested() -> None:
    assert {cause.key for cause in CAUSES} == {key for key, *_ in CASES} | ELSEWHERE
    assert len({cause.key for cause in CAUSES}) == len(CAUSES)


@pytest.mark.parametrize(
    ("message", "key"),
    [
        # As PyTorch 2.4 to 2.10 say it.
        ("expected scalar type Long but found Float", "class target"),
        ("mat1 and mat2 to have the same dtype, but got: double != float", "dtypes"),
        ("expected m1 and m2 to have the same dtype, but got: double != float", None),
        (
            "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the same",
            "input type",
        ),
        (
            "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu! "
            "(when checking argument for argument mat1 in method wrapper_CUDA_addmm)",
            "devices",
        ),
        (
            "only batches of spatial targets supported (3D tensors) but got targets of size: : [2, 1, 4, 4]",
            "mask dimensions",
        ),
    ],
)
def test_the_words_of_other_versions_and_devices(message: str, key: str | None) -> None:
    rows = [cause.key for cause in CAUSES if cause.told("RuntimeError", message)]
    assert (rows[0] if rows else None) == key


@pytest.mark.parametrize("place", ["{0}{1}", "{1} {0}"])
def test_a_cause_is_found_at_either_end_of_a_message_with_an_array_in_it(place: str) -> None:
    """A search through all of it would take minutes."""
    message = place.format("mat1 and mat2 shapes cannot be multiplied (4x10 and 12x3)", "x" * 100_000)
    assert "expects 12 features per example but gets 10" in diagnose(RuntimeError(message)).sentence


def test_a_missing_file_names_it_and_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        open("no such/table.csv")  # noqa: SIM115
    told = diagnose(caught.value)
    assert f"There is no file no such/table.csv in {Path.cwd()}. Correct" in told.sentence
    with pytest.raises(FileNotFoundError) as caught:
        np.load(tmp_path / "x.npy")
    assert f"{tmp_path / 'x.npy'}. Correct" in diagnose(caught.value).sentence
    with pytest.raises(IsADirectoryError) as broken:
        open(tmp_path)  # noqa: SIM115
    assert "cannot be read (Is a directory)" in diagnose(broken.value).sentence


def test_a_missing_module_and_a_syntax_error_name_their_line(tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        import no_such_module_of_ours.part  # type: ignore[import-not-found]  # noqa: F401
    assert "The module no_such_module_of_ours is not installed" in diagnose(caught.value).sentence
    file = tmp_path / "task.py"
    for text, words in (("def f(:\n", "Syntax error: invalid syntax"), ("if 1:\nx = 1\n", "Indentation error:")):
        with pytest.raises(SyntaxError) as broken:
            compile("x = 1\n" + text, str(file), "exec")
        found = diagnose(broken.value)
        assert found.sentence.startswith(words) and found.sentence.endswith(".") and found.file == str(file)
        assert found.line == (2 if "def" in text else 3)


def test_two_files_that_import_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one_of_two.py").write_text("from two_of_two import b\na = 1\n")
    (tmp_path / "two_of_two.py").write_text("from one_of_two import a\nb = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError) as caught:
        import one_of_two  # type: ignore[import-not-found]  # noqa: F401
    found = diagnose(caught.value)
    assert "one_of_two" in found.sentence and "a circular import" in found.sentence
    assert (Path(found.file).name, found.line) == ("two_of_two.py", 1)


def test_what_nobody_knows_is_said_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        print(1 // 0)
    found = diagnose(caught.value)
    assert not found.known and re.fullmatch(r"ZeroDivisionError: .*zero\.", found.sentence) and found.line > 0
    assert diagnose(KeyError("w")) == diagnose(KeyError("w"))
    assert diagnose(KeyError("w")).words == "KeyError: 'w'."


def test_the_cause_behind_an_error_of_the_persons_own_is_found() -> None:
    def broken() -> None:
        try:
            nn.Linear(12, 3)(X)
        except RuntimeError as error:
            raise RuntimeError("my model broke") from error

    with pytest.raises(RuntimeError) as caught:
        broken()
    assert "expects 12 features" in diagnose(caught.value).sentence


def test_a_sentence_of_our_own_checks_stays_and_one_of_the_persons_has_its_class() -> None:
    from lrgui.core.engine.batches import endless

    with pytest.raises(ValueError) as caught:
        next(endless([]))
    assert diagnose(caught.value).sentence.startswith("The training data yields no batches")
    with pytest.raises(ValueError) as theirs:
        raise ValueError("It is Monday.")
    assert diagnose(theirs.value).sentence == "ValueError: It is Monday."


def test_other_ends() -> None:
    def endless_call() -> None:
        endless_call()

    with pytest.raises(RecursionError) as caught:
        endless_call()
    assert "endlessly" in diagnose(caught.value).sentence
    assert "half the batch size" in diagnose(MemoryError()).sentence
    assert "exit status 3" in diagnose(SystemExit(3)).sentence


def test_places_in_words() -> None:
    assert place_words("/home/me/model.py", 12) == "model.py, line 12: "
    assert place_words("/home/me/model.py", 0) == "model.py: "
    assert place_words("", 0) == ""


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_two_devices() -> None:
    for make in (lambda: nn.Linear(10, 3).cuda()(X), lambda: X + X.cuda(), lambda: nn.Conv2d(3, 1, 1).cuda()(PICTURES)):
        with pytest.raises(RuntimeError) as caught:
            make()
        sentence = diagnose(caught.value).sentence
        assert ("two devices" in sentence or "on the GPU" in sentence) and "register_buffer" in sentence


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_an_assert_on_the_gpu() -> None:
    import subprocess
    import sys

    code = (
        "import torch\nfrom lrgui.errors.diagnosis import diagnose\n"
        "try:\n    torch.nn.functional.cross_entropy(torch.randn(4, 3).cuda(), torch.full((4,), 3).cuda()).item()\n"
        "except Exception as error:\n    print(diagnose(error).sentence)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert "Check the task on the device cpu" in done.stdout, done.stderr
