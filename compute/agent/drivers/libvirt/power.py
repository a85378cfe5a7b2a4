"""Power: start, stop, reboot, pause, suspend. Each is right in every state that the guest may be
in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import libvirt

from compute.agent.drivers import PAUSED, RUNNING, SUSPENDED, NodeError, Work
from compute.agent.drivers.libvirt.host import Host, power_state


class UnknownAction(NodeError):
    "There is no power action {action}."


class Power:
    """Power actions on domains. `define` makes the domain of a server again when its definition
    is lost."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def carry_out(
        self, work: Work, domain: Any, action: str, grace_s: int, rebuilt: Callable[[], Any]
    ) -> None:
        """`rebuilt` gives a newly defined domain for a hard reboot, so that what changed in the
        order (ports, volumes, extra specs) becomes true. Raises UnknownAction,
        HypervisorRefused."""
        actions: dict[str, Callable[[], None]] = {
            "start": lambda: self.start(domain),
            "stop": lambda: self.stop(work, domain, grace_s),
            "hard_reboot": lambda: self._hard_reboot(domain, rebuilt),
            "soft_reboot": lambda: self._soft_reboot(work, domain, grace_s, rebuilt),
            "pause": lambda: self._pause(domain),
            "unpause": lambda: self._unpause(domain),
            "suspend": lambda: self.suspend(domain),
            "resume": lambda: self._resume(domain),
        }
        if action not in actions:
            raise UnknownAction(action=action)
        actions[action]()

    def start(self, domain: Any) -> None:
        "Running, from whatever state."
        state = power_state(domain)
        if state == PAUSED:
            self._unpause(domain)
        elif state != RUNNING:
            with self.host.doing("start the server"):
                domain.create()

    def stop(self, work: Work, domain: Any, grace_s: int) -> None:
        "Ask by ACPI for `grace_s` seconds, then pull the plug."
        if power_state(domain) == RUNNING and grace_s > 0:
            self.ask_to_stop(work, domain, grace_s)
        self.off(domain)

    def ask_to_stop(self, work: Work, domain: Any, grace_s: float) -> bool:
        """Press the power button, again every 10 s as a booting guest misses it; whether the
        guest went off."""
        deadline = time.monotonic() + grace_s
        pressed = 0.0
        while time.monotonic() < deadline:
            if power_state(domain) != RUNNING:
                return True
            if time.monotonic() - pressed > 10:
                try:
                    domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
                except libvirt.libvirtError:
                    pass  # it went off in this moment, or has no ACPI: the loop sees which
                pressed = time.monotonic()
            if work.cancelled.wait(0.25):
                return False
        return False

    def off(self, domain: Any) -> None:
        "Not running, at once. Also forgets a saved memory image."
        with self.host.doing("stop the server"):
            if domain.isActive():
                try:
                    domain.destroyFlags(libvirt.VIR_DOMAIN_DESTROY_GRACEFUL)
                except libvirt.libvirtError as error:
                    if error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID:
                        domain.destroy()
            if domain.isPersistent() and domain.hasManagedSaveImage():
                domain.managedSaveRemove()

    def _hard_reboot(self, domain: Any, rebuilt: Callable[[], Any]) -> None:
        self.off(domain)
        self.start(rebuilt())

    def _soft_reboot(
        self, work: Work, domain: Any, grace_s: int, rebuilt: Callable[[], Any]
    ) -> None:
        # a guest that goes off by the power button and is started again has rebooted, whatever its
        # own reboot does
        if power_state(domain) == RUNNING and self.ask_to_stop(work, domain, grace_s):
            self.start(rebuilt())
            return
        work.check()
        self._hard_reboot(domain, rebuilt)

    def _pause(self, domain: Any) -> None:
        if power_state(domain) == RUNNING:
            with self.host.doing("pause the server"):
                domain.suspend()

    def _unpause(self, domain: Any) -> None:
        if power_state(domain) == PAUSED:
            with self.host.doing("unpause the server"):
                domain.resume()

    def suspend(self, domain: Any) -> None:
        "Memory to disk, processor off."
        if power_state(domain) in {RUNNING, PAUSED}:
            with self.host.doing("suspend the server"):
                domain.managedSave(0)

    def _resume(self, domain: Any) -> None:
        state = power_state(domain)
        if state == SUSPENDED or state not in {RUNNING, PAUSED}:
            with self.host.doing("resume the server"):
                domain.create()
        elif state == PAUSED:
            self._unpause(domain)
