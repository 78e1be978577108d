"""Files that describe an organisation: sites, departments, teams and people, from YAML or CSV.

Reading changes nothing: it gives rows of plain text, each with the file and line it came from, and a
list of what could not be read. `portal.accounts.importing` checks and applies the rows.
docs/operations.md describes both formats.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

LARGEST_FILE: Final = 10 * 1024 * 1024
DEEPEST: Final = 10
KINDS: Final = ("sites", "departments", "teams", "people")
COLUMNS: Final = {
    "sites": {"slug", "name", "country", "time_zone"},
    "departments": {"name"},
    "teams": {"slug", "name", "purpose", "email", "phone", "department"},
    "people": {
        "email",
        "name",
        "title",
        "department",
        "site",
        "employment",
        "manager",
        "admin",
        "active",
        "memberships",
    },
}
_NOTHING: Final = ("", "null", "~")


@dataclass(frozen=True, slots=True)
class Problem:
    """One row, or a whole file (line 0), that was left out, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Row:
    """One site, department, team or person as written: text by column, and where it stands.

    A column that is not there leaves what is known as it is; an empty one clears it. `memberships`
    is a list of (team slug, [roles]).
    """

    kind: str
    file: str
    line: int
    values: dict[str, Any]

    def problem(self, reason: str) -> Problem:
        return Problem(self.file, self.line, reason)


