/** What a registry holds, as the recordings write it: `demo/web:1.0.0` to what its tag names. */
export type RegistryContent = Readonly<Record<string, { readonly digest: string; readonly mediaType: string }>>;

const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");

/** Every tag of every repository of a registry that lets everybody read. @param url - `http://127.0.0.1:41235` */
export async function registryContent(url: string): Promise<RegistryContent> {
  const { repositories } = await json<{ readonly repositories: readonly string[] }>(`${url}/v2/_catalog?n=1000`);
  const found: Record<string, { readonly digest: string; readonly mediaType: string }> = {};
  for (const repository of repositories) {
    for (const tag of await tagsOf(url, repository)) {
      const answer = await fetch(`${url}/v2/${repository}/manifests/${tag}`, { headers: { accept: manifestTypes } });
      await answer.body?.cancel();
      const header = (name: string) => answer.headers.get(name) ?? "";
      found[`${repository}:${tag}`] = { digest: header("docker-content-digest"), mediaType: header("content-type") };
    }
  }
  return found;
}

/** None where everything was pushed by its digest. */
async function tagsOf(url: string, repository: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}/v2/${repository}/tags/list`);
  const { tags } = (await answer.json()) as { readonly tags?: readonly string[] | null };
  return answer.ok ? [...(tags ?? [])].sort() : [];
}

async function json<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()) as T;
}
