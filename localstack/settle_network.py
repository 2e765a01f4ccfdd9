"""Readers and fixers of the network types; see settle.py."""
from botocore.exceptions import ClientError

from account import error_code
from settle import fixes, reads, tags_of


@reads("AWS::EC2::VPC")
def _(account, id, declared):
    ec2 = account.client("ec2")
    vpc = ec2.describe_vpcs(VpcIds=[id])["Vpcs"][0]
    flag = lambda name: ec2.describe_vpc_attribute(VpcId=id, Attribute=name)[name[0].upper() + name[1:]]["Value"]
    return {"CidrBlock": vpc["CidrBlock"], "EnableDnsSupport": flag("enableDnsSupport"),
            "EnableDnsHostnames": flag("enableDnsHostnames"), "Tags": tags_of(vpc)}


@fixes("AWS::EC2::VPC")
def _(account, id, declared, names):
    for name in {"EnableDnsSupport", "EnableDnsHostnames"} & names:
        account.client("ec2").modify_vpc_attribute(VpcId=id, **{name: {"Value": declared[name]}})


@reads("AWS::EC2::Subnet")
def _(account, id, declared):
    subnet = account.client("ec2").describe_subnets(SubnetIds=[id])["Subnets"][0]
    return {**subnet, "Tags": tags_of(subnet)}


@fixes("AWS::EC2::Subnet")
def _(account, id, declared, names):
    if "MapPublicIpOnLaunch" in names:
        account.client("ec2").modify_subnet_attribute(
            SubnetId=id, MapPublicIpOnLaunch={"Value": declared["MapPublicIpOnLaunch"]})


def route_table(account, id):
    return account.client("ec2").describe_route_tables(RouteTableIds=[id])["RouteTables"][0]


@reads("AWS::EC2::RouteTable")
def _(account, id, declared):
    table = route_table(account, id)
    return {"VpcId": table["VpcId"], "Tags": tags_of(table)}


@reads("AWS::EC2::Route")
def _(account, id, declared):
    table, _, destination = id.replace("~", "|").partition("|")
    routes = route_table(account, table)["Routes"]
    found = [r for r in routes if r.get("DestinationCidrBlock") == destination]
    return {"RouteTableId": table, **(found[0] if found else {})}


@fixes("AWS::EC2::Route")
def _(account, id, declared, names):
    ec2 = account.client("ec2")
    try:
        ec2.create_route(**declared)  # LocalStack: in the stack, but not in the route table
    except ClientError as error:
        if error_code(error) != "RouteAlreadyExists":
            raise
        ec2.replace_route(**declared)


@reads("AWS::EC2::SubnetRouteTableAssociation")
def _(account, id, declared):
    tables = account.client("ec2").describe_route_tables(
        Filters=[{"Name": "association.route-table-association-id", "Values": [id]}])["RouteTables"]
    return next(a for t in tables for a in t["Associations"] if a["RouteTableAssociationId"] == id)


@reads("AWS::EC2::InternetGateway")
def _(account, id, declared):
    gateways = account.client("ec2").describe_internet_gateways(InternetGatewayIds=[id])["InternetGateways"]
    return {"Tags": tags_of(gateways[0])}


@reads("AWS::EC2::VPCGatewayAttachment")
def _(account, id, declared):
    vpc = id.split("|")[-1]
    gateways = account.client("ec2").describe_internet_gateways()["InternetGateways"]
    return next({"VpcId": a["VpcId"], "InternetGatewayId": g["InternetGatewayId"]}
                for g in gateways for a in g["Attachments"] if vpc in (a["VpcId"], g["InternetGatewayId"]))


@reads("AWS::EC2::EIP")
def _(account, id, declared):
    address = account.client("ec2").describe_addresses(PublicIps=[id])["Addresses"][0]
    return {"Domain": address["Domain"], "Tags": tags_of(address)}


@reads("AWS::EC2::NatGateway")
def _(account, id, declared):
    gateway = account.client("ec2").describe_nat_gateways(NatGatewayIds=[id])["NatGateways"][0]
    if gateway["State"] != "available":
        raise LookupError("state " + gateway["State"])
    return {"SubnetId": gateway["SubnetId"], "Tags": tags_of(gateway),
            "AllocationId": gateway["NatGatewayAddresses"][0]["AllocationId"]}


@reads("AWS::EC2::FlowLog")
def _(account, id, declared):
    log = account.client("ec2").describe_flow_logs(FlowLogIds=[id])["FlowLogs"][0]
    kind = {"vpc": "VPC", "sub": "Subnet", "eni": "NetworkInterface"}[log["ResourceId"].split("-")[0][:6]]
    return {**log, "ResourceType": kind, "Tags": tags_of(log)}


# ---------------------------------------------------------------- security groups

def flat_rules(permissions, peer):
    """One rule per peer, under the names that a template gives them."""
    kinds = (("IpRanges", "CidrIp", "CidrIp"), ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
             ("UserIdGroupPairs", "GroupId", peer + "SecurityGroupId"),
             ("PrefixListIds", "PrefixListId", peer + "PrefixListId"))
    rules = []
    for permission in permissions:
        base = {k: permission[k] for k in ("IpProtocol", "FromPort", "ToPort") if permission.get(k) not in (None, -1)}
        base["IpProtocol"] = permission["IpProtocol"]
        rules += [{**base, name: item[key], **({"Description": item["Description"]} if item.get("Description") else {})}
                  for kind, key, name in kinds for item in permission.get(kind, [])]
    return rules


def as_permission(rule, peer):
    """The inverse of flat_rules for one rule."""
    kind, key, value = next((kind, key, rule[name]) for kind, key, name in (
        ("IpRanges", "CidrIp", "CidrIp"), ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
        ("UserIdGroupPairs", "GroupId", peer + "SecurityGroupId"),
        ("PrefixListIds", "PrefixListId", peer + "PrefixListId")) if name in rule)
    item = {key: value, **({"Description": rule["Description"]} if "Description" in rule else {})}
    return {**{k: rule[k] for k in ("IpProtocol", "FromPort", "ToPort") if k in rule}, kind: [item]}


@reads("AWS::EC2::SecurityGroup")
def _(account, id, declared):
    group = account.client("ec2").describe_security_groups(GroupIds=[id])["SecurityGroups"][0]
    return {"GroupDescription": group["Description"], "VpcId": group["VpcId"], "Tags": tags_of(group),
            "SecurityGroupIngress": flat_rules(group["IpPermissions"], "Source"),
            "SecurityGroupEgress": flat_rules(group["IpPermissionsEgress"], "Destination")}


@fixes("AWS::EC2::SecurityGroup")
def _(account, id, declared, names):
    ec2 = account.client("ec2")
    group = ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"][0]
    for name, there, revoke, authorize, peer in (
            ("SecurityGroupIngress", group["IpPermissions"], ec2.revoke_security_group_ingress,
             ec2.authorize_security_group_ingress, "Source"),
            ("SecurityGroupEgress", group["IpPermissionsEgress"], ec2.revoke_security_group_egress,
             ec2.authorize_security_group_egress, "Destination")):
        if name in names:
            if there:
                revoke(GroupId=id, IpPermissions=there)
            authorize(GroupId=id, IpPermissions=[as_permission(rule, peer) for rule in declared[name]])
