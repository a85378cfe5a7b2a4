"Folders that turn read-only while somebody writes to them, as a broken disk does. Needs root."

import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def read_only(root):
    """The folder as a read-only mount, until the end of the block.

    It is made elsewhere and then bound over the folder: a mount that a writer has opened a file on
    cannot be made read-only any more (mount(2), EBUSY). What was open before stays writable.
    """
    with tempfile.TemporaryDirectory(prefix="alto-mount-") as aside:
        mounted = []
        try:
            _mount("--bind", root, aside)
            mounted.append(aside)
            _mount("-o", "remount,ro,bind", aside)
            _mount("--bind", aside, root)
            mounted.append(root)
            yield Path(root)
        finally:
            for folder in reversed(mounted):
                subprocess.run(["umount", "-l", folder], check=True)


def _mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)
