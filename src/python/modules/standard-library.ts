/** Modules of Python's own library, of all versions; where the interpreter's folder is found, that is asked first. */
export const STANDARD = new Set(
  `abc aifc argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 calendar cgi cmath cmd code codecs collections colorsys
   concurrent configparser contextlib contextvars copy copyreg csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest
   email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc getopt getpass gettext glob
   graphlib grp gzip hashlib heapq hmac html http imaplib imghdr imp importlib inspect io ipaddress itertools json keyword linecache locale
   logging lzma mailbox marshal math mimetypes mmap multiprocessing netrc numbers operator optparse os pathlib pdb pickle pkgutil platform
   plistlib poplib posix posixpath pprint profile pstats pty pwd pyclbr pydoc queue quopri random re readline reprlib resource runpy sched
   secrets select selectors shelve shlex shutil signal site smtplib socket socketserver sqlite3 ssl stat statistics string stringprep struct
   subprocess sys sysconfig syslog tarfile tempfile termios textwrap threading time timeit tkinter token tokenize tomllib trace traceback
   tracemalloc types typing unicodedata unittest urllib uuid venv warnings wave weakref webbrowser xml xmlrpc zipapp zipfile zipimport zlib
   zoneinfo __future__ __main__ ConfigParser Cookie HTMLParser Queue StringIO cPickle cStringIO commands cookielib exceptions httplib md5
   new sets sha urllib2 urlparse`.split(/\s+/),
)

/** Modules that are part of the interpreter and have no file (`sys.builtin_module_names` and what is often linked in). */
export const BUILT_IN = new Set(
  `sys builtins __builtin__ _ast _codecs _io _thread thread array binascii cmath errno fcntl gc grp itertools marshal math mmap operator posix
   pwd resource select signal spwd syslog termios time unicodedata zipimport zlib _socket _ssl __main__ __future__ exceptions imp
   cPickle cStringIO datetime`.split(/\s+/),
)
