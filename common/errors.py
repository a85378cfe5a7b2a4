"""Errors that know their HTTP status; a class's docstring is its message.

    Error 500
    ├── BadRequest 400            ├── LengthRequired 411        ├── Unprocessable 422
    ├── Unauthorized 401          ├── PreconditionFailed 412    ├── TooManyRequests 429
    ├── Forbidden 403             ├── TooLarge 413              ├── Internal 500
    ├── NotFound 404              ├── UnsupportedMediaType 415  ├── Unsupported 501
    ├── MethodNotAllowed 405      ├── RangeNotSatisfiable 416   ├── BadGateway 502
    ├── NotAcceptable 406         └── Gone 410                  └── Unavailable 503
    └── Conflict 409

`raise ServerLocked(server_id=i)` formats `class ServerLocked(Conflict): "Server {server_id} is
locked."`. One place (`common.http.dialects`) turns any of them into the JSON of the service's API.
"""

import inspect
from typing import Any, ClassVar


class Error(Exception):
    "The service failed to do what was asked."

    code: ClassVar[int] = 500
    title: ClassVar[str] = "Internal Server Error"

    def __init__(
        self, message: str | None = None, /, *, headers: dict[str, str] | None = None, **fields: Any
    ) -> None:
        self.fields = fields
        self.headers = headers or {}
        self.message = message if message is not None else self._template().format(**fields)
        super().__init__(self.message)

    @classmethod
    def _template(cls) -> str:
        for klass in cls.__mro__:
            if klass.__doc__ and issubclass(klass, Error):
                return inspect.cleandoc(klass.__doc__).replace("\n", " ")
        return "Unknown error."

    @property
    def kind(self) -> str:
        "The name of the error for machines: Neutron's `type`."
        return type(self).__name__


class BadRequest(Error):
    "The request is not valid."

    code, title = 400, "Bad Request"


class Unauthorized(Error):
    "The request you have made requires authentication."

    code, title = 401, "Unauthorized"


class Forbidden(Error):
    "You are not authorized to perform the requested action."

    code, title = 403, "Forbidden"


class NotFound(Error):
    "The resource could not be found."

    code, title = 404, "Not Found"


class MethodNotAllowed(Error):
    "The method is not allowed for this resource."

    code, title = 405, "Method Not Allowed"


class NotAcceptable(Error):
    "The requested representation is not available."

    code, title = 406, "Not Acceptable"


class Conflict(Error):
    "The request conflicts with the state of the resource."

    code, title = 409, "Conflict"


class Gone(Error):
    "This resource is no longer available."

    code, title = 410, "Gone"


class LengthRequired(Error):
    "The request needs a Content-Length header."

    code, title = 411, "Length Required"


class PreconditionFailed(Error):
    "A precondition of the request does not hold."

    code, title = 412, "Precondition Failed"


class TooLarge(Error):
    "The request is larger than allowed."

    code, title = 413, "Request Entity Too Large"


class UnsupportedMediaType(Error):
    "The media type of the request is not supported."

    code, title = 415, "Unsupported Media Type"


class RangeNotSatisfiable(Error):
    "The requested range cannot be satisfied."

    code, title = 416, "Requested Range Not Satisfiable"


class Unprocessable(Error):
    "The request was understood but cannot be processed."

    code, title = 422, "Unprocessable Entity"


class TooManyRequests(Error):
    "Too many requests; try again later."

    code, title = 429, "Too Many Requests"


class Internal(Error):
    "An unexpected error prevented the server from fulfilling your request."

    code, title = 500, "Internal Server Error"


class Unsupported(Error):
    "The requested function is not implemented."

    code, title = 501, "Not Implemented"


class BadGateway(Error):
    "A service behind this one gave an invalid answer."

    code, title = 502, "Bad Gateway"


class Unavailable(Error):
    "The service is temporarily unable to handle the request."

    code, title = 503, "Service Unavailable"


BY_CODE: dict[int, type[Error]] = {cls.code: cls for cls in Error.__subclasses__()}
