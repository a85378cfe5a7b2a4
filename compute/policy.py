"""Who may do what: Nova's rule names with their present defaults, so that an operator's policy
file still fits.

Each row: name after `os_compute_api:`, persona, description, method and path.
"""

from collections.abc import Iterator

from common.policy import Rule, RuleDefault, rule

CHECKS = {
    "any": "@",
    "admin": "rule:context_is_admin",
    "manager": "rule:project_manager_or_admin",
    "member": "rule:project_member_or_admin",
    "reader": "rule:project_reader_or_admin",
    "owner": "rule:admin_or_owner_user",
    "service": "rule:service_or_admin",
}

BASICS = (
    RuleDefault("context_is_admin", "role:admin"),
    RuleDefault("project_manager_api", "role:manager and project_id:%(project_id)s"),
    RuleDefault("project_member_api", "role:member and project_id:%(project_id)s"),
    RuleDefault("project_reader_api", "role:reader and project_id:%(project_id)s"),
    RuleDefault("service_api", "role:service"),
    RuleDefault("project_manager_or_admin", "rule:project_manager_api or rule:context_is_admin"),
    RuleDefault("project_member_or_admin", "rule:project_member_api or rule:context_is_admin"),
    RuleDefault("project_reader_or_admin", "rule:project_reader_api or rule:context_is_admin"),
    RuleDefault("service_or_admin", "rule:service_api or rule:context_is_admin"),
    RuleDefault("admin_or_owner_user", "rule:context_is_admin or user_id:%(user_id)s"),
)

