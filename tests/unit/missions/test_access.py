"""Authentication, roles and API versions of the missions API."""

import pytest

from jobs.missions.api import access as missions_access
from jobs.missions.api.access import (
    ForbiddenError,
    InvalidTokenError,
    UnsupportedVersionError,
    require_role,
    require_supported_version,
)
from jobs.missions.partner import Caller, Client, Role

APP = Client(id="app", tenant="acme", name="App", role=Role.MANAGER)
V3 = "application/vnd.idi-fly.api-v3+json"
V2 = "application/vnd.idi-fly.api-v2+json"


def claims(scope: str = "missions/viewer", **others: str) -> dict[str, str]:
    return {"client_id": "app", "token_use": "access", "scope": scope} | others


def caller(claimed: dict[str, str]) -> Caller:
    return missions_access.identify_caller(claimed, {"app": APP}.get)


@pytest.mark.parametrize(("scope", "role"), [
    ("missions/viewer", Role.VIEWER),
    ("missions/viewer missions/pilot", Role.PILOT),
    ("missions/manager missions/pilot missions/viewer", Role.MANAGER),
    ("missions/manager", Role.MANAGER),
    ("other/manager missions/pilot", Role.PILOT),
])  # fmt: skip
def test_caller_with_several_scopes_has_the_highest_role(scope, role) -> None:
    assert caller(claims(scope)) == Caller(tenant="acme", client_id="app", role=role)


@pytest.mark.parametrize("claimed", [
    {}, claims(client_id="nobody"), claims(client_id=""), claims(token_use="id"),
    {"client_id": "app", "scope": "missions/viewer"},
    claims(""), claims("other/manager"), claims("missions/admin"), claims("MISSIONS/PILOT"),
], ids=str)  # fmt: skip
def test_caller_without_valid_access_token_is_rejected(claimed) -> None:
    with pytest.raises(InvalidTokenError):
        caller(claimed)


@pytest.mark.parametrize("needed", Role)
@pytest.mark.parametrize("had", Role)
def test_require_role_accepts_equal_and_higher_roles(needed, had) -> None:
    someone = Caller(tenant="acme", client_id="app", role=had)

    if had >= needed:
        require_role(needed, someone)
    else:
        with pytest.raises(ForbiddenError, match=needed.name):
            require_role(needed, someone)


@pytest.mark.parametrize("accept", [
    None, "", "*/*", "application/json", "text/html", V3, V3.upper(), f" {V3} ; q=0.5 ",
    f"{V2}, {V3};q=0.1", f"{V2}, application/json", f"{V2};q=0.9, */*;q=0.1",
    f"{V2};q=0", f"text/html, {V3}", "application/vnd.idi-fly.api+json", ",,;",
    f"{V3};charset=utf-8",
])  # fmt: skip
def test_accept_header_that_allows_version_3_passes(accept) -> None:
    require_supported_version(accept)  # raises nothing


@pytest.mark.parametrize("accept", [
    V2, V2.upper(), f"{V2};q=0.5", f"text/html, {V2}", f"{V2}, {V3};q=0", f"{V2}, */*;q=0.000",
    V3.replace("v3", "v33"), V3.replace("v3", "v3.1"), V3.replace("v3", "v03"),
    V3.replace("v3", "v"), V3.replace("v3", "vX"), f"{V2}, application/vnd.idi-fly.api-v4+json",
])  # fmt: skip
def test_accept_header_with_only_other_versions_is_rejected(accept) -> None:
    with pytest.raises(UnsupportedVersionError):
        require_supported_version(accept)
