"""Small steps over ElementTree, so that the modules which describe hardware read like the XML
that they make."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any


def put(parent: ET.Element, tag: str, text: object = None, /, **attributes: Any) -> ET.Element:
    """Append `<tag>` to `parent`. Attributes that are None are left out; booleans become yes and
    no; a trailing underscore (`type_`, `class_`) is for names that Python reserves."""
    child = ET.SubElement(parent, tag, _attributes(attributes))
    if text is not None:
        child.text = str(text)
    return child


def new(tag: str, /, **attributes: Any) -> ET.Element:
    "A root element, attributes as in `put`."
    return ET.Element(tag, _attributes(attributes))


def text(element: ET.Element) -> str:
    "The XML as libvirt takes it."
    ET.indent(element)
    return ET.tostring(element, encoding="unicode")


def _attributes(given: dict[str, Any]) -> dict[str, str]:
    return {k.rstrip("_"): _value(v) for k, v in given.items() if v is not None}


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
