package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"
)

const retryAfter = time.Second

// daemon keeps one node's part of the pod network as the Nodes in the cluster want it.
type daemon struct {
	options options
	api     *apiServer
	name    string
	done    plan // what masquerading and files were last made from
	told    string
	cleared bool
}

func runDaemon(ctx context.Context, options options) error {
	api, err := inCluster(accountFolder)
	if err != nil {
		return err
	}
	if options.healthzPort != 0 {
		address := net.JoinHostPort(options.healthzIP, strconv.Itoa(options.healthzPort))
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		defer listener.Close()
		routes := http.NewServeMux()
		routes.HandleFunc("/healthz", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprint(answer, "ok") })
		go http.Serve(listener, routes)
	}
	name, err := nodeName(ctx, api)
	if err != nil {
		return err
	}
	d := &daemon{options: options, api: api, name: name}
	say("rack-net %s in place of flannel, on node %s", version, name)
	for ctx.Err() == nil {
		err := api.watchNodes(ctx, func(nodes map[string]node) { d.apply(ctx, nodes) })
		if err != nil && ctx.Err() == nil {
			d.tell("the nodes cannot be watched: %v", err)
			pause(ctx)
		}
	}
	return nil
}

// nodeName is the node that this pod is on: given, or looked up as flannel does.
func nodeName(ctx context.Context, api *apiServer) (string, error) {
	if name := os.Getenv("NODE_NAME"); name != "" {
		return name, nil
	}
	pod, namespace := os.Getenv("POD_NAME"), os.Getenv("POD_NAMESPACE")
	if pod == "" || namespace == "" {
		return "", errors.New("set NODE_NAME, or POD_NAME and POD_NAMESPACE")
	}
	for said := ""; ; {
		name, err := api.nodeOfPod(ctx, namespace, pod)
		if err == nil && name != "" {
			return name, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if line := fmt.Sprintf("pod %s/%s cannot be read: %v", namespace, pod, err); line != said {
			say("%s", line)
			said = line
		}
		pause(ctx)
	}
}

// apply makes kernel and files what the nodes want. What fails is said and tried again with the next look at the nodes.
func (d *daemon) apply(ctx context.Context, nodes map[string]node) {
	wanted, err := planFor(d.name, nodes)
	if err != nil {
		d.tell("waiting: %v", err)
		return
	}
	changes, err := syncRoutes(wanted.routes)
	for _, change := range changes {
		say("%s", change)
	}
	if err != nil {
		d.tell("%v", err)
	}
	if d.done.own != wanted.own || !slices.Equal(d.done.pods, wanted.pods) {
		if err := d.write(wanted); err != nil {
			d.tell("%v", err)
			return
		}
		d.done = wanted
	}
	if d.options.writeCNIConfig == "" && !d.cleared {
		if err := d.api.networkAvailable(ctx, d.name); err != nil {
			d.tell("condition NetworkUnavailable of this node: %v", err)
			return
		}
		d.cleared = true
	}
}

func (d *daemon) write(wanted plan) error {
	if d.options.ipMasq {
		if err := masquerade(wanted); err != nil {
			return fmt.Errorf("masquerading: %w", err)
		}
	}
	mtu, err := mtuOf(wanted.own.address)
	if err != nil {
		return err
	}
	if file := d.options.writeCNIConfig; file != "" {
		config, err := bridgeConfig(wanted, mtu)
		if err != nil {
			return err
		}
		return d.writeFile(file, config, wanted)
	}
	network, err := readNetwork(d.options.netConfigPath)
	if err != nil {
		return err
	}
	return d.writeFile(d.options.subnetFile, subnetEnv(network, wanted, mtu, d.options.ipMasq), wanted)
}

func (d *daemon) writeFile(file string, content []byte, wanted plan) error {
	if err := writeWhole(file, content); err != nil {
		return err
	}
	if d.done.own != wanted.own {
		say("pods of this node get addresses of %s (%s)", wanted.own.pods, file)
	}
	return nil
}

// tell says a thing once, not again with every try.
func (d *daemon) tell(format string, values ...any) {
	line := fmt.Sprintf(format, values...)
	if line != d.told {
		say("%s", line)
		d.told = line
	}
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(retryAfter):
	}
}
