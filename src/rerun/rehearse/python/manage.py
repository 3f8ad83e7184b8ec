# Last part: manage.py sets up Django, and then this runs in place of its command.
def run_manage(path, module):
    """manage.py, or with `-m` a module in place of it: a package by its __main__."""
    if not module:
        return runpy.run_path(path, run_name="__main__")
    # Without alter_sys, which would put another name over the arguments.
    return runpy.run_module(module, run_name="__main__")


def main():
    tell("started", pid=os.getpid(), host=socket.gethostname())
    failpoint("started")
    path = SPEC["managePy"] if sys.version_info[0] > 2 else SPEC["managePy"].encode("utf-8")
    if sys.path and sys.path[0] == "":
        sys.path.pop(0)
    module = path[3:] if path.startswith("-m ") else None
    sys.path.insert(0, os.getcwd() if module else os.path.dirname(os.path.abspath(path)))
    # Where this shim is lost on the way, manage.py shows its help and does nothing.
    sys.argv = [path] + SPEC["arguments"] + ["--help"]
    sys.dont_write_bytecode = True
    try:
        from django.core.management import ManagementUtility
        from django.core.management.base import BaseCommand
    except Exception as error:
        give_up("django", "Django cannot be imported (%s)" % words(error))
    executed = ManagementUtility.execute

    def execute(self):
        if list(self.argv[1:]) == SPEC["arguments"] + ["--help"]:
            self.argv = self.argv[:-1]
            sys.argv = list(self.argv)
        return executed(self)

    def perform(self, *args, **kwargs):
        # In place of the command: manage.py has set up Django, and its migrate never begins.
        from django.conf import settings
        from django.core import mail
        from django.db import connections
        if STATE["done"]:
            return None
        STATE["done"] = True
        if not hasattr(sys, "addaudithook") and not SPEC["uncontained"]:
            give_up("uncontained", "Python %d.%d" % sys.version_info[:2])
        if SPEC["connection"]:
            connections[ALIAS].settings_dict.update(SPEC["connection"])
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        mail.outbox = []
        if hasattr(sys, "addaudithook"):
            sys.addaudithook(contain)
        seal()
        rehearse(connections[ALIAS])
        return None

    ManagementUtility.execute, BaseCommand.execute = execute, perform
    try:
        run_manage(path, module)
    except SystemExit as end:
        if end.code not in (None, 0):
            tell("ended")
            raise
    if not STATE["done"]:
        give_up("lost", "manage.py ended without running a command in this process")
    tell("ended")


main()
