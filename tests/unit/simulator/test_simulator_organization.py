"""The organization: claims as compare-and-swap, roles, and who may ask."""

from sandboxd.simulator.furnish import MANAGEMENT


def ous(desk) -> dict[str, str]:
    root = desk.call("ListRoots", "organizations", MANAGEMENT)["Roots"][0]["Id"]
    out, todo = {}, [root]
    while todo:
        for ou in desk.call("ListOrganizationalUnitsForParent", "organizations", MANAGEMENT, ParentId=todo.pop())[
            "OrganizationalUnits"
        ]:
            out[ou["Name"]] = ou["Id"]
            todo.append(ou["Id"])
    return out


def test_a_move_is_a_compare_and_swap(desk):
    """From where it is not, to where it is already, and by somebody else."""
    tree = ous(desk)
    move = {"AccountId": desk.account, "SourceParentId": tree["Pool"], "DestinationParentId": tree["Customers"]}
    assert desk.refused("MoveAccount", "organizations", desk.account, **move) == "AccessDeniedException"
    desk.call("MoveAccount", "organizations", MANAGEMENT, **move)
    assert desk.refused("MoveAccount", "organizations", MANAGEMENT, **move) == "DuplicateAccountException"
    again = move | {"DestinationParentId": tree["Expired"]}
    assert desk.refused("MoveAccount", "organizations", MANAGEMENT, **again) == "AccountNotFoundException"
    nowhere = again | {"SourceParentId": "ou-0000-00000000"}
    assert desk.refused("MoveAccount", "organizations", MANAGEMENT, **nowhere) == "SourceParentNotFoundException"
    assert (
        desk.call("ListParents", "organizations", MANAGEMENT, ChildId=desk.account)["Parents"][0]["Id"]
        == tree["Customers"]
    )


def test_roles_are_assumed_from_the_management_account_only(desk):
    """The right role gives a session; another role, and another caller, do not."""
    role = f"arn:aws:iam::{desk.account}:role/OrganizationAccountAccessRole"
    answer = desk.call("AssumeRole", "sts", MANAGEMENT, RoleArn=role, RoleSessionName="s")
    assert (
        answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{desk.account}:assumed-role/OrganizationAccountAccessRole/s"
    )
    assert desk.refused("AssumeRole", "sts", RoleArn=role, RoleSessionName="s") == "AccessDenied"
    wrong = role.replace("Organization", "No")
    assert desk.refused("AssumeRole", "sts", MANAGEMENT, RoleArn=wrong, RoleSessionName="s") == "AccessDenied"


def test_an_account_is_made_after_a_while(desk):
    """Asynchronous, and an e-mail only once."""
    asked = {"Email": "new@x.example", "AccountName": "new"}
    request = desk.call("CreateAccount", "organizations", MANAGEMENT, **asked)["CreateAccountStatus"]
    assert request["State"] == "IN_PROGRESS"
    desk.later(400)
    done = desk.call("DescribeCreateAccountStatus", "organizations", MANAGEMENT, CreateAccountRequestId=request["Id"])
    assert done["CreateAccountStatus"]["State"] == "SUCCEEDED"
    second = desk.call("CreateAccount", "organizations", MANAGEMENT, **asked)["CreateAccountStatus"]
    desk.later(10)
    failed = desk.call("DescribeCreateAccountStatus", "organizations", MANAGEMENT, CreateAccountRequestId=second["Id"])
    assert failed["CreateAccountStatus"]["FailureReason"] == "EMAIL_ALREADY_EXISTS"


def test_management_images_are_visible_to_the_pool_and_nobody_may_change_them(desk):
    """Shared by launch permission, owned by management."""
    images = desk.call("DescribeImages", Owners=[MANAGEMENT], Filters=[{"Name": "name", "Values": ["avaloq-core-*"]}])[
        "Images"
    ]
    assert len(images) == 2
    share = {"ImageId": images[0]["ImageId"], "LaunchPermission": {"Add": [{"UserId": "999999999999"}]}}
    assert desk.refused("ModifyImageAttribute", **share) == "AuthFailure"
