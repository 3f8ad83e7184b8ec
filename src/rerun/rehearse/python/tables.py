# Fourth part: the rows of the tables that the code writes to, before and after a run.
VIEWS = (memoryview,) if str is not bytes else (memoryview, buffer)  # noqa: F821


class Tables(object):
    """What tables hold, at one point of the transaction. Made before it begins."""

    def __init__(self, connection):
        self.connection = connection
        self.unread = {}
        self.temporary = self.drops()
        # A server may be without the function, or without the right to use it (FIPS).
        self.digests = DB["rowDigest"]
        try:
            if self.digests and not ask(connection, self.digests["probe"])[0][0]:
                self.digests = None
        except Exception:
            self.digests = None

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

    def drops(self):
        if DB["temporary"] is None:
            return set("DROP TEMPORARY TABLE IF EXISTS " + name for name in STATE["temporary"])
        return set("%s" % one[0] for one in ask(self.connection, DB["temporary"]))

    def forget_session(self):
        """A run of its own would have a session of its own, without the temporary tables of the first."""
        for drop in self.drops() - self.temporary:
            send(self.connection, drop)

    def let_time_pass(self, tables):
        """Clocks that count in whole seconds would give the second run the time of the first."""
        if DB["wholeSeconds"] and (STATE["clock"] or any(ask(self.connection, DB["wholeSeconds"], [label])[0][0] for label in tables.values())):
            # A whole one: the server's clock is not this one.
            time.sleep(1.01)

    def look(self, tables):
        """{label: its rows by key, each as a digest}; None: there is no such table, or it cannot be read."""
        return dict((label, self.apart(sql, label, self.read)) for sql, label in tables.items())

    def totals(self, tables):
        """{label: count and sum of the digests}, where the server makes them: no row is fetched."""
        return dict((label, self.apart(sql, label, self.total)) for sql, label in tables.items()) if self.digests else {}

    def apart(self, sql, label, work):
        """What it sets is gone afterwards, and its failure spoils nothing (PostgreSQL aborts a transaction)."""
        send(self.connection, "SAVEPOINT migstate_look")
        found = None
        try:
            for setting in DB["reading"]:
                send(self.connection, setting)
            found = work(sql, label)
        except Exception as error:
            self.unread[label] = words(error).split("\n")[0]
        send(self.connection, "ROLLBACK TO SAVEPOINT migstate_look")
        send(self.connection, "RELEASE SAVEPOINT migstate_look")
        if found is None and not self.there(sql, label):
            self.unread.pop(label, None)
        return found

    def there(self, sql, label):
        if DB["resolve"]:
            return bool(ask(self.connection, DB["resolve"], [sql]))
        return any("%s" % one[0] == label for one in ask(self.connection, DB["tables"]))

    def about(self, sql, label):
        """Its columns, those of its primary key, SQL for the digest of a row `t` (None: rows are fetched), how many there are."""
        cursor = self.connection.connection.cursor()
        try:
            cursor.execute("SELECT * FROM %s LIMIT 0" % sql)
            columns = [one[0] for one in cursor.description]
        finally:
            cursor.close()
        digest = self.digests and self.digests["row"]
        if digest and self.digests["columns"]:
            digest = digest.replace("{columns}", ", ".join("%s" % one[0] for one in ask(self.connection, self.digests["columns"], [label])))
        keys = ["%s" % one[0] for one in ask(self.connection, DB["primaryKey"], [sql if DB["resolve"] else label])]
        if digest is None and not set(keys) <= set(columns):
            keys = []
        return columns, keys, digest, int(ask(self.connection, "SELECT count(*) FROM " + sql)[0][0])

    def total(self, sql, label):
        digest = self.about(sql, label)[2]
        count, total = ask(self.connection, "SELECT count(*), %s FROM (SELECT %s AS d FROM %s AS t) AS s" % (self.digests["total"], digest, sql))[0]
        return int(count), int(total)

    def read(self, sql, label):
        """Above the limit only a count and a sum of digests."""
        columns, keys, digest, count = self.about(sql, label)
        found = {"rows": None, "count": count, "total": None, "keys": keys, "columns": columns}
        if count > SPEC["maxRows"]:
            found["total"] = self.total(sql, label)[1] if digest else sum(one for _, one in self.stream(sql, columns, keys, digest))
            return found
        rows = found["rows"] = {}
        for key, one in self.stream(sql, columns, keys, digest):
            if keys:
                rows[key] = one
            else:
                rows[one] = rows.get(one, 0) + 1
        return found

    def stream(self, sql, columns, keys, digest):
        """Key and digest of each row; a key of one column alone, of several as a tuple."""
        if digest:
            at = range(1, len(keys) + 1)
            select = ", ".join([digest] + ["t." + self.connection.ops.quote_name(key) for key in keys])
        else:
            at, select = [columns.index(key) for key in keys], "t.*"
        cursor = self.cursor()
        try:
            cursor.execute("SELECT %s FROM %s AS t" % (select, sql))
            while True:
                chunk = cursor.fetchmany(2000)
                if not chunk:
                    return
                for row in chunk:
                    one = int(row[0] if digest else hashlib.sha256(repr([plain(value) for value in row]).encode("utf-8", "backslashreplace")).hexdigest()[:32], 16)
                    yield key_of(row[at[0]]) if len(at) == 1 else tuple(key_of(row[one]) for one in at), one
        finally:
            cursor.close()

    def cursor(self):
        """One that does not fetch everything at once; MySQLdb and PyMySQL have it under the same name."""
        raw = self.connection.connection
        if self.connection.vendor == "mysql":
            package = type(raw).__module__.split(".")[0]
            try:
                return raw.cursor(__import__(package + ".cursors", fromlist=["SSCursor"]).SSCursor)
            except (ImportError, AttributeError):
                return raw.cursor()
        return self.connection.chunked_cursor() if hasattr(self.connection, "chunked_cursor") else self.connection.cursor()

    def changes(self, sql, label, later, left_out):
        """What came to be of what is there now; the rows of `later` are used up by it."""
        now = self.apart(sql, label, lambda *_: self.tally(sql, label, later))
        if now is not None:
            return now
        if label in self.unread:
            return {"inserted": 0, "updated": 0, "deleted": 0}
        now = self.apart(sql, label, self.read)
        found = compare(label, now, later, left_out)
        found.pop("examples")
        return found

    def tally(self, sql, label, later):
        """Row by row, without keeping them. None: they cannot be compared like this."""
        columns, keys, digest, count = self.about(sql, label)
        if later is None or later["rows"] is None or count > SPEC["maxRows"] or columns != later["columns"] or keys != later["keys"]:
            return None
        rows, updated, deleted = later["rows"], 0, 0
        for key, one in self.stream(sql, columns, keys, digest):
            name = key if keys else one
            other = rows.pop(name, None)
            if other is None:
                deleted += 1
            elif keys:
                updated += other != one
            elif other > 1:
                rows[name] = other - 1
        return {"inserted": len(rows) if keys else sum(rows.values()), "updated": updated, "deleted": deleted}


def plain(value):
    """Drivers hand out bytes as views, which show their address."""
    return bytes(value) if isinstance(value, VIEWS) else value


def key_of(value):
    return value if isinstance(value, int) and not isinstance(value, bool) else "%s" % (plain(value),)


def in_order(key):
    return [(0, one, "") if isinstance(one, int) else (1, 0, one) for one in (key if isinstance(key, tuple) else (key,))]


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
    for key, one in after.items():
        if key not in before:
            found["inserted"].append(key)
        elif same_columns and before[key] != one:
            found["updated"].append(key)
    found["deleted"] = [key for key in before if key not in after]
    names = right["keys"] or left["keys"]
    examples = []
    for verb in ("inserted", "updated", "deleted"):
        for key in heapq.nsmallest(SPEC["show"] - len(examples), found[verb], key=in_order):
            examples.append({"change": verb, "key": dict(zip(names, ["%s" % one for one in (key if isinstance(key, tuple) else (key,))]))})
    return dict(((verb, len(keys)) for verb, keys in found.items()), examples=examples)
