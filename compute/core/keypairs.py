"Keypairs: import a public key, or (until 2.91) have a pair made."

import base64
import hashlib

from common.context import Context
from compute.core import Deps, quotas
from compute.errors import BadKey, KeypairExists, KeypairNotFound, MarkerNotFound, QuotaExceeded
from compute.store import flavors as store
from compute.store.models import Keypair


def create(
    deps: Deps, ctx: Context, user_id: str, name: str, public_key: str | None, kind: str = "ssh"
) -> tuple[Keypair, str | None]:
    """(keypair, private key or None). Without `public_key` a pair is made; its private half is in
    the answer and nowhere else. Raises BadKey, KeypairExists, QuotaExceeded."""
    private = None
    if public_key is None:
        public_key, private, fingerprint = _generate(kind, user_id)
    else:
        public_key = public_key.strip()
        fingerprint = _fingerprint(kind, public_key)
    row = Keypair(
        user_id=user_id, name=name, type=kind, fingerprint=fingerprint, public_key=public_key
    )
    with deps.db.write() as session:
        if store.keypair(session, user_id, name):
            raise KeypairExists(name=name)
        limit = quotas.effective(deps, session, ctx.project_id)["key_pairs"]
        used = store.count_keypairs(session, user_id)
        if limit != -1 and used >= limit:
            raise QuotaExceeded("Quota exceeded, too many key pairs.", over="key_pairs")
        session.add(row)
    return row, private


def _generate(kind: str, user_id: str) -> tuple[str, str, str]:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import rsa

    if kind == "x509":
        return _generate_x509(user_id)
    # RSA, and in this format: clients decrypt server passwords and open the file with what
    # reads no other
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        s.Encoding.PEM, s.PrivateFormat.TraditionalOpenSSL, s.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH).decode()
    public += " Generated-by-Nova"
    return public, private, _fingerprint("ssh", public)


def _generate_x509(user_id: str) -> tuple[str, str, str]:
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, user_id[:64])])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(
            x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(s.Encoding.PEM).decode()
    private = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode()
    return public, private, _fingerprint("x509", public)


def _fingerprint(kind: str, public_key: str) -> str:
    if kind == "x509":
        return _colons(_certificate(public_key))
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        load_ssh_public_key(public_key.encode())
        blob = base64.b64decode(public_key.split()[1])
    except Exception as error:  # the library raises several kinds for junk
        # sk- keys of hardware tokens are fine in authorized_keys, but this library does
        # not read them all
        words = public_key.split()
        if len(words) < 2 or not words[0].startswith(("sk-ssh-", "sk-ecdsa-")):
            raise BadKey(reason="failed to generate fingerprint") from error
        try:
            blob = base64.b64decode(words[1], validate=True)
        except ValueError:
            raise BadKey(reason="failed to generate fingerprint") from None
    return ":".join(f"{b:02x}" for b in hashlib.md5(blob, usedforsecurity=False).digest())


def _certificate(text: str) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        return x509.load_pem_x509_certificate(text.encode()).fingerprint(hashes.SHA1())  # noqa: S303
    except ValueError as error:
        raise BadKey(reason="failed to generate X509 fingerprint") from error


def _colons(digest: bytes) -> str:
    return ":".join(f"{b:02X}" for b in digest)


def find(
    deps: Deps, user_id: str, limit: int | None = None, marker: str | None = None
) -> list[Keypair]:
    "Keypairs of a user."
    with deps.db.read() as session:
        if marker is not None and store.keypair(session, user_id, marker) is None:
            raise MarkerNotFound(marker=marker)
        return store.keypairs(session, user_id, limit, marker)


def get(deps: Deps, user_id: str, name: str) -> Keypair:
    "One keypair. Raises KeypairNotFound."
    with deps.db.read() as session:
        found = store.keypair(session, user_id, name)
    if found is None:
        raise KeypairNotFound(name=name, user_id=user_id)
    return found


def delete(deps: Deps, user_id: str, name: str) -> None:
    "Delete it; servers keep the key they were made with."
    with deps.db.write() as session:
        found = store.keypair(session, user_id, name)
        if found is None:
            raise KeypairNotFound(name=name, user_id=user_id)
        session.delete(found)
