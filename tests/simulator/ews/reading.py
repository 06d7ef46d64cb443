"""GetItem: appointments by their ids."""

from __future__ import annotations

from tests.simulator.ews import shapes
from tests.simulator.ews.context import Context
from tests.simulator.ews.errors import EwsError
from tests.simulator.ews.soap import Element, children, find, make, success


def get_item(context: Context) -> list[Element]:
    """A message for each id, in the order they were given."""
    messages = []
    for element in children(find(context.request, "m:ItemIds")):
        try:
            shape = shapes.read(context.request, singly=True)
            shown = shapes.show(context.event(element), shape)
            messages.append(success(context.operation, [make("m:Items", None, [shown])]))
        except EwsError as error:
            messages.append(error.element(context.operation))
    return messages
