"""What a newcomer's machine may lack gets one sentence, before anything is made."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REAL = sys.executable

TOO_OLD = """#!/bin/sh
case "$*" in
  -V) echo "Python 3.9.2" ;;
  *version_info*) exit 1 ;;
  *) echo "a too old Python was used: $*"; exit 99 ;;
esac
"""
WITHOUT_ENSUREPIP = f"""#!/bin/sh
case "$*" in
  *ensurepip*) echo "ModuleNotFoundError: No module named 'ensurepip'" >&2; exit 1 ;;
  *) exec "{REAL}" "$@" ;;
esac
"""


def set_up(tmp_path: Path, python: str, lock: str = "none.lock") -> subprocess.CompletedProcess[str]:
    """`make setup` in an empty checkout whose `python3` is the script `python`; without one where it is empty."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "make", "touch"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    if python:
        (tools / "python3").write_text(python)
        (tools / "python3").chmod(0o755)
    checkout = tmp_path / "a checkout"
    (checkout / ".ci").mkdir(parents=True)
    for name in ("Makefile", ".ci/setup"):
        (checkout / name).write_text((ROOT / name).read_text())
    (checkout / "requirements-dev.lock").write_text("")
    environment = {"PATH": str(tools), "HOME": str(tmp_path)}
    command = ["make", "-s", "setup"]
    return subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        ("", "Caret Sync needs Python 3.11 or newer, and 'python3' was not found."),
        (TOO_OLD, "Caret Sync needs Python 3.11 or newer; 'python3' is Python 3.9.2."),
        (WITHOUT_ENSUREPIP, "This Python cannot make virtual environments (no ensurepip)."),
    ],
)
def test_a_python_that_will_not_do_gets_a_sentence(tmp_path: Path, python: str, sentence: str) -> None:
    ended = set_up(tmp_path, python)

    said = [line for line in ended.stderr.splitlines() if not line.startswith("make: ***")]
    assert ended.returncode != 0
    assert len(said) == 1, ended.stderr
    assert said[0].startswith(sentence)
    assert not (tmp_path / "a checkout/.venv").exists()
