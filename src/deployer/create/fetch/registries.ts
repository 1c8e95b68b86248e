import { createRegistryClient, type RegistryClient, upstreamApiRoot } from "../../../oci/index.ts";

/** One client per registry, opened when it is first asked. */
export interface Registries {
  readonly client: (registry: string) => RegistryClient;
  readonly close: () => Promise<void>;
}

/**
 * @param overrides - registry host to API root, e.g. `docker.io` to `http://127.0.0.1:5000/v2`: where it is pulled from instead
 */
export function openRegistries(overrides: Readonly<Record<string, string>>): Registries {
  const clients = new Map<string, RegistryClient>();
  return {
    client: (registry) => {
      const known = clients.get(registry);
      if (known !== undefined) return known;
      const client = createRegistryClient({
        apiRoot: overrides[registry] ?? upstreamApiRoot(registry),
        label: registry,
      });
      clients.set(registry, client);
      return client;
    },
    close: async () => {
      await Promise.all([...clients.values()].map(async (client) => await client.close()));
    },
  };
}
