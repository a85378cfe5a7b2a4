"Availability zones, and the extensions that there once were."

from typing import Any

from common.errors import NotFound
from common.http import Api
from compute.core import Deps, zones
from compute.views.links import stamp

api = Api("/v2.1")


@api.get("/os-availability-zone", policy="os_compute_api:os-availability-zone:list")
def index(deps: Deps) -> dict[str, Any]:
    "Zones by name."
    return {"availabilityZoneInfo": zones.listing(deps, detail=False)}


@api.get("/os-availability-zone/detail", policy="os_compute_api:os-availability-zone:detail")
def detail(deps: Deps) -> dict[str, Any]:
    "Zones with the services of their hosts."
    rows = zones.listing(deps, detail=True)
    for row in rows:
        for services in row["hosts"].values():
            for service in services.values():
                service["updated_at"] = stamp(service["updated_at"])
    return {"availabilityZoneInfo": rows}


EXTENSIONS = {
    "os-keypairs": "Keypairs",
    "os-quota-sets": "Quotas",
    "os-availability-zone": "AvailabilityZone",
    "os-aggregates": "Aggregates",
    "os-hypervisors": "Hypervisors",
    "os-services": "Services",
    "os-server-groups": "ServerGroups",
    "os-simple-tenant-usage": "SimpleTenantUsage",
    "os-migrations": "Migrations",
    "os-instance-actions": "InstanceActions",
    "os-volumes": "Volumes",
    "os-attach-interfaces": "AttachInterfaces",
    "os-console-output": "ConsoleOutput",
    "os-consoles": "Consoles",
    "os-deferred-delete": "DeferredDelete",
    "os-evacuate": "Evacuate",
    "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs",
    "os-flavor-manage": "FlavorManage",
    "os-lock-server": "LockServer",
    "os-migrate-server": "MigrateServer",
    "os-pause-server": "PauseServer",
    "os-rescue": "Rescue",
    "os-security-groups": "SecurityGroups",
    "os-shelve": "Shelve",
    "os-suspend-server": "SuspendServer",
    "os-extended-availability-zone": "ExtendedAvailabilityZone",
    "os-extended-server-attributes": "ExtendedServerAttributes",
    "os-extended-status": "ExtendedStatus",
    "OS-DCF": "DiskConfig",
    "OS-SCH-HNT": "SchedulerHints",
    "os-create-backup": "CreateBackup",
    "os-quota-class-sets": "QuotaClasses",
    "os-server-external-events": "ServerExternalEvents",
}


def _entry(alias: str, name: str) -> dict[str, Any]:
    return {
        "alias": alias,
        "description": f"{name} support.",
        "links": [],
        "name": name,
        "namespace": f"http://docs.openstack.org/compute/ext/{alias}/api/v1.1",
        "updated": "2014-12-03T00:00:00Z",
    }


@api.get("/extensions", policy="os_compute_api:extensions")
def extensions() -> dict[str, Any]:
    "What old clients look for before they use a part of the API."
    return {"extensions": [_entry(a, n) for a, n in sorted(EXTENSIONS.items())]}


@api.get("/extensions/<alias>", policy="os_compute_api:extensions")
def extension(alias: str) -> dict[str, Any]:
    "One of them."
    if alias not in EXTENSIONS:
        raise NotFound()
    return {"extension": _entry(alias, EXTENSIONS[alias])}
