"Objects, properties and tags of a namespace."

from common.errors import BadRequest
from common.http import Api
from common.http.paging import parse_limit
from image.core import metadefs
from image.core.metadefs import OBJECTS, PROPERTIES, TAGS
from image.schemas.metadefs import OBJECT, PROPERTY, TAG
from image.schemas.metadefs import TAGS as TAG_LIST
from image.views.metadefs import member

api = Api()
BASE = "/v2/metadefs/namespaces/<namespace>"


class BadTagName(BadRequest):
    "Invalid value for name: it must have 1 to 80 characters."


def _page(deps, args, found, key, namespace):
    limit = parse_limit(args, default=None, most=None)
    marker = args.get("marker")
    names = [d.name for d in found]
    start = names.index(marker) + 1 if marker in names else 0
    shown = list(found[start:]) if limit is None else list(found[start : start + limit])
    first = f"/v2/metadefs/namespaces/{namespace}/{key}"
    page = {
        key: [member(namespace, d) for d in shown],
        "first": first,
        "schema": f"/v2/schemas/metadefs/{key}",
    }
    if shown and start + len(shown) < len(found):
        page["next"] = f"{first}?marker={shown[-1].name}&limit={limit}"
    return page


def _property(row):
    return {"name": row.name, **row.body}


@api.get(BASE + "/objects", policy=None)
def objects(ctx, deps, namespace, args):
    "All objects."
    _, found = metadefs.members(deps, ctx, namespace, OBJECTS, "get_metadef_objects")
    return _page(deps, args, found, "objects", namespace)


@api.post(BASE + "/objects", policy=None, body=OBJECT, status=201)
def add_object(ctx, deps, namespace, body):
    "A new object."
    content = metadefs.contents(body)
    added = metadefs.add_member(deps, ctx, namespace, OBJECTS, body["name"], content)
    return member(namespace, added)


@api.get(BASE + "/objects/<name>", policy=None)
def show_object(ctx, deps, namespace, name):
    "One object."
    return member(namespace, metadefs.member(deps, ctx, namespace, OBJECTS, name))


@api.put(BASE + "/objects/<name>", policy=None, body=OBJECT)
def change_object(ctx, deps, namespace, name, body):
    "Replace an object."
    return member(namespace, metadefs.change_member(deps, ctx, namespace, OBJECTS, name, body))


@api.delete(BASE + "/objects/<name>", policy=None)
def delete_object(ctx, deps, namespace, name):
    "Delete an object."
    metadefs.remove_member(deps, ctx, namespace, OBJECTS, name)


@api.delete(BASE + "/objects", policy=None)
def delete_objects(ctx, deps, namespace):
    "Delete all objects."
    metadefs.clear(deps, ctx, namespace, OBJECTS, "delete_metadef_object")


@api.get(BASE + "/properties", policy=None)
def properties(ctx, deps, namespace):
    "All properties, as JSON Schemas by name."
    _, found = metadefs.members(deps, ctx, namespace, PROPERTIES, "get_metadef_properties")
    return {"properties": {p.name: p.body for p in found}}


@api.post(BASE + "/properties", policy=None, body=PROPERTY, status=201)
def add_property(ctx, deps, namespace, body):
    "A new property."
    content = metadefs.contents(body)
    added = metadefs.add_member(deps, ctx, namespace, PROPERTIES, body["name"], content)
    return _property(added)


@api.get(BASE + "/properties/<name>", policy=None)
def show_property(ctx, deps, namespace, name, args):
    "One property; `?resource_type=` allows its prefixed name."
    wanted = args.get("resource_type")
    found = metadefs.member(deps, ctx, namespace, PROPERTIES, name, wanted)
    return {**_property(found), "name": name}


@api.put(BASE + "/properties/<name>", policy=None, body=PROPERTY)
def change_property(ctx, deps, namespace, name, body):
    "Replace a property."
    return _property(metadefs.change_member(deps, ctx, namespace, PROPERTIES, name, body))


@api.delete(BASE + "/properties/<name>", policy=None)
def delete_property(ctx, deps, namespace, name):
    "Delete a property."
    metadefs.remove_member(deps, ctx, namespace, PROPERTIES, name)


@api.delete(BASE + "/properties", policy=None)
def delete_properties(ctx, deps, namespace):
    "Delete all properties."
    metadefs.clear(deps, ctx, namespace, PROPERTIES, "remove_metadef_property")


@api.get(BASE + "/tags", policy=None)
def tags(ctx, deps, namespace, args):
    "All tags."
    _, found = metadefs.members(deps, ctx, namespace, TAGS, "get_metadef_tags")
    return _page(deps, args, found, "tags", namespace)


@api.post(BASE + "/tags", policy=None, body=TAG_LIST, status=201)
def set_tags(ctx, deps, namespace, body, request):
    "Replace all tags; with the header X-Openstack-Append: true add to them."
    append = request.headers.get("X-Openstack-Append", "").lower() == "true"
    names = [t["name"] for t in body["tags"]]
    found = metadefs.set_tags(deps, ctx, namespace, names, append=append)
    return {"tags": [{"name": t.name} for t in found]}


@api.delete(BASE + "/tags", policy=None)
def delete_tags(ctx, deps, namespace):
    "Delete all tags."
    metadefs.clear(deps, ctx, namespace, TAGS, "delete_metadef_tags")


@api.post(BASE + "/tags/<name>", policy=None, status=201)
def add_tag(ctx, deps, namespace, name):
    "A new tag."
    if len(name) > 80:
        ctx.enforced = True
        raise BadTagName()
    return member(namespace, metadefs.add_member(deps, ctx, namespace, TAGS, name, {}))


@api.get(BASE + "/tags/<name>", policy=None)
def show_tag(ctx, deps, namespace, name):
    "One tag."
    return member(namespace, metadefs.member(deps, ctx, namespace, TAGS, name))


@api.put(BASE + "/tags/<name>", policy=None, body=TAG)
def change_tag(ctx, deps, namespace, name, body):
    "Rename a tag."
    changed = metadefs.change_member(deps, ctx, namespace, TAGS, name, {"name": body["name"]})
    return member(namespace, changed)


@api.delete(BASE + "/tags/<name>", policy=None)
def delete_tag(ctx, deps, namespace, name):
    "Delete a tag."
    metadefs.remove_member(deps, ctx, namespace, TAGS, name)
