"""Google Calendar, through google-auth and requests: the only place that knows its HTTP."""
