"""Runs the moto server with its CloudFormation made to behave more like AWS.

moto's EC2, IAM, RDS and S3 interfaces are good, but its CloudFormation drops many
properties on the way to them and gives some resources no physical id. Each
correction below names what AWS does; the work itself is left to moto's backends,
exactly as for a direct API call.
"""
import json
import sys
from urllib.parse import urlparse

from botocore import xform_name
from moto.cloudformation import models as cloudformation
from moto.cloudformation import parsing, responses
from moto.cloudformation.models import cloudformation_backends
from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.instances import Instance
from moto.ec2.models.route_tables import Route
from moto.ec2.models.security_groups import SecurityGroup
from moto.ec2.models.subnets import Subnet, SubnetRouteTableAssociation
from moto.ec2.models.vpcs import VPC
from moto.ec2.models.vpn_gateway import VPCGatewayAttachment
from moto.ec2.responses.settings import Settings
from moto.iam.models import AccountSummary, Role, iam_backends
from moto.rds.models import DBInstance, DBParameterGroup, DBSubnetGroup, RDSBackend, rds_backends
from moto.s3.models import FakeBucket, PublicAccessBlock, s3_backends
from moto.s3.responses import S3Response
from moto.server import DomainDispatcherApplication, main


def true(value):
    """CloudFormation accepts booleans as strings."""
    return str(value).lower() == "true"


def creates(cls):
    """Decorates f(name, properties, account, region, stack_id), which creates cls from now on."""
    def install(create):
        def create_from_cloudformation_json(_, name, template, account_id, region_name, **kwargs):
            properties = template.get("Properties") or {}
            return create(name, properties, account_id, region_name, kwargs.get("StackId"))
        cls.create_from_cloudformation_json = classmethod(create_from_cloudformation_json)
        return create
    return install


def after_creating(cls):
    """Decorates f(resource, properties, account, region): what moto's own creation leaves out."""
    def install(finish):
        original = cls.create_from_cloudformation_json.__func__

        def create_from_cloudformation_json(cls_, name, template, account_id, region_name, **kwargs):
            resource = original(cls_, name, template, account_id, region_name, **kwargs)
            finish(resource, template.get("Properties") or {}, account_id, region_name)
            return resource
        cls.create_from_cloudformation_json = classmethod(create_from_cloudformation_json)
        return finish
    return install


# ---------------------------------------------------------------- stacks

# A resource whose condition is false is no resource of the stack.
cloudformation.Stack.stack_resources = property(
    lambda stack: [r for r in stack.resource_map.values() if r is not None])


def parameter_list(stack):
    """The value of a NoEcho parameter is never shown, a list is its text, an SSM parameter its path."""
    answer = []
    for key, value in stack.resource_map.resolved_parameters.items():
        declared = stack.template_dict["Parameters"][key]
        shown = {"ParameterKey": key,
                 "ParameterValue": ",".join(map(str, value)) if isinstance(value, list) else str(value)}
        if declared["Type"].startswith("AWS::SSM::Parameter::Value"):
            shown.update(ResolvedValue=shown["ParameterValue"],
                         ParameterValue=stack.parameters.get(key, declared.get("Default")))
        if true(declared.get("NoEcho")):
            shown["ParameterValue"] = "****"
        answer.append(shown)
    return answer


cloudformation.Stack.parameter_list = property(parameter_list)


@creates(cloudformation.Stack)
def nested_stack(name, properties, account, region, parent_id):
    """A nested stack knows its parent and root, and inherits the tags of its parent."""
    backend = cloudformation_backends[account][region]
    # Any S3 address will do, not only those of amazonaws.com: the server has one of its own.
    url = urlparse(properties["TemplateURL"])
    virtual_host = url.hostname.split(".s3", 1)[0] if ".s3" in url.hostname else None
    bucket, key = (virtual_host, url.path.lstrip("/")) if virtual_host else url.path.lstrip("/").split("/", 1)
    template = s3_backends[account]["aws"].get_object(bucket, key)
    if template is None:
        raise parsing.ValidationError(message="S3 error: The specified key does not exist: %s" % url.geturl())
    parent = backend.get_stack(parent_id)
    parameters = {k: ",".join(v) if isinstance(v, list) else str(v)
                  for k, v in properties.get("Parameters", {}).items()}
    tags = {**parent.tags, **{t["Key"]: t["Value"] for t in properties.get("Tags", [])}}
    stack = backend.create_stack(name, template.value.decode(), parameters, tags=tags)
    stack.parent_id, stack.root_id = parent_id, getattr(parent, "root_id", None) or parent_id
    return stack


