package main

// What templates see as `.Pkg`: a package's definition under the field names of Zarf's Go types, every field there. `toJson` of
// any part gives the keys of zarf.yaml.
type zarfPackage struct {
	APIVersion    string            `json:"apiVersion,omitempty"`
	Kind          string            `json:"kind"`
	Metadata      zarfMetadata      `json:"metadata"`
	Build         zarfBuild         `json:"build"`
	Components    []zarfComponent   `json:"components"`
	Constants     []zarfConstant    `json:"constants,omitempty"`
	Variables     []zarfInteractive `json:"variables,omitempty"`
	Values        zarfValues        `json:"values"`
	Documentation map[string]string `json:"documentation,omitempty"`
}

type zarfMetadata struct {
	Name                   string            `json:"name"`
	Description            string            `json:"description,omitempty"`
	Version                string            `json:"version,omitempty"`
	URL                    string            `json:"url,omitempty"`
	Image                  string            `json:"image,omitempty"`
	Uncompressed           bool              `json:"uncompressed,omitempty"`
	Architecture           string            `json:"architecture,omitempty"`
	YOLO                   bool              `json:"yolo,omitempty"`
	Authors                string            `json:"authors,omitempty"`
	Documentation          string            `json:"documentation,omitempty"`
	Source                 string            `json:"source,omitempty"`
	Vendor                 string            `json:"vendor,omitempty"`
	AggregateChecksum      string            `json:"aggregateChecksum,omitempty"`
	Annotations            map[string]string `json:"annotations,omitempty"`
	AllowNamespaceOverride *bool             `json:"allowNamespaceOverride,omitempty"`
}

type zarfBuild struct {
	Terminal                   string            `json:"terminal,omitempty"`
	User                       string            `json:"user,omitempty"`
	Architecture               string            `json:"architecture"`
	Timestamp                  string            `json:"timestamp"`
	Version                    string            `json:"version"`
	Migrations                 []string          `json:"migrations,omitempty"`
	RegistryOverrides          map[string]string `json:"registryOverrides,omitempty"`
	Differential               bool              `json:"differential,omitempty"`
	DifferentialPackageVersion string            `json:"differentialPackageVersion,omitempty"`
	DifferentialMissing        []string          `json:"differentialMissing,omitempty"`
	Flavor                     string            `json:"flavor,omitempty"`
	Signed                     *bool             `json:"signed,omitempty"`
	VersionRequirements        []zarfRequirement `json:"versionRequirements,omitempty"`
	ProvenanceFiles            []string          `json:"provenanceFiles,omitempty"`
}

type zarfRequirement struct {
	Version string `json:"version"`
	Reason  string `json:"reason,omitempty"`
}

type zarfValues struct {
	Files  []string `json:"files,omitempty"`
	Schema string   `json:"schema,omitempty"`
}

type zarfConstant struct {
	Name        string `json:"name"`
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
	AutoIndent  bool   `json:"autoIndent,omitempty"`
	Pattern     string `json:"pattern,omitempty"`
}

type zarfVariable struct {
	Name       string `json:"name"`
	Sensitive  bool   `json:"sensitive,omitempty"`
	AutoIndent bool   `json:"autoIndent,omitempty"`
	Pattern    string `json:"pattern,omitempty"`
	Type       string `json:"type,omitempty"`
}

// Variable is the name of what a zarfInteractive embeds, so that `.Variable.Name` works as `.Name` does.
type Variable = zarfVariable

type zarfInteractive struct {
	Variable
	Description string `json:"description,omitempty"`
	Default     string `json:"default,omitempty"`
	Prompt      bool   `json:"prompt,omitempty"`
}

type zarfComponent struct {
	Name              string             `json:"name"`
	Description       string             `json:"description,omitempty"`
	Default           bool               `json:"default,omitempty"`
	Required          *bool              `json:"required,omitempty"`
	Only              zarfOnly           `json:"only"`
	DeprecatedGroup   string             `json:"group,omitempty"`
	Import            zarfImport         `json:"import"`
	Manifests         []zarfManifest     `json:"manifests,omitempty"`
	Charts            []zarfChart        `json:"charts,omitempty"`
	DataInjections    []zarfInjection    `json:"dataInjections,omitempty"`
	Files             []zarfFile         `json:"files,omitempty"`
	Images            []string           `json:"images,omitempty"`
	ImageArchives     []zarfImageArchive `json:"imageArchives,omitempty"`
	Repos             []string           `json:"repos,omitempty"`
	DeprecatedScripts zarfScripts        `json:"scripts"`
	Actions           zarfActions        `json:"actions"`
	HealthChecks      []zarfHealthCheck  `json:"healthChecks,omitempty"`
	StateAccess       []string           `json:"stateAccess,omitempty"`
}

type zarfOnly struct {
	LocalOS string          `json:"localOS,omitempty"`
	Cluster zarfOnlyCluster `json:"cluster"`
	Flavor  string          `json:"flavor,omitempty"`
}

type zarfOnlyCluster struct {
	Architecture string   `json:"architecture,omitempty"`
	Distros      []string `json:"distros,omitempty"`
}

type zarfImport struct {
	Name string `json:"name,omitempty"`
	Path string `json:"path,omitempty"`
	URL  string `json:"url,omitempty"`
}

