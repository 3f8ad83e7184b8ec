# The shim of a rehearsal: runs migrations of the project in one transaction that is always rolled back, and tells what they did.
# Python 2.7 and 3, standard library only. SPEC comes from migstate (src/rerun/rehearse/spec.ts); all SQL in it is that of the database.
from __future__ import print_function
import base64, functools, hashlib, json, os, re, runpy, socket, sys, time

SPEC = json.loads(base64.b64decode(SPEC).decode("utf-8"))  # noqa: F821
ALIAS, DB = SPEC["alias"], SPEC["sql"]
STATE = {"proven": False, "inside": False, "armed": False, "refusal": None, "done": False, "file": None, "index": None, "own": 0}
OUTSIDE, TOUCHED, BLOCKED = [], set(), []


class Refused(BaseException):
    """What the migration asked for could commit, or cannot be rolled back: the rehearsal is over."""


class Contained(OSError):
    """What would leave the rehearsal by file, network or process."""


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


def give_up(reason, text):
    # os._exit: a project may swallow any exception. The session ends, and the server rolls back what it has not committed.
    tell("refused", reason=reason, text="%s" % text)
    sys.stdout.flush()
    os._exit(97)


def line_now():
    """The innermost line of the migration's file that is being run."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == STATE["file"]:
            return frame.f_lineno
        frame = frame.f_back
    return None


def line_of(trace):
    found = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == STATE["file"]:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def outside(kind, what, line=None):
    one = {"kind": kind, "what": what, "line": line}
    if one not in OUTSIDE:
        OUTSIDE.append(one)


def refuse(kind, text):
    """Recorded first: the code may catch anything that is raised."""
    line = line_now()
    if STATE["refusal"] is None:
        STATE["refusal"] = {"kind": kind, "text": text, "line": line}
    if kind != "other":
        outside(kind, text, line)
    raise Refused(text)


def ask(connection, sql, parameters=None):
    cursor = connection.connection.cursor()
    try:
        cursor.execute(*((sql,) if parameters is None else (sql, parameters)))
        return cursor.fetchall()
    finally:
        cursor.close()


def send(connection, sql):
    """Past Django and the watch: statements of our own, without parameters."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql)
    finally:
        cursor.close()


# MySQL manual, statements that cause an implicit commit; what ends or begins a transaction by hand; what a server runs outside of one.
IMPLICIT = re.compile(r"(create|alter|drop|truncate|rename|lock|unlock|grant|revoke|analyze|optimize|repair|check|flush|reset|install|uninstall|load\s+index|cache|change|set\s+password|purge|stop|start)\b(?!\s+temporary\b)", re.I)
EXPLICIT = re.compile(r"(commit|begin|start\s+transaction|end|rollback(?!\s+(work\s+|transaction\s+)?to\b)|abort|prepare\s+transaction|set\s+(session\s+|@@(session\.)?)?autocommit|xa)\b", re.I)
APART = re.compile(r"(vacuum|create\s+database|drop\s+database|create\s+tablespace|drop\s+tablespace|alter\s+system|reindex\s+database|attach|detach)\b|(create|drop|reindex|refresh|alter)\b.*\bconcurrently\b|copy\b.*\bprogram\b", re.I | re.S)
QUOTED = re.compile(r"'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*(?!!).*?\*/", re.S)
BODY = re.compile(r"create\s+(or\s+replace\s+)?(\w+\s+)*?(trigger|function|procedure)\b", re.I)
COMMENTS = re.compile(r"(\s|;|\(|--[^\n]*(\n|$)|#[^\n]*(\n|$)|/\*(?!!).*?\*/)*", re.S)
WRITES = re.compile(r"\b(insert\s+(?:\w+\s+)*?into|replace\s+(?:\w+\s+)*?into|update(?:\s+only|\s+ignore|\s+low_priority|\s+or\s+\w+)?|delete\s+(?:\w+\s+)*?from|truncate(?:\s+table)?|merge\s+into|copy|alter\s+table|create\s+table(?:\s+if\s+not\s+exists)?|drop\s+table(?:\s+if\s+exists)?|load\s+data.*?into\s+table)\s+((?:[`\"\[]?[\w$]+[`\"\]]?\.)?[`\"\[]?[\w$]+[`\"\]]?)", re.I | re.S)
READS = re.compile(r"(select|with|values|show|describe|explain|pragma|savepoint|release|rollback\s+(work\s+|transaction\s+)?to|set)\b", re.I)


