"""A43: a proof that a policy forbids fails the operation, and its retry proves again."""

from decidedesk import Desk

from sandboxd.lifecycle.messages import Command, Ended, Proved, Retry


def test_what_may_not_be_listed_is_not_gone():
    """The delete ends in deleting_failed with the policy, not in deleted; once it may be listed, a retry is enough."""
    desk = Desk()
    desk.say(desk.create())
    desk.run()
    desk.say(Command(verb="delete", operation="op_2", sandbox="sbx_bank"))
    while desk.flying:
        start = desk.flying.pop(0)
        desk.say(Ended(start.key, start.run))
    proof = desk.proofs.pop()
    desk.say(Proved(proof.operation, proof.number, failed="the policy p-1 forbids it", lasting=True))
    assert (desk.sandbox().state, desk.operation("op_2").state) == ("deleting_failed", "failed")
    assert desk.operation("op_2").reason == "the policy p-1 forbids it"
    assert desk.operation("op_2").code == "listing_denied"
    desk.run()
    assert desk.sandbox().state == "deleting_failed"
    desk.say(Retry(operation="op_2"))
    desk.run()
    assert desk.sandbox().state == "deleted"


def test_a_listing_that_only_failed_is_repeated():
    """AWS does not answer: the delete goes on by itself."""
    desk = Desk()
    desk.say(desk.create())
    desk.run()
    desk.say(Command(verb="delete", operation="op_2", sandbox="sbx_bank"))
    while desk.flying:
        start = desk.flying.pop(0)
        desk.say(Ended(start.key, start.run))
    proof = desk.proofs.pop()
    desk.say(Proved(proof.operation, proof.number, failed="no answer"))
    assert desk.sandbox().state == "deleting"
    desk.run()
    assert desk.sandbox().state == "deleted"
