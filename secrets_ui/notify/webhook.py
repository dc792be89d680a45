"""Posting a digest to a webhook, as Slack's incoming webhooks take it."""

import json
from urllib.parse import urlsplit

from secret_manager import ConnectFailed, Deadline, SecretManagerError, Transport
from secrets_ui.notify.delivery import NotDelivered

# For all of it, connecting included.
SECONDS = 10


def post(text: str, *, digest_id: str, url: str) -> None:
    """Post once: over verified TLS, within a time, following no redirect, and without cookies.

    The transport is that of the API, which promises all of this; its errors hold no address.

    Raises:
        NotDelivered
    """
    parts = urlsplit(url)
    transport = Transport(f"{parts.scheme}://{parts.netloc}")
    query = f"?{parts.query}" if parts.query else ""
    try:
        answer = transport.send(
            "POST",
            f"{parts.path or '/'}{query}",
            deadline=Deadline.after(SECONDS),
            # Sent again it is the same digest, for receivers that know such keys.
            headers={"Content-Type": "application/json", "Idempotency-Key": digest_id},
            body=json.dumps({"text": text}).encode(),
        )
    except ConnectFailed:
        raise NotDelivered("the webhook cannot be reached") from None
    except SecretManagerError:
        raise NotDelivered("the webhook did not answer", may_have_arrived=True) from None
    finally:
        transport.close()
    if not 200 <= answer.status < 300:
        # A failure (5xx) may have come after the digest was passed on; a refusal comes before.
        raise NotDelivered(
            f"the webhook answered {answer.status}", may_have_arrived=answer.status >= 500
        )
