"""XML that clients send: without entities, without name spaces."""

from __future__ import annotations

from typing import Any

from objectstore.core.s3.errors import InvalidTag, MalformedXml

MAX_TAGS = 50


def parse(data: bytes, root: str) -> Any:
    "The root element. Raises MalformedXml for what is none, or another."
    from defusedxml import DefusedXmlException, ElementTree

    try:
        found = ElementTree.fromstring(data, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, RecursionError):
        raise MalformedXml() from None
    if local(found) != root:
        raise MalformedXml()
    return found


def local(element: Any) -> str:
    "An element's name without its name space."
    return str(element.tag).rpartition("}")[2]


def children(element: Any, name: str) -> list[Any]:
    "The children of that name."
    return [child for child in element if local(child) == name]


def text(element: Any, name: str, default: str | None = None) -> str:
    "The text of a child. Raises MalformedXml when it is needed and not there."
    found = children(element, name)
    if not found:
        if default is None:
            raise MalformedXml()
        return default
    return found[0].text or ""


def tags(data: bytes, most: int = MAX_TAGS) -> dict[str, str]:
    "The tags of a Tagging document. Raises MalformedXml, InvalidTag."
    root = parse(data, "Tagging")
    sets = children(root, "TagSet")
    if len(sets) != 1:
        raise MalformedXml()
    pairs = [(text(tag, "Key"), text(tag, "Value")) for tag in children(sets[0], "Tag")]
    return checked_tags(pairs, most)


def checked_tags(pairs: list[tuple[str, str]], most: int) -> dict[str, str]:
    "Tags within S3's limits. Raises InvalidTag."
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidTag(reason="Cannot provide multiple Tags with the same key")
    if len(found) > most:
        raise InvalidTag(reason=f"There may be at most {most} tags")
    for key, value in pairs:
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise InvalidTag(reason="The TagKey or TagValue you have provided is invalid")
    return found
