"""One class for each kind of job. A step is a method of the flow; `STEP_done` and `STEP_failed`
hear the agent's answer to an order given in STEP; `failed` ends the job with a reason whenever
a step raises."""

from typing import Any

from compute.conductor.flows.attach import (
    AttachNic,
    AttachVolume,
    DetachNic,
    DetachVolume,
    SwapVolume,
)
from compute.conductor.flows.build import Build
from compute.conductor.flows.change import (
    CrashDump,
    Rebuild,
    Rescue,
    Restore,
    Snapshot,
    SoftDelete,
    Unrescue,
)
from compute.conductor.flows.delete import Delete
from compute.conductor.flows.move import Evacuate, LiveMigrate
from compute.conductor.flows.power import Power
from compute.conductor.flows.resize import Confirm, Resize, Revert
from compute.conductor.flows.shelve import Offload, Shelve, Unshelve

FLOWS: dict[str, Any] = {
    "build": Build(),
    "delete": Delete(),
    "power": Power(),
    "rebuild": Rebuild(),
    "rescue": Rescue(),
    "unrescue": Unrescue(),
    "snapshot": Snapshot(),
    "backup": Snapshot(),
    "soft_delete": SoftDelete(),
    "restore": Restore(),
    "crash_dump": CrashDump(),
    "resize": Resize(),
    "confirm": Confirm(),
    "revert": Revert(),
    "shelve": Shelve(),
    "offload": Offload(),
    "unshelve": Unshelve(),
    "attach_nic": AttachNic(),
    "detach_nic": DetachNic(),
    "attach_volume": AttachVolume(),
    "detach_volume": DetachVolume(),
    "swap_volume": SwapVolume(),
    "live_migrate": LiveMigrate(),
    "evacuate": Evacuate(),
}
