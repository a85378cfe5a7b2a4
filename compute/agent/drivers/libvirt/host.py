"""The connection to libvirt: one, kept, opened again when libvirtd was away; its events; and
what the host has."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import libvirt

from compute.agent.drivers import (
    CRASHED,
    NO_STATE,
    PAUSED,
    RUNNING,
    SHUTDOWN,
    SUSPENDED,
    NodeError,
    NoSuchServer,
)
from compute.agent.drivers.libvirt.domain import domain_name
from compute.agent.drivers.libvirt.wishes import cpu_set

LOG = logging.getLogger(__name__)
_STATES = {
    libvirt.VIR_DOMAIN_NOSTATE: NO_STATE,
    libvirt.VIR_DOMAIN_RUNNING: RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: PAUSED,
    libvirt.VIR_DOMAIN_SHUTDOWN: RUNNING,
    libvirt.VIR_DOMAIN_SHUTOFF: SHUTDOWN,
    libvirt.VIR_DOMAIN_CRASHED: CRASHED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: SUSPENDED,
}
_GONE = {libvirt.VIR_ERR_NO_DOMAIN}
_AWAY = {
    libvirt.VIR_ERR_INTERNAL_ERROR,
    libvirt.VIR_ERR_SYSTEM_ERROR,
    libvirt.VIR_ERR_RPC,
    libvirt.VIR_ERR_NO_CONNECT,
    libvirt.VIR_ERR_INVALID_CONN,
}
_event_loop = threading.Lock()
_event_loop_runs = False


class HypervisorAway(NodeError):
    "libvirt cannot be reached at {uri}: {why}"


class HypervisorRefused(NodeError):
    "libvirt refused to {what}: {why}"


def quiet(_context: object, _error: object) -> None:
    "libvirt prints errors to stderr as well as raising them; once is enough."


class Host:
    """One libvirt. Thread-safe; calls raise HypervisorAway while libvirtd is away, and work
    again once it is back."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._lock = threading.Lock()
        self._connection: Any = None
        self._lifecycle: Callable[[str, int, int], None] | None = None
        libvirt.registerErrorHandler(quiet, None)

    def listen(self, lifecycle: Callable[[str, int, int], None]) -> None:
        """Call `lifecycle(server id, event, detail)` for what guests do; survives restarts of
        libvirtd."""
        _run_event_loop()
        self._lifecycle = lifecycle

    def connection(self) -> Any:
        "The open connection. Raises HypervisorAway."
        with self._lock:
            if self._connection is not None:
                try:
                    if self._connection.isAlive():
                        return self._connection
                except libvirt.libvirtError:
                    pass
                self._forget()
            try:
                self._connection = libvirt.open(self.uri)
            except libvirt.libvirtError as error:
                raise HypervisorAway(uri=self.uri, why=error.get_error_message()) from None
            self._watch(self._connection)
            return self._connection

    def _watch(self, connection: Any) -> None:
        if self._lifecycle is None:
            return
        connection.setKeepAlive(5, 3)
        connection.domainEventRegisterAny(
            None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._event, None
        )
        LOG.info("connected to libvirt at %s", self.uri)

    def _event(self, _connection: Any, domain: Any, event: int, detail: int, _opaque: Any) -> None:
        # this thread is libvirt's: nothing here may call libvirt and wait
        try:
            if domain.name().startswith("instance-") and self._lifecycle:
                self._lifecycle(domain.UUIDString(), event, detail)
        except Exception:
            LOG.exception("event %s of a guest", event)

    def _forget(self) -> None:
        with contextlib.suppress(libvirt.libvirtError):
            self._connection.close()
        self._connection = None

    def close(self) -> None:
        "Disconnect."
        with self._lock:
            if self._connection is not None:
                self._forget()

    def find(self, server_id: str) -> Any:
        "The domain of a server, or None."
        try:
            return self.connection().lookupByName(domain_name(server_id))
        except libvirt.libvirtError as error:
            if error.get_error_code() in _GONE:
                return None
            raise _translated("look for the server", error, self.uri) from None

    def get(self, server_id: str) -> Any:
        "The domain of a server. Raises NoSuchServer."
        domain = self.find(server_id)
        if domain is None:
            raise NoSuchServer(server_id=server_id)
        return domain

    @contextlib.contextmanager
    def doing(self, what: str) -> Iterator[None]:
        "Errors of libvirt inside become a sentence: libvirt refused to `what`: ..."
        try:
            yield
        except libvirt.libvirtError as error:
            raise _translated(what, error, self.uri) from error

    def domains(self) -> list[Any]:
        "All domains of this service."
        with self.doing("list its guests"):
            return [
                d for d in self.connection().listAllDomains(0) if d.name().startswith("instance-")
            ]

    def descriptions(self) -> dict[str, str]:
        "XML of the domains of this service by their id, but for those that go meanwhile."
        found = {}
        for domain in self.domains():
            try:
                found[domain.UUIDString()] = domain.XMLDesc(0)
            except libvirt.libvirtError as error:
                if error.get_error_code() not in _GONE:
                    raise _translated("describe its guests", error, self.uri) from error
        return found

    def wait_away(self, timeout_s: float) -> bool:
        "Wait until libvirt answers again; whether it does."
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            try:
                self.connection().getLibVersion()
                return True
            except (NodeError, libvirt.libvirtError):
                time.sleep(0.5)
        return False


