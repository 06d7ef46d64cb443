"""The README says of settings, files and commands what is so."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEPLOYMENT = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", README, re.MULTILINE))
# In `.env.example` the site's own addresses are samples.
SAMPLES = {"ALLOWED_HOSTS", "SITE_URL"}


def example() -> dict[str, str]:
    """Name → value of every line of `.env.example`."""
    lines = re.findall(r"^([A-Z_]+)=([^#\n]*)", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    return {name: value.strip() for name, value in lines}


def test_every_setting_is_there_and_no_other() -> None:
    assert sorted(ROWS) == sorted(example())


def test_the_defaults_are_those_of_the_example() -> None:
    values = {name: value for name, value in example().items() if value and name not in SAMPLES}

    assert {name: ROWS[name] for name in values} == {name: f"`{value}`" for name, value in values.items()}


def test_what_it_names_exists() -> None:
    named = set(re.findall(r"`((?:docs|tests|\.ci)/[\w./-]+)`", README + DEPLOYMENT))
    named |= set(re.findall(r"!\[[^]]+\]\(([\w./-]+)\)", README))

    assert len(named) > 6
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_target_it_names_is_in_the_makefile() -> None:
    makefiles = (ROOT / "Makefile").read_text() + (ROOT / "tests/contract/contract.mk").read_text()
    known = set(re.findall(r"^([a-z-]+):", makefiles, re.MULTILINE))

    named = set(re.findall(r"(?:^    |`)make ([a-z]+)", README, re.MULTILINE))
    assert {"demo", "test", "check"} <= named <= known


def test_every_setting_of_the_deployment_is_one() -> None:
    named = re.findall(r"^    ([A-Z_]+)=", DEPLOYMENT, re.MULTILINE)

    assert len(named) > 6
    assert set(named) <= set(example())
