"""The one-page launch: everything visible, quota and scheduler answer before the click, the same
as a command to copy."""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass, field
from typing import Any

from flask import render_template, request

from dashboard.cloud import Part
from dashboard.errors import Problem
from dashboard.panels.servers.panel import panel
from dashboard.replies import done
from dashboard.who import Who

MOST = 100


@dataclass
class Wish:
    "What the form says."

    name: str = ""
    count: int = 1
    image: str = ""
    flavor: str = ""
    networks: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    key: str = ""
    zone: str = ""
    user_data: str = ""
    config_drive: bool = False
    volume_gib: int = 0
    host: str = ""
    problems: list[str] = field(default_factory=list)

    @staticmethod
    def of(form: Any) -> Wish:
        "Read the form; what is wrong is in `problems`, as sentences."
        wish = Wish(
            form.get("name", "").strip()[:255],
            1,
            form.get("image", ""),
            form.get("flavor", ""),
            form.getlist("networks"),
            form.getlist("groups"),
            form.get("key", ""),
            form.get("zone", ""),
            form.get("user_data", ""),
            form.get("config_drive") == "1",
            0,
            form.get("host", ""),
        )
        wish.count = _number(
            form.get("count", "1"), 1, MOST, "The number of servers", wish.problems
        )
        if form.get("boot") == "volume":
            wish.volume_gib = _number(
                form.get("volume_gib", "10"), 1, 100_000, "The size of the volume", wish.problems
            )
        if not wish.name:
            wish.problems.append("Give the server a name.")
        if not wish.image:
            wish.problems.append("Choose an image.")
        if not wish.flavor:
            wish.problems.append("Choose a flavor.")
        if len(wish.user_data.encode()) > 48 * 1024:
            wish.problems.append("The user data is longer than 48 KiB.")
        return wish

    def body(self) -> dict[str, Any]:
        "The request of the compute API."
        server: dict[str, Any] = {
            "name": self.name,
            "flavorRef": self.flavor,
            "min_count": self.count,
            "max_count": self.count,
            "networks": [{"uuid": n} for n in self.networks] or "auto",
        }
        if self.volume_gib:
            server["block_device_mapping_v2"] = [
                {
                    "uuid": self.image,
                    "source_type": "image",
                    "destination_type": "volume",
                    "boot_index": 0,
                    "volume_size": self.volume_gib,
                    "delete_on_termination": False,
                }
            ]
        else:
            server["imageRef"] = self.image
        if self.groups:
            server["security_groups"] = [{"name": g} for g in self.groups]
        if self.key:
            server["key_name"] = self.key
        if self.zone:
            server["availability_zone"] = self.zone
        if self.user_data:
            server["user_data"] = base64.b64encode(
                self.user_data.replace("\r\n", "\n").encode()
            ).decode()
        if self.config_drive:
            server["config_drive"] = True
        return {"server": server}

    def command(self) -> str:
        "The same as an `openstack` command."
        parts = [
            "openstack server create",
            f"--image {shlex.quote(self.image or 'IMAGE')}",
            f"--flavor {shlex.quote(self.flavor or 'FLAVOR')}",
        ]
        if self.volume_gib:
            parts.append(f"--boot-from-volume {self.volume_gib}")
        parts += [f"--network {shlex.quote(n)}" for n in self.networks] or ["--nic auto"]
        parts += [f"--security-group {shlex.quote(g)}" for g in self.groups]
        for option, value in (("key-name", self.key), ("availability-zone", self.zone)):
            if value:
                parts.append(f"--{option} {shlex.quote(value)}")
        if self.user_data:
            parts.append("--user-data user-data.txt")
        if self.config_drive:
            parts.append("--config-drive true")
        if self.count > 1:
            parts.append(f"--min {self.count} --max {self.count}")
        return " \\\n  ".join([*parts, "--wait " + shlex.quote(self.name or "NAME")])


def _number(text: str, least: int, most: int, what: str, problems: list[str]) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        problems.append(f"{what} must be between {least} and {most}.")
        return least
    return value


def _wanted(me: Who) -> dict[str, Part]:
    get = me.cloud.get
    return me.cloud.gather(
        images=lambda: get("image", "/images", "images", limit=500, sort="name:asc"),
        flavors=lambda: get("compute", "/flavors/detail", "flavors"),
        keys=lambda: get("compute", "/os-keypairs", "keypairs"),
        zones=lambda: get("compute", "/os-availability-zone", "availabilityZoneInfo"),
        networks=lambda: get("network", "/networks", "networks"),
        groups=lambda: get(
            "network", "/security-groups", "security_groups", project_id=me.project_id
        ),
        limits=lambda: get("compute", "/limits", "limits")["absolute"],
    )


