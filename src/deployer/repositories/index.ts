export { type GitAccess, type GitServer, type OpenGitServerRequest, openGitServer } from "./open-git-server.ts";
export { pushRepositories } from "./push-repositories.ts";
export type { PushedRepository, PushRepositoriesRequest, RepositoryProgress } from "./push-request.ts";
export {
  parseRepositoryName,
  type RepositoryName,
  repositoryFolder,
  serverRepositoryName,
  serverRepositoryUrl,
  withoutCredentials,
} from "./repository-name.ts";
