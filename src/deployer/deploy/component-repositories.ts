import { openGitServer, pushRepositories } from "../repositories/index.ts";
import { streamsOf } from "./cluster-streams.ts";
import type { ComponentRun } from "./component-run.ts";
import type { Site } from "./run.ts";

/**
 * Pushes the component's repositories to the Git server of the cluster. Nothing where they keep their names.
 *
 * @throws OperatorError REPOSITORY_NO_SERVER where the cluster's state names none, REPOSITORY_…
 */
export async function pushComponentRepositories(at: ComponentRun, site: Site): Promise<void> {
  const { run, component, files, signal } = at;
  if (run.options.isConnected || component.repos.length === 0) return;
  const { cluster, state } = site;
  const server = await openGitServer({ git: state?.git, cluster, streams: streamsOf(site), signal });
  try {
    await pushRepositories({
      repositories: component.repos,
      files,
      server,
      clock: run.clock,
      signal,
      onProgress: (progress) => run.tell({ kind: "repository", component: component.name, progress }),
    });
  } finally {
    await server.close();
  }
}
