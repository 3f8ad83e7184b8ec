"""What the program says no with, by its exit code; ``code`` tells more (docs/exit-codes.md)."""


class MigstateError(Exception):
    """
    ``code``: a stable word such as ``would-make-hole``. ``message``, ``hint``: the fact with its consequence, and what to do. ``exit_code``.
    ``consequence``: ``nothing`` was changed, ``rolled-back``, ``committed`` or ``unknown``. ``details``: by code, as in docs/json.md.
    ``warnings``: pairs of code and message. ``output``: what manage.py has printed.
    """

    def __init__(self, code, message, hint="", exit_code=1, consequence="nothing", details=None, warnings=(), output=""):
        super().__init__("[%s] %s%s" % (code, message, "\n" + hint if hint else ""))
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        self.consequence = consequence
        self.details = details or {}
        self.warnings = list(warnings)
        self.output = output


class Failed(MigstateError):
    """1: it failed, and nothing was changed."""


class WrongUsage(MigstateError):
    """2: a name, flag or URL that is wrong."""


class Refused(MigstateError):
    """4: a rule of safety speaks against it."""


class LockTimeout(MigstateError):
    """5: somebody else holds the lock."""


class TableChanged(MigstateError):
    """6: the rows concerned are no longer as they were."""


class ManageFailed(MigstateError):
    """7: manage.py did not run the migration; the history is as before."""


class OutcomeUnknown(MigstateError):
    """8: an operation is unfinished, or nobody can tell what became of it."""


class Interrupted(MigstateError):
    """130: the history is as before."""


BY_EXIT = {1: Failed, 2: WrongUsage, 4: Refused, 5: LockTimeout, 6: TableChanged, 7: ManageFailed, 8: OutcomeUnknown, 130: Interrupted}


def error_of(told, warnings=(), output=""):
    """Of the ``error`` of a document."""
    kind = BY_EXIT.get(told["exitCode"], MigstateError)
    return kind(
        told["code"],
        told["message"],
        told.get("hint", ""),
        told["exitCode"],
        told.get("consequence", "unknown"),
        told.get("details"),
        warnings,
        output,
    )