def text_of(sql):
    if isinstance(sql, bytes) and str is not bytes:
        return sql.decode("utf-8", "replace")
    if hasattr(sql, "as_string"):
        return sql.as_string(STATE["connection"].connection)
    return "%s" % (sql,)


def forbid(text):
    """Before anything is sent."""
    head = text[COMMENTS.match(text).end():]
    # A driver may take several statements at once.
    rest = [] if BODY.match(head) else [part[COMMENTS.match(part).end():] for part in QUOTED.sub("''", head).split(";")[1:]]
    if EXPLICIT.match(head) or any(EXPLICIT.match(part) for part in rest):
        refuse("commit", "the code ends or begins a transaction by hand (%s)" % head[:60].split("\n")[0])
    if APART.match(head):
        refuse("other", "%s cannot be done inside a transaction" % " ".join(head.split()[:6]))
    if DB["ddlCommits"] and (IMPLICIT.match(head) or head.startswith("/*!")):
        refuse("commit", "%s commits by itself on this database" % " ".join(head.split()[:3]))
    for _, name in WRITES.findall(head):
        bare = re.sub(r'[`"\[\]]', "", name)
        if bare.split(".")[-1] in STATE["loose"]:
            refuse("commit", "the table %s cannot be rolled back (its engine has no transactions)" % bare)
    return head


class Watch(object):
    """Stands before each statement of the code on the connection that is rehearsed."""

    def __init__(self, connection):
        self.connection = connection

    def __call__(self, execute, sql, params, many, context):
        if not STATE["inside"]:
            return execute(sql, params, many, context)
        head = forbid(text_of(sql))
        if STATE["refusal"] is not None and not re.match(r"(savepoint|release|rollback)\b", head, re.I):
            raise Refused(STATE["refusal"]["text"])
        for _, name in WRITES.findall(head):
            TOUCHED.add(name)
        if at_outer_level(self.connection) and DB["failureAborts"] and not re.match(r"(savepoint|release|rollback)\b", head, re.I):
            return self.alone(execute, sql, params, many, context)
        return execute(sql, params, many, context)

    def alone(self, execute, sql, params, many, context):
        """In autocommit a failed statement spoils nothing; here it would abort the transaction."""
        STATE["own"] += 1
        name = "migstate_own_%d" % STATE["own"]
        send(self.connection, "SAVEPOINT " + name)
        try:
            result = execute(sql, params, many, context)
        except Exception:
            send(self.connection, "ROLLBACK TO SAVEPOINT " + name)
            self.connection.needs_rollback = False
            raise
        send(self.connection, "RELEASE SAVEPOINT " + name)
        return result


def at_outer_level(connection):
    """Where the code, run for real, would be in autocommit."""
    return STATE["armed"] and connection.in_atomic_block and len(connection.savepoint_ids) == 0


def watch_other(connection):
    def guard(execute, sql, params, many, context):
        if STATE["armed"]:
            text = text_of(sql)
            if not READS.match(text[COMMENTS.match(text).end():]) or WRITES.search(text):
                refuse("alias", "the code writes to the database %s" % connection.alias)
        return execute(sql, params, many, context)
    if not getattr(connection, "migstate_watched", False):
        connection.migstate_watched = True
        add_guard(connection, guard)


def contain(event, args):
    """PEP 578. What connects in C (libpq, libmysqlclient) is not seen."""
    if not STATE["armed"] or STATE.get("pause"):
        return
    kind, what = None, None
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        kind, what = "connect", "%s" % (args[1] if len(args) > 1 else "",)
    elif event == "sqlite3.connect":
        kind, what = "connect", "%s" % (args[0],)
    elif event == "open":
        path, mode, flags = (tuple(args) + (None, None))[:3]
        writing = bool(re.search(r"[wax+]", mode or "")) if mode is not None else bool((flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))
        if writing and not isinstance(path, int):
            kind, what = "file", os.fsdecode(path)
    elif event in ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.utime"):
        kind, what = "file", "%s %s" % (event[3:], args[0])
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "pty.spawn"):
        what = args[0] if args else event
        kind, what = "process", os.fsdecode(what) if isinstance(what, (bytes, str)) else "%s" % (what,)
    if kind is None or (kind == "file" and (what == os.devnull or allowed(what))):
        return
    line = line_now()
    outside(kind, what, line)
    BLOCKED.append(kind)
    raise Contained("a rehearsal lets nothing out (%s %s)" % (kind, what))


