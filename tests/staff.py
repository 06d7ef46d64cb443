"""Our people, as tests let them act: in one of the groups that `migrate` makes."""

import re

from django.contrib.auth.models import Group
from django.test import Client

from firms.models import User
from tests.factories import StaffFactory


def staff_of(group: str) -> User:
    """A new member of "Rollout" or "Support"."""
    staff = StaffFactory()
    staff.groups.add(Group.objects.get(name=group))
    return staff


def client_of(user: User | None) -> Client:
    """A browser in which `user` is logged in; nobody where that is None."""
    client = Client()
    if user:
        client.force_login(user)
    return client


def results(answer) -> list[str]:
    """The rows of an admin list as text, one line each."""
    table = re.search(r'<table id="result_list">(.*?)</table>', answer.content.decode(), re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", table[1], re.DOTALL)[1:] if table else []
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]
