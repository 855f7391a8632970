"""Where the servers of the tests keep their data: in memory where there is enough of it, otherwise on disk.

A test clones a database of about 600 files. On a disk that takes half a second of a processor, in memory a
twentieth of it.
"""

import shutil
from pathlib import Path
from typing import Final

SHARED_MEMORY: Final = Path("/dev/shm")
NEEDED_BYTES: Final = 2 * 1024**3
"""What one test process may need at most: a few databases of 11 MB, their log of changes, and indexes of tests."""


def memory_folder(folder: Path = SHARED_MEMORY, needed_bytes: int = NEEDED_BYTES) -> Path | None:
    """A folder in memory with room for the data of servers; None where there is none, as on macOS."""
    if not folder.is_dir() or shutil.disk_usage(folder).free < needed_bytes:
        return None
    return folder
