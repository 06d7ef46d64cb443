"""Google Calendar API v3 with Google's own sign-in, over mailboxes whose provider is google."""
