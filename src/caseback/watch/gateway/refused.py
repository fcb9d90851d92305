"""What the gateway itself says no to, and the form in which OpenAI's clients read an error."""

import json


class RefusedError(Exception):
    """Ends a request with a status and a reason, in the form of OpenAI's errors.

    Attributes:
        status: As HTTP has it.
        code: For programs.
        message: For people.
        headers: To go with it.
    """

    def __init__(self, status: int, code: str, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers

    @property
    def body(self) -> bytes:
        """``{"error": …}``."""
        return error_body(self.message, _type(self.status), self.code)


class ClientLeftError(Exception):
    """The client went away before it had sent its request."""


def error_body(message: str, type: str, code: str) -> bytes:
    """An error in the form that OpenAI's clients read."""
    return json.dumps({"error": {"message": message, "type": type, "param": None, "code": code}}).encode()


def error_event(message: str, code: str) -> bytes:
    """The same as an event of a stream. A line end before it ends what the stream broke off in."""
    return b"\ndata: " + error_body(message, "upstream_error", code) + b"\n\n"


def _type(status: int) -> str:
    known = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    return known.get(status, "server_error" if status >= 500 else "invalid_request_error")
