"""Microsoft Graph: the only place that knows its HTTP."""
