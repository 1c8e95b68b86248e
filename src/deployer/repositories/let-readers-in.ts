import { request } from "undici";
import { connectionFailure, type Pushing, statusFailure } from "./failures.ts";
import type { GitAccess } from "./open-git-server.ts";

/**
 * Lets the cluster's reading user see a repository on the Git server in the cluster. Safe to repeat.
 *
 * @see https://docs.gitea.com/api/1.24/#tag/repository/operation/repoAddCollaborator
 */
export async function letReadersIn(
  access: GitAccess,
  repository: { readonly name: string; readonly pushing: Pushing },
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { pushUsername, pushPassword, pullUsername } = access.server;
  const basic = Buffer.from(`${pushUsername}:${pushPassword}`).toString("base64");
  const path = [pushUsername, repository.name, "collaborators", pullUsername].map(encodeURIComponent).join("/");
  try {
    const answer = await request(`${access.url}/api/v1/repos/${path}`, {
      dispatcher: access.dispatcher,
      method: "PUT",
      signal,
      headers: { authorization: `Basic ${basic}`, "content-type": "application/json", "user-agent": "skerry" },
      body: JSON.stringify({ permission: "read" }),
    });
    await answer.body.dump();
    if (answer.statusCode >= 300) throw statusFailure(answer.statusCode, repository.pushing, access);
  } catch (error) {
    signal.throwIfAborted();
    throw connectionFailure(error, repository.pushing, access);
  }
}
