"""What a built template names, packed and named after its content: the same content is put once."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from local.cloud.aws import REGION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "artifacts"
YAML = {".yaml", ".yml"}


class Artifacts:
    def __init__(self, s3: "S3Client") -> None:
        self._s3 = s3
        self._known: dict[Path, str] = {}
        where: Any = {"LocationConstraint": REGION}
        try:
            s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        except s3.exceptions.BucketAlreadyOwnedByYou:
            self._present = {each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
        else:
            self._present = set[str]()

    def put(self, path: Path) -> str:
        if path not in self._known:
            body = zipped(path) if path.is_dir() else definition(path)
            self._known[path] = f"s3://{BUCKET}/{self._put(body)}"
        return self._known[path]

    def put_template(self, template: Mapping[str, Any]) -> str:
        """Return its URL: a request to CloudFormation holds 51,200 bytes at most."""
        key = self._put(json.dumps(template, default=str).encode())
        return f"{self._s3.meta.endpoint_url}/{BUCKET}/{key}"

    def _put(self, body: bytes) -> str:
        key = hashlib.sha256(body).hexdigest()
        if key not in self._present:
            self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)
            self._present.add(key)
        return key


def zipped(folder: Path) -> bytes:
    """Stored, not squeezed, and without times: this zip travels nowhere and must repeat exactly."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix())
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()


def definition(file: Path) -> bytes:
    """A state machine's definition; `sam deploy` reads YAML, CloudFormation in S3 only JSON."""
    if file.suffix not in YAML:
        return file.read_bytes()
    return json.dumps(yaml.safe_load(file.read_text())).encode()
