module skerry.dev/parts/pause

go 1.26.0
