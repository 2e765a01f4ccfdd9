"""Compares the resources of a stack with its template, and finishes what CloudFormation left undone.

Emulators report CREATE_COMPLETE for resources whose properties they dropped. For each
resource type a reader in settle_*.py answers, through the service's own interface, what the
account holds under the names of the template's properties; a fixer sets what differs.
A property without a reader counts as different, so that nothing passes unlooked at.
"""
from botocore.exceptions import ClientError

from account import say

READERS, FIXERS = {}, {}
# Not readable back, or settled by a property beside it.
NOT_READ = {"AWS::CloudFormation::Stack": {"TemplateURL"}, "AWS::RDS::DBInstance": {"MasterUserPassword"}}
# What AWS does where a template says nothing, of the settings that rules judge.
DEFAULTS = {"AWS::IAM::Role": {"ManagedPolicyArns": []},
            "AWS::S3::Bucket": {"VersioningConfiguration": {"Status": None}}}


def reads(type_name):
    return lambda function: READERS.setdefault(type_name, function)


def fixes(type_name):
    return lambda function: FIXERS.setdefault(type_name, function)


# ---------------------------------------------------------------- comparing

def plain(value):
    """Scalars as the text that CloudFormation takes them for; tags and policies as a map by name."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        for name, content in (("Key", "Value"), ("PolicyName", "PolicyDocument")):
            if value and all(isinstance(v, dict) and set(v) == {name, content} for v in value):
                return {v[name]: plain(v[content]) for v in value}
        return [plain(v) for v in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def holds(observed, declared):
    """Whether what is observed has all that is declared; a list must also have nothing else."""
    if isinstance(declared, dict):
        return isinstance(observed, dict) and all(k in observed and holds(observed[k], v)
                                                  for k, v in declared.items())
    if isinstance(declared, list):
        if not isinstance(observed, list) or len(observed) != len(declared):
            return False
        rest = list(observed)
        for item in declared:
            match = next((o for o in rest if holds(o, item)), None)
            if match is None:
                return False
            rest.remove(match)
        return True
    return observed == declared


def differences(account, type_name, physical_id, declared):
    """{property: (declared, observed)} of one resource; {'': reason} if it is not there."""
    if type_name not in READERS:
        return {"": (type_name, "no reader for this type")}
    try:
        observed = READERS[type_name](account, physical_id, declared)
    except (ClientError, LookupError) as error:
        return {"": (physical_id, "not found: %s" % error)}
    declared = {**DEFAULTS.get(type_name, {}), **declared}
    skipped = NOT_READ.get(type_name, ())
    return {name: (value, observed.get(name)) for name, value in declared.items()
            if name not in skipped and not holds(plain(observed.get(name)), plain(value))}


def tags_of(item, key="Tags"):
    return [{"Key": t["Key"], "Value": t["Value"]} for t in item.get(key, [])]


def fix(account, type_name, physical_id, declared, names):
    """Set the properties `names`, as far as there is a way to; the caller compares again."""
    try:
        if "Tags" in names and type_name.startswith("AWS::EC2::"):
            account.client("ec2").create_tags(Resources=[physical_id], Tags=declared["Tags"])
        if type_name in FIXERS:
            FIXERS[type_name](account, physical_id, {**DEFAULTS.get(type_name, {}), **declared}, names)
    except ClientError as error:
        say("  not possible:", error)


# ---------------------------------------------------------------- CloudFormation and attributes

@reads("AWS::CloudFormation::Stack")
def _(account, id, declared):
    stack = account.client("cloudformation").describe_stacks(StackName=id)["Stacks"][0]
    return {"Parameters": {p["ParameterKey"]: p["ParameterValue"] for p in stack["Parameters"]}}


def attribute(account, type_name, id, name):
    """Fn::GetAtt for the attributes that the templates here ask for."""
    if type_name == "AWS::CloudFormation::Stack":
        outputs = account.client("cloudformation").describe_stacks(StackName=id)["Stacks"][0]["Outputs"]
        return {o["OutputKey"]: o["OutputValue"] for o in outputs}[name.split(".", 1)[1]]
    if (type_name, name) == ("AWS::EC2::EIP", "AllocationId"):
        return account.client("ec2").describe_addresses(PublicIps=[id])["Addresses"][0]["AllocationId"]
    if (type_name, name) == ("AWS::IAM::Role", "Arn"):
        return account.client("iam").get_role(RoleName=id)["Role"]["Arn"]
    if (type_name, name) == ("AWS::IAM::InstanceProfile", "Arn"):
        return account.client("iam").get_instance_profile(InstanceProfileName=id)["InstanceProfile"]["Arn"]
    if (type_name, name) == ("AWS::EC2::LaunchTemplate", "LatestVersionNumber"):
        found = account.client("ec2").describe_launch_templates(LaunchTemplateIds=[id])["LaunchTemplates"]
        return found[0]["LatestVersionNumber"]
    raise LookupError("%s of %s" % (name, type_name))
