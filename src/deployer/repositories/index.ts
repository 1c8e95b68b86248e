export type { GitServer, PushedRepository, PushRepositoriesRequest, RepositoryProgress } from "./push-request.ts";
