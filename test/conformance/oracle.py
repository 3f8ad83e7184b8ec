"""Django's own answers, for any Django since 1.8 on Python 2.7 or 3.

Reads one JSON question a line on stdin, {"folder", "states": [{"rows", "targets"}]}, and writes one JSON answer a line. Django is
imported once; each project is loaded in a forked child, which ends with its answer.
"""
from __future__ import print_function, unicode_literals

import gc
import io
import json
import os
import sys
import traceback

import django
from django.core.management import base, call_command

TEXT = type("")


def prepare(folder):
    os.chdir(folder)
    sys.path.insert(0, folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    django.setup()
    from django.core.management.commands import migrate as migrate_module

    # Signals create rows of other tables, which do not exist here; nothing of them touches the history.
    migrate_module.emit_pre_migrate_signal = lambda *args, **kwargs: None
    migrate_module.emit_post_migrate_signal = lambda *args, **kwargs: None
    migrate_module.Command.sync_apps = lambda *args, **kwargs: []


def refusal(error):
    return {"exception": type(error).__name__, "message": TEXT(error)}


def remember_parsers():
    """A command's parser is the same each time; making it is a fifth of what a call costs."""
    make, made = base.BaseCommand.create_parser, {}

    def create_parser(self, *args, **kwargs):
        key = type(self).__module__
        if key not in made:
            made[key] = make(self, *args, **kwargs)
        return made[key]

    base.BaseCommand.create_parser = create_parser


class Out(io.StringIO):
    def write(self, text):
        return io.StringIO.write(self, TEXT(text))


def shown(**options):
    out = Out()
    try:
        call_command("showmigrations", stdout=out, no_color=True, **options)
    except BaseException as error:  # KeyError and SystemExit are answers too
        return refusal(error)
    return {"lines": out.getvalue().splitlines()}


def migrate(target, **options):
    call_command("migrate", *target, verbosity=0, interactive=False, stdout=Out(), **options)


def faked(target):
    """The plan that `migrate` comes to, and what follows from it with --fake: nothing before the plan looks at that flag."""
    from django.db.migrations import executor as executor_module

    real, plans = executor_module.MigrationExecutor.migrate, []

    def record(self, targets, plan=None, *args, **kwargs):
        plans.append([[m.app_label, m.name, "backward" if back else "forward"] for m, back in plan])
        return real(self, targets, plan, *args, **kwargs)

    executor_module.MigrationExecutor.migrate = record
    try:
        migrate(target, fake=True)
        end = None
    except BaseException as error:
        end = refusal(error)
    finally:
        executor_module.MigrationExecutor.migrate = real
    # 1.8 runs nothing for an empty plan.
    return {"steps": plans[0] if plans else []} if plans or not end else end, end


def read_rows(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        return [list(row) for row in cursor.fetchall()]


def write_rows(connection, rows):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations")
        for app, name in rows:
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, '2024-01-01 00:00:00')", [app, name])


def answer(question):
    prepare(question["folder"])
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder(connection).ensure_schema()
    states = []
    for state in question["states"]:
        write_rows(connection, state["rows"])
        said = {"list": shown(), "plan": shown(format="plan"), "targets": []}
        for target in state["targets"]:
            plan, end = faked(target)
            said["targets"].append({"plan": plan, "fake": end or {"rows": read_rows(connection)}})
            write_rows(connection, state["rows"])
        if django.VERSION >= (4, 1):
            said["prune"] = {}
            for app in sorted(set(target[0] for target in state["targets"] if target)):
                write_rows(connection, state["rows"])
                try:
                    migrate([app], prune=True)
                    said["prune"][app] = {"rows": read_rows(connection)}
                except BaseException as error:
                    said["prune"][app] = refusal(error)
            write_rows(connection, state["rows"])
        states.append(said)
    return {"states": states}


def in_child(question, answer):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            said = answer(question)
        except BaseException as error:
            said = {"failed": refusal(error), "traceback": traceback.format_exc()}
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(said).encode("utf-8"))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said.decode("utf-8")


def serve(answer):
    while True:
        line = sys.stdin.readline()
        if not line:
            break
        print(in_child(json.loads(line), answer))
        sys.stdout.flush()


if __name__ == "__main__":
    # Imported before the fork, so that each child need not; older Djangos cannot without settings.
    import logging.config  # noqa: F401
    import django.db.models  # noqa: F401
    import django.db.backends.sqlite3.base  # noqa: F401
    import django.utils.log  # noqa: F401

    if django.VERSION >= (2, 2):
        import django.core.management.commands.migrate  # noqa: F401
        import django.core.management.commands.showmigrations  # noqa: F401
        import django.core.mail  # noqa: F401
        import django.urls  # noqa: F401
        import django.views.debug  # noqa: F401

    remember_parsers()
    gc.disable()
    serve(answer)
