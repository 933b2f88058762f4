"""Errors in OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}``."""

from __future__ import annotations

from starlette.responses import JSONResponse


class ApiError(Exception):
    """A request that cannot be answered, as the caller is told about it."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.param = param
        self.code = code

    def response(self) -> JSONResponse:
        """The HTTP response."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        headers = {"retry-after": "1"} if self.status == 503 else None
        return JSONResponse({"error": error}, status_code=self.status, headers=headers)


def model_not_found(model: str) -> ApiError:
    """The error for a model that is not served here."""
    return ApiError(f"The model {model[:64]!r} does not exist here", status=404, param="model", code="model_not_found")


def not_loaded() -> ApiError:
    """The error while the models are being loaded."""
    return ApiError("The models are still being loaded", status=503, kind="server_error")
