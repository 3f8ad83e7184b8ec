"""
``migstate-ci``: what is wrong, where a forge shows it. ``migstate-ci files`` asks no database, ``migstate-ci doctor`` finds everything.

GitHub Actions get annotations and a summary of the job, GitLab a report of code quality (gl-code-quality-report.json in the current folder);
everybody gets lines. Exit code 3: something is wrong; else that of the program. Other words are flags of the program.
"""

import json
import os
import sys

USAGE = "usage: migstate-ci files|doctor [--fail-on error|warning|info] [FLAG of migstate ...]\n"
LEVELS = {"error": "error", "warning": "warning", "info": "notice"}
SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}
RANK = ("error", "warning", "info")
SKIPPED = {"node_modules", "site-packages", "__pycache__", "venv", "env"}


def main():
    words = sys.argv[1:]
    if not words or words[0] not in ("files", "doctor"):
        sys.stderr.write(USAGE)
        sys.exit(2)
    sys.exit(report(words[0], words[1:], os.environ))


def report(check, flags, env):
    fail_on = "warning"
    if "--fail-on" in flags:
        at = flags.index("--fail-on")
        fail_on = (flags[at + 1 : at + 2] or [""])[0]
        flags = flags[:at] + flags[at + 2 :]
    if fail_on not in RANK:
        sys.stderr.write(USAGE)
        return 2
    document = answer(["plan", "--no-rows"] if check == "files" else ["doctor"], flags)
    findings = findings_of(check, document)
    for one in findings:
        one["file"], one["line"] = place_of(one)
    show = {"GITHUB_ACTIONS": github, "GITLAB_CI": gitlab}
    tell = next((show[name] for name in show if env.get(name)), None)
    for one in findings:
        print("%s: %s" % (one["severity"], in_one_line(one)))
    if tell is not None:
        tell(check, findings, document, env)
    if not document["ok"]:
        return document["error"]["exitCode"]
    return 3 if any(RANK.index(one["severity"]) <= RANK.index(fail_on) for one in findings) else 0


def answer(command, flags):
    import subprocess

    from ._run import PROGRAM, environment_of, find_node

    node, problem = find_node()
    if node is None:
        return failure("no-node", " ".join(problem))
    ended = subprocess.run([node, PROGRAM] + command + flags + ["--json"], env=environment_of(os.environ), stdout=subprocess.PIPE)
    try:
        return json.loads(ended.stdout.decode("utf-8"))
    except ValueError:
        return failure("internal-error", "The program ended with %d and gave no answer." % ended.returncode)


def failure(code, message):
    return {"ok": False, "error": {"code": code, "message": message, "hint": "", "exitCode": 1}, "warnings": []}


def findings_of(check, document):
    """Each with ``code``, ``severity``, ``message``, ``app``, ``migration`` and ``repair``, a command or None."""
    if not document["ok"]:
        error = document["error"]
        return [finding(error["code"], "error", error["message"], repair=error["hint"] or None)]
    said = [finding(one["code"], "info", one["message"]) for one in document["warnings"] if one["code"] not in seen(document)]
    if check == "doctor":
        return [of_doctor(one) for one in document["result"]["findings"]] + said
    gates = [of_gate(one) for one in document["result"]["blockedBy"]]
    return gates + said


def seen(document):
    return {one["code"] for one in document["result"].get("findings", [])}


def of_doctor(one):
    recommended = [repair["command"] for repair in one["repairs"] if repair["recommended"]]
    return finding(one["code"], one["severity"], one["message"], one["app"], one["migration"], (recommended or [None])[0], one["id"])


def of_gate(gate):
    app, migration = (gate["migrations"] or [[None, None]])[0]
    repair = gate["next"][0]["command"] if gate["next"] else None
    return finding(gate["gate"], "error", gate["message"], app, migration, repair)


def finding(code, severity, message, app=None, migration=None, repair=None, id=None):
    return {"code": code, "severity": severity, "message": message, "app": app, "migration": migration, "repair": repair, "id": id}


def in_one_line(one):
    name = ".".join(word for word in (one["app"], one["migration"]) if word)
    return "[%s] %s%s" % (one["code"], name + ": " if name and name not in one["message"] else "", " ".join(one["message"].split()))


def place_of(one):
    """The file that a finding is about, below the current folder, where exactly one fits; else no file."""
    if not one["migration"]:
        return None, None
    wanted = one["migration"] + ".py"
    found = []
    for folder, folders, names in os.walk("."):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("."))
        if wanted in names:
            found.append(os.path.relpath(os.path.join(folder, wanted)).replace(os.sep, "/"))
    own = [path for path in found if "/%s/" % one["app"] in "/" + path]
    fits = own if len(own) == 1 else found
    return (fits[0], 1) if len(fits) == 1 else (None, None)


def github(check, findings, document, env):
    """Workflow commands of GitHub's runner, and Markdown in the file that GITHUB_STEP_SUMMARY names."""
    for one in findings:
        where = {"file": one["file"], "line": one["line"], "title": "migstate: " + one["code"]}
        given = ",".join("%s=%s" % (name, property_of(value)) for name, value in where.items() if value is not None)
        text = one["message"] + ("\n" + one["repair"] if one["repair"] else "")
        print("::%s %s::%s" % (LEVELS[one["severity"]], given, escaped(text)))
    if env.get("GITHUB_STEP_SUMMARY"):
        with open(env["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as file:
            file.write(summary(check, findings))
    if env.get("GITHUB_OUTPUT"):
        with open(env["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
            file.write("findings=%d\n" % len([one for one in findings if one["severity"] != "info"]))


def escaped(text):
    """As the runner reads a command's text (actions/toolkit, command.ts)."""
    return str(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_of(text):
    return escaped(text).replace(":", "%3A").replace(",", "%2C")


def summary(check, findings):
    title = "### migstate: the migration files\n\n" if check == "files" else "### migstate: the migration history\n\n"
    if not findings:
        return title + "Nothing is wrong.\n\n"
    lines = ["| | what | message | what mends it |", "|---|---|---|---|"]
    for one in findings:
        name = ".".join(word for word in (one["app"], one["migration"]) if word)
        cells = [one["severity"], "%s %s" % (one["code"], name), one["message"], one["repair"] or ""]
        lines.append("| %s |" % " | ".join(cell_of(cell) for cell in cells))
    return title + "\n".join(lines) + "\n\n"


def cell_of(text):
    """Plain text in a table of Markdown: what a file is called writes no HTML and no link."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace("\\", "\\\\")
    for mark in "|[]`*_":
        plain = plain.replace(mark, "\\" + mark)
    return plain


def gitlab(check, findings, document, env):
    """A report of code quality: GitLab shows it in the merge request. What has no file stands at manage.py."""
    import hashlib

    issues = []
    for one in findings:
        text = in_one_line(one)
        issues.append(
            {
                "description": text,
                "check_name": one["code"],
                "fingerprint": hashlib.sha256(("%s %s" % (one["id"], text)).encode("utf-8")).hexdigest(),
                "severity": SEVERITIES[one["severity"]],
                "location": {"path": one["file"] or "manage.py", "lines": {"begin": one["line"] or 1}},
            }
        )
    with open("gl-code-quality-report.json", "w", encoding="utf-8") as file:
        json.dump(issues, file, indent=1)


if __name__ == "__main__":
    main()
