"""What Django's `migrate --fake-initial` fakes and what it runs, until the end or until a run fails.

Reads one JSON question a line on stdin, {"folder", "tables": {name: [columns]}}; each is answered in a forked child.
"""
from __future__ import print_function, unicode_literals

from oracle import migrate, prepare, refusal, serve


def answer(question):
    prepare(question["folder"])
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with connection.cursor() as cursor:
        for table, columns in question["tables"].items():
            cursor.execute('CREATE TABLE "%s" (%s)' % (table, ", ".join('"%s" integer' % column for column in columns)))
    real, seen = MigrationExecutor.detect_soft_applied, []

    def detect(self, state, migration):
        found = real(self, state, migration)
        seen.append([migration.app_label, migration.name, "fake" if found[0] else "run"])
        return found

    MigrationExecutor.detect_soft_applied = detect
    try:
        migrate([], fake_initial=True)
        end = None
    except BaseException as error:
        end = refusal(error)
    return {"seen": seen, "end": end}


if __name__ == "__main__":
    import django.db.models  # noqa: F401
    import django.db.backends.sqlite3.base  # noqa: F401

    serve(answer)
