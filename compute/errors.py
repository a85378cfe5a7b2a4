"""Errors of compute; each class's docstring is its message.

BadRequest 400 ── Invalid..., NoSuch... (a reference in a body), TooMany...
Forbidden 403  ── QuotaExceeded (403 as Nova answers it), PortQuotaExceeded
NotFound 404   ── ...NotFound (the thing that the URL names)
Conflict 409   ── WrongState, ServerLocked, ServerNotReady, ...InUse, ...Exists
Gone 410       ── RemovedApi
"""

from common.errors import BadRequest, Conflict, Error, Forbidden, Gone, NotFound


class ServerNotFound(NotFound):
    "Instance {server_id} could not be found."


class FlavorNotFound(NotFound):
    "Flavor {flavor_id} could not be found."


class ExtraSpecNotFound(NotFound):
    "Flavor {flavor_id} has no extra specs with key {key}."


class FlavorAccessNotFound(NotFound):
    "Flavor access not found for {flavor_id} / {project_id} combination."


class KeypairNotFound(NotFound):
    "Keypair {name} not found for user {user_id}"


class AggregateNotFound(NotFound):
    "Aggregate {aggregate_id} could not be found."


class AggregateHostNotFound(NotFound):
    "Aggregate {aggregate_id} has no host {host}."


class ComputeHostNotFound(NotFound):
    "Compute host {host} could not be found."


class ServiceNotFound(NotFound):
    "Service {service_id} not found."


class ServerGroupNotFound(NotFound):
    "Instance group {group_id} could not be found."


class ActionNotFound(NotFound):
    "Action {request_id} not found."


class MigrationNotFound(NotFound):
    "Migration {migration_id} for server {server_id} could not be found."


class TagNotFound(NotFound):
    "Server has no tag '{tag}'"


class MetadataNotFound(NotFound):
    "Metadata item {key} was not found"


class AttachmentNotFound(NotFound):
    "{kind} {id} is not attached to instance {server_id}"


class ShareNotFound(NotFound):
    "Share {share_id} could not be found."


class NetworkNotFound(NotFound):
    "Network {network} not found on instance."


class ConsoleTokenNotFound(NotFound):
    "Token not found"


class ConsoleUnavailable(Conflict):
    "Instance {server_id} has no {kind} console at this moment: {reason}"


class ConsoleKindUnavailable(BadRequest):
    "Guest does not have a console of type {kind} available."


class ProjectNotFound(BadRequest):
    "Project ID {project_id} is not a valid project."


class RemovedApi(Gone):
    "This resource is no longer available. No forwarding address is given."


class InvalidParameter(BadRequest):
    "Invalid input for field/attribute {field}. Value: {value}. {reason}"


class MarkerNotFound(BadRequest):
    "Marker {marker} could not be found."


class NoSuchFlavor(BadRequest):
    "Invalid flavorRef provided: flavor {flavor_id} could not be found."


class NoSuchImage(BadRequest):
    "Invalid imageRef provided: image {image_id} could not be found."


class ImageNotUsable(BadRequest):
    "Image {image_id} is unacceptable: {reason}"


class NoSuchKeypair(BadRequest):
    "Invalid key_name provided."


class NoSuchNetwork(BadRequest):
    "Network {network_id} could not be found."


class NoSuchPort(BadRequest):
    "Port {port_id} not found."


class PortInUse(Conflict):
    "Port {port_id} is still in use."


class FixedIpInUse(BadRequest):
    "Fixed IP address {ip} is already in use on network {network_id}."


class NetworkRefused(BadRequest):
    "The network service refused: {reason}"


class NetworkAmbiguous(Conflict):
    "Multiple possible networks found, use a Network ID to be more specific."


class NoSuchSecurityGroup(BadRequest):
    "Security group {group} not found."


class NoSuchVolume(BadRequest):
    "Block device mapping is invalid: failed to get volume {volume_id}."


class BadBlockDevices(BadRequest):
    "Block Device Mapping is Invalid: {reason}"


class FlavorTooSmall(BadRequest):
    "Flavor's {what} is too small for requested image: {needed} needed, the flavor has {given}."


class CannotResizeToSame(BadRequest):
    "When resizing, instances must change flavor!"


class CannotShrinkDisk(BadRequest):
    "Resize to a flavor with a smaller {what} is not allowed."


class BadZone(BadRequest):
    "The requested availability zone is not available"


class BadKey(BadRequest):
    "Keypair data is invalid: {reason}"


class NoValidHost(BadRequest):
    "No valid host was found. {reason}"


class QuotaExceeded(Forbidden):
    "Quota exceeded for {over}: Requested {requested}, but already used {used} of {limit} {over}"


class TooManyItems(Forbidden):
    "Maximum number of {what} exceeded: {given}, the limit is {limit}"


class PortQuotaExceeded(Forbidden):
    "Maximum number of ports exceeded"


class CannotDisassociate(BadRequest):
    "{reason}"


class WrongState(Conflict):
    "Cannot '{action}' instance {server_id} while it is in {attribute} {state}"


class CannotPin(Conflict):
    "Server {server_id} cannot be pinned to that availability zone: {reason}."


class ServerLocked(Conflict):
    "Instance {server_id} is locked"


class ServerNotReady(Conflict):
    "Instance {server_id} is not ready"


class HostDown(Conflict):
    "The host {host} of instance {server_id} does not answer; the request cannot be served now."


class Duplicate(Conflict):
    "{what} with name {name} already exists."


class FlavorIdExists(Conflict):
    "Flavor with ID {flavor_id} already exists."


class FlavorAccessExists(Conflict):
    "Flavor access already exists for flavor {flavor_id} and project {project_id} combination."


class KeypairExists(Conflict):
    "Key pair '{name}' already exists."


class InUse(Conflict):
    "{what} is in use: {reason}"


class ZoneConflict(Conflict):
    "Cannot change the availability zone of aggregate {aggregate_id}: {reason}"


class NotSupportedHere(Conflict):
    "{reason}"


class UpstreamFailed(Error):
    "The {service} service failed: {reason}"


class Oversold(Conflict):
    "Provider {provider} has no room for {amount} of {resource_class}."
