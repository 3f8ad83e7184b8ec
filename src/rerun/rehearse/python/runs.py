# Fifth part: the runs themselves, one migration after the other.
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
    del DEFINED[:]
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
        trace = sys.exc_info()[2]
        # SQLite's schema editor asks the database on its way out, and is told that something failed before (Python 3 keeps what).
        if type(error).__name__ == "TransactionManagementError" and line_of(trace) is None and getattr(error, "__context__", None):
            first = error.__cause__ or error.__context__
            error, trace = first, first.__traceback__
        report["error"] = {"exception": type(error).__name__, "message": ("%s" % error).strip(), "operation": STATE["index"], "line": line_of(trace)}
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
    report["defines"] = sorted(set(DEFINED))
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
    tables = Tables(connection)
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
        report = steps(connection, tables, plan, state)
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


def steps(connection, tables, plan, state):
    """Each migration: run, run again, look, take the second run back; in the end, step by step back, what the first runs had found."""
    left_out, reports, stack = set(), [], []
    halves = [True, False] if SPEC["reverseFirst"] else [False]
    for number, (migration, _) in enumerate(plan):
        before, first = "migstate_before_%d" % number, "migstate_first_%d" % number
        send(connection, "SAVEPOINT " + before)
        runs, after = [], None
        again = SPEC["again"][number]
        known, seen = {}, {}
        for turn in range(2 if again else 1):
            total = None
            for backwards in halves:
                report, after_run = once(connection, migration, backwards, state, turn + 1)
                total = report if total is None else dict(report, durationMs=report["durationMs"] + total["durationMs"], mails=total["mails"] + report["mails"], defines=sorted(set(total["defines"] + report["defines"])), callbacks=total["callbacks"] + report["callbacks"])
                if report["outcome"] != "ran":
                    break
            runs.append(total)
            tell("ran", run=turn + 1, outcome=total["outcome"])
            if total["outcome"] != "ran":
                break
            if turn == 0:
                after = after_run
                send(connection, "SAVEPOINT " + first)
                if again:
                    reached = tables.reached()
                    known = tables.totals(reached)
                    tables.let_time_pass(reached)
                    tables.forget_session()
                failpoint("first-run")
        entry = {"app": migration.app_label, "name": migration.name, "runs": runs, "differences": [], "rowsCompared": 0, "tables": 0}
        reports.append(entry)
        if runs[0]["outcome"] != "ran" or STATE["refusal"] is not None:
            break
        reached = tables.reached()
        if len(runs) == 2:
            if runs[1]["outcome"] == "ran":
                now = tables.totals(reached)
                # None: it could not be made, or there was no such table.
                seen = tables.look(dict((sql, label) for sql, label in reached.items() if now.get(label) is None or now[label] != known.get(label)))
            failpoint("second-run")
            send(connection, "ROLLBACK TO SAVEPOINT " + first)
        middle = tables.look(reached)
        entry["tables"] = len(reached)
        entry["rowsCompared"] = sum(one["count"] for one in middle.values() if one)
        if len(runs) == 2 and runs[1]["outcome"] == "ran":
            for label in sorted(seen):
                found = compare(label, middle[label], seen[label], left_out)
                examples = found.pop("examples")
                if any(found.values()):
                    runs[1]["rows"][label] = found
                    entry["differences"].append(dict(found, table=label, examples=examples))
        stack.append((before, reached, middle, runs[0], left_out))
        state = after if after is not None else state
    for before, reached, middle, run, _ in reversed(stack):
        send(connection, "ROLLBACK TO SAVEPOINT " + before)
        for sql, label in sorted(reached.items(), key=lambda one: one[1]):
            found = tables.changes(sql, label, middle.pop(label), left_out)
            if any(found.values()):
                run["rows"][label] = found
    left_out.update("%s (cannot be read: %s)" % one for one in tables.unread.items())
    return {"migrations": reports, "left": sorted(left_out), "unread": sorted(tables.unread)}
