"""The house rules that a machine can check: who imports whom, sizes, words."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("identity", "image", "objectstore", "compute", "network", "volume", "dashboard")
PACKAGES = (*SERVICES, "common", "devstack")
LAYERS = {  # layer of a service -> layers of the same service that it may import
    "api": {"schemas", "views", "core", "policy", "errors", "api", "config"},
    "schemas": {"schemas", "errors"},
    "views": {"views", "errors", "core", "store"},
    "core": {"core", "store", "contracts", "scheduler", "errors", "policy", "config", "schemas"},
    "store": {"store", "errors"},
    "scheduler": {"scheduler", "errors"},
    "contracts": {"contracts"},
    "conductor": {"conductor", "core", "store", "contracts", "scheduler", "errors", "config"},
    "agent": {"agent", "contracts", "errors", "config"},
    "policy": {"policy"},
    "errors": {"errors"},
    "config": {"config"},
}


def modules():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "vendor" not in path.parts:
                yield path


def imports(path):
    """The dotted names that a module imports, at any depth; names from `from x import y` as x and
    x.y."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(dotted):
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else None


def test_no_service_imports_another():
    wrong = [
        f"{p.relative_to(ROOT)}: {name}"
        for p in modules()
        for name in imports(p)
        if p.relative_to(ROOT).parts[0] in (*SERVICES, "common")
        and name.split(".")[0] in SERVICES
        and name.split(".")[0] != p.relative_to(ROOT).parts[0]
    ]
    assert wrong == []


def test_layers_import_only_what_they_may():
    wrong = []
    for path in modules():
        service, *rest = path.relative_to(ROOT).with_suffix("").parts
        allowed = LAYERS.get(rest[0]) if service in SERVICES else None
        if allowed is None or service == "dashboard":
            continue
        for name in imports(path):
            layer = layer_of(name)
            if name.split(".")[0] == service and layer in LAYERS and layer not in allowed:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_only_stores_import_sqlalchemy():
    wrong = {
        str(p.relative_to(ROOT))
        for p in modules()
        for name in imports(p)
        if name.split(".")[0] in ("sqlalchemy", "alembic")
        and "store" not in p.parts
        and p.relative_to(ROOT).parts[0] != "common"
    }
    assert wrong == set()


def test_cores_know_no_http_framework():
    wrong = {
        str(p.relative_to(ROOT))
        for p in modules()
        for name in imports(p)
        if "core" in p.parts and name.split(".")[0] in ("flask", "werkzeug", "socket")
    }
    assert wrong == set()


@pytest.mark.parametrize("folder", [*PACKAGES, "tests"])
def test_modules_have_at_most_600_lines(folder):
    long = {
        str(p.relative_to(ROOT)): n
        for p in (ROOT / folder).rglob("*.py")
        if "vendor" not in p.parts
        if (n := len(p.read_text().splitlines())) > 600
    }
    assert long == {}


def test_every_package_says_what_it_is():
    silent = [
        str(p.relative_to(ROOT))
        for p in modules()
        if p.name == "__init__.py"
        and not ast.get_docstring(ast.parse(p.read_text()))
        and "migrations" not in p.parts
    ]
    assert silent == []


def test_no_class_is_named_after_nothing():
    vague = re.compile(r"(Manager|Helper|Util|Utils|_impl)$|^Base[A-Z]")
    names = [
        f"{p.relative_to(ROOT)}: {node.name}"
        for p in modules()
        for node in ast.walk(ast.parse(p.read_text()))
        if isinstance(node, ast.ClassDef) and vague.search(node.name)
    ]
    assert names == []


def test_the_repository_names_no_path_of_the_machine_that_wrote_it():
    # split, so that this line is not found itself
    pattern = r"(^|[^A-Za-z_.])/" + r"work/(main|shared)|/opt/" + r"dev/"
    found = subprocess.run(
        ["git", "-C", str(ROOT), "grep", "-nE", pattern, "--", "."], capture_output=True, text=True
    )
    assert found.stdout == ""
