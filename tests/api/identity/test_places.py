"Projects, domains, roles, grants, the catalog and limits."


def test_a_tree_of_projects(cloud):
    top = cloud.project("top", tags=["b", "a"])
    child = cloud.project("child", parent_id=top["id"])
    leaf = cloud.project("leaf", parent_id=child["id"])
    assert top["tags"] == ["a", "b"] and leaf["domain_id"] == "default"
    shown = cloud.admin.ok("GET", f"/v3/projects/{leaf['id']}?parents_as_ids")["project"]
    assert shown["parents"] == {child["id"]: {top["id"]: {"default": None}}}
    shown = cloud.admin.ok("GET", f"/v3/projects/{top['id']}?subtree_as_ids")["project"]
    assert shown["subtree"] == {child["id"]: {leaf["id"]: None}}
    assert cloud.admin.delete(f"/v3/projects/{top['id']}").status_code == 403
    off = {"project": {"enabled": False}}
    assert cloud.admin.patch(f"/v3/projects/{top['id']}", json=off).status_code == 403
    for project in (leaf, child, top):
        cloud.admin.ok("PATCH", f"/v3/projects/{project['id']}", json=off)
    assert cloud.admin.delete(f"/v3/projects/{top['id']}?cascade").status_code == 204
    assert cloud.admin.get(f"/v3/projects/{leaf['id']}").status_code == 404


def test_tags_filter_projects(cloud):
    cloud.project("one", tags=["x", "y"])
    cloud.project("two", tags=["y"])

    def names(query):
        return {p["name"] for p in cloud.admin.ok("GET", f"/v3/projects?{query}")["projects"]}

    assert names("tags=x,y") == {"one"}
    assert names("tags-any=x,y") == {"one", "two"}
    assert names("not-tags-any=x") == {"two", "admin", "demo", "service"}
    assert names("not-tags=x,y") == {"two", "admin", "demo", "service"}
    two = cloud.id_of("projects", "two")
    assert cloud.admin.put(f"/v3/projects/{two}/tags/z").status_code == 201
    assert cloud.admin.head(f"/v3/projects/{two}/tags/z").status_code == 204
    assert cloud.admin.delete(f"/v3/projects/{two}/tags/z").status_code == 204
    assert cloud.admin.get(f"/v3/projects/{two}/tags/z").status_code == 404


def test_a_list_of_all_projects_says_what_each_project_says(cloud):
    "However it is made: SQLite writes the JSON of a list without a limit itself."
    made = [
        cloud.project("plain"),
        cloud.project("tagged", tags=["b", "a", 'with "quotes"', "ü"]),
        cloud.project('ünïcode "name" \\ \t', description='line\nbreak "x" \u2028', enabled=False),
        cloud.project("more", color="red", nothing=None, nested={"a": None, "b": [1, {"c": 2.5}]}),
        cloud.project("fixed", options={"immutable": True}, links={"other": "kept out"}),
        cloud.project("tagged and more", tags=["z", "y"], **{"a.b": "1", "$": [], "": ""}),
    ]
    one = {
        p["id"]: cloud.admin.ok("GET", f"/v3/projects/{p['id']}")["project"]
        for p in cloud.admin.ok("GET", "/v3/projects?limit=100")["projects"]
    }
    assert len(one) == len(made) + 3
    for query in ("", "?limit=100", "?sort_key=name", "?name__contains=e", "?enabled=false"):
        answer = cloud.admin.ok("GET", f"/v3/projects{query}")
        for project in answer["projects"]:
            assert project == one[project["id"]], query
        assert answer["links"]["next"] is None
    shown = cloud.admin.ok("GET", "/v3/projects")["projects"]
    assert [p["id"] for p in shown] == sorted(one)
    assert [p["name"] for p in cloud.admin.ok("GET", "/v3/projects?name=fixed")["projects"]] == [
        "fixed"
    ]


def test_domains(cloud):
    domain = cloud.admin.ok("POST", "/v3/domains", json={"domain": {"name": "d"}})["domain"]
    path = f"/v3/domains/{domain['id']}"
    user = cloud.user("ann", domain_id=domain["id"])
    assert cloud.admin.delete(path).status_code == 403
    cloud.admin.ok("PATCH", path, json={"domain": {"enabled": False}})
    assert cloud.auth("ann", "secret", domain="d").status_code == 401
    assert cloud.admin.delete(path).status_code == 204
    assert cloud.admin.get(f"/v3/users/{user['id']}").status_code == 404
    assert cloud.admin.delete("/v3/domains/default").status_code == 403


def test_immutable_and_indispensable_roles(cloud):
    admin, member = cloud.id_of("roles", "admin"), cloud.id_of("roles", "member")
    assert cloud.admin.delete(f"/v3/roles/{member}").status_code == 403
    assert cloud.admin.patch(f"/v3/roles/{member}", json={"role": {"name": "x"}}).status_code == 403
    for role in (admin, member):
        free = {"role": {"options": {"immutable": False}}}
        cloud.admin.ok("PATCH", f"/v3/roles/{role}", json=free)
    assert cloud.admin.delete(f"/v3/roles/{admin}").status_code == 403
    assert cloud.admin.delete(f"/v3/roles/{member}").status_code == 204


