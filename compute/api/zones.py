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
    "NMN": "Multinic",
    "OS-DCF": "DiskConfig",
    "OS-EXT-AZ": "ExtendedAvailabilityZone",
    "OS-EXT-IMG-SIZE": "ImageSize",
    "OS-EXT-IPS": "ExtendedIps",
    "OS-EXT-IPS-MAC": "ExtendedIpsMac",
    "OS-EXT-SRV-ATTR": "ExtendedServerAttributes",
    "OS-EXT-STS": "ExtendedStatus",
    "OS-FLV-DISABLED": "FlavorDisabled",
    "OS-FLV-EXT-DATA": "FlavorExtraData",
    "OS-SCH-HNT": "SchedulerHints",
    "OS-SRV-USG": "ServerUsage",
    "os-access-ips": "AccessIPs",
    "os-admin-password": "AdminPassword",
    "os-aggregates": "Aggregates",
    "os-assisted-volume-snapshots": "AssistedVolumeSnapshots",
    "os-attach-interfaces": "AttachInterfaces",
    "os-block-device-mapping": "BlockDeviceMapping",
    "os-block-device-mapping-v2-boot": "BlockDeviceMappingV2Boot",
    "os-config-drive": "ConfigDrive",
    "os-console-auth-tokens": "ConsoleAuthTokens",
    "os-console-output": "ConsoleOutput",
    "os-consoles": "Consoles",
    "os-create-backup": "CreateBackup",
    "os-deferred-delete": "DeferredDelete",
    "os-evacuate": "Evacuate",
    "os-extended-hypervisors": "ExtendedHypervisors",
    "os-extended-networks": "ExtendedNetworks",
    "os-extended-services": "ExtendedServices",
    "os-extended-services-delete": "ExtendedServicesDelete",
    "os-extended-volumes": "ExtendedVolumes",
    "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs",
    "os-flavor-manage": "FlavorManage",
    "os-flavor-rxtx": "FlavorRxtx",
    "os-flavor-swap": "FlavorSwap",
    "os-floating-ip-pools": "FloatingIpPools",
    "os-floating-ips": "FloatingIps",
    "os-hosts": "Hosts",
    "os-hypervisor-status": "HypervisorStatus",
    "os-hypervisors": "Hypervisors",
    "os-instance_usage_audit_log": "OSInstanceUsageAuditLog",
    "os-keypairs": "Keypairs",
    "os-lock-server": "LockServer",
    "os-migrate-server": "MigrateServer",
    "os-migrations": "Migrations",
    "os-multiple-create": "MultipleCreate",
    "os-networks": "Networks",
    "os-pause-server": "PauseServer",
    "os-personality": "Personality",
    "os-quota-class-sets": "QuotaClasses",
    "os-quota-sets": "Quotas",
    "os-rescue": "Rescue",
    "os-security-groups": "SecurityGroups",
    "os-server-external-events": "ServerExternalEvents",
    "os-server-group-quotas": "ServerGroupQuotas",
    "os-server-groups": "ServerGroups",
    "os-server-password": "ServerPassword",
    "os-server-sort-keys": "ServerSortKeys",
    "os-server-start-stop": "ServerStartStop",
    "os-services": "Services",
    "os-shelve": "Shelve",
    "os-simple-tenant-usage": "SimpleTenantUsage",
    "os-suspend-server": "SuspendServer",
    "os-tenant-networks": "OSTenantNetworks",
    "os-user-data": "UserData",
    "os-user-quotas": "UserQuotas",
    "os-volume-attachment-update": "VolumeAttachmentUpdate",
    "os-volumes": "Volumes",
}
"Names that old clients know; those of parts that are not there are not among them."


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