@panel.form("/servers/launch")
def launch(me: Who) -> Any:
    "The page; posting it launches."
    problem, status = None, 200
    if request.method == "POST":
        wish = Wish.of(request.form)
        if not wish.problems:
            try:
                made = me.cloud.post("compute", "/servers", wish.body(), "server")
                where = f"/servers/{made['id']}" if wish.count == 1 else "/servers"
                return done(f"{wish.name} is being built.", go=where)
            except Problem as refused:
                problem, status = refused, refused.status if refused.status < 500 else 502
        else:
            problem, status = Problem("compute", 400, " ".join(wish.problems)), 400
    parts = _wanted(me)
    images = [i for i in parts["images"].value or () if i["status"] == "active"]
    networks = [
        n
        for n in parts["networks"].value or ()
        if n["project_id"] == me.project_id or n.get("shared")
    ]
    flavors = sorted(parts["flavors"].value or (), key=lambda f: (f["ram"], f["vcpus"], f["disk"]))
    given = (
        request.form
        if request.method == "POST"
        else _defaults(images, flavors, networks, parts["keys"].value)
    )
    page = render_template(
        "launch.html",
        parts=parts,
        images=images,
        networks=networks,
        flavors=flavors,
        given=given,
        problem=problem,
        failed=[p.problem for p in parts.values() if p.problem],
        **_preview(me, given, flavors, parts["limits"]),
    )
    return page, status


def _defaults(images: list[Any], flavors: list[Any], networks: list[Any], keys: Any) -> Any:
    from werkzeug.datastructures import MultiDict

    inner = [n for n in networks if not n.get("router:external")]
    return MultiDict(
        [
            ("count", "1"),
            ("boot", "image"),
            *([("image", images[0]["id"])] if images else []),
            *([("flavor", flavors[0]["id"])] if flavors else []),
            *([("networks", inner[0]["id"])] if inner else []),
            *([("key", keys[0]["keypair"]["name"])] if keys else []),
            ("groups", "default"),
        ]
    )


def _preview(me: Who, given: Any, flavors: list[Any], limits: Part) -> dict[str, Any]:
    "What would happen: quota bars with this launch in them, a verdict for each, the command."
    wish = Wish.of(given)
    flavor = next((f for f in flavors if f["id"] == wish.flavor), None)
    bars = []
    if flavor and limits.value:
        for label, used, most, each, unit in (
            ("Servers", "totalInstancesUsed", "maxTotalInstances", 1, ""),
            ("Virtual CPUs", "totalCoresUsed", "maxTotalCores", flavor["vcpus"], ""),
            ("Memory", "totalRAMUsed", "maxTotalRAMSize", flavor["ram"], "MiB"),
        ):
            now, limit = limits.value[used], limits.value[most]
            after = now + each * wish.count
            bars.append(
                {
                    "label": label,
                    "now": now,
                    "after": after,
                    "limit": limit,
                    "unit": unit,
                    "ok": limit == -1 or after <= limit,
                }
            )
    return {
        "bars": bars,
        "command": wish.command(),
        "fits": all(b["ok"] for b in bars),
        "wish": wish,
        "flavor": flavor,
    }


@panel.post("/servers/launch/preview")
def preview(me: Who) -> Any:
    "The right side of the page, as the form stands now: two or three API calls."
    get = me.cloud.get
    parts = me.cloud.gather(
        flavors=lambda: get("compute", "/flavors/detail", "flavors"),
        limits=lambda: get("compute", "/limits", "limits")["absolute"],
    )
    flavors = parts["flavors"].value or []
    shown = _preview(me, request.form, flavors, parts["limits"])
    dry = dry_run(me, shown["flavor"], shown["wish"].count) if shown["flavor"] else None
    return render_template("launch_preview.html", dry=dry, **shown)


def dry_run(me: Who, flavor: dict[str, Any], count: int) -> dict[str, Any] | None:
    """Would the scheduler find a place? Asks placement for hosts with enough left (GET
    /allocation_candidates). None when the cloud does not let this person ask, which is the
    default for everybody but administrators."""
    if not me.cloud.has("placement"):
        return None
    wanted = f"VCPU:{flavor['vcpus']},MEMORY_MB:{flavor['ram']}" + (
        f",DISK_GB:{flavor['disk']}" if flavor["disk"] else ""
    )
    try:
        found = me.cloud.get("placement", "/allocation_candidates", resources=wanted, limit=200)
    except Problem:
        return None
    room, hosts = 0, found["provider_summaries"]
    for summary in hosts.values():
        left = [
            (r["capacity"] - r["used"]) // amount
            for kind, r in summary["resources"].items()
            for amount in [
                {
                    "VCPU": flavor["vcpus"],
                    "MEMORY_MB": flavor["ram"],
                    "DISK_GB": flavor["disk"],
                }.get(kind, 0)
            ]
            if amount
        ]
        room += min(left, default=0)
    return {"hosts": len(hosts), "room": room, "ok": room >= count}
