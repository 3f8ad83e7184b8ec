"""What Django's own migrations state says of models after each migration of a project: tables, columns, null, unique_together.

Reads one JSON question a line on stdin, {"folder", "maxNameLength"}; each is answered in a forked child.
"""
from __future__ import print_function, unicode_literals

from oracle import prepare, refusal, serve


def described(model):
    meta = model._meta
    return {
        "label": meta.label,
        "table": meta.db_table,
        "managed": meta.managed,
        "proxy": meta.proxy,
        "made": bool(meta.auto_created),
        "swapped": meta.swapped,
        "columns": []
        if meta.proxy
        else sorted([field.name, field.column, field.null, field.unique, field.primary_key] for field in meta.local_concrete_fields),
        "unique_together": sorted(list(group) for group in meta.unique_together),
        "relations": sorted([field.name, field.remote_field.through._meta.db_table] for field in meta.local_many_to_many if not meta.swapped),
        "constraints": sorted(one.name for one in meta.constraints),
        "indexes": sorted(one.name for one in meta.indexes),
    }


def rendered(state):
    models = state.apps.get_models(include_auto_created=True, include_swapped=True)
    return sorted([described(model) for model in models], key=lambda one: one["label"])


def answer(question):
    prepare(question["folder"])
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.state import ProjectState

    length = question["maxNameLength"]
    if length is not None:
        connection.ops.max_name_length = lambda: length
    loader = MigrationLoader(None)
    plan = []
    for leaf in loader.graph.leaf_nodes():
        plan += [node for node in loader.graph.forwards_plan(leaf) if node not in plan]
    state, steps = ProjectState(), []
    for node in plan:
        try:
            state = loader.graph.nodes[node].mutate_state(state)
            # Rendered anew: what was rendered before keeps old tables of proxies of proxies.
            steps.append({"node": list(node), "models": rendered(state.clone())})
        except Exception as error:
            steps.append({"node": list(node), "error": refusal(error)})
            break
    if not any("error" in step for step in steps):
        assert rendered(loader.project_state(loader.graph.leaf_nodes())) == steps[-1]["models"]
    return {"steps": steps}


if __name__ == "__main__":
    import django.db.models  # noqa: F401
    import django.db.backends.sqlite3.base  # noqa: F401

    serve(answer)
