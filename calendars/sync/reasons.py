"""Why an event is not carried over as it stands: codes for rows and logs, sentences for members. Pure."""

REASONS = {
    "rule": "Outlook has no words for the way this event repeats.",
    "zone": "The time zone of this series is known to Outlook alone.",
    "zone_here": "Outlook does not know the time zone of this series.",
    "organizer": "Somebody else organises this meeting, so only its organiser can change it.",
    "restored_occurrence": "Outlook cannot bring back a single date of a series once it was removed.",
    "crossing": "A date of a series cannot be moved past the one before or after it.",
    "online_meeting": "The text of an online meeting holds the way to join it, so it can only be changed in Outlook.",
    "refused": "The calendar service did not accept this change.",
    "failing": "Outlook fails whenever it is asked for this event. It is asked again now and then.",
    "put_aside": "It could not be carried over yet, and is tried again within minutes.",
    "too_long": "The text is longer than the calendar service accepts.",
    "anomaly": "It was in Outlook once and was not found there, so it is not created again.",
    "held": "An appointment like it waits in Outlook until somebody decides what it belongs to.",
    "series_anomaly": "The series it belongs to is not in Outlook.",
}


def sentence(code: str) -> str:
    return REASONS.get(code, REASONS["refused"])
