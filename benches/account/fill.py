#!/usr/bin/env python3
"""Fills an emulator with an account to measure scans on. The same size gives the same account but for generated ids.

Size 1: 3 VPCs (6 subnets, 2 route tables, a NAT and an internet gateway each), 200 security groups, 1,000 volumes,
200 instances with their root volumes, 100 roles, 50 users, 20 managed policies, 100 buckets, 50 databases, 50 KMS keys,
50 log groups, 50 alarms, 20 stacks. Size n has n times as many of each.
"""
import argparse
import json
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]


def tags(n):
    return [{"Key": "env", "Value": ("prod", "dev", "test")[n % 3]},
            {"Key": "owner", "Value": "team-%d" % (n % 7)},
            {"Key": "Name", "Value": "res-%d" % n}]


def statement(action, resource="*", **more):
    return json.dumps({"Version": "2012-10-17",
                       "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]})


def trust(service):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service + ".amazonaws.com"}, "Action": "sts:AssumeRole"}]})


def network(ec2, size):
    """The VPCs and their subnets."""
    subnets = []
    for v in range(3 * size):
        vpc = ec2.create_vpc(CidrBlock="10.%d.0.0/16" % v)["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[vpc], Tags=tags(v))
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        mine = []
        for s in range(6):
            subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.%d.%d.0/20" % (v, s * 16),
                                       AvailabilityZone=ZONES[s % 3])["Subnet"]["SubnetId"]
            if s < 3:
                ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
            mine.append(subnet)
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=mine[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
        public, private = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
        ec2.create_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        ec2.create_route(RouteTableId=private, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
        for s, subnet in enumerate(mine):
            ec2.associate_route_table(RouteTableId=public if s < 3 else private, SubnetId=subnet)
        subnets += [(vpc, subnet) for subnet in mine]
    return subnets


def security_groups(ec2, size, vpcs):
    groups = []
    for n in range(200 * size):
        vpc = vpcs[n % len(vpcs)]
        group = ec2.create_security_group(GroupName="sg-%d" % n, Description="group %d" % n, VpcId=vpc)["GroupId"]
        ports = [(443, "10.0.0.0/8"), (5432, "10.%d.0.0/16" % (n % 200))]
        ports += [(22, "0.0.0.0/0")] if n % 10 == 0 else []
        ports += [(3389, "0.0.0.0/0")] if n % 25 == 0 else []
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}
            for port, cidr in ports])
        groups.append((vpc, group))
    return groups


def keys(kms, size):
    made = []
    for n in range(50 * size):
        key = kms.create_key(Description="key %d" % n, Tags=[{"TagKey": "env", "TagValue": "prod"}])["KeyMetadata"]
        if n % 2 == 0:
            kms.enable_key_rotation(KeyId=key["KeyId"])
        kms.create_alias(AliasName="alias/app-%d" % n, TargetKeyId=key["KeyId"])
        made.append(key["Arn"])
    return made


def machines(ec2, size, subnets, groups, key):
    def volume(n):
        encryption = {"Encrypted": True, "KmsKeyId": key(n)} if n % 2 == 0 else {"Encrypted": False}
        ec2.create_volume(AvailabilityZone=ZONES[n % 3], Size=20 + n % 100, VolumeType="gp3",
                          TagSpecifications=[{"ResourceType": "volume", "Tags": tags(n)}], **encryption)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(volume, range(1000 * size)))
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    for n in range(20 * size):
        vpc, subnet = subnets[n % len(subnets)]
        group = next(g for v, g in groups[n % len(groups):] + groups if v == vpc)
        ec2.run_instances(ImageId=image, MinCount=10, MaxCount=10, InstanceType="t3.medium", SubnetId=subnet,
                          SecurityGroupIds=[group],
                          MetadataOptions={"HttpTokens": "required" if n % 2 else "optional"},
                          TagSpecifications=[{"ResourceType": "instance", "Tags": tags(n)}])


