import fs from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import git from "isomorphic-git";

/** Lets Git clients fetch from a repository on disk over smart HTTP; whole histories, no shallow ones. */
export async function answerGitFetch(
  folder: string,
  below: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gitdir = path.join(folder, ".git");
  if (below.startsWith("/info/refs")) {
    response.writeHead(200, { "content-type": "application/x-git-upload-pack-advertisement" });
    response.end(Buffer.concat([packet("# service=git-upload-pack\n"), flush, await advertise(gitdir)]));
    return;
  }
  const asked = (await buffer(request)).toString("latin1");
  const wants = [...new Set([...asked.matchAll(/want ([0-9a-f]{40})/g)].map(([, oid = ""]) => oid))];
  const oids = [...(await reachable(gitdir, wants))].sort();
  const { packfile } = await git.packObjects({ fs, gitdir, oids });
  response.writeHead(200, { "content-type": "application/x-git-upload-pack-result" });
  response.write(packet("NAK\n"));
  const bytes = Buffer.from(packfile ?? []);
  for (let from = 0; from < bytes.length; from += 60_000)
    response.write(packet(Buffer.concat([Buffer.from([1]), bytes.subarray(from, from + 60_000)])));
  response.end(flush);
}

const flush = Buffer.from("0000");

function packet(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes]);
}

async function advertise(gitdir: string): Promise<Buffer> {
  const refs: (readonly [string, string])[] = [];
  for (const branch of await git.listBranches({ fs, gitdir }))
    refs.push([`refs/heads/${branch}`, await git.resolveRef({ fs, gitdir, ref: `refs/heads/${branch}` })]);
  for (const tag of await git.listTags({ fs, gitdir })) {
    const oid = await git.resolveRef({ fs, gitdir, ref: `refs/tags/${tag}` });
    refs.push([`refs/tags/${tag}`, oid]);
    const commit = (await git.readCommit({ fs, gitdir, oid })).oid;
    if (commit !== oid) refs.push([`refs/tags/${tag}^{}`, commit]);
  }
  const head = await git.resolveRef({ fs, gitdir, ref: "HEAD" });
  const symref = (await git.currentBranch({ fs, gitdir, fullname: true })) ?? "refs/heads/main";
  const abilities = `side-band-64k ofs-delta symref=HEAD:${symref} agent=test`;
  const lines = [["HEAD", head] as const, ...refs].map(([name, oid], index) =>
    packet(`${oid} ${name}${index === 0 ? `\0${abilities}` : ""}\n`),
  );
  return Buffer.concat([...lines, flush]);
}

/** Every object that these references lead to: tags, commits, trees and blobs. */
async function reachable(gitdir: string, from: readonly string[]): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const left: { readonly oid: string; readonly type: string }[] = from.map((oid) => ({ oid, type: "reference" }));
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { oid } = next;
    if (seen.has(oid)) continue;
    seen.add(oid);
    if (next.type === "blob") continue;
    if (next.type === "tree") {
      left.push(...(await git.readTree({ fs, gitdir, oid })).tree);
      continue;
    }
    // A reference names a commit or a tag; what is no tag is a commit.
    const tag = next.type === "reference" ? await git.readTag({ fs, gitdir, oid }).catch(() => undefined) : undefined;
    if (tag !== undefined) {
      left.push({ oid: tag.tag.object, type: tag.tag.type });
      continue;
    }
    const { commit } = await git.readCommit({ fs, gitdir, oid });
    left.push({ oid: commit.tree, type: "tree" }, ...commit.parent.map((parent) => ({ oid: parent, type: "commit" })));
  }
  return seen;
}
