// Every operation of @azure/container-registry, once by an identity and once by nobody.
//
// Prints a line for each, and fails where one ends otherwise than it has to, or was left out.
"use strict";
const assert = require("node:assert/strict");
const {
  ContainerRegistryClient,
  ContainerRegistryContentClient,
} = require("@azure/container-registry");
const { ClientSecretCredential } = require("@azure/identity");

const ENDPOINT = process.env.NARU_ENDPOINT;
const REPOSITORY = "javascript/sdk";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const AUDIENCE = { audience: "https://containerregistry.azure.net" };

const say = (what) => console.log(`ok ${what}`);

// What each object of the SDK can do, and what of it was done.
const able = new Set();
const done = new Set();
function recording(kind, object) {
  for (let at = Object.getPrototypeOf(object); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const method = Object.getOwnPropertyDescriptor(at, name).value;
      // TypeScript's private helpers are methods too, by the names below.
      const inner = ["constructor", "getDigest"].includes(name);
      if (typeof method === "function" && !inner && !/^list.*(Page|All|Items)$/.test(name)) {
        able.add(`${kind}.${name}`);
      }
    }
  }
  return new Proxy(object, {
    get(target, name) {
      done.add(`${kind}.${String(name)}`);
      const value = target[name];
      if (typeof value !== "function") return value;
      return (...words) => {
        const answer = value.apply(target, words);
        if (name === "getArtifact") return recording("RegistryArtifact", answer);
        if (name === "getRepository") return recording("ContainerRepository", answer);
        return answer;
      };
    },
  });
}

async function refused(status, what, call) {
  await assert.rejects(call, (error) => {
    assert.equal(error.statusCode, status, `${what}: ${error.statusCode} ${error.message}`);
    assert.match(error.message, /CorrelationId/, what);
    return true;
  });
  say(`${what}: ${status}`);
}

async function all(iterator) {
  const found = [];
  for await (const one of iterator) found.push(one);
  return found;
}

async function paged(iterator) {
  let pages = 0;
  const found = [];
  for await (const page of iterator.byPage({ maxPageSize: 1 })) {
    pages += 1;
    found.push(...page);
  }
  assert.ok(pages >= found.length, `${pages} pages for ${found.length}`);
  return found;
}

async function read(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

async function byAnIdentity(client, content) {
  const words = Buffer.from("let in\n".repeat(1 << 20));
  const layer = await content.uploadBlob(words);
  const config = await content.uploadBlob(Buffer.from("{}"));
  say("uploadBlob, in parts");
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: config.digest,
      size: config.sizeInBytes,
    },
    layers: [
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar",
        digest: layer.digest,
        size: layer.sizeInBytes,
      },
    ],
  };
  const { digest } = await content.setManifest(manifest, { tag: "v1" });
  await content.setManifest(manifest, { tag: "v2" });
  await content.setManifest(Buffer.from(JSON.stringify({ ...manifest, annotations: { a: "b" } })));
  say("setManifest, by tag and by digest");
  for (const name of ["v1", digest]) {
    const found = await content.getManifest(name);
    assert.equal(found.digest, digest);
    assert.equal(found.mediaType, MANIFEST);
  }
  say("getManifest, by tag and by digest");
  const blob = await content.downloadBlob(layer.digest);
  assert.ok((await read(blob.content)).equals(words));
  say("downloadBlob");

  const names = await paged(client.listRepositoryNames());
  assert.ok(names.includes(REPOSITORY) && names.length > 1, names.join());
  say("listRepositoryNames, page by page");
  const repository = client.getRepository(REPOSITORY);
  const artifact = client.getArtifact(REPOSITORY, digest);
  assert.equal((await repository.getProperties()).tagCount, 2);
  say("ContainerRepository.getProperties");
  const manifests = await paged(repository.listManifestProperties());
  assert.ok(manifests.some((one) => one.digest === digest));
  say("listManifestProperties");
  const tags = await paged(artifact.listTagProperties());
  assert.deepEqual(tags.map((tag) => tag.name), ["v1", "v2"]);
  const latest = await all(artifact.listTagProperties({ order: "LastUpdatedOnDescending" }));
  assert.deepEqual(latest.map((tag) => tag.name), ["v2", "v1"]);
  say("listTagProperties, page by page, in order");
  assert.equal((await artifact.getTagProperties("v1")).digest, digest);
  say("getTagProperties");
  for (const name of ["v1", digest]) {
    const found = await repository.getArtifact(name).getManifestProperties();
    assert.equal(found.digest, digest);
  }
  say("getManifestProperties, by tag and by digest");

  assert.equal((await repository.updateProperties({ canDelete: false })).canDelete, false);
  await refused(405, "delete of a locked repository", () => repository.delete());
  await refused(405, "deleteRepository, locked", () => client.deleteRepository(REPOSITORY));
  assert.equal((await repository.updateProperties({ canDelete: true })).canDelete, true);
  say("ContainerRepository.updateProperties");
  const lock = { canWrite: false, canDelete: false };
  assert.equal((await artifact.updateTagProperties("v1", lock)).canWrite, false);
  await refused(405, "deleteTag of a locked one", () => artifact.deleteTag("v1"));
  const other = { ...manifest, annotations: { c: "d" } };
  await refused(405, "setManifest on a locked tag", () => content.setManifest(other, { tag: "v1" }));
  await artifact.updateTagProperties("v1", { canWrite: true, canDelete: true });
  say("updateTagProperties");
  assert.equal((await artifact.updateManifestProperties({ canDelete: false })).canDelete, false);
  await refused(405, "delete of a locked manifest", () => artifact.delete());
  await refused(405, "deleteManifest, locked", () => content.deleteManifest(digest));
  await artifact.updateManifestProperties({ canDelete: true });
  say("updateManifestProperties");

  await artifact.deleteTag("v2");
  await refused(404, "getTagProperties", () => artifact.getTagProperties("v2"));
  say("deleteTag");
  await content.deleteManifest(manifests.find((one) => one.digest !== digest).digest);
  say("deleteManifest");
  await artifact.delete();
  await refused(404, "getManifest", () => content.getManifest(digest));
  say("RegistryArtifact.delete");
  await content.deleteBlob(layer.digest);
  say("deleteBlob");
  await repository.delete();
  await refused(404, "getProperties", () => repository.getProperties());
  await client.deleteRepository(REPOSITORY);
  say("delete, deleteRepository again");
}