TABLE = """
servers:index reader List servers|GET /servers
servers:detail reader List servers with details|GET /servers/detail
servers:index:get_all_tenants admin List servers of all projects|GET /servers
servers:detail:get_all_tenants admin List servers of all projects|GET /servers/detail
servers:allow_all_filters admin Filter lists by everything|GET /servers
servers:show reader Show a server|GET /servers/{id}
servers:show:host_status admin Show the status of the host|GET /servers/{id}
servers:show:host_status:unknown-only admin Show only that the host is unknown|GET /servers/{id}
servers:show:flavor-extra-specs reader Show extra specs of the flavor|GET /servers/{id}
servers:create member Create a server|POST /servers
servers:create:forced_host admin Choose the host by the zone|POST /servers
servers:create:attach_volume member Attach volumes at create|POST /servers
servers:create:attach_network member Attach networks at create|POST /servers
servers:create:trusted_certs member Name trusted certificates|POST /servers
servers:create:zero_disk_flavor admin Boot an image with a flavor without disk|POST /servers
network:attach_external_network admin Attach to an external network|POST /servers
compute:servers:create:requested_destination admin Choose host or node|POST /servers
servers:delete member Delete a server|DELETE /servers/{id}
servers:update member Update a server|PUT /servers/{id}
servers:confirm_resize member Confirm a resize|POST /servers/{id}/action
servers:revert_resize member Revert a resize|POST /servers/{id}/action
servers:reboot member Reboot|POST /servers/{id}/action
servers:resize member Resize|POST /servers/{id}/action
servers:rebuild member Rebuild|POST /servers/{id}/action
servers:rebuild:trusted_certs member Rebuild with trusted certificates|POST /servers/{id}/action
servers:create_image member Make an image|POST /servers/{id}/action
servers:create_image:allow_volume_backed member Make an image of a volume-backed server|POST /servers/{id}/action
servers:start member Start|POST /servers/{id}/action
servers:stop member Stop|POST /servers/{id}/action
servers:trigger_crash_dump member Crash the guest|POST /servers/{id}/action
os-admin-actions:inject_network_info admin Read the ports again|POST /servers/{id}/action
os-admin-actions:reset_state admin Reset the state|POST /servers/{id}/action
os-admin-password member Change the password|POST /servers/{id}/action
os-create-backup member Back up|POST /servers/{id}/action
os-deferred-delete:restore member Restore a soft-deleted server|POST /servers/{id}/action
os-deferred-delete:force member Delete for good|POST /servers/{id}/action
os-evacuate admin Evacuate|POST /servers/{id}/action
os-lock-server:lock member Lock|POST /servers/{id}/action
os-lock-server:unlock member Unlock|POST /servers/{id}/action
os-lock-server:unlock:unlock_override admin Unlock what somebody else locked|POST /servers/{id}/action
os-migrate-server:migrate manager Cold migrate|POST /servers/{id}/action
os-migrate-server:migrate:host admin Cold migrate to a host|POST /servers/{id}/action
os-migrate-server:migrate_live manager Live migrate|POST /servers/{id}/action
os-migrate-server:migrate_live:host admin Live migrate to a host|POST /servers/{id}/action
os-multinic:add member Add a fixed address|POST /servers/{id}/action
os-multinic:remove member Remove a fixed address|POST /servers/{id}/action
os-floating-ips:add member Associate a floating address|POST /servers/{id}/action
os-floating-ips:remove member Take a floating address away|POST /servers/{id}/action
os-pause-server:pause member Pause|POST /servers/{id}/action
os-pause-server:unpause member Go on|POST /servers/{id}/action
os-remote-consoles member Open a console|POST /servers/{id}/remote-consoles
os-console-output member Read the console|POST /servers/{id}/action
os-console-auth-tokens admin Look into a console token|GET /os-console-auth-tokens/{token}
os-rescue member Rescue|POST /servers/{id}/action
os-unrescue member Unrescue|POST /servers/{id}/action
os-security-groups:get reader List security groups|GET /os-security-groups
os-security-groups:show reader Show a security group|GET /os-security-groups/{id}
os-security-groups:create member Create a security group|POST /os-security-groups
os-security-groups:update member Update a security group|PUT /os-security-groups/{id}
os-security-groups:delete member Delete a security group|DELETE /os-security-groups/{id}
os-security-groups:rule:create member Create a rule|POST /os-security-group-rules
os-security-groups:rule:delete member Delete a rule|DELETE /os-security-group-rules/{id}
os-security-groups:list reader List groups of a server|GET /servers/{id}/os-security-groups
os-security-groups:add member Add a group to a server|POST /servers/{id}/action
os-security-groups:remove member Remove a group from a server|POST /servers/{id}/action
os-shelve:shelve member Shelve|POST /servers/{id}/action
os-shelve:unshelve member Unshelve|POST /servers/{id}/action
os-shelve:unshelve_to_host admin Unshelve to a host|POST /servers/{id}/action
os-shelve:shelve_offload admin Take a shelved server off its host|POST /servers/{id}/action
os-suspend-server:suspend member Suspend|POST /servers/{id}/action
os-suspend-server:resume member Resume|POST /servers/{id}/action
os-server-diagnostics admin Diagnostics|GET /servers/{id}/diagnostics
os-server-password:show reader Read the encrypted password|GET /servers/{id}/os-server-password
os-server-password:clear member Clear the password|DELETE /servers/{id}/os-server-password
os-server-tags:index reader List tags|GET /servers/{id}/tags
os-server-tags:show reader Check a tag|GET /servers/{id}/tags/{tag}
os-server-tags:update member Set a tag|PUT /servers/{id}/tags/{tag}
os-server-tags:update_all member Replace tags|PUT /servers/{id}/tags
os-server-tags:delete member Remove a tag|DELETE /servers/{id}/tags/{tag}
os-server-tags:delete_all member Remove all tags|DELETE /servers/{id}/tags
compute:server:topology:index reader Show the topology|GET /servers/{id}/topology
compute:server:topology:host:index admin Show the host's side of it|GET /servers/{id}/topology
server-metadata:index reader List metadata|GET /servers/{id}/metadata
server-metadata:show reader Show metadata|GET /servers/{id}/metadata/{key}
server-metadata:create member Add metadata|POST /servers/{id}/metadata
server-metadata:update_all member Replace metadata|PUT /servers/{id}/metadata
server-metadata:update member Set metadata|PUT /servers/{id}/metadata/{key}
server-metadata:delete member Remove metadata|DELETE /servers/{id}/metadata/{key}
ips:index reader List addresses|GET /servers/{id}/ips
ips:show reader Show addresses|GET /servers/{id}/ips/{network}
os-attach-interfaces:list reader List interfaces|GET /servers/{id}/os-interface
os-attach-interfaces:show reader Show an interface|GET /servers/{id}/os-interface/{port}
os-attach-interfaces:create member Attach an interface|POST /servers/{id}/os-interface
os-attach-interfaces:delete member Detach an interface|DELETE /servers/{id}/os-interface/{port}
os-volumes-attachments:index reader List attached volumes|GET /servers/{id}/os-volume_attachments
os-volumes-attachments:show reader Show an attachment|GET /servers/{id}/os-volume_attachments/{volume}
os-volumes-attachments:create member Attach a volume|POST /servers/{id}/os-volume_attachments
os-volumes-attachments:update member Update an attachment|PUT /servers/{id}/os-volume_attachments/{volume}
os-volumes-attachments:swap service Swap a volume|PUT /servers/{id}/os-volume_attachments/{volume}
os-volumes-attachments:delete member Detach a volume|DELETE /servers/{id}/os-volume_attachments/{volume}
os-instance-actions:list reader List actions|GET /servers/{id}/os-instance-actions
os-instance-actions:show reader Show an action|GET /servers/{id}/os-instance-actions/{request}
os-instance-actions:events admin Show tracebacks of events|GET /servers/{id}/os-instance-actions/{request}
os-instance-actions:events:details admin Show details of events|GET /servers/{id}/os-instance-actions/{request}
servers:migrations:index manager List migrations of a server|GET /servers/{id}/migrations
servers:migrations:index:host admin See the hosts of migrations|GET /servers/{id}/migrations
servers:migrations:show admin Show a migration|GET /servers/{id}/migrations/{migration}
servers:migrations:force_complete manager Force completion|POST /servers/{id}/migrations/{migration}/action
servers:migrations:delete manager Abort a migration|DELETE /servers/{id}/migrations/{migration}
os-migrations:index manager List migrations|GET /os-migrations
os-migrations:index:all_projects admin List migrations of all projects|GET /os-migrations
os-migrations:index:host admin See the hosts of migrations|GET /os-migrations
os-extended-server-attributes admin Show host and internals of servers|GET /servers/{id}
os-flavor-access admin List access of a flavor|GET /flavors/{id}/os-flavor-access
os-flavor-access:add_tenant_access admin Give access|POST /flavors/{id}/action
os-flavor-access:remove_tenant_access admin Take access|POST /flavors/{id}/action
os-flavor-extra-specs:index reader List extra specs|GET /flavors/{id}/os-extra_specs
os-flavor-extra-specs:show reader Show an extra spec|GET /flavors/{id}/os-extra_specs/{key}
os-flavor-extra-specs:create admin Add extra specs|POST /flavors/{id}/os-extra_specs
os-flavor-extra-specs:update admin Set an extra spec|PUT /flavors/{id}/os-extra_specs/{key}
os-flavor-extra-specs:delete admin Remove an extra spec|DELETE /flavors/{id}/os-extra_specs/{key}
flavors any List and show flavors|GET /flavors
os-flavor-manage:create admin Create a flavor|POST /flavors
os-flavor-manage:update admin Update a flavor|PUT /flavors/{id}
os-flavor-manage:delete admin Delete a flavor|DELETE /flavors/{id}
os-keypairs:index owner List keypairs|GET /os-keypairs
os-keypairs:show owner Show a keypair|GET /os-keypairs/{name}
os-keypairs:create owner Make a keypair|POST /os-keypairs
os-keypairs:delete owner Delete a keypair|DELETE /os-keypairs/{name}
os-quota-sets:show reader Show limits|GET /os-quota-sets/{id}
os-quota-sets:defaults any Show default limits|GET /os-quota-sets/{id}/defaults
os-quota-sets:detail reader Show limits and use|GET /os-quota-sets/{id}/detail
os-quota-sets:update admin Set limits|PUT /os-quota-sets/{id}
os-quota-sets:delete admin Back to default limits|DELETE /os-quota-sets/{id}
os-quota-class-sets:show admin Show limits of a class|GET /os-quota-class-sets/{name}
os-quota-class-sets:update admin Set limits of a class|PUT /os-quota-class-sets/{name}
limits any Show limits|GET /limits
limits:other_project admin Show limits of another project|GET /limits
os-availability-zone:list any List zones|GET /os-availability-zone
os-availability-zone:detail admin List zones with hosts|GET /os-availability-zone/detail
os-aggregates:index admin List aggregates|GET /os-aggregates
os-aggregates:show admin Show an aggregate|GET /os-aggregates/{id}
os-aggregates:create admin Create an aggregate|POST /os-aggregates
os-aggregates:update admin Update an aggregate|PUT /os-aggregates/{id}
os-aggregates:delete admin Delete an aggregate|DELETE /os-aggregates/{id}
os-aggregates:add_host admin Add a host|POST /os-aggregates/{id}/action
os-aggregates:remove_host admin Remove a host|POST /os-aggregates/{id}/action
os-aggregates:set_metadata admin Set metadata|POST /os-aggregates/{id}/action
compute:aggregates:images admin Cache images|POST /os-aggregates/{id}/images
os-server-groups:index reader List server groups|GET /os-server-groups
os-server-groups:index:all_projects admin List groups of all projects|GET /os-server-groups
os-server-groups:show reader Show a server group|GET /os-server-groups/{id}
os-server-groups:create member Create a server group|POST /os-server-groups
os-server-groups:delete member Delete a server group|DELETE /os-server-groups/{id}
os-services:list admin List services|GET /os-services
os-services:update admin Update a service|PUT /os-services/{id}
os-services:delete admin Delete a service|DELETE /os-services/{id}
os-hypervisors:list admin List hypervisors|GET /os-hypervisors
os-hypervisors:list-detail admin List hypervisors with details|GET /os-hypervisors/detail
os-hypervisors:statistics admin Sums over hypervisors|GET /os-hypervisors/statistics
os-hypervisors:show admin Show a hypervisor|GET /os-hypervisors/{id}
os-hypervisors:uptime admin Uptime|GET /os-hypervisors/{id}/uptime
os-hypervisors:search admin Search hypervisors|GET /os-hypervisors/{pattern}/search
os-hypervisors:servers admin Servers of hypervisors|GET /os-hypervisors/{pattern}/servers
os-hosts:list admin List hosts|GET /os-hosts
os-hosts:show admin Show a host|GET /os-hosts/{host}
os-hosts:update admin Update a host|PUT /os-hosts/{host}
os-hosts:reboot admin Reboot a host|GET /os-hosts/{host}/reboot
os-hosts:shutdown admin Shut a host down|GET /os-hosts/{host}/shutdown
os-hosts:start admin Start a host|GET /os-hosts/{host}/startup
os-simple-tenant-usage:list admin Usage of all projects|GET /os-simple-tenant-usage
os-simple-tenant-usage:show reader Usage of a project|GET /os-simple-tenant-usage/{id}
os-server-external-events:create service Tell of external events|POST /os-server-external-events
os-assisted-volume-snapshots:create service Snapshot a volume in use|POST /os-assisted-volume-snapshots
os-assisted-volume-snapshots:delete service Delete such a snapshot|DELETE /os-assisted-volume-snapshots/{id}
os-instance-usage-audit-log:list admin Usage audit log|GET /os-instance_usage_audit_log
os-instance-usage-audit-log:show admin Usage audit log of a period|GET /os-instance_usage_audit_log/{before}
os-baremetal-nodes:list admin List bare metal nodes|GET /os-baremetal-nodes
os-baremetal-nodes:show admin Show a bare metal node|GET /os-baremetal-nodes/{id}
extensions any List extensions|GET /extensions
os-networks:list reader List networks|GET /os-networks
os-networks:show reader Show a network|GET /os-networks/{id}
os-tenant-networks:list reader List networks of the project|GET /os-tenant-networks
os-tenant-networks:show reader Show a network of the project|GET /os-tenant-networks/{id}
os-floating-ip-pools any List pools|GET /os-floating-ip-pools
os-floating-ips:list reader List floating addresses|GET /os-floating-ips
os-floating-ips:show reader Show a floating address|GET /os-floating-ips/{id}
os-floating-ips:create member Allocate an address|POST /os-floating-ips
os-floating-ips:delete member Release an address|DELETE /os-floating-ips/{id}
os-volumes:list reader List volumes|GET /os-volumes
os-volumes:create member Create a volume|POST /os-volumes
os-volumes:detail reader List volumes with details|GET /os-volumes/detail
os-volumes:show reader Show a volume|GET /os-volumes/{id}
os-volumes:delete member Delete a volume|DELETE /os-volumes/{id}
os-volumes:snapshots:list reader List snapshots|GET /os-snapshots
os-volumes:snapshots:detail reader List snapshots with details|GET /os-snapshots/detail
os-volumes:snapshots:create member Create a snapshot|POST /os-snapshots
os-volumes:snapshots:show reader Show a snapshot|GET /os-snapshots/{id}
os-volumes:snapshots:delete member Delete a snapshot|DELETE /os-snapshots/{id}
images reader Image proxy|GET /images
images:delete member Delete an image by the proxy|DELETE /images/{id}
image-metadata member Metadata of an image by the proxy|POST /images/{id}/metadata
os-server-shares:index reader List shares|GET /servers/{id}/shares
os-server-shares:show reader Show a share|GET /servers/{id}/shares/{share}
os-server-shares:create member Attach a share|POST /servers/{id}/shares
os-server-shares:delete member Detach a share|DELETE /servers/{id}/shares/{share}
"""  # noqa: E501 a row is a line


def _rows() -> Iterator[Rule]:
    for line in TABLE.strip().splitlines():
        text, _, operation = line.partition("|")
        name, persona, description = text.split(" ", 2)
        method, path = operation.split(" ", 1)
        full = name if name.startswith(("compute:", "network:")) else f"os_compute_api:{name}"
        yield rule(full, CHECKS[persona], description + ".", (method, path))


RULES = (*BASICS, *_rows())
