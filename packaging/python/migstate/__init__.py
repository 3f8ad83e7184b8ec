"""The command line program migstate, and its verbs for tests and scripts: ``migstate.open(url=…, project=…)``.

``python -m migstate`` starts the program. It is JavaScript and lies in the folder ``node``.
"""

__all__ = [
    "Failed",
    "Interrupted",
    "Key",
    "LockTimeout",
    "ManageFailed",
    "Migstate",
    "MigstateError",
    "OutcomeUnknown",
    "Refused",
    "Row",
    "TableChanged",
    "WrongUsage",
    "open",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._client import Migstate, open
    from ._errors import Failed, Interrupted, LockTimeout, ManageFailed, MigstateError, OutcomeUnknown, Refused, TableChanged, WrongUsage
    from ._results import Key, Row


def __getattr__(name):
    # The program starts through this file too, and needs none of it.
    if name not in __all__:
        raise AttributeError("module 'migstate' has no attribute %r" % name)
    from . import _client, _errors, _results

    for module in (_client, _errors, _results):
        if hasattr(module, name):
            return getattr(module, name)
    raise AssertionError(name)


def __dir__():
    return __all__
