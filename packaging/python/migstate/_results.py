"""The results of the program's JSON (docs/json.md) as dataclasses: names in snake_case, pairs of app and name as ``Key``."""

import re
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Dict, List, NamedTuple, Optional, Union, get_type_hints


class Key(NamedTuple):
    app: str
    name: str

    def __str__(self) -> str:
        return "%s.%s" % self


class Warning(NamedTuple):
    code: str
    message: str


@dataclass
class Row:
    """``applied`` is the stored value, exact; in a dry run new rows have ``id`` and ``applied`` None."""

    id: Optional[str]
    app: str
    name: str
    applied: Optional[str]
    applied_type: Optional[str] = None


@dataclass
class Result:
    """``warnings``: what weakens this answer. ``raw``: the JSON that it was made of."""

    warnings: List[Warning] = field(default_factory=list, init=False, compare=False)
    raw: Dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)


@dataclass
class Advice:
    when: Optional[str]
    command: str


@dataclass
class Migration:
    name: str
    state: str
    recorded: bool
    applied: Optional[str]
    hole: bool
    applied_above: Optional[Key]
    rows: int
    data: Optional[bool]
    replaces: List[Key]
    operations: Optional[List[str]] = None


@dataclass
class App:
    label: str
    path: str
    migrations: List[Migration]
    ghosts: List[Row]


@dataclass
class UnknownApp:
    label: str
    installed: bool
    rows: List[Row]


@dataclass
class StatusFinding:
    code: str
    app: str
    migration: Optional[str]
    message: str
    next: List[Advice]


@dataclass
class Database:
    alias: str
    engine: str
    version: str
    host: Optional[str]
    name: str
    schema: Optional[str]
    table: str


@dataclass
class Django:
    version: Optional[str]
    settings: Optional[str]
    environment: Optional[str]


@dataclass
class Summary:
    applied: int
    unapplied: int
    holes: int
    ghosts: int
    duplicates: int
    conflicts: int
    unreadable: int


@dataclass
class Status(Result):
    database: Database
    django: Django
    apps: List[App]
    unknown_apps: List[UnknownApp]
    not_found: List[str]
    findings: List[StatusFinding]
    summary: Summary


@dataclass
class Step:
    app: str
    name: str
    direction: str


@dataclass
class Gate:
    gate: str
    message: str
    exception: Optional[str]
    migrations: List[Key]
    next: List[Advice]


@dataclass
class Plan(Result):
    steps: List[Step]
    blocked_by: List[Gate]
    not_found: List[str]


@dataclass
class Repair:
    command: str
    recommended: bool
    safe: bool
    why: str


@dataclass
class Finding:
    id: str
    code: str
    severity: str
    app: Optional[str]
    migration: Optional[str]
    message: str
    evidence: List[str]
    repairs: List[Repair]


@dataclass
class Doctor(Result):
    findings: List[Finding]
    explained: Optional[bool] = None


@dataclass
class KeptRehearsal:
    at: str
    actor: str
    answer: str
    verdict: str
    #: File, history and database are still those that it was made with.
    current: bool


@dataclass
class ShownMigration:
    app: str
    name: str
    file: Optional[str]
    state: str
    row: Optional[Row]
    rows: List[Row]
    dependencies: List[Key]
    dependants: List[Key]
    replaces: List[Key]
    atomic: Optional[bool]
    initial: Optional[bool]
    operations: Optional[List[Dict[str, Any]]]
    reversible: Optional[bool]
    hazards: List[Dict[str, Any]]
    journal: List[str]
    rehearsal: Optional[KeptRehearsal]
    next: List[Advice]


@dataclass
class Show(Result):
    migration: ShownMigration


@dataclass
class Node:
    app: str
    name: str
    state: str


class Edge(NamedTuple):
    child: Key
    parent: Key


@dataclass
class Graph(Result):
    nodes: List[Node]
    edges: List[Edge]


@dataclass
class Update:
    before: Row
    after: Row


@dataclass
class Changes:
    removed: List[Row]
    added: List[Row]
    updated: List[Update]


@dataclass
class Operation:
    id: str
    kind: str
    status: str
    snapshot: str


@dataclass
class Change(Result):
    """``operation`` is None in a dry run and where nothing was to do."""

    operation: Optional[Operation]
    dry_run: bool
    changes: Changes
    next: Optional[Plan]
    creates: List[str]
    #: The next id ``before`` and ``after``, where ``repair --fix-table`` has mended what gives it; ``before`` may be None.
    counter: Optional[Dict[str, Optional[str]]] = None