@dataclass(slots=True)
class Organisation:
    """The rows of some files, in their order, and what could not be read."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def of(self, kind: str) -> list[Row]:
        """The rows of one kind."""
        return [row for row in self.rows if row.kind == kind]


def read_files(paths: Iterable[Path]) -> Organisation:
    """Read files ending in .yaml, .yml or .csv; a file that cannot be read is one problem."""
    found = Organisation()
    for path in paths:
        try:
            text = _text_of(path)
            read = read_csv if path.suffix.lower() == ".csv" else read_yaml
            part = read(text, path.name)
        except _UnreadableError as error:
            found.problems.append(Problem(path.name, error.line, str(error)))
            continue
        found.rows += part.rows
        found.problems += part.problems
    return found


def read_yaml(text: str, file: str) -> Organisation:
    """The rows of a YAML text: lists under `sites`, `departments`, `teams`, `people`."""
    top = _yaml_node(text)
    found = Organisation()
    if not isinstance(top, yaml.MappingNode):
        raise _UnreadableError(f"There are no lists named {', '.join(KINDS)} in it.", 1)
    for key, items in top.value:
        line = key.start_mark.line + 1
        if key.value not in KINDS or not isinstance(items, yaml.SequenceNode):
            names = ", ".join(KINDS)
            found.problems.append(Problem(file, line, f"{key.value!r} is not a list named {names}."))
            continue
        for item in items.value:
            row = _yaml_row(key.value, item, file)
            (found.problems if isinstance(row, Problem) else found.rows).append(row)  # type: ignore[arg-type]
    return found


def read_csv(text: str, file: str) -> Organisation:
    """The rows of a CSV text; its first line names the columns, which tell what it lists.

    Separated by commas, semicolons or tabs. Memberships are written as
    `it-service-desk:lead+author payroll:agent`.
    """
    found = Organisation()
    rows = _csv_rows(text)
    try:
        _, first = next(rows, (1, []))
        header = [cell.strip().lower().replace(" ", "_") for cell in first]
        kind = _kind_of(header)
        for line, cells in rows:
            row = Row(kind, file, line, dict(zip(header, (cell.strip() for cell in cells), strict=False)))
            problem = _csv_problem(row, header, cells)
            if problem:
                found.problems.append(row.problem(problem))
            elif any(cell.strip() for cell in cells):
                found.rows.append(row)
    except csv.Error as error:
        raise _UnreadableError(f"This is not a table: {error}.") from error
    return found


class _UnreadableError(Exception):
    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


def _text_of(path: Path) -> str:
    if path.suffix.lower() not in (".yaml", ".yml", ".csv"):
        raise _UnreadableError("The name must end in .yaml, .yml or .csv.")
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise _UnreadableError(f"It cannot be read: {error.strerror}.") from error
    if len(raw) > LARGEST_FILE:
        raise _UnreadableError(f"It is larger than {LARGEST_FILE // 1024 // 1024} MB.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _UnreadableError("It is not UTF-8. Save it as UTF-8 (in Excel: CSV UTF-8).", line) from error


# -- YAML ------------------------------------------------------------------------------------------


def _yaml_node(text: str) -> yaml.Node | None:
    # BaseLoader keeps every value the text it is: NO stays Norway, 0113 keeps its zero.
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:  # the reader's time grows with the square of it
                raise _UnreadableError(f"Lists stand in each other more than {DEEPEST} deep.")
            if isinstance(event, yaml.AliasEvent):  # a few of them can stand for gigabytes
                line = event.start_mark.line + 1 if event.start_mark else 0
                raise _UnreadableError("References (*name) are not read. Write the value out.", line)
        return yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _UnreadableError(f"This is not YAML: {error.problem}.", line) from error
    except yaml.YAMLError as error:
        raise _UnreadableError(f"This is not YAML: {error}.") from error


def _yaml_row(kind: str, node: yaml.Node, file: str) -> Row | Problem:
    line = node.start_mark.line + 1
    if kind == "departments" and isinstance(node, yaml.ScalarNode):
        return Row(kind, file, line, {"name": node.value.strip()})
    if not isinstance(node, yaml.MappingNode):
        return Problem(file, line, "This is not a list of names and values.")
    values: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value)
        if name not in COLUMNS[kind]:
            return Problem(file, key.start_mark.line + 1, f"There is no column {name!r} for {kind}.")
        if name == "memberships":
            values[name] = _yaml_memberships(value)
        elif isinstance(value, yaml.ScalarNode):
            plain = value.style is None and value.value in _NOTHING
            values[name] = "" if plain else value.value.strip()
        else:
            return Problem(file, value.start_mark.line + 1, f"{name} must be one value, not a list.")
    if values.get("memberships", []) is None:
        return Problem(file, line, "memberships must be a list, each with a team and a list of roles.")
    return Row(kind, file, line, values)


def _yaml_memberships(node: yaml.Node) -> list[tuple[str, list[str]]] | None:
    if isinstance(node, yaml.ScalarNode) and node.value in _NOTHING:
        return []
    if not isinstance(node, yaml.SequenceNode):
        return None
    found: list[tuple[str, list[str]]] = []
    for item in node.value:
        parts = {key.value: value for key, value in item.value} if isinstance(item, yaml.MappingNode) else {}
        team, roles = parts.get("team"), parts.get("roles")
        if set(parts) != {"team", "roles"} or not isinstance(team, yaml.ScalarNode):
            return None
        names = roles.value if isinstance(roles, yaml.SequenceNode) else []
        if not names or not all(isinstance(name, yaml.ScalarNode) for name in names):
            return None
        found.append((team.value.strip(), [name.value.strip() for name in names]))
    return found


# -- CSV -------------------------------------------------------------------------------------------


def _csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table, each with the number of the line it begins on."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    for cells in reader:
        yield begins, cells
        begins = reader.line_num + 1


def _kind_of(header: list[str]) -> str:
    """What a table lists, by its columns."""
    if not any(header):
        raise _UnreadableError("There are no columns.", 1)
    if len(set(header)) != len(header):
        raise _UnreadableError("A column stands there twice.", 1)
    if "time_zone" in header:
        kind = "sites"
    elif "slug" in header:
        kind = "teams"
    else:
        kind = "people" if "email" in header else "departments"
    unknown = sorted(set(header) - COLUMNS[kind])
    if unknown:
        known = ", ".join(sorted(COLUMNS[kind]))
        raise _UnreadableError(f"There is no column {unknown[0]!r} for {kind}. Use {known}.", 1)
    return kind


def _csv_problem(row: Row, header: list[str], cells: list[str]) -> str | None:
    if cells and len(cells) != len(header):
        return f"There are {len(cells)} values for {len(header)} columns."
    if "memberships" in row.values:
        memberships = [_csv_membership(word) for word in row.values["memberships"].split()]
        if not all(memberships):
            return "memberships must look like it-service-desk:lead+author payroll:agent."
        row.values["memberships"] = memberships
    return None


def _csv_membership(word: str) -> tuple[str, list[str]] | None:
    team, colon, roles = word.partition(":")
    names = roles.split("+")
    return (team, names) if team and colon and all(names) else None
