"""What an agent's own program does, with Authlib as its OAuth client and joserfc to verify tokens.

Reads what it needs as JSON from standard input; ends with an error when anything is not as the
standards say.
"""

import json
import os
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # the server of the test is on loopback, without TLS

import requests  # noqa: E402
from authlib.integrations.base_client.errors import OAuthError  # noqa: E402
from authlib.integrations.requests_client import OAuth2Session  # noqa: E402
from authlib.oauth2.rfc7523 import PrivateKeyJWT  # noqa: E402
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata  # noqa: E402
from joserfc import jwt  # noqa: E402
from joserfc.errors import JoseError  # noqa: E402
from joserfc.jwk import ECKey, KeySet  # noqa: E402

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"

told = json.load(sys.stdin)
issuer = told["issuer"]
http = requests.Session()
http.trust_env = False
server = http.get(issuer + "/.well-known/oauth-authorization-server", timeout=20).json()
metadata = AuthorizationServerMetadata(server)
for check in ("issuer", "jwks_uri", "token_endpoint", "grant_types_supported"):
    if check == "issuer":
        assert metadata["issuer"] == issuer
    else:
        assert metadata[check], check
jwks = http.get(server["jwks_uri"], timeout=20).json()
keys = KeySet.import_key_set(jwks)
assert {key.as_dict()["alg"] for key in keys} == {"ES256", "EdDSA"}


def client(auth_endpoint=None):
    session = OAuth2Session(
        client_id=told["client"],
        client_secret=ECKey.import_key(told["private_key"]),
        token_endpoint_auth_method="private_key_jwt",
        revocation_endpoint_auth_method="private_key_jwt",
    )
    session.trust_env = False
    session.register_client_auth_method(PrivateKeyJWT(auth_endpoint, alg="ES256"))
    return session


def verified(token, audience):
    """The claims, verified by the published keys."""
    decoded = jwt.decode(token, keys, algorithms=["ES256"])
    assert decoded.header["typ"] == "at+jwt", decoded.header
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
        client_id={"essential": True},
    )
    registry.validate(decoded.claims)
    return decoded.claims


# With the token endpoint as the audience of the assertion, and with the endpoint that is called.
for endpoint in (server["token_endpoint"], None):
    session = client(endpoint)
    token = session.fetch_token(server["token_endpoint"], grant_type="client_credentials")
    assert token["token_type"] == "Bearer" and token["scope"] == "database:read", token
    own = verified(token["access_token"], issuer)
    assert own["agent"] == told["client"], own

    for_crm = session.fetch_token(
        server["token_endpoint"],
        grant_type="client_credentials",
        scope="database:read",
        resource="https://crm.example.com",
    )
    assert verified(for_crm["access_token"], "https://crm.example.com")["grants"] == own["grants"]

    exchanged = session.fetch_token(
        server["token_endpoint"],
        grant_type=EXCHANGE,
        subject_token=told["person"],
        subject_token_type=ID_TOKEN,
        actor_token=token["access_token"],
        actor_token_type=ACCESS_TOKEN,
    )
    assert exchanged["issued_token_type"] == ACCESS_TOKEN, exchanged
    claims = verified(exchanged["access_token"], issuer)
    assert claims["sub"] == "T0ACME/U0DANA" and claims["act"]["sub"] == own["sub"], claims

    def looks(token):
        answer = session.introspect_token(server["introspection_endpoint"], token=token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert looks(exchanged["access_token"])["active"] is True
    assert looks(token["access_token"])["sub"] == own["sub"]
    answer = session.revoke_token(server["revocation_endpoint"], token=token["access_token"])
    assert answer.status_code == 200, answer.text
    assert looks(token["access_token"]) == {"active": False}
    assert looks(exchanged["access_token"]) == {"active": False}
    assert looks(for_crm["access_token"])["active"] is True

# What the server signs for itself and hands out, it signs with its Ed25519 key, which is published, too.
decoded = jwt.decode(told["binding"], keys, algorithms=["EdDSA"])
assert decoded.header["alg"] == "EdDSA" and decoded.header["kid"] in {key.kid for key in keys}, decoded.header
assert decoded.claims["iss"] == issuer and decoded.claims["jti"] == "eval_1", decoded.claims
head, body, signature = told["binding"].split(".")
for changed in (f"{head}.{body}.{signature[::-1]}", f"{head}.{body}x.{signature}"):
    try:
        jwt.decode(changed, keys, algorithms=["EdDSA"])
        raise AssertionError("an Ed25519 signature that is none")
    except (JoseError, ValueError):
        pass

# What is refused is refused in a way that the library understands.
try:
    client().fetch_token(
        server["token_endpoint"], grant_type="client_credentials", scope="database:write"
    )
    raise AssertionError("a token without a grant")
except OAuthError as error:
    assert error.error == "invalid_scope", error
    assert "/agent request" in error.description, error

# A token that was changed is none.
head, body, signature = for_crm["access_token"].split(".")
try:
    jwt.decode(f"{head}.{body}.{signature[::-1]}", keys, algorithms=["ES256"])
    raise AssertionError("a signature that is none")
except (JoseError, ValueError):
    pass

print("done")
