"""What really happens: on a copy, the rows of a migration and of what depends on it go, and Django migrates to it; and once more."""
import json
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.migrations.recorder import MigrationRecorder  # noqa: E402


def tables():
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table != "django_migrations":
                cursor.execute("SELECT * FROM %s" % connection.ops.quote_name(table))
                found[table] = sorted(repr(row) for row in cursor.fetchall())
    return found


def forget(app, name, whole):
    graph = MigrationExecutor(connection).loader.graph
    recorder = MigrationRecorder(connection)
    for key in graph.backwards_plan((app, name)) if whole else [(app, name)]:
        for one in [key] + list(graph.nodes[key].replaces):
            recorder.record_unapplied(*one)


def run(app, name):
    try:
        call_command("migrate", app, name, verbosity=0)
        return None
    except Exception as error:
        return type(error).__name__


app, name = sys.argv[1:]
forget(app, name, True)
answer = {"first": run(app, name), "second": None, "differ": []}
if answer["first"] is None:
    before = tables()
    forget(app, name, False)
    answer["second"] = run(app, name)
    after = tables()
    answer["differ"] = sorted(table for table in set(before) | set(after) if before.get(table) != after.get(table))
print(json.dumps(answer))