def test_grants_of_every_kind(cloud):
    user = cloud.user("ann")["id"]
    group = cloud.admin.ok("POST", "/v3/groups", json={"group": {"name": "g"}})["group"]["id"]
    project, role = cloud.project("p")["id"], cloud.id_of("roles", "reader")
    for actor in (f"users/{user}", f"groups/{group}"):
        for path in (
            f"/v3/projects/{project}/{actor}/roles/{role}",
            f"/v3/domains/default/{actor}/roles/{role}",
            f"/v3/system/{actor}/roles/{role}",
            f"/v3/OS-INHERIT/projects/{project}/{actor}/roles/{role}/inherited_to_projects",
            f"/v3/OS-INHERIT/domains/default/{actor}/roles/{role}/inherited_to_projects",
        ):
            assert cloud.admin.head(path).status_code == 404, path
            assert cloud.admin.put(path).status_code == 204, path
            assert cloud.admin.head(path).status_code == 204, path
            index = path.replace(f"/{role}", "")
            assert [r["id"] for r in cloud.admin.ok("GET", index)["roles"]] == [role]
            assert cloud.admin.delete(path).status_code == 204, path
            assert cloud.admin.delete(path).status_code == 404, path
    assert cloud.admin.put(f"/v3/projects/{project}/users/no/roles/{role}").status_code == 404


def test_assignments_in_effect(cloud):
    user = cloud.user("ann")["id"]
    group = cloud.admin.ok("POST", "/v3/groups", json={"group": {"name": "g"}})["group"]["id"]
    cloud.admin.put(f"/v3/groups/{group}/users/{user}")
    top = cloud.project("top")["id"]
    low = cloud.project("low", parent_id=top)["id"]
    member = cloud.id_of("roles", "member")
    cloud.admin.put(
        f"/v3/OS-INHERIT/projects/{top}/groups/{group}/roles/{member}/inherited_to_projects"
    )
    query = f"/v3/role_assignments?user.id={user}&effective&include_names"
    found = cloud.admin.ok("GET", query)["role_assignments"]
    assert {(a["scope"]["project"]["name"], a["role"]["name"]) for a in found} == {
        ("low", "member"),
        ("low", "reader"),
    }
    assert cloud.log_in("ann", "secret", project="low").body["project"]["id"] == low
    assert cloud.auth("ann", "secret", {"project": {"id": top}}).status_code == 401
    names = [
        p["name"] for p in cloud.log_in("ann", "secret").ok("GET", "/v3/auth/projects")["projects"]
    ]
    assert names == ["low"]
    tree = cloud.admin.ok(
        "GET", f"/v3/role_assignments?scope.project.id={top}&include_subtree&effective"
    )
    assert {a["user"]["id"] for a in tree["role_assignments"]} == {user}
    assert (
        cloud.admin.get(f"/v3/role_assignments?user.id={user}&group.id={group}").status_code == 400
    )


def test_a_domain_manager_manages_their_domain_only(cloud):
    domain = cloud.admin.ok("POST", "/v3/domains", json={"domain": {"name": "d"}})["domain"]["id"]
    boss = cloud.user("boss", domain_id=domain)["id"]
    manager, admin = cloud.id_of("roles", "manager"), cloud.id_of("roles", "admin")
    cloud.admin.put(f"/v3/domains/{domain}/users/{boss}/roles/{manager}")
    client = cloud.using(cloud.auth("boss", "secret", {"domain": {"id": domain}}, domain="d"))
    ann = client.ok("POST", "/v3/users", json={"user": {"name": "ann", "domain_id": domain}})[
        "user"
    ]["id"]
    project = client.ok(
        "POST", "/v3/projects", json={"project": {"name": "p", "domain_id": domain}}
    )["project"]["id"]
    member = cloud.id_of("roles", "member")
    assert client.put(f"/v3/projects/{project}/users/{ann}/roles/{member}").status_code == 204
    assert client.put(f"/v3/projects/{project}/users/{ann}/roles/{admin}").status_code == 403
    assert (
        client.post("/v3/users", json={"user": {"name": "x", "domain_id": "default"}}).status_code
        == 403
    )
    assert {u["name"] for u in client.ok("GET", "/v3/users")["users"]} == {"boss", "ann"}
    assert client.delete("/v3/domains/default").status_code == 403
    demo = cloud.log_in("demo", "demopw", project="demo")
    for kind in ("domains", "projects", "users", "groups", "role_assignments", "roles"):
        assert demo.get(f"/v3/{kind}").status_code == 403, kind
    assert demo.get("/v3/users/nobody").status_code == 403


