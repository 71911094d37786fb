module federation.sandbox/pause

go 1.26
