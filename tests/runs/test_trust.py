"""What code may run: only what the person trusted, and where they trusted it."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from lrgui.json_file import damaged
from lrgui.runs import task_files
from lrgui.runs.trust import Question, Trust, trust_file

CODE = """
import math
import torch
from helper import width

def model():
    return torch.nn.Linear(width, 2)

class Net(torch.nn.Module):
    pass
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "config" / "trusted.json"


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """A task file with a module of its own beside it."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "helper.py").write_text("width = 4\n")
    (folder / "task.py").write_text(CODE)
    return folder / "task.py"


def asked(trust: Trust, path: Path | str) -> Question:
    """The question that must be asked."""
    question = trust.question(str(path))
    assert question is not None
    return question


def trusted(store: Path, path: Path | str, folder: bool = False) -> Trust:
    """A session in which the person has trusted `path`."""
    trust = Trust(store)
    assert trust.grant(asked(trust, path), folder) == ""
    assert trust.question(str(path)) is None
    return trust


def test_a_new_file_asks_and_says_what_would_run(store: Path, task: Path) -> None:
    question = asked(Trust(store), task)
    assert question.reason == "new"
    assert question.path == str(task)
    assert question.folder == task.parent
    assert question.offers_folder
    assert "task.py" in question.sentence
    assert question.shows.text == CODE
    assert question.shows.names == ("model()", "class Net")
    assert question.shows.imports == ("math", "torch", "helper")
    assert question.shows.files == (task, task.parent / "helper.py")


def test_the_question_alone_trusts_nothing(store: Path, task: Path) -> None:
    trust = Trust(store)
    assert asked(trust, task) == asked(trust, task)
    assert not store.exists()


def test_a_trusted_file_asks_no_more_in_this_session_and_the_next(store: Path, task: Path) -> None:
    trusted(store, task)
    assert Trust(store).question(str(task)) is None
    assert Trust(store).question(f"{task}:train") is None, "another function of the same file"
    other = task.with_name("other.py")
    other.write_text(CODE)
    assert asked(Trust(store), other).reason == "new", "the folder was not trusted"


@pytest.mark.parametrize("name", ["task.py", "helper.py"])
def test_edits_never_ask(store: Path, task: Path, name: str) -> None:
    trust = trusted(store, task)
    (task.parent / name).write_text("import os\nwidth = 5\ndef model(): ...\n")
    assert trust.question(str(task)) is None
    assert Trust(store).question(str(task)) is None, "nor what was edited while the program was closed"


def test_a_module_that_was_not_imported_then_asks_after_the_session(store: Path, task: Path) -> None:
    trust = trusted(store, task)
    task.write_text(CODE.replace("import math", "import more"))
    (task.parent / "more.py").write_text("import deeper\n")
    (task.parent / "deeper.py").write_text("y = 1\n")
    assert trust.question(str(task)) is None, "edited while the program is open"
    question = asked(Trust(store), task)
    assert question.reason == "added"
    assert question.sentence.startswith("task.py now imports code that it did not import when you trusted it: ")
    for text in ("# deeper.py", "y = 1", "# more.py"):
        assert text in question.shows.text, "what was added is shown"
    assert "deeper.py" in question.sentence and "more.py" in question.sentence
    assert "class Net" not in question.shows.text
    trusted(store, task)
    assert Trust(store).question(str(task)) is None
    assert Trust(store).question(str(task.parent / "more.py")) is None, "it has been run from there"


def test_a_file_put_in_the_place_of_a_package_asks(store: Path, task: Path) -> None:
    trusted(store, task)
    (task.parent / "torch.py").write_text("import os\n")
    question = asked(Trust(store), task)
    assert (question.reason, question.shows.text) == ("added", "# torch.py\n\nimport os\n")


def test_a_module_of_a_trusted_folder_does_not_ask(store: Path, task: Path) -> None:
    inner = task.parent / "tools" / "inner.py"
    inner.parent.mkdir()
    inner.write_text("def model(): ...\n")
    trusted(store, task)
    trusted(store, inner, folder=True)
    task.write_text("import tools.inner\n")
    assert Trust(store).question(str(task)) is None


def test_what_the_program_kept_before_is_still_trusted(store: Path, task: Path) -> None:
    digests = {"task.py": "0" * 64, "helper.py": "1" * 64}
    facts = {"digests": digests, "owners": [task_files.owner_of(task)], "elsewhere": []}
    folder = task.parent / "more"
    folder.mkdir()
    other = folder / "other.py"
    other.write_text(CODE)
    old = {"version": 1, "files": {str(task): facts}, "folders": {str(folder): facts["owners"][0]}}
    store.parent.mkdir()
    store.write_text(json.dumps(old))
    store.chmod(0o600)
    trust = Trust(store)
    assert trust.question(str(task)) is None and trust.question(str(other)) is None
    (task.parent / "torch.py").write_text("")
    assert asked(Trust(store), task).reason == "added"
    third = task.with_name("third.py")
    third.write_text("")
    trusted(store, third)
    assert Trust(store).question(str(other)) is None, "all of it is kept on"
    assert asked(Trust(store), task).reason == "added"
    old["files"] = {str(task): {**facts, "owners": [*facts["owners"], 4321]}}
    store.write_text(json.dumps(old))
    assert asked(Trust(store), task).reason == "new", "whose file is whose was not kept"


def test_an_edit_before_the_first_run_of_a_session_does_not_ask(store: Path, task: Path) -> None:
    trusted(store, task)
    later = Trust(store)
    assert later.question(str(task)) is None  # the window showed it
    task.write_text(CODE + "\n# edited\n")
    assert later.question(str(task)) is None


def test_what_ran_in_this_session_is_known_in_the_next(store: Path, task: Path) -> None:
    trust = trusted(store, task)
    task.write_text(CODE + "\nimport more\n")
    (task.parent / "more.py").write_text("x = 1\n")
    assert asked(Trust(store), task).reason == "added"
    trust.ran(str(task))
    assert Trust(store).question(str(task)) is None


def test_ran_trusts_nothing_that_was_not_trusted(store: Path, task: Path) -> None:
    trust = Trust(store)
    trust.ran(str(task))
    assert asked(trust, task).reason == "new"
    assert asked(Trust(store), task).reason == "new"


@pytest.mark.parametrize("folder", [False, True])
def test_a_file_that_changes_while_the_question_is_open_asks_again(store: Path, task: Path, folder: bool) -> None:
    trust = Trust(store)
    question = asked(trust, task)
    task.write_text(CODE + "\nimport os\n")
    assert trust.grant(question, folder) == ""
    question = asked(trust, task)
    assert question.reason == "changed"
    assert question.sentence == "task.py changed while you were being asked about it: review it again."
    assert "import os" in question.shows.text
    assert not store.exists()
    trust.grant(question, folder)
    assert trust.question(str(task)) is None


def test_a_trusted_folder_holds_for_all_that_lies_in_it(store: Path, task: Path) -> None:
    trusted(store, task, folder=True)
    inner = task.parent / "more" / "other.py"
    inner.parent.mkdir()
    inner.write_text("def model(): ...\n")
    later = Trust(store)
    assert later.question(str(inner)) is None
    task.write_text(CODE + "\n# edited elsewhere\n")
    assert later.question(str(task)) is None
    beside = task.parent.with_name("work2")
    beside.mkdir()
    (beside / "task.py").write_text(CODE)
    assert asked(later, beside / "task.py").reason == "new"


@pytest.mark.skipif(sys.platform == "win32", reason="no such rights there")
@pytest.mark.parametrize("place", ["home", "public"])
def test_folders_into_which_anything_may_come_are_not_trusted(
    store: Path, task: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    if place == "home":
        monkeypatch.setenv("HOME", str(task.parent / "me"))
    else:
        task.parent.chmod(0o777)
    question = asked(Trust(store), task)
    assert not question.offers_folder
    Trust(store).grant(question, folder=True)
    assert Trust(store).question(str(task)) is None
    other = task.with_name("other.py")
    other.write_text(CODE)
    assert asked(Trust(store), other).reason == "new"


def test_the_same_text_at_another_place_asks(store: Path, task: Path, tmp_path: Path) -> None:
    trusted(store, task)
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("task.py", "helper.py"):
        (moved / name).write_bytes((task.parent / name).read_bytes())
    assert asked(Trust(store), moved / "task.py").reason == "new"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_lead_to_what_they_point_at(store: Path, task: Path, tmp_path: Path) -> None:
    trust = trusted(store, task, folder=True)
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("def model(): ...\n")
    link = task.parent / "link.py"
    link.symlink_to(elsewhere)
    question = asked(trust, link)
    assert question.reason == "elsewhere"
    assert str(elsewhere) in question.sentence
    way = tmp_path / "way"
    way.symlink_to(task.parent)
    assert trust.question(str(way / "task.py")) is None, "the same file by another way"
    (task.parent / "helper.py").unlink()
    (task.parent / "helper.py").symlink_to(elsewhere)
    assert asked(trust, task).reason == "elsewhere", "code from elsewhere is imported now"


@pytest.mark.skipif(sys.platform == "win32", reason="no such owners there")
def test_a_file_of_somebody_else_asks(store: Path, task: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trust = trusted(store, task, folder=True)
    monkeypatch.setattr(task_files, "owner_of", lambda path: 4321 if path.name == "task.py" else os.getuid())
    assert asked(trust, task).reason == "owner"
    assert asked(Trust(store), task).reason == "owner"


def test_a_module_is_asked_about_in_every_session(store: Path) -> None:
    trust = Trust(store)
    question = asked(trust, "my_project.training:task")
    assert question.reason == "module"
    assert question.folder is None
    assert "my_project.training" in question.sentence
    assert trust.grant(question, folder=True) == ""
    assert trust.question("my_project.training") is None
    assert trust.question("my_project.other") is not None
    assert Trust(store).question("my_project.training:task") is not None


def test_where_there_is_no_file_there_is_no_question(store: Path, tmp_path: Path) -> None:
    assert Trust(store).question(str(tmp_path / "none.py")) is None


def test_a_file_that_came_back_to_its_place_does_not_ask(store: Path, task: Path) -> None:
    trusted(store, task)
    task.unlink()
    assert Trust(store).question(str(task)) is None
    task.write_text("import math\n")
    assert Trust(store).question(str(task)) is None


def test_a_file_with_a_syntax_error_can_be_asked_about(store: Path, task: Path) -> None:
    task.write_text("def model(:\n")
    question = asked(Trust(store), task)
    assert question.shows.names == ()
    assert question.shows.text == "def model(:\n"


def test_a_file_that_cannot_be_read_asks(store: Path, task: Path) -> None:
    task.write_bytes(b"\xff\xfe\x00\x00 no text")
    assert asked(Trust(store), task).reason == "new"


@pytest.mark.skipif(sys.platform == "win32", reason="no such rights there")
def test_the_store_is_written_whole_and_only_for_its_owner(store: Path, task: Path) -> None:
    trusted(store, task)
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert list(store.parent.iterdir()) == [store], "nothing half-written is left"
    store.chmod(0o666)
    question = asked(Trust(store), task)
    assert question.reason == "new"
    assert "Other users can change the list of trusted files" in question.sentence


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": 3}', '{"files": {"a": null}, "folders": {}}', "\x00\xff"])
def test_a_damaged_store_is_empty_and_said_so(store: Path, task: Path, text: str) -> None:
    trusted(store, task, folder=True)
    store.write_text(text)
    question = asked(Trust(store), task)
    assert question.reason == "new"
    assert "could not be read" in question.sentence
    assert Trust(store).grant(question, folder=False) == ""
    assert Trust(store).question(str(task)) is None
    assert str(task) in json.loads(store.read_text())["files"]
    assert damaged(store).read_text() == text, "it stays beside the new one"


def test_a_store_that_cannot_be_written_holds_for_the_session(task: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    trust = Trust(tmp_path / "file" / "trusted.json")
    assert "Trusted for this session only" in trust.grant(asked(trust, task), folder=False)
    assert trust.question(str(task)) is None


def test_without_a_store_nothing_is_written(task: Path) -> None:
    trust = Trust(None)
    assert trust.grant(asked(trust, task), folder=False) == ""
    assert trust.question(str(task)) is None
    assert Trust(None).question(str(task)) is not None


def test_two_windows_keep_what_the_other_one_trusted(store: Path, task: Path) -> None:
    other = task.with_name("other.py")
    other.write_text("def model(): ...\n")
    first, second = Trust(store), Trust(store)
    first.grant(asked(first, task), folder=False)
    second.grant(asked(second, other), folder=False)
    assert Trust(store).question(str(task)) is None
    assert Trust(store).question(str(other)) is None


def test_the_usual_store_lies_beside_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LRGUI_CONFIG", str(tmp_path))
    assert trust_file() == tmp_path / "trusted.json"


@pytest.mark.parametrize(
    "path", ["~nobody-of-that-name/task.py", "a" * 5000 + ".py", "a\0.py", "\ud800.py", os.devnull]
)
def test_names_that_no_system_allows_are_no_files(path: str) -> None:
    trust = Trust()
    assert trust.question(path) is None
    assert trust.ran(path) == ""


@pytest.mark.skipif(os.name == "nt", reason="there are no such files")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "task.py")
    (tmp_path / "other.py").write_text("import task\n")
    assert Trust().question(str(tmp_path / "task.py")) is None
    assert asked(Trust(), tmp_path / "other.py").shows.files == (tmp_path / "other.py",)


def test_a_name_that_misleads_is_spelt_out(task: Path) -> None:
    misleading = task.with_name("yp.\u202eksat.py")
    misleading.write_text("")
    assert "yp.\\u202eksat.py has not been run here before." in asked(Trust(), misleading).sentence
