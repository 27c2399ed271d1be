"""A pseudo-terminal around a program: what comes in on stdin is typed, what the terminal would show
goes to stdout. `ESC ]resize;COLUMNS;ROWS BEL` on stdin changes the size of its window.

terminal.py COLUMNS ROWS PROGRAM [ARGUMENT]...
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios

columns, rows = int(sys.argv[1]), int(sys.argv[2])
RESIZE = re.compile(rb"\x1b\]resize;(\d+);(\d+)\x07")


def resize(columns, rows):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


pid, master = pty.fork()
if pid == 0:
    # The size is there before the program looks.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])

sources = [master, 0]
while True:
    ready, _, _ = select.select(sources, [], [])
    if master in ready:
        try:
            shown = os.read(master, 65536)
        except OSError:
            # Linux says so when the program has closed its side.
            shown = b""
        if not shown:
            break
        os.write(1, shown)
    if 0 in ready:
        typed = os.read(0, 65536)
        if not typed:
            sources.remove(0)
        for part in re.split(rb"(\x1b\]resize;\d+;\d+\x07)", typed):
            size = RESIZE.fullmatch(part)
            if size:
                resize(int(size[1]), int(size[2]))
            elif part:
                os.write(master, part)

raw = not termios.tcgetattr(master)[3] & termios.ICANON if os.name == "posix" else False
_, status = os.waitpid(pid, 0)
if raw:
    os.write(2, b"the terminal was left in raw mode\n")
sys.exit(os.waitstatus_to_exitcode(status))
