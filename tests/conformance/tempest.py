"""Running lists of tempest's tests against the cloud that OS_* names, and reading what came out.

`python -m tests.conformance.tempest LIST... [REGEX]` runs lists by hand and prints what failed.
"""

import configparser
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LISTS = Path(__file__).parent / "lists"
BIN = Path(sys.executable).parent
CATALOG_TYPES = {
    "compute": "nova",
    "image": "glance",
    "network": "neutron",
    "object-store": "swift",
    "block-storage": "cinder",
}


def listed(name):
    "The test names of one list."
    return [line for line in (LISTS / f"{name}.txt").read_text().split() if line]


def connect():
    "An openstacksdk connection by the OS_* variables."
    import openstack

    return openstack.connect(load_yaml_config=False, load_envvars=True)


def configuration(cloud, work):
    "tempest's configuration for `cloud`, found out by asking it."
    auth = cloud.config.auth
    has = {name: cloud.has_service(kind) for kind, name in CATALOG_TYPES.items()}
    conf = configparser.ConfigParser(interpolation=None)
    conf.read_dict(
        {
            "DEFAULT": {"log_dir": work / "logs", "debug": True},
            "oslo_concurrency": {"lock_path": work / "lock"},
            "auth": {
                "use_dynamic_credentials": True,
                "tempest_roles": "member",
                "create_isolated_networks": has["neutron"],
                "admin_username": auth["username"],
                "admin_password": auth["password"],
                "admin_project_name": auth["project_name"],
                "admin_domain_name": "Default",
                "admin_user_domain_name": "Default",
                "admin_project_domain_name": "Default",
            },
            "identity": {
                "auth_version": "v3",
                "uri_v3": auth["auth_url"].rstrip("/").removesuffix("/v3") + "/v3",
                "region": cloud.config.region_name or "RegionOne",
                "v3_endpoint_type": "public",
                # the cloud under test is configured with these limits, see devstack
                "user_lockout_failure_attempts": 2,
                "user_lockout_duration": 5,
                "user_unique_last_password_count": 2,
            },
            "identity-feature-enabled": {
                "api_v2": False,
                "security_compliance": True,
                "application_credentials": True,
                "access_rules": True,
                "trust": True,
            },
            "service_available": {**has, "horizon": False},
            "object-storage": {"operator_role": "member", "reseller_admin_role": "ResellerAdmin"},
            "object-storage-feature-enabled": {
                "discoverability": True,
                "discoverable_apis": "all",
                "object_versioning": True,
                "tempurl_digest_hashlib": "sha256",
            },
            "image": {"build_timeout": 300},
            # the lists upload random bytes under every disk format: the test cloud lets them pass
            "image-feature-enabled": {"image_format_enforcement": False, "import_image": True},
            "validation": {
                "run_validation": os.environ.get("TEMPEST_SSH", "true"),
                "connect_method": "floating",
                "image_ssh_user": os.environ.get("TEMPEST_SSH_USER", "alto"),
                "image_alt_ssh_user": os.environ.get("TEMPEST_SSH_USER", "alto"),
                "ssh_timeout": 300,
                "ping_timeout": 120,
            },
        }
    )
    if has["nova"]:
        conf.read_dict(_compute(cloud))
    if has["neutron"]:
        conf.read_dict(_network(cloud))
    return conf


def _compute(cloud):
    images = sorted(
        cloud.image.images(status="active", visibility="public"), key=lambda i: (i.size or 0, i.id)
    )
    flavors = sorted(cloud.compute.flavors(), key=lambda f: (f.ram, f.disk, f.vcpus))
    return {
        "compute": {
            "image_ref": images[0].id,
            "image_ref_alt": images[-1].id,
            "flavor_ref": flavors[0].id,
            "flavor_ref_alt": flavors[min(1, len(flavors) - 1)].id,
            "max_microversion": "latest",
            "build_timeout": 600,
            "build_interval": 1,
            "min_compute_nodes": 1,
            "hypervisor_type": "QEMU",
        },
        "compute-feature-enabled": {
            "resize": True,
            "live_migration": False,
            "cold_migration": False,
            "personality": False,
            "config_drive": True,
            "enable_instance_password": True,
        },
    }


