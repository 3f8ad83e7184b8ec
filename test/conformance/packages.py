"""What Django's own loader says of a project: apps and labels, migrations, edges, operations. Prints one JSON document."""
from __future__ import print_function, unicode_literals

import json
import os
import sys

# As manage.py of this folder: a project may have a package of its own by the name of a file beside this one.
sys.path[0] = os.getcwd()

import django  # noqa: E402

django.setup()

from django.apps import apps  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402

TEXT = type("")


def literal(value, depth=0):
    """Plain values as they are, anything else as None in a list of one: not compared."""
    if value is None or isinstance(value, (bool, int, float, TEXT)):
        return value
    if isinstance(value, (list, tuple)) and depth < 6:
        return [literal(one, depth + 1) for one in value]
    return {"opaque": type(value).__name__}


def operation(one):
    found = {"type": type(one).__name__, "bases": [base.__name__ for base in type(one).__mro__ if base.__module__.startswith("django.")]}
    try:
        # Django asks the wrapper, which says yes, and dies on what is inside.
        inside = one.database_operations if type(one).__name__ == "SeparateDatabaseAndState" else []
        found["reversible"] = bool(one.reversible) and all(bool(each.reversible) for each in inside)
    except Exception:
        found["reversible"] = None
    for name in ("model_name", "name", "old_name", "new_name", "elidable", "atomic"):
        value = getattr(one, name, None)
        if value is None or isinstance(value, (bool, TEXT)):
            found[name] = value
    for name in ("unique_together", "index_together", "options", "table", "sql"):
        if name in getattr(one, "__dict__", {}):
            found[name] = literal(getattr(one, name)) if not isinstance(getattr(one, name), set) else sorted(literal(getattr(one, name)), key=TEXT)
    code = getattr(one, "code", None)
    if code is not None:
        found["code"] = getattr(code, "__name__", None)
    hints = getattr(one, "hints", None)
    if hints:
        found["hints"] = sorted(hints)
    return found


def migrations():
    try:
        loader = MigrationLoader(None, load=False, ignore_no_migrations=True)
    except TypeError:
        loader = MigrationLoader(None)
    loader.load_disk()
    found = []
    for key in sorted(loader.disk_migrations):
        one = loader.disk_migrations[key]
        found.append(
            {
                "key": list(key),
                "label": one.app_label,
                "dependencies": [list(dep) for dep in one.dependencies],
                "runBefore": [list(dep) for dep in one.run_before],
                "replaces": [list(dep) for dep in one.replaces],
                "initial": getattr(one, "initial", None),
                "atomic": getattr(one, "atomic", True),
                "operations": [operation(each) for each in one.operations],
            }
        )
    graph = {"nodes": [], "edges": []}
    plan = []
    try:
        built = MigrationLoader(None, ignore_no_migrations=True).graph
        for leaf in built.leaf_nodes():
            for key in built.forwards_plan(leaf):
                if list(key) not in plan:
                    plan.append(list(key))
        graph["nodes"] = sorted(list(key) for key in built.nodes)
        graph["edges"] = sorted([list(key), list(parent.key if hasattr(parent, "key") else parent)] for key in built.nodes for parent in built.node_map[key].parents)
    except Exception as error:
        graph = {"exception": type(error).__name__, "message": TEXT(error)}
    return {
        "apps": [{"label": config.label, "name": config.name} for config in apps.get_app_configs()],
        "migrated": sorted(loader.migrated_apps),
        "migrations": found,
        "graph": graph,
        "plan": plan,
    }


print(json.dumps(migrations()))