def allowed(path):
    real = os.path.realpath(path)
    return any(real.startswith(os.path.realpath(folder) + os.sep) for folder in SPEC["allowFiles"])


def wrap(owner, name, around):
    original = getattr(owner, name)

    def wrapped(self, *args, **kwargs):
        return around(original, self, *args, **kwargs)
    setattr(owner, name, wrapped)


def seal():
    """Every way around the watch that Django itself offers."""
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.recorder import MigrationRecorder
    from django.db.transaction import Atomic

    def by_hand(what):
        def around(original, self, *args, **kwargs):
            if self.alias == ALIAS and STATE["inside"] and not STATE.get("ours") and (at_outer_level(self) or not STATE["armed"] or what == "close"):
                refuse("commit" if what != "close" else "other", "the code calls %s() of the connection" % what)
            return original(self, *args, **kwargs)
        return around

    for what in ("commit", "rollback", "set_autocommit", "close"):
        wrap(BaseDatabaseWrapper, what, by_hand(what))

    def connect(original, self, *args, **kwargs):
        if STATE["inside"] and self.alias == ALIAS:
            refuse("other", "the code opens a connection of its own to this database (a thread, or after a close)")
        if self.alias != ALIAS and STATE["inside"]:
            watch_other(self)
        STATE["pause"] = True
        try:
            return original(self, *args, **kwargs)
        finally:
            STATE["pause"] = False

    wrap(BaseDatabaseWrapper, "connect", connect)
    try:
        from django.db.backends.sqlite3.base import SQLiteCursorWrapper
        # It commits before it begins, and Django's cursor hands it through.
        SQLiteCursorWrapper.executescript = lambda self, *args: refuse("commit", "the code calls executescript(), which commits")
    except Exception:
        pass

    if not hasattr(BaseDatabaseWrapper, "execute_wrapper"):
        watch_cursors()

    def enter(original, self):
        from django.db import connections
        if STATE["armed"] and (self.using or "default") == ALIAS and at_outer_level(connections[ALIAS]):
            # For real this would be the outermost block.
            before = self.savepoint, getattr(self, "durable", False)
            self.savepoint, self.durable = True, False
            try:
                return original(self)
            finally:
                self.savepoint, self.durable = before
        return original(self)

    wrap(Atomic, "__enter__", enter)

    def never(original, self, *args, **kwargs):
        return give_up("plan", "Django's own migrate was called")

    wrap(MigrationExecutor, "migrate", never)
    hidden = set(tuple(one) for one in SPEC["hidden"])

    def applied_migrations(original, self, *args, **kwargs):
        found = original(self, *args, **kwargs)
        if self.connection.alias != ALIAS:
            return found
        return dict((key, found[key]) for key in found if key not in hidden) if isinstance(found, dict) else set(found) - hidden

    wrap(MigrationRecorder, "applied_migrations", applied_migrations)


def watch_cursors():
    """Before Django 2.0, which has wrappers of its own for it: every statement passes its cursor."""
    from django.db.backends.utils import CursorWrapper

    def around(many):
        def watched(original, self, sql, params=None):
            guards = getattr(self.db, "migstate_guards", [])
            step = lambda sql, params, many, context: original(self, sql, params)  # noqa: E731
            for guard in guards:
                step = functools.partial(guard, step)
            return step(sql, params, many, {"connection": self.db, "cursor": self})
        return watched

    wrap(CursorWrapper, "execute", around(False))
    wrap(CursorWrapper, "executemany", around(True))


def add_guard(connection, guard):
    if hasattr(connection, "execute_wrappers"):
        connection.execute_wrappers.append(guard)
    else:
        connection.migstate_guards = getattr(connection, "migstate_guards", []) + [guard]


