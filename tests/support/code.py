"""Reading the portal's own source: rules that no linter knows, each as a function that yields problems."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One Python file: its path from the root, its text and its tree."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def stem(self) -> str:
        return Path(self.path).stem


def modules(folder: str = "portal") -> list[Module]:
    """All Python files below a folder of the repository."""
    return [
        Module(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _calls(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The dotted text of what is called, and the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def imports_in_functions(module: Module) -> Iterator[str]:
    for function in _functions(module.tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield f"{module.path}:{node.lineno}: import inside {function.name}"


def transactions_ended(module: Module) -> Iterator[str]:
    """`session.commit()` and its like; only one unit of work at the edge ends a transaction."""
    for called, line in _calls(module.tree):
        if called.endswith((".commit", ".rollback")) or called == "unit_of_work":
            yield f"{module.path}:{line}: {called}()"


def own_sessions(module: Module) -> Iterator[str]:
    """Below the views a session is given, never fetched."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "portal.db":
            for name in node.names:
                if name.name in ("db", "unit_of_work"):
                    yield f"{module.path}:{node.lineno}: imports {name.name}"


def sessions_not_first(module: Module) -> Iterator[str]:
    """A service function that needs the database takes its session first."""
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
            if "session" in names[1:]:
                yield f"{module.path}:{node.lineno}: {node.name} does not take its session first"


def other_clocks(module: Module) -> Iterator[str]:
    for called, line in _calls(module.tree):
        if called.endswith(("datetime.now", "datetime.utcnow", "date.today", "datetime.today")):
            yield f"{module.path}:{line}: {called}()"


def database_hooks(module: Module) -> Iterator[str]:
    for called, line in _calls(module.tree):
        if called.endswith(("event.listens_for", "event.listen", "_signal", ".connect_via")):
            yield f"{module.path}:{line}: {called}()"


def markup_made(module: Module) -> Iterator[str]:
    """Text declared to be safe HTML. As the type of something, the name may stand anywhere."""
    tree = module.tree
    types = {part for node in ast.walk(tree) for note in _annotations(node) for part in ast.walk(note)}
    for node in ast.walk(tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in ("Markup", "render_template_string") and node not in types:
            yield f"{module.path}:{node.lineno}: uses {name}"  # type: ignore[attr-defined]
        if isinstance(node, ast.alias) and node.name == "Markup" and node.asname:
            yield f"{module.path}:{node.lineno}: renames Markup"


def _annotations(node: ast.AST) -> Iterator[ast.expr]:
    """The types written in a node: of a variable, a parameter, a result."""
    for field in ("annotation", "returns"):
        note = getattr(node, field, None)
        if isinstance(note, ast.expr):
            yield note


def printed(module: Module) -> Iterator[str]:
    for called, line in _calls(module.tree):
        if called in ("print", "pprint", "breakpoint"):
            yield f"{module.path}:{line}: {called}()"


def length(module: Module, limit: int) -> Iterator[str]:
    lines = module.text.count("\n")
    if lines > limit:
        yield f"{module.path}: {lines} lines, {limit} at most"
