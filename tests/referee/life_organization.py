"""The scripted life of an organization: its tree, accounts that come, move and go, and sessions in them."""

from typing import Any

from tests.referee.transcript import Transcript

ROLE = "OrganizationAccountAccessRole"


def organization(ask: Transcript) -> None:
    """Everything that Organizations and STS answer; `ask` speaks for the management account."""
    member = ask.door.members[0]
    ask("DescribeOrganization", "organizations")
    root = ask("ListRoots", "organizations")["Roots"][0]["Id"]
    spare = ask("CreateOrganizationalUnit", "organizations", ParentId=root, Name="Spare")["OrganizationalUnit"]["Id"]
    ask("ListOrganizationalUnitsForParent", "organizations", ParentId=root)
    for kind in ("ACCOUNT", "ORGANIZATIONAL_UNIT"):
        ask("ListChildren", "organizations", ParentId=root, ChildType=kind)
    ask("ListAccounts", "organizations")
    ask("DescribeAccount", "organizations", AccountId=member)
    home = ask("ListParents", "organizations", ChildId=member)["Parents"][0]["Id"]
    ask("ListAccountsForParent", "organizations", ParentId=home)
    tags(ask, member)
    moves(ask, member, home, spare)
    vending(ask)
    sessions(ask, member)
    ask("CloseAccount", "organizations", AccountId=ask.door.members[-1])
    ask("ListAccounts", "organizations")


def tags(ask: Transcript, member: str) -> None:
    ask("TagResource", "organizations", ResourceId=member, Tags=[{"Key": "sandboxd:tenant", "Value": "acme"}])
    ask("ListTagsForResource", "organizations", ResourceId=member)
    ask("UntagResource", "organizations", ResourceId=member, TagKeys=["sandboxd:tenant"])


def moves(ask: Transcript, member: str, home: str, spare: str) -> None:
    """There, there again, from where it no longer is, and back."""
    there = {"AccountId": member, "SourceParentId": home, "DestinationParentId": spare}
    back = {"AccountId": member, "SourceParentId": spare, "DestinationParentId": home}
    same = {"AccountId": member, "SourceParentId": home, "DestinationParentId": home}
    ask.refused("DuplicateAccountException", "MoveAccount", "organizations", **same)
    ask("MoveAccount", "organizations", **there)
    root = ask("ListRoots", "organizations")["Roots"][0]["Id"]
    elsewhere = there | {"DestinationParentId": root}
    ask.refused("AccountNotFoundException", "MoveAccount", "organizations", **elsewhere)
    ask("MoveAccount", "organizations", **back)


def vending(ask: Transcript) -> None:
    """An account that is made, and one whose address is taken."""
    wanted = {"AccountName": "sandbox-pool-900", "Email": "aws+pool-900@model-bank.example"}
    for after in (400, 4):
        answer = ask("CreateAccount", "organizations", **wanted)
        request = answer["CreateAccountStatus"]["Id"]
        ask("DescribeCreateAccountStatus", "organizations", CreateAccountRequestId=request)
        ask.later(after)
        ask("DescribeCreateAccountStatus", "organizations", CreateAccountRequestId=request)
    ask("ListCreateAccountStatus", "organizations")


def sessions(ask: Transcript, member: str) -> None:
    """Who one is, here and there, and where one may not go."""
    ask("GetCallerIdentity", "sts")
    ask("GetCallerIdentity", "sts", account=member)
    role: dict[str, Any] = {"RoleSessionName": "referee", "DurationSeconds": 3600}
    ask("AssumeRole", "sts", RoleArn=f"arn:aws:iam::{member}:role/{ROLE}", **role)
    ask.refused("AccessDenied", "AssumeRole", "sts", RoleArn=f"arn:aws:iam::{member}:role/NoSuchRole", **role)
    ask.refused("AccessDenied", "AssumeRole", "sts", RoleArn=f"arn:aws:iam::999999999999:role/{ROLE}", **role)