def prove(connection):
    for check in DB["checks"]:
        try:
            found = ask(connection, check["sql"])[0]
            value = "%s" % (found[0],)
            if check.get("as") == "inode":
                value = str(os.stat(found[2]).st_ino)
            elif check.get("as") == "pid":
                raw = connection.connection
                pid = raw.get_backend_pid() if hasattr(raw, "get_backend_pid") else raw.info.backend_pid
                value = "same" if pid == found[0] else "other"
        except Exception as error:
            give_up(check["reason"], "%s (%s)" % (check["text"], words(error)))
        if value != check["want"]:
            give_up(check["reason"], check["text"])


class Tables(object):
    """What tables hold, at one point of the transaction."""

    def __init__(self, connection):
        self.connection = connection

    def reached(self):
        """SQL name to label of every table that this transaction may have written to."""
        found = {}
        if DB["touched"]:
            found.update(("%s" % sql, "%s" % label) for sql, label in ask(self.connection, DB["touched"]))
        quote = self.connection.ops.quote_name
        if DB["resolve"]:
            for name in TOUCHED:
                if not re.match(r'("[^"]+"|\w+)(\.("[^"]+"|\w+))?$', name):
                    continue
                found.update(("%s" % sql, "%s" % label) for sql, label in ask(self.connection, DB["resolve"], [name]))
            return found
        names = set(re.sub(r'[`"\[\]]', "", name).split(".")[-1] for name in TOUCHED)
        there = dict(("%s" % one[0], quote("%s" % one[0])) for one in ask(self.connection, DB["tables"]))
        lower = dict((name.lower(), name) for name in there)
        todo, seen = [lower[name.lower()] for name in names if name.lower() in lower], set()
        related = [("%s" % table, "%s" % text) for table, text in ask(self.connection, DB["related"])]
        while todo:
            table = todo.pop()
            if table in seen:
                continue
            seen.add(table)
            for owner, text in related:
                if owner.lower() == table.lower():
                    inside = set(re.findall(r"[\w$]+", text.lower()))
                    todo.extend(name for low, name in lower.items() if low in inside)
        if any(name in STATE["loose"] for name in seen):
            STATE["spilled"] = "a table that cannot be rolled back was reached by a cascade or a trigger"
        return dict((there[name], name) for name in seen)

    def read(self, sql, label):
        """{key: digest of the row}; above the limit only a count and a sum of digests."""
        keys = ["%s" % one[0] for one in ask(self.connection, DB["primaryKey"], [sql if DB["resolve"] else label])]
        try:
            count = int(ask(self.connection, "SELECT count(*) FROM " + sql)[0][0])
        except Exception:
            return None
        whole = count <= SPEC["maxRows"]
        rows, shown, total, columns = {}, {}, 0, []
        cursor = self.connection.chunked_cursor() if hasattr(self.connection, "chunked_cursor") else self.connection.cursor()
        try:
            cursor.execute("SELECT * FROM " + sql)
            at, columns = None, []
            while True:
                chunk = cursor.fetchmany(2000)
                if not columns and cursor.description:
                    columns = [one[0] for one in cursor.description]
                    at = [columns.index(key) for key in keys if key in columns]
                if not chunk:
                    break
                for row in chunk:
                    digest = hashlib.md5(repr(tuple(row)).encode("utf-8", "backslashreplace")).digest()
                    if not whole:
                        total = (total + int(base64.b16encode(digest), 16)) % (1 << 128)
                    elif at:
                        rows[tuple("%s" % (row[one],) for one in at)] = digest
                    else:
                        rows[digest] = rows.get(digest, 0) + 1
        finally:
            cursor.close()
        return {"rows": rows if whole else None, "count": count, "total": total, "keys": keys, "columns": columns}

    def look(self, tables):
        return dict((label, self.read(sql, label)) for sql, label in tables.items())


NOTHING = {"rows": {}, "count": 0, "total": 0, "keys": [], "columns": None}


