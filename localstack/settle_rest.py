"""Readers and fixers of instances, databases, roles and buckets; see settle.py."""
import json
from urllib.parse import unquote

from botocore.exceptions import ClientError

from account import error_code
from settle import fixes, reads, tags_of


# ---------------------------------------------------------------- instances

@reads("AWS::EC2::LaunchTemplate")
def _(account, id, declared):
    version = account.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=id, Versions=["$Latest"])["LaunchTemplateVersions"][0]
    return {"LaunchTemplateName": version["LaunchTemplateName"], "LaunchTemplateData": version["LaunchTemplateData"]}


def volumes_of(account, instance):
    mappings = []
    for mapping in instance["BlockDeviceMappings"]:
        volume = account.client("ec2").describe_volumes(VolumeIds=[mapping["Ebs"]["VolumeId"]])["Volumes"][0]
        mappings.append({"DeviceName": mapping["DeviceName"], "Ebs": {
            "Encrypted": volume["Encrypted"], "VolumeSize": volume["Size"], "VolumeType": volume["VolumeType"],
            "DeleteOnTermination": mapping["Ebs"]["DeleteOnTermination"]}})
    return mappings


@reads("AWS::EC2::Instance")
def _(account, id, declared):
    ec2 = account.client("ec2")
    instance = ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]
    observed = {"SubnetId": instance["SubnetId"], "MetadataOptions": instance["MetadataOptions"],
                "BlockDeviceMappings": volumes_of(account, instance), "Tags": tags_of(instance)}
    template = declared.get("LaunchTemplate")
    if template:  # in force if the instance has what only the launch template says
        data = ec2.describe_launch_template_versions(
            LaunchTemplateId=template["LaunchTemplateId"],
            Versions=[str(template["Version"])])["LaunchTemplateVersions"][0]["LaunchTemplateData"]
        same = (instance["ImageId"] == data["ImageId"] and instance["InstanceType"] == data["InstanceType"]
                and [g["GroupId"] for g in instance["SecurityGroups"]] == data["SecurityGroupIds"]
                and instance["IamInstanceProfile"]["Arn"] == data["IamInstanceProfile"]["Arn"])
        observed["LaunchTemplate"] = template if same else "the instance differs from it"
    return observed


@fixes("AWS::EC2::Instance")
def _(account, id, declared, names):
    if "MetadataOptions" in names:
        account.client("ec2").modify_instance_metadata_options(InstanceId=id, **declared["MetadataOptions"])


# ---------------------------------------------------------------- databases

@reads("AWS::RDS::DBSubnetGroup")
def _(account, id, declared):
    group = account.client("rds").describe_db_subnet_groups(DBSubnetGroupName=id)["DBSubnetGroups"][0]
    return {"DBSubnetGroupDescription": group["DBSubnetGroupDescription"],
            "SubnetIds": [s["SubnetIdentifier"] for s in group["Subnets"]]}


@reads("AWS::RDS::DBParameterGroup")
def _(account, id, declared):
    rds = account.client("rds")
    group = rds.describe_db_parameter_groups(DBParameterGroupName=id)["DBParameterGroups"][0]
    values = rds.describe_db_parameters(DBParameterGroupName=id)["Parameters"]
    return {"Description": group["Description"], "Family": group["DBParameterGroupFamily"],
            "Parameters": {p["ParameterName"]: p.get("ParameterValue") for p in values}}


@reads("AWS::RDS::DBInstance")
def _(account, id, declared):
    db = account.client("rds").describe_db_instances(DBInstanceIdentifier=id)["DBInstances"][0]
    return {**db, "DBSubnetGroupName": db["DBSubnetGroup"]["DBSubnetGroupName"],
            "DBParameterGroupName": db["DBParameterGroups"][0]["DBParameterGroupName"],
            "VPCSecurityGroups": [g["VpcSecurityGroupId"] for g in db["VpcSecurityGroups"]],
            "EnableCloudwatchLogsExports": db.get("EnabledCloudwatchLogsExports", [])}


@fixes("AWS::RDS::DBInstance")
def _(account, id, declared, names):
    modifiable = {"BackupRetentionPeriod", "CopyTagsToSnapshot", "DeletionProtection", "MultiAZ",
                  "PreferredBackupWindow", "PreferredMaintenanceWindow", "PubliclyAccessible"}
    changes = {name: declared[name] for name in modifiable & names}
    if changes:
        account.client("rds").modify_db_instance(DBInstanceIdentifier=id, ApplyImmediately=True, **changes)


# ---------------------------------------------------------------- IAM

def document(value):
    return json.loads(unquote(value)) if isinstance(value, str) else value


