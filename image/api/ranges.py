"The Range header of a download (RFC 9110, 14.2): one range of bytes."

from common.errors import RangeNotSatisfiable


def parse_range(headers, total: int) -> tuple[int, int] | None:
    """(start, length) that the client wants, or None for all of it. Syntax that is no byte range is
    ignored, as the RFC asks. Raises RangeNotSatisfiable (416) for a range outside the data and for
    several ranges."""
    text = headers.get("Range")
    if text is None:
        return None
    unit, _, spec = text.partition("=")
    first, dash, last = (part.strip() for part in spec.strip().partition("-"))
    digits = all(p.isascii() and p.isdigit() for p in (first, last) if p)
    if unit.strip().lower() != "bytes" or dash != "-" or not (first or last):
        return None
    refused = RangeNotSatisfiable(
        f"The range {text} is not within the {total} bytes of the image.",
        headers={"Content-Range": f"bytes */{total}"},
    )
    if "," in spec or not digits:
        raise refused
    if not first:
        start = max(0, total - int(last))
        end = total - 1
    else:
        start, end = int(first), min(int(last) if last else total - 1, total - 1)
        if last and int(last) < int(first):
            return None
    if start >= total or start > end:
        raise refused
    return start, end - start + 1