def compare(label, left, right, left_out):
    """@returns inserted, updated, deleted, examples"""
    left, right = left or NOTHING, right or NOTHING
    if left["rows"] is None or right["rows"] is None:
        left_out.add("%s (more than %d rows: compared as a whole)" % (label, SPEC["maxRows"]))
        added = right["count"] - left["count"]
        changed = 1 if added == 0 and left["total"] != right["total"] else 0
        return {"inserted": max(added, 0), "updated": changed, "deleted": max(-added, 0), "examples": []}
    before, after = left["rows"], right["rows"]
    same_columns = left["columns"] == right["columns"] or None in (left["columns"], right["columns"])
    if not same_columns:
        left_out.add("%s (its columns change: only the keys of its rows were compared)" % label)
    if not (right["keys"] or left["keys"]):
        added = sum(max(count - before.get(key, 0), 0) for key, count in after.items())
        gone = sum(max(count - after.get(key, 0), 0) for key, count in before.items())
        return {"inserted": added, "updated": 0, "deleted": gone, "examples": []}
    found = {"inserted": [], "updated": [], "deleted": []}
    for key in after:
        if key not in before:
            found["inserted"].append(key)
        elif same_columns and before[key] != after[key]:
            found["updated"].append(key)
    found["deleted"] = [key for key in before if key not in after]
    names = right["keys"] or left["keys"]
    examples = [{"change": verb, "key": dict(zip(names, key))} for verb in ("inserted", "updated", "deleted") for key in sorted(found[verb])[: SPEC["show"]]]
    return dict(((verb, len(keys)) for verb, keys in found.items()), examples=examples[: SPEC["show"]])


def title(operation):
    try:
        name = getattr(getattr(operation, "code", None), "__name__", None)
        return "%s %s" % (type(operation).__name__, name) if name else "%s" % operation.describe()
    except Exception:
        return type(operation).__name__


def follow(migration, backwards, run):
    verb = "database_backwards" if backwards else "database_forwards"
    for index, operation in enumerate(migration.operations):
        original = operation.__dict__.get("migstate_" + verb) or getattr(operation, verb)
        setattr(operation, "migstate_" + verb, original)
        setattr(operation, verb, following(original, index, len(migration.operations), title(operation), run))


def following(original, index, of, what, run):
    def wrapped(*args, **kwargs):
        STATE["index"] = index
        STATE["pause"] = True
        tell("operation", index=index, of=of, what=what, run=run)
        STATE["pause"] = False
        result = original(*args, **kwargs)
        failpoint("operation")
        return result
    return wrapped


def once(connection, migration, backwards, state, number):
    """One run of one migration. @returns its report and the state after it"""
    from django.core import mail
    follow(migration, backwards, number)
    STATE["file"] = getattr(sys.modules.get(type(migration).__module__), "__file__", None)
    STATE["index"] = None
    mails, hooks, began = len(getattr(mail, "outbox", [])), callbacks(connection), time.time()
    report = {"outcome": "ran", "error": None, "rows": {}}
    after = None
    try:
        STATE["armed"] = True
        try:
            with editor_of(connection, migration) as editor:
                after = (migration.unapply if backwards else migration.apply)(state.clone(), editor)
        finally:
            STATE["armed"] = False
        for sql in DB["deferred"]:
            send(connection, sql)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        report["outcome"] = "failed"
        report["error"] = {"exception": type(error).__name__, "message": ("%s" % error).strip(), "operation": STATE["index"], "line": line_of(sys.exc_info()[2])}
        report["stopped"] = stopped(error)
    if STATE["refusal"] is not None:
        report["outcome"] = "failed"
        report["stopped"] = STATE["refusal"]["text"]
        report["error"] = report["error"] or {"exception": "Refused", "message": STATE["refusal"]["text"], "operation": STATE["index"], "line": None}
        report["error"]["line"] = STATE["refusal"]["line"]
    if report["outcome"] == "ran" and connection.needs_rollback:
        report["outcome"] = "failed"
        report["error"] = {"exception": "TransactionManagementError", "message": "the transaction is broken", "operation": STATE["index"], "line": None}
    connection.needs_rollback = False
    report["durationMs"] = int((time.time() - began) * 1000)
    report["mails"] = [{"subject": "%s" % one.subject, "recipients": len(one.recipients())} for one in getattr(mail, "outbox", [])[mails:]]
    report["callbacks"] = max(callbacks(connection) - hooks, 0)
    return report, after


