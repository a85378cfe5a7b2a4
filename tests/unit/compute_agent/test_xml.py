"""Domain XML from extra specs and image properties: what an operator asks for is what libvirt is
told."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from compute.agent.drivers.libvirt import devices, domain, topology, volumes
from compute.agent.drivers.libvirt.devices import Target, file_source
from compute.agent.drivers.libvirt.hardware import Machine
from compute.agent.drivers.libvirt.topology import Cell, NoRoom
from compute.agent.drivers.libvirt.wishes import BadWish, Wishes, cpu_ranges, cpu_set
from compute.contracts.specs import Disk, Nic, ServerSpec


def make(
    extra: dict[str, str] | None = None,
    image: dict[str, str] | None = None,
    machine: Machine | None = None,
    **fields: Any,
) -> ET.Element:
    values = {"vcpus": 4, "memory_mib": 4096} | fields
    spec = ServerSpec(
        id="11111111-2222-3333-4444-555555555555",
        name="n",
        project_id="p",
        user_id="u",
        generation=7,
        extra_specs=extra or {},
        image_properties=image or {},
        **values,
    )
    placed = None
    wishes = Wishes.of(spec)
    if topology.guest_cells(wishes, spec.vcpus, spec.memory_mib):
        placed = topology.fit(wishes, spec.vcpus, spec.memory_mib, HOST, range(16), [0])
    return ET.fromstring(
        domain.domain_xml(
            spec,
            machine or Machine(),
            [Target(file_source("/d/disk"), boot_order=1)],
            domain.Files("/d/console.log", "/r/s"),
            placed,
        )
    )


HOST = [
    Cell(0, list(range(8)), 16384, {4: 0, 2048: 4096}, [[0, 1], [2, 3], [4, 5], [6, 7]]),
    Cell(
        1,
        list(range(8, 16)),
        16384,
        {2048: 4096, 1048576: 8},
        [[8, 9], [10, 11], [12, 13], [14, 15]],
    ),
]


def test_a_plain_server() -> None:
    root = make()
    assert root.get("type") == "qemu" and root.findtext("name", "").startswith("instance-1111")
    assert root.find("memory").text == "4096" and root.findtext("vcpu") == "4"  # type: ignore[union-attr]
    assert root.findtext("sysinfo/system/entry[@name='product']") == "OpenStack Compute"
    assert root.find("devices/serial/log").get("append") == "on"  # type: ignore[union-attr]
    assert root.find("devices/channel/target").get("name") == "org.qemu.guest_agent.0"  # type: ignore[union-attr]
    assert domain.generation(ET.tostring(root, encoding="unicode")) == 7
    assert root.find("numatune") is None and root.find("cputune") is None


def test_offloads_are_off_on_the_userspace_datapath_only() -> None:
    nic = Nic(port_id="aaaaaaaa-bbbb", network_id="n", mac_address="fa:16:3e:00:00:01", mtu=1400)
    kernel = devices.nic_xml(nic, Machine(), Wishes({}, {}))
    assert kernel.find("driver") is None and kernel.find("mtu").get("size") == "1400"  # type: ignore[union-attr]
    nic.details = {"datapath_type": "netdev"}
    userspace = devices.nic_xml(nic, Machine(), Wishes({}, {}))
    assert userspace.find("driver/host").get("csum") == "off"  # type: ignore[union-attr]
    assert userspace.find("driver/guest").get("tso4") == "off"  # type: ignore[union-attr]
    assert userspace.find("virtualport/parameters").get("interfaceid") == nic.port_id  # type: ignore[union-attr]


def test_pins_pages_and_cells() -> None:
    root = make({"hw:cpu_policy": "dedicated", "hw:numa_nodes": "2", "hw:mem_page_size": "2MB"})
    pins = {
        int(p.get("vcpu", "")): int(p.get("cpuset", "")) for p in root.findall("cputune/vcpupin")
    }
    assert len(set(pins.values())) == 4 and 0 not in pins.values(), "processor 0 is taken"
    assert {pins[0] // 8, pins[1] // 8} != {pins[2] // 8, pins[3] // 8}, (
        "a host cell for each guest cell"
    )
    assert [c.get("cpus") for c in root.findall("cpu/numa/cell")] == ["0-1", "2-3"]
    assert root.find("memoryBacking/hugepages/page").get("size") == "2048"  # type: ignore[union-attr]
    assert len(root.findall("numatune/memnode")) == 2


def test_thread_policies_and_emulator() -> None:
    wishes = Wishes(
        {
            "hw:cpu_policy": "dedicated",
            "hw:cpu_thread_policy": "isolate",
            "hw:emulator_threads_policy": "isolate",
        },
        {},
    )
    placed = topology.fit(wishes, 3, 1024, HOST, range(16), [0])
    assert (
        placed is not None and sorted(placed.pins.values()) == [2, 4, 6] and placed.emulator == [8]
    )
    mixed = Wishes({"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "^0"}, {})
    assert topology.dedicated_vcpus(mixed, 3) == [1, 2]


@pytest.mark.parametrize(
    "extra",
    [
        {
            "hw:cpu_policy": "dedicated",
            "hw:numa_nodes": "1",
            "hw:mem_page_size": "1GB",
            "x": "24GiB",
        },
    ],
)
def test_no_room_is_said(extra: dict[str, str]) -> None:
    with pytest.raises(NoRoom, match="guest cell 0"):
        topology.fit(Wishes(extra, {}), 2, 24576, HOST, range(16), [])
    with pytest.raises(NoRoom):
        topology.fit(Wishes({"hw:cpu_policy": "dedicated"}, {}), 9, 1024, HOST, range(16), [])


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ({"hw:cpu_policy": "sometimes"}, "shared, dedicated or mixed"),
        ({"hw:numa_nodes": "3"}, "divide evenly"),
        ({"hw:numa_nodes": "x"}, "whole number"),
        ({"hw:mem_page_size": "blue"}, "neither a size"),
        ({"hw:watchdog_action": "bark"}, "not one of"),
        ({"hw:cpu_sockets": "3"}, "product"),
        ({"os:secure_boot": "required"}, "not uefi"),
        ({"hw:tpm_version": "3"}, "1.2 or 2.0"),
        ({"quota:disk_read_iops_sec": "many"}, "whole number"),
        ({"hw:numa_nodes": "2", "hw:numa_cpus.0": "0", "hw:numa_mem.0": "1"}, "every cell"),
    ],
)
def test_contradictions_are_named(extra: dict[str, str], why: str) -> None:
    with pytest.raises(BadWish, match=why):
        make(extra)
        devices.disk_limits(Wishes(extra, {}))


def test_firmware_secure_boot_and_tpm() -> None:
    root = make(
        {"os:secure_boot": "required", "hw:tpm_version": "2.0"}, {"hw_firmware_type": "uefi"}
    )
    assert root.find("os").get("firmware") == "efi"  # type: ignore[union-attr]
    assert root.find("os/type").get("machine") == "q35"  # type: ignore[union-attr]
    assert root.find("os/loader").get("secure") == "yes"  # type: ignore[union-attr]
    assert root.find("features/smm") is not None
    assert root.find("devices/tpm/backend").get("version") == "2.0"  # type: ignore[union-attr]
    assert len(root.findall("devices/controller[@model='pcie-root-port']")) == 12


def test_quotas_watchdog_rng_and_models() -> None:
    root = make(
        {
            "quota:cpu_quota": "10000",
            "quota:cpu_period": "20000",
            "hw:watchdog_action": "reset",
            "hw_rng:rate_bytes": "100",
            "quota:vif_inbound_average": "1000",
            "hw:cpu_threads": "2",
        },
        {"hw_vif_model": "e1000", "hw_video_model": "virtio"},
        nics=[Nic(port_id="p", network_id="n", mac_address="fa:16:3e:00:00:01")],
        machine=Machine(cpu_features=["+aes", "-vmx"]),
    )
    assert root.findtext("cputune/quota") == "10000"
    assert root.find("devices/watchdog").get("action") == "reset"  # type: ignore[union-attr]
    assert root.find("devices/rng/rate").get("bytes") == "100"  # type: ignore[union-attr]
    assert root.find("devices/interface/bandwidth/inbound").get("average") == "1000"  # type: ignore[union-attr]
    assert root.find("devices/interface/model").get("type") == "e1000"  # type: ignore[union-attr]
    assert root.find("cpu/topology").get("threads") == "2"  # type: ignore[union-attr]
    assert {f.get("name"): f.get("policy") for f in root.findall("cpu/feature")} == {
        "aes": "require",
        "vmx": "disable",
    }
    assert devices.disk_limits(Wishes({"quota:disk_read_iops_sec": "5"}, {})) == {
        "read_iops_sec": 5
    }


@pytest.mark.parametrize(
    ("kind", "data", "path", "attributes"),
    [
        ("nbd", {"host": "h", "port": 10809, "export": "v"}, ".", {"protocol": "nbd", "name": "v"}),
        ("nbd", {"socket": "/s", "export": "v"}, "host", {"transport": "unix", "socket": "/s"}),
        (
            "rbd",
            {"name": "p/v", "hosts": ["1.2.3.4"], "ports": ["6789"]},
            "host",
            {"name": "1.2.3.4", "port": "6789"},
        ),
        (
            "iscsi",
            {"target_portal": "[::1]:3260", "target_iqn": "iqn.x", "target_lun": 1},
            ".",
            {"protocol": "iscsi", "name": "iqn.x/1"},
        ),
        ("local", {"device_path": "/dev/sdx"}, ".", {"dev": "/dev/sdx"}),
        ("local", {"path": "/v/disk"}, ".", {"file": "/v/disk"}),
    ],
)
def test_volumes(kind: str, data: dict[str, Any], path: str, attributes: dict[str, str]) -> None:
    disk = Disk(
        kind="volume", volume_id="v-1", connection={"driver_volume_type": kind, "data": data}
    )
    xml = devices.disk_xml(volumes.target(disk, Wishes({}, {})))
    found = xml.find("source" if path == "." else f"source/{path}")
    assert found is not None and attributes.items() <= found.attrib.items()
    assert xml.findtext("serial") == "v-1"


def test_volumes_that_cannot_be_attached_are_named() -> None:
    for connection, why in (
        ({"driver_volume_type": "fibre_channel", "data": {}}, "no volumes of kind fibre_channel"),
        ({"driver_volume_type": "rbd", "data": {}}, "lacks 'name'"),
        ({"driver_volume_type": "local", "data": {"path": "relative"}}, "not absolute"),
        ({"driver_volume_type": "rbd", "data": {"encrypted": True, "name": "x"}}, "encrypted"),
    ):
        with pytest.raises(volumes.BadConnection, match=why):
            volumes.target(
                Disk(kind="volume", volume_id="v", connection=connection), Wishes({}, {})
            )  # type: ignore[arg-type]


def test_names_and_sets() -> None:
    assert devices.next_name("virtio", ["vda", "vdb"]) == "vdc"
    assert devices.next_name("scsi", [], "/dev/sdf") == "sdf"
    assert devices.next_name("virtio", ["vda"], "/dev/sda") == "vdb"
    full = ["vd" + chr(97 + n) for n in range(26)]
    assert devices.next_name("virtio", full) == "vdaa"
    assert cpu_set("0-3,^2,8") == [0, 1, 3, 8] and cpu_ranges([0, 1, 3, 8]) == "0-1,3,8"
    with pytest.raises(BadWish):
        cpu_set("a-b")
    assert len(devices.tap_name("11111111-2222-3333")) <= 15
