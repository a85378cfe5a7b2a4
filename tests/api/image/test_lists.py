"""Lists: filters, comparison operators, sorting, pages."""

import datetime

import pytest
from sqlalchemy import event

from image.store.models import Image


@pytest.fixture
def many(cloud, member):
    "Six images whose attributes differ; creation times are a day apart."
    made = []
    for n in range(6):
        made.append(
            cloud.active(
                member,
                b"x" * n,
                name=f"n{n}" if n else "a,b",
                disk_format=("raw", "iso")[n % 2] if n == 0 else "raw",
                container_format=("bare", "ova")[n % 2],
                min_ram=n,
                tags=["odd" if n % 2 else "even", "all"],
                os_distro="debian" if n < 3 else "alpine",
                protected=n == 5,
            )
        )
    first = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    with cloud.deps.db.write() as session:
        for n, image in enumerate(made):
            row = session.get(Image, image["id"])
            row.created_at = first + datetime.timedelta(days=n)
            row.revision += 1
    return [i["id"] for i in made]


def found(client, many, query):
    "Positions in `many` of what a list shows, in its order."
    return [many.index(i["id"]) for i in client.ok("GET", f"/v2/images?{query}")["images"]]


@pytest.mark.parametrize(
    "query, expected",
    [
        ("", [5, 4, 3, 2, 1, 0]),
        ("name=n3", [3]),
        ("name=in:n1,n2,nothing", [2, 1]),
        ('name=in:"a,b",n4', [4, 0]),
        ("container_format=ova", [5, 3, 1]),
        ("container_format=in:ova,bare", [5, 4, 3, 2, 1, 0]),
        ("disk_format=iso", []),
        ("status=active", [5, 4, 3, 2, 1, 0]),
        ("status=queued", []),
        ("status=neq:active", []),
        ("size_min=4", [5, 4]),
        ("size_max=1", [1, 0]),
        ("size_min=2&size_max=3", [3, 2]),
        ("size=3", [3]),
        ("min_ram=4", [4]),
        ("tag=odd", [5, 3, 1]),
        ("tag=odd&tag=all", [5, 3, 1]),
        ("tag=odd&tag=even", []),
        ("os_distro=debian", [2, 1, 0]),
        ("os_distro=debian&tag=even", [2, 0]),
        ("unheard=of", []),
        ("protected=true", [5]),
        ("protected=False", [4, 3, 2, 1, 0]),
        ("os_hidden=true", []),
        ("owner=project-1", [5, 4, 3, 2, 1, 0]),
        ("owner=project-9", []),
        ("created_at=gt:2026-01-04T00:00:00Z", [5, 4]),
        ("created_at=gte:2026-01-04T00:00:00Z", [5, 4, 3]),
        ("created_at=lt:2026-01-02", [0]),
        ("created_at=lte:2026-01-02", [1, 0]),
        ("created_at=2026-01-02T00:00:00Z", [1]),
        ("created_at=eq:2026-01-02T00:00:00Z", [1]),
        ("created_at=neq:2026-01-02T00:00:00Z", [5, 4, 3, 2, 0]),
        ("created_at=gt:2026-01-02T01:00:00%2B01:00&created_at=lt:2026-01-04", [2]),
        ("sort_key=size&sort_dir=asc", [0, 1, 2, 3, 4, 5]),
        ("sort=container_format:asc,created_at:asc", [0, 2, 4, 1, 3, 5]),
        ("sort_key=container_format&sort_key=size&sort_dir=desc&sort_dir=asc", [1, 3, 5, 0, 2, 4]),
        ("sort=name", [5, 4, 3, 2, 1, 0]),
        ("sort_dir=asc", [0, 1, 2, 3, 4, 5]),
        ("limit=2", [5, 4]),
        ("limit=0", []),
        ("limit=2&sort=size:asc", [0, 1]),
    ],
)
def test_a_query_finds(cloud, member, many, query, expected):
    assert found(member, many, query) == expected


