from calendars.importing.importer import import_sync_data
from calendars.importing.report import Report

__all__ = ["Report", "import_sync_data"]
