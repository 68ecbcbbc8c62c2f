"""Files, functions and folders stay small enough to read: limits for the whole package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "spotvmr"
FILE_LINES, FUNCTION_LINES, FOLDER_FILES = 250, 40, 15
"""Limits: lines of a file, lines of a function without its docstring, Python files of a folder."""

FILES = sorted(SOURCE.rglob("*.py"))
FOLDERS = sorted({path.parent for path in FILES})


def name_of(path: Path) -> str:
    """Path below the package."""
    return path.relative_to(SOURCE).as_posix()


def functions_of(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Name and number of lines of each function and method, without the docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
            docstring = 0 if text is None else (text.end_lineno or text.lineno) - text.lineno + 1
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


def too_large(path: Path) -> list[str]:
    """What exceeds a limit in a file."""
    text = path.read_text(encoding="utf-8")
    lines = len(text.splitlines())
    found = [f"{lines} lines, limit {FILE_LINES}: divide the file"] if lines > FILE_LINES else []
    return found + [
        f"{name} has {lines} lines, limit {FUNCTION_LINES}: divide the function"
        for name, lines in functions_of(ast.parse(text))
        if lines > FUNCTION_LINES
    ]


def test_lines_of_functions_are_counted_without_docstrings() -> None:
    text = '''
def one(): return 1

class Some:
    async def four(
        self,
    ) -> None:
        """Docstring
        of two lines."""
        pass
'''
    assert list(functions_of(ast.parse(text))) == [("one", 1), ("four", 4)]


def test_no_file_and_no_function_is_too_long() -> None:
    found = {name_of(path): too_large(path) for path in FILES}
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_no_folder_has_too_many_files() -> None:
    """Configuration files do not count: a folder of ``conf`` has one a choice."""
    counts = {name_of(folder): len(list(folder.glob("*.py"))) for folder in FOLDERS}
    crowded = {name: n for name, n in counts.items() if n > FOLDER_FILES}
    assert crowded == {}, f"limit {FOLDER_FILES} files: divide the folder"
