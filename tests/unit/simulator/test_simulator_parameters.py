"""Parameters of the simulator: names, secrets, versions, tags, pages."""

import pytest

from sandboxd.simulator import ApiError

SECRET = {"Name": "/s/one", "Type": "SecureString", "Value": "hush"}
TAGS = [{"Key": "k", "Value": "v"}]


def refused(desk, operation, **parameters):
    """Code and words of a refusal."""
    with pytest.raises(ApiError) as caught:
        desk.call(operation, "ssm", **parameters)
    return caught.value.code, caught.value.message


def test_a_secret_is_told_only_to_who_asks_for_it_decrypted(desk):
    """In no listing, and not by a plain read."""
    assert desk.call("PutParameter", "ssm", **SECRET) == {"Version": 1, "Tier": "Standard"}
    assert desk.call("GetParameter", "ssm", Name="/s/one", WithDecryption=True)["Parameter"]["Value"] == "hush"
    assert desk.call("GetParameter", "ssm", Name="/s/one")["Parameter"]["Value"].startswith("AQICAH")
    assert "hush" not in str(desk.call("DescribeParameters", "ssm"))
    assert "hush" not in str(desk.call("GetParametersByPath", "ssm", Path="/s"))


def test_a_name_is_there_once(desk):
    """Unless it is overwritten, and then no tags go with it."""
    desk.call("PutParameter", "ssm", **SECRET, Tags=TAGS)
    assert refused(desk, "PutParameter", **SECRET)[0] == "ParameterAlreadyExists"
    assert refused(desk, "PutParameter", **SECRET, Overwrite=True, Tags=TAGS)[0] == "ValidationException"
    assert desk.call("PutParameter", "ssm", **SECRET, Overwrite=True)["Version"] == 2
    assert desk.call("ListTagsForResource", "ssm", ResourceType="Parameter", ResourceId="/s/one") == {"TagList": TAGS}


def test_what_is_not_there_is_said_in_four_ways(desk):
    """An empty message, lists of unknown names, an invalid id, and nothing at all."""
    assert refused(desk, "GetParameter", Name="/no") == ("ParameterNotFound", "")
    assert refused(desk, "DeleteParameter", Name="/no") == ("ParameterNotFound", "")
    assert desk.call("GetParameters", "ssm", Names=["/no"]) == {"Parameters": [], "InvalidParameters": ["/no"]}
    assert desk.call("DeleteParameters", "ssm", Names=["/no"]) == {
        "DeletedParameters": [],
        "InvalidParameters": ["/no"],
    }
    assert refused(desk, "ListTagsForResource", ResourceType="Parameter", ResourceId="/no")[0] == "InvalidResourceId"
    wanted = [{"Key": "Name", "Option": "Equals", "Values": ["/no"]}]
    assert desk.call("DescribeParameters", "ssm", ParameterFilters=wanted) == {"Parameters": []}


def test_paths_and_pages(desk):
    """One level or all, ten at a time."""
    for number in range(12):
        desk.call("PutParameter", "ssm", Name=f"/p/{number:02}", Type="String", Value="v")
    desk.call("PutParameter", "ssm", Name="/p/deep/er", Type="String", Value="v")
    page = desk.call("GetParametersByPath", "ssm", Path="/p")
    rest = desk.call("GetParametersByPath", "ssm", Path="/p", NextToken=page["NextToken"])
    assert (len(page["Parameters"]), len(rest["Parameters"]), "NextToken" in rest) == (10, 2, False)
    under = [{"Key": "Path", "Option": "Recursive", "Values": ["/p"]}]
    assert len(desk.call("DescribeParameters", "ssm", ParameterFilters=under)["Parameters"]) == 13


def test_limits_of_names_values_and_numbers(desk):
    """AWS's own prefix, fifteen levels, 4 KB, and a quota."""
    plain = {"Type": "String", "Value": "v"}
    assert refused(desk, "PutParameter", Name="/aws/x", **plain)[0] == "ValidationException"
    assert refused(desk, "PutParameter", Name="/a" * 16, **plain)[0] == "HierarchyLevelLimitExceededException"
    assert refused(desk, "PutParameter", Name="/x", Type="String", Value="v" * 4097)[0] == "ValidationException"
    desk.world.quotas["parameters"] = 0
    assert refused(desk, "PutParameter", Name="/x", **plain)[0] == "ParameterLimitExceeded"
