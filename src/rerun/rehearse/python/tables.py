# Fourth part: the rows of the tables that the code writes to, before and after a run.
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
