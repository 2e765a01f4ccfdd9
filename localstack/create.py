#!/usr/bin/env python3
"""Makes AWS calls one after the other and prints what they answered, so that a test knows what was created.

Reads a JSON list of cases on stdin: {"name": "...", "create": [{"call": "sns.create_topic", "with": {...}, "as": "topic", "region": "..."}]}. In `with`, `${topic.TopicArn}` stands for what
an earlier call answered, `${account}` for the account, `${region}` for the region, `$${` for a `${` of its own. Prints, for each case, the answers by name as JSON.
"""
import argparse
import base64
import io
import json
import re
import sys
import time
import zipfile

import boto3
from botocore.config import Config

PLACEHOLDER = re.compile(r"(?<!\$)\$\{([^}]+)\}")


def look_up(answers, path):
    value = answers
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def fill(value, answers):
    """The value with its placeholders replaced; one that stands alone keeps its type."""
    if isinstance(value, dict):
        if set(value) == {"$zip"}:
            return zipped(value["$zip"])
        if set(value) == {"$base64"}:
            return base64.b64decode(value["$base64"])
        return {key: fill(item, answers) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, answers) for item in value]
    if isinstance(value, str):
        whole = PLACEHOLDER.fullmatch(value)
        if whole:
            return look_up(answers, whole.group(1))
        return PLACEHOLDER.sub(lambda m: str(look_up(answers, m.group(1))), value).replace("$${", "${")
    return value


def zipped(files):
    """A ZIP archive, for functions."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def shown(service, answer):
    """What later calls and the test see of an answer."""
    answer.pop("ResponseMetadata", None)
    if service == "route53":
        # It answers `/hostedzone/Z1` where everybody else writes `Z1`.
        return json.loads(json.dumps(answer, default=str).replace("/hostedzone/", ""))
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--region", default="us-east-1")
    args = parser.parse_args()
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")
    clients = {}

    def client(service, region):
        key = (service, region)
        if key not in clients:
            # A token means one thing to several APIs (S3 wants path style), and a failed call is a wrong case: no retries.
            config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
            clients[key] = session.client(service, region_name=region, endpoint_url=args.endpoint, config=config)
        return clients[key]

    account = client("sts", args.region).get_caller_identity()["Account"]
    everything = []
    for case in json.load(sys.stdin):
        answers = {"account": account, "region": args.region}
        for number, step in enumerate(case["create"]):
            if "wait" in step:
                time.sleep(step["wait"])
                continue
            service, operation = step["call"].rsplit(".", 1)
            try:
                method = getattr(client(service, step.get("region", args.region)), operation)
                answer = method(**fill(step.get("with", {}), answers))
            except Exception as error:  # the case is wrong, or the emulator cannot do it: say which call
                sys.exit("%s: %s, step %d: %s: %s" % (case["name"], step["call"], number + 1,
                                                      type(error).__name__, error))
            answers[step.get("as", "_")] = shown(service, answer)
        everything.append(answers)
    json.dump(everything, sys.stdout, default=str)


if __name__ == "__main__":
    main()
