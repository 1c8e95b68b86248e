import type { ChartEngine, OpenPackage } from "../../src/deployer/index.ts";
import { type ContentStore, type Descriptor, type Digest, digestOf, mediaTypes } from "../../src/oci/index.ts";
import { memoryPackage } from "../../test/support/memory-package.ts";

/** A package whose one component brings images and a manifest. */
export function imagePackage(name: string, count: number): OpenPackage {
  const names = Array.from({ length: count }, (_, index) => `registry.example/demo/image-${index}:1.0.0`);
  return memoryPackage({
    definition: {
      kind: "ZarfPackageConfig",
      metadata: { name, version: "1.0.0", architecture: "amd64" },
      components: [
        { name: "all", required: true, images: names, manifests: [{ name: "m", namespace: name, files: ["m.yaml"] }] },
      ],
    },
    files: { all: { "manifests/m-0.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n" } },
    images: storeOf(names),
  });
}

/** A package of a chart with a Deployment without replicas, a Service and a ConfigMap. */
export async function chartPackage(
  name: string,
  engine: ChartEngine,
  call: { readonly signal: AbortSignal },
): Promise<OpenPackage> {
  const text = (lines: string) => new Uint8Array(Buffer.from(lines));
  const archive = await engine.packageChart(
    {
      files: new Map([
        ["Chart.yaml", text(`apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`)],
        ["values.yaml", text("replicas: 0\nport: 80\n")],
        ["templates/all.yaml", text(chartTemplate)],
      ]),
    },
    call,
  );
  return memoryPackage({
    definition: {
      kind: "ZarfPackageConfig",
      metadata: { name, version: "1.0.0", architecture: "amd64" },
      components: [
        {
          name: "all",
          required: true,
          charts: [{ name, version: "1.0.0", localPath: "c", namespace: name, noWait: true }],
        },
      ],
    },
    files: { all: { [`charts/${name}-1.0.0.tgz`]: archive } },
  });
}

const chartTemplate = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers: [{name: web, image: "registry.example/web:1"}]
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{port: {{ .Values.port }}}]
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data: {port: {{ .Values.port | quote }}}
`;

/** Images of one small layer each, in memory. */
function storeOf(names: readonly string[]): ContentStore {
  const blobs = new Map<Digest, Buffer>();
  const images = new Map<string, Descriptor>();
  const keep = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  for (const name of names) {
    const layer = keep("application/vnd.oci.image.layer.v1.tar", Buffer.alloc(1024, name));
    const config = keep(
      "application/vnd.oci.image.config.v1+json",
      Buffer.from(
        JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [layer.digest] } }),
      ),
    );
    const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] };
    images.set(name, keep(mediaTypes.ociManifest, Buffer.from(JSON.stringify(manifest))));
  }
  return {
    resolve: async ({ registry, repository, reference }) => {
      const found = [...images.values()].find(({ digest }) => digest === reference);
      return await Promise.resolve(images.get(`${registry ?? ""}/${repository}:${reference}`) ?? found);
    },
    tags: async () => await Promise.resolve(undefined),
    stat: async (digest) => await Promise.resolve(blobs.get(digest)?.length),
    open: async function* (digest, { start, end }) {
      const bytes = blobs.get(digest);
      if (bytes === undefined) throw new Error(`no ${digest}`);
      yield await Promise.resolve(new Uint8Array(bytes.subarray(start ?? 0, end ?? bytes.length)));
    },
  };
}
