"The metadata address answers each guest as itself, also where two networks use the same addresses."

import http.client
import json
import socket

from tests.e2e.network.namespaces import until


def fetch(guest, address="169.254.169.254", device=""):
    "What the metadata service says to a guest, None while it does not answer."
    family = socket.AF_INET6 if device else socket.AF_INET
    sock = guest.space.inside(lambda: socket.socket(family, socket.SOCK_STREAM))
    sock.settimeout(3)
    link = http.client.HTTPConnection("metadata")
    try:
        if device:
            scope = guest.space.inside(lambda: socket.if_nametoindex(device))
            sock.connect((address, 80, 0, scope))
        else:
            sock.connect((address, 80))
        link.sock = sock
        # What a guest claims to be is not believed.
        link.request("GET", "/openstack", headers={"X-Instance-ID": "somebody-else"})
        answer = link.getresponse()
        return json.loads(answer.read()) if answer.status == 200 else None
    except OSError:
        return None
    finally:
        sock.close()


def test_two_networks_with_the_same_addresses(cloud, metadata):
    fixed = [{"ip_address": "10.1.0.55"}]
    guests = [
        cloud.guest(cloud.network(), host, fixed_ips=fixed, device_id=f"server-{host}{number}")
        for number, host in enumerate("aab")
    ]
    for guest in guests:
        said = until(lambda guest=guest: fetch(guest), f"no metadata for {guest.name}")
        assert said == {
            "X-Instance-ID": guest.port["device_id"],
            "X-Tenant-ID": guest.port["project_id"],
            "X-Forwarded-For": "10.1.0.55",
            "path": "/openstack",
        }


def test_ipv6_metadata(cloud, metadata):
    net = cloud.network()
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    cloud.subnet(net, "2001:db8:9::/64", **modes)
    guest = cloud.guest(net, "b")
    said = until(lambda: fetch(guest, "fe80::a9fe:a9fe", "eth0"), "no metadata by IPv6")
    assert said["X-Instance-ID"] == guest.port["device_id"]


def test_an_agent_that_was_killed_serves_again(cloud, metadata):
    guest = cloud.guest(cloud.network(), "a")
    until(lambda: fetch(guest), "no metadata")
    agent = metadata["a"]
    agent.process.end(9)
    assert fetch(guest) is None
    later = cloud.guest(cloud.network(), "a")
    agent.start()
    for one in (guest, later):
        said = until(lambda one=one: fetch(one), "no metadata after the agent's return")
        assert said["X-Instance-ID"] == one.port["device_id"]
