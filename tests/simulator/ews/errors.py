"""What becomes of one item or folder of a request that cannot be done."""

from __future__ import annotations

from tests.simulator.ews.soap import Element, make

_TEXTS = {
    "ErrorAccessDenied": "Access is denied. Check credentials and try again.",
    "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange": "Occurrence index is out of recurrence range.",
    "ErrorCalendarOccurrenceIsDeletedFromRecurrence": "Occurrence is deleted from recurrence.",
    "ErrorCalendarEndDateIsEarlierThanStartDate": "EndDate is earlier than StartDate",
    "ErrorCalendarViewRangeTooBig": "The specified view range exceeds the maximum range of two years.",
    "ErrorCannotUseFolderIdForItemId": "Id must be non-empty and must not be a folder id.",
    "ErrorCannotUseItemIdForFolderId": "Id must be non-empty and must not be an item id.",
    "ErrorCalendarInvalidRecurrence": "The recurrence is invalid.",
    "ErrorChangeKeyRequiredForWriteOperations": "A change key is required for this operation.",
    "ErrorFolderNotFound": "The specified folder could not be found in the store.",
    "ErrorIncorrectUpdatePropertyCount": "A change must hold one and only one property to modify.",
    "ErrorInvalidChangeKey": "The change key is invalid.",
    "ErrorInvalidIdMalformed": "Id is malformed.",
    "ErrorInvalidPropertySet": "Set action is invalid for property.",
    "ErrorInvalidPropertyDelete": "Delete action is invalid for property.",
    "ErrorInvalidSyncStateData": "Synchronization state data is corrupt or otherwise invalid.",
    "ErrorIrresolvableConflict": (
        "The send or update operation could not be performed because the change key passed in the request does not"
        " match the current change key for the item."
    ),
    "ErrorItemCorrupt": "This item is corrupt.",
    "ErrorItemNotFound": "The specified object was not found in the store.",
    "ErrorNonExistentMailbox": "The SMTP address has no mailbox associated with it.",
    "ErrorOccurrenceCrossingBoundary": "Modified occurrence is crossing or overlapping adjacent occurrence.",
    "ErrorRecurrenceHasNoOccurrence": "The recurrence has no occurrence.",
    "ErrorSendMeetingCancellationsRequired": "Send meeting cancellations is required for calendar items.",
    "ErrorSendMeetingInvitationsOrCancellationsRequired": (
        "SendMeetingInvitationsOrCancellations attribute is required for calendar items."
    ),
    "ErrorSendMeetingInvitationsRequired": "SendMeetingInvitations attribute is required for calendar items.",
    "ErrorSyncFolderNotFound": "The folder specified for the Sync operation could not be found.",
    "ErrorUpdatePropertyMismatch": "The property path of an update and the property that it holds do not match.",
}


class EwsError(Exception):
    """A response message of class ``Error``; the others of the request go on."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code)
        self.code, self.message = code, message or _TEXTS.get(code, code)

    def element(self, operation: str) -> Element:
        content = [
            make("m:MessageText", self.message),
            make("m:ResponseCode", self.code),
            make("m:DescriptiveLinkKey", "0"),
        ]
        if operation == "SyncFolderItems":  # there they stand in every message
            content += [make("m:SyncState"), make("m:IncludesLastItemInRange", "true")]
        elif operation in ("GetItem", "CreateItem", "UpdateItem"):
            content.append(make("m:Items"))
        elif operation == "GetFolder":
            content.append(make("m:Folders"))
        return make(f"m:{operation}ResponseMessage", None, content, ResponseClass="Error")