def stopped(error):
    """Why it says nothing about the migration itself; None: it does."""
    chain, one = [], error
    while one is not None and one not in chain:
        chain.append(one)
        one = getattr(one, "__cause__", None) or getattr(one, "__context__", None)
    for one in chain:
        if isinstance(one, Contained):
            return "%s" % one
        code = getattr(one, "sqlstate", None) or getattr(one, "pgcode", None) or (one.args[0] if getattr(one, "args", None) else None)
        if code in DB["busyCodes"]:
            return "somebody else uses the same rows (%s)" % words(one).split("\n")[0]
        if any(text in words(one) for text in DB["apartTexts"]):
            return "it needs to be outside of a transaction (%s)" % words(one).split("\n")[0]
    return None


def state_of_applied(executor):
    """The state in which Django runs what is not applied: that of everything that is."""
    from django.db.migrations.state import ProjectState
    try:
        return executor._create_project_state(with_applied_migrations=True)
    except (AttributeError, TypeError):  # Django 1.11 and older
        loader = executor.loader
        state = ProjectState(real_apps=list(loader.unmigrated_apps))
        for migration, _ in executor.migration_plan(loader.graph.leaf_nodes(), clean_start=True):
            if (migration.app_label, migration.name) in loader.applied_migrations:
                migration.mutate_state(state, preserve=False)
        return state


def editor_of(connection, migration):
    """`atomic` is of Django 1.10, whatever the migration's file says."""
    from django.db.migrations import Migration
    if not hasattr(Migration, "atomic"):
        return connection.schema_editor()
    return connection.schema_editor(atomic=migration.atomic)


def callbacks(connection):
    """`on_commit` is of Django 1.9."""
    return len(getattr(connection, "run_on_commit", ()))


def rehearse(connection):
    from django.db import connections, transaction
    from django.db.migrations.executor import MigrationExecutor
    connection.ensure_connection()
    prove(connection)
    STATE["connection"] = connection
    failpoint("proven")
    executor = MigrationExecutor(connection)
    targets = [tuple(one) for one in SPEC["targets"]] if SPEC["targets"] is not None else executor.loader.graph.leaf_nodes(SPEC["app"]) if SPEC["app"] else executor.loader.graph.leaf_nodes()
    plan = executor.migration_plan(targets)
    if [[one.app_label, one.name, bool(back)] for one, back in plan] != SPEC["plan"]:
        tell("plan", plan=[[one.app_label, one.name, bool(back)] for one, back in plan])
        give_up("plan", "Django's plan is another one")
    state = state_of_applied(executor)
    # Before the transaction: SQLite does not hear of it inside one, and Django's schema editor refuses to begin where it is on.
    if hasattr(connection, "disable_constraint_checking"):
        connection.disable_constraint_checking() if connection.vendor == "sqlite" else None
    for sql in DB["before"]:
        send(connection, sql)
    STATE["loose"] = set("%s" % one[0] for one in ask(connection, DB["loose"])) if DB["loose"] else set()
    counters = dict(ask(connection, DB["counters"])) if DB["counters"] else {}
    add_guard(connection, Watch(connection))
    for alias in connections:
        if alias != ALIAS:
            watch_other(connections[alias])
    block = transaction.atomic(using=ALIAS)
    block.__enter__()
    STATE["inside"] = True
    report, intact = None, False
    try:
        for sql in DB["inside"]:
            send(connection, sql)
        send(connection, "SAVEPOINT " + SPEC["canary"])
        failpoint("begun")
        report = steps(connection, plan, state)
        failpoint("compared")
    finally:
        STATE["inside"] = False
        connection.run_on_commit = []
        try:
            # It is there only if nothing has ended the transaction: what was done since has not been committed.
            send(connection, "ROLLBACK TO SAVEPOINT " + SPEC["canary"])
            intact = True
        except Exception as error:
            STATE["spilled"] = words(error).split("\n")[0]
        if STATE.get("spilled"):
            intact = False
        tell("contained", intact=intact, why=STATE.get("spilled"))
        STATE["ours"] = True
        try:
            connection.needs_rollback = True
            block.__exit__(None, None, None)
        except Exception:
            pass
        failpoint("rolled-back")
    if DB["counters"]:
        for name, value in ask(connection, DB["counters"]):
            used = (value or 0) - (counters.get(name) or 0)
            if used:
                outside("sequence", "%d ids of %s were used up" % (used, name))
    tell("rehearsal", outside=OUTSIDE, blocked=sorted(set(BLOCKED)), refusal=STATE["refusal"], contained=hasattr(sys, "addaudithook"), **report)


