#!/usr/bin/env python
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caret_sync.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ProgrammingError):
        from caret_sync.startup import database_obstacles

        # A missing table or column: what helps is told instead of the traceback. A failed `migrate` keeps its own.
        if "migrate" in sys.argv or not (found := database_obstacles()):
            raise
        sys.exit(" ".join(found))


if __name__ == "__main__":
    main()
