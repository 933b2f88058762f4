import stat
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from synapse_common.tls import LocalAuthority


def test_keys_are_for_their_owner_alone_and_the_authoritys_never_touches_the_disk(tmp_path: Path) -> None:
    files = LocalAuthority(tmp_path).issue("gateway")
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca.pem", "gateway.key", "gateway.pem"]


def test_a_key_file_that_others_could_read_is_replaced_by_a_private_one(tmp_path: Path) -> None:
    (tmp_path / "gateway.key").write_text("old")
    (tmp_path / "gateway.key").chmod(0o644)
    key = LocalAuthority(tmp_path).issue("gateway").key
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "PRIVATE KEY" in key.read_text()


def test_a_certificate_is_good_for_both_ends_on_loopback_and_for_signing_nothing(tmp_path: Path) -> None:
    authority = LocalAuthority(tmp_path, days=3)
    certificate = x509.load_pem_x509_certificate(authority.issue("gateway").certificate.read_bytes())

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["gateway", "localhost"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usages) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == 3
    ca = x509.load_pem_x509_certificate(authority.ca_path.read_bytes())
    certificate.verify_directly_issued_by(ca)
