"""Upload a built template's artifacts to S3, each once: their keys are hashes of their content."""

import hashlib
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
YAML_SUFFIXES = {".yaml", ".yml"}


class Artifacts:
    def __init__(self, s3: "S3Client") -> None:
        self._s3 = s3
        self._urls: dict[Path, str] = {}
        configuration: Any = {"LocationConstraint": REGION}
        try:
            s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=configuration)
        except s3.exceptions.BucketAlreadyOwnedByYou:
            self._keys = {each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
        else:
            self._keys = set[str]()

    def put(self, path: Path) -> str:
        """Return the S3 URL of a code folder or a state machine's definition."""
        file = archive_of(path) if path.is_dir() else path
        if file not in self._urls:
            self._urls[file] = f"s3://{BUCKET}/{self._put(read_artifact(file))}"
        return self._urls[file]

    def put_template(self, template: Mapping[str, Any]) -> str:
        """Return the URL: a CloudFormation request itself may have at most 51,200 bytes."""
        key = self._put(json.dumps(template, default=str).encode())
        return f"{self._s3.meta.endpoint_url}/{BUCKET}/{key}"

    def _put(self, body: bytes) -> str:
        key = hashlib.sha256(body).hexdigest()
        if key not in self._keys:
            self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)
            self._keys.add(key)
        return key


def archive_of(folder: Path) -> Path:
    return folder.resolve().with_suffix(".zip")


def zip_artifacts(build: Path) -> None:
    """Zip each code folder once, for all the stacks that deploy it."""
    for archive in {archive_of(each) for each in build.iterdir() if each.is_dir()}:
        zip_folder(archive.with_suffix(""), archive)


def zip_folder(folder: Path, archive: Path) -> None:
    """Zip a folder reproducibly: uncompressed, as it stays on this machine, and without times."""
    with zipfile.ZipFile(archive, "w") as writer:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix())
                entry.external_attr = 0o644 << 16
                writer.writestr(entry, file.read_bytes())


def read_artifact(file: Path) -> bytes:
    """Return an archive unchanged, a state machine's definition as JSON: `sam deploy` does so."""
    if file.suffix not in YAML_SUFFIXES:
        return file.read_bytes()
    return json.dumps(yaml.safe_load(file.read_text())).encode()
