"""Tables as people and programs really write them: each kind gives the right columns, or one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrgui.tasks.data.tables.header import columns
from lrgui.tasks.data.tables.reading import Column, read_table

Cells = list[float | str | None]
NAMES = ("n", "w", "y")
ROWS: tuple[Cells, ...] = ([1.5, 2.5, 3.5], ["a", "b", "c"], [0.0, 1.0, 0.0])
PLAIN = "n,w,y\n1.5,a,0\n2.5,b,1\n3.5,c,0\n"
COMMA = "n;w;y\n1,5;a;0\n2,5;b;1\n3,5;c;0\n"


def cells(column: Column) -> Cells:
    """What stands in each row: a number, a word or None."""
    found: Cells = []
    for place, value in enumerate(column.values):
        code = 0 if column.codes is None else column.codes[place]
        found.append(column.words[code - 1] if code else None if value != value else float(value))
    return found


def check(file: Path, names: tuple[str, ...], rows: tuple[Cells, ...]) -> tuple[str, ...]:
    """The notes of the table in `file`, whose columns are these."""
    table = read_table(file)
    assert tuple(column.name for column in table.columns) == names
    assert tuple(map(cells, table.columns)) == rows
    assert tuple(columns(str(file))) == names  # what the form offers is what is read
    return table.notes


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PLAIN, id="comma"),
        pytest.param(PLAIN.replace(",", ";"), id="semicolon"),
        pytest.param(PLAIN.replace(",", "\t"), id="tab"),
        pytest.param(PLAIN.replace(",", "|"), id="bar"),
        pytest.param(PLAIN.replace(",", " "), id="space"),
        pytest.param(PLAIN.replace(",", "   "), id="several spaces"),
        pytest.param(PLAIN.replace(",", ", "), id="comma and space"),
        pytest.param(PLAIN.replace(",", " , "), id="spaces around"),
        pytest.param(COMMA, id="decimal comma"),
        pytest.param("sep=;\n" + COMMA, id="separator told by Excel"),
        pytest.param(PLAIN.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(PLAIN.replace("\n", "\r"), id="CR"),
        pytest.param("n,w,y\r\n1.5,a,0\n2.5,b,1\r3.5,c,0", id="mixed line ends, none at the end"),
        pytest.param("\n\n" + PLAIN.replace("\n", "\n\n"), id="empty lines"),
        pytest.param(PLAIN + ",,\n , ,\n", id="rows of empty cells"),
        pytest.param(PLAIN.replace("\n", ",\n"), id="trailing delimiters"),
        pytest.param("n,w,y\n1.5,a,0,\n2.5,b,1,\n3.5,c,0,\n", id="trailing delimiters below the names"),
        pytest.param("Sales 2026\n\n" + PLAIN, id="title"),
        pytest.param("# made by x, on Monday\n# unit: m\n" + PLAIN, id="comments above"),
        pytest.param("n,w,y\n1.5,a,0\n# broken, sensor\n2.5,b,1\n# end\n3.5,c,0\n", id="comments between"),
        pytest.param('"n","w","y"\n"1.5","a","0"\n"2.5","b","1"\n"3.5","c","0"\n', id="all quoted"),
        pytest.param("'n','w','y'\n'1.5','a','0'\n'2.5','b','1'\n'3.5','c','0'\n", id="single quotes"),
        pytest.param("n,w,y\n$1.5,a,0\n$2.5,b,1\n$3.5,c,0\n", id="currency"),
        pytest.param("n,w,y\n1.5 %,a,0\n2.5 %,b,1\n3.5 %,c,0\n", id="per cent"),
    ],
)
def test_the_same_table_in_many_dialects(tmp_path: Path, text: str) -> None:
    file = tmp_path / "messy.csv"
    file.write_bytes(text.encode())
    check(file, NAMES, ROWS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "messy.csv"
    file.write_bytes("größe,wort\n1,Käse\n2,Öl\n".encode(encoding))
    assert check(file, ("größe", "wort"), ([1.0, 2.0], ["Käse", "Öl"])) == ()


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        pytest.param("1,2\n3,4\n5,6\n", ("column 1", "column 2"), ([1.0, 3.0, 5.0], [2.0, 4.0, 6.0]), id="no header"),
        pytest.param(
            "size,weight,kind\ncm,kg,word\n1,2,a\n3,4,b\n",
            ("size cm", "weight kg", "kind word"),
            ([1.0, 3.0], [2.0, 4.0], ["a", "b"]),
            id="two header rows",
        ),
        pytest.param(
            "2025,,2026,\nnorth,south,north,south\n1,2,3,4\n5,6,7,8\n",
            ("2025 north", "2025 south", "2026 north", "2026 south"),
            ([1.0, 5.0], [2.0, 6.0], [3.0, 7.0], [4.0, 8.0]),
            id="merged header cells",
        ),
        pytest.param(
            'a,b\n"1,234",x\n"12,345,678",y\n', ("a", "b"), ([1234.0, 12345678.0], ["x", "y"]), id="thousands: comma"
        ),
        pytest.param("a;b\n1.234,5;x\n2,5;y\n", ("a", "b"), ([1234.5, 2.5], ["x", "y"]), id="thousands: point"),
        pytest.param("a;b\n1 234,5;x\n2,5;y\n", ("a", "b"), ([1234.5, 2.5], ["x", "y"]), id="thousands: space"),
        pytest.param("a;b\n1'234.5;x\n2.5;y\n", ("a", "b"), ([1234.5, 2.5], ["x", "y"]), id="thousands: apostrophe"),
        pytest.param(
            'a,b\n1,"say ""hi"", ok"\n2,x\n', ("a", "b"), ([1.0, 2.0], ['say "hi", ok', "x"]), id="doubled quotes"
        ),
        pytest.param(
            'a,b\n1,"say \\"hi\\", ok"\n2,x\n', ("a", "b"), ([1.0, 2.0], ['say "hi", ok', "x"]), id="escaped quotes"
        ),
        pytest.param("a,b\n1,it's\n2,'x\n", ("a", "b"), ([1.0, 2.0], ["it's", "'x"]), id="apostrophes"),
        pytest.param("a,b\n1,#1\n2,#2\n", ("a", "b"), ([1.0, 2.0], ["#1", "#2"]), id="a mark that begins no comment"),
        pytest.param(
            'a,"b\nc"\n1,"x\ny"\n2,z\n', ("a", "b\nc"), ([1.0, 2.0], ["x\ny", "z"]), id="line breaks in cells"
        ),
        pytest.param(
            "a,b,c\n1,2,3\n4\n5,6\n",
            ("a", "b", "c"),
            ([1.0, 4.0, 5.0], [2.0, None, 6.0], [3.0, None, None]),
            id="short rows",
        ),
        pytest.param(
            "a,a,,a\n1,2,3,4\n5,6,7,8\n",
            ("a", "a (2)", "column 3", "a (3)"),
            ([1.0, 5.0], [2.0, 6.0], [3.0, 7.0], [4.0, 8.0]),
            id="the same name twice",
        ),
        pytest.param("only\n1\n2\n", ("only",), ([1.0, 2.0],), id="one column"),
        pytest.param(
            "a,b\n1,x\n,y\nn/a,?\n NA ,z\n2,Null\n",
            ("a", "b"),
            ([1.0, None, None, 2.0], ["x", "y", "z", None]),
            id="missing",
        ),
        pytest.param("a,b\nTrue,x\nFalse,y\n", ("a", "b"), (["true", "false"], ["x", "y"]), id="truth values"),
        pytest.param(
            "a,b\n99999999999999999999,1e5\n1,1e400\n",
            ("a", "b"),
            ([1e20, 1.0], [1e5, float("inf")]),
            id="large numbers",
        ),
    ],
)
def test_what_files_have(tmp_path: Path, text: str, names: tuple[str, ...], rows: tuple[Cells, ...]) -> None:
    file = tmp_path / "messy.csv"
    file.write_bytes(text.encode())
    assert check(file, names, rows) == ()


def test_long_rows_between_short_ones(tmp_path: Path) -> None:
    file = tmp_path / "messy.csv"
    file.write_text("a,b\n1,2\n3,4,5\n6\n7,8\n")
    assert check(file, ("a", "b"), ([1.0, 6.0, 7.0], [2.0, None, 8.0])) == (
        "Line 3 has more than 2 cells and was skipped.",
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", r"^messy.csv is empty: choose", id="empty"),
        pytest.param(b"\r\n\n  \n", r"^messy.csv has no rows: choose", id="blank"),
        pytest.param(b"a,b\n", r"^messy.csv has no row below the names: choose", id="names only"),
        pytest.param(b'a,b\n1,2\n"3,4\n5,6\n', r"^messy.csv cannot be read: a quote near line 3", id="open quote"),
        pytest.param(b"PK\3\4\0\0", r"^messy.csv is not a text file: .*save it as CSV", id="spreadsheet"),
        pytest.param("a,b\n1,2\n".encode("utf-16-le"), r"^messy.csv is not a text file: ", id="UTF-16 without a mark"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "messy.csv"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        read_table(file)