def _network(cloud):
    public = next(iter(cloud.network.networks(is_router_external=True)))
    aliases = ",".join(e.alias for e in cloud.network.extensions())
    return {
        "network": {
            "public_network_id": public.id,
            "floating_network_name": public.name,
            "project_network_cidr": "10.100.0.0/16",
            "project_network_mask_bits": 28,
            "project_network_v6_cidr": "2001:db8::/48",
            "build_timeout": 300,
        },
        "network-feature-enabled": {
            "api_extensions": aliases,
            "ipv6": True,
            "ipv6_subnet_attributes": True,
        },
    }


def run(names, cloud, work, workers=2):
    "Run these tests: {name: (status, why)}, status success, skip or fail; `work` keeps the log."
    for folder in ("logs", "lock"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    with open(work / "tempest.conf", "w") as file:
        configuration(cloud, work).write(file)
    env = {
        **os.environ,
        "TEMPEST_CONFIG_DIR": str(work),
        "TEMPEST_CONFIG": "tempest.conf",
        "PYTHONWARNINGS": "ignore",
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    where = subprocess.run(
        [sys.executable, "-c", "import tempest; print(tempest.__path__[0])"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    (work / ".stestr.conf").write_text(
        f"[DEFAULT]\ntest_path={where}/test_discover\ntop_dir={Path(where).parent}\ngroup_regex=([^\\.]*\\.)*\n"
    )
    (work / "wanted").write_text("".join(rf"^{re.escape(n)}[\[\(]" + "\n" for n in names))
    stestr = [str(BIN / "stestr")]
    subprocess.run([*stestr, "init"], cwd=work, env=env, capture_output=True)
    with open(work / "run.log", "w") as log:
        subprocess.run(
            [*stestr, "run", "--include-list", "wanted", "--concurrency", str(workers)],
            cwd=work,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    stream = subprocess.run(
        [*stestr, "last", "--subunit"], cwd=work, env=env, capture_output=True
    ).stdout
    return _results(stream, names)


def _results(stream, names):
    import io

    import subunit
    import testtools

    seen, classes = {}, {}

    def note(test):
        text = "\n".join(
            d.as_text()
            for key, d in test["details"].items()
            if "traceback" in key or key == "reason"
        )
        whole = re.match(r"(?:setUpClass|tearDownClass) \(([\w.]+)\)", test["id"])
        if whole:
            classes[whole[1]] = (test["status"], text)
        elif test["status"] != "exists":
            seen[test["id"].split("[")[0]] = (test["status"], text)

    result = testtools.StreamToDict(note)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(io.BytesIO(stream), non_subunit_name="stdout").run(result)
    result.stopTestRun()
    nothing = ("fail", "the test did not run: see run.log")
    return {n: seen.get(n) or classes.get(n.rpartition(".")[0]) or nothing for n in names}


def main(arguments):
    "Run lists by hand; words that name no list are expressions that the tests must match."
    lists = [a for a in arguments if (LISTS / f"{a}.txt").exists()]
    patterns = [a for a in arguments if a not in lists]
    names = [n for name in lists for n in listed(name) if all(re.search(p, n) for p in patterns)]
    work = Path(tempfile.mkdtemp(prefix="tempest-"))
    results = run(names, connect(), work)
    for name, (status, text) in results.items():
        if status != "success":
            print(f"{status.upper()} {name}\n{text.strip()[-1500:]}\n")
    good = sum(status == "success" for status, _ in results.values())
    print(f"{good} passed, {len(results) - good} failed; log in {work}")
    return good != len(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
