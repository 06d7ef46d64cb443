"""What an import remembers of its file, outside of the process's memory."""

from collections.abc import Collection
from typing import Any

from django.db import connection

from calendars.bulk import PAIRS, as_json


class FileMemory:
    """What the file has said so far, by kind and number, in a temporary table: memory stays flat however long it is.

    To be used within the import's transaction, which takes the table away when it is rolled back.
    """

    def __enter__(self) -> "FileMemory":
        self._run(
            "CREATE TEMPORARY TABLE import_memory"
            " (kind varchar(20), number bigint, value bigint, PRIMARY KEY (kind, number))"
        )
        return self

    def __exit__(self, failure: type[BaseException] | None, *details: Any) -> None:
        if failure is None:
            self._run("DROP TABLE import_memory")

    def remember(self, kind: str, values: dict[int, int]) -> None:
        if values:
            self._run(
                f"INSERT INTO import_memory SELECT %s, owner, CAST(name AS bigint)"  # noqa: S608  names of ours
                f" FROM ({PAIRS[connection.vendor]}) AS pairs WHERE true"
                " ON CONFLICT (kind, number) DO UPDATE SET value = excluded.value",
                [kind, as_json(values.items())],
            )

    def recall(self, kind: str, numbers: Collection[int]) -> dict[int, int]:
        if not numbers:
            return {}
        sql = (
            f"SELECT number, value FROM ({PAIRS[connection.vendor]}) AS pairs"  # noqa: S608  names of ours
            " CROSS JOIN import_memory WHERE kind = %s AND number = pairs.owner"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [as_json([(number, 0) for number in numbers]), kind])
            return dict(cursor.fetchall())

    @staticmethod
    def _run(sql: str, parameters: list[Any] | None = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
