"The first page: how full the project is, what was done last, what runs."

from typing import Any

from flask import render_template

from dashboard.panel import Panel
from dashboard.who import Who

panel = Panel("overview", "Overview", icon="home", order=0, role="")


@panel.get("/")
def index(me: Who) -> Any:
    "Every part on its own: one service that is down costs one card."
    cloud, wanted = me.cloud, {}
    if not me.project_id:
        return render_template("no_project.html")
    if cloud.has("compute"):
        wanted["limits"] = lambda: cloud.get("compute", "/limits", "limits")["absolute"]
        wanted["servers"] = lambda: cloud.get(
            "compute", "/servers/detail", "servers", limit=6, sort_key="created_at", sort_dir="desc"
        )
    if cloud.has("network"):
        wanted["network"] = lambda: cloud.get(
            "network", f"/quotas/{me.project_id}/details.json", "quota"
        )
    if cloud.has("image"):
        wanted["images"] = lambda: cloud.get("image", "/images", "images", limit=100)
    if cloud.has("object_store"):
        wanted["objects"] = lambda: _account(cloud)
    if cloud.has("volume"):
        wanted["volume"] = lambda: cloud.get("volume", "/limits", "limits")["absolute"]
    return render_template("overview.html", **cloud.gather(**wanted))


def _account(cloud: Any) -> dict[str, int]:
    headers = cloud.request("object_store", "HEAD", "").headers
    return {
        key: int(headers.get(f"X-Account-{key}-{unit}", 0))
        for key, unit in (("Container", "Count"), ("Object", "Count"), ("Bytes", "Used"))
    }
