"""What deploy.py and drift.py both need: clients, the stacks of the account, their resources."""
import sys
from collections import namedtuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

APPLICATION = "tapstack"
BOOTSTRAP = "tapstack-bootstrap"

Resource = namedtuple("Resource", "stack logical_id type physical_id")


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def paged(client, operation, key, **arguments):
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[key]]


def error_code(error):
    return error.response["Error"]["Code"]


class Account:
    """An emulated account in one region."""

    def __init__(self, endpoint, region):
        self.endpoint, self.region = endpoint.rstrip("/"), region
        # Any key will do for an emulator; the real ones of whoever runs this must not go there.
        self.session = boto3.Session("test", "test", region_name=region)
        self._clients = {}

    def client(self, service):
        if service not in self._clients:
            self._clients[service] = self.session.client(service, endpoint_url=self.endpoint, config=Config(
                s3={"addressing_style": "path"}, retries={"max_attempts": 2}))
        return self._clients[service]

    def stack(self, name):
        """The description of a stack, None if there is no such stack."""
        try:
            return self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if error_code(error) in ("ValidationError", "StackNotFoundException"):
                return None
            raise

    def resources(self, name):
        """The resources of a stack and of those nested in it."""
        found = []
        for r in paged(self.client("cloudformation"), "list_stack_resources", "StackResourceSummaries",
                       StackName=name):
            found.append(Resource(name, r["LogicalResourceId"], r["ResourceType"],
                                  r.get("PhysicalResourceId", "")))
            if r["ResourceType"] == "AWS::CloudFormation::Stack":
                found += self.resources(r["PhysicalResourceId"])
        return found
