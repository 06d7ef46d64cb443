#!/usr/bin/env python
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caret_sync.settings")
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    try:
        execute_from_command_line(sys.argv)
    except DatabaseError:
        from caret_sync.startup import database_obstacles, unreachable

        # No answer, a missing table or column: what helps is told instead of the traceback. A `migrate` that fails in a
        # database that answers keeps its own.
        if not (found := unreachable() if "migrate" in sys.argv else database_obstacles()):
            raise
        sys.exit(" ".join(found))


if __name__ == "__main__":
    main()
