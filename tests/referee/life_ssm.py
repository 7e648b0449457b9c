"""Systems Manager in the scripted life: parameters, and commands on a machine whose agent comes, is asked and goes."""

from tests.referee.life_machines import launch
from tests.referee.life_steps import TAGS, unknown
from tests.referee.transcript import Transcript

SCRIPT = "AWS-RunShellScript"


def parameters(ask: Transcript) -> None:
    """A secret and a plain one, all their reads, and what is refused."""
    secret = {"Name": "/referee/secret", "Value": "hush", "Type": "SecureString"}
    ask("PutParameter", "ssm", **secret, Tags=TAGS)
    ask("PutParameter", "ssm", Name="/referee/plain", Value="v", Type="String")
    ask("PutParameter", "ssm", Name="/referee/plain", Value="w", Type="String", Overwrite=True)
    ask.refused("ParameterAlreadyExists", "PutParameter", "ssm", **secret)
    ask.refused("ValidationException", "PutParameter", "ssm", **secret, Overwrite=True, Tags=TAGS)
    for decrypted in (False, True):
        ask("GetParameter", "ssm", Name="/referee/secret", WithDecryption=decrypted)
    ask("GetParameters", "ssm", Names=["/referee/plain", "/referee/nothing"])
    ask("GetParametersByPath", "ssm", Path="/referee")
    ask("DescribeParameters", "ssm", ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": ["/referee"]}])
    named = {"ResourceType": "Parameter", "ResourceId": "/referee/secret"}
    ask("AddTagsToResource", "ssm", **named, Tags=[{"Key": "more", "Value": "yes"}])
    ask("ListTagsForResource", "ssm", **named)
    ask("RemoveTagsFromResource", "ssm", **named, TagKeys=["more"])
    ask.refused("InvalidResourceId", "ListTagsForResource", "ssm", ResourceType="Parameter", ResourceId="/referee/no")
    ask("DeleteParameter", "ssm", Name="/referee/secret")
    ask.refused("ParameterNotFound", "DeleteParameter", "ssm", Name="/referee/secret")
    ask("DeleteParameters", "ssm", Names=["/referee/plain", "/referee/nothing"])


def commands(ask: Transcript, ids: dict[str, str]) -> None:
    """Commands in every state, on a machine that is stopped in the end."""
    machine = launch(ask, ids, "managed", IamInstanceProfile={"Name": "referee-profile"})
    said = {"DocumentName": SCRIPT, "Parameters": {"commands": ["#sandboxd echo say=hello"]}}
    ask.refused("InvalidInstanceId", "SendCommand", "ssm", **said, InstanceIds=[machine])
    ask.later(300)
    ask("DescribeInstanceInformation", "ssm")
    ask("RebootInstances", InstanceIds=[machine])
    ask.later(300)
    done = send(ask, machine, "#sandboxd echo say=hello")
    ask.refused("InvocationDoesNotExist", "GetCommandInvocation", "ssm", CommandId=done, InstanceId=machine)
    ask.later(10)
    failed, running = (
        send(ask, machine, "#sandboxd probe target=x deadline=5"),
        send(ask, machine, "#sandboxd install name=x"),
    )
    ask.later(10)
    for command in (done, failed, running):
        ask("GetCommandInvocation", "ssm", CommandId=command, InstanceId=machine)
    ask("CancelCommand", "ssm", CommandId=running)
    look(ask, machine)
    ask.later(10)
    ask("GetCommandInvocation", "ssm", CommandId=running, InstanceId=machine)
    ask.refused("InvalidDocument", "SendCommand", "ssm", InstanceIds=[machine], DocumentName="Nothing")
    ask("StopInstances", InstanceIds=[machine])
    ask.later(60)
    ask("DescribeInstanceInformation", "ssm")
    for one in (machine, unknown("i")):
        ask.refused("InvalidInstanceId", "SendCommand", "ssm", **said, InstanceIds=[one])
    look(ask, machine)
    ask("TerminateInstances", InstanceIds=[machine])
    ask.later(90)


def send(ask: Transcript, machine: str, line: str) -> str:
    """A command of one line."""
    asked = {"DocumentName": SCRIPT, "InstanceIds": [machine], "Parameters": {"commands": [line]}}
    return str(ask("SendCommand", "ssm", **asked)["Command"]["CommandId"])


def look(ask: Transcript, machine: str) -> None:
    """Every listing of commands."""
    ask("ListCommands", "ssm", InstanceId=machine)
    ask("ListCommandInvocations", "ssm", InstanceId=machine, Details=True)