@pytest.mark.parametrize(
    "query, word",
    [
        ("limit=x", "limit"),
        ("limit=-1", "limit"),
        ("marker=nothing", "marker"),
        ("visibility=all-of-them", "visibility"),
        ("member_status=maybe", "member_status"),
        ("size_min=big", "size_min"),
        ("size_max=-1", "size_max"),
        ("size_max=1e9", "size_max"),
        ("min_ram=x", "min_ram"),
        ("protected=perhaps", "protected"),
        ("os_hidden=perhaps", "os_hidden"),
        ("created_at=yesterday", "created_at"),
        ("created_at=ge:2026-01-01", "created_at"),
        ("updated_at=in:2026-01-01", "updated_at"),
        ('name=in:"open', "name"),
        ("name=in:", "name"),
        ("status=gt:active", "status"),
        ("sort_key=owner", "sort_key"),
        ("sort_dir=up", "sort_dir"),
        ("sort=name:up", "sort_dir"),
        ("sort=name&sort_key=size", "sort"),
        ("sort_key=size&sort_key=name&sort_key=id&sort_dir=asc&sort_dir=desc", "sort_dir"),
    ],
)
def test_a_bad_query_names_its_part(cloud, member, query, word):
    answer = member.get(f"/v2/images?{query}")
    assert answer.status_code == 400 and word in answer.get_json()["message"]


@pytest.mark.parametrize("sort", ["", "&sort=name:asc", "&sort=disk_format:desc,size:asc"])
def test_pages_hold_every_image_once(cloud, member, many, sort):
    cloud.create(member, name=None, disk_format=None)  # nulls sort too
    whole = [i["id"] for i in member.ok("GET", f"/v2/images?limit=100{sort}")["images"]]
    seen, link = [], f"/v2/images?limit=2{sort}"
    while link:
        page = member.ok("GET", link)
        assert page["schema"] == "/v2/schemas/images"
        assert page["first"] == f"/v2/images?limit=2{sort}".replace(":", "%3A").replace(",", "%2C")
        seen += [i["id"] for i in page["images"]]
        link = page.get("next")
    assert seen == whole and len(whole) == 7


def test_hidden_images_are_shown_on_request(cloud, member):
    cloud.create(member, name="h", os_hidden=True)
    assert member.ok("GET", "/v2/images")["images"] == []
    assert [i["name"] for i in member.ok("GET", "/v2/images?os_hidden=true")["images"]] == ["h"]


def test_a_limit_above_the_most_is_the_most(make_cloud):
    cloud = make_cloud(**{"image.page_most": 3, "image.page_default": 2})
    member = cloud.client()
    for _ in range(5):
        cloud.create(member)
    assert len(member.ok("GET", "/v2/images")["images"]) == 2
    assert len(member.ok("GET", "/v2/images?limit=500")["images"]) == 3


def test_the_number_of_queries_does_not_grow_with_the_list(cloud, member):
    def statements():
        cloud.deps.rendered._texts.clear()
        counted = []

        def count(*args):
            counted.append(args[2])

        event.listen(cloud.deps.db.engine, "before_cursor_execute", count)
        try:
            listed = len(member.ok("GET", "/v2/images?limit=1000")["images"])
        finally:
            event.remove(cloud.deps.db.engine, "before_cursor_execute", count)
        return listed, len(counted)

    cloud.create(member, tags=["t"], p="v")
    assert statements()[0] == 1
    few = statements()[1]
    for _ in range(20):
        cloud.create(member, tags=["t"], p="v")
    listed, many = statements()
    assert listed == 21 and many == few


def test_a_list_is_never_stale(cloud, member):
    image = cloud.create(member)
    path = f"/v2/images/{image['id']}"

    def listed():
        return member.ok("GET", "/v2/images")["images"][0]

    assert listed() == member.ok("GET", path)
    for step in (
        lambda: member.put(path + "/tags/t"),
        lambda: cloud.patch(member, image["id"], {"op": "add", "path": "/k", "value": "v"}),
        lambda: cloud.upload(member, image["id"], b"data"),
        lambda: member.delete(path + "/tags/t"),
    ):
        before = listed()
        assert step().status_code in (200, 204)
        assert listed() == member.ok("GET", path) != before