type zarfManifest struct {
	Name                       string   `json:"name"`
	Namespace                  string   `json:"namespace,omitempty"`
	Files                      []string `json:"files,omitempty"`
	KustomizeAllowAnyDirectory bool     `json:"kustomizeAllowAnyDirectory,omitempty"`
	Kustomizations             []string `json:"kustomizations,omitempty"`
	EnableKustomizePlugins     bool     `json:"enableKustomizePlugins,omitempty"`
	NoWait                     bool     `json:"noWait,omitempty"`
	ServerSideApply            string   `json:"serverSideApply,omitempty"`
	Template                   *bool    `json:"template,omitempty"`
}

type zarfChart struct {
	Name                 string              `json:"name"`
	Version              string              `json:"version,omitempty"`
	URL                  string              `json:"url,omitempty"`
	RepoName             string              `json:"repoName,omitempty"`
	GitPath              string              `json:"gitPath,omitempty"`
	LocalPath            string              `json:"localPath,omitempty"`
	Namespace            string              `json:"namespace,omitempty"`
	ReleaseName          string              `json:"releaseName,omitempty"`
	NoWait               bool                `json:"noWait,omitempty"`
	ValuesFiles          []string            `json:"valuesFiles,omitempty"`
	TemplatedValuesFiles []string            `json:"templatedValuesFiles,omitempty"`
	Variables            []zarfChartVariable `json:"variables,omitempty"`
	Values               []zarfChartValue    `json:"values,omitempty"`
	SchemaValidation     *bool               `json:"schemaValidation,omitempty"`
	ServerSideApply      string              `json:"serverSideApply,omitempty"`
}

type zarfChartVariable struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Path        string `json:"path"`
}

type zarfChartValue struct {
	SourcePath   string   `json:"sourcePath"`
	TargetPath   string   `json:"targetPath"`
	ExcludePaths []string `json:"excludePaths,omitempty"`
}

type zarfInjection struct {
	Source   string              `json:"source"`
	Target   zarfInjectionTarget `json:"target"`
	Compress bool                `json:"compress,omitempty"`
}

type zarfInjectionTarget struct {
	Namespace string `json:"namespace"`
	Selector  string `json:"selector"`
	Container string `json:"container"`
	Path      string `json:"path"`
}

type zarfFile struct {
	Source      string   `json:"source"`
	Shasum      string   `json:"shasum,omitempty"`
	Target      string   `json:"target"`
	Executable  bool     `json:"executable,omitempty"`
	Symlinks    []string `json:"symlinks,omitempty"`
	ExtractPath string   `json:"extractPath,omitempty"`
	Template    *bool    `json:"template,omitempty"`
}

type zarfImageArchive struct {
	Path   string   `json:"path"`
	Images []string `json:"images"`
}

type zarfScripts struct {
	ShowOutput     bool     `json:"showOutput,omitempty"`
	TimeoutSeconds int      `json:"timeoutSeconds,omitempty"`
	Retry          bool     `json:"retry,omitempty"`
	Prepare        []string `json:"prepare,omitempty"`
	Before         []string `json:"before,omitempty"`
	After          []string `json:"after,omitempty"`
}

type zarfActions struct {
	OnCreate zarfActionSet `json:"onCreate"`
	OnDeploy zarfActionSet `json:"onDeploy"`
	OnRemove zarfActionSet `json:"onRemove"`
}

type zarfActionSet struct {
	Defaults  zarfActionDefaults `json:"defaults"`
	Before    []zarfAction       `json:"before,omitempty"`
	After     []zarfAction       `json:"after,omitempty"`
	OnSuccess []zarfAction       `json:"onSuccess,omitempty"`
	OnFailure []zarfAction       `json:"onFailure,omitempty"`
}

type zarfActionDefaults struct {
	Mute            bool      `json:"mute,omitempty"`
	MaxTotalSeconds int       `json:"maxTotalSeconds,omitempty"`
	MaxRetries      int       `json:"maxRetries,omitempty"`
	Dir             string    `json:"dir,omitempty"`
	Env             []string  `json:"env,omitempty"`
	Shell           zarfShell `json:"shell"`
}

type zarfAction struct {
	Mute                  *bool          `json:"mute,omitempty"`
	MaxTotalSeconds       *int           `json:"maxTotalSeconds,omitempty"`
	MaxRetries            *int           `json:"maxRetries,omitempty"`
	Dir                   *string        `json:"dir,omitempty"`
	Env                   []string       `json:"env,omitempty"`
	Cmd                   string         `json:"cmd,omitempty"`
	Shell                 *zarfShell     `json:"shell,omitempty"`
	DeprecatedSetVariable string         `json:"setVariable,omitempty"`
	SetVariables          []zarfVariable `json:"setVariables,omitempty"`
	SetValues             []zarfSetValue `json:"setValues,omitempty"`
	Description           string         `json:"description,omitempty"`
	Wait                  *zarfWait      `json:"wait,omitempty"`
	Template              *bool          `json:"template,omitempty"`
}

type zarfShell struct {
	Windows string `json:"windows,omitempty"`
	Linux   string `json:"linux,omitempty"`
	Darwin  string `json:"darwin,omitempty"`
}

type zarfSetValue struct {
	Key   string `json:"key,omitempty"`
	Value any    `json:"value,omitempty"`
	Type  string `json:"type,omitempty"`
}

type zarfWait struct {
	Cluster *zarfWaitCluster `json:"cluster,omitempty"`
	Network *zarfWaitNetwork `json:"network,omitempty"`
}

type zarfWaitCluster struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
	Condition string `json:"condition,omitempty"`
}

type zarfWaitNetwork struct {
	Protocol string `json:"protocol"`
	Address  string `json:"address"`
	Code     int    `json:"code,omitempty"`
}

type zarfHealthCheck struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}
