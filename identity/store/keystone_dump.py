"""Rows out of a text dump of a Keystone database: `mysqldump`, `pg_dump` (COPY or `--inserts`), or
`.dump` of SQLite.

A dump is read statement by statement, so its size does not matter; tables that nobody asked for
are passed over. The forms are those that the three programs' manuals document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Set
from typing import Any

Row = dict[str, Any]

_NAME = r"((?:[`\"\w]+\.)?[`\"\w]+)"
_CREATE = re.compile(rf"\s*CREATE TABLE (?:IF NOT EXISTS )?{_NAME}\s*\(", re.I)
_INSERT = re.compile(
    rf"\s*INSERT (?:IGNORE )?INTO {_NAME}\s*(?:\(([^)]*)\))?\s*VALUES\s*", re.I | re.S
)
_COPY = re.compile(rf"\s*COPY {_NAME} \(([^)]*)\) FROM stdin;", re.I)
_CONSTRAINT = re.compile(
    r"(PRIMARY|KEY|UNIQUE|CONSTRAINT|FOREIGN|INDEX|CHECK|FULLTEXT|EXCLUDE)\b", re.I
)
_PLAIN = r"\s*+(?:(?P<word>NULL|TRUE|FALSE)\b|0x(?P<hex>[0-9a-f]+)|(?P<number>-?[\d.]+)|"
_END = r")\s*+(?P<end>[,)])"
_STANDARD = re.compile(_PLAIN + r"'(?P<text>(?:[^']++|'')*+)'" + _END, re.I)
_MYSQL = re.compile(
    _PLAIN + r"(?:_binary\s*)?'(?P<text>(?:[^'\\]++|\\.|'')*+)'" + _END, re.I | re.S
)
_NEXT = re.compile(r"\s*([,;])\s*")
_ESCAPED = re.compile(r"\\(.)|''", re.S)
_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}
_COPY_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_WORDS = {"null": None, "true": True, "false": False}


def read(lines: Iterable[str], wanted: Set[str]) -> Iterator[tuple[str, Row]]:
    """(table, row) for every row of the `wanted` tables. Raises ValueError, naming the table, for
    a statement that is none of the documented forms."""
    columns: dict[str, list[str]] = {}
    source = iter(lines)
    for line in source:
        if (found := _CREATE.match(line)) and _table(found[1]) in wanted:
            text = _statement(line, source, _definition_ended)
            columns[_table(found[1])] = _columns(text[found.end() :])
        elif (found := _COPY.match(line)) and _table(found[1]) in wanted:
            yield from _copied(_table(found[1]), _names(found[2]), source)
        elif (found := _INSERT.match(line)) and _table(found[1]) in wanted:
            yield from _inserted(line, source, columns)


def _table(name: str) -> str:
    return name.split(".")[-1].strip('`"')


def _names(text: str) -> list[str]:
    return [part.strip().strip('`"') for part in text.split(",")]


def _statement(first: str, source: Iterator[str], ended: Callable[[str], bool]) -> str:
    "The statement that `first` begins: lines up to one that ends with a semicolon that ends it."
    parts = [first]
    while not (parts[-1].rstrip().endswith(";") and ended("".join(parts))):
        line = next(source, None)
        if line is None:
            raise ValueError(f"the dump ends in the middle of: {first[:60].strip()}")
        parts.append(line)
    return "".join(parts)


def _definition_ended(text: str) -> bool:
    # Defaults and comments are the only texts in a definition.
    return text.count("'") % 2 == 0


def _columns(body: str) -> list[str]:
    "Names of the columns in what follows the parenthesis of CREATE TABLE."
    parts, depth, quoted, start = [], 0, "", 0
    for place, sign in enumerate(body):
        if quoted:
            quoted = "" if sign == quoted else quoted
        elif sign in "'\"`":
            quoted = sign
        elif sign == "(":
            depth += 1
        elif sign == "," and not depth:
            parts.append(body[start:place])
            start = place + 1
        elif sign == ")":
            if not depth:
                parts.append(body[start:place])
                break
            depth -= 1
    parts = [part.strip() for part in parts]
    return [part.split()[0].strip('`"') for part in parts if not _CONSTRAINT.match(part)]


def _copied(table: str, names: list[str], source: Iterator[str]) -> Iterator[tuple[str, Row]]:
    for line in source:
        text = line.rstrip("\n")
        if text == "\\.":
            return
        yield table, dict(zip(names, map(_copy_value, text.split("\t")), strict=True))
    raise ValueError(f"the dump ends in the middle of table {table}")


def _copy_value(text: str) -> str | None:
    if text == "\\N":
        return None
    return re.sub(r"\\(.)", lambda m: _COPY_ESCAPES.get(m[1], m[1]), text) if "\\" in text else text


def _inserted(
    line: str, source: Iterator[str], columns: dict[str, list[str]]
) -> Iterator[tuple[str, Row]]:
    found = _INSERT.match(line)
    assert found is not None
    table = _table(found[1])
    # Only MySQL and MariaDB quote names so, and only they escape with backslashes.
    value = _MYSQL if "`" in found[1] else _STANDARD
    result: list[list[Any]] = []

    def ended(text: str) -> bool:
        result[:] = _tuples(text, found.end(), value)
        return bool(result)

    _statement(line, source, ended)
    names = _names(found[2]) if found[2] else columns.get(table)
    for values in result:
        if names is None or len(values) != len(names):
            raise ValueError(f"table {table}: a row does not fit the columns that the dump names")
        yield table, dict(zip(names, values, strict=True))


def _tuples(text: str, place: int, value: re.Pattern[str]) -> list[list[Any]]:
    "The tuples of VALUES, or nothing if the statement is not whole yet."
    result = []
    while text[place : place + 1] == "(":
        place, values, end = place + 1, [], ","
        while end == ",":
            found = value.match(text, place)
            if found is None:
                return []
            values.append(_value(found, value is _MYSQL))
            place, end = found.end(), found["end"]
        result.append(values)
        then = _NEXT.match(text, place)
        if then is None:
            return []
        if then[1] == ";":
            return result
        place = then.end()
    return []


def _value(found: re.Match[str], escaped: bool) -> Any:
    if found["word"] is not None:
        return _WORDS[found["word"].lower()]
    if found["hex"] is not None:
        return bytes.fromhex(found["hex"]).decode()
    if found["number"] is not None:
        return float(found["number"]) if "." in found["number"] else int(found["number"])
    text = found["text"]
    if not escaped:
        return text.replace("''", "'")
    return _ESCAPED.sub(lambda m: _ESCAPES.get(m[1], m[1]) if m[1] else "'", text)
