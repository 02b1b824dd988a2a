"""The files that a task's code consists of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lrgui.runs import task_files
from lrgui.runs.task_files import MOST_TEXT, code_of, digest_of, files_of, shows_of, visible
from lrgui.tasks.user.code import load_code
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.target import Target, TaskError


def test_modules_of_modules_count(tmp_path: Path) -> None:
    task, inner, deeper = tmp_path / "task.py", tmp_path / "tools" / "inner.py", tmp_path / "deeper.py"
    inner.parent.mkdir()
    (inner.parent / "__init__.py").write_text("")
    task.write_text("from tools.inner import x\n")
    inner.write_text("import deeper\nx = 1\n")
    deeper.write_text("y = 1\n")
    (tmp_path / "unused.py").write_text("z = 1\n")
    assert files_of(task) == (task, deeper, inner.parent / "__init__.py", inner)
    before = code_of(task)
    assert [one.name for one in before] == ["task.py", "deeper.py", "tools/__init__.py", "tools/inner.py"]
    assert [one.real for one in before] == [str(file.resolve()) for file in files_of(task)]
    digest = digest_of(before)
    deeper.write_text("y = 2\n")
    assert code_of(task) == before
    assert digest_of(before) != digest
    assert not any(one.strays for one in before)
    assert len({one.owner for one in before}) == 1


def test_a_long_file_is_shown_as_far_as_one_reads(tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text("x = 1\n" * MOST_TEXT)
    text = shows_of(file).text
    assert text[:MOST_TEXT] == ("x = 1\n" * MOST_TEXT)[:MOST_TEXT]
    assert text[MOST_TEXT:] == "\n# … 100,000 more characters not shown."


def test_what_a_package_offers_is_named_as_it_is_imported(tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text("from . import a\nfrom ..b import c\nimport d.e\n\ndef f():\n    import g\n\nasync def h(): ...\n")
    shows = shows_of(file)
    assert shows.imports == (".", "..b", "d.e", "g")
    assert shows.names == ("f()", "h()")


def test_nothing_of_what_is_shown_is_hidden(tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text(
        "a = 1\u202e# \u2066safe\u200b\x1b[8m\ufeff" + " " * 3000 + "; evil()\n\té = '日本'\n", encoding="utf-8"
    )
    shown = "a = 1\\u202e# \\u2066safe\\u200b\\x1b[8m\\ufeff  … 3,000 blanks …  ; evil()\n\té = '日本'\n"
    assert shows_of(file).text == shown
    assert visible("task\n.py") == "task\n.py"


def test_compiled_modules_count_and_are_not_shown(tmp_path: Path) -> None:
    task, module = tmp_path / "task.py", tmp_path / "fast.abi3.so"
    task.write_text("import fast\n")
    module.write_bytes(b"\x7fELF one")
    code = code_of(task)
    assert [one.name for one in code] == ["task.py", "fast.abi3.so"]
    before = digest_of(code)
    module.write_bytes(b"\x7fELF two")
    assert digest_of(code) != before
    assert (
        shows_of(task, ["fast.abi3.so"]).text == "# fast.abi3.so\n\n# A compiled module; its code cannot be displayed."
    )


def test_what_is_too_large_is_known_by_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_files, "MOST_BYTES", 10)
    file = tmp_path / "task.py"
    for text in ("x = 1\n", "x = 1  # and so on\n"):
        file.write_text(text)
        code = code_of(file)
        before = digest_of(code)
        assert digest_of(code) == before
        os.utime(file, ns=(1, 1))
        assert (digest_of(code) == before) is (len(text) <= 10)


HIDING = ["unicode_escape", "raw_unicode_escape", "utf-7", "punycode", "idna", "rot13", "hex", "iso2022_jp", "no_such"]


@pytest.mark.parametrize("encoding", HIDING)
def test_an_encoding_that_hides_code_is_shown_as_such_and_never_runs(tmp_path: Path, encoding: str) -> None:
    file, helper, user = tmp_path / "mine_hiding.py", tmp_path / "mine_helper.py", tmp_path / "mine_user.py"
    hidden = f"# coding: {encoding}\n# harmless \\x0aRAN = 1\n# +AAo-RAN = 1\nx = 1\n"
    file.write_text(hidden)
    helper.write_text(hidden)
    user.write_text("try:\n    import mine_helper\nexcept SyntaxError as error:\n    said = str(error)\n")
    shown = shows_of(file).text
    assert shown.startswith("# This does not run: ") and "harmless" in shown
    problem = outline(str(file)).problem
    assert problem is not None and "mine_hiding.py" in problem.sentence
    with pytest.raises(TaskError, match=r"mine_hiding\.py"):
        load_code(Target.parse(str(file)))
    if encoding != "no_such":
        assert "can hide code: save the file in UTF-8" in problem.sentence + shown
        said = load_code(Target.parse(str(user))).said
        assert "can hide code" in said and "mine_helper" in said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "koi8-r", "gbk", "euc_jp"])
def test_usual_encodings_are_shown_as_they_are_read(tmp_path: Path, encoding: str) -> None:
    word = {"koi8-r": "Привет", "gbk": "你好", "euc_jp": "日本"}.get(encoding, "größe")
    file = tmp_path / "mine_encoded.py"
    file.write_bytes(f"# coding: {encoding}\r\nword = '{word}'\r\n".encode(encoding))
    assert shows_of(file).text == f"# coding: {encoding}\nword = '{word}'\n"
    assert load_code(Target.parse(str(file))).word == word


@pytest.mark.parametrize("head", ["#" * 30_000 + "\n", "\n", "#\r", "\f# \r\n"])
def test_python_finds_the_encoding_in_the_second_line(tmp_path: Path, head: str) -> None:
    file = tmp_path / "mine_second.py"
    file.write_bytes(f"{head}# coding: unicode_escape\n# \\x0aRAN = 1\n".encode())
    with pytest.raises(TaskError, match="can hide code"):
        load_code(Target.parse(str(file)))
    assert shows_of(file).text.startswith("# This does not run")


def test_in_the_third_line_it_is_a_comment(tmp_path: Path) -> None:
    file = tmp_path / "mine_third.py"
    file.write_text("\n\n# coding: unicode_escape\n# \\x0aRAN = 1\n")
    assert not hasattr(load_code(Target.parse(str(file))), "RAN")


@pytest.mark.parametrize("name", ["task.PY", "task", "task.txt", "my.task"])
def test_a_file_of_any_name_is_shown(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x = 1\n")
    assert shows_of(tmp_path / name).text == "x = 1\n"


def test_signs_that_look_like_nothing_are_spelt_out() -> None:
    for sign in "\u200b\u200d\u2060\ufeff\u3164\u115f\uffa0\u034f\ufe00\u2800\u061c\u202e\u2066\U000e0041":
        assert visible(f"a{sign}b") == f"a{sign.encode('unicode_escape').decode()}b"
