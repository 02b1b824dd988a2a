"""The documentation: its links lead somewhere, its generated pages are as the code says, its examples run."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import typer

from lrgui.cli import app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), *(ROOT / name / "README.md" for name in (".", "benchmarks", "examples"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@cache
def script(name: str) -> ModuleType:
    """A script of the documentation's folder."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def without_code(text: str) -> str:
    return re.sub(r"^( *)```.*?^\1```", "", text, flags=re.M | re.S)


@cache
def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in links."""
    heads = re.findall(r"^#+ (.+)$", without_code(page.read_text(encoding="utf-8")), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_its_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link
        if DOCS in page.parents:
            assert DOCS in target.parents, f"{link} is not part of the site"


def test_every_page_is_in_the_menu() -> None:
    menu = re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), flags=re.M)
    assert sorted(menu) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))
    assert len(menu) == len(set(menu))


@pytest.mark.parametrize("name", ["settings.md", "command-line.md"])
def test_a_page_that_is_made_is_as_the_code_says(name: str) -> None:
    made = script("make_reference").MADE
    assert sorted(made) == ["command-line.md", "settings.md"]
    assert (DOCS / "reference" / name).read_text(encoding="utf-8") == made[name](), "run docs/make_reference.py"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_in_the_reference(name: str) -> None:
    page = (DOCS / "reference" / "command-line.md").read_text(encoding="utf-8")
    _, _, part = page.partition(f"## lrgui {name}\n")
    part = part.partition("\n## ")[0]
    command: Any = COMMANDS[name]
    assert " ".join(command.help.split()) in " ".join(part.split())
    assert "xit status" in part
    if command.takes_arguments:
        assert "(#options-of-a-task)" in part
        part += page.partition("## Options of a task\n")[2]
    for one in command.params:
        words = "/".join([", ".join(one.opts), *one.secondary_opts])
        assert f"| `{words}` |" in part, words
        assert one.help.replace("|", "\\|") in part


def test_troubleshooting_is_indexed_by_sentences_that_the_program_says() -> None:
    heads = re.findall(r"^### (.+)$", (DOCS / "how-to" / "troubleshooting.md").read_text(encoding="utf-8"), flags=re.M)
    assert len(heads) > 20 and len(heads) == len(set(heads))
    said = "\n".join(text.words for text in script("list_sentences").texts())
    assert [head for head in heads if head not in said] == [], "nothing says so any more: put the headings right"


def test_the_tutorial_runs(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "tutorial" / "python.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more of them wait for each other where other tests run
    request.addfinalizer(lambda: torch.set_num_threads(threads))
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.S):
        exec(compile(block, "python.md", "exec"), names)
    (printed,) = re.findall(r"^(0\.\d+) (0\.\d+)$", capsys.readouterr().out, flags=re.M)
    slow, recommended = map(float, printed)
    assert names["result"].confidence == "high"
    assert recommended > 0.75 > 0.6 > slow, "as the page says"
    assert names["verified"].lr == pytest.approx(names["result"].lr, rel=1)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
