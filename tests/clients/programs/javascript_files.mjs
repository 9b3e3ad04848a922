// javascript_files.mjs upload|download|edit REPOSITORY FILE [xet|plain]: one file by @huggingface/hub.
import { openAsBlob } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { commit, downloadFile, listFiles, uploadFiles } from "@huggingface/hub";

const [way, name, path, transfer = "xet"] = process.argv.slice(2);
const at = {
  hubUrl: process.env.HF_ENDPOINT,
  accessToken: process.env.HF_TOKEN,
  repo: { type: "model", name },
};
const file = basename(path);
if (way === "upload") {
  const content = await openAsBlob(path);
  await uploadFiles({ ...at, files: [{ path: file, content }], useXet: transfer === "xet" });
  for await (const one of listFiles(at)) if (one.path === file) console.log(one.xetHash);
} else if (way === "edit") {
  // Eight bytes in the middle of what is on the hub, from pieces that stay there.
  const originalContent = await downloadFile({ ...at, path: file });
  const start = originalContent.size >> 1;
  const edits = [{ content: new Blob(["eight by"]), start, end: start }];
  const operations = [{ operation: "edit", path: file, originalContent, edits }];
  await commit({ ...at, title: "eight bytes more", operations });
} else {
  const blob = await downloadFile({ ...at, path: file, xet: transfer === "xet" });
  const middle = blob.size >> 1;
  const part = Buffer.from(await blob.slice(middle, middle + 1000).arrayBuffer());
  const whole = Buffer.from(await blob.arrayBuffer());
  if (!part.equals(whole.subarray(middle, middle + 1000))) throw new Error("a range differs");
  await writeFile(path, whole);
}
