"""What is wrong with a request, in the form that OpenAI's clients read."""

from typing import Any


class RefusedError(Exception):
    """A request that is not answered.

    Attributes:
        status: Of the HTTP answer.
        message: One line: what is wrong, and what would be right.
        param: The field at fault; empty where it is none.
        code: A word for programs, such as ``context_length_exceeded``; empty where there is none.
    """

    def __init__(self, status: int, message: str, param: str = "", code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code


def error_body(status: int, message: str, param: str = "", code: str = "") -> dict[str, Any]:
    """The body of an error."""
    kind = "server_error" if status >= 500 else "rate_limit_error" if status == 429 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": param or None, "code": code or None}}
