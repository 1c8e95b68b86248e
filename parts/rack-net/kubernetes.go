package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	accountFolder   = "/var/run/secrets/kubernetes.io/serviceaccount"
	maxAnswerBytes  = 64 << 20
	requestTimeout  = 15 * time.Second
	watchSeconds    = 30
	watchEndsWithin = (watchSeconds + 5) * time.Second
)

// apiServer speaks to the API server as the pod's ServiceAccount.
type apiServer struct {
	address   string
	tokenFile string
	client    *http.Client
}

func inCluster(folder string) (*apiServer, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod")
	}
	authority, err := os.ReadFile(folder + "/ca.crt")
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("%s/ca.crt has no certificate", folder)
	}
	return &apiServer{
		address:   "https://" + net.JoinHostPort(host, port),
		tokenFile: folder + "/token",
		client:    &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}},
	}, nil
}

// do answers with the body of a 2xx response, to be closed by the caller.
func (a *apiServer) do(ctx context.Context, method, path, contentType string, body []byte) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	// Read each time: the kubelet puts a fresh one there before the old one ends.
	token, err := os.ReadFile(a.tokenFile)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	request.Header.Set("Accept", "application/json")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		response.Body.Close()
		return nil, fmt.Errorf("%s %s: %s", method, strings.SplitN(path, "?", 2)[0], response.Status)
	}
	return response.Body, nil
}

func (a *apiServer) get(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	body, err := a.do(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	return json.NewDecoder(io.LimitReader(body, maxAnswerBytes)).Decode(into)
}

func (a *apiServer) nodeOfPod(ctx context.Context, namespace, name string) (string, error) {
	var pod struct {
		Spec struct {
			NodeName string `json:"nodeName"`
		} `json:"spec"`
	}
	err := a.get(ctx, "/api/v1/namespaces/"+url.PathEscape(namespace)+"/pods/"+url.PathEscape(name), &pod)
	return pod.Spec.NodeName, err
}

// networkAvailable clears the condition that keeps pods away from a node of a cloud, as flannel does when it is up.
func (a *apiServer) networkAvailable(ctx context.Context, name string) error {
	now := time.Now().UTC().Format(time.RFC3339)
	condition := map[string]string{
		"type": "NetworkUnavailable", "status": "False", "reason": "FlannelIsUp",
		"message": "Flannel is running on this node", "lastTransitionTime": now, "lastHeartbeatTime": now,
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": []any{condition}}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	body, err := a.do(ctx, http.MethodPatch, "/api/v1/nodes/"+url.PathEscape(name)+"/status", "application/strategic-merge-patch+json", patch)
	if err != nil {
		return err
	}
	return body.Close()
}

// watchNodes tells all nodes once, and again after every change, until it ends with the reason: an error, or nil after
// half a minute. A connection that died without a word is noticed by then at the latest.
func (a *apiServer) watchNodes(ctx context.Context, tell func(map[string]node)) error {
	var list struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Items []node `json:"items"`
	}
	if err := a.get(ctx, "/api/v1/nodes", &list); err != nil {
		return err
	}
	nodes := map[string]node{}
	for _, n := range list.Items {
		nodes[n.Metadata.Name] = n
	}
	tell(nodes)

	ctx, cancel := context.WithTimeout(ctx, watchEndsWithin)
	defer cancel()
	query := url.Values{
		"watch":           {"1"},
		"resourceVersion": {list.Metadata.ResourceVersion},
		"timeoutSeconds":  {fmt.Sprint(watchSeconds)},
	}
	body, err := a.do(ctx, http.MethodGet, "/api/v1/nodes?"+query.Encode(), "", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	for events := json.NewDecoder(body); ; {
		var event struct {
			Type   string `json:"type"`
			Object node   `json:"object"`
		}
		if err := events.Decode(&event); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		switch event.Type {
		case "ADDED", "MODIFIED":
			nodes[event.Object.Metadata.Name] = event.Object
		case "DELETED":
			delete(nodes, event.Object.Metadata.Name)
		default: // ERROR: the version is too old
			return nil
		}
		tell(nodes)
	}
}
