"""Runs a program in a pseudo-terminal: what it shows goes to standard output, what comes on standard input is typed.

Usage: terminal.py ROWS COLUMNS PROGRAM [ARGUMENT ...]. The exit status is the program's; 128 + N where signal N ended it.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios


def main():
    rows, columns = int(sys.argv[1]), int(sys.argv[2])
    words = sys.argv[3:]
    pid, terminal = pty.fork()
    if pid == 0:
        # The size is there before the program asks for it.
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.execvp(words[0], words)
    typed = 0
    while True:
        ready, _, _ = select.select([terminal] if typed is None else [terminal, typed], [], [])
        if terminal in ready:
            try:
                shown = os.read(terminal, 65536)
            except OSError:
                shown = b""
            if not shown:
                break
            os.write(1, shown)
        if typed in ready:
            keys = os.read(typed, 4096)
            if keys:
                os.write(terminal, keys)
            else:
                typed = None
    status = os.waitpid(pid, 0)[1]
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


main()
