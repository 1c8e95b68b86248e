import type { ImageSource } from "../../bundle/index.ts";
import { createRegistryClient, type Reference, type RegistryClient, upstreamApiRoot } from "../../oci/index.ts";

/** Where each registry's images are pulled from while a bundle is made. */
export interface RegistrySources {
  readonly source: (reference: Reference) => ImageSource;
  readonly close: () => Promise<void>;
}

/**
 * One client per registry, opened when it is first asked.
 *
 * @param overrides - registry host to API root, e.g. `docker.io` to `http://127.0.0.1:5000/v2/docker.io`; never recorded in a bundle
 */
export function registrySources(overrides: Readonly<Record<string, string>>): RegistrySources {
  const clients = new Map<string, RegistryClient>();
  const clientOf = (registry: string): RegistryClient => {
    const known = clients.get(registry);
    if (known !== undefined) return known;
    const apiRoot = overrides[registry] ?? upstreamApiRoot(registry);
    const client = createRegistryClient({ apiRoot, label: registry });
    clients.set(registry, client);
    return client;
  };
  return {
    source: ({ registry, repository }) => ({ client: clientOf(registry), repository }),
    close: async () => {
      await Promise.all([...clients.values()].map(async (client) => await client.close()));
    },
  };
}
