"""The envelope of Exchange Web Services: names, requests read, answers and faults written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lxml import etree

from tests.simulator.http import Response

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
_PREFIXES = {"s": SOAP, "m": MESSAGES, "t": TYPES}
_VERSION = {"MajorVersion": "15", "MinorVersion": "20", "MajorBuildNumber": "9000", "MinorBuildNumber": "0"}
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=False)

Element = Any  # lxml's elements have a class without a public name


def name(tag: str) -> str:
    """``t:Subject`` as lxml writes it."""
    prefix, _, local = tag.partition(":")
    return f"{{{_PREFIXES[prefix]}}}{local}"


def local(element: Element) -> str:
    return str(etree.QName(element).localname)


def make(tag: str, text: str | None = None, children: Iterable[Element] = (), **attributes: str) -> Element:
    """An element: ``make("t:Subject", "Hearing")``."""
    found = etree.Element(name(tag), attributes, nsmap=_PREFIXES)
    found.text = text
    found.extend(list(children))
    return found


def find(element: Element, path: str) -> Element | None:
    """The first element of a path of prefixed names, such as ``m:ItemShape/t:BaseShape``."""
    return element.find("/".join(name(step) for step in path.split("/")))


def text(element: Element, path: str, default: str = "") -> str:
    """The text of the first element of a path."""
    found = find(element, path)
    return default if found is None or found.text is None else str(found.text)


def children(element: Element | None) -> list[Element]:
    """The elements below one, without comments; none of nothing."""
    return [] if element is None else [child for child in element if isinstance(child.tag, str)]


class Fault(Exception):
    """The request as a whole is refused: HTTP 500 and a SOAP fault."""

    def __init__(self, code: str, message: str, values: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.values = code, message, values or {}

    def response(self) -> Response:
        detail = [_plain("ResponseCode", self.code, ERRORS), _plain("Message", self.message, ERRORS)]
        if self.values:
            values = [make("t:Value", text, Name=key) for key, text in self.values.items()]
            detail.append(make("t:MessageXml", None, values))
        fault = etree.Element(name("s:Fault"), nsmap=_PREFIXES)
        fault.append(_plain("faultcode", f"a:{self.code}"))
        fault.append(_plain("faultstring", self.message))
        fault.append(_plain("detail"))
        fault[-1].extend(detail)
        return answer(fault, 500)


class Malformed(Fault):
    """The request is not what the schema says."""

    def __init__(self, violation: str) -> None:
        super().__init__("ErrorSchemaValidation", "The request failed schema validation: " + violation)


def _plain(tag: str, text: str | None = None, namespace: str | None = None) -> Element:
    found = etree.Element(f"{{{namespace}}}{tag}", nsmap={"e": namespace}) if namespace else etree.Element(tag)
    found.text = text
    return found


def read(body: bytes) -> tuple[Element | None, Element]:
    """The header (or None) and the operation of an envelope; raises :class:`Malformed`."""
    try:
        envelope = etree.fromstring(body, _PARSER)
    except etree.XMLSyntaxError as error:
        raise Malformed(str(error)) from error
    inside = find(envelope, "s:Body") if envelope.tag == name("s:Envelope") else None
    operations = children(inside)
    if len(operations) != 1 or etree.QName(operations[0]).namespace != MESSAGES:
        raise Malformed("The body must hold one operation.")
    return find(envelope, "s:Header"), operations[0]


def answer(content: Element, status: int = 200) -> Response:
    """An envelope around the content of the body."""
    envelope = etree.Element(name("s:Envelope"), nsmap=_PREFIXES)
    header = make("s:Header", None, [make("t:ServerVersionInfo", **_VERSION)])
    envelope.append(header)
    envelope.append(make("s:Body", None, [content]))
    body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    return Response(status, {"Content-Type": "text/xml; charset=utf-8"}, body)


def response(operation: str, messages: Iterable[Element]) -> Response:
    """The answer of an operation, a message for each thing asked."""
    return answer(make(f"m:{operation}Response", None, [make("m:ResponseMessages", None, messages)]))


def success(operation: str, content: Iterable[Element] = ()) -> Element:
    code = make("m:ResponseCode", "NoError")
    return make(f"m:{operation}ResponseMessage", None, [code, *content], ResponseClass="Success")
