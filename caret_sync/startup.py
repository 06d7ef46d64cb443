"""What must hold before a server starts: settings without a fault, and a database as new as the code."""

from django.core.checks import run_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from caret_sync.checks import SETTINGS_TAG


def obstacles() -> list[str]:
    """Sentences that say why not to start, each with what helps; an empty list where nothing is in the way."""
    return [problem.msg for problem in run_checks(tags=[SETTINGS_TAG]) if problem.is_serious()] or database_obstacles()


def unreachable() -> list[str]:
    """A sentence where what DATABASE_URL names does not answer, or is no database."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        return [_unusable(error)]
    return []


def database_obstacles() -> list[str]:
    """Reads which migrations the database has; to be asked once, by a process that starts."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return [_unusable(error)]
    if missing:
        return [f"The database is older than this code ({len(missing)} steps behind): run manage.py migrate."]
    return []


def _unusable(error: DatabaseError) -> str:
    reason = str(error).strip().partition("\n")[0]
    return f"The database that DATABASE_URL names cannot be used: {reason}."