@reads("AWS::IAM::Role")
def _(account, id, declared):
    iam = account.client("iam")
    role = iam.get_role(RoleName=id)["Role"]
    # The policies of AWS::IAM::Policy resources are inline on the role too, and are compared there.
    inline = [{"PolicyName": name, "PolicyDocument": document(
        iam.get_role_policy(RoleName=id, PolicyName=name)["PolicyDocument"])}
        for name in iam.list_role_policies(RoleName=id)["PolicyNames"]]
    return {"Description": role.get("Description"), "Tags": tags_of(role), "Policies": inline,
            "AssumeRolePolicyDocument": document(role["AssumeRolePolicyDocument"]),
            "ManagedPolicyArns": [p["PolicyArn"] for p in iam.list_attached_role_policies(
                RoleName=id)["AttachedPolicies"]]}


@fixes("AWS::IAM::Role")
def _(account, id, declared, names):
    iam = account.client("iam")
    for policy in declared["Policies"] if "Policies" in names else ():
        iam.put_role_policy(RoleName=id, PolicyName=policy["PolicyName"],
                            PolicyDocument=json.dumps(policy["PolicyDocument"]))
    if "ManagedPolicyArns" in names:
        there = {p["PolicyArn"] for p in iam.list_attached_role_policies(RoleName=id)["AttachedPolicies"]}
        wanted = set(declared["ManagedPolicyArns"])
        for arn in wanted - there:
            iam.attach_role_policy(RoleName=id, PolicyArn=arn)
        for arn in there - wanted:
            iam.detach_role_policy(RoleName=id, PolicyArn=arn)


@reads("AWS::IAM::Policy")
def _(account, id, declared):
    role = declared["Roles"][0]
    policy = account.client("iam").get_role_policy(RoleName=role, PolicyName=declared["PolicyName"])
    return {"PolicyName": policy["PolicyName"], "Roles": [policy["RoleName"]],
            "PolicyDocument": document(policy["PolicyDocument"])}


@reads("AWS::IAM::InstanceProfile")
def _(account, id, declared):
    name = id.rsplit("/", 1)[-1]  # MiniStack gives the ARN as the physical id
    profile = account.client("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    return {"Roles": [r["RoleName"] for r in profile["Roles"]]}


# ---------------------------------------------------------------- buckets

def setting(call, key, absent):
    """A part of a bucket's configuration, None where S3 says that there is none."""
    try:
        return call().get(key)
    except ClientError as error:
        if error_code(error) == absent:
            return None
        raise


@reads("AWS::S3::Bucket")
def _(account, id, declared):
    s3 = account.client("s3")
    s3.head_bucket(Bucket=id)
    encryption = setting(lambda: s3.get_bucket_encryption(Bucket=id), "ServerSideEncryptionConfiguration",
                         "ServerSideEncryptionConfigurationNotFoundError")
    rules = [{"ServerSideEncryptionByDefault": r["ApplyServerSideEncryptionByDefault"]}
             for r in (encryption or {}).get("Rules", [])]
    return {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": rules},
        "VersioningConfiguration": {"Status": s3.get_bucket_versioning(Bucket=id).get("Status")},
        "PublicAccessBlockConfiguration": setting(
            lambda: s3.get_public_access_block(Bucket=id), "PublicAccessBlockConfiguration",
            "NoSuchPublicAccessBlockConfiguration"),
        "Tags": setting(lambda: s3.get_bucket_tagging(Bucket=id), "TagSet", "NoSuchTagSet")}


@fixes("AWS::S3::Bucket")
def _(account, id, declared, names):
    s3 = account.client("s3")
    if "BucketEncryption" in names:
        rules = [{"ApplyServerSideEncryptionByDefault": r["ServerSideEncryptionByDefault"]}
                 for r in declared["BucketEncryption"]["ServerSideEncryptionConfiguration"]]
        s3.put_bucket_encryption(Bucket=id, ServerSideEncryptionConfiguration={"Rules": rules})
    if "VersioningConfiguration" in names:  # once on, it can only be suspended
        s3.put_bucket_versioning(Bucket=id, VersioningConfiguration={
            "Status": declared["VersioningConfiguration"]["Status"] or "Suspended"})
    if "PublicAccessBlockConfiguration" in names:
        s3.put_public_access_block(
            Bucket=id, PublicAccessBlockConfiguration=declared["PublicAccessBlockConfiguration"])
    if "Tags" in names:
        s3.put_bucket_tagging(Bucket=id, Tagging={"TagSet": declared["Tags"]})


# ---------------------------------------------------------------- logs

@reads("AWS::Logs::LogGroup")
def _(account, id, declared):
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix=id)["logGroups"]
    return next({"RetentionInDays": g.get("retentionInDays")} for g in groups if g["logGroupName"] == id)


@fixes("AWS::Logs::LogGroup")
def _(account, id, declared, names):
    account.client("logs").put_retention_policy(logGroupName=id, retentionInDays=declared["RetentionInDays"])
