import { LOADER } from './program-loader.js'

/**
 * The question, as one program on standard input: read-only, Python 2.7 and 3, nothing but the standard library and Django. It reads
 * `request` = {settings, mark, manage}, starts Django as manage.py would, and writes `mark`, the answer as JSON, and `mark` again.
 */
export const PROGRAM = `
from __future__ import print_function
import io, json, os, sys, traceback
sys.dont_write_bytecode = True
real = os.dup(1)
os.dup2(2, 1)
folder = os.getcwd()
opened, listed = set(), set()
TEXT, WORDS = type(u""), (type(""), type(u""))
def note(path):
    if isinstance(path, WORDS):
        opened.add(os.path.abspath(path))
if hasattr(sys, "addaudithook"):
    WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND
    def audit(event, arguments):
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            # What is written, a log for one, is no answer to anything.
            if not (set(mode) & set("wax+") if isinstance(mode, WORDS) else isinstance(flags, int) and flags & WRITES):
                note(arguments[0])
        elif event in ("os.listdir", "os.scandir") and isinstance(arguments[0], WORDS):
            # Imports list every folder on the way.
            if not sys._getframe(1).f_code.co_filename.startswith("<frozen"):
                listed.add(os.path.abspath(arguments[0]))
    sys.addaudithook(audit)
else:
    def watched(function):
        def look(path, *more, **named):
            note(path)
            return function(path, *more, **named)
        return look
    try:
        import builtins
    except ImportError:
        import __builtin__ as builtins
    builtins.open = watched(builtins.open)
    io.open = watched(io.open)

def end(answer):
    data = request["mark"] + json.dumps(answer) + request["mark"]
    data = data.encode("ascii")
    while data:
        data = data[os.write(real, data):]
    sys.stderr.flush()
    os._exit(0)

def text(value):
    if isinstance(value, TEXT):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return TEXT(value)

def plain(value, depth=0):
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, WORDS):
        return text(value)
    if isinstance(value, dict):
        return dict((text(key), plain(one, depth + 1)) for key, one in value.items()) if depth < 6 else None
    if isinstance(value, (list, tuple, set)):
        return [plain(one, depth + 1) for one in value] if depth < 6 else None
    return text(value)

def lines(limit=10):
    """The last ones of Python, without its own way through imports and the marks beneath."""
    said = text(traceback.format_exc()).strip().split("\\n")
    return [line[:500] for line in said if '"<frozen importlib' not in line and line.strip(" ~^")][-limit:]

def source(module):
    path = getattr(module, "__file__", None)
    if not isinstance(path, WORDS):
        return None
    path = os.path.abspath(path)
    return text(path[:-1] if path.endswith((".pyc", ".pyo")) and os.path.isfile(path[:-1]) else path)

def seen(path):
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return [text(path), found.st_size, int(found.st_mtime)]

def of_project(path):
    standard = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
    elsewhere = path.startswith((standard, sys.prefix + os.sep, "/dev/", "/proc/", "/sys/")) or "-packages" + os.sep in path
    return path.startswith(folder + os.sep) and "-packages" + os.sep not in path or not elsewhere

def files(more):
    """Everything that the answer rests on, but for installed packages and Python itself: path, size, time."""
    wanted = set(more)
    for module in list(sys.modules.values()):
        try:
            note(source(module))
        except Exception:
            pass
    wanted = wanted | set(path for path in opened if of_project(path))
    wanted = sorted(path for path in wanted if path and "__pycache__" not in path and not path.endswith((".pyc", ".pyo")))
    return [seen(path) or [text(path), None, None] for path in wanted]
${LOADER}
def django_says():
    import django
    from django.apps import apps
    from django.conf import settings
    if not apps.ready:
        django.setup()
    from django.db.migrations.loader import MigrationLoader
    loaded, failed = None, None
    try:
        loaded = load()
    except (Exception, SystemExit):
        failed = lines()
    found = []
    for config in apps.get_app_configs():
        module = MigrationLoader.migrations_module(config.label)
        module = module[0] if isinstance(module, tuple) else module
        found.append({"label": text(config.label), "name": text(config.name), "path": text(config.path), "migrations": None if module is None else text(module)})
    names = [name for name in dir(settings) if name.endswith("_MODEL") or name in ("USE_TZ", "TIME_ZONE", "MIGRATION_MODULES", "INSTALLED_APPS")]
    values = dict((name, plain(getattr(settings, name, None))) for name in names)
    packages = [] if loaded is None else [path for one in loaded["migrations"] for path in [one["file"]] if path]
    return {
        "version": text(django.get_version()),
        "apps": found,
        "settings": dict((name, value) for name, value in values.items() if isinstance(value, (dict, list, bool) + WORDS)),
        "databases": plain(settings.DATABASES),
        "loader": loaded,
        "failed": failed,
        "files": files(packages),
        "folders": sorted(text(path) for path in listed if of_project(path) and "__pycache__" not in path),
    }

def ask(*arguments):
    if request["settings"] is not None:
        os.environ["DJANGO_SETTINGS_MODULE"] = request["settings"]
    try:
        end(django_says())
    except BaseException:
        print("\\n".join(lines(11)), file=sys.stderr)
        sys.stderr.flush()
        os._exit(1)

if request["settings"] is not None:
    os.environ["DJANGO_SETTINGS_MODULE"] = request["settings"]
manage = request["manage"]
sys.path[:] = [path for path in sys.path if path != ""]
module = manage[3:] if manage is not None and manage.startswith("-m ") else None
for place in [folder] if manage is None or module else [folder, os.path.dirname(os.path.abspath(manage))]:
    sys.path.insert(0, place)
sys.argv[:] = [manage or "manage.py", "migrate"]
if module or (manage is not None and os.path.isfile(manage)):
    import runpy
    try:
        from django.core.management import ManagementUtility
        ManagementUtility.execute = ask
        runpy.run_module(module, run_name="__main__") if module else runpy.run_path(manage, run_name="__main__")
    except BaseException:
        pass
ask()
`
