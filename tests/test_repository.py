"""What holds for the repository as a whole: the direction of imports, sizes, and nothing of any one machine in it."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("caret_sync", "firms", "calendars", "migration")
# What each app may not import: imports point one way, migration -> calendars -> firms, and the product knows no test.
NEVER = {
    "firms": ("calendars", "migration", "tests"),
    "calendars": ("migration", "tests"),
    "migration": ("tests",),
    "caret_sync": ("tests",),
}
PURE = (
    "calendars/states.py",
    "calendars/cutoff.py",
    "calendars/times.py",
    "firms/zones.py",
    "migration/prompt.py",
    "migration/accounts.py",
    "migration/matching.py",
    "migration/progress.py",
    "calendars/sync/plan.py",
)
OUTSIDE_WORLD = ("django", "requests", "msal", "psycopg", "os", "socket", "subprocess", "urllib.request")


@cache
def tracked() -> list[Path]:
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a clone: nothing says which files belong to the repository")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def python_files(*tops: str) -> Iterator[Path]:
    for top in tops:
        yield from (file for file in (ROOT / top).rglob("*.py") if "__pycache__" not in file.parts)


def imports(file: Path) -> set[str]:
    """Everything the file imports, wherever in it, by full name: `from a import b` is both `a` and `a.b`."""
    found: set[str] = set()
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*parents, *([node.module] if node.module else [])])
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def belongs(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


@pytest.mark.parametrize("app", PRODUCT)
def test_imports_go_one_way(app: str):
    wrong = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in python_files(app)
        for name in imports(file)
        if belongs(name, NEVER[app])
    }
    assert wrong == set()


def own_module(name: str) -> Path | None:
    if name.split(".")[0] not in PRODUCT:
        return None
    path = ROOT.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


@pytest.mark.parametrize("name", PURE)
def test_decisions_are_pure_and_so_is_all_they_use(name: str):
    """states.py takes Django's choices, which are enumerations; nothing else of Django, no database, no network."""
    if not (ROOT / name).exists():
        pytest.skip("not written yet")
    waiting, seen, wrong = [ROOT / name], set(), set()
    while waiting:
        file = waiting.pop()
        seen.add(file)
        for imported in imports(file):
            choices = file == ROOT / "calendars/states.py" and "django.db.models.TextChoices".startswith(imported)
            if belongs(imported, OUTSIDE_WORLD) and not choices:
                wrong.add(f"{file.relative_to(ROOT)} imports {imported}")
            own = own_module(imported)
            if own and own not in seen:
                waiting.append(own)
    assert wrong == set()


def test_no_file_is_longer_than_a_reader_can_hold():
    sizes = {
        str(file.relative_to(ROOT)): len(file.read_text().splitlines())
        for file in tracked()
        if file.suffix == ".py" and "migrations" not in file.parts
    }
    assert {name: size for name, size in sizes.items() if size > 400} == {}


# Put together here, so that this file does not contain what it looks for.
MACHINE_PATH = re.compile(rf"(?<![\w.:/~}}-])/(?:{'|'.join(('work', 'home', 'root', 'Users', 'tmp', 'mnt'))})/\w")
REGISTRIES = re.compile(
    "|".join(re.escape(".".join(parts)) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org")))
    + r"|--(?:extra-)?index-url|--trusted-(?:host)"
)


@pytest.mark.parametrize(
    ("pattern", "example"),
    [(MACHINE_PATH, " /{}/ada/caret".format("home")), (REGISTRIES, "https://{}.org/simple".format("pypi"))],
    ids=["machine path", "package registry"],
)
def test_nothing_of_any_one_machine_is_in_the_repository(pattern: re.Pattern[str], example: str):
    assert pattern.search(example), "the pattern finds what it is for"
    found = []
    for file in tracked():
        try:
            lines = file.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{file.relative_to(ROOT)}:{n}: {line[:120]}" for n, line in enumerate(lines, 1) if pattern.search(line)
        ]
    assert found == []


LOCKS = sorted(ROOT.glob("requirements*.lock"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_hashes_and_no_address(lock: Path):
    entries = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n", "", lock.read_text().strip() + "\n", flags=re.MULTILINE))
    assert entries and {entry for entry in entries if not re.match(r"[a-z0-9._-]+==\S+", entry)} == set()
    assert {entry.split()[0] for entry in entries if "--hash=sha256:" not in entry} == set()
    assert "://" not in lock.read_text() and " @ " not in lock.read_text()


def test_what_runs_is_locked_for_both_the_product_and_its_tests():
    locked = [
        set(re.findall(r"^([a-z0-9._-]+==\S+)", lock.read_text(), re.MULTILINE))
        for lock in (ROOT / "requirements.lock", ROOT / "requirements-dev.lock")
    ]
    assert locked[0] and locked[0] <= locked[1], "tests run on the very versions that the product runs on"
