"""Every operation of azure-containerregistry, once by an identity and once by nobody.

Prints a line for each, and fails where one ends otherwise than it has to, or was left out.
"""

import io
import json
import os
import sys

from azure.containerregistry import ContainerRegistryClient, ArtifactTagOrder
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.identity import ClientSecretCredential

ENDPOINT = os.environ["NARU_ENDPOINT"]
REPOSITORY = "python/sdk"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"

OPERATIONS = {
    name
    for name in dir(ContainerRegistryClient)
    if not name.startswith("_") and callable(getattr(ContainerRegistryClient, name))
}
done = set()


class Recording:
    """Notes which operation is called."""

    def __init__(self, client):
        self.client = client

    def __getattr__(self, name):
        done.add(name)
        return getattr(self.client, name)


def say(what):
    print(f"ok {what}", flush=True)


def refused(status, what, call):
    """The call has to end with this status, and with the registry's words."""
    try:
        call()
    except HttpResponseError as error:
        assert error.status_code == status, f"{what}: {error.status_code} {error}"
        if status == 401:
            assert isinstance(error, ClientAuthenticationError), f"{what}: {error!r}"
        # What streams its answer has no words for what is not there.
        assert status == 404 or "CorrelationId" in str(error), f"{what}: {error}"
        say(f"{what}: {status}")
        return
    raise AssertionError(f"{what}: was not refused")


def image(client, words):
    """Pushes an image of one layer; answers its digest and that of the layer."""
    layer, size = client.upload_blob(REPOSITORY, io.BytesIO(words))
    config, config_size = client.upload_blob(REPOSITORY, io.BytesIO(b"{}"))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": config,
            "size": config_size,
        },
        "layers": [
            {
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": layer,
                "size": size,
            }
        ],
    }
    return manifest, layer


def by_an_identity(client):
    words = b"let in\n" * (1 << 20)
    manifest, layer = image(client, words)
    say("upload_blob, in parts")
    digest = client.set_manifest(REPOSITORY, manifest, tag="v1")
    assert client.set_manifest(REPOSITORY, io.BytesIO(json.dumps(manifest).encode())).startswith(
        "sha256:"
    )
    client.set_manifest(REPOSITORY, manifest, tag="v2")
    say("set_manifest, by tag and by digest")
    found = client.get_manifest(REPOSITORY, "v1")
    assert found.digest == digest and found.media_type == MANIFEST, found.digest
    assert client.get_manifest(REPOSITORY, digest).manifest == manifest
    say("get_manifest, by tag and by digest")
    assert b"".join(client.download_blob(REPOSITORY, layer)) == words
    say("download_blob, by ranges")
    names = list(client.list_repository_names(results_per_page=1))
    assert REPOSITORY in names and len(names) > 1, names
    say("list_repository_names, page by page")
    tags = client.list_tag_properties(REPOSITORY, results_per_page=1)
    assert [tag.name for tag in tags] == ["v1", "v2"]
    latest = ArtifactTagOrder.LAST_UPDATED_ON_DESCENDING
    tags = client.list_tag_properties(REPOSITORY, order_by=latest)
    assert [tag.name for tag in tags] == ["v2", "v1"]
    say("list_tag_properties, page by page, in order")
    manifests = list(client.list_manifest_properties(REPOSITORY, results_per_page=1))
    assert digest in [one.digest for one in manifests], manifests
    say("list_manifest_properties")
    repository = client.get_repository_properties(REPOSITORY)
    assert repository.name == REPOSITORY and repository.tag_count == 2, repository
    say("get_repository_properties")
    tag = client.get_tag_properties(REPOSITORY, "v1")
    assert tag.digest == digest and tag.can_write is True
    say("get_tag_properties")
    for name in ("v1", digest):
        assert client.get_manifest_properties(REPOSITORY, name).digest == digest
    say("get_manifest_properties, by tag and by digest")

    locked = client.update_repository_properties(REPOSITORY, can_delete=False)
    assert locked.can_delete is False and locked.can_write is True
    refused(405, "delete_repository of a locked one", lambda: client.delete_repository(REPOSITORY))
    client.update_repository_properties(REPOSITORY, can_delete=True)
    say("update_repository_properties")
    locked = client.update_tag_properties(REPOSITORY, "v1", can_write=False, can_delete=False)
    assert locked.can_write is False and locked.can_delete is False
    refused(405, "delete_tag of a locked one", lambda: client.delete_tag(REPOSITORY, "v1"))
    push = lambda: client.set_manifest(REPOSITORY, dict(manifest, annotations={"a": "b"}), tag="v1")
    refused(405, "set_manifest on a locked tag", push)
    client.update_tag_properties(REPOSITORY, "v1", can_write=True, can_delete=True)
    say("update_tag_properties")
    locked = client.update_manifest_properties(REPOSITORY, digest, can_delete=False)
    assert locked.can_delete is False
    refused(405, "delete_manifest, locked", lambda: client.delete_manifest(REPOSITORY, digest))
    client.update_manifest_properties(REPOSITORY, digest, can_delete=True)
    say("update_manifest_properties")

    client.delete_tag(REPOSITORY, "v2")
    refused(404, "get_tag_properties", lambda: client.get_tag_properties(REPOSITORY, "v2"))
    say("delete_tag")
    client.delete_manifest(REPOSITORY, "v1")
    refused(404, "get_manifest", lambda: client.get_manifest(REPOSITORY, digest))
    say("delete_manifest")
    client.delete_blob(REPOSITORY, layer)
    say("delete_blob")
    client.delete_repository(REPOSITORY)
    refused(404, "get_repository_properties", lambda: client.get_repository_properties(REPOSITORY))
    client.delete_repository(REPOSITORY)
    say("delete_repository, and again")
    try:
        client.get_repository_properties("never/was")
    except ResourceNotFoundError:
        say("ResourceNotFoundError")


