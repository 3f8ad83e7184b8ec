/** The part of the question that is about migrations; `text` and `source` come from the program around it. */
export const LOADER = `
def load():
    """What Django's own loader has of each migration before squashes take their places, and the graph that it makes for an empty history."""
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations import operations as known
    from django.db.migrations.operations.base import Operation
    METHODS = ("database_forwards", "database_backwards", "state_forwards", "__init__", "reversible")
    budget = [1000000]

    def django_class(base):
        return text(getattr(base, "__module__", "")).startswith("django.")

    def named(value, default=None):
        return text(value) if isinstance(value, WORDS) else default

    def flag(one, name):
        value = getattr(one, name, None)
        return value if isinstance(value, bool) else None

    def sql_of(value, depth=0):
        if isinstance(value, WORDS):
            return [text(value)[:200000]]
        if isinstance(value, (list, tuple)) and depth < 4:
            return [found for item in list(value)[:10000] for found in (sql_of(item[0] if isinstance(item, tuple) and item else item, depth + 1))]
        return []

    def code_of(value):
        if value is known.RunPython.noop:
            return "RunPython.noop"
        name = named(getattr(value, "__name__", None))
        return "%s(...)" % text(type(value).__name__) if name is None else name

    def operation(one, depth=0):
        budget[0] -= 1
        if budget[0] < 0 or depth > 20:
            raise ValueError("there are too many operations")
        order = type(one).__mro__
        found = {"type": text(type(one).__name__), "bases": [text(base.__name__) for base in order if django_class(base)], "own": []}
        for method in METHODS:
            owner = next((base for base in order if method in base.__dict__), None)
            if owner is not None and not django_class(owner):
                found["own"].append(method)
        for name in ("model_name", "name", "old_name", "new_name"):
            found[name] = named(getattr(one, name, None))
        try:
            found["reversible"] = bool(one.reversible)
        except Exception:
            found["reversible"] = None
        found["elidable"] = bool(getattr(one, "elidable", False))
        if isinstance(one, known.RunPython):
            found.update(atomic=flag(one, "atomic"), code=code_of(one.code), noop=one.reverse_code is known.RunPython.noop)
        if isinstance(one, known.RunSQL):
            found.update(sql=sql_of(one.sql), plain=isinstance(one.sql, WORDS), noop=named(one.reverse_sql) == "")
        if isinstance(one, known.SeparateDatabaseAndState):
            found["inner"] = [operation(each, depth + 1) for each in one.database_operations or []]
        return found

    def pairs(keys):
        return [[text(part) for part in list(key)[:2]] for key in keys]

    def dependency(key):
        return [text(part) for part in list(key)[:2]] + ([text(key.setting)] if hasattr(key, "setting") else [])

    def migration(key, one, module):
        file = source(sys.modules.get("%s.%s" % (module, key[1])))
        initial, atomic = getattr(one, "initial", None), getattr(one, "atomic", True)
        return {
            "app": text(key[0]),
            "name": text(key[1]),
            "label": text(one.app_label),
            "file": file,
            "dependencies": [dependency(each) for each in one.dependencies],
            "runBefore": [dependency(each) for each in one.run_before],
            "replaces": pairs(one.replaces),
            "initial": None if initial is None else bool(initial),
            "atomic": bool(atomic),
            "operations": [operation(each) for each in one.operations],
        }

    said = {}

    class Loader(MigrationLoader):
        def load_disk(self):
            MigrationLoader.load_disk(self)
            modules = {}
            for label in set(key[0] for key in self.disk_migrations):
                module = self.migrations_module(label)
                modules[label] = module[0] if isinstance(module, tuple) else module
            if not said:
                said["migrations"] = [migration(key, self.disk_migrations[key], modules[key[0]]) for key in sorted(self.disk_migrations)]
                said["migrated"] = sorted(text(label) for label in self.migrated_apps)
                said["folders"] = sorted(set(text(path) for module in modules.values() for path in getattr(sys.modules.get(module), "__path__", [])))

    loader = Loader(None, load=False)
    try:
        loader.build_graph()
        graph = loader.graph
        said["graph"] = {
            "nodes": pairs(sorted(graph.nodes)),
            "edges": [pairs([key, getattr(parent, "key", parent)]) for key in sorted(graph.nodes) for parent in sorted(graph.node_map[key].parents)],
        }
    except Exception as error:
        if not said:
            raise
        said["graph"] = {"exception": text(type(error).__name__), "message": text(error)}
    return said
`
