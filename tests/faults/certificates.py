"""Certificates made for one run: an authority that the client is told to trust, and bad ones."""

import datetime
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Signed:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Authority:
    """A certificate authority of one test run, and the server certificates it signs.

    contexts: how to speak TLS with a good certificate, or with one that has this flaw.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        own = _signed("Fault authority", is_authority=True)
        self.bundle = folder / "authority.pem"
        self.bundle.write_bytes(_pem(own.certificate))
        self.contexts = {
            "good": self._context("good", _signed("127.0.0.1", by=own)),
            "self-signed": self._context("self_signed", _signed("127.0.0.1")),
            "expired": self._context("expired", _signed("127.0.0.1", by=own, until=NOW - DAY)),
            "of another host": self._context("wrong_host", _signed("192.0.2.7", by=own)),
        }

    def _context(self, name: str, signed: Signed) -> ssl.SSLContext:
        file = self._folder / f"{name}.pem"
        key = signed.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(key + _pem(signed.certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _signed(
    name: str,
    *,
    by: Signed | None = None,
    until: datetime.datetime = NOW + DAY,
    is_authority: bool = False,
) -> Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 2 * DAY)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not is_authority:
        address = x509.IPAddress(ip_address(name))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return Signed(builder.sign(by.key if by else key, hashes.SHA256()), key)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
