/** The kinds of config documents that a Talos version knows; the one without a kind is always known. */
export type DocumentKindSet = ReadonlySet<string>;

/** @see https://www.talos.dev/v1.12/reference/configuration/ */
const SINCE_1_12 = `BondConfig BridgeConfig DHCPv4Config DHCPv6Config DummyLinkConfig EthernetConfig EventSinkConfig
  ExistingVolumeConfig ExtensionServiceConfig HCloudVIPConfig HostnameConfig KmsgLogConfig KubeSpanEndpointsConfig
  Layer2VIPConfig LinkAliasConfig LinkConfig NetworkDefaultActionConfig NetworkRuleConfig OOMConfig PCIDriverRebindConfig
  RawVolumeConfig RegistryAuthConfig RegistryMirrorConfig RegistryTLSConfig ResolverConfig SideroLinkConfig
  StaticHostConfig SwapVolumeConfig TimeSyncConfig TrustedRootsConfig UserVolumeConfig VLANConfig VolumeConfig
  WatchdogTimerConfig WireguardConfig ZswapConfig`;

/** @see https://www.talos.dev/v1.13/reference/configuration/ */
const SINCE_1_13 = `BlackholeRouteConfig EnvironmentConfig ExternalVolumeConfig ImageVerificationConfig KubeSpanConfig
  RoutingRuleConfig TCPProbeConfig VRFConfig`;

/** Read from v1.14.0-rc.1. */
const SINCE_1_14 = `BGPInstanceConfig ContainerConfig CRIBaseRuntimeSpecConfig CRICustomizationConfig
  DiscoveryIdentityConfig DiscoveryServiceConfig EtcFileConfig FilesystemScrubConfig FilesystemTrimConfig HTTPProbeConfig
  ImageCacheConfig KernelModuleConfig KubeAPIServerCAConfig KubeAPIServerConfig KubeAdmissionControlConfig
  KubeAggregatorCAConfig KubeAuditPolicyConfig KubeAuthenticationConfig KubeAuthorizerConfig KubeClusterConfig
  KubeControllerManagerConfig KubeCoreDNSConfig KubeCredentialProviderConfig KubeEtcdEncryptionConfig
  KubeExternalManifestConfig KubeFlannelCNIConfig KubeInlineManifestConfig KubeNetworkConfig KubeNodeConfig
  KubePrismConfig KubeProxyConfig KubeSchedulerConfig KubeServiceAccountConfig KubeStaticPodConfig
  KubeTalosAPIAccessConfig KubeletConfig LVMLogicalVolumeConfig LVMVolumeGroupConfig RAIDArrayConfig
  SecurityProfileConfig SysctlConfig SysfsConfig UdevRulesConfig UnattendedInstallConfig VethConfig`;

const LISTS = { "1.12": [SINCE_1_12], "1.13": [SINCE_1_12, SINCE_1_13], "1.14": [SINCE_1_12, SINCE_1_13, SINCE_1_14] };

export function kindsOf(minor: keyof typeof LISTS): DocumentKindSet {
  return new Set(LISTS[minor].flatMap((list) => list.split(/\s+/)));
}
