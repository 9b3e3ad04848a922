// What @huggingface/hub does with a hub: every large file by Xet and by LFS, both ways.
import assert from "node:assert/strict";
import {
  checkRepoAccess, countCommits, createBranch, createCollection, createRepo, deleteBranch,
  deleteCollection, deleteFile, deleteRepo, downloadFile, fileDownloadInfo, fileExists,
  listCollections, listCommits, listFiles, listModels, modelInfo, uploadFiles, whoAmI,
} from "@huggingface/hub";

const [name] = process.argv.slice(2);
const at = { hubUrl: process.env.HF_ENDPOINT, accessToken: process.env.HF_TOKEN };
const repo = { type: "model", name };
const all = async (iterator) => { const found = []; for await (const x of iterator) found.push(x); return found; };

assert.equal((await whoAmI(at)).name, "boss");
assert.ok((await createRepo({ repo, ...at })).repoUrl.endsWith(name));

const bytes = (salt) => Uint8Array.from({ length: 11_000_000 }, (_, i) => ((i * 2654435761) >>> 13) ^ salt);
for (const [salt, useXet] of [[1, true], [2, false]]) {
  const files = [
    { path: `large-${useXet}.bin`, content: new Blob([bytes(salt)]) },
    { path: "folder/small.txt", content: new Blob(["hello"]) },
  ];
  await uploadFiles({ repo, ...at, useXet, files });
}
for (const [salt, uploaded] of [[1, true], [2, false]]) {
  for (const xet of [true, false]) {
    const blob = await downloadFile({ repo, path: `large-${uploaded}.bin`, xet, ...at });
    assert.deepEqual(Buffer.from(await blob.arrayBuffer()), Buffer.from(bytes(salt)));
  }
}
const paths = (await all(listFiles({ repo, recursive: true, expand: true, ...at }))).map((f) => f.path);
assert.deepEqual(paths.sort(), [".gitattributes", "folder", "folder/small.txt", "large-false.bin", "large-true.bin"]);
assert.equal(await fileExists({ repo, path: "folder/small.txt", ...at }), true);
assert.equal(await fileExists({ repo, path: "nothing", ...at }), false);
assert.equal((await fileDownloadInfo({ repo, path: "large-true.bin", ...at })).size, 11_000_000);
assert.equal((await all(listCommits({ repo, ...at }))).length, 3);
assert.equal(await countCommits({ repo, revision: "main", ...at }), 3);
assert.ok((await all(listModels({ search: { owner: "boss" }, ...at }))).some((m) => m.name === name));
assert.match((await modelInfo({ name, additionalFields: ["sha"], ...at })).sha, /^[0-9a-f]{40}$/);
const collection = { title: "From JavaScript", namespace: "boss", description: "x", private: false };
const { slug } = await createCollection({ collection, ...at });
const owned = await all(listCollections({ search: { owner: ["boss"], q: "javascript" }, sort: "upvotes", ...at }));
assert.deepEqual(owned.map((one) => [one.slug, one.title, one.owner.name]), [[slug, "From JavaScript", "boss"]]);
await deleteCollection({ slug, ...at });
await createBranch({ repo, branch: "dev", ...at });
await deleteBranch({ repo, branch: "dev", ...at });
await deleteFile({ repo, path: "folder/small.txt", ...at });
await checkRepoAccess({ repo, ...at });
await deleteRepo({ repo, ...at });
await assert.rejects(modelInfo({ name, ...at }), (error) => error.statusCode === 404);
