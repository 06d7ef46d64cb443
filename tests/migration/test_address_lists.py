"""Lists of old and new addresses as people paste and save them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration.address_lists import LINES_AT_MOST, TooLong, parse

OLD, NEW = "ada@old.example", "ada@new.example"


def pairs(text: str) -> list[tuple[str, str, str]]:
    return [(pair.old, pair.new, pair.problem) for pair in parse(text)]


@pytest.mark.parametrize(
    "line",
    [
        f"{OLD},{NEW}", f"{OLD}, {NEW}", f"{OLD};{NEW}", f"{OLD}\t{NEW}", f"{OLD} {NEW}", f"{OLD} -> {NEW}", f"{OLD} → {NEW}",
        f'"{OLD}","{NEW}"', f"  {OLD.upper()} ,  {NEW.title()}  ", f"\ufeff{OLD},{NEW}", f"{OLD},{NEW},", f"{OLD},{NEW}\r",
    ],
)  # fmt: skip
def test_a_pair_in_every_form(line):
    assert pairs(line) == [(OLD, NEW, "")]


def test_a_file_with_headings_and_empty_lines_keeps_its_line_numbers():
    found = parse(f"Old address;New address\r\n\r\n{OLD};{NEW}\r\nben@old.example;ben@new.example\r\n")
    assert [(pair.number, pair.old) for pair in found] == [(3, OLD), (4, "ben@old.example")]


@pytest.mark.parametrize(
    "line",
    [
        OLD, f"{OLD},", f"{OLD},{NEW},third@new.example", f"{OLD},new.example", f"{OLD},ada@new", f"{OLD},a da@new.example",
        f"{OLD},<{NEW}>", f"=HYPERLINK({OLD}),{NEW}", f"{OLD},ada@new.example/../x", f"{OLD},ada@@new.example",
        f"{OLD},@new.example",
    ],
)  # fmt: skip
def test_what_is_no_pair_of_addresses(line):
    ((_, _, problem),) = pairs(f"x@y.example,x@z.example\n{line}")[1:]
    assert problem == "Not an old and a new address"


def test_an_address_that_stays_and_one_that_stands_twice():
    assert pairs(f"{OLD},{OLD}") == [(OLD, OLD, "The address does not change")]
    twice = pairs(f"{OLD},{NEW}\n{OLD},other@new.example\nben@old.example,ben@new.example")
    assert [bool(problem) for *_, problem in twice] == [True, True, False]
    both = pairs(f"{OLD},{NEW}\nben@old.example,{NEW}")
    assert all("more than one line" in problem for *_, problem in both)


def test_a_list_that_is_too_long_is_refused():
    line = f"{OLD},{NEW}\n"
    assert len(parse(line * LINES_AT_MOST)) == LINES_AT_MOST
    with pytest.raises(TooLong):
        parse(line * (LINES_AT_MOST + 1))


@given(st.text(max_size=200))
def test_whatever_is_pasted_is_either_two_addresses_or_a_problem(text):
    for pair in parse(text):
        assert pair.problem or (pair.old.count("@") == pair.new.count("@") == 1 and pair.old != pair.new)
