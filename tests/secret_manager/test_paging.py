"""Lists that lie."""

import json

import pytest

from secret_manager import paging
from secret_manager.paging import MAX_ITEMS, MAX_PAGES, Part, collect, walk
from secret_manager.types import Secret

from .helpers import SECRETS, VERSIONS


def secrets(*ids):
    return tuple(Secret(id=str(one), organization_id="1") for one in ids)


def read(pages):
    """Walk over pages given by their offset; return the listing and the offsets asked for."""
    asked = []

    def fetch(offset):
        asked.append(offset)
        return pages(offset)

    return collect(walk(fetch)), asked


def ids(listing):
    return [int(item.id) for item in listing.items]


def test_all_pages_are_read_to_the_end():
    listing, asked = read(lambda offset: Part(secrets(offset, offset + 1), 0, offset < 4))
    assert (ids(listing), listing.complete, asked) == ([0, 1, 2, 3, 4, 5], True, [0, 2, 4])
    assert (len(listing), list(listing)) == (6, list(listing.items))


def test_an_empty_list_is_complete():
    listing, asked = read(lambda offset: Part((), 0, False))
    assert (ids(listing), listing.complete, asked) == ([], True, [0])


def test_the_same_page_again_and_again_ends():
    listing, asked = read(lambda offset: Part(secrets(1, 2), 0, True))
    assert (ids(listing), listing.complete, len(asked)) == ([1, 2], False, 2)


def test_an_empty_page_that_promises_more_ends():
    listing, _ = read(lambda offset: Part(secrets(1) if offset == 0 else (), 0, True))
    assert (ids(listing), listing.complete) == ([1], False)


def test_an_item_that_moved_is_shown_once():
    pages = {0: Part(secrets(1, 2), 0, True), 2: Part(secrets(2, 3), 0, False)}
    listing, _ = read(pages.__getitem__)
    assert (ids(listing), listing.complete) == ([1, 2, 3], True)


def test_an_item_twice_on_one_page_is_shown_once():
    listing, _ = read(lambda offset: Part(secrets(1, 1), 0, False))
    assert ids(listing) == [1]


def test_the_last_page_with_nothing_new_is_an_ordinary_end():
    pages = {0: Part(secrets(1, 2), 0, True), 2: Part(secrets(2), 0, False)}
    assert read(pages.__getitem__)[0].complete


def test_the_number_of_pages_is_bounded():
    listing, asked = read(lambda offset: Part(secrets(offset), 0, True))
    assert (len(asked), len(listing.items), listing.complete) == (MAX_PAGES, MAX_PAGES, False)


def test_the_number_of_items_is_bounded():
    listing, _ = read(lambda offset: Part(secrets(*range(offset, offset + 7000)), 0, True))
    assert (len(listing.items), listing.complete) == (MAX_ITEMS, False)


def test_items_beyond_the_bound_make_the_last_page_incomplete_too():
    listing, _ = read(lambda offset: Part(secrets(*range(MAX_ITEMS + 1)), 0, False))
    assert (len(listing.items), listing.complete) == (MAX_ITEMS, False)


def test_dropped_entries_move_the_offset_and_make_the_listing_incomplete():
    pages = {0: Part(secrets(1), 1, True), 2: Part(secrets(2), 0, False)}
    listing, asked = read(pages.__getitem__)
    assert (asked, listing.dropped, listing.complete) == ([0, 2], 1, False)


def page(request, key):
    offset, limit = int(request.params["offset"]), int(request.params["limit"])
    items = [{"id": str(n), "name": f"N{n}"} for n in range(offset, min(offset + limit, 250))]
    return 200, {}, json.dumps({key: items, "has_next": offset + limit < 250})


def test_iterating_and_listing_secrets_give_the_same(client, api):
    api.add_callback("GET", SECRETS, lambda request: page(request, "secrets"))
    listed = client.list_secrets("10")
    assert listed.complete
    assert [secret.id for secret in listed] == [str(n) for n in range(250)]
    assert tuple(client.iter_secrets("10")) == listed.items
    assert [call.request.params["offset"] for call in api.calls] == ["0", "100", "200"] * 2


def test_iterating_and_listing_versions_give_the_same(client, api):
    api.add_callback("GET", VERSIONS, lambda request: page(request, "versions"))
    listed = client.list_secret_versions("10", "20")
    assert [version.id for version in listed] == [str(n) for n in range(250)]
    assert tuple(client.iter_secret_versions("10", "20", limit=50)) == listed.items


def test_iterating_fetches_no_page_before_it_is_needed(client, api):
    api.add_callback("GET", SECRETS, lambda request: page(request, "secrets"))
    first = next(client.iter_secrets("10", limit=10))
    assert (first.id, len(api.calls)) == ("0", 1)


def test_a_server_that_always_promises_more_is_left(client, api):
    api.get(SECRETS, json={"secrets": [{"id": "1"}], "has_next": True})
    listing = client.list_secrets("10")
    assert (len(listing), listing.complete, len(api.calls)) == (1, False, 2)


@pytest.mark.parametrize("limit", [0, 101])
def test_the_size_of_a_page_has_limits(client, limit):
    with pytest.raises(ValueError, match="limit"):
        next(client.iter_secrets("10", limit=limit))


def test_the_bounds_are_the_promised_ones():
    assert (paging.MAX_PAGES, paging.MAX_ITEMS) == (200, 20_000)
