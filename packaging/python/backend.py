"""Makes the wheel and the sdist of this folder (PEP 517) with Python's own library alone: the same bytes from the same files."""

import base64
import gzip
import hashlib
import io
import os
import stat
import tarfile
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
# The earliest that a zip can say.
EARLIEST = 315532800


def name_and_version():
    fields = dict(line.split(": ", 1) for line in read("PKG-INFO").decode("utf-8").split("\n\n")[0].splitlines())
    return "%s-%s" % (fields["Name"], fields["Version"])


def files_below(*places):
    found = []
    for place in places:
        path = os.path.join(HERE, place)
        if os.path.isfile(path):
            found.append(place)
        for folder, folders, names in os.walk(path):
            folders[:] = [name for name in folders if name != "__pycache__"]
            found += [os.path.relpath(os.path.join(folder, name), HERE).replace(os.sep, "/") for name in names if not name.endswith(".pyc")]
    return sorted(found)


def read(path):
    with open(os.path.join(HERE, *path.split("/")), "rb") as file:
        return file.read()


def moment():
    """The time of every file in the archives: SOURCE_DATE_EPOCH, else that of PKG-INFO."""
    told = os.environ.get("SOURCE_DATE_EPOCH")
    return max(int(told) if told else int(os.stat(os.path.join(HERE, "PKG-INFO")).st_mtime), EARLIEST)


def wheel_files():
    """What is put where, in the order of the archive: dist-info comes last, as the format recommends."""
    full = name_and_version()
    info = full + ".dist-info/"
    files = [(path, read(path)) for path in files_below("migstate")]
    files += [("%s.data/data/share/man/man1/%s" % (full, path.split("/")[-1]), read(path)) for path in files_below("man")]
    files += [(info + "licenses/" + path, read(path)) for path in ("LICENSE", "THIRD-PARTY-NOTICES.txt")]
    files.append((info + "METADATA", read("PKG-INFO")))
    files.append((info + "WHEEL", b"Wheel-Version: 1.0\nGenerator: migstate\nRoot-Is-Purelib: true\nTag: py3-none-any\n"))
    files.append((info + "entry_points.txt", b"[console_scripts]\nmigstate = migstate._run:main\nmigstate-ci = migstate.ci:main\n\n[pytest11]\nmigstate = migstate.pytest_plugin\n"))
    lines = ["%s,sha256=%s,%d" % (path, digest(data), len(data)) for path, data in files]
    files.append((info + "RECORD", "\n".join(lines + [info + "RECORD,,", ""]).encode("utf-8")))
    return files


def digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode("ascii").rstrip("=")


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = name_and_version() + "-py3-none-any.whl"
    date = time.gmtime(moment())[:6]
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as archive:
        for path, data in wheel_files():
            entry = zipfile.ZipInfo(path, date)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return name


def build_sdist(sdist_directory, config_settings=None):
    full = name_and_version()
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in files_below(*os.listdir(HERE)):
            data = read(path)
            entry = tarfile.TarInfo(full + "/" + path)
            entry.size = len(data)
            entry.mtime = moment()
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(data))
    name = full + ".tar.gz"
    with open(os.path.join(sdist_directory, name), "wb") as file:
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=moment()) as packed:
            packed.write(content.getvalue())
    return name


if __name__ == "__main__":
    import sys

    for build in (build_wheel, build_sdist):
        print(build(sys.argv[1]))
