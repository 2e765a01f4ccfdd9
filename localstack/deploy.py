"""Deploys the sample application into an emulated account until the account equals its templates.

    deploy.py --endpoint URL [--emulator moto|localstack|ministack] [--region us-east-1]

Deploys through CloudFormation, sets through each service's own interface what the
emulator's CloudFormation dropped, then reads everything back. Prints the resources as
one line of JSON; exits with 1 and names what differs if the account is not as declared.
Run again, it repairs what has drifted as far as that can be set.
"""
import argparse
import json
import secrets
import sys
from pathlib import Path

from botocore.exceptions import ClientError

import settle
import settle_network  # noqa: F401 - registers readers
import settle_rest  # noqa: F401 - registers readers
from account import APPLICATION, BOOTSTRAP, Account, error_code, say
from template import DeployedTemplate

STACKS = Path(__file__).resolve().parent / "stacks"
PASSWORD_POLICY = {
    "MinimumPasswordLength": 14, "RequireSymbols": True, "RequireNumbers": True,
    "RequireUppercaseCharacters": True, "RequireLowercaseCharacters": True,
    "AllowUsersToChangePassword": True, "MaxPasswordAge": 90, "PasswordReusePrevention": 24}


def remove_default_vpcs(account):
    """A well-kept account has no default VPC; what an emulator puts into it goes too."""
    ec2 = account.client("ec2")
    for vpc in ec2.describe_vpcs()["Vpcs"]:
        if not vpc.get("IsDefault"):  # compared here: MiniStack ignores the isDefault filter
            continue
        here = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        attached = [{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
        for gateway in ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]:
            ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc["VpcId"])
            ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
        for subnet in ec2.describe_subnets(Filters=here)["Subnets"]:
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        for group in ec2.describe_security_groups(Filters=here)["SecurityGroups"]:
            if group["GroupName"] != "default":
                ec2.delete_security_group(GroupId=group["GroupId"])
        ec2.delete_vpc(VpcId=vpc["VpcId"])
        say("removed the default VPC", vpc["VpcId"])


def secure_account(account):
    """The settings of the account itself, which belong to no stack."""
    iam = account.client("iam")
    iam.update_account_password_policy(**PASSWORD_POLICY)
    if not iam.get_account_summary()["SummaryMap"].get("AccountMFAEnabled"):
        try:
            iam.create_virtual_mfa_device(VirtualMFADeviceName="root-account-mfa-device")
        except ClientError as error:
            if error_code(error) != "EntityAlreadyExists":
                raise
    say("password policy set, AccountMFAEnabled is",
        iam.get_account_summary()["SummaryMap"].get("AccountMFAEnabled"))


def deploy_stack(account, name, template, parameters):
    cloudformation = account.client("cloudformation")
    if account.stack(name) is None:
        cloudformation.create_stack(
            StackName=name, TemplateBody=(STACKS / template).read_text(), Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()])
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    stack = account.stack(name)
    say("stack", name, stack["StackStatus"])
    return stack


def deploy(account, emulator):
    bootstrap = deploy_stack(account, BOOTSTRAP, "bootstrap.yaml", {})
    if emulator != "moto":
        # Their CloudFormation knows neither instances with a launch template nor (LocalStack) databases.
        deploy_stack(account, APPLICATION, "tapstack-core.yaml", {})
        return
    bucket = {o["OutputKey"]: o["OutputValue"] for o in bootstrap["Outputs"]}["ArtifactBucketName"]
    account.client("s3").upload_file(str(STACKS / "network.yaml"), bucket, "network.yaml")
    deploy_stack(account, APPLICATION, "tapstack.yaml", {
        "NetworkTemplateUrl": "%s/%s/network.yaml" % (account.endpoint, bucket),
        "DatabasePassword": secrets.token_urlsafe(24)})


def settle_stack(account, name):
    """Make one stack and those nested in it equal to their templates; returns what still differs."""
    resources = account.resources(name)
    problems, nested = [], []
    stack = account.stack(name)
    own = [r for r in resources if r.stack == name]
    template = DeployedTemplate(
        account, stack, own, lambda kind, id, attribute: settle.attribute(account, kind, id, attribute))
    by_name = {r.logical_id: r for r in own}
    for logical_id, type_name, declared in template.declared():
        resource = by_name.pop(logical_id, None)
        where = "%s/%s (%s)" % (stack["StackName"], logical_id, type_name)
        if resource is None or not resource.physical_id:
            problems.append("%s is not among the resources of the stack" % where)
            continue
        wrong = settle.differences(account, type_name, resource.physical_id, declared)
        if wrong and "" not in wrong:
            say("setting %s: %s" % (where, ", ".join(wrong)))
            settle.fix(account, type_name, resource.physical_id, declared, set(wrong))
            wrong = settle.differences(account, type_name, resource.physical_id, declared)
        problems += ["%s: %s is %s, declared %s" % (where, key, seen, wanted) if key else
                     "%s: %s %s" % (where, wanted, seen) for key, (wanted, seen) in wrong.items()]
        if type_name == "AWS::CloudFormation::Stack":
            nested.append(resource.physical_id)
    problems += ["%s/%s is not in the template" % (stack["StackName"], name) for name in by_name]
    for child in nested:
        problems += settle_stack(account, child)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--emulator", choices=["moto", "localstack", "ministack"], default="moto")
    parser.add_argument("--region", default="us-east-1")
    args = parser.parse_args()
    account = Account(args.endpoint, args.region)
    remove_default_vpcs(account)
    secure_account(account)
    deploy(account, args.emulator)
    problems = settle_stack(account, BOOTSTRAP) + settle_stack(account, APPLICATION)
    for problem in problems:
        say("DIFFERS:", problem)
    resources = account.resources(BOOTSTRAP) + account.resources(APPLICATION)
    print(json.dumps([r._asdict() for r in resources]))
    say("%d resources, %s" % (len(resources), "%d problems" % len(problems) if problems
                              else "all as their templates declare"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
