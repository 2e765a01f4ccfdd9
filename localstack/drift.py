"""Changes a deployed sample behind CloudFormation's back, as people do.

    drift.py --endpoint URL [--region us-east-1]

Each change is a direct API call and is said in one line on stderr. A change whose
resource is not in the deployed stacks is skipped and said so; run again, the changes
that are there already are left as they are. Prints the changes as one line of JSON.
"""
import argparse
import json
import sys

from botocore.exceptions import ClientError

from account import APPLICATION, Account, error_code, paged, say

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
OPEN_SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
            "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "Temporary access for the support call"}]}


def add_volume(account, name, zone):
    """An unencrypted volume, found by its name when the script runs again."""
    ec2 = account.client("ec2")
    named = [v for v in paged(ec2, "describe_volumes", "Volumes")
             if {"Key": "Name", "Value": name} in v.get("Tags", [])]
    if named:
        return named[0]
    return ec2.create_volume(AvailabilityZone=zone, Size=20, VolumeType="gp3", Encrypted=False, TagSpecifications=[
        {"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": name}]}])


def attach_unencrypted_volume(account, ids):
    ec2 = account.client("ec2")
    instance = ec2.describe_instances(InstanceIds=[ids["AppInstanceA"]])["Reservations"][0]["Instances"][0]
    volume = add_volume(account, "scratch-data", instance["Placement"]["AvailabilityZone"])
    if not volume.get("Attachments"):
        ec2.attach_volume(VolumeId=volume["VolumeId"], InstanceId=instance["InstanceId"], Device="/dev/xvdf")
    return "attached the unencrypted volume %s to %s" % (volume["VolumeId"], instance["InstanceId"])


def share_nat_gateway(account, ids):
    ec2 = account.client("ec2")
    # The route first: a deleted gateway would leave it a black hole for a while.
    ec2.replace_route(RouteTableId=ids["PrivateRouteTableB"], DestinationCidrBlock="0.0.0.0/0",
                      NatGatewayId=ids["NatGatewayA"])
    ec2.delete_nat_gateway(NatGatewayId=ids["NatGatewayB"])
    return "deleted %s, the second zone now goes through %s" % (ids["NatGatewayB"], ids["NatGatewayA"])


def open_ssh(account, ids):
    try:
        account.client("ec2").authorize_security_group_ingress(
            GroupId=ids["AppSecurityGroup"], IpPermissions=[OPEN_SSH])
    except ClientError as error:
        if error_code(error) != "InvalidPermission.Duplicate":
            raise
    return "opened SSH on %s to the world" % ids["AppSecurityGroup"]


def make_role_administrator(account, ids):
    account.client("iam").attach_role_policy(RoleName=ids["AppRole"], PolicyArn=ADMINISTRATOR)
    return "attached AdministratorAccess to %s" % ids["AppRole"]


def turn_backups_off(account, ids):
    account.client("rds").modify_db_instance(
        DBInstanceIdentifier=ids["Database"], BackupRetentionPeriod=0, ApplyImmediately=True)
    return "turned the backups of %s off" % ids["Database"]


def fix_versioning_by_hand(account, ids):
    account.client("s3").put_bucket_versioning(
        Bucket=ids["AssetsBucket"], VersioningConfiguration={"Status": "Enabled"})
    return "enabled versioning on %s, which its template does not" % ids["AssetsBucket"]


def delete_bucket(account, ids):
    try:
        account.client("s3").delete_bucket(Bucket=ids["ReportsBucket"])
    except ClientError as error:
        if error_code(error) != "NoSuchBucket":
            raise
    return "deleted %s" % ids["ReportsBucket"]


def leave_loose_volume(account, ids):
    volume = add_volume(account, "forgotten-data", account.region + "a")
    return "created the unencrypted volume %s, which belongs to nothing" % volume["VolumeId"]


# The logical ids that a change needs, and the change.
CHANGES = (
    (("AppInstanceA",), attach_unencrypted_volume),
    (("NatGatewayA", "NatGatewayB", "PrivateRouteTableB"), share_nat_gateway),
    (("AppSecurityGroup",), open_ssh),
    (("AppRole",), make_role_administrator),
    (("Database",), turn_backups_off),
    (("AssetsBucket",), fix_versioning_by_hand),
    (("ReportsBucket",), delete_bucket),
    ((), leave_loose_volume),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--region", default="us-east-1")
    args = parser.parse_args()
    account = Account(args.endpoint, args.region)
    if account.stack(APPLICATION) is None:
        say("there is no stack %s: run deploy.py first" % APPLICATION)
        return 1
    ids = {r.logical_id: r.physical_id for r in account.resources(APPLICATION)}
    done = []
    for needed, change in CHANGES:
        missing = [name for name in needed if name not in ids]
        if missing:
            say("skipped %s: no %s in this sample" % (change.__name__, ", ".join(missing)))
            continue
        text = change(account, ids)
        done.append({"change": change.__name__, "text": text,
                     "resources": {name: ids[name] for name in needed}})
        say(text)
    print(json.dumps(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
