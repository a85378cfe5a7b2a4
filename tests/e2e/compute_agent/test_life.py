"""The life of a server on a real libvirt: built, powered, destroyed, and nothing left."""

from __future__ import annotations

import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compute.agent.drivers import (
    CRASHED,
    NO_STATE,
    PAUSED,
    RUNNING,
    SHUTDOWN,
    SUSPENDED,
    NodeError,
    NoSuchServer,
    Work,
)
from compute.agent.drivers.libvirt.driver import LibvirtDriver
from compute.contracts.specs import Disk, ServerSpec
from tests.e2e.compute_agent.hypervisor import Hypervisor

pytestmark = pytest.mark.guest


def until(true: Callable[[], Any], timeout_s: float = 60) -> Any:
    "The first true answer. Raises TimeoutError."
    deadline = time.monotonic() + timeout_s
    while not (answer := true()):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)
    return answer


def test_build_boots_the_guest_and_destroy_leaves_nothing(
    driver: LibvirtDriver, spec: ServerSpec, hypervisor: Hypervisor
) -> None:
    steps: list[str] = []
    detail = driver.build(Work(lambda step, _: steps.append(step)), spec)
    assert steps == ["block_device_mapping", "networking", "spawning"]
    assert detail == {"root_device_name": "/dev/vda", "devices": {}}
    assert driver.power_state(spec.id) == RUNNING
    until(
        lambda: (
            "hello from the guest" in driver.console_log(spec.id, None)
            or "tiny" in driver.console_log(spec.id, None)
        )
    )
    port = spec.nics[0].port_id
    assert (
        hypervisor.vsctl("get", "interface", f"tap{port[:11]}", "external_ids:iface-id")
        == f'"{port}"'
    )
    [state] = driver.domains()
    assert (state.server_id, state.power_state, state.generation, state.name) == (
        spec.id,
        RUNNING,
        1,
        "first",
    )

    driver.destroy(Work(), spec.id)
    assert driver.power_state(spec.id) == NO_STATE
    assert driver.domains() == []
    assert not driver.store.path(spec.id).exists()
    assert hypervisor.vsctl("list-ports", "br-int") == ""
    driver.destroy(Work(), spec.id)


def test_build_again_after_a_crash_in_the_middle_and_after_the_end(
    driver: LibvirtDriver, spec: ServerSpec
) -> None:
    driver.store.make(spec.id)
    driver.store.save(spec, {"building": True})
    driver.define(spec) if driver.store.path(spec.id, "disk").exists() else None
    driver.build(Work(), spec)
    before = driver.host.get(spec.id).ID()
    driver.build(Work(), spec)
    assert driver.host.get(spec.id).ID() == before, (
        "a build that comes twice must not touch the guest"
    )


def test_failed_build_undoes_itself_and_tells_the_cause(
    driver: LibvirtDriver, spec: ServerSpec
) -> None:
    spec.nics[0].mac_address = "ff:ff:ff:ff:ff:ff"
    with pytest.raises(NodeError, match="(?i)multicast"):
        driver.build(Work(), spec)
    assert driver.domains() == []


def test_power_actions(driver: LibvirtDriver, spec: ServerSpec) -> None:
    driver.build(Work(), spec)

    def power(action: str) -> int:
        driver.power(Work(), spec, action, 0)
        return driver.power_state(spec.id)

    assert power("pause") == PAUSED
    assert power("pause") == PAUSED
    assert power("unpause") == RUNNING
    assert power("suspend") == SUSPENDED
    assert power("resume") == RUNNING
    assert power("stop") == SHUTDOWN
    assert power("stop") == SHUTDOWN
    assert power("start") == RUNNING
    assert power("start") == RUNNING
    before = driver.host.get(spec.id).ID()
    assert power("hard_reboot") == RUNNING
    assert driver.host.get(spec.id).ID() != before
    with pytest.raises(NodeError, match="no power action"):
        power("fly")


