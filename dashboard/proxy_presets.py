"""What is the same wherever one of these proxies stands in front. Any of it can be set by hand too.

`{issuer}` stands for PROXY_JWT_ISSUER, `{region}` for the region in the first PROXY_JWT_SIGNER.
"""

from collections.abc import Mapping

PRESETS: Mapping[str, Mapping[str, str]] = {
    # https://cloud.google.com/iap/docs/signed-headers-howto
    "iap": {
        "PROXY_JWT_HEADER": "X-Goog-IAP-JWT-Assertion",
        "PROXY_JWT_ISSUER": "https://cloud.google.com/iap",
        "PROXY_JWT_ALGORITHMS": "ES256",
        "PROXY_JWT_KEYS_URL": "https://www.gstatic.com/iap/verify/public_key-jwk",
        "PROXY_JWT_EMAIL_VERIFIED": "always",
    },
    # https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json
    "cloudflare": {
        "PROXY_JWT_HEADER": "Cf-Access-Jwt-Assertion",
        "PROXY_JWT_ALGORITHMS": "RS256",
        "PROXY_JWT_KEYS_URL": "{issuer}/cdn-cgi/access/certs",
        "PROXY_JWT_NAME_CLAIM": "custom.name",
        "PROXY_JWT_GROUPS_CLAIM": "custom.groups",
        "PROXY_JWT_EMAIL_VERIFIED": "always",
    },
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
    "alb": {
        "PROXY_JWT_HEADER": "X-Amzn-Oidc-Data",
        "PROXY_JWT_ALGORITHMS": "ES256",
        "PROXY_JWT_KEYS_URL": "https://public-keys.auth.elb.{region}.amazonaws.com/{kid}",
    },
    # https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview
    "oauth2-proxy": {"PROXY_JWT_HEADER": "Authorization", "PROXY_JWT_ALGORITHMS": "RS256"},
}
