"""Whatever schemathesis makes of the gateway's own document is answered as the document says."""

import json

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from watch.gateway.conftest import Start
from watch.gateway.raw import sent

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_the_document_holds(start: Start) -> None:
    at = start()
    raw = sent(at.address, b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    document = json.loads(raw.split(b"\r\n\r\n", 1)[1])
    schema = schemathesis.openapi.from_dict(document)
    seen = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate], database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def holds(case: schemathesis.Case) -> None:
            nonlocal seen
            seen += 1
            response = case.call(base_url=at.address)
            case.validate_response(response, checks=CHECKS)

        holds()
    assert seen > 60
    assert len(document["paths"]) == 9
    assert {each.status for each in at.carried()} <= {200, 400}
