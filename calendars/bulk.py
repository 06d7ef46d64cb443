"""Rows by the thousand: found by pairs of keys, and written, in a constant number of statements on either database."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL

# A list of pairs, sent as one JSON parameter, as a table: linear in the pairs where two IN lists would be quadratic.
PAIRS = {
    "postgresql": "SELECT (value ->> 0)::bigint AS owner, value ->> 1 AS name FROM jsonb_array_elements(%s)",
    "sqlite": "SELECT json_extract(value, '$[0]') AS owner, json_extract(value, '$[1]') AS name FROM json_each(%s)",
}

# The same of a list of primary keys.
KEYS = {
    "postgresql": "SELECT value::bigint FROM jsonb_array_elements_text(%s)",
    "sqlite": "SELECT value FROM json_each(%s)",
}

Pair = tuple[int, str]


def keys(primary_keys: Collection[int]) -> RawSQL:
    """For `filter(pk__in=…)` with any number of keys: one parameter, where there may be too few for one each."""
    return RawSQL(KEYS[connection.vendor], [json.dumps(list(primary_keys))])  # noqa: S611  no text of anybody's


def primary_keys(model: type[models.Model], owner: str, name: str, pairs: Collection[Pair]) -> dict[Pair, int]:
    """The primary key of each row whose columns `owner` and `name`, unique together, are one of `pairs`."""
    if not pairs:
        return {}
    # CROSS JOIN: SQLite then goes from the pairs to the index, as PostgreSQL does by itself.
    sql = (
        f"SELECT rows.{owner}, rows.{name}, rows.id FROM ({PAIRS[connection.vendor]}) AS pairs"  # noqa: S608  names of ours
        f" CROSS JOIN {model._meta.db_table} AS rows WHERE rows.{owner} = pairs.owner AND rows.{name} = pairs.name"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [as_json(pairs)])
        return {(row[0], row[1]): row[2] for row in cursor.fetchall()}


def reserve(model: type[models.Model], count: int) -> Iterator[int]:
    """Primary keys for `count` rows to be written, so that they can refer to each other before they are."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return iter([row[0] for row in cursor.fetchall()])
        # The transaction is the only writer, and the sequence follows the greatest key written.
        cursor.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        first = cursor.fetchone()[0] + 1
        return iter(range(first, first + count))


def write(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Writes new rows, all in one statement or one used again and again; those without a primary key are given one."""
    keyless = [row for row in rows if row.pk is None]
    for row, key in zip(keyless, reserve(model, len(keyless)) if keyless else (), strict=True):
        row.pk = key
    fields = model._meta.concrete_fields
    write_columns(model, [{field.attname: field.pre_save(row, True) for field in fields} for row in rows])


def blank_columns(model: type[models.Model]) -> dict[str, Any]:
    """The columns of a row of `model` that nothing is said of, by attribute name, for `write_columns`."""
    return {field.attname: field.get_default() for field in model._meta.concrete_fields}


def write_columns(model: type[models.Model], rows: Sequence[dict[str, Any]]) -> None:
    """Writes new rows, each given as all of its columns. Instances of models cost several times as much."""
    if rows:
        fields = model._meta.concrete_fields
        values = _database_values(fields, rows, connections[DEFAULT_DB_ALIAS])
        write_values(model, [field.attname for field in fields], values)


def write_values(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Writes new rows, each given as the values of the columns of these attributes, as the database takes them, in their
    order; the rest is the database's own default. By COPY on PostgreSQL, else by one statement used again and again."""
    database = connections[DEFAULT_DB_ALIAS]
    of_attribute = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    table, columns = model._meta.db_table, ", ".join(database.ops.quote_name(of_attribute[name]) for name in names)
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            # The copy speaks up when it ends, past Django's cursor, whose errors callers know.
            with database.wrap_database_errors, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(names))
            insert = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608  names of ours
            cursor.executemany(insert, cast("Sequence[Any]", rows))  # one after the other will do


def _database_values(
    fields: "Sequence[models.Field[Any, Any]]", rows: Sequence[dict[str, Any]], database: BaseDatabaseWrapper
) -> Iterator[list[Any]]:
    """Text, numbers and truth values go as they are; asking each field for each value would double the time."""
    names = [field.attname for field in fields]
    special: list[tuple[int, Callable[[Any], Any]]] = []
    for place, field in enumerate(fields):
        if isinstance(field, models.DateTimeField):
            special.append((place, database.ops.adapt_datetimefield_value))
        elif isinstance(field, models.JSONField | models.BinaryField):
            special.append((place, partial(field.get_db_prep_save, connection=database)))
    for row in rows:
        values = [row[name] for name in names]
        for place, convert in special:
            if values[place] is not None:
                values[place] = convert(values[place])
        yield values


def as_json(pairs: Iterable[tuple[int, str | int]]) -> str:
    """Pairs as the parameter of `PAIRS`."""
    return json.dumps(list(pairs), ensure_ascii=False)


def update_columns(model: type[models.Model], names: Sequence[str], rows: Sequence[models.Model]) -> None:
    """Writes these columns (attribute names) of rows that are there; one statement used again and again."""
    if not rows:
        return
    database = connections[DEFAULT_DB_ALIAS]
    fields = [field for field in model._meta.concrete_fields if field.attname in names]
    columns = ", ".join(f"{database.ops.quote_name(str(field.column))} = %s" for field in fields)
    values = _database_values(fields, [{name: getattr(row, name) for name in names} for row in rows], database)
    with database.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {model._meta.db_table} SET {columns} WHERE id = %s",  # noqa: S608  names of ours
            [[*each, row.pk] for each, row in zip(values, rows, strict=True)],
        )
