/** The site.yaml that `skerry init` writes: valid as it is, every choice explained, the rest commented out. */
export function siteTemplate(name: string): string {
  return `# yaml-language-server: $schema=https://skerry.dev/schemas/v1alpha1/site.json
# A site is one place with one cluster. This file is what you want; Skerry compares it with what is there.
# Everything not said here has a default that is right for most sites.
apiVersion: skerry.dev/v1alpha1
kind: Site
name: ${name}

# Versions that the site runs. The bundle carries exactly these.
talos: v1.13.9
kubernetes: v1.36.3

# Where kube-apiserver answers on port 6443: a virtual IP or a load balancer; with one control plane its own address.
endpoint: 10.5.0.2
# virtualIP: true            # Talos itself carries the endpoint on the control planes (they need a link)

network:
  gateway: 10.5.0.1
  prefix: 24
  # Name only servers that stay at the site when the laptop has left. None is fine: clocks are then checked when
  # the machines are configured, and they never wait for time without end.
  nameservers: []
  timeServers: []

# The machines. The disk is the one that will be ERASED; it must match exactly one disk of the machine.
# \`skerry nodes disks\` lists what there is.
nodes:
  - name: cp-1
    role: controlplane
    address: 10.5.0.2
    disk: {serial: S6B0NX0T}               # the safest choice; or path, model, wwid, type, size
    # maintenanceAddress: 10.5.0.200       # where it answers before it is configured, if elsewhere
    # fingerprint: …                       # as shown on its console; nobody else gets the config
    # link: 52:54:00:12:34:56              # MAC address; writes the address down instead of DHCP
  - name: w-1
    role: worker
    address: 10.5.0.5
    disk: {type: nvme, size: ">= 200 GB"}
    # patches: [gpu.yaml]                  # beside this file, after all others

# Patches of machine configs: built-in ones by name, or files beside this one; applied in this order.
machineConfigs:
  all: []
  controlPlane: []
  worker: []

# The laptop as the nodes see it, while it serves the bundle. Default: found by the route to the nodes.
# mirror: {address: 10.5.0.1, port: 5443}

# Who may have signed the bundle. Without a key, only \`allowUnsigned: true\` lets one in.
trust:
  keys: []                                 # [${name}.pub]
  allowUnsigned: true

# Packages out of the bundle, in this order.
packages: []
#  - {name: demo, variables: {DOMAIN: ${name}.example}}
#  - {name: cni, before: ready}            # before nodes are expected to be Ready
`;
}

/** The bundle.yaml that `skerry init` writes. */
export function bundleTemplate(name: string): string {
  return `# yaml-language-server: $schema=https://skerry.dev/schemas/v1alpha1/bundle.json
# A bundle is one file with everything that its sites will ever pull. \`skerry bundle create\` makes it.
apiVersion: skerry.dev/v1alpha1
kind: Bundle
name: ${name}

# Machines that the sites have.
architectures: [amd64]

# What is needed is computed from these: their rendered machine configs, their packages, and what Talos itself pulls.
sites: [site.yaml]

# Packages to carry: a folder that is built now, a zarf-package file, or oci://registry/package:tag.
packages: []
#  - {path: packages/demo}

# Images beyond what is computed.
images: []

# The key that signs. Make one with: openssl genpkey -algorithm ed25519 -out ${name}.key
# and its public half with:          openssl pkey -in ${name}.key -pubout -out ${name}.pub
# sign: {key: ${name}.key}
`;
}
