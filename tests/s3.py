"""A store of S3's protocol on this machine, for tests: real requests over HTTP."""

import logging
from pathlib import Path
from urllib.request import Request, urlopen

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "rain"


class Store:
    """One server with one empty bucket."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        self.empty()

    def empty(self) -> None:
        """Forget everything but one empty bucket."""
        urlopen(Request(f"{self.url}/moto-api/reset", method="POST")).close()
        self.client.create_bucket(Bucket=BUCKET)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def put(self, key: str, content: bytes = b"") -> None:
        """Store an object under a key of the bucket."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def delete(self, key: str) -> None:
        """Remove an object."""
        self.client.delete_object(Bucket=BUCKET, Key=key)

    def upload(self, folder: Path, prefix: str) -> None:
        """Store every file below a folder."""
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.put(f"{prefix}/{file.relative_to(folder).as_posix()}", file.read_bytes())

    def publish(self) -> None:
        """Let everybody read everything."""
        self.client.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
        for item in self.client.list_objects_v2(Bucket=BUCKET)["Contents"]:
            self.client.put_object_acl(Bucket=BUCKET, Key=item["Key"], ACL="public-read")

    def close(self) -> None:
        """End the server."""
        self._server.stop()
