package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/cosi-project/runtime/pkg/resource"
	"github.com/cosi-project/runtime/pkg/safe"
	"github.com/cosi-project/runtime/pkg/state"
	"github.com/siderolabs/talos/pkg/machinery/api/common"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/client"
	clientconfig "github.com/siderolabs/talos/pkg/machinery/client/config"
	"github.com/siderolabs/talos/pkg/machinery/resources/block"
	"github.com/siderolabs/talos/pkg/machinery/resources/config"
	"github.com/siderolabs/talos/pkg/machinery/resources/network"
	"github.com/siderolabs/talos/pkg/machinery/resources/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// callRequest is one call to one node. Without a certificate it is made as one does in maintenance: unverified and anonymous.
type callRequest struct {
	Endpoint  string `json:"endpoint"`
	CA        string `json:"ca"`
	Crt       string `json:"crt"`
	Key       string `json:"key"`
	TimeoutMs int    `json:"timeoutMs"`

	Call      string `json:"call"`
	Config    string `json:"config"`
	Mode      string `json:"mode"`
	DryRun    bool   `json:"dryRun"`
	Namespace string `json:"namespace"`
	Type      string `json:"type"`
	ID        string `json:"id"`
	Image     string `json:"image"`
	Count     int    `json:"count"`
}

// callAnswer is what the node said: a gRPC code by name, and the answer or the message.
type callAnswer struct {
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
	Value   any    `json:"value,omitempty"`
}

// callNode makes one call with Talos' own client; a refusal by the node is an answer too.
func callNode(request callRequest) (any, error) {
	timeout := time.Duration(request.TimeoutMs) * time.Millisecond
	if timeout == 0 {
		timeout = 10 * time.Second
	}

	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()

	node, err := connect(ctx, request)
	if err != nil {
		return nil, err
	}
	defer node.Close() //nolint:errcheck

	call, known := calls[request.Call]
	if !known {
		return nil, fmt.Errorf("no call %q", request.Call)
	}

	value, err := call(ctx, node, request)
	if state.IsNotFoundError(err) {
		// The client takes the status off and puts an error of its own in its place.
		return callAnswer{Code: codes.NotFound.String(), Message: err.Error()}, nil
	}

	if err != nil {
		return callAnswer{Code: client.StatusCode(err).String(), Message: err.Error()}, nil
	}

	return callAnswer{Code: codes.OK.String(), Value: value}, nil
}

func connect(ctx context.Context, request callRequest) (*client.Client, error) {
	if request.Crt == "" {
		return client.New(ctx, client.WithEndpoints(request.Endpoint), client.WithTLSConfig(&tls.Config{InsecureSkipVerify: true}))
	}

	encode := func(pem string) string { return base64.StdEncoding.EncodeToString([]byte(pem)) }

	return client.New(ctx, client.WithConfigContext(&clientconfig.Context{
		Endpoints: []string{request.Endpoint},
		CA:        encode(request.CA),
		Crt:       encode(request.Crt),
		Key:       encode(request.Key),
	}))
}

type call func(ctx context.Context, node *client.Client, request callRequest) (any, error)

var calls = map[string]call{
	"version": func(ctx context.Context, node *client.Client, _ callRequest) (any, error) {
		return asJSON(node.Version(ctx))
	},
	"services": func(ctx context.Context, node *client.Client, _ callRequest) (any, error) {
		return asJSON(node.ServiceList(ctx))
	},
	"disks": func(ctx context.Context, node *client.Client, _ callRequest) (any, error) {
		return asJSON(node.Disks(ctx))
	},
	"apply": applyConfig,
	"bootstrap": func(ctx context.Context, node *client.Client, _ callRequest) (any, error) {
		return nil, node.Bootstrap(ctx, &machine.BootstrapRequest{})
	},
	"etcdMembers": func(ctx context.Context, node *client.Client, _ callRequest) (any, error) {
		return asJSON(node.EtcdMemberList(ctx, &machine.EtcdMemberListRequest{}))
	},
	"kubeconfig": func(ctx context.Context, node *client.Client, _ callRequest) (any, error) {
		kubeconfig, err := node.Kubeconfig(ctx)

		return string(kubeconfig), err
	},
	"reboot": func(ctx context.Context, node *client.Client, _ callRequest) (any, error) {
		return nil, node.Reboot(ctx)
	},
	"get":       getResource,
	"list":      listResources,
	"watch":     watchResource,
	"typed":     typedResources,
	"events":    watchEvents,
	"logs":      readLogs,
	"imageList": listImages,
	"imagePull": pullImage,
}

