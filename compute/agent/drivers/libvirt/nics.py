"""Ports of a domain, and the taps that a crash leaves on the switch."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from typing import Any

import libvirt


def ports_of(domain: Any) -> list[tuple[str, str]]:
    "(tap, bridge) of every port of a domain that is plugged into Open vSwitch."
    try:
        root = ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    except libvirt.libvirtError:
        return []
    found = []
    for interface in root.findall("devices/interface"):
        target, source = interface.find("target"), interface.find("source")
        if (
            interface.find("virtualport[@type='openvswitch']") is not None
            and target is not None
            and source is not None
        ):
            found.append((target.get("dev", ""), source.get("bridge", "")))
    return found


def unplug_leftovers(ports: list[tuple[str, str]]) -> None:
    """Remove ports that are still on the switch though their guest is gone: libvirt does it for
    a guest that it stops, not for one that died while libvirtd was away."""
    program = shutil.which("ovs-vsctl")
    if program is None:
        return
    for tap, bridge in ports:
        if tap:
            # --if-exists makes it right in every case; a switch that is down is repaired by its own
            # restart
            subprocess.run(
                [program, "--timeout=5", "--if-exists", "del-port", bridge, tap],
                capture_output=True,
                check=False,
            )
