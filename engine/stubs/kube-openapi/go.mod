module k8s.io/kube-openapi

go 1.26.0
