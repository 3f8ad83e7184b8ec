/** The question, as one program on standard input: read-only, Python 2.7 and 3, nothing but the standard library and Django. */
export const PROGRAM = `
import json, os, sys
real = os.dup(1)
os.dup2(2, 1)
sys.path.insert(0, os.getcwd())
request = json.loads(os.environ["MIGSTATE_ASK"])
os.environ["DJANGO_SETTINGS_MODULE"] = request["settings"]
opened = set()
if hasattr(sys, "addaudithook"):
    def audit(event, arguments):
        if event == "open" and isinstance(arguments[0], type(u"")):
            opened.add(os.path.abspath(arguments[0]))
    sys.addaudithook(audit)
def plain(value, depth=0):
    if value is None or isinstance(value, (bool, int, float, type(""), type(u""))):
        return value
    if isinstance(value, dict):
        return dict((str(key), plain(one, depth + 1)) for key, one in value.items()) if depth < 6 else None
    if isinstance(value, (list, tuple, set)):
        return [plain(one, depth + 1) for one in value] if depth < 6 else None
    return str(value)
import django
django.setup()
from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
found = []
for config in apps.get_app_configs():
    module = MigrationLoader.migrations_module(config.label)
    found.append({"label": config.label, "name": config.name, "migrations": module[0] if isinstance(module, tuple) else module})
names = [name for name in dir(settings) if name.endswith("_MODEL") or name in ("USE_TZ", "TIME_ZONE", "MIGRATION_MODULES", "INSTALLED_APPS")]
for module in list(sys.modules.values()):
    name = getattr(module, "__file__", None)
    if name:
        opened.add(os.path.abspath(name))
answer = {
    "version": django.get_version(),
    "apps": found,
    "settings": dict((name, plain(getattr(settings, name, None))) for name in names if isinstance(plain(getattr(settings, name, None)), (dict, list, bool, type(""), type(u"")))),
    "databases": plain(settings.DATABASES),
    "opened": sorted(path for path in opened if path.startswith(os.getcwd() + os.sep) and "__pycache__" not in path) if hasattr(sys, "addaudithook") else None,
}
os.write(real, ("\\n" + request["mark"] + json.dumps(answer) + "\\n").encode("utf-8"))
`
