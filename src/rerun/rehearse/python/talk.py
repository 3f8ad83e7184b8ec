# The shim of a rehearsal: runs migrations of the project in one transaction that is always rolled back, and tells what they did.
# Python 2.7 and 3, standard library only; its parts are joined to one program (PARTS in spec.ts). SPEC comes from migstate (src/rerun/rehearse/spec.ts); all SQL in it is that of the database.
from __future__ import print_function
import base64, functools, hashlib, heapq, json, os, re, runpy, socket, sys, time

SPEC = json.loads(base64.b64decode(SPEC).decode("utf-8"))  # noqa: F821
ALIAS, DB = SPEC["alias"], SPEC["sql"]
STATE = {"proven": False, "inside": False, "armed": False, "refusal": None, "done": False, "file": None, "index": None, "own": 0, "written": 0, "told": 0, "clock": False, "temporary": set()}
OUTSIDE, TOUCHED, BLOCKED, DEFINED = [], set(), [], []


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
