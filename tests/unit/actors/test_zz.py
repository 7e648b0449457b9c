import pytest, time, traceback
from enginelab import Lab, REGION
from houselab import living, MANAGEMENT
from trio.testing import MockClock
from sandboxd.model.ports import AwsError
from sandboxd.model.errors import Refusal
from sandboxd.simulator.guest import Fault
from sandboxd.simulator.consistency import NEVER
@pytest.fixture
def autojump_clock():
    return MockClock(autojump_threshold=0)

def refuse(operation, code, words, status=400, outcome="refused"):
    def spoil(lab, life):
        real = lab._answer
        def answer(scope, service, op, parameters):
            if op == operation:
                raise AwsError(outcome, code, words, status)
            return real(scope, service, op, parameters)
        lab._answer = answer
        def mend(): lab._answer = real
        return mend
    return spoil
def guest(verb, fault):
    def spoil(lab, life):
        lab.world.guest_hook = lambda a, v, n: fault if v == verb else None
        def mend(): lab.world.guest_hook = lambda a, v, n: None
        return mend
    return spoil
def quota(name, value):
    def spoil(lab, life):
        was = lab.world.quotas.get(name)
        lab.world.quotas[name] = value
        def mend():
            if was is None: del lab.world.quotas[name]
            else: lab.world.quotas[name] = was
        return mend
    return spoil
DENY="User is not authorized to perform the operation with an explicit deny in a service control policy: arn:aws:organizations::111122223333:policy/p-1"
CASES = {
 "image-deny": refuse("ModifyImageAttribute", "UnauthorizedOperation", DENY, 403),
 "key-deny": refuse("CreateGrant", "AccessDeniedException", DENY, 403),
 "repo-deny": refuse("SetRepositoryPolicy", "AccessDeniedException", DENY, 403),
 "fleetimage-deny": refuse("UpdateImagePermissions", "AccessDeniedException", DENY, 403),
 "vcpus": quota("vcpus", 10),
 "lbs": quota("load_balancers", 0),
 "eip": quota("elastic_ips", 0),
 "install-3": guest("install", Fault(3)),
 "install-never": guest("install", Fault(1, True)),
 "deliver": guest("envoy-deliver", Fault(5)),
 "deliver0": guest("envoy-deliver", Fault(0)),
 "deliver-never": guest("envoy-deliver", Fault(1, True)),
 "waf-assoc": refuse("AssociateWebACL", "WAFUnavailableEntityException", "AWS WAF couldn't retrieve the resource that you requested. Retry your request."),
 "waf-create": refuse("CreateWebACL", "WAFInternalErrorException", "internal", 500, "unknown"),
 "waf-create-lim": refuse("CreateWebACL", "WAFLimitsExceededException", "limit"),
 "waf-down": refuse("CreateWebACL", "WAFUnavailableEntityException", "AWS WAF couldn't retrieve a resource"),
 "probe": guest("probe", Fault(1)),
 "probe-never": guest("probe", Fault(1, True)),
 "fleet-gone": refuse("StartFleet", "ResourceNotFoundException", "x"),
}
import os
only = os.environ.get("ONLY","").split(",") if os.environ.get("ONLY") else CASES
@pytest.mark.parametrize("case", only)
async def test_x(autojump_clock, tmp_path, case):
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        t=time.time(); t0 = lab.clock.now()
        mend = CASES[case](lab, life)
        before = len(lab.mutations)
        try:
            op = await life.create(profile="model-bank", amq=True, smart_client=True)
        except Refusal as r:
            print("\n==", case, "REFUSED", r.code, r.detail, r.hint, len(lab.mutations)-before); return
        print("\n==", case, op.state, op.code, round(lab.clock.now()-t0), "s;", op.reason, "|", life.desk.sandbox("acme/bank").state, life.desk.sandbox("acme/bank").reason==op.reason, round(time.time()-t,1), len(lab.calls))
        if op.state == "failed":
            mend(); n = len(lab.mutations)
            op = await life.retry(op)
            print("   retry", op.state, op.reason, round(lab.clock.now()-t0), lab.mutations[n:], round(time.time()-t,1))
        op = await life.command("delete")
        print("   delete", op.state, op.reason, lab.there())
