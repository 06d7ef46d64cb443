"""Exchange Web Services, as far as calendars need them: one address, SOAP, the same mailboxes as in Graph."""