def power_state(domain: Any) -> int:
    """The power state of a domain in numbers of the compute API. A saved memory image counts as
    suspended."""
    try:
        state, _reason = domain.state()
        if state == libvirt.VIR_DOMAIN_SHUTOFF:
            if _reason == libvirt.VIR_DOMAIN_SHUTOFF_CRASHED:
                return CRASHED
            return SUSPENDED if domain.hasManagedSaveImage() else SHUTDOWN
        return _STATES.get(state, NO_STATE)
    except libvirt.libvirtError as error:
        if error.get_error_code() in _GONE:
            return NO_STATE
        raise


def is_away(error: BaseException | None) -> bool:
    "Whether libvirtd's absence is the error, or what led to it."
    while error is not None:
        if isinstance(error, HypervisorAway):
            return True
        if isinstance(error, libvirt.libvirtError) and _cut_off(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _cut_off(error: Any) -> bool:
    domains = {libvirt.VIR_FROM_RPC, libvirt.VIR_FROM_REMOTE}
    return error.get_error_code() in _AWAY and error.get_error_domain() in domains


def _translated(what: str, error: Any, uri: str) -> NodeError:
    message = error.get_error_message() or str(error)
    if _cut_off(error):
        return HypervisorAway(uri=uri, why=message)
    return HypervisorRefused(what=what, why=message)


def _run_event_loop() -> None:
    global _event_loop_runs
    with _event_loop:
        if _event_loop_runs:
            return
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=_turn, name="libvirt-events", daemon=True).start()
        _event_loop_runs = True


def _turn() -> None:
    while True:
        try:
            libvirt.virEventRunDefaultImpl()
        except libvirt.libvirtError:
            LOG.exception("libvirt's event loop")
            time.sleep(1)


def capabilities(connection: Any) -> dict[str, Any]:
    "Processor and NUMA cells of the host: {arch, model, vendor, features, topology, cells}."
    root = ET.fromstring(connection.getCapabilities())
    cpu = root.find("host/cpu")
    found: dict[str, Any] = {"arch": "x86_64", "cells": []}
    if cpu is not None:
        topology = cpu.find("topology")
        found |= {
            "arch": cpu.findtext("arch", "x86_64"),
            "model": cpu.findtext("model", ""),
            "vendor": cpu.findtext("vendor", ""),
            "features": sorted(f.get("name", "") for f in cpu.findall("feature")),
            "topology": {
                k: int(v)
                for k, v in (topology.attrib if topology is not None else {}).items()
                if v.isdigit()
            },
        }
    for cell in root.findall("host/topology/cells/cell"):
        cpus = cell.findall("cpus/cpu")
        siblings = sorted({tuple(cpu_set(c.get("siblings", c.get("id", "")))) for c in cpus})
        found["cells"].append(
            {
                "id": int(cell.get("id", "0")),
                "cpus": sorted(int(c.get("id", "0")) for c in cpus),
                "memory_mib": int(cell.findtext("memory", "0")) // 1024,
                "siblings": [list(s) for s in siblings],
                "pages": {
                    int(p.get("size", "0")): free_pages(
                        int(cell.get("id", "0")), int(p.get("size", "0"))
                    )
                    for p in cell.findall("pages")
                },
            }
        )
    return found


def free_pages(cell: int, size_kib: int) -> int:
    "Free huge pages of a cell, from the kernel; ordinary pages are not counted."
    path = Path(
        f"/sys/devices/system/node/node{cell}/hugepages/hugepages-{size_kib}kB/free_hugepages"
    )
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0


def firmware(
    connection: Any, emulator: str, virt_type: str, arch: str = "x86_64"
) -> dict[str, Any]:
    "What libvirt offers for new guests: {uefi, secure_boot, tpm, machines}."
    try:
        root = ET.fromstring(
            connection.getDomainCapabilities(emulator or None, arch, None, virt_type, 0)
        )
    except libvirt.libvirtError as error:
        LOG.warning("domain capabilities: %s", error.get_error_message())
        return {"uefi": False, "secure_boot": False, "tpm": []}
    values = [v.text for v in root.findall("os/enum[@name='firmware']/value")]
    secure = [v.text for v in root.findall("os/loader/enum[@name='secure']/value")]
    tpm = [v.text or "" for v in root.findall("devices/tpm/enum[@name='backendVersion']/value")]
    return {"uefi": "efi" in values, "secure_boot": "yes" in secure, "tpm": tpm}