func asJSON[M proto.Message](message M, err error) (any, error) {
	if err != nil {
		return nil, err
	}

	text, err := protojson.Marshal(message)

	return rawJSON(text), err
}

type rawJSON []byte

func (text rawJSON) MarshalJSON() ([]byte, error) { return text, nil }

func applyConfig(ctx context.Context, node *client.Client, request callRequest) (any, error) {
	return asJSON(node.ApplyConfiguration(ctx, &machine.ApplyConfigurationRequest{
		Data:   []byte(request.Config),
		Mode:   machine.ApplyConfigurationRequest_Mode(machine.ApplyConfigurationRequest_Mode_value[request.Mode]),
		DryRun: request.DryRun,
	}))
}

func getResource(ctx context.Context, node *client.Client, request callRequest) (any, error) {
	found, err := node.COSI.Get(ctx, pointerTo(request), state.WithGetUnmarshalOptions(state.WithSkipProtobufUnmarshal()))
	if err != nil {
		return nil, err
	}

	return describe(found)
}

func listResources(ctx context.Context, node *client.Client, request callRequest) (any, error) {
	list, err := node.COSI.List(ctx, pointerTo(request), state.WithListUnmarshalOptions(state.WithSkipProtobufUnmarshal()))
	if err != nil {
		return nil, err
	}

	described := []any{}

	for _, item := range list.Items {
		one, err := describe(item)
		if err != nil {
			return nil, err
		}

		described = append(described, one)
	}

	return described, nil
}

// watchResource returns the first Count events.
func watchResource(ctx context.Context, node *client.Client, request callRequest) (any, error) {
	channel := make(chan state.Event)

	var err error

	if request.ID == "" {
		err = node.COSI.WatchKind(ctx, pointerTo(request), channel, state.WithBootstrapContents(true))
	} else {
		err = node.COSI.Watch(ctx, pointerTo(request), channel)
	}

	if err != nil {
		return nil, err
	}

	seen := []any{}

	for len(seen) < request.Count {
		select {
		case <-ctx.Done():
			return seen, nil
		case event := <-channel:
			if event.Error != nil {
				return nil, event.Error
			}

			one := map[string]any{"event": event.Type.String()}
			if event.Resource != nil {
				one["id"] = event.Resource.Metadata().ID()
			}

			seen = append(seen, one)
		}
	}

	return seen, nil
}

// typedResources reads specs the way Go programs do: from their protobuf form, into the types of the library.
func typedResources(ctx context.Context, node *client.Client, _ callRequest) (any, error) {
	status, err := safe.StateGetByID[*runtime.MachineStatus](ctx, node.COSI, runtime.MachineStatusID)
	if err != nil {
		return nil, err
	}

	disks, err := safe.StateListAll[*block.Disk](ctx, node.COSI)
	if err != nil {
		return nil, err
	}

	hostname, err := safe.StateGetByID[*network.HostnameStatus](ctx, node.COSI, network.HostnameID)
	if err != nil {
		return nil, err
	}

	role, err := safe.StateGetByID[*config.MachineType](ctx, node.COSI, config.MachineTypeID)
	if err != nil {
		return nil, err
	}

	serials := safe.ToSlice(disks, func(disk *block.Disk) string { return disk.TypedSpec().Serial })

	return map[string]any{
		"stage":    status.TypedSpec().Stage.String(),
		"ready":    status.TypedSpec().Status.Ready,
		"serials":  serials,
		"hostname": hostname.TypedSpec().Hostname,
		"role":     role.MachineType().String(),
	}, nil
}

func pointerTo(request callRequest) resource.Metadata {
	return resource.NewMetadata(request.Namespace, request.Type, request.ID, resource.VersionUndefined)
}

func describe(found resource.Resource) (any, error) {
	text, err := resource.MarshalYAML(found)
	if err != nil {
		return nil, err
	}

	return map[string]any{"id": found.Metadata().ID(), "version": found.Metadata().Version().String(), "yaml": fmt.Sprint(text)}, nil
}

