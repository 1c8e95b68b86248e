import { isOperatorError } from "../../lib/errors/index.ts";
import { diverged, type Pushing } from "./failures.ts";
import { isAncestor } from "./is-ancestor.ts";
import { letReadersIn } from "./let-readers-in.ts";
import { packBytes, packStream } from "./pack-stream.ts";
import type { PushedRepository, PushRepositoriesRequest } from "./push-request.ts";
import { type Advertisement, discover, noObject, type Remote, sendPack, type Update } from "./receive-pack.ts";
import { serverRepositoryName, serverRepositoryUrl } from "./repository-name.ts";
import { readStoredRepository, type StoredRepository } from "./stored-repository.ts";

const attempts = 3;
const pauseMs = 500;

/**
 * Pushes the Git repositories of a component to the Git server of the cluster: every branch and tag that the package carries, none by
 * force, one request each. A repository there may be empty; what is there already is not sent. Connections that break are tried again;
 * safe to repeat.
 *
 * @returns in the order of the list
 * @throws OperatorError REPOSITORY_*
 */
export async function pushRepositories(request: PushRepositoriesRequest): Promise<readonly PushedRepository[]> {
  const { files, server, signal, clock } = request;
  const pushed: PushedRepository[] = [];
  for (const listed of request.repositories) {
    const repository = await readStoredRepository(listed, files, { signal });
    const pushing = { name: repository.name, url: serverRepositoryUrl(listed, server.server) };
    const url = serverRepositoryUrl(listed, { ...server.server, address: server.url });
    const remote: Remote = { access: server, url, pushing, signal };
    for (let attempt = 1; ; attempt++) {
      try {
        pushed.push(await pushOne(repository, remote, request));
        break;
      } catch (error) {
        signal.throwIfAborted();
        if (attempt === attempts || !isOperatorError(error) || error.retry !== "same") throw error;
        await clock.sleep(pauseMs, { signal });
      }
    }
    if (server.isInternal) await letReadersIn(server, { name: serverRepositoryName(listed), pushing }, { signal });
  }
  return pushed;
}

async function pushOne(
  repository: StoredRepository,
  remote: Remote,
  request: PushRepositoriesRequest,
): Promise<PushedRepository> {
  const { name } = repository;
  const { url } = remote.pushing;
  const there = await discover(remote);
  const updates = await updatesFor(repository, there, remote);
  if (updates.length === 0) return { repository: name, url, pushed: [], sentBytes: 0 };
  let sentBytes = 0;
  const totalBytes = packBytes(repository);
  const pack = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of packStream(repository, remote)) {
      sentBytes += chunk.length;
      request.onProgress?.({ repository: name, sentBytes, totalBytes });
      yield chunk;
    }
  };
  await sendPack(remote, { updates, capabilities: there.capabilities, pack: pack() });
  return { repository: name, url, pushed: updates.map(({ reference }) => reference), sentBytes };
}

/** What is to be created or moved. Branches move forward only, tags not at all. */
async function updatesFor(
  repository: StoredRepository,
  there: Advertisement,
  { pushing, signal }: { readonly pushing: Pushing; readonly signal: AbortSignal },
): Promise<readonly Update[]> {
  const updates: Update[] = [];
  const problems: string[] = [];
  for (const [reference, to] of repository.references) {
    const from = there.references.get(reference) ?? noObject;
    if (from === to) continue;
    if (from === noObject) updates.push({ reference, from, to });
    else if (reference.startsWith("refs/tags/"))
      problems.push(`${reference} is ${from} there and ${to} in the package`);
    else {
      const isForward = await isAncestor(repository, { older: from, newer: to }, { signal });
      if (isForward === true) updates.push({ reference, from, to });
      else problems.push(`${reference} has commits there (${from}) that the package's ${to} does not build on`);
    }
  }
  if (problems.length > 0) throw diverged(pushing, problems);
  return updates;
}