def identities(iam, size):
    policies = []
    for n in range(20 * size):
        document = statement("*") if n % 10 == 0 else statement(["s3:GetObject", "s3:ListBucket"],
                                                                "arn:aws:s3:::bucket-%d/*" % n)
        policies.append(iam.create_policy(PolicyName="pol-%d" % n, PolicyDocument=document)["Policy"]["Arn"])
    for n in range(100 * size):
        name = "role-%d" % n
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(("ec2", "lambda", "ecs-tasks")[n % 3]),
                        Tags=[{"Key": "env", "Value": "prod"}])
        iam.attach_role_policy(RoleName=name, PolicyArn=policies[n % len(policies)])
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=statement(["logs:PutLogEvents"]))
    for n in range(5 * size):
        iam.create_group(GroupName="group-%d" % n)
        iam.attach_group_policy(GroupName="group-%d" % n, PolicyArn=policies[n % len(policies)])
    for n in range(50 * size):
        name = "user-%d" % n
        iam.create_user(UserName=name, Tags=[{"Key": "env", "Value": "dev"}])
        if n % 2:
            iam.create_login_profile(UserName=name, Password="Xy12!abcdefgh")
        iam.create_access_key(UserName=name)
        iam.add_user_to_group(GroupName="group-%d" % (n % (5 * size)), UserName=name)
        if n % 5 == 0:
            iam.attach_user_policy(UserName=name, PolicyArn=policies[n % len(policies)])
        if n % 3 == 0:
            iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=statement(["ec2:Describe*"]))


def buckets(s3, size, key):
    for n in range(100 * size):
        name = "driftline-bench-%05d" % n
        s3.create_bucket(Bucket=name)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags(n)})
        if n % 2 == 0:
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [
                {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key(n)}}]})
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(
                ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True))
        if n % 3 == 0:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        if n % 4 == 0:
            everything = ["arn:aws:s3:::%s" % name, "arn:aws:s3:::%s/*" % name]
            s3.put_bucket_policy(Bucket=name, Policy=statement(
                "s3:*", everything, Effect="Deny", Principal="*",
                Condition={"Bool": {"aws:SecureTransport": "false"}}))


def databases(rds, size, subnets, key):
    rds.create_db_subnet_group(DBSubnetGroupName="dbs", DBSubnetGroupDescription="x",
                               SubnetIds=[subnet for _, subnet in subnets[:3]])
    for n in range(50 * size):
        encryption = {"KmsKeyId": key(n)} if n % 2 == 0 else {}
        rds.create_db_instance(DBInstanceIdentifier="db-%d" % n, Engine="postgres", EngineVersion="14.7",
                               DBInstanceClass="db.t3.medium", AllocatedStorage=100, MasterUsername="root",
                               MasterUserPassword="Password123", DBSubnetGroupName="dbs", StorageEncrypted=n % 2 == 0,
                               MultiAZ=n % 3 == 0, PubliclyAccessible=n % 10 == 0,
                               BackupRetentionPeriod=7 if n % 4 else 0, DeletionProtection=n % 2 == 0,
                               Tags=tags(n), **encryption)


def observation(logs, cloudwatch, size, key):
    for n in range(50 * size):
        encryption = {"kmsKeyId": key(n)} if n % 2 == 0 else {}
        logs.create_log_group(logGroupName="/app/%d" % n, tags={"env": "prod"}, **encryption)
        if n % 3 == 0:
            logs.put_retention_policy(logGroupName="/app/%d" % n, retentionInDays=365)
        cloudwatch.put_metric_alarm(AlarmName="alarm-%d" % n, Namespace="AWS/EC2", MetricName="CPUUtilization",
                                    Statistic="Average", Period=300, EvaluationPeriods=2, Threshold=80,
                                    ComparisonOperator="GreaterThanThreshold",
                                    AlarmActions=["arn:aws:sns:us-east-1:123456789012:ops"])


def stacks(cloudformation, size):
    for n in range(20 * size):
        template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q-%d" % n, "VisibilityTimeout": 60}},
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t-%d" % n}},
            "Param": {"Type": "AWS::SSM::Parameter",
                      "Properties": {"Name": "/app/p%d" % n, "Type": "String", "Value": "v%d" % n}}},
            "Outputs": {"Url": {"Value": {"Ref": "Queue"}}}}
        cloudformation.create_stack(StackName="stack-%d" % n, TemplateBody=json.dumps(template),
                                    Tags=[{"Key": "env", "Value": "prod"}])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--size", type=int, default=1)
    args = parser.parse_args()

    def client(name):
        return boto3.client(name, endpoint_url=args.endpoint, region_name="us-east-1", aws_access_key_id="test",
                            aws_secret_access_key="test",
                            config=Config(read_timeout=300, max_pool_connections=4))

    ec2, size = client("ec2"), args.size
    subnets = network(ec2, size)
    groups = security_groups(ec2, size, sorted({vpc for vpc, _ in subnets}))
    made = keys(client("kms"), size)

    def key(n):
        return made[n % len(made)]

    machines(ec2, size, subnets, groups, key)
    identities(client("iam"), size)
    buckets(client("s3"), size, key)
    databases(client("rds"), size, subnets, key)
    observation(client("logs"), client("cloudwatch"), size, key)
    stacks(client("cloudformation"), size)


if __name__ == "__main__":
    main()
