"""Which properties a request asks for, and appointments shown with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulator.events import Event
from tests.simulator.ews import fields, marks
from tests.simulator.ews.soap import Element, Malformed, children, find, local, make, text

_DEFAULT = (
    "item:Subject", "item:HasAttachments", "calendar:Start", "calendar:End", "calendar:LegacyFreeBusyStatus",
    "calendar:Location", "calendar:CalendarItemType", "calendar:Organizer",
)  # fmt: skip
_OTHERS = frozenset(
    (
        "conversation",
        "contacts",
        "distributionlist",
        "meeting",
        "meetingRequest",
        "message",
        "persona",
        "postitem",
        "task",
    )
)
_ORDER = {uri: place for place, uri in enumerate(fields.FIELDS)}
_LAST_OF_ITEM = _ORDER["item:HasAttachments"]


@dataclass
class Shape:
    """What is asked for; ``marks`` are the paths of extended properties."""

    uris: list[str] = field(default_factory=list)
    marks: list[Element] = field(default_factory=list)
    body: str = "Best"


def read(request: Element, singly: bool) -> Shape:
    """The ``m:ItemShape`` of a request; a list (not ``singly``) leaves out what only GetItem brings.

    Raises :class:`Malformed` and :class:`EwsError`.
    """
    element = find(request, "m:ItemShape")
    base = "" if element is None else text(element, "t:BaseShape")
    if element is None or base not in ("IdOnly", "Default", "AllProperties"):
        raise Malformed("ItemShape needs a BaseShape.")
    wanted = {"IdOnly": [], "Default": list(_DEFAULT), "AllProperties": list(fields.FIELDS)}[base]
    shape = Shape(body=text(element, "t:BodyType", "Best"))
    for path in children(find(element, "t:AdditionalProperties")):
        if local(path) == "ExtendedFieldURI":
            marks.key(path)
            shape.marks.append(path)
        elif local(path) == "FieldURI":
            wanted.append(_known(str(path.get("FieldURI"))))
        elif local(path) != "IndexedFieldURI":
            raise Malformed(f"{local(path)} is no path to a property.")
    shape.uris = sorted({uri for uri in wanted if uri in _ORDER}, key=_ORDER.__getitem__)
    if not singly:
        shape.uris = [uri for uri in shape.uris if uri not in fields.ONLY_SINGLY]
    return shape


def _known(uri: str) -> str:
    """A URI of the schema; those of mails, contacts and tasks are, and an appointment has none of them."""
    if uri in fields.FIELDS or uri in fields.ABSENT or uri.partition(":")[0] in _OTHERS:
        return uri
    raise Malformed(f"The 'FieldURI' attribute is invalid - The value '{uri}' is invalid.")


def item_id(event: Event) -> Element:
    return make("t:ItemId", Id=event.ews_id, ChangeKey=str(event.data["changeKey"]))


def show(event: Event, shape: Shape | None = None) -> Element:
    """``t:CalendarItem``; without a shape its id alone."""
    shape = shape or Shape()
    first = [uri for uri in shape.uris if _ORDER[uri] <= _LAST_OF_ITEM]
    found = [item_id(event)]
    found += [_render(event, uri, shape) for uri in first]
    found += [marks.element(event, path) for path in shape.marks]
    found += [_render(event, uri, shape) for uri in shape.uris[len(first) :]]
    return make("t:CalendarItem", None, [element for element in found if element is not None])


def _render(event: Event, uri: str, shape: Shape) -> Element | None:
    return fields.body(event, shape.body) if uri == "item:Body" else fields.render(event, uri)