def test_start_rebuilds_a_lost_definition(driver: LibvirtDriver, spec: ServerSpec) -> None:
    driver.build(Work(), spec)
    driver.power(Work(), spec, "stop", 0)
    driver.host.get(spec.id).undefine()
    driver.power(Work(), spec, "start", 0)
    assert driver.power_state(spec.id) == RUNNING
    with pytest.raises(NoSuchServer):
        spec.id = str(uuid.uuid4())
        driver.power(Work(), spec, "start", 0)


def test_config_drive_swap_and_ephemeral_disks(driver: LibvirtDriver, spec: ServerSpec) -> None:
    spec.config_drive = True
    spec.metadata_files = {"openstack/latest/meta_data.json": "{}"}
    spec.disks += [
        Disk(kind="ephemeral", size_mib=64, guest_format="ext4"),
        Disk(kind="swap", size_mib=16),
        Disk(kind="blank", size_mib=8, boot_index=-1),
    ]
    driver.build(Work(), spec)
    root = ET.fromstring(driver.host.get(spec.id).XMLDesc(0))
    found = {
        d.find("target").get("dev"): Path(d.find("source").get("file")).name  # type: ignore[union-attr, arg-type]
        for d in root.findall("devices/disk")
    }
    assert found == {
        "vda": "disk",
        "vdb": "disk.eph0",
        "vdc": "disk.swap",
        "vdd": "disk.blank3",
        "vde": "disk.config",
    }


def test_guest_that_dies_is_seen(
    driver: LibvirtDriver, spec: ServerSpec, hypervisor: Hypervisor
) -> None:
    seen: list[tuple[str, int]] = []
    driver.host.listen(
        lambda server_id, event, detail: driver._event(
            server_id, lambda s: seen.append((s.server_id, s.power_state))
        )
    )
    driver.host.close()
    driver.build(Work(), spec)
    driver.host.get(spec.id).injectNMI  # noqa: B018 the domain is there
    pid = int((hypervisor.root / "run/qemu" / f"instance-{spec.id}.pid").read_text())
    hypervisor.run("kill", "-9", str(pid))
    until(lambda: (spec.id, CRASHED) in seen)


def test_libvirtd_dies_and_comes_back(
    driver: LibvirtDriver, spec: ServerSpec, hypervisor: Hypervisor
) -> None:
    driver.build(Work(), spec)
    pid = (hypervisor.root / "run/qemu" / f"instance-{spec.id}.pid").read_text()
    hypervisor.kill_libvirtd()
    try:
        with pytest.raises(NodeError, match="libvirt cannot be reached"):
            driver.power_state(spec.id)
    finally:
        hypervisor.start_libvirtd()
    assert driver.host.wait_away(30)
    assert driver.power_state(spec.id) == RUNNING
    assert (hypervisor.root / "run/qemu" / f"instance-{spec.id}.pid").read_text() == pid


def test_consoles_and_diagnostics(driver: LibvirtDriver, spec: ServerSpec) -> None:
    driver.build(Work(), spec)
    vnc = driver.console(spec.id, "vnc")
    assert vnc["host"] == "127.0.0.1" and 5900 <= vnc["port"] < 6900
    serial = driver.console(spec.id, "serial")
    assert Path(serial["socket"]).is_socket() and serial["port"] > 0
    found = driver.diagnostics(spec.id)
    assert (
        found["state"] == "running" and found["num_cpus"] == 1 and len(found["disk_details"]) == 1
    )
    with pytest.raises(NodeError, match="spice"):
        driver.console(spec.id, "spice")


def test_inventory_says_what_the_host_has(driver: LibvirtDriver) -> None:
    found = driver.inventory()
    assert found.host == "node" and found.vcpus >= 1 and found.memory_mib > 0 and found.disk_gib > 0
    assert found.hypervisor_version > 2_000_000 and found.virt_type == "qemu"
    assert "COMPUTE_IMAGE_TYPE_QCOW2" in found.traits and found.numa[0]["cpus"]
