"""A server on this machine that speaks S3 (moto), and how to tell Snakemake of it."""

import logging
import os
from contextlib import contextmanager
from importlib.util import find_spec
from unittest import mock

BUCKET = "attention"
KEYS = ("SNAKEMAKE_STORAGE_S3_ACCESS_KEY", "SNAKEMAKE_STORAGE_S3_SECRET_KEY")


def missing():
    """Why no server can be started here, or nothing."""
    absent = [
        name
        for name in ("moto", "flask", "flask_cors", "snakemake_storage_plugin_s3")
        if find_spec(name) is None
    ]
    return f"no {', '.join(absent)} here (uv run --group cluster)" if absent else ""


@contextmanager
def object_storage():
    """(Snakemake's options, a function that lists the bucket) while the server runs."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request
    keys = dict.fromkeys((*KEYS, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test")
    with mock.patch.dict(os.environ, keys | {"AWS_DEFAULT_REGION": "us-east-1"}):
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        try:
            url = "http://{}:{}".format(*server.get_host_and_port())
            client = boto3.client("s3", endpoint_url=url)
            client.create_bucket(Bucket=BUCKET)
            options = ("--default-storage-provider", "s3", "--storage-s3-endpoint-url", url)
            options += ("--default-storage-prefix", f"s3://{BUCKET}/study")

            def listed():
                pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
                return {item["Key"] for page in pages for item in page.get("Contents", [])}

            yield options, listed
        finally:
            server.stop()