# The physical id of a nested stack is its ARN.
cloudformation.Stack.physical_resource_id = property(lambda stack: stack.stack_id)


def nested_output(stack, attribute):
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.outputs or []}
    return outputs[attribute.split(".", 1)[1]]


cloudformation.Stack.get_cfn_attribute = nested_output

moto_load_parameters = parsing.ResourceMap.load_parameters


def load_parameters(resources):
    """A default has the type of its parameter; moto converts only values that were given."""
    for key, declared in resources._template.get("Parameters", {}).items():
        if "Default" in declared:
            resources.input_parameters.setdefault(key, str(declared["Default"]))
    moto_load_parameters(resources)


parsing.ResourceMap.load_parameters = load_parameters

moto_tag_constructor = cloudformation.yaml_tag_constructor


def yaml_tag_constructor(loader, tag, node):
    """!GetAtt A.B.C is the attribute B.C of A; moto looks for B."""
    value = moto_tag_constructor(loader, tag, node)
    if isinstance(value, dict) and len(value.get("Fn::GetAtt", ())) > 2:
        name, *attribute = value["Fn::GetAtt"]
        value["Fn::GetAtt"] = [name, ".".join(attribute)]
    return value


cloudformation.yaml_tag_constructor = responses.yaml_tag_constructor = yaml_tag_constructor

moto_clean_json = parsing.clean_json


def clean_json(value, resources):
    """!GetAZs '' means the region of the stack; moto takes us-east-1."""
    if isinstance(value, dict) and "Fn::GetAZs" in value:
        value = {"Fn::GetAZs": moto_clean_json(value["Fn::GetAZs"], resources) or resources["AWS::Region"]}
    return moto_clean_json(value, resources)


parsing.clean_json = clean_json

moto_parse_and_create = parsing.parse_and_create_resource


def parse_and_create_resource(logical_id, resource_json, resources, account_id, region_name):
    """Tags declared on an EC2 resource are set; moto forgets them on half of the types."""
    resource = moto_parse_and_create(logical_id, resource_json, resources, account_id, region_name)
    tags = (resource_json.get("Properties") or {}).get("Tags")
    if tags and isinstance(resource, TaggedEC2Resource):
        tags = clean_json(tags, resources)
        ec2_backends[account_id][region_name].create_tags(
            [getattr(resource, "id", None) or resource.allocation_id], {t["Key"]: str(t["Value"]) for t in tags})
    return resource


parsing.parse_and_create_resource = parse_and_create_resource


# ---------------------------------------------------------------- EC2

@after_creating(VPC)
def vpc_attributes(vpc, properties, _account, _region):
    vpc.enable_dns_support = true(properties.get("EnableDnsSupport", True))
    vpc.enable_dns_hostnames = true(properties.get("EnableDnsHostnames", False))


@after_creating(Subnet)
def subnet_attributes(subnet, properties, _account, _region):
    subnet.map_public_ip_on_launch = true(properties.get("MapPublicIpOnLaunch", False))


moto_delete_vpc = EC2Backend.delete_vpc


def delete_vpc(backend, vpc_id):
    """The default network ACL of a VPC goes with it."""
    vpc = moto_delete_vpc(backend, vpc_id)
    for acl in [a.id for a in backend.network_acls.values() if a.vpc_id == vpc_id]:
        del backend.network_acls[acl]
    return vpc


EC2Backend.delete_vpc = delete_vpc

Subnet.get_cfn_attribute = lambda subnet, name: {
    "AvailabilityZone": subnet.availability_zone, "SubnetId": subnet.id, "VpcId": subnet.vpc_id}[name]

