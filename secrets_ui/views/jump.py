from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.guard import requires
from accounts.roles import Capability, capabilities_of
from secrets_ui import saved_views
from secrets_ui.catalog import current as catalog
from secrets_ui.decorators import connection_required
from secrets_ui.http import DashboardRequest, render_part
from secrets_ui.jump import targets
from secrets_ui.list_query import ListQuery
from secrets_ui.notes.index import index_of


@require_safe
@requires(Capability.READ)
@connection_required
def jump(request: DashboardRequest) -> HttpResponse:
    """Go to a secret, a page or an act by typing a few letters of it."""
    organization_id = request.connection.organization_id
    query = ListQuery.of(request.GET).q
    view = catalog.look(request.connection)
    context = {
        "q": query,
        "view": view,
        "targets": targets(
            query,
            organization_id=organization_id,
            snapshot=view.snapshot,
            notes=index_of(organization_id).texts,
            views=saved_views.of(request.user.pk, organization_id),
            may=capabilities_of(request.user.role),
        ),
    }
    return render_part(request, "secrets_ui/jump.html", "jump-results", context)
