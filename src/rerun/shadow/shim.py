# The shim of a shadow rerun: runs the project's own manage.py, with another django_migrations in its database session.
# Python 2.7 and 3, standard library only. SPEC comes from migstate (src/rerun/shadow/spec.ts); all SQL in it is that of the database.
from __future__ import print_function
import base64, json, os, re, runpy, socket, sys, time

SPEC = json.loads(base64.b64decode(SPEC).decode("utf-8"))  # noqa: F821
ALIAS, STATE = SPEC["alias"], {"ready": False, "checked": False, "ran": False, "guarded": False, "lost": False}
LIVE = SPEC["live"]


def words(error):
    try:
        return "%s: %s" % (type(error).__name__, error)
    except Exception:  # Python 2: a message in another encoding
        return repr(error)


def failpoint(name):
    # For crash tests only, as in migstate itself.
    if os.environ.get("MIGSTATE_FAILPOINT") == "shim-" + name:
        os.kill(os.getpid(), 9)


def tell(event, **detail):
    sys.stdout.flush()
    sys.stderr.write(SPEC["mark"] + " " + json.dumps(dict(detail, event=event)) + "\n")
    sys.stderr.flush()


def refuse(reason, text, status=97, **detail):
    # os._exit: a project may swallow any exception, SystemExit too, and would go on with the real table.
    try:
        detail["role"] = "%s" % ask(STATE["connection"], SPEC["role"])[0]
    except Exception:
        pass
    tell("refused", reason=reason, text="%s" % text, **detail)
    sys.stdout.flush()
    os._exit(status)


