"""Separator, decimal mark and names are found in a file's beginning."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lrgui.tasks.data.tables.header import ROWS, SAMPLE, columns, layout
from lrgui.tasks.data.texts.encoding import file_encoding


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "table.csv"
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize(
    ("text", "separator", "names"),
    [
        ("a,b,c\n1,2,3\n4,5,6\n", ",", ("a", "b", "c")),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";", ("a", "b")),  # with commas the rows would be as long as each other, too
        ("a\tb\n1,2\tx\n3,4\ty\n", "\t", ("a", "b")),
        ("a|b\n1|2\n", "|", ("a", "b")),
        ("0.5  1.5 2\n 0.25 1.0  3\n", " ", ("column 1", "column 2", "column 3")),
        ('name,"age, years"\n"Doe, J",41\n', ",", ("name", "age, years")),
        ('a, "b ""x"""\n1, 2\n', ",", ("a", 'b "x"')),
        ("only\n1\n2\n", ",", ("only",)),
    ],
)
def test_separators(tmp_path: Path, text: str, separator: str, names: tuple[str, ...]) -> None:
    found = layout(written(tmp_path, text), "utf-8")
    assert (found.separator, found.names) == (separator, names)


@pytest.mark.parametrize(
    ("text", "header", "names"),
    [
        ("1,2\n3,4\n", False, ("column 1", "column 2")),
        ("5.1,red\n4.9,blue\n", False, ("column 1", "column 2")),
        ("id,2019,2020\n1,3,4\n2,5,6\n", True, ("id", "2019", "2020")),  # years as names
        ("name,kind\nann,cat\nbob,dog\n", True, ("name", "kind")),
        ("2024-01-01,12 kg\n2024-01-02,\n2024-01-03,15 kg\n", False, ("column 1", "column 2")),
        ("a b,31.12.2024\nc d,30.12.2024\n", False, ("column 1", "column 2")),
        ("name,2024-01,2024-02\nann,3,4\nbob,5,6\n", True, ("name", "2024-01", "2024-02")),  # months as names
        ("5 km,10 km\n20 min,45 min\n19 min,44 min\n", True, ("5 km", "10 km")),  # distances above times
        ("name,24h\nann,yes\nbob,no\n", True, ("name", "24h")),
        ("x,x,,x (2)\n1,2,3,4\n", True, ("x", "x (2)", "column 3", "x (2) (2)")),
        ("a,b\nr1,1,2\nr2,3,4\n", True, ("column 1", "a", "b")),  # as R writes tables
        ("a,b,\n1,2,\n", True, ("a", "b")),  # a separator at the end makes no column
        ("a,b\n1,2,\n", True, ("a", "b")),
        ("a,b,\n1,2,3\n", True, ("a", "b", "column 3")),
    ],
)
def test_names(tmp_path: Path, text: str, header: bool, names: tuple[str, ...]) -> None:
    found = layout(written(tmp_path, text), "utf-8")
    assert (found.header, found.names) == (header, names)


@pytest.mark.parametrize(
    ("text", "separator", "above"),
    [
        ("sep=;\na;b;y\n1;2;3\n4;5;6\n", ";", 1),  # Excel's
        ("sep=;\r\na;b;y\r\n1;2;3\r\n", ";", 1),
        ("# made by x\n# on Monday\na,b,y\n1,2,3\n4,5,6\n", ",", 2),
        ("Report 2026,,\n\na,b,y\n1,2,3\n4,5,6\n", ",", 1),  # and a blank line, which is skipped anywhere
        ("#a,b,y\n1,2,3\n4,5,6\n", ",", 0),  # a row of names behind a mark
    ],
)
def test_what_stands_above_a_table(tmp_path: Path, text: str, separator: str, above: int) -> None:
    found = layout(written(tmp_path, text), "utf-8")
    assert (found.separator, found.preamble, found.header) == (separator, above, True)
    assert tuple(name.lstrip("#") for name in found.names) == ("a", "b", "y")


def test_what_is_said_counts_more_than_what_is_seen(tmp_path: Path) -> None:
    file = written(tmp_path, "2019,2020\n1,2\n")
    assert layout(file, "utf-8", header="yes").names == ("2019", "2020")
    assert layout(file, "utf-8", separator="bar").names == ("column 1",)


def test_a_long_file_is_judged_by_whole_rows(tmp_path: Path) -> None:
    text = "a,b\n" + "1,2\n" * SAMPLE
    assert layout(written(tmp_path, text), "utf-8").names == ("a", "b")
    assert ROWS < SAMPLE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    assert columns(str(written(tmp_path, "größe,b\n1,2\n", encoding))) == ["größe", "b"]


def test_a_euro_as_excel_writes_it(tmp_path: Path) -> None:
    assert columns(str(written(tmp_path, "Preis €;b\n1,5;2\n", "cp1252"))) == ["Preis €", "b"]


@pytest.mark.parametrize(
    ("text", "decimal_comma"),
    [
        ("a;b\n1,5;x\n", True),
        ("a;b\n1.234,50 €;12,5 kg\n", True),
        ("a;b\n1 234,50;x\n", True),
        ('a,b\n"1,5","2,25"\n', True),  # the separator is a comma, too
        ('a,b\n"1,234","2,500"\n', False),
        ('a,b\n"1,234.5",x\n', False),
        ("a;b\n12.5 kg;x\n", False),
        ("a;b\n31.12.2024;1,5\n", True),
    ],
)
def test_decimal_marks(tmp_path: Path, text: str, decimal_comma: bool) -> None:
    assert layout(written(tmp_path, text), "utf-8").decimal_comma is decimal_comma


def test_an_encoding_is_judged_by_the_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "late.csv"
    file.write_bytes(b"a,b\n" + b"1,2\n" * 300_000 + "ü,3\n".encode("latin-1"))
    assert file_encoding(file) == "cp1252"
    assert file_encoding(file, 1000) == "utf-8"
    file.write_bytes("ü".encode() * 600_000)  # characters that lie across the blocks in which it is read
    assert file_encoding(file) == "utf-8"
    assert file_encoding(file, 1001) == "utf-8"


def test_asking_for_names_never_fails(tmp_path: Path) -> None:
    assert columns(str(tmp_path / "missing.csv")) == []
    assert columns(str(tmp_path)) == []
    for content in (b"", b"\n\n", b"PK\0\1\2", b"\xff\xfe"):
        (tmp_path / "odd.csv").write_bytes(content)
        assert columns(str(tmp_path / "odd.csv")) == []
    (tmp_path / "odd.parquet").write_bytes(b"nothing of the kind")
    assert columns(str(tmp_path / "odd.parquet")) == []


def test_no_library_is_needed() -> None:
    code = "import sys, lrgui.tasks.data.tables.header; print(sorted({'torch', 'numpy', 'pandas'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
