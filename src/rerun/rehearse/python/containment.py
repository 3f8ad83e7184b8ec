# Third part: files, network, processes and threads are kept in, and transactions that are not ours are kept from ending.
# How many paths an event has, and where its folders given as descriptors begin (docs.python.org, "Audit events table").
FILES = {
    "os.remove": (1, 1), "os.rename": (2, 2), "os.mkdir": (1, 2), "os.rmdir": (1, 1), "os.link": (2, 2), "os.symlink": (2, 2),
    "os.truncate": (1, 2), "os.chmod": (1, 2), "os.chown": (1, 3), "os.utime": (1, 3),
}


def contain(event, args):
    """PEP 578. What connects in C (libpq, libmysqlclient) is not seen."""
    if not STATE["armed"] or STATE.get("pause"):
        return
    kind, what, paths = None, None, []
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        kind, what = "connect", "%s" % (args[1] if len(args) > 1 else "",)
    elif event == "sqlite3.connect":
        kind, what = "connect", "%s" % (args[0],)
    elif event == "open":
        path, mode, flags = (tuple(args) + (None, None))[:3]
        writing = bool(re.search(r"[wax+]", mode or "")) if mode is not None else bool((flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))
        if writing and not isinstance(path, int):
            kind, what, paths = "file", os.fsdecode(path), [path]
    elif event in FILES:
        count, folders = FILES[event]
        # What a link points to is not written; who writes through it is asked then.
        paths = list(args[1 if event == "os.symlink" else 0:count]) + [one for one in args[folders:] if one != -1]
        kind, what = "file", "%s %s" % (event[3:], args[0])
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "pty.spawn"):
        what = args[0] if args else event
        kind, what = "process", os.fsdecode(what) if isinstance(what, (bytes, str)) else "%s" % (what,)
    if kind is None or (kind == "file" and (what == os.devnull or all(allowed(path) for path in paths))):
        return
    line = line_now()
    outside(kind, what, line)
    BLOCKED.append(kind)
    raise Contained("a rehearsal lets nothing out (%s %s)" % (kind, what))


def allowed(path):
    if isinstance(path, int):
        return False
    real = os.path.realpath(os.fsdecode(path))
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
    assumed = [tuple(one) for one in SPEC["assumed"]]

    def applied_migrations(original, self, *args, **kwargs):
        found = original(self, *args, **kwargs)
        if self.connection.alias != ALIAS:
            return found
        if not isinstance(found, dict):
            return (set(found) | set(assumed)) - hidden
        # Its rows are looked at for nothing but their keys while something is rehearsed.
        everything = dict((key, self.Migration(app=key[0], name=key[1])) for key in assumed)
        everything.update(found)
        return dict((key, everything[key]) for key in everything if key not in hidden)

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
