"""Reads a CloudFormation template and resolves it against a deployed stack."""
import re

import yaml

NO_VALUE = object()


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of CloudFormation's functions, and dates left as text."""


def _function(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix: value}


_Loader.add_multi_constructor("!", _function)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


class DeployedTemplate:
    """A template with the parameters of its stack and the physical ids of its resources."""

    def __init__(self, account, stack, resources, attribute):
        """`attribute(type, physical_id, name)` answers Fn::GetAtt."""
        body = account.client("cloudformation").get_template(StackName=stack["StackId"])["TemplateBody"]
        self.template = yaml.load(body, _Loader) if isinstance(body, str) else body
        self.resources = {r.logical_id: r for r in resources}
        self.attribute, self.account = attribute, account
        given = {p["ParameterKey"]: p.get("ResolvedValue") or p.get("ParameterValue")
                 for p in stack.get("Parameters", [])}
        self.values = {
            "AWS::AccountId": stack["StackId"].split(":")[4], "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
            "AWS::Region": account.region, "AWS::StackId": stack["StackId"], "AWS::StackName": stack["StackName"],
            "AWS::NoValue": NO_VALUE}
        for name, declared in self.template.get("Parameters", {}).items():
            value = given.get(name, declared.get("Default"))
            self.values[name] = value.split(",") if "List" in declared["Type"] else value

    def declared(self):
        """(logical id, type, properties) of every resource that the stack should have."""
        for name, resource in self.template["Resources"].items():
            if "Condition" not in resource or self.condition(resource["Condition"]):
                yield name, resource["Type"], self.resolve(resource.get("Properties", {}))

    def condition(self, name):
        return self.resolve(self.template["Conditions"][name])

    def ref(self, name):
        return self.values[name] if name in self.values else self.resources[name].physical_id

    def get_att(self, name, attribute):
        resource = self.resources[name]
        return self.attribute(resource.type, resource.physical_id, attribute)

    def resolve(self, value):
        if isinstance(value, list):
            return [v for v in map(self.resolve, value) if v is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), = value.items()
            if name == "Ref":
                return self.ref(argument)
            if name == "Condition" and isinstance(argument, str):
                return self.condition(argument)
            if name.startswith("Fn::"):
                return getattr(self, "_" + name[4:].lower())(argument)
        resolved = {key: self.resolve(v) for key, v in value.items()}
        return {key: v for key, v in resolved.items() if v is not NO_VALUE}

    def _getatt(self, argument):
        return self.get_att(*argument)

    def _select(self, argument):
        return self.resolve(argument[1])[int(argument[0])]

    def _getazs(self, argument):
        zones = self.account.client("ec2").describe_availability_zones()["AvailabilityZones"]
        return sorted(zone["ZoneName"] for zone in zones)

    def _join(self, argument):
        return argument[0].join(map(str, self.resolve(argument[1])))

    def _findinmap(self, argument):
        name, first, second = map(self.resolve, argument)
        return self.template["Mappings"][name][first][second]

    def _if(self, argument):
        return self.resolve(argument[1] if self.condition(argument[0]) else argument[2])

    def _equals(self, argument):
        first, second = map(self.resolve, argument)
        return str(first) == str(second)

    def _not(self, argument):
        return not self.resolve(argument[0])

    def _sub(self, argument):
        def value(match):
            name, _, attribute = match.group(1).partition(".")
            return str(self.get_att(name, attribute) if attribute else self.ref(name))
        return re.sub(r"\$\{([^!}]+)\}", value, argument)
