"""Exchange Web Services, the old sync, through exchangelib: the only place that knows its SOAP. Gone after the cutoff."""