def ask(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def run(connection, sql, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def mark(connection, event, **detail):
    now = time.time()
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + ".%06dZ" % int(now % 1 * 1000000)
    run(connection, SPEC["insertEvent"], [SPEC["operation"], SPEC["historyTable"], at, event, json.dumps(detail)])


def live(connection, status=97):
    # Only the shadow has the column migstate_run: on the real table this fails.
    try:
        if not STATE["ready"]:
            raise RuntimeError("it was not made in this session")
        ask(connection, LIVE)
    except Exception as error:
        refuse("shadow", "the shadow table is not what this session sees (%s)" % words(error), status)


def measure(connection, check):
    found = ask(connection, check["sql"])
    if check.get("as") == "inode":
        return str(os.stat(found[2]).st_ino)
    if check.get("as") == "pid":
        raw = connection.connection
        told = raw.get_backend_pid() if hasattr(raw, "get_backend_pid") else raw.info.backend_pid
        info = getattr(raw, "info", None)
        # A pooler that was found to keep sessions together keeps those of the same address and role together.
        way = "%s:%s:%s" % (getattr(info, "host", None), getattr(info, "port", None), getattr(info, "user", None))
        return "same" if told == found[0] or way == check.get("through") else "other"
    return "%s" % (found[0],)


def wrong(connection, check):
    """What is said of a question with another answer, or None."""
    try:
        for sql in check.get("tries", []):
            run(connection, sql)
        value = measure(connection, check)
        for sql in check.get("otherwise", []):
            if value != check["want"]:
                run(connection, sql)
                value = measure(connection, check)
    except Exception as error:
        return "%s (%s)" % (check["text"], words(error))
    return None if value == check["want"] else check["text"]


RIGHTS = ("rights", "temporary-tables")


def verify(connection, check):
    text = wrong(connection, check)
    if text is None:
        return
    if check["reason"] not in RIGHTS:
        refuse(check["reason"], text)
    # A right that is missing is seldom the only one.
    asked = [(one, wrong(connection, one)) for one in SPEC["checks"] if one["reason"] in RIGHTS]
    lacking = [(one["reason"], said) for one, said in asked if said is not None]
    refuse(check["reason"], "; ".join(said for _, said in lacking), lacks=[reason for reason, _ in lacking])


def on_connect(sender, connection, **kwargs):
    if connection.alias != ALIAS:
        return
    STATE["ready"], STATE["connection"] = False, connection
    try:
        guard()
        if not connection.get_autocommit() or not connection.settings_dict.get("AUTOCOMMIT", True):
            refuse("autocommit", "the settings turn AUTOCOMMIT off, and then Django never commits a migration")
        failpoint("connected")
        # A shadow that is there already would stand before the real table in what is asked next.
        for check in SPEC["early"]:
            verify(connection, check)
        run(connection, SPEC["drop"])
        for check in SPEC["checks"]:
            verify(connection, check)
        for sql in SPEC["make"]:
            run(connection, sql)
        found = int(ask(connection, LIVE)[0])
        if found != SPEC["visible"]:
            refuse("shadow", "the shadow table has %d rows instead of %d" % (found, SPEC["visible"]))
        STATE["ready"] = True
        failpoint("shadow-made")
    except BaseException as error:
        refuse("shadow", words(error))


def compare(connection, plan):
    live(connection)
    found = [[migration.app_label, migration.name, bool(backwards)] for migration, backwards in plan]
    if found != SPEC["plan"]:
        refuse("plan", "Django's plan is not just the target", plan=found)
    STATE["checked"] = True


def transactional(operation, migration, connection):
    # django/db/migrations/migration.py, Migration.apply: which operations get a transaction of their own.
    from django.db.migrations.operations import RunPython
    own = operation.atomic or (getattr(migration, "atomic", True) and operation.atomic is not False)
    return bool(type(operation) is RunPython and own)


# MySQL manual, statements that cause an implicit commit; and what ends or begins a transaction by hand on any database.
IMPLICIT = re.compile(r"(create|alter|drop|truncate|rename|lock|unlock|grant|revoke|analyze|optimize|repair|check|flush|reset|install|uninstall|load\s+index|cache|change|set\s+password|purge|stop|start)\b", re.I)
EXPLICIT = re.compile(r"(commit|begin|start\s+transaction|end|rollback(?!\s+to\b)|abort|set\s+(session\s+|@@(session\.)?)?autocommit|xa)\b", re.I)
COMMENTS = re.compile(r"(\s|;|--[^\n]*(\n|$)|#[^\n]*(\n|$)|/\*(?!!).*?\*/)*", re.S)


class Watch(object):
    """Counts rows by table, and says where a transaction is ended behind Django's back (Django 2.0 and later)."""

    def __init__(self, connection, commits_ddl):
        self.connection, self.commits_ddl, self.rows, self.at, self.told, self.own = connection, commits_ddl, {}, None, set(), False

    def __call__(self, execute, sql, params, many, context):
        if not STATE["ready"]:  # the shadow is being made again
            return execute(sql, params, many, context)
        text = sql if isinstance(sql, str) else ""
        text = text[COMMENTS.match(text).end():]
        commits = EXPLICIT.match(text) or (self.commits_ddl and (IMPLICIT.match(text) or text.startswith("/*!")))
        if commits and self.at is not None and self.at not in self.told:
            self.told.add(self.at)
            mark(self.connection, SPEC["events"]["commits"] % self.at)
        result = execute(sql, params, many, context)
        found = re.match(r"\s*(insert\s+(?:ignore\s+)?into|update|delete\s+from)\s+([^\s(]+)", text, re.I)
        # Also where it meets no row: the one that it means may be hidden.
        self.own = self.own or bool(found and re.sub(r'["`]', "", found.group(2)) == "django_migrations")
        count = getattr(context.get("cursor"), "rowcount", -1)
        if found and count < 1 and re.search(r"\breturning\b", text, re.I) and found.group(1)[0] in "iI":
            count = 1 + text.count("), (")  # SQLite counts such rows only as they are fetched
        if found and count > 0 and "migstate_event" not in text:
            verb = {"i": "inserted", "u": "updated", "d": "deleted"}[found.group(1)[0].lower()]
            table = self.rows.setdefault(re.sub(r'["`]', "", found.group(2)), {})
            table[verb] = table.get(verb, 0) + count
        return result


def spare(connection, watch):
    """What the migration writes to django_migrations would be gone with the shadow: it fails, in its own transaction."""
    if int(ask(connection, LIVE)[0]) == SPEC["visible"] and not (watch and watch.own):
        return
    text = "the migration changes django_migrations itself, and in shadow mode that would be lost"
    tell("refused", reason="own-table", text=text)
    raise RuntimeError(text)


def listen():
    """What the routers of the project answer (django/db/utils.py, ConnectionRouter): every operation asks whether it may touch this database."""
    from django.db import router
    answers, asked = [], router.allow_migrate

    def allow_migrate(*args, **kwargs):
        answer = asked(*args, **kwargs)
        answers.append(bool(answer))
        return answer

    router.allow_migrate = allow_migrate
    return answers


def heed(migration, skipped):
    """Django records also what it has skipped altogether: then nothing ran, and it fails here, in its own transaction."""
    if not skipped or len(skipped) < len(migration.operations):
        if skipped:
            tell("skipped", what=[title(migration.operations[index]) for index in skipped])
        return
    text = 'the routers of the project skip %s on the database "%s"' % (migration.app_label, ALIAS)
    tell("refused", reason="router", text=text)
    raise RuntimeError(text)


def title(operation):
    # For people who wait; `describe` of a RunPython does not name its function.
    try:
        name = getattr(getattr(operation, "code", None), "__name__", None)
        return "%s %s" % (type(operation).__name__, name) if name else "%s" % operation.describe()
    except Exception:
        return type(operation).__name__


def usable(connection):
    # What was sent over a session that is lost may have been committed all the same.
    try:
        return connection.connection is not None and bool(connection.is_usable())
    except Exception:
        return False


def follow(connection, migration, backwards):
    """Wraps this one migration object, so that subclasses with an `apply` of their own are met too."""
    events, can_rollback = SPEC["events"], connection.features.can_rollback_ddl
    watch = Watch(connection, not can_rollback) if hasattr(connection, "execute_wrappers") else None
    answers, skipped = listen(), []

    def wrap_operation(index, original):
        def wrapped(*args, **kwargs):
            if watch:
                watch.at = index
            tell("operation", index=index, of=len(migration.operations), what=title(migration.operations[index]))
            del answers[:]
            result = original(*args, **kwargs)
            spare(connection, watch)
            if answers and not any(answers):
                skipped.append(index)
                return result
            failpoint("operation")
            mark(connection, events["operation"] % index)
            failpoint("operation-marked")
            return result
        return wrapped

    def wrap_whole(original):
        def wrapped(*args, **kwargs):
            if watch:
                connection.execute_wrappers.append(watch)
            try:
                result = original(*args, **kwargs)
            finally:
                if watch and watch in connection.execute_wrappers:
                    connection.execute_wrappers.remove(watch)
            live(connection, 98)
            spare(connection, watch)
            heed(migration, skipped)
            mark(connection, events["whole"], rows=watch.rows if watch else None)
            failpoint("whole-marked")
            return result
        return wrapped

    import django
    watched = watch is not None
    kinds = [[type(one).__name__, transactional(one, migration, connection)] for one in migration.operations]
    facts = dict(watched=watched, pid=os.getpid(), host=socket.gethostname(), django=django.get_version(), python="%d.%d" % sys.version_info[:2], atomic=bool(getattr(migration, "atomic", True)), canRollbackDdl=bool(can_rollback), operations=kinds)
    try:
        mark(connection, events["ready"], **facts)
    except Exception as error:
        locked = "locked" in words(error)
        refuse("busy" if locked else "rights", "migstate's journal cannot be written by Django's session (%s)" % words(error))
    failpoint("ready")
    verb = "database_backwards" if backwards else "database_forwards"
    for index, operation in enumerate(migration.operations):
        setattr(operation, verb, wrap_operation(index, getattr(operation, verb)))
    whole = "unapply" if backwards else "apply"
    setattr(migration, whole, wrap_whole(getattr(migration, whole)))


def guard():
    if STATE["guarded"]:
        return
    STATE["guarded"] = True
    from django.db.backends.signals import connection_created
    # Behind the receivers of the project, which may set a role or a path.
    connection_created.disconnect(on_connect)
    connection_created.connect(on_connect, weak=False)
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.loader import MigrationLoader
    planned, migrated, by_prefix = MigrationExecutor.migration_plan, MigrationExecutor.migrate, MigrationLoader.get_migration_by_prefix

    def get_migration_by_prefix(self, app_label, name_prefix):
        # An exact name wins; for Django `0002_a` is ambiguous beside `0002_a_squashed_0004_b`.
        if [app_label, name_prefix] == SPEC["exact"] and (app_label, name_prefix) in self.disk_migrations:
            return self.disk_migrations[app_label, name_prefix]
        return by_prefix(self, app_label, name_prefix)

    def migration_plan(self, targets, *args, **kwargs):
        plan = planned(self, targets, *args, **kwargs)
        # With clean_start it is the full plan of all migrations, which `migrate` makes for itself.
        if self.connection.alias == ALIAS and not args and not kwargs and [list(one) for one in targets] == SPEC["targets"]:
            compare(self.connection, plan)
        return plan

    def migrate(self, targets, plan=None, *args, **kwargs):
        if self.connection.alias != ALIAS:
            return migrated(self, targets, plan, *args, **kwargs)
        plan = planned(self, targets) if plan is None else plan
        compare(self.connection, plan)
        if STATE["ran"]:
            refuse("plan", "migrate is run twice", 98)
        STATE["ran"] = True
        follow(self.connection, *plan[0])
        try:
            result = migrated(self, targets, plan, *args, **kwargs)
            failpoint("migrated")
            mark(self.connection, SPEC["events"]["end"])
        except BaseException:
            STATE["lost"] = not usable(self.connection)
            raise
        failpoint("end-marked")
        return result

    MigrationExecutor.migration_plan, MigrationExecutor.migrate = migration_plan, migrate
    MigrationLoader.get_migration_by_prefix = get_migration_by_prefix


def run_manage(path, module):
    """manage.py, or with `-m` a module in place of it: a package by its __main__."""
    if not module:
        return runpy.run_path(path, run_name="__main__")
    # Without alter_sys, which would put another name over the arguments.
    return runpy.run_module(module, run_name="__main__")


def main():
    tell("started", pid=os.getpid(), host=socket.gethostname())
    failpoint("started")
    path = SPEC["managePy"] if sys.version_info[0] > 2 else SPEC["managePy"].encode("utf-8")
    if sys.path and sys.path[0] == "":
        sys.path.pop(0)
    module = path[3:] if path.startswith("-m ") else None
    sys.path.insert(0, os.getcwd() if module else os.path.dirname(os.path.abspath(path)))
    # Where this shim is lost on the way (another process, another program), manage.py shows its help and does nothing.
    sys.argv = [path] + SPEC["arguments"] + ["--help"]
    try:
        from django.core.management import ManagementUtility
        from django.core.management.base import BaseCommand
        from django.db.backends.signals import connection_created
    except Exception as error:
        refuse("django", "Django cannot be imported (%s)" % words(error))
    executed, performed = ManagementUtility.execute, BaseCommand.execute

    def execute(self):
        if list(self.argv[1:]) == SPEC["arguments"] + ["--help"]:
            self.argv = self.argv[:-1]
            sys.argv = list(self.argv)
        return executed(self)

    def perform(self, *args, **kwargs):
        guard()
        return performed(self, *args, **kwargs)

    ManagementUtility.execute, BaseCommand.execute = execute, perform
    connection_created.connect(on_connect, weak=False)
    try:
        run_manage(path, module)
    except SystemExit as end:
        if end.code not in (None, 0):
            tell("ended", lost=STATE["lost"])
            raise
    except BaseException:
        # Django has given up: whatever is not marked by now never will be, unless it was sent and not answered.
        tell("ended", lost=STATE["lost"])
        raise
    if not STATE["checked"]:
        refuse("lost", "manage.py ended without asking Django for a plan in this process")
    tell("ended")


main()
