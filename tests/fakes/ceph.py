"""A stand-in for a Ceph cluster: the modules `rados` and `rbd` as far as image data needs them.

What raises what, when an image cannot be removed and what a read beyond the end gives are as in the
bindings of Ceph 16. `tests/api/image/test_rbd.py` runs unchanged on a real cluster with
TEST_CEPH_CONF, which is how this is kept faithful.
"""

from __future__ import annotations

import errno
import sys
import threading
import types
import uuid


class _Snapshot:
    def __init__(self, data):
        self.data, self.protected, self.children = bytes(data), False, 0


class _Stored:
    "What the cluster keeps of one image."

    def __init__(self, size):
        self.data, self.snaps, self.open = bytearray(size), {}, 0
        self.parent = None


class Cluster:
    "Pools of images. `down` makes every request fail; `full` makes writes fail."

    def __init__(self, *pools):
        self.fsid = str(uuid.uuid4())
        self.pools = {name: {} for name in pools}
        self.down = self.full = False
        self.lock = threading.RLock()

    def install(self, monkeypatch):
        "Be what `import rados` and `import rbd` give."
        rados, rbd = _rados(self), _rbd(self)
        monkeypatch.setitem(sys.modules, "rados", rados)
        monkeypatch.setitem(sys.modules, "rbd", rbd)
        return rados, rbd


def _errors(module, names):
    "The exception tree of a binding: `Error`, `OSError` with an errno, and its children."
    module.Error = type("Error", (Exception,), {})

    def init(self, message, number=None):
        Exception.__init__(self, message)
        self.errno = number

    def text(self):
        return f"[errno {self.errno}] {Exception.__str__(self)}"

    module.OSError = type("OSError", (module.Error,), {"__init__": init, "__str__": text})
    for name in names:
        setattr(module, name, type(name, (module.OSError,), {}))


def _rados(cluster):
    module = types.ModuleType("rados")
    _errors(module, ("ObjectNotFound", "TimedOut"))

    class Ioctx:
        def __init__(self, pool):
            self.pool, self.closed = pool, False

        def close(self):
            self.closed = True

        def __enter__(self):
            return self

        def __exit__(self, *exc):
            self.close()

    class Rados:
        def __init__(self, rados_id=None, name=None, clustername=None, conffile=None):
            if conffile is None or "missing" in conffile:
                raise module.ObjectNotFound("error calling conf_read_file", errno.ENOENT)

        def connect(self, timeout=0):
            if cluster.down:
                raise module.TimedOut("error connecting to the cluster", errno.ETIMEDOUT)

        def get_fsid(self):
            return cluster.fsid

        def open_ioctx(self, name):
            if name not in cluster.pools:
                raise module.ObjectNotFound(f"error opening pool '{name}'", errno.ENOENT)
            return Ioctx(cluster.pools[name])

    module.Rados = Rados
    return module