@dataclass
class FakeChange(Change):
    other_apps: List[Row] = field(default_factory=list)


@dataclass
class UndoneOperation:
    id: str
    kind: str
    target: str
    actor: str
    host: str
    started_at: str
    reason: Optional[str]


@dataclass
class Rollback(Change):
    undoes: List[UndoneOperation] = field(default_factory=list)
    undone_by: Optional[UndoneOperation] = None


@dataclass
class Hazard:
    code: str
    message: str
    line: Optional[int]
    migration: Optional[Key]


@dataclass
class Run:
    kind: str
    mode: str
    target: Key
    reverse_first: bool
    operation: Optional[str]
    duration_ms: Optional[int]
    exit_code: Optional[int]
    hidden: List[Key]
    hazards: List[Hazard]
    rows: Optional[Dict[str, Dict[str, int]]]
    python: Optional[str]


@dataclass
class Rerun(Change):
    """``output``: what manage.py has printed."""

    rerun: Optional[Run] = None
    reruns: List[Run] = field(default_factory=list)
    hazards: List[Hazard] = field(default_factory=list)
    output: str = ""


@dataclass
class PastOperation:
    id: str
    kind: str
    target: str
    status: str
    started_at: str
    finished_at: Optional[str]
    actor: str
    host: str
    reason: Optional[str]
    command: str
    undoes: List[str]
    undone_by: Optional[str]
    readable: bool
    copy_pruned_at: Optional[str]
    changes: Dict[str, int]


@dataclass
class History(Result):
    operations: List[PastOperation]


@dataclass
class Event:
    at: str
    event: str
    detail: Any
    problem: Optional[str] = None


@dataclass
class WholeOperation:
    id: str
    kind: str
    target: str
    status: str
    started_at: str
    finished_at: Optional[str]
    actor: str
    host: str
    reason: Optional[str]
    command: str
    undoes: List[str]
    undone_by: Optional[str]
    readable: bool
    copy_pruned_at: Optional[str]
    snapshot: str
    changes: Changes
    events: List[Event]


@dataclass
class OperationAnswer(Result):
    operation: WholeOperation


@dataclass
class Snapshot:
    id: str
    operation: Optional[str]
    created_at: str
    rows: int
    digest: str
    label: str


@dataclass
class SnapshotAnswer(Result):
    snapshot: Snapshot


@dataclass
class SnapshotList(Result):
    snapshots: List[Snapshot]


@dataclass
class WholeSnapshot(Snapshot):
    sequence: Optional[str]
    history: List[Row]


@dataclass
class SnapshotRows(Result):
    snapshot: WholeSnapshot


@dataclass
class SnapshotPrune(Result):
    dry_run: bool
    pruned: List[Snapshot]
    kept: int


def decode(kind: Any, value: Any) -> Any:
    """A value of JSON as ``kind``. What a later program adds is left to ``raw``; what an earlier one lacks has its default, else None."""
    if value is None:
        return None
    inner = getattr(kind, "__args__", None) or ()
    if getattr(kind, "__origin__", None) is Union:
        return decode(inner[0], value)
    if getattr(kind, "__origin__", None) in (list, List):
        return [decode(inner[0], one) for one in value]
    if isinstance(kind, type) and issubclass(kind, tuple):
        hints = list(get_type_hints(kind).values())
        return kind(*[decode(hint, one) for hint, one in zip(hints, value)])
    return _build(kind, value) if is_dataclass(kind) else value


def _build(kind: Any, value: Dict[str, Any]) -> Any:
    hints = get_type_hints(kind)
    given = {}
    for one in fields(kind):
        name = json_name(one.name)
        if one.init and name in value:
            given[one.name] = decode(hints[one.name], value[name])
        elif one.init and not _has_default(one):
            given[one.name] = None
    made = kind(**given)
    if isinstance(made, Result):
        made.raw = value
    return made


def _has_default(one: Any) -> bool:
    from dataclasses import MISSING

    return one.default is not MISSING or one.default_factory is not MISSING


def json_name(name: str) -> str:
    """``applied_type`` is ``appliedType``."""
    return re.sub("_(.)", lambda match: match.group(1).upper(), name)
