"""Runs manage.py in forks of one process that has imported Django already: the same files, arguments and environment, without half a second of imports.

One JSON document a line on stdin: {"id", "folder", "args", "env", "output"}; one a line on stdout: {"id", "status"}.
"""
import json
import os
import runpy
import signal
import sys
import traceback


def preload():
    import django.core.management  # noqa
    import django.core.management.commands.migrate  # noqa
    import django.core.management.commands.showmigrations  # noqa
    import django.db.migrations.executor  # noqa
    import django.forms  # noqa

    for name in ("sqlite3", "postgresql"):
        __import__("django.db.backends.%s.base" % name)
    import pymysql  # noqa


def run(request):
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[:] = ["manage.py"] + request["args"]
    # Python puts the folder of the script first.
    sys.path[0] = request["folder"]
    try:
        runpy.run_path("manage.py", run_name="__main__")
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        if status == 1 and not isinstance(ended.code, int):
            sys.stderr.write("%s\n" % ended.code)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def answer(request):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = run(request)
        finally:
            os._exit(status & 255)
    _, status = os.waitpid(child, 0)
    line = json.dumps({"id": request["id"], "status": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1}) + "\n"
    os.write(answers, line.encode())


answers = os.dup(1)
preload()
# Nobody waits for those that wait.
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in iter(sys.stdin.readline, ""):
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            answer(json.loads(line))
        finally:
            os._exit(0)