// watchEvents returns the first Count events, of the past too.
func watchEvents(ctx context.Context, node *client.Client, request callRequest) (any, error) {
	channel := make(chan client.EventResult)
	if err := node.EventsWatchV2(ctx, channel, client.WithTailEvents(-1)); err != nil {
		return nil, err
	}

	seen := []any{}

	for len(seen) < request.Count {
		select {
		case <-ctx.Done():
			return seen, nil
		case result := <-channel:
			if result.Error != nil {
				return nil, result.Error
			}

			text, err := protojson.Marshal(result.Event.Payload)
			if err != nil {
				return nil, err
			}

			seen = append(seen, map[string]any{"id": result.Event.ID, "type": result.Event.TypeURL, "payload": rawJSON(text)})
		}
	}

	return seen, nil
}

func readLogs(ctx context.Context, node *client.Client, request callRequest) (any, error) {
	stream, err := node.Logs(ctx, "system", common.ContainerDriver_CONTAINERD, request.ID, false, 5)
	if err != nil {
		return nil, err
	}

	reader, err := client.ReadStream(stream)
	if err != nil {
		return nil, err
	}

	text, err := io.ReadAll(reader)

	return string(text), err
}

var stores = map[string]*common.ContainerdInstance{
	"system": {Driver: common.ContainerDriver_CRI, Namespace: common.ContainerdNamespace_NS_SYSTEM},
	"cri":    {Driver: common.ContainerDriver_CRI, Namespace: common.ContainerdNamespace_NS_CRI},
	"inmem":  {Driver: common.ContainerDriver_CONTAINERD, Namespace: common.ContainerdNamespace_NS_SYSTEM},
}

func listImages(ctx context.Context, node *client.Client, request callRequest) (any, error) {
	stream, err := node.ImageClient.List(ctx, &machine.ImageServiceListRequest{Containerd: stores[request.Namespace]})
	if err != nil {
		return nil, err
	}

	names := []string{}

	for {
		image, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return names, nil
		}

		if err != nil {
			return nil, err
		}

		names = append(names, image.GetName())
	}
}

func pullImage(ctx context.Context, node *client.Client, request callRequest) (any, error) {
	stream, err := node.ImageClient.Pull(ctx, &machine.ImageServicePullRequest{Containerd: stores[request.Namespace], ImageRef: request.Image})
	if err != nil {
		return nil, err
	}

	name := ""

	for {
		progress, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return name, nil
		}

		if err != nil {
			return nil, err
		}

		if progress.GetName() != "" {
			name = progress.GetName()
		}
	}
}

// benchRequest asks for Version and ApplyConfiguration on many nodes in maintenance, as our own bench does.
type benchRequest struct {
	Endpoints   []string `json:"endpoints"`
	Configs     []string `json:"configs"`
	Concurrency int      `json:"concurrency"`
}

func benchNodes(request benchRequest) (any, error) {
	started := time.Now()
	slots := make(chan struct{}, max(1, request.Concurrency))
	failures := make(chan error, len(request.Endpoints))

	var group sync.WaitGroup

	for index, endpoint := range request.Endpoints {
		group.Add(1)

		go func() {
			defer group.Done()

			slots <- struct{}{}
			defer func() { <-slots }()

			failures <- benchNode(endpoint, request.Configs[index])
		}()
	}

	group.Wait()
	close(failures)

	failed := 0
	first := ""

	for err := range failures {
		if err != nil {
			failed++
			first = err.Error()
		}
	}

	return map[string]any{"failed": failed, "first": first, "ms": time.Since(started).Milliseconds()}, nil
}

func benchNode(endpoint, text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	node, err := connect(ctx, callRequest{Endpoint: endpoint})
	if err != nil {
		return err
	}
	defer node.Close() //nolint:errcheck

	if _, err = node.MachineClient.Version(ctx, &emptypb.Empty{}); err != nil {
		return err
	}

	_, err = node.ApplyConfiguration(ctx, &machine.ApplyConfigurationRequest{Data: []byte(text), Mode: machine.ApplyConfigurationRequest_AUTO})

	return err
}