def by_nobody(client):
    there = os.environ["NARU_THERE"]
    found = client.get_manifest(there, "0.1.0")
    layer = found.manifest["layers"][0]["digest"]
    assert b"".join(client.download_blob(there, layer))
    say("get_manifest, download_blob")
    assert there in list(client.list_repository_names())
    assert [tag.name for tag in client.list_tag_properties(there)] == ["0.1.0"]
    assert [one.digest for one in client.list_manifest_properties(there)] == [found.digest]
    assert client.get_repository_properties(there).name == there
    assert client.get_tag_properties(there, "0.1.0").digest == found.digest
    assert client.get_manifest_properties(there, "0.1.0").digest == found.digest
    say("the lists and properties")
    digest = found.digest
    blob = lambda: io.BytesIO(b"x")
    for what, call in {
        "upload_blob": lambda: client.upload_blob(there, blob()),
        "set_manifest": lambda: client.set_manifest(there, found.manifest, tag="v2"),
        "delete_blob": lambda: client.delete_blob(there, layer),
        "delete_manifest": lambda: client.delete_manifest(there, digest),
        "delete_tag": lambda: client.delete_tag(there, "0.1.0"),
        "delete_repository": lambda: client.delete_repository(there),
        "update_repository_properties": lambda: client.update_repository_properties(
            there, can_write=False
        ),
        "update_tag_properties": lambda: client.update_tag_properties(
            there, "0.1.0", can_write=False
        ),
        "update_manifest_properties": lambda: client.update_manifest_properties(
            there, digest, can_write=False
        ),
    }.items():
        refused(401, what, call)


def by_somebody_refused(client):
    """One step that is refused; what the exception says is what a person reads."""
    there, step = os.environ["NARU_THERE"], sys.argv[2]

    def push_another():
        manifest = client.get_manifest(there, "0.1.0").manifest
        client.set_manifest(there, dict(manifest, annotations={"a": "b"}), tag="0.1.0")

    steps = {
        "pull": lambda: client.get_manifest(there, "0.1.0"),
        "push": lambda: client.upload_blob(there, io.BytesIO(b"x")),
        "push by tag": push_another,
        "delete": lambda: client.delete_tag(there, "0.1.0"),
        "list tags": lambda: list(client.list_tag_properties(there)),
    }
    try:
        steps[step]()
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
        sys.exit(1)


if sys.argv[1] in ("identity", "refused"):
    credential = ClientSecretCredential(
        os.environ["NARU_TENANT"],
        os.environ["NARU_CLIENT_ID"],
        os.environ["NARU_CLIENT_SECRET"],
        authority=ENDPOINT,
        disable_instance_discovery=True,
    )
    play = by_an_identity if sys.argv[1] == "identity" else by_somebody_refused
else:
    credential, play = None, by_nobody
with ContainerRegistryClient(ENDPOINT, credential) as inner:
    client = Recording(inner)
    play(client)
    client.close()
left_out = OPERATIONS - done
assert sys.argv[1] == "refused" or not left_out, f"left out: {left_out}"
