"""What a member has changed in a form, told from what its event said when she opened it: the rest may have moved on. Pure."""

import hashlib
from dataclasses import replace

from calendars.sync.content import Content
from calendars.sync.merging import FIELDS, TOGETHER, Parts


def marks(content: Content) -> str:
    """A short mark of everything that is decided about together, for a hidden field of the form."""
    return ".".join(_mark(content, parts) for parts in TOGETHER)


def rebased(said: Content, now: Content, base: str) -> Content:
    """What the event says now, with all that `said` changes of what had these marks. `said` itself where `base` is none."""
    before = base.split(".")
    if len(before) != len(TOGETHER):
        return said
    untouched = [parts for parts, mark in zip(TOGETHER, before, strict=True) if _mark(said, parts) == mark]
    names = {name for parts in untouched for part in parts for name in FIELDS.get(part, (part,))}
    return replace(said, **{name: getattr(now, name) for name in names})


def _mark(content: Content, parts: Parts) -> str:
    words = repr([content.part(part) for part in sorted(parts)])
    return hashlib.sha256(words.encode()).hexdigest()[:12]
