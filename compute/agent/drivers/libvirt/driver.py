"""The libvirt driver: the life of a server from build to destroy; the rest is delegated to the
module of its name."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt

from compute.agent import probe
from compute.agent.drivers import NO_STATE, RUNNING, Detail, NoSuchServer, Work
from compute.agent.drivers.libvirt import domain as domain_xml
from compute.agent.drivers.libvirt import nics, topology
from compute.agent.drivers.libvirt.consoles import Consoles
from compute.agent.drivers.libvirt.disks import Disks
from compute.agent.drivers.libvirt.guest import Guest
from compute.agent.drivers.libvirt.hardware import Machine
from compute.agent.drivers.libvirt.host import Host, HypervisorAway, is_away, power_state
from compute.agent.drivers.libvirt.hotplug import HotPlug
from compute.agent.drivers.libvirt.inventory import Inventory
from compute.agent.drivers.libvirt.migrate import Migrate
from compute.agent.drivers.libvirt.power import Power
from compute.agent.drivers.libvirt.resize import Resize
from compute.agent.drivers.libvirt.secrets import Secrets
from compute.agent.drivers.libvirt.snapshot import Snapshot
from compute.agent.drivers.libvirt.store import InstanceStore
from compute.agent.drivers.libvirt.wishes import Wishes
from compute.agent.images import ImageCache
from compute.agent.relay import Relay
from compute.contracts.specs import Disk, DomainState, HostInventory, ImageSource, Nic, ServerSpec

LOG = logging.getLogger(__name__)


class LibvirtDriver:
    "See `compute.agent.drivers.Driver`."

    def __init__(self, config: Any, state: Path) -> None:
        options = config.libvirt
        self.config, self.state = config, state
        self.host = Host(options.uri)
        self.store = InstanceStore(
            Path(options.instances_path or state / "instances"), state / "run"
        )
        self.images = ImageCache(
            Path(options.image_cache_path or state / "images"),
            timeout_s=options.qemu_fetch_timeout_s,
        )
        self.secrets = Secrets(self.host)
        self.disks = Disks(
            self.store,
            self.images,
            images_type=options.images_type,
            cache_mode=options.disk_cache,
            secrets=self.secrets.ensure,
        )
        self.machine = machine_of(config)
        self.facts = Inventory(self.host, self.machine, config, self.store.root)
        self.powers = Power(self.host)
        self.consoles = Consoles(self.host, self.store, Relay(config.agent.host_ip))
        self.guest = Guest(self.host)
        self.hotplug = HotPlug(self)
        self.resizing = Resize(self)
        self.snapshots = Snapshot(self)
        self.migration = Migrate(self)
        self._placing = threading.Lock()
        self.grace_s: int = options.shutdown_timeout_s

    def start(self, changed: Callable[[DomainState], None]) -> None:
        "See Driver. The KVM proof runs here, once for each boot of the machine."
        wished = self.config.libvirt.virt_type
        if wished == "auto":
            wished = probe.virt_type(
                self.state / "virt_type.json", self.machine.emulator or "qemu-system-x86_64"
            ).virt_type
        self.machine.virt_type = wished
        self.store.sweep()
        self.host.listen(lambda server_id, _event, _detail: self._event(server_id, changed))
        self.migration.start()
        try:
            self.host.connection()
        except HypervisorAway as error:
            LOG.warning("%s; it is tried again with every order", error)

    def _event(self, server_id: str, changed: Callable[[DomainState], None]) -> None:
        # a thread of its own: the event loop must not wait for libvirt, nor for the bus
        def tell() -> None:
            try:
                changed(self._state(server_id, self.power_state(server_id)))
            except Exception as error:
                LOG.warning("power state of %s: %s", server_id, error)

        threading.Thread(target=tell, name="power-changed", daemon=True).start()

    def stop(self) -> None:
        "See Driver."
        self.migration.stop()
        self.host.close()

    def healthy(self) -> str | None:
        "See Driver."
        try:
            self.host.connection()
        except HypervisorAway as error:
            return str(error)
        return None

    def away(self, error: BaseException) -> bool:
        "See Driver."
        return is_away(error)

    def inventory(self) -> HostInventory:
        "See Driver."
        return self.facts.read()

    def domains(self) -> list[DomainState]:
        "See Driver."
        found = {d.UUIDString(): power_state(d) for d in self.host.domains()}
        for server_id in self.store.servers():
            found.setdefault(server_id, NO_STATE)
        return [self._state(server_id, state) for server_id, state in sorted(found.items())]

    def _state(self, server_id: str, state: int) -> DomainState:
        try:
            spec = self.store.load(server_id)
        except NoSuchServer:
            return DomainState(server_id, state)
        return DomainState(server_id, state, spec.generation, spec.name)

    def power_state(self, server_id: str) -> int:
        "See Driver."
        domain = self.host.find(server_id)
        return power_state(domain) if domain is not None else NO_STATE

    def build(self, work: Work, spec: ServerSpec) -> Detail:
        "See the contract. Undoes itself when it fails."
        if self._is_built(spec):
            return self.where(spec)
        try:
            self._clear(spec.id)
            work.step("block_device_mapping")
            self.disks.make(work, spec)
            work.step("networking")
            self.store.save(spec, {"building": True})
            work.step("spawning")
            if spec.power == "off":
                self.define(spec)
            else:
                self.powers.start(self.define(spec))
            self.store.save(spec)
        except Exception as error:
            LOG.info("undoing the build of %s: %s", spec.id, error)
            self._undo(spec.id)
            raise
        return self.where(spec)

    def _is_built(self, spec: ServerSpec) -> bool:
        "Whether an earlier order, the same or a newer one, has come to its end."
        if self.store.extra(spec.id).get("building") or self.host.find(spec.id) is None:
            return False
        try:
            return self.store.load(spec.id).generation >= spec.generation
        except NoSuchServer:
            return False

    def _undo(self, server_id: str) -> None:
        try:
            self._clear(server_id)
        except (
            Exception
        ):  # the first error is the one to tell; what stays here is found by the next report
            LOG.exception("undoing the build of %s", server_id)

    def _clear(self, server_id: str, keep_disks: bool = False) -> None:
        domain = self.host.find(server_id)
        if domain is not None:
            self.undefine(domain)
        if not keep_disks:
            self.store.remove(server_id)

    def undefine(self, domain: Any) -> None:
        "Stop the guest and forget its definition, saved memory, firmware variables and TPM."
        ports = nics.ports_of(domain)
        self.powers.off(domain)
        flags = (
            libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
            | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
            | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
            | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
        )
        with self.host.doing("forget the server"):
            if domain.isPersistent():
                domain.undefineFlags(flags)
        nics.unplug_leftovers(ports)

    def define(self, spec: ServerSpec, *, rescue: bool = False) -> Any:
        "The domain of `spec`, defined anew and not started."
        with self._placing:
            placed = self._place(spec)
            xml = domain_xml.domain_xml(
                spec,
                self.machine,
                self.disks.targets(spec, rescue=rescue),
                self.store.files(spec.id),
                placed,
            )
            with self.host.doing("define the server"):
                return self.host.connection().defineXMLFlags(xml, 0)

    def _place(self, spec: ServerSpec) -> topology.Topology | None:
        wishes = Wishes.of(spec)
        if not topology.guest_cells(wishes, spec.vcpus, spec.memory_mib):
            return None
        taken = [
            pin
            for server_id, xml in self.host.descriptions().items()
            if server_id != spec.id
            for pin in domain_xml.pins(xml)
        ]
        return topology.fit(
            wishes,
            spec.vcpus,
            spec.memory_mib,
            topology.host_cells({"cells": self.facts.cells()}),
            self.facts.dedicated(),
            taken,
        )

    def where(self, spec: ServerSpec) -> Detail:
        """What the guest finds its disks under: {root_device_name, devices: {attachment, volume
        or index: /dev/...}}."""
        names = {}
        targets = self.disks.targets(spec)
        for target in targets:
            if target.serial:
                names[target.serial] = f"/dev/{target.dev}"
        return {"root_device_name": f"/dev/{targets[0].dev}" if targets else None, "devices": names}

    def destroy(self, work: Work, server_id: str, keep_disks: bool = False) -> Detail:
        "See the contract."
        self._clear(server_id, keep_disks)
        return None

    def power(self, work: Work, spec: ServerSpec, action: str, grace_s: int = 60) -> Detail:
        "See the contract."
        domain = self.host.find(spec.id)
        if domain is None:
            if not self.store.path(spec.id).is_dir():
                raise NoSuchServer(server_id=spec.id)
            domain = self.define(spec)

        def again() -> Any:
            self.disks.make(work, spec)
            self.store.save(spec, self.store.extra(spec.id))
            return self.define(spec, rescue=bool(self.store.extra(spec.id).get("rescued")))

        if action == "start" and power_state(domain) not in {RUNNING, 3, 7}:
            domain = again()
        self.powers.carry_out(work, domain, action, grace_s, again)
        return None

    def rebuild(self, work: Work, spec: ServerSpec, preserve_ephemeral: bool = False) -> Detail:
        """See the contract. The new disk is made before the old one goes, so that a bad image
        leaves the server as it was."""
        root = next((d for d in spec.disks if d.kind == "root" and d.image), None)
        work.step("rebuild_block_device_mapping")
        if root and root.image:
            self.images.get(root.image, work.check)
        domain = self.host.find(spec.id)
        if domain is not None:
            self.powers.off(domain)
        for name, disk in self.disks.local_names(spec):
            if disk.kind == "root" or not preserve_ephemeral:
                self.store.path(spec.id, name).unlink(missing_ok=True)
        self.disks.make(work, spec)
        self.store.save(spec)
        work.step("rebuild_spawning")
        domain = self.define(spec)
        if spec.power == "on":
            self.powers.start(domain)
        return self.where(spec)

    def rescue(self, work: Work, spec: ServerSpec) -> Detail:
        "See the contract."
        self.disks.rescue(work, spec)
        domain = self.host.find(spec.id)
        if domain is not None:
            self.powers.stop(work, domain, 0)
        self.disks.config_drive(spec)
        self.store.save(spec, {"rescued": True})
        self.powers.start(self.define(spec, rescue=True))
        return None

    def unrescue(self, work: Work, spec: ServerSpec) -> Detail:
        "See the contract."
        domain = self.host.find(spec.id)
        if domain is not None:
            self.powers.off(domain)
        self.store.save(spec)
        self.disks.config_drive(spec)
        domain = self.define(spec)
        if spec.power != "off":
            self.powers.start(domain)
        self.store.path(spec.id, "disk.rescue").unlink(missing_ok=True)
        return None

    def resize(self, work: Work, spec: ServerSpec, step: str) -> Detail:
        "See the contract."
        return self.resizing.carry_out(work, spec, step)

    def snapshot(
        self,
        work: Work,
        server_id: str,
        target: ImageSource,
        live: bool = True,
        quiesce: bool = False,
    ) -> Detail:
        "See the contract."
        return self.snapshots.take(work, server_id, target, live, quiesce)

    def move_out(
        self,
        work: Work,
        spec: ServerSpec,
        target_host: str,
        kind: str,
        block_migration: bool | None,
        peer: dict[str, Any] | None = None,
    ) -> Detail:
        "See the contract."
        return self.migration.move_out(work, spec, target_host, kind, block_migration, peer or {})

    def move_in(
        self,
        work: Work,
        spec: ServerSpec,
        source_host: str,
        kind: str,
        peer: dict[str, Any] | None = None,
    ) -> Detail:
        "See the contract."
        return self.migration.move_in(work, spec, source_host, kind, peer or {})

    def attach_nic(self, work: Work, server_id: str, nic: Nic) -> Detail:
        "See the contract."
        return self.hotplug.attach_nic(server_id, nic)

    def detach_nic(self, work: Work, server_id: str, nic: Nic) -> Detail:
        "See the contract."
        return self.hotplug.detach_nic(work, server_id, nic)

    def attach_disk(self, work: Work, server_id: str, disk: Disk) -> Detail:
        "See the contract."
        return self.hotplug.attach_disk(server_id, disk)

    def detach_disk(self, work: Work, server_id: str, disk: Disk) -> Detail:
        "See the contract."
        return self.hotplug.detach_disk(work, server_id, disk)

    def swap_disk(self, work: Work, server_id: str, old: Disk, new: Disk) -> Detail:
        "See the contract."
        return self.hotplug.swap_disk(work, server_id, old, new)

    def crash_dump(self, work: Work, server_id: str) -> Detail:
        "See the contract."
        self.guest.inject_nmi(server_id)
        return None

    def cache_image(self, work: Work, image: ImageSource) -> Detail:
        "See the contract."
        base = self.images.get(image, work.check)
        return {"size_bytes": base.path.stat().st_size}

    def forget_image(self, work: Work, image_id: str) -> Detail:
        "See the contract."
        return {"forgotten": self.images.forget(image_id, self.disks.bases_in_use())}

    def resume_on_boot(self, server_id: str) -> None:
        "See Driver."
        self.powers.start(self.host.get(server_id))

    def console_log(self, server_id: str, lines: int | None) -> str:
        "See the contract."
        return self.consoles.log(server_id, lines)

    def console(self, server_id: str, kind: str) -> dict[str, Any]:
        "See the contract."
        return self.consoles.where(server_id, kind)

    def usage(self) -> dict[str, dict[str, int]]:
        "See Driver."
        return self.guest.usage()

    def diagnostics(self, server_id: str) -> dict[str, Any]:
        "See the contract."
        return self.guest.diagnostics(server_id, self.machine.virt_type)

    def set_password(self, server_id: str, user: str, password: str) -> None:
        "See the contract."
        self.guest.set_password(server_id, user, password)

    def age_cache(self) -> None:
        "See Driver."
        limit = self.config.libvirt.image_cache_age_s
        if limit:
            for path in self.images.age(limit, self.disks.bases_in_use()):
                LOG.info("image %s was not used for %d s: dropped", path.name, limit)
        self.consoles.rotate(self.config.libvirt.console_log_kib * 1024)


def machine_of(config: Any) -> Machine:
    "The part of every domain that the operator chose."
    options = config.libvirt
    return Machine(
        virt_type="qemu",
        emulator=options.emulator or shutil.which("qemu-system-x86_64") or "",
        cpu_mode=options.cpu_mode,
        cpu_model=options.cpu_model,
        cpu_features=list(options.cpu_features),
        machine_type=options.machine_type,
        pcie_ports=options.pcie_ports,
        console_bind=options.console_bind or config.agent.host_ip,
        bridge=options.ovs_bridge,
    )
