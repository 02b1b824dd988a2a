"""Outlines of task files: what the form needs to know, without running anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from lrgui.core.options import Option
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.task_outline import Outline

WHOLE = """
    import torch
    def model(): return torch.nn.Linear(1, 1)
    def train_loader(batch_size): ...
    def loss(output, target): ...
"""


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str, suffix: str = "", name: str = "task.py") -> Outline:
        (tmp_path / name).write_text(dedent(text), encoding="utf-8")
        return outline(f"{tmp_path / name}{suffix}")

    return read


def option(found: Outline, name: str) -> Option:
    return {one.name: one for one in found.options}[name]


def test_the_smallest_task_has_nothing_to_set(read) -> None:
    found = read(WHOLE)
    assert (found.style, found.options, found.defaults, found.problem) == ("functions", (), {}, None)
    assert not found.has_optimizer
    assert not found.has_validation


@pytest.mark.parametrize(
    ("argument", "kind", "default", "optional"),
    [
        ("x: int = 3", "whole", 3, False),
        ("x: int | None = None", "whole", None, True),
        ("x: 'int | None' = 4", "whole", 4, True),
        ("x: Optional[int] = 4", "whole", 4, True),
        ("x: typing.Union[None, float] = None", "number", None, True),
        ("x: int | float = 1", "number", 1.0, False),
        ("x: float = 1", "number", 1.0, False),
        ("x: float = -1e-3", "number", -1e-3, False),
        ("x: bool = True", "flag", True, False),
        ("x: str = 'relu'", "text", "relu", False),
        ("x: str = ''", "text", "", True),
        ("x: Path = Path('data')", "text", "data", False),
        ("x: Path = Path(__file__).parent", "text", None, True),
        ("x: Annotated[int, 'neurons'] = 2", "whole", 2, False),
        ("x=3", "whole", 3, False),
        ("x=2**5 * 4", "whole", 128, False),
        ("x=WIDTH", "whole", 96, False),
        ("x: int = len('abc')", "whole", None, True),
        ("x=0.5", "number", 0.5, False),
        ("x=False", "flag", False, False),
        ("x='a'", "text", "a", False),
        ("*, x=3", "whole", 3, False),
    ],
)
def test_arguments_with_defaults_are_options(read, argument: str, kind: str, default: object, optional: bool) -> None:
    found = read(f"WIDTH = 3 * 32\ndef model({argument}): ...\n")
    assert len(found.options) == 1
    one = found.options[0]
    assert (one.name, one.kind, one.default, one.optional) == ("x", kind, default, optional)
    assert type(one.default) is type(default)


def test_literals_are_choices(read) -> None:
    found = read(
        """
        def model(kind: Literal["plain", "residual"] = "plain", depth: typing.Literal[18, 34] = 34,
                  norm: Literal["batch", None] = None): ...
        """
    )
    assert option(found, "kind").choices == (("plain", "plain"), ("residual", "residual"))
    assert (option(found, "depth").kind, option(found, "depth").default) == ("choice", "34")
    assert (option(found, "norm").kind, option(found, "norm").optional) == ("choice", True)


@pytest.mark.parametrize(
    ("argument", "items", "default", "optional"),
    [
        ("x=[64, 32]", "whole", "64, 32", False),
        ("x=(0.9, 0.99)", "number", "0.9, 0.99", False),
        ("x=(1, 0.5)", "number", "1, 0.5", False),
        ("x=['a', 'b']", "text", "a, b", False),
        ("x=(WIDTH, 2 * WIDTH)", "whole", "96, 192", False),
        ("x: list[int] = []", "whole", "", True),
        ("x: tuple[float, ...] = (1, 2)", "number", "1, 2", False),
        ("x: Sequence[int] | None = None", "whole", None, True),
        ("x: tuple[int, int] = SIZES", "whole", None, True),
        ("x: list[int] = [8] * 3", "whole", None, True),
        ("x: list[int] = 8", "whole", None, True),  # no list: what it is for is the code's affair
        ("x: list[int] = ['a']", "whole", None, True),
        ("x: list = [64, 32]", "whole", "64, 32", False),
        ("x=['[CLS]', '[SEP]']", "text", "[CLS], [SEP]", False),
        ("x: list[Path] | None = None", "text", None, True),
    ],
)
def test_lists_are_texts_with_commas(read, argument: str, items: str, default: object, optional: bool) -> None:
    (one,) = read(f"WIDTH = 3 * 32\nSIZES = (1, 2)\ndef model({argument}): ...\n").options
    assert (one.kind, one.items, one.default, one.optional) == ("text", items, default, optional)


def test_enumerations_are_choices(read) -> None:
    found = read(
        """
        import enum
        class Norm(enum.Enum):
            batch = 1
            layer = 2
            _ignore_ = []
            both = property(lambda self: 1)
            def best(self): return 1
        class Act(str, StrEnum):
            relu, gelu = "relu", "gelu"
        class Typed(enum.Enum):
            a: int = 1
        class Other:
            a = 1
        class Flags(enum.Flag):
            a = enum.auto()
        def model(norm=Norm.layer, act: "Act | None" = None, wide: str = Norm.batch, typed=Typed.a, both=Norm.both,
                  other=Other.a, flags=Flags.a): ...
        """
    )
    both = (("batch", "batch"), ("layer", "layer"))
    assert (option(found, "norm").kind, option(found, "norm").default, option(found, "norm").choices) == (
        "choice",
        "layer",
        both,
    )
    assert (option(found, "act").kind, option(found, "act").optional) == ("choice", True)
    assert option(found, "wide").choices == both
    assert option(found, "typed").choices == (("a", "a"),)
    assert [one.name for one in found.options] == ["norm", "act", "wide", "typed"]


@pytest.mark.parametrize(
    ("argument", "kind"),
    [
        ("x: int = 'auto'", "whole"),
        ("x: int = 1.0", "whole"),
        ("x: bool = 0", "flag"),
        ("x: Literal['a', 'b'] = 'c'", "choice"),
        ("x: Norm = 'b'", "choice"),
    ],
)
def test_a_default_of_another_kind_than_its_annotation_stays_the_codes_own(read, argument: str, kind: str) -> None:
    (one,) = read(f"class Norm(Enum):\n    batch = 'b'\ndef model({argument}): ...\n").options
    assert (one.kind, one.default, one.optional, one.problem(one.default)) == (kind, None, True, None)


@pytest.mark.parametrize(
    "argument",
    [
        *("x=[]", "x=[None]", "x=[1, [2]]", "x=[True]", "x=['a,b']", "x=[1, 'a']", "x=torch.relu"),
        *("x: list[Path2] = [1][:0]", "x: list[dict] = y", "x: list[list[int]] = [[1]]", "x=['']", "x=[' a']"),
        *("x: list[int | None] = []", "x=float('inf')", "x=9**9**9"),
    ],
)
def test_what_no_field_can_show_keeps_its_default(read, argument: str) -> None:
    assert read(f"def model({argument}): ...\n").options == ()


def test_a_name_that_functions_share_is_one_option(read) -> None:
    found = read("def model(size: int = 8): ...\ndef train_loader(batch_size, size: int = 9): ...\n")
    assert [(one.name, one.default) for one in found.options] == [("size", 8)]


def test_labels_and_tips(read) -> None:
    found = read(
        '''
        def model(hidden_size=8, depth=2):
            """The model.

            Args:
                hidden_size: neurons of each layer
            """
        '''
    )
    assert (option(found, "hidden_size").label, option(found, "hidden_size").tip) == (
        "Hidden size",
        "neurons of each layer",
    )
    assert option(found, "depth").tip == "Argument of model()"


def test_what_the_form_has_anyway_is_no_option_but_a_default(read) -> None:
    found = read("def train_loader(batch_size=48, num_workers=2, seed=1, shuffle=True): ...\n")
    assert [one.name for one in found.options] == ["shuffle"]
    assert found.defaults == {"batch_size": 48, "loader_workers": 2, "seed": 1}
    assert read("defaults = {'batch_size': 8}\ndef train_loader(batch_size=48): ...\n").defaults == {"batch_size": 8}


def test_arguments_that_come_by_place_are_no_options(read) -> None:
    found = read(
        """
        def loss(output=None, target=None, smoothing=0.1): ...
        def optimizer(params, lr=1e-3, decay=0.01): ...
        """
    )
    assert [one.name for one in found.options] == ["smoothing", "decay"]
    assert found.has_optimizer


def test_name_defaults_and_validation(read) -> None:
    found = read(
        """
        SIZE = 16
        name = "birds"
        defaults = dict(batch_size=2 * SIZE, start_lr=1e-5, amp=None, hook=print)
        val_loader = train_loader = lambda batch_size: []
        """
    )
    assert found.name == "birds"
    assert found.defaults == {"batch_size": 32, "start_lr": 1e-5, "amp": None}
    assert found.has_validation


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = 1\ndef model(:\n", 2, "task.py, line 2: "),
        ("if True:\npass\n", 2, "task.py, line 2: expected an indented block"),
        ("x = 1\0", 0, "task.py"),
        ("é".encode("latin-1").decode("latin-1") + " = = 1", 1, "task.py, line 1: invalid syntax"),
    ],
)
def test_syntax_errors_have_their_line(read, text: str, line: int, words: str) -> None:
    problem = read(text).problem
    assert problem is not None
    assert (problem.line, problem.sentence.startswith(words)) == (line, True), problem


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"# coding: none\n", b"x = " + b"(" * 5000, b"x" + b"+1" * 60000])
def test_nothing_in_a_file_makes_it_raise(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "task.py").write_bytes(data)
    assert outline(str(tmp_path / "task.py")).problem is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no model(), which returns a torch.nn.Module; no train_loader(batch_size)"),
        ("def model(): ...\ndef loss(a, b): ...", "has no train_loader(batch_size), which returns batches. Add it"),
        ("import torch\ndef model(): ...\ndef train_loader(b): ...", "no loss(output, target) or training_step(model"),
    ],
)
def test_what_is_missing_is_named(read, text: str, words: str) -> None:
    problem = read(text).problem
    assert problem is not None
    assert words in problem.sentence


def test_what_a_script_calls_otherwise_is_named(read) -> None:
    script = """
        class Block(nn.Module): ...
        class Net(Block): ...
        trainloader = []
        criterion = print
    """
    problem = read(script).problem
    assert problem is not None
    assert "“model = Net” and “train_loader = trainloader” and “loss = criterion” will do" in problem.sentence
    problem = read("class A(nn.Module): ...\nclass B(nn.Module): ...").problem
    assert problem is not None and "will do" not in problem.sentence  # which of them nobody knows


@pytest.mark.parametrize(
    ("text", "helps"),
    [
        ("def loss_function(output, target): ...", "“loss = loss_function” will do"),
        ("def loss_function(output, target, beta=1.0): ...", "“loss = loss_function” will do"),
        ("def loss_fn(*given): ...", "“loss = loss_fn” will do"),
        ("def criterion(): return nn.MSELoss()", "“loss = criterion” will do"),
        ("class Loss(nn.Module): ...\ncriterion = Loss(3)", "“loss = criterion” will do"),
        ("from elsewhere import something\nloss_fn = something", "“loss = loss_fn” will do"),
        (
            "def loss_function(x, y, mu, logvar): ...",
            "loss_function() takes other arguments than (output, target): call",
        ),
        ("def compute_loss(model, batch, *, device, amp): ...", "compute_loss() takes other arguments"),
        ("def get_model(scale): ...", ""),
        ("class Net(nn.Module):\n    def __init__(self, scale): ...", ""),
        ("class Net(nn.Module):\n    def __init__(self, scale=2): ...", "“model = Net” will do"),
        ("def make_train_loader(root, size): ...", ""),
        ("def make_train_loader(size): ...", "“train_loader = make_train_loader” will do"),
        ("def make_train_loader(root, batch_size=3): ...", "“train_loader = make_train_loader” will do"),
    ],
)
def test_only_what_can_be_called_as_the_part_is_suggested(read, text: str, helps: str) -> None:
    problem = read(text).problem
    assert problem is not None and helps in problem.sentence
    if "will do" not in helps:
        assert "will do" not in problem.sentence


def test_all_that_is_missing_is_named_at_once(read) -> None:
    text = """
        def model(width, depth): ...
        def train_loader(root, batch_size): ...
    """
    problem = read(text).problem
    assert problem is not None and problem.line == 2
    assert "task.py has no loss(output, target) or training_step(model, batch). Add it" in problem.sentence
    assert problem.sentence.endswith(
        "model() in task.py (line 2) needs “width” and “depth”; train_loader() in task.py (line 3) needs “root”: "
        "give them defaults, and they become settings."
    )
    assert "needs" not in read("def train_loader(size, num_workers=2): ...").problem.sentence
    two = read("def model(width): ...\ndef train_loader(root, size): ...\ndef loss(a, b, c): ...").problem
    assert two is not None
    assert "needs “width”; train_loader() in task.py (line 2) needs “root” and “size”; loss() in" in two.sentence
    assert "Add them" in read("").problem.sentence


def test_a_model_that_is_a_lightning_module_is_named(read) -> None:
    problem = read("class Net(L.LightningModule): ...\nmodel = Net()").problem
    assert problem is not None and problem.sentence.endswith("Its LightningModule is a task by itself: task.py:Net.")


def test_the_lines_of_the_parts(read) -> None:
    text = "\ndef model(): ...\nfrom mine import train_loader\nloss = print\n"
    assert read(text).lines == {"model": 2, "train_loader": 3, "loss": 4}
    assert read("task = dict(\n  model=print,\n  train_loader=[],\n  loss=print)").lines["loss"] == 4
    assert read("def make():\n  return dict(\n    model=print)", ":make").lines == {"model": 3}
    assert read("class T(Task):\n  def model(self): ...\n  loss = print", ":T").lines == {"model": 2, "loss": 3}


@pytest.mark.parametrize(
    "text",
    [
        "from mine import build as model\ndef train_loader(b): ...",  # may compute its own loss
        "from transformers import Bert\ndef model(): ...\ndef train_loader(b): ...",
        "class N:\n  def forward(self, x, labels): ...\ndef model(): ...\ndef train_loader(b): ...",
        "from mine import *",
        "model = train_loader = loss = print",
        "try:\n  from mine import model\nexcept ImportError:\n  def model(): ...\nfrom mine import train_loader, loss",
        "class model: ...\ndef train_loader(b): ...\ndef training_step(m, b): ...",
    ],
)
def test_what_may_be_complete_is_not_refused(read, text: str) -> None:
    assert read(text).problem is None


def test_a_module_that_is_called_like_a_part_is_none(read) -> None:
    problem = read("import model, task\nimport loss as training_step\n").problem
    assert problem is not None
    assert "no model(), which" in problem.sentence


def test_a_main_guard_is_no_part_of_the_task(read) -> None:
    assert read("if __name__ == '__main__':\n    name = 'script'\n    defaults = {'seed': 1}\n").defaults == {}


def test_an_argument_without_default_is_named_with_its_line(read) -> None:
    problem = read(WHOLE.replace("model()", "model(hidden)")).problem
    assert problem is not None
    assert problem.line == 3
    assert problem.sentence.startswith("model() in task.py (line 3) needs “hidden”")
    assert read(WHOLE.replace("train_loader(batch_size)", "train_loader(bs)")).problem is None  # whatever it is called


def test_an_object(read) -> None:
    found = read(
        """
        import lrgui
        def make(width: int = 8): ...
        task = lrgui.Task(make, train_loader=[], loss=print, optimizer=print, name="mine", defaults={"seed": 3})
        """
    )
    assert (found.style, found.name, found.has_optimizer, found.has_validation) == ("object", "mine", True, False)
    assert found.defaults == {"seed": 3}
    assert [one.name for one in found.options] == ["width"]
    assert found.problem is None


def test_an_object_that_lacks_something(read) -> None:
    problem = read("from lrgui import Task\n\ntask = Task(model=print)").problem
    assert problem is not None
    assert (problem.line, "no train_loader" in problem.sentence) == (3, True)


def test_a_class_of_ones_own(read) -> None:
    text = """
        class Mine(lrgui.Task):
            name = "mine"
            defaults = {"seed": 3}
            def model(self, width: int = 8): ...
            def train_loader(self, batch_size): ...
            def loss(self, output, target, smoothing=0.1): ...
            def val_loader(self, batch_size): ...
        task = Mine()
    """
    for found in (read(text), read(text, ":Mine")):
        assert (found.style, found.name, found.has_validation, found.problem) == ("object", "mine", True, None)
        assert [one.name for one in found.options] == ["width", "smoothing"]


def test_a_variable_that_is_called_task_is_none(read) -> None:
    found = read(WHOLE.replace("model()", "model(n=1)") + "\n    task = str('x')\n")
    assert (found.style, [one.name for one in found.options]) == ("functions", ["n"])


def test_a_function_that_returns_a_task(read) -> None:
    text = """
        def small(width: int = 8):
            made = Task(model=print, train_loader=[], val_loader=[])
            return made
        def large(width: int = 64):
            return {"model": print, "optimizer": print, "name": "big", "defaults": {"seed": 4}}
    """
    small, large = read(text, ":small"), read(text, ":large")
    assert (small.style, small.options[0].default, small.has_validation, small.has_optimizer) == (
        "function",
        8,
        True,
        False,
    )
    assert (large.options[0].default, large.has_optimizer) == (64, True)
    assert (large.name, large.defaults) == ("big", {"seed": 4})


def test_an_object_that_a_function_makes(read) -> None:
    found = read(
        """
        def make(width):
            return lrgui.Task(model=lambda: width, train_loader=[], loss=print, optimizer=print,
                              name=f"width {width}", defaults={"batch_size": 16})
        task = make(8)
        """
    )
    assert (found.style, found.name, found.has_optimizer) == ("object", "", True)
    assert (found.defaults, found.problem) == ({"batch_size": 16}, None)


def test_a_name_that_is_not_there(read) -> None:
    problem = read("def small(): ...\nx = 1\n", ":large").problem
    assert problem is not None
    assert problem.sentence == "task.py has no function or object “large”. Available: small, x."


@pytest.mark.parametrize("base", ["LightningModule", "pl.LightningModule", "L.pytorch.LightningModule"])
def test_lightning(read, base: str) -> None:
    found = read(
        f"""
        class Base({base}): ...
        class Net(Base):
            def __init__(self, width: int = 8, lr=1e-3): ...
            def configure_optimizers(self): ...
        class Points({base.replace("Module", "DataModule")}):
            def __init__(self, batch_size=16, path: str = "x"): ...
            def val_dataloader(self): ...
        """
    )
    assert (found.style, found.has_optimizer, found.has_validation, found.problem) == ("lightning", True, True, None)
    assert [one.name for one in found.options] == ["width", "path"]  # each run sets the rate
    assert found.defaults == {"batch_size": 16}


def test_lightning_without_an_optimizer(read) -> None:
    data = "\ndef train_loader(b): ...\n"
    assert not read(f"class Net(L.LightningModule): ...{data}").has_optimizer
    assert read(f"from other import Base\nclass Net(Base, L.LightningModule): ...{data}").has_optimizer  # may have one


def test_lightning_without_batches_or_with_too_much(read) -> None:
    problem = read("class Net(LightningModule): ...").problem
    assert problem is not None
    assert "has no training batches" in problem.sentence
    two = "class A(LightningModule):\n  def train_dataloader(self): ...\nclass B(A): ...\nclass C(A): ...\n"
    problem = read(two).problem
    assert problem is not None
    assert problem.sentence.endswith("(B, C): name the one to run: task.py:B.")
    assert read(two, ":C").problem is None
    assert read("class Net(LightningModule): ...\ndef train_loader(batch_size, k=1): ...").options[0].name == "k"


def test_a_notebook_is_refused_with_the_way_out(tmp_path: Path) -> None:
    problem = outline(str(tmp_path / "mine.ipynb")).problem
    assert problem is not None
    assert "jupyter nbconvert --to script mine.ipynb" in problem.sentence


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    problem = outline(str(tmp_path / "none.py")).problem
    assert problem is not None
    assert "cannot be read (No such file or directory)" in problem.sentence


def test_local_files(tmp_path: Path) -> None:
    package = tmp_path / "parts"
    (package / "deep").mkdir(parents=True)
    texts = {
        "task.py": "import torch, os\nfrom parts.net import Net\nfrom helper import f\nimport task\nimport broken\n",
        "helper.py": "def f():\n    import late\n",
        "late.py": "import helper\n",
        "broken.py": "def (",
        "unused.py": "",
        "parts/__init__.py": "",
        "parts/net.py": "from . import layers\nfrom .deep import end\nfrom .. import outside\nfrom ...x import y\n",
        "parts/layers.py": "",
        "parts/deep/__init__.py": "",
        "parts/deep/end.py": "",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    found = outline(str(tmp_path / "task.py"))
    names = sorted(path.relative_to(tmp_path).as_posix() for path in found.modules)
    assert names == sorted(set(texts) - {"task.py", "unused.py"})


def test_functions_of_neighbours_have_their_options(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "net.py").write_text("WIDTH = 7\ndef model(width=WIDTH): ...\ndef other(needed): ...\n")
    (tmp_path / "data.py").write_text("def train_loader(batch_size, part: float = 1): ...\ndef model(needed): ...\n")
    task = tmp_path / "task.py"
    task.write_text("from data import train_loader\nfrom parts.net import model\nloss = print\n")
    assert [(one.name, one.default) for one in outline(str(task)).options] == [("width", 7), ("part", 1.0)]
    task.write_text("from data import model, train_loader\nloss = print\n")
    problem = outline(str(task)).problem
    assert problem is not None
    assert (problem.line, problem.sentence[:38]) == (0, "model() in data.py (line 2) needs “nee")


def test_a_module_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    (package / "job.py").write_text("from pack.near import x\n" + dedent(WHOLE).replace("model()", "model(n=1)"))
    (package / "near.py").write_text("")
    monkeypatch.chdir(tmp_path)
    found = outline("pack.job")
    assert (found.problem, found.options[0].name, found.file) == (None, "n", package / "job.py")
    assert package / "near.py" in found.modules
    assert outline("pack.job:loss").style == "function"
    assert outline("no.such.module") == Outline()


def test_it_needs_no_torch_and_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "task.py").write_text("raise SystemExit(3)\n")
    code = (
        "import sys, lrgui.runs.defaults, lrgui.tasks.user.templates; "
        "from lrgui.tasks.user.outline import outline; "
        f"outline({str(tmp_path / 'task.py')!r}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("path", ["~nobody-of-that-name/a.py", "a\0.py", "\ud800.py", "a" * 5000 + ".py"])
def test_names_that_no_system_allows_are_refused(path: str) -> None:
    found = outline(path)
    assert found.problem is not None and "cannot be read" in found.problem.sentence


@pytest.mark.skipif(os.name == "nt", reason="there are no such files")
def test_what_is_no_plain_file_is_neither_waited_for_nor_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")
    for path in (str(tmp_path / "a.py"), "/dev/zero"):
        problem = outline(path).problem
        assert problem is not None and problem.sentence == f"{path} is not a regular file. Choose a Python file."


def test_a_file_that_the_window_would_wait_for_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "task.py").write_text(dedent(WHOLE) + "x = [" + "1, " * 400_000 + "]\n")
    problem = outline(str(tmp_path / "task.py")).problem
    assert problem is not None
    assert problem.sentence == (
        "task.py has 1.2 MB, but a task may have at most 1 MB. Keep its data in a separate file and read it from the "
        "code."
    )
