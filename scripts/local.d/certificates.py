"""An authority and a certificate for 127.0.0.1, for a local AWS that is reached by TLS.

    certificates.py FOLDER

writes authority.pem, for clients to trust, and certificate.pem and key.pem, for the server. The
authority's own key is forgotten, so that it can vouch for nothing else.
"""

import datetime
import ipaddress
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def certificate(subject, issuer, key, signer, *extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + 365 * day)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


folder = Path(sys.argv[1])
authority, local = name("rehose local authority"), name("127.0.0.1")
authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
(folder / "authority.pem").write_bytes(
    certificate(
        authority,
        authority,
        authority_key,
        authority_key,
        (x509.BasicConstraints(ca=True, path_length=0), True),
    )
)
(folder / "certificate.pem").write_bytes(
    certificate(
        local,
        authority,
        key,
        authority_key,
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.SubjectAlternativeName([address]), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
    )
)
(folder / "key.pem").write_bytes(
    key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
)
