"""Definitions about images themselves, the operating system, volumes and software."""

from __future__ import annotations

from typing import Any

from image.core.catalogue.words import (
    SERVER,
    VOLUME,
    flag,
    image,
    namespace,
    number,
    text,
    volume,
)

_DISTROS = (
    "arch", "centos", "debian", "fedora", "freebsd", "gentoo", "mandrake", "mandriva", "mes",
    "msdos", "netbsd", "netware", "openbsd", "opensolaris", "opensuse", "rocky", "rhel", "sled",
    "ubuntu", "windows",
)  # fmt: skip

_COMMON = namespace(
    "OS::Glance::CommonImageProperties",
    "Common Image Properties",
    "What images usually say about themselves.",
    [image(), volume()],
    {
        "kernel_id": text("Kernel ID", "Image of the kernel that boots this disk."),
        "ramdisk_id": text("Ramdisk ID", "Image of the ramdisk that goes with the kernel."),
        "instance_uuid": text("Instance ID", "Server that this image is a snapshot of."),
        "architecture": text("CPU Architecture", "Processor that the system inside needs."),
        "os_distro": text("OS Distribution", "Name of the system inside, in lower case."),
        "os_version": text("OS Version", "Version, in the distribution's own words."),
        "description": text("Image description", "A sentence for people."),
        "cinder_encryption_key_id": text("Encryption key", "Key of an encrypted volume's image."),
        "cinder_encryption_key_deletion_policy": text(
            "Encryption key deletion", "What becomes of the key with the image.",
            "on_image_deletion", "do_not_delete"),
    },
)  # fmt: skip

_SYSTEM = namespace(
    "OS::OperatingSystem",
    "Operating system",
    "The system that an image contains.",
    [image(), volume()],
    {
        "os_distro": text("Distribution", "Name of the system in lower case.", *_DISTROS),
        "os_version": text("Version", "Version, in the distribution's own words."),
        "os_type": text("Type", "Family of the system.", "linux", "windows"),
        "os_admin_user": text("Administrator", "Name of the user with all rights."),
        "os_shutdown_timeout": number("Shutdown time", "Seconds the guest may take to stop."),
        "os_require_quiesce": flag("Quiesce", "Whether snapshots need still file systems."),
        "os_secure_boot": text("Secure boot", "Whether UEFI secure boot is needed.",
                               "required", "disabled", "optional"),
    },
)  # fmt: skip

_SIGNATURES = namespace(
    "OS::Glance::Signatures",
    "Image Signature Verification",
    "A signature of the data, and the certificate to check it with.",
    [image()],
    {
        "img_signature": text("Signature", "Signature of the data, base64."),
        "img_signature_certificate_uuid": text("Certificate", "Where the certificate is kept."),
        "img_signature_hash_method": text("Hash", "Hash that was signed.", "SHA-224", "SHA-256",
                                          "SHA-384", "SHA-512"),
        "img_signature_key_type": text("Key type", "Kind of key.", "RSA-PSS", "DSA",
                                       "ECC_SECT571K1", "ECC_SECT409K1", "ECC_SECT571R1",
                                       "ECC_SECT409R1", "ECC_SECP521R1", "ECC_SECP384R1"),
    },
)  # fmt: skip

_VOLUME_TYPE = namespace(
    "OS::Cinder::Volumetype",
    "Volume type configuration",
    "What a volume type may ask of its backend.",
    [{"name": VOLUME, "properties_target": "volume"}, {"name": "OS::Cinder::VolumeType"}],
    {
        "multiattach": text("Multi-attach", "Whether several servers may use a volume at once.",
                            "<is> True"),
        "cacheable": text("Cacheable", "Whether a host may cache it.", "<is> True"),
        "RESKEY:availability_zones": text("Zones", "Zones where the type exists, with commas."),
        "replication_enabled": text("Replication", "Whether volumes are replicated.", "<is> True"),
    },
)  # fmt: skip


def _software(name: str, title: str, description: str, *products: tuple[str, str, str]) -> Any:
    objects = [
        {
            "name": product,
            "description": f"{product}: its version and the port it listens on.",
            "properties": {
                f"sw_{kind}_{key}_version": text("Version", f"Version of {product}."),
                f"sw_{kind}_{key}_listen_port": number(
                    "Port", f"TCP port of {product}.", minimum=1, maximum=65535
                ),
            },
        }
        for product, kind, key in products
    ]
    types = [image(), volume(), {"name": SERVER, "properties_target": "metadata"}]
    return namespace(name, title, description, types, objects=objects)


NAMESPACES = (
    _COMMON,
    _SYSTEM,
    _SIGNATURES,
    _VOLUME_TYPE,
    _software(
        "OS::Software::DBMS", "Database software", "Database servers that an image brings.",
        ("MySQL", "database", "mysql"), ("PostgreSQL", "database", "postgresql"),
        ("MariaDB", "database", "mariadb"), ("MongoDB", "database", "mongodb"),
        ("Redis", "database", "redis"), ("Apache Cassandra", "database", "cassandra"),
    ),
    _software(
        "OS::Software::WebServers", "Web servers", "Web servers that an image brings.",
        ("Apache HTTP Server", "webserver", "apache"), ("Nginx", "webserver", "nginx"),
        ("HAProxy", "webserver", "haproxy"), ("Caddy", "webserver", "caddy"),
    ),
    namespace(
        "OS::Software::Runtimes", "Runtime environments", "Languages ready for use in an image.",
        [image(), volume(), {"name": SERVER, "properties_target": "metadata"}],
        objects=[
            {
                "name": language,
                "description": f"{language}: the version that is installed.",
                "properties": {
                    f"sw_runtime_{language.lower()}_version": text(
                        "Version", f"Version of {language}.")
                },
            }
            for language in ("Java", "PHP", "Python", "Ruby", "Perl", "Go", "NodeJS")
        ],
    ),
)  # fmt: skip
