"""The verbs of the program for tests and scripts: each call is one run of it with --json."""

import json
import os
import subprocess
from contextlib import contextmanager

from . import _results as results
from ._errors import Failed, error_of
from ._run import PROGRAM, environment_of, find_node

# Each has a variable of the environment, which a command that has no use for it passes over.
SETTINGS = ("database", "settings", "path", "migrations", "django_version", "ask_django", "no_cache", "no_files", "schema", "table")
SETTINGS += ("python", "manage_py", "manage", "mode", "lock_timeout", "timeout")


def open(url=None, project=None, *, actor=None, env=None, cwd=None, **flags):
    """
    The verbs of the program on one database and project, as a context manager or without ``with``: nothing stays open between two calls.

    ``url``: else MIGSTATE_URL, migstate.json, the project's own DATABASES. ``project``: the folder of manage.py. ``flags``: the long flags
    with underscores, for example ``settings="shop.settings.test"``, ``database="replica"``, ``path=["../apps"]``, ``lock_timeout=3``;
    those of a call go before them.
    ``actor``: who does it, for the journal. ``env``: in place of ``os.environ``. ``cwd``: where relative paths begin.
    """
    return Migstate(url, project, actor, env, cwd, flags)


class Migstate:
    def __init__(self, url, project, actor, env, cwd, flags):
        unknown = sorted(set(flags) - set(SETTINGS))
        if unknown:
            raise TypeError("open() has no flag %s; it has %s" % (", ".join(unknown), ", ".join(SETTINGS)))
        self._env = environment_of(os.environ if env is None else env)
        self._cwd = None if cwd is None else os.fspath(cwd)
        # Arguments can be seen in the list of processes.
        for name, value in dict(flags, url=url, project=project, actor=actor).items():
            if value is not None:
                self._env["MIGSTATE_" + name.upper()] = _text(value)

    def __enter__(self):
        return self

    def __exit__(self, *how):
        self.close()

    def close(self):
        """Nothing is open between two calls."""

    # What is read.

    def status(self, *apps, data=False):
        """Files against rows. :rtype: results.Status"""
        return self._ask(results.Status, ["status"], apps, {"data": data})

    def plan(self, app=None, migration=None, *, no_rows=False):
        """What ``manage.py migrate`` would do now, or what stops it; ``no_rows``: on a new database. :rtype: results.Plan"""
        return self._ask(results.Plan, ["plan"], _words(app, migration), {"no_rows": no_rows})

    def show(self, *migration):
        """All about ``"shop.0003"``, or ``"shop", "0003"``. :rtype: results.Show"""
        return self._ask(results.Show, ["show"], migration)

    def graph(self, *apps):
        """:rtype: results.Graph"""
        return self._ask(results.Graph, ["graph"], apps)

    def doctor(self, *, only=(), explain=None, rehearse=False):
        """Everything that is wrong, with evidence and what mends it; `rehearse` what nothing else decides. :rtype: results.Doctor"""
        return self._ask(results.Doctor, ["doctor"], (), {"only": list(only), "explain": explain, "rehearse": rehearse})

    def history(self, *, limit=None):
        """The journal, newest first. :rtype: results.History"""
        return self._ask(results.History, ["history"], (), {"limit": limit})

    def operation(self, id):
        """All about one operation. :rtype: results.OperationAnswer"""
        return self._ask(results.OperationAnswer, ["history"], (id,))

    def snapshots(self, *, limit=None):
        """:rtype: results.SnapshotList"""
        return self._ask(results.SnapshotList, ["snapshot", "list"], (), {"limit": limit})

    def snapshot_rows(self, id):
        """:rtype: results.SnapshotRows"""
        return self._ask(results.SnapshotRows, ["snapshot", "show"], (id,))

    # What writes; each also takes ``dry_run``, ``reason`` and ``lock_timeout``, where the command has them.

    def mark_applied(self, *migrations, with_dependencies=False, force=False, **how):
        """Rows only: ``"shop.0003"``, several of them, or ``"shop", "0003", "0004"``. :rtype: results.Change"""
        return self._change(results.Change, ["mark", "applied"], migrations, dict(how, with_dependencies=with_dependencies, force=force))

    def mark_unapplied(self, *migrations, with_dependants=False, force=False, **how):
        """:rtype: results.Change"""
        return self._change(results.Change, ["mark", "unapplied"], migrations, dict(how, with_dependants=with_dependants, force=force))

    def fake(self, app=None, migration=None, **how):
        """The rows that ``migrate --fake`` would write. :rtype: results.FakeChange"""
        return self._change(results.FakeChange, ["fake"], _words(app, migration), how)

    def rerun(self, *migrations, reverse_first=False, force=False, **how):
        """Runs recorded migrations again, by Django. :rtype: results.Rerun"""
        return self._change(results.Rerun, ["rerun"], migrations, dict(how, reverse_first=reverse_first, force=force))

    def run(self, *migration, with_dependencies=False, **how):
        """Runs one that is not recorded. :rtype: results.Rerun"""
        return self._change(results.Rerun, ["run"], migration, dict(how, with_dependencies=with_dependencies))

    def rollback(self, operation=None, *, to=None, **how):
        """Undoes the last, or the named, operation. :rtype: results.Rollback"""
        return self._change(results.Rollback, ["rollback"], _words(operation), dict(how, to=to))

    def recover(self, operation=None, *, assume=None, **how):
        """Finishes or undoes an interrupted operation. :rtype: results.Change"""
        return self._change(results.Change, ["recover"], _words(operation), dict(how, assume=assume))

    def snapshot(self, *, reason=None, lock_timeout=None):
        """Copies the whole history. :rtype: results.SnapshotAnswer"""
        return self._change(results.SnapshotAnswer, ["snapshot", "create"], (), {"reason": reason, "lock_timeout": lock_timeout})

    def restore(self, id, **how):
        """Makes the table equal to a snapshot. :rtype: results.Change"""
        return self._change(results.Change, ["snapshot", "restore"], (id,), how)

    def prune_snapshots(self, *, keep=None, older_than=None, **how):
        """Gives up copies that no undo needs any more. :rtype: results.SnapshotPrune"""
        return self._change(results.SnapshotPrune, ["snapshot", "prune"], (), dict(how, keep=keep, older_than=older_than))

    @contextmanager
    def restoring(self):
        """Whatever is done to the history inside is undone at the end, also by an exception: rows, ids, times, counter."""
        id = self.snapshot(reason="restoring").snapshot.id
        try:
            yield self
        finally:
            self.restore(id, reason="restoring")

    def _change(self, kind, command, words, flags):
        return self._ask(kind, command, words, dict(flags, yes=True))

    def _ask(self, kind, command, words, flags=None):
        document, output = self._run(command, words, flags or {})
        warnings = [results.Warning(one["code"], one["message"]) for one in document["warnings"]]
        if not document["ok"]:
            raise error_of(document["error"], warnings, output)
        answer = results.decode(kind, document["result"])
        answer.warnings = warnings
        if isinstance(answer, results.Rerun):
            answer.output = output
        return answer

    def _run(self, command, words, flags):
        node, problem = find_node()
        if node is None:
            raise Failed("no-node", *problem)
        line = [node, PROGRAM] + command + _typed(flags) + ["--json", "--"] + [os.fspath(word) for word in words]
        try:
            process = subprocess.Popen(line, env=self._env, cwd=self._cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            raise Failed("no-node", "%s cannot be started: %s." % (node, error.strerror or error), "Set MIGSTATE_NODE to another Node 22.16 or newer.")
        stdout, stderr = (text.decode("utf-8", "replace") for text in _ended(process))
        try:
            return json.loads(stdout), stderr
        except ValueError:
            said = "The program ended with %d and gave no answer: %s" % (process.returncode, (stderr or stdout).strip())
            raise error_of({"code": "outcome-unknown", "message": said, "hint": 'Run "migstate recover".', "exitCode": 8, "consequence": "unknown"})


def _ended(process):
    """
    Waits for it whatever happens, for it puts the history in order before it ends: ``subprocess.run`` would kill it. Ctrl-C in a terminal
    reaches it too.
    """
    interrupt = None
    while True:
        try:
            streams = process.communicate()
            break
        except KeyboardInterrupt as caught:
            interrupt = caught
    if interrupt is not None:
        raise interrupt
    return streams


def _words(*words):
    return [word for word in words if word is not None]


def _typed(flags):
    """``lock_timeout=3`` is ``--lock-timeout=3``; a list stands for the flag several times; None and False are not given."""
    typed = []
    for name, value in flags.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            typed.append(flag)
        elif value is not None and value is not False:
            typed += ["%s=%s" % (flag, _text(one)) for one in (value if isinstance(value, (list, tuple)) else [value])]
    return typed


def _text(value):
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (list, tuple)):
        return os.pathsep.join(_text(one) for one in value)
    return os.fspath(value) if hasattr(value, "__fspath__") else str(value)
