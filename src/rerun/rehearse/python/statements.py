# Second part: what of SQL would end the transaction or write where nothing is compared; every statement of the code passes here.
# MySQL manual, statements that cause an implicit commit; what ends or begins a transaction by hand; what a server runs outside of one.
IMPLICIT = re.compile(r"(create|alter|drop|truncate|rename|lock|unlock|grant|revoke|analyze|optimize|repair|check|flush|reset|install|uninstall|load\s+index|cache|change|set\s+password|purge|stop|start)\b(?!\s+temporary\b)", re.I)
EXPLICIT = re.compile(r"(commit|begin|start\s+transaction|end|rollback(?!\s+(work\s+|transaction\s+)?to\b)|abort|prepare\s+transaction|set\s+(session\s+|@@(session\.)?)?autocommit|xa)\b", re.I)
APART = re.compile(r"(vacuum|create\s+database|drop\s+database|create\s+tablespace|drop\s+tablespace|alter\s+system|reindex\s+database|attach|detach)\b|(create|drop|reindex|refresh|alter)\b.*\bconcurrently\b|copy\b.*\bprogram\b", re.I | re.S)
QUOTED = re.compile(r"'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*(?!!).*?\*/", re.S)
BODY = re.compile(r"create\s+(or\s+replace\s+)?(\w+\s+)*?(trigger|function|procedure)\b", re.I)
COMMENTS = re.compile(r"(\s|;|\(|--[^\n]*(\n|$)|#[^\n]*(\n|$)|/\*(?!!).*?\*/)*", re.S)
WRITES = re.compile(r"\b(insert\s+(?:\w+\s+)*?into|replace\s+(?:\w+\s+)*?into|update(?:\s+only|\s+ignore|\s+low_priority|\s+or\s+\w+)?|delete\s+(?:\w+\s+)*?from|truncate(?:\s+table)?|merge\s+into|copy|alter\s+table|create\s+table(?:\s+if\s+not\s+exists)?|drop\s+table(?:\s+if\s+exists)?|load\s+data.*?into\s+table)\s+((?:[`\"\[]?[\w$]+[`\"\]]?\.)?[`\"\[]?[\w$]+[`\"\]]?)", re.I | re.S)
CLOCK = re.compile(r"\b(now|sysdate|current_timestamp|current_time|localtime|localtimestamp|unix_timestamp|curtime|utc_time|utc_timestamp|datetime|strftime|julianday|unixepoch)\b", re.I)
TEMPORARY = re.compile(r"create\s+temporary\s+table\s+(?:if\s+not\s+exists\s+)?((?:[`\w$]+\.)?[`\w$]+)", re.I)
DEFINES = re.compile(r"(create|alter|drop|rename|comment|grant|revoke)\b(?!\s+(local\s+|global\s+)?(temporary|temp)\b)", re.I)
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
            STATE["clock"] = STATE["clock"] or bool(CLOCK.search(head))
        STATE["temporary"].update(TEMPORARY.findall(head))
        if STATE["armed"] and DEFINES.match(head):
            DEFINED.append(" ".join(head.split()[:3]))
        if at_outer_level(self.connection) and DB["failureAborts"] and not re.match(r"(savepoint|release|rollback)\b", head, re.I):
            result = self.alone(execute, sql, params, many, context)
        else:
            result = execute(sql, params, many, context)
        if STATE["armed"] and WRITES.match(head):
            count_written(self.connection.connection, context["cursor"])
        return result

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


def count_written(raw, cursor):
    """How far it is, for whoever waits. sqlite3 has no count for a statement with RETURNING, but one of its own for all."""
    total = getattr(raw, "total_changes", None)
    STATE["written"] = STATE["written"] + max(getattr(cursor, "rowcount", None) or 0, 0) if total is None else total
    if not STATE["written"] or time.time() - STATE["told"] < 0.5:
        return
    STATE["told"] = time.time()
    STATE["pause"] = True
    tell("written", rows=STATE["written"])
    STATE["pause"] = False


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
