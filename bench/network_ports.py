#!/usr/bin/env python3
"""Ports of any cloud with Neutron's API (OS_* variables): creating them one at a time, and listing
1,000 of them. Prints one JSON object.

    network_ports.py --create 100 --list 20 --fill 1000 --pids PIDFILE

`--pids` names a file of the service's process ids, one a line (more words may follow): CPU seconds
of them and all their descendants are given for each request. Run it beside the peer, in the same
run: rates depend on what else the machine does, CPU seconds hardly.
"""

import argparse
import json
import os
import statistics
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from keystoneauth1 import loading, session

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(roots):
    "User and system time of processes and all that descend from them, those that ended too."
    stats, children = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            stats[int(folder.name)] = sum(int(fields[i]) for i in (11, 12, 13, 14))
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    total, todo = 0, list(roots)
    while todo:
        pid = todo.pop()
        total += stats.get(pid, 0)
        todo += children.get(pid, [])
    return total / TICKS


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--create", type=int, default=100)
    parser.add_argument("--list", type=int, default=20)
    parser.add_argument("--fill", type=int, default=1000)
    parser.add_argument("--pids", required=True)
    asked = parser.parse_args()
    names = ("auth_url", "username", "password", "project_name")
    names += ("user_domain_name", "project_domain_name")
    login = {name: os.environ[f"OS_{name.upper()}"] for name in names}
    keystone = session.Session(loading.get_plugin_loader("password").load_from_options(**login))
    url = keystone.get_endpoint(service_type="network", interface="public").rstrip("/")
    url = url if url.endswith("/v2.0") else f"{url}/v2.0"
    http = requests.Session()
    http.headers["X-Auth-Token"] = keystone.get_token()
    roots = [int(line.split()[0]) for line in Path(asked.pids).read_text().splitlines() if line]

    def call(method, path, body=None):
        answer = http.request(method, f"{url}{path}", json=body, timeout=300)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def timed(work, times):
        took, before = [], cpu_s(roots)
        for _ in range(times):
            began = time.perf_counter()
            work()
            took.append(time.perf_counter() - began)
        time.sleep(1)  # what a request left to be done counts too
        used = (cpu_s(roots) - before) / times
        return {"p50_ms": statistics.median(took) * 1e3, "cpu_ms": used * 1e3}

    project = keystone.get_project_id()
    call("PUT", f"/quotas/{project}", {"quota": {"port": -1, "network": -1, "subnet": -1}})
    network = call("POST", "/networks", {"network": {"name": f"bench-{uuid.uuid4().hex[:6]}"}})
    network_id = network["network"]["id"]
    subnet = {"network_id": network_id, "cidr": "10.128.0.0/16", "ip_version": 4}
    subnet_id = call("POST", "/subnets", {"subnet": subnet})["subnet"]["id"]
    port = {"port": {"network_id": network_id, "device_owner": "compute:bench"}}
    try:
        call("POST", "/ports", port)
        result = {"create": timed(lambda: call("POST", "/ports", port), asked.create)}
        have = len(call("GET", f"/ports?network_id={network_id}&fields=id")["ports"])
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: call("POST", "/ports", port), range(asked.fill - have)))
        have = max(have, asked.fill)
        path = f"/ports?network_id={network_id}"
        assert len(call("GET", path)["ports"]) >= asked.fill
        result["list"] = timed(lambda: call("GET", path), asked.list) | {"ports": have}
        print(json.dumps(result, indent=1))
    finally:
        for one in call("GET", f"/ports?network_id={network_id}&fields=id")["ports"]:
            http.delete(f"{url}/ports/{one['id']}", timeout=60)
        http.delete(f"{url}/subnets/{subnet_id}", timeout=60)
        http.delete(f"{url}/networks/{network_id}", timeout=60)


if __name__ == "__main__":
    main()