def _rbd(cluster):
    module = types.ModuleType("rbd")
    module.RBD_FEATURE_LAYERING = 1
    _errors(
        module,
        (
            "ImageNotFound",
            "ImageExists",
            "ImageBusy",
            "ImageHasSnapshots",
            "InvalidArgument",
            "ReadOnlyImage",
            "NoSpace",
        ),
    )

    def check(ioctx):
        if ioctx.closed:
            raise ValueError("the I/O context is closed")
        if cluster.down:
            raise module.OSError("error contacting the cluster", errno.ETIMEDOUT)

    def found(ioctx, name):
        check(ioctx)
        if name not in ioctx.pool:
            raise module.ImageNotFound(f"error opening image {name}", errno.ENOENT)
        return ioctx.pool[name]

    class RBD:
        def create(self, ioctx, name, size, order=None, old_format=False, features=None):
            check(ioctx)
            with cluster.lock:
                if name in ioctx.pool:
                    raise module.ImageExists("error creating image", errno.EEXIST)
                if order is not None and not 12 <= order <= 25:
                    raise module.InvalidArgument("error creating image", errno.EDOM)
                ioctx.pool[name] = _Stored(size)

        def list(self, ioctx):
            check(ioctx)
            return list(ioctx.pool)

        def remove(self, ioctx, name):
            with cluster.lock:
                image = found(ioctx, name)
                if image.snaps:
                    raise module.ImageHasSnapshots("error removing image", errno.ENOTEMPTY)
                if image.open:
                    raise module.ImageBusy("error removing image", errno.EBUSY)
                if image.parent is not None:
                    image.parent.children -= 1
                del ioctx.pool[name]

        def clone(self, p_ioctx, p_name, p_snapname, c_ioctx, c_name, features=None):
            parent = found(p_ioctx, p_name).snaps[p_snapname]
            if not parent.protected:
                raise module.InvalidArgument("error creating clone", errno.EINVAL)
            parent.children += 1
            child = c_ioctx.pool[c_name] = _Stored(0)
            child.data = bytearray(parent.data)
            child.parent = parent

    class Image:
        def __init__(self, ioctx, name=None, snapshot=None, read_only=False):
            self._ioctx, self._image = ioctx, found(ioctx, name)
            self._read_only = read_only or snapshot is not None
            if snapshot is not None and snapshot not in self._image.snaps:
                raise module.ImageNotFound(f"error opening image {name}", errno.ENOENT)
            self._data = self._image.snaps[snapshot].data if snapshot else self._image.data
            self._closed = False
            # only a writer watches the image's header
            self._image.open += not self._read_only

        def __enter__(self):
            return self

        def __exit__(self, *exc):
            self.close()

        def close(self):
            if not self._closed:
                self._closed = True
                self._image.open -= not self._read_only

        def _check(self, write=False):
            if self._closed:
                raise module.InvalidArgument("image is closed", errno.EINVAL)
            check(self._ioctx)
            if write and self._read_only:
                raise module.ReadOnlyImage("image is read-only", errno.EROFS)
            if write and cluster.full:
                raise module.NoSpace("error writing", errno.ENOSPC)

        def size(self):
            self._check()
            return len(self._data)

        def resize(self, size, allow_shrink=True):
            self._check(write=True)
            data = self._image.data
            if size < len(data):
                del data[size:]
            else:
                data.extend(bytes(size - len(data)))

        def write(self, data, offset):
            self._check(write=True)
            if offset + len(data) > len(self._data):
                raise module.InvalidArgument("error writing to image", errno.EINVAL)
            self._data[offset : offset + len(data)] = data
            return len(data)

        def read(self, offset, length):
            self._check()
            if offset > len(self._data):
                raise module.InvalidArgument("error reading", errno.EINVAL)
            return bytes(self._data[offset : offset + length])

        def flush(self):
            self._check()

        def create_snap(self, name):
            self._check(write=True)
            if name in self._image.snaps:
                raise module.ImageExists(f"error creating snapshot {name}", errno.EEXIST)
            self._image.snaps[name] = _Snapshot(self._data)

        def _snap(self, name):
            self._check()
            if name not in self._image.snaps:
                raise module.ImageNotFound(f"no snapshot {name}", errno.ENOENT)
            return self._image.snaps[name]

        def list_snaps(self):
            self._check()
            for number, (name, snap) in enumerate(self._image.snaps.items()):
                yield {"id": number, "size": len(snap.data), "name": name}

        def is_protected_snap(self, name):
            return self._snap(name).protected

        def protect_snap(self, name):
            snap = self._snap(name)
            if snap.protected:
                raise module.ImageBusy(f"snapshot {name} is protected", errno.EBUSY)
            snap.protected = True

        def unprotect_snap(self, name):
            snap = self._snap(name)
            if not snap.protected:
                raise module.InvalidArgument(f"snapshot {name} is not protected", errno.EINVAL)
            if snap.children:
                raise module.ImageBusy(f"snapshot {name} has clones", errno.EBUSY)
            snap.protected = False

        def remove_snap(self, name):
            if self._snap(name).protected:
                raise module.ImageBusy(f"snapshot {name} is protected", errno.EBUSY)
            del self._image.snaps[name]

    module.RBD, module.Image = RBD, Image
    return module
