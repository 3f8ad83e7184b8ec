"""
In place of manage.py for a run in the test database: the project's own manage.py, whose settings name the databases of the tests.

MIGSTATE_TEST_DATABASES: JSON, by alias what is changed of DATABASES. MIGSTATE_TEST_MANAGE: the real manage.py, where there is one.
"""

import json
import os
import runpy
import sys


def name_databases(changes):
    import django.conf

    made = django.conf.Settings.__init__

    def make(self, module):
        made(self, module)
        for alias, change in changes.items():
            self.DATABASES[alias].update(change)

    django.conf.Settings.__init__ = make


if __name__ == "__main__":
    # Only what lies beside the real one is found as if it lay here.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder or ".") != here]
    name_databases(json.loads(os.environ["MIGSTATE_TEST_DATABASES"]))
    manage = os.environ.get("MIGSTATE_TEST_MANAGE")
    if manage:
        sys.path.insert(0, os.path.dirname(manage))
        runpy.run_path(manage, run_name="__main__")
    else:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