def test_the_catalog_is_kept_and_shown_at_once(cloud):
    region = cloud.admin.ok(
        "POST", "/v3/regions", json={"region": {"id": "two", "description": "x"}}
    )["region"]
    service = cloud.admin.ok("POST", "/v3/services", json={"service": {"type": "t", "name": "n"}})[
        "service"
    ]
    endpoint = {
        "interface": "public",
        "service_id": service["id"],
        "url": "http://x/$(project_id)s",
        "region_id": "two",
    }
    made = cloud.admin.ok("POST", "/v3/endpoints", json={"endpoint": endpoint})["endpoint"]
    demo = cloud.log_in("demo", "demopw", project="demo")
    shown = [e["url"] for s in demo.body["catalog"] for e in s["endpoints"] if s["type"] == "t"]
    assert shown == [f"http://x/{demo.body['project']['id']}"]
    assert cloud.admin.delete(f"/v3/regions/{region['id']}").status_code == 409
    bad = cloud.admin.post(
        "/v3/endpoints", json={"endpoint": {**endpoint, "url": "http://x/%(secret)s"}}
    )
    assert bad.status_code == 400 and "url" in bad.text
    assert (
        cloud.admin.post(
            "/v3/endpoints", json={"endpoint": {**endpoint, "service_id": "no"}}
        ).status_code
        == 400
    )
    assert cloud.admin.delete(f"/v3/services/{service['id']}").status_code == 204
    assert cloud.admin.get(f"/v3/endpoints/{made['id']}").status_code == 404
    assert cloud.admin.delete("/v3/regions/two").status_code == 204
    assert demo.get("/v3/services").status_code == 403


def test_limits(cloud):
    service = cloud.admin.ok("GET", "/v3/services")["services"][0]["id"]
    entry = {"service_id": service, "resource_name": "cores", "default_limit": 10}
    made = cloud.admin.ok("POST", "/v3/registered_limits", json={"registered_limits": [entry]})[
        "registered_limits"
    ][0]
    assert (
        cloud.admin.post("/v3/registered_limits", json={"registered_limits": [entry]}).status_code
        == 409
    )
    demo = cloud.id_of("projects", "demo")
    limit = {
        "service_id": service,
        "resource_name": "cores",
        "resource_limit": 5,
        "project_id": demo,
    }
    own = cloud.admin.ok("POST", "/v3/limits", json={"limits": [limit]})["limits"][0]
    assert own["resource_limit"] == 5
    client = cloud.log_in("demo", "demopw", project="demo")
    assert [x["id"] for x in client.ok("GET", "/v3/limits")["limits"]] == [own["id"]]
    assert cloud.admin.delete(f"/v3/registered_limits/{made['id']}").status_code == 403
    assert cloud.admin.delete(f"/v3/limits/{own['id']}").status_code == 204
    assert cloud.admin.delete(f"/v3/registered_limits/{made['id']}").status_code == 204
    assert client.ok("GET", "/v3/limits/model")["model"]["name"] == "flat"


def test_what_is_asked_with_head_has_its_own_answer(cloud):
    "204, where GET has a body of its own meaning (API reference, implied roles)."
    admin, reader = (cloud.id_of("roles", name) for name in ("manager", "reader"))
    path = f"/v3/roles/{admin}/implies/{reader}"
    cloud.admin.put(path)
    assert cloud.admin.head(path).status_code == 204
    assert cloud.admin.get(path).status_code == 200
    assert cloud.admin.head(f"/v3/roles/{reader}/implies/{admin}").status_code == 404


def test_roles_of_domains_imply_others(cloud):
    def role(name, domain=None):
        body = {"role": {"name": name, **({"domain_id": domain} if domain else {})}}
        return cloud.admin.ok("POST", "/v3/roles", json=body)["role"]["id"]

    other = cloud.admin.ok("POST", "/v3/domains", json={"domain": {"name": "o"}})["domain"]["id"]
    one, two, far = role("one", "default"), role("two", "default"), role("far", other)
    world = role("world")
    for implied in (two, far, world):
        assert cloud.admin.put(f"/v3/roles/{one}/implies/{implied}").status_code == 201
    assert cloud.admin.put(f"/v3/roles/{world}/implies/{one}").status_code == 403
    project = cloud.project("p")
    ann = cloud.user("ann")
    path = f"/v3/projects/{project['id']}/users/{ann['id']}/roles/{one}"
    assert cloud.admin.put(path).status_code == 204
    token = cloud.log_in("ann", "secret", project="p").body
    assert [r["name"] for r in token["roles"]] == ["world"], "roles of domains do not show"


def test_a_domain_can_be_deleted_as_a_project(cloud):
    body = {"project": {"name": "d", "is_domain": True}}
    made = cloud.admin.ok("POST", "/v3/projects", json=body)["project"]
    path = f"/v3/projects/{made['id']}"
    assert cloud.admin.delete(path).status_code == 403, "while it is enabled"
    cloud.admin.ok("PATCH", path, json={"project": {"enabled": False}})
    demo = cloud.log_in("demo", "demopw", project="demo")
    assert demo.delete(path).status_code == 403
    assert cloud.admin.delete(path).status_code == 204
    assert cloud.admin.get(f"/v3/domains/{made['id']}").status_code == 404


def test_a_slash_at_the_end_says_nothing(cloud):
    for path in ("/v3", "/v3/projects", "/v3/OS-TRUST/trusts", "/v3/domains/default"):
        assert cloud.admin.get(f"{path}/").json.keys() == cloud.admin.get(path).json.keys()
