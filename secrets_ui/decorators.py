from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse

from secrets_ui import connection as connections
from secrets_ui.http import DashboardRequest, client_redirect


def connection_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Put this person's connection to the address's organization on the request.

    Without one, the person is asked to connect and then comes back to where they were going.
    """

    @wraps(view)
    def guarded(request: DashboardRequest, organization_id: str, **kwargs: str) -> HttpResponse:
        found = connections.find(
            request.session, person_id=request.user.pk, organization_id=organization_id
        )
        if found is None:
            return client_redirect(request, connect_address(request, organization_id))
        request.connection = found
        return view(request, **kwargs)

    return guarded


def connect_address(request: DashboardRequest, organization_id: str) -> str:
    """Return the address of the connect page that leads back to a page of the organization."""
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else ""
    query = {"organization": organization_id, **({"next": back} if back else {})}
    return f"{reverse('connect')}?{urlencode(query)}"