# The ids that the Ref function returns.
Route.physical_resource_id = property(
    lambda r: "%s|%s" % (r.route_table.id, r.destination_cidr_block or r.destination_ipv6_cidr_block))
SubnetRouteTableAssociation.physical_resource_id = property(lambda a: a.association_id)
VPCGatewayAttachment.physical_resource_id = property(lambda a: "IGW|" + a.vpc_id)


@creates(SubnetRouteTableAssociation)
def subnet_association(_name, properties, account, region, _stack):
    """The association appears in the route table, with an id of its own."""
    association = SubnetRouteTableAssociation(properties["RouteTableId"], properties["SubnetId"])
    association.association_id = ec2_backends[account][region].associate_route_table(
        association.route_table_id, subnet_id=association.subnet_id)
    return association


def rule_arguments(rule, peer):
    """A rule of a security group as the arguments of moto's authorize calls."""
    description = {"Description": rule["Description"]} if rule.get("Description") else {}
    ranges = [{key: rule[key], **description} for key in ("CidrIp", "CidrIpv6") if rule.get(key)]
    number = lambda key: None if str(rule["IpProtocol"]) == "-1" or key not in rule else int(rule[key])
    as_list = lambda key, value: [{key: value, **description}] if value else []
    return {
        "ip_protocol": str(rule["IpProtocol"]), "from_port": number("FromPort"), "to_port": number("ToPort"),
        "ip_ranges": ranges, "source_groups": as_list("GroupId", rule.get(peer + "SecurityGroupId")),
        "prefix_list_ids": as_list("PrefixListId", rule.get(peer + "PrefixListId"))}


@creates(SecurityGroup)
def security_group(name, properties, account, region, _stack):
    """Rules keep their descriptions, and declared egress replaces the rule that allows everything."""
    backend = ec2_backends[account][region]
    group = backend.create_security_group(name, properties["GroupDescription"], properties.get("VpcId"))
    for rule in properties.get("SecurityGroupIngress", []):
        backend.authorize_security_group_ingress(group.id, **rule_arguments(rule, "Source"))
    if properties.get("SecurityGroupEgress"):
        group.egress_rules = []
    for rule in properties.get("SecurityGroupEgress", []):
        backend.authorize_security_group_egress(group.id, **rule_arguments(rule, "Destination"))
    return group


@creates(Instance)
def instance(_name, properties, account, region, _stack):
    """What the instance does not say itself comes from its launch template."""
    backend = ec2_backends[account][region]
    launch_template = {k: str(v) for k, v in properties.get("LaunchTemplate", {}).items()}
    data = backend._get_template_from_args(launch_template).data if launch_template else {}
    both = {**data, **properties}
    optional = {}
    if both.get("BlockDeviceMappings"):
        optional["block_device_mappings"] = [
            {**m, "Ebs": {**m["Ebs"], "Encrypted": true(m["Ebs"].get("Encrypted", False))}}
            for m in both["BlockDeviceMappings"] if "Ebs" in m]
    monitoring = both.get("Monitoring", False)  # a boolean on the instance, a structure in the launch template
    reservation = backend.run_instances(
        image_id=both["ImageId"], count=1, user_data=both.get("UserData"),
        security_group_names=both.get("SecurityGroups", []),
        security_group_ids=both.get("SecurityGroupIds", []),
        instance_type=both.get("InstanceType", "m1.small"), is_instance_type_default="InstanceType" not in both,
        region_name=region, subnet_id=both.get("SubnetId"), key_name=both.get("KeyName"),
        private_ip=both.get("PrivateIpAddress"), nics=both.get("NetworkInterfaces", []),
        ebs_optimized=true(both.get("EbsOptimized", False)), launch_template=launch_template,
        disable_api_termination=true(both.get("DisableApiTermination", False)),
        monitoring_state="enabled" if true(
            monitoring.get("Enabled") if isinstance(monitoring, dict) else monitoring) else "disabled",
        metadata_options=both.get("MetadataOptions", {}), associate_public_ip=None, **optional)
    created = reservation.instances[0]
    profile = both.get("IamInstanceProfile")
    if profile:
        profile = profile if isinstance(profile, dict) else {"Name": profile}
        backend.associate_iam_instance_profile(
            created.id, iam_instance_profile_name=profile.get("Name"), iam_instance_profile_arn=profile.get("Arn"))
    return created


