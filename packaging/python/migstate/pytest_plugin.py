"""
Fixtures for pytest: ``migstate``, ``migration_state`` and ``rerun``, on the test database of pytest-django, else on that of the settings.

The program works over connections of its own, so what a test has written has to be committed: with pytest-django a test that uses one of
them has the mark ``django_db(transaction=True)``.
"""

import json
import os
import sys

import pytest


def pytest_addoption(parser):
    parser.addini("migstate_project", "The folder of manage.py, for the fixtures of migstate.")


def pytest_itemcollected(item):
    # pytest-django looks at marks to tell which databases it has to make.
    if "migstate" not in getattr(item, "fixturenames", ()) or not uses_pytest_django(item.config):
        return
    own = item.get_closest_marker("django_db")
    given = dict(own.kwargs if own else {}, transaction=True)
    item.add_marker(pytest.mark.django_db(**given), append=False)


@pytest.fixture
def migstate_alias():
    """The alias in DATABASES; override it for another one, which the mark ``django_db(databases=[…])`` then has to name."""
    return "default"


@pytest.fixture
def migstate(request, migstate_alias):
    """The verbs of ``migstate.open()`` on the test database."""
    import migstate as program

    project = project_of(request.config)
    if not uses_pytest_django(request.config):
        with program.open(project=project, database=migstate_alias) as opened:
            yield opened
        return
    from django.db import connections

    connection = connections[migstate_alias]
    manage = None if project is None else os.path.join(project, "manage.py")
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(own_path()))
    # All of them: a router may send a migration to another one.
    env["MIGSTATE_TEST_DATABASES"] = json.dumps({alias: {"NAME": str(connections[alias].settings_dict["NAME"])} for alias in connections})
    if manage is not None and os.path.isfile(manage):
        env["MIGSTATE_TEST_MANAGE"] = manage
    here = os.path.dirname(os.path.abspath(__file__))
    with program.open(
        url=url_of(connection),
        project=project or str(request.config.rootpath),
        database=migstate_alias,
        settings=os.environ["DJANGO_SETTINGS_MODULE"],
        python=quoted(sys.executable),
        manage_py=os.path.join(here, "_test_manage.py"),
        env=env,
    ) as opened:
        yield opened


@pytest.fixture
def migration_state(migstate):
    """
    ``migration_state.unapplied("shop", "0003")``: from now on it and what depends on it count as not applied. However the test ends, the
    history is put back: rows, ids, times, counter. The schema is never touched.
    """
    state = MigrationState(migstate)
    yield state
    state.put_back()


@pytest.fixture
def rerun(migstate):
    """``rerun("shop", "0003")``: Django runs it again in the test database."""
    return migstate.rerun


class MigrationState:
    def __init__(self, opened):
        self._opened = opened
        self._snapshot = None

    def unapplied(self, *migrations):
        """With all that depends on them. :returns: the ``Change``"""
        self._remember()
        return self._opened.mark_unapplied(*migrations, with_dependants=True, reason="migration_state")

    def applied(self, *migrations):
        """With all that they depend on. :returns: the ``Change``"""
        self._remember()
        return self._opened.mark_applied(*migrations, with_dependencies=True, reason="migration_state")

    def _remember(self):
        if self._snapshot is None:
            self._snapshot = self._opened.snapshot(reason="migration_state").snapshot.id

    def put_back(self):
        if self._snapshot is not None:
            self._opened.restore(self._snapshot, reason="migration_state")
            self._snapshot = None


def uses_pytest_django(config):
    return config.pluginmanager.hasplugin("django") and bool(os.environ.get("DJANGO_SETTINGS_MODULE"))


def project_of(config):
    """Of the ini file; else the nearest folder with a manage.py, from the current one upwards, then below the root of the tests. None: none."""
    named = config.getini("migstate_project")
    if named:
        return os.path.join(str(config.rootpath), named)
    folder = os.getcwd()
    while True:
        if os.path.isfile(os.path.join(folder, "manage.py")):
            return folder
        if os.path.dirname(folder) == folder:
            break
        folder = os.path.dirname(folder)
    below = sorted(str(path.parent) for path in config.rootpath.glob("*/manage.py"))
    return below[0] if len(below) == 1 else None


def own_path():
    """Where the tests find modules, without what every run of this Python has."""
    folders = [os.path.abspath(folder or ".") for folder in sys.path]
    packages = (os.path.join(sys.prefix, ""), os.path.join(sys.base_prefix, ""))
    return [folder for folder in folders if os.path.isdir(folder) and not folder.startswith(packages)]


def quoted(word):
    return '"%s"' % word.replace("\\", "\\\\").replace('"', '\\"')


def url_of(connection):
    """Of a connection of Django, as the program reads it."""
    from urllib.parse import quote, urlencode

    from ._errors import WrongUsage

    settings = connection.settings_dict
    name = str(settings["NAME"])
    if connection.vendor == "sqlite":
        if name == ":memory:" or name.startswith("file:"):
            raise WrongUsage(
                "database-unknown",
                "The test database is in memory, where no other process sees it.",
                'Give it a file: DATABASES["%s"]["TEST"] = {"NAME": BASE_DIR / "test.sqlite3"}.' % connection.alias,
                2,
            )
        return "sqlite:///" + quote(os.path.abspath(name))
    if connection.vendor not in ("postgresql", "mysql"):
        raise WrongUsage("database-unknown", "The engine %s is none that migstate knows." % settings["ENGINE"], "", 2)
    user = quote(str(settings["USER"]), safe="")
    password = ":" + quote(str(settings["PASSWORD"]), safe="") if settings["PASSWORD"] else ""
    # Hosts may be addresses with colons, and folders of sockets.
    query = {"host": settings["HOST"], "port": settings["PORT"]}
    options = settings.get("OPTIONS") or {}
    query.update({word: options[word] for word in ("sslmode", "sslrootcert", "sslcert", "sslkey", "options", "passfile", "unix_socket") if word in options})
    given = urlencode({word: str(value) for word, value in query.items() if value})
    return "%s://%s%s@/%s?%s" % (connection.vendor, user, password, quote(name, safe=""), given)