async function byNobody(client) {
  const there = process.env.NARU_THERE;
  const content = recording("Content", new ContainerRegistryContentClient(ENDPOINT, there, undefined, AUDIENCE));
  const { digest, manifest } = await content.getManifest("0.1.0");
  const layer = manifest.layers[0].digest;
  assert.ok((await read((await content.downloadBlob(layer)).content)).length);
  say("getManifest, downloadBlob");
  const repository = client.getRepository(there);
  const artifact = repository.getArtifact(digest);
  client.getArtifact(there, digest);
  assert.ok((await all(client.listRepositoryNames())).includes(there));
  assert.equal((await repository.getProperties()).name, there);
  assert.equal((await all(repository.listManifestProperties())).length, 1);
  assert.equal((await all(artifact.listTagProperties())).length, 1);
  assert.equal((await artifact.getTagProperties("0.1.0")).digest, digest);
  assert.equal((await artifact.getManifestProperties()).digest, digest);
  say("the lists and properties");
  const off = { canWrite: false };
  for (const [what, call] of Object.entries({
    uploadBlob: () => content.uploadBlob(Buffer.from("x")),
    setManifest: () => content.setManifest(manifest, { tag: "v2" }),
    deleteBlob: () => content.deleteBlob(layer),
    deleteManifest: () => content.deleteManifest(digest),
    deleteTag: () => artifact.deleteTag("0.1.0"),
    "RegistryArtifact.delete": () => artifact.delete(),
    "ContainerRepository.delete": () => repository.delete(),
    deleteRepository: () => client.deleteRepository(there),
    updateProperties: () => repository.updateProperties(off),
    updateTagProperties: () => artifact.updateTagProperties("0.1.0", off),
    updateManifestProperties: () => artifact.updateManifestProperties(off),
  })) {
    await refused(401, what, call);
  }
}

// One step that is refused; what the error says is what a person reads.
async function refusedAt(step, client, content) {
  const there = process.env.NARU_THERE;
  const artifact = client.getArtifact(there, "0.1.0");
  const pushAnother = async () => {
    const { manifest } = await content.getManifest("0.1.0");
    await content.setManifest({ ...manifest, annotations: { a: "b" } }, { tag: "0.1.0" });
  };
  const steps = {
    pull: () => content.getManifest("0.1.0"),
    push: () => content.uploadBlob(Buffer.from("x")),
    "push by tag": pushAnother,
    delete: () => artifact.deleteTag("0.1.0"),
    "list tags": () => all(artifact.listTagProperties()),
  };
  try {
    await steps[step]();
  } catch (error) {
    console.log(`${error.name}: ${error.message}`);
    process.exit(1);
  }
}

async function main() {
  const who = process.argv[2];
  if (who === "identity" || who === "refused") {
    const { NARU_TENANT, NARU_CLIENT_ID, NARU_CLIENT_SECRET } = process.env;
    const options = { authorityHost: ENDPOINT, disableInstanceDiscovery: true };
    const credential = new ClientSecretCredential(
      NARU_TENANT, NARU_CLIENT_ID, NARU_CLIENT_SECRET, options);
    const client = new ContainerRegistryClient(ENDPOINT, credential, AUDIENCE);
    const repository = who === "refused" ? process.env.NARU_THERE : REPOSITORY;
    const content = new ContainerRegistryContentClient(ENDPOINT, repository, credential, AUDIENCE);
    if (who === "refused") return refusedAt(process.argv[3], client, content);
    await byAnIdentity(recording("Client", client), recording("Content", content));
  } else {
    await byNobody(recording("Client", new ContainerRegistryClient(ENDPOINT, AUDIENCE)));
  }
  const left = [...able].filter((name) => !done.has(name));
  assert.deepEqual(left, [], "left out");
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