def steps(connection, plan, state):
    """Each migration: run, run again, look, take the second run back; in the end, step by step back, what the first runs had found."""
    tables, left_out, reports, stack = Tables(connection), set(), [], []
    halves = [True, False] if SPEC["reverseFirst"] else [False]
    for number, (migration, _) in enumerate(plan):
        before, first = "migstate_before_%d" % number, "migstate_first_%d" % number
        send(connection, "SAVEPOINT " + before)
        runs, after = [], None
        again = SPEC["again"][number]
        seen = {}
        for turn in range(2 if again else 1):
            total = None
            for backwards in halves:
                report, after_run = once(connection, migration, backwards, state, turn + 1)
                total = report if total is None else dict(report, durationMs=report["durationMs"] + total["durationMs"], mails=total["mails"] + report["mails"], callbacks=total["callbacks"] + report["callbacks"])
                if report["outcome"] != "ran":
                    break
            runs.append(total)
            tell("ran", run=turn + 1, outcome=total["outcome"])
            if total["outcome"] != "ran":
                break
            if turn == 0:
                after = after_run
                send(connection, "SAVEPOINT " + first)
                failpoint("first-run")
        entry = {"app": migration.app_label, "name": migration.name, "runs": runs, "differences": [], "rowsCompared": 0, "tables": 0}
        reports.append(entry)
        if runs[0]["outcome"] != "ran" or STATE["refusal"] is not None:
            break
        reached = tables.reached()
        if len(runs) == 2:
            if runs[1]["outcome"] == "ran":
                seen = tables.look(reached)
            failpoint("second-run")
            send(connection, "ROLLBACK TO SAVEPOINT " + first)
        middle = tables.look(reached)
        entry["tables"] = len(reached)
        entry["rowsCompared"] = sum(one["count"] for one in middle.values() if one)
        if len(runs) == 2 and runs[1]["outcome"] == "ran":
            for label in sorted(middle):
                found = compare(label, middle[label], seen[label], left_out)
                examples = found.pop("examples")
                if any(found.values()):
                    runs[1]["rows"][label] = found
                    entry["differences"].append(dict(found, table=label, examples=examples))
        stack.append((before, reached, middle, runs[0], left_out))
        state = after if after is not None else state
    for before, reached, middle, run, _ in reversed(stack):
        send(connection, "ROLLBACK TO SAVEPOINT " + before)
        earlier = tables.look(reached)
        for label in middle:
            found = compare(label, earlier[label], middle[label], left_out)
            found.pop("examples")
            if any(found.values()):
                run["rows"][label] = found
    return {"migrations": reports, "left": sorted(left_out)}


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
    # Where this shim is lost on the way, manage.py shows its help and does nothing.
    sys.argv = [path] + SPEC["arguments"] + ["--help"]
    sys.dont_write_bytecode = True
    try:
        from django.core.management import ManagementUtility
        from django.core.management.base import BaseCommand
    except Exception as error:
        give_up("django", "Django cannot be imported (%s)" % words(error))
    executed = ManagementUtility.execute

    def execute(self):
        if list(self.argv[1:]) == SPEC["arguments"] + ["--help"]:
            self.argv = self.argv[:-1]
            sys.argv = list(self.argv)
        return executed(self)

    def perform(self, *args, **kwargs):
        # In place of the command: manage.py has set up Django, and its migrate never begins.
        from django.conf import settings
        from django.core import mail
        from django.db import connections
        if STATE["done"]:
            return None
        STATE["done"] = True
        if not hasattr(sys, "addaudithook") and not SPEC["uncontained"]:
            give_up("uncontained", "Python %d.%d" % sys.version_info[:2])
        if SPEC["connection"]:
            connections[ALIAS].settings_dict.update(SPEC["connection"])
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        mail.outbox = []
        if hasattr(sys, "addaudithook"):
            sys.addaudithook(contain)
        seal()
        rehearse(connections[ALIAS])
        return None

    ManagementUtility.execute, BaseCommand.execute = execute, perform
    try:
        run_manage(path, module)
    except SystemExit as end:
        if end.code not in (None, 0):
            tell("ended")
            raise
    if not STATE["done"]:
        give_up("lost", "manage.py ended without running a command in this process")
    tell("ended")


main()
