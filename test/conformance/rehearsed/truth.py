"""What really happens: on a copy, the rows of a migration and of what depends on it go, and Django migrates to it; and once more.

One line of JSON in for each (`name` of the database, `app`, `migration`), one out. Each is answered by a fork, which finds the site set up.
"""
import json
import os
import sys
import traceback

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402
from django.db.migrations.recorder import MigrationRecorder  # noqa: E402


def tables():
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table != "django_migrations":
                cursor.execute("SELECT * FROM %s" % connection.ops.quote_name(table))
                found[table] = sorted(repr([bytes(one) if isinstance(one, memoryview) else one for one in row]) for row in cursor.fetchall())
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


def judge(app, name):
    forget(app, name, True)
    answer = {"first": run(app, name), "second": None, "differ": []}
    if answer["first"] is None:
        before = tables()
        forget(app, name, False)
        answer["second"] = run(app, name)
        after = tables()
        answer["differ"] = sorted(table for table in set(before) | set(after) if before.get(table) != after.get(table))
    return answer


# Imports the migrations, once for all forks.
MigrationLoader(None)
connections.close_all()
for line in iter(sys.stdin.readline, ""):
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        # What the site prints is no answer.
        out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        connection.settings_dict["NAME"] = order["name"]
        try:
            answer = judge(order["app"], order["migration"])
        except BaseException:
            answer = {"error": traceback.format_exc()}
        connection.close()
        out.write(json.dumps(answer) + "\n")
        out.flush()
        os._exit(0)
    os.waitpid(child, 0)
