"""/v2/images/{id}/file and /stage: the data itself, streamed.

Everything is decided before the first byte of an upload is read: a client that sends `Expect:
100-continue` is refused without having sent anything.
"""

from flask import Response

from common.errors import BadRequest
from common.http import Api
from common.http.bodies import WholeBody
from image.api.ranges import parse_range
from image.core import data
from image.core.data import Upload
from image.errors import WrongMediaType

api = Api()
OCTETS = "application/octet-stream"


class BadLength(BadRequest):
    "The header {header} must be an integer of 0 or more, not '{value}'."


@api.put("/v2/images/<image_id>/file", policy=None, status=204)
def upload(ctx, deps, image_id, request):
    "Upload an image's data."
    _need_octets(ctx, request)
    data.upload(deps, ctx, image_id, _given(request, request.headers.get("X-Image-Meta-Store")))


@api.put("/v2/images/<image_id>/stage", policy=None, status=204)
def stage(ctx, deps, image_id, request):
    "Keep data aside for an import."
    _need_octets(ctx, request)
    data.stage(deps, ctx, image_id, _given(request, None))


@api.get("/v2/images/<image_id>/file", policy=None)
def download(ctx, deps, image_id, request):
    "Download an image's data, or a range of it."
    image = data.downloadable(deps, ctx, image_id)
    if not data.copies(deps, image):
        return Response(status=204)
    headers = {"Content-Type": OCTETS, "Accept-Ranges": "bytes"}
    total = image.size or 0
    window = parse_range(request.headers, total)
    if image.checksum:
        headers["Content-MD5"] = image.checksum
    start, length = window or (0, total)
    headers["Content-Length"] = str(length)
    if window:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{total}"
        headers.pop("Content-MD5", None)
    if request.method == "HEAD":
        return Response(status=206 if window else 200, headers=headers)
    opened = data.open_data(deps, image, start, length)
    return _send(deps, opened, 206 if window else 200, headers)


def _send(deps, opened, status, headers):
    prefix = deps.config.image.accel_prefix
    if prefix and opened.inner:
        # the front server sends the file, a range of it too; its location is internal
        opened.blocks.close()
        inner = f"{prefix.rstrip('/')}/{opened.inner}"
        kept = {k: v for k, v in headers.items() if k in ("Content-Type", "Content-MD5")}
        return Response(status=200, headers={**kept, "X-Accel-Redirect": inner})
    return Response(opened.blocks, status, headers=headers, direct_passthrough=True)


def _need_octets(ctx, request):
    if request.mimetype != OCTETS:
        ctx.enforced = True
        raise WrongMediaType(given=request.mimetype or "(none)", wanted=OCTETS)


def _given(request, store):
    announced = request.headers.get("X-Openstack-Image-Size")
    size = request.content_length
    if announced is not None:
        if not (announced.isascii() and announced.isdigit()):
            raise BadLength(header="X-OpenStack-Image-Size", value=announced)
        if size is not None and int(announced) != size:
            raise BadLength(header="X-OpenStack-Image-Size", value=announced)
        size = int(announced)
    # a chunked body has no length: it must prove that it arrived whole
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    stream = WholeBody(request.stream, request.environ) if chunked else request.stream
    return Upload(stream, size, store)
