"""Somebody with the right to rename in a folder that is served: swaps one of its folders for a link
to the outside and back, without pause, until standard input ends; then says how often.
"""

import ctypes
import os
import random
import sys
import threading

AT_FDCWD = -100
RENAME_EXCHANGE = 2

folder, outside = sys.argv[1:]
moved, link = folder + ".moved", folder + ".link"
libc = ctypes.CDLL(None)
stopped = threading.Event()


def exchange(one, other):
    """Swaps two names in one step, where the system can (Linux)."""
    names = [AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other)]
    return hasattr(libc, "renameat2") and libc.renameat2(*names, RENAME_EXCHANGE) == 0


def pause():
    """A moment of any length, so that the steps of the server are met at every point."""
    for _ in range(random.randrange(300)):
        pass


def swap():
    os.symlink(outside, link)
    if random.random() < 0.7 and exchange(folder, link):
        pause()
        exchange(folder, link)
        os.unlink(link)
        return
    os.rename(folder, moved)
    os.rename(link, folder)
    pause()
    os.unlink(folder)
    pause()
    if os.path.lexists(folder):
        # Made anew by the server meanwhile.
        os.rename(folder, f"{folder}.made{swaps}")
    os.rename(moved, folder)


def wait_for_end():
    sys.stdin.read()
    stopped.set()


threading.Thread(target=wait_for_end, daemon=True).start()
print("swapping", flush=True)
swaps = 0
while not stopped.is_set():
    try:
        swap()
    except OSError as error:
        # The server has made the folder in the moment in which it was not there.
        if os.path.islink(link):
            os.unlink(link)
        if os.path.isdir(moved):
            if os.path.islink(folder):
                os.unlink(folder)
            else:
                os.rename(folder, f"{folder}.made{swaps}")
            os.rename(moved, folder)
    pause()
    swaps += 1
print("swaps", swaps, flush=True)