# ---------------------------------------------------------------- RDS

# Both have a physical id: their name.
DBSubnetGroup.physical_resource_id = property(lambda group: group.name)
DBParameterGroup.physical_resource_id = property(lambda group: group.name)


@creates(DBInstance)
def db_instance(name, properties, account, region, _stack):
    """Every property reaches the database; moto loses some and fails on a subnet group."""
    arguments = {xform_name(key): value for key, value in properties.items()}
    arguments["vpc_security_group_ids"] = arguments.pop("vpc_security_groups", [])
    for key, value in arguments.items():
        if str(value).lower() in ("true", "false"):
            arguments[key] = true(value)
    for key in ("allocated_storage", "max_allocated_storage", "backup_retention_period", "port",
                "monitoring_interval", "storage_throughput", "iops"):
        if key in arguments:
            arguments[key] = int(arguments[key])
    arguments["db_instance_identifier"] = properties.get("DBInstanceIdentifier", name.replace("_", "-")).lower()
    return rds_backends[account][region].create_db_instance(arguments)


def describe_option_groups(backend, wanted):
    """Without a name AWS lists all option groups; moto looks for the name under a key that no request has."""
    name = wanted.get("OptionGroupName")
    return [group for group in backend.option_groups.values() if name in (None, group.name)]


RDSBackend.describe_option_groups = describe_option_groups

# ---------------------------------------------------------------- IAM

@after_creating(Role)
def role_policies(role, properties, account, _region):
    """Inline policies are JSON documents (moto keeps a Python dict), managed policies are attached."""
    for policy in properties.get("Policies", []):
        role.put_policy(policy["PolicyName"], json.dumps(policy["PolicyDocument"], default=str))
    for arn in properties.get("ManagedPolicyArns", []):
        iam_backends[account]["aws"].attach_role_policy(arn, role.name)


moto_summary_map = AccountSummary.summary_map.fget


def summary_map(summary):
    """An account's root user has a password, and MFA once it has the device that AWS names as below."""
    devices = iam_backends[summary._iam_backend.account_id]["aws"].virtual_mfa_devices
    return {**moto_summary_map(summary), "AccountPasswordPresent": 1,
            "AccountMFAEnabled": int(any(d.endswith(":mfa/root-account-mfa-device") for d in devices))}


AccountSummary.summary_map = property(summary_map)

# ---------------------------------------------------------------- EC2 account settings

# An account that never set metadata defaults answers an empty AccountLevel.
Settings.get_instance_metadata_defaults = lambda _: ActionResult({"AccountLevel": {}})

# ---------------------------------------------------------------- S3

@after_creating(FakeBucket)
def bucket_settings(bucket, properties, _account, _region):
    bucket.versioning_status = properties.get("VersioningConfiguration", {}).get("Status")
    block = properties.get("PublicAccessBlockConfiguration")
    if block is not None:
        bucket.public_access_block = PublicAccessBlock(*(
            str(block.get(key, False)).lower() for key in
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")))


def get_bucket_versioning(response):
    """AWS's answer is a VersioningConfiguration element; the Rust SDK takes nothing else."""
    status = response.backend.get_bucket_versioning(response.bucket_name)
    inner = f"<Status>{status}</Status>" if status else ""
    return 200, {}, ('<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                     f"{inner}</VersioningConfiguration>")


S3Response.get_bucket_versioning = get_bucket_versioning

# ---------------------------------------------------------------- Cloud Control

moto_dispatch = DomainDispatcherApplication.__call__


def dispatch(self, environ, start_response):
    """moto answers a page of HTML where it knows no service; AWS says of a type that it cannot read it."""
    if not environ.get("HTTP_X_AMZ_TARGET", "").startswith("CloudApiService."):
        return moto_dispatch(self, environ, start_response)
    body = json.dumps({"__type": "UnsupportedActionException", "message": "cannot be read"}).encode()
    start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(body)))])
    return [body]


DomainDispatcherApplication.__call__ = dispatch


if __name__ == "__main__":
    main(sys.argv[1:])
