"""Wrong values are refused before anything is installed, with a message that names the value."""

import pytest


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("gatway.replicas=2", "'gatway' not allowed"),
        ("gateway.replica=2", "'replica' not allowed"),
        ("gateway.replicas=0", "/gateway/replicas"),
        ('gateway.replicas="two"', "/gateway/replicas"),
        ("driftMonitor.replicas=2", "'replicas' not allowed"),
        ('moderation.image.tag="latest"', "/moderation/image/tag"),
        ('moderation.image.digest="sha256:abc"', "/moderation/image/digest"),
        ('image.registry="registry.example.com/"', "/image/registry"),
        ('moderation.bundle="../other"', "/moderation/bundle"),
        ('moderation.bundle="/models/moderation"', "/moderation/bundle"),
        ('moderation.tls.secretName=""', "/moderation/tls/secretName"),
        ('models.existingClaim=""', "/models/existingClaim"),
        ('clustering.resources.limits={"cpu": "1", "memory": "lots"}', "/clustering/resources/limits/memory"),
        ("clustering.resources.limits=null", "missing property 'limits'"),
        ('gateway.upstream.baseUrl="api.openai.com/v1"', "/gateway/upstream/baseUrl"),
        ('gateway.service.type="ExternalName"', "/gateway/service/type"),
        ('logLevel="verbose"', "/logLevel"),
        ('telemetry.otlpEndpoint="collector:4317"', "/telemetry/otlpEndpoint"),
        ("drain.graceSeconds=0", "/drain/graceSeconds"),
        ("networkPolicy.dns=[]", "/networkPolicy/dns"),
        ("networkPolicy.clients=[{}]", "/networkPolicy/clients/0"),
        ('networkPolicy.clients=[{"podselector": {}}]', "'podselector' not allowed"),
        ("moderation.settings.max_bacth=1", "'max_bacth' not allowed"),
        ("moderation.settings.max_batch=0", "/moderation/settings/max_batch"),
        ('moderation.settings.device="gpu"', "/moderation/settings/device"),
        ('moderation.settings.bundle="/elsewhere"', "'bundle' not allowed"),
        ('gateway.settings={"upstream": {"api_key": "sk-in-plain-sight"}}', "'api_key' not allowed"),
        ('gateway.settings={"limits": {"max_batch": 0}}', "/gateway/settings/limits/max_batch"),
    ],
)
def test_a_wrong_value_is_refused_by_name(setting, says, refusal):
    assert says in refusal(setting)


def test_several_gateways_on_a_volume_for_one_are_refused(refusal):
    message = refusal("gateway.replicas=2")
    assert "gateway.replicas is 2" in message
    assert "set it to ReadWriteMany" in message


def test_a_cluster_that_is_too_old_is_refused():
    from tools.chart_render import RenderError, render_chart

    with pytest.raises(RenderError, match=r">=1\.29"):
        render_chart(kubernetes="1.28.0")
